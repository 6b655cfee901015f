//! The custody report 保管链报告: one page that loads nothing, prints on A4, and answers point by point what 刑诉法解释 108–115 ask of
//! 视听资料 and 电子数据. It is written clip by clip, so memory stays the same however many there are.
//!
//! Everything in it is what catalog and ledger say when the bag is closed; a later look at a clip stands in the next bag's report.

mod clip;
mod continuity;
mod incident;
mod words;

use std::collections::HashMap;
use std::io::Write as _;

use super::bag::{Bag, Writer};
use super::{Failure, papers};
use crate::catalog::engine::Conn;
use crate::catalog::exports::{self, Export, ExportClip};
use crate::catalog::{cases, clips, incidents, tokens};
use crate::custody::Custody;
use crate::ledger::paper::{Html, fill, text, thousands};
use crate::model::export::Scope;
use crate::model::id::Id;
use crate::model::time::{Micros, UtcOffset};

/// Where it lies.
const NAME: &str = "data/report.html";
/// Up to the clips.
const HEAD: &str = include_str!("report/head.html");
/// From behind the incidents on.
const TAIL: &str = include_str!("report/tail.html");
/// Clips that are told of at a time.
const PAGE: u32 = 100;

/// What all chapters need.
struct Teller<'a> {
    custody: &'a Custody,
    offset: UtcOffset,
    /// What the tokens are called that acts are recorded by.
    tokens: HashMap<Id, String>,
}

/// Writes the report into the bag, in place of one that was written before.
pub(super) async fn write(
    custody: &Custody,
    mut conn: Conn<'_>,
    export: &Export,
    source: &str,
    bag: &mut Bag,
) -> Result<(), Failure> {
    let tokens = tokens::list(conn.reborrow()).await?.into_iter().map(|token| (token.id, token.name)).collect();
    let teller = Teller { custody, offset: custody.utc_offset, tokens };
    let mut page = bag.create(NAME)?;
    print(&mut page, bag, &fill(HEAD, &teller.head(export, source)))?;
    let ids = tell_clips(&teller, conn.reborrow(), export, &mut page, bag).await?;
    print(&mut page, bag, &teller.continuity(conn.reborrow(), &ids).await?)?;
    let incident_ids = papers::incidents_of(conn.reborrow(), export).await?;
    let told = incidents::get_all(conn.reborrow(), &incident_ids).await?;
    print(&mut page, bag, &teller.incidents(conn.reborrow(), &told).await?)?;
    let mut case_ids: Vec<Id> = told.iter().flat_map(|incident| incident.case_ids.iter().copied()).collect();
    if let Scope::Case(id) = export.scope {
        case_ids.push(id);
    }
    case_ids.sort_unstable();
    case_ids.dedup();
    print(&mut page, bag, &cases_chapter(&cases::get_all(conn, &case_ids).await?))?;
    print(&mut page, bag, &fill(TAIL, &[("key", text(&custody.signer.verifier().to_string()))]))?;
    let sealed = page.seal().map_err(Failure::at(&bag.path(NAME)))?;
    bag.note(NAME.to_owned(), sealed);
    Ok(())
}

fn print(page: &mut Writer, bag: &Bag, html: &str) -> Result<(), Failure> {
    page.write_all(html.as_bytes()).map_err(Failure::at(&bag.path(NAME)))
}

/// Tells of every clip; gives their ids.
async fn tell_clips(
    teller: &Teller<'_>,
    mut conn: Conn<'_>,
    export: &Export,
    page: &mut Writer,
    bag: &Bag,
) -> Result<Vec<Id>, Failure> {
    let mut ids = Vec::new();
    loop {
        let after = ids.last().copied().unwrap_or(Id(0));
        let some: Vec<ExportClip> = exports::clips_after(conn.reborrow(), export.id, after, PAGE).await?;
        if some.is_empty() {
            return Ok(ids);
        }
        let some: Vec<Id> = some.into_iter().map(|clip| clip.id).collect();
        let mut rows = clips::get_all(conn.reborrow(), &some).await?;
        rows.sort_unstable_by_key(|row| row.id);
        for (row, number) in rows.iter().zip(ids.len() + 1..) {
            print(page, bag, &teller.clip(conn.reborrow(), row, number).await?)?;
        }
        ids.extend(some);
    }
}

impl Teller<'_> {
    fn head(&self, export: &Export, source: &str) -> Vec<(&'static str, Html)> {
        let scope = match export.scope {
            Scope::Case(_) => format!("案件 {}", export.case_number.as_deref().unwrap_or("—")),
            Scope::Incident(id) => format!("事件 {id}"),
            Scope::Clips => "指定的视听资料".to_owned(),
        };
        let decided = export.decided.map_or_else(|| "—".to_owned(), |at| self.time(at));
        vec![
            ("id", text(&export.id.to_string())),
            ("court", text(source)),
            ("scope", text(&scope)),
            ("recipient", text(&export.recipient)),
            ("reason", text(&export.reason)),
            ("requested_by", text(&self.who(&export.requested_by))),
            ("requested", text(&self.time(export.requested))),
            ("decided_by", text(&export.decided_by.as_deref().map_or_else(|| "—".to_owned(), |who| self.who(who)))),
            ("decided", text(&decided)),
            ("files", text(&thousands(export.files_total))),
            ("bytes", text(&thousands(export.bytes_total))),
            ("ledger", text(self.custody.signer.name().as_str())),
            ("offset", text(&format!("UTC{}", self.offset))),
            ("made", text(&self.time(self.custody.clock.now()))),
        ]
    }

    /// What the court's clock showed.
    fn time(&self, at: Micros) -> String {
        at.to_civil(self.offset).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    fn time_or_dash(&self, at: Option<Micros>) -> String {
        at.map_or_else(|| "—".to_owned(), |at| self.time(at))
    }

    /// Who an act was recorded by, with what people call them.
    fn who(&self, actor: &str) -> String {
        let mut parts = actor.split(':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("token"), Some(id), Some(role)) => {
                let name = id.parse().ok().and_then(|id| self.tokens.get(&id)).map_or("", String::as_str);
                format!("{name}（{}，令牌 {id}）", words::role(role))
            }
            (Some("system"), Some(part), None) => format!("系统：{}", words::part(part)),
            _ => actor.to_owned(),
        }
    }
}

/// Rows of a table with a title at the left; those without a value are left out.
fn rows(rows: &[(&str, Html)]) -> String {
    let row = |(title, value): &(&str, Html)| format!("<tr><th>{title}</th><td>{}</td></tr>\n", value.0);
    rows.iter().filter(|(_, value)| !value.0.is_empty()).map(row).collect()
}

/// Lines under each other.
fn lines(lines: impl IntoIterator<Item = String>) -> Html {
    Html(lines.into_iter().map(|line| text(&line).0).collect::<Vec<_>>().join("<br>"))
}

fn cases_chapter(cases: &[cases::Case]) -> String {
    let mut html = "<h2>六、案件</h2>\n".to_owned();
    if cases.is_empty() {
        html += "<p>本次移送不以案件为范围；各件所涉案号见第三部分。</p>\n";
    }
    for case in cases {
        let value = |value: &Option<String>| text(value.as_deref().unwrap_or_default());
        let parties = case.parties.iter().map(|party| match &party.role {
            Some(role) => format!("{}（{role}）", party.name),
            None => party.name.clone(),
        });
        html += "<table>\n";
        html += &rows(&[
            ("案号", text(&case.number)),
            ("案由", value(&case.cause)),
            ("承办人", value(&case.judge)),
            ("状态", value(&case.status)),
            ("当事人", lines(parties)),
        ]);
        html += "</table>\n";
    }
    html
}
