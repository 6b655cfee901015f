use std::sync::Arc;

use super::{Common, Failure, Outcome};
use crate::audit::check::{Report, Scope, check};
use crate::audit::documents;
use crate::audit::look::Effort;
use crate::audit::verify::{Selection, Which, look_at, lookers, recall};
use crate::clock::{SharedClock, SystemClock};
use crate::ledger::policy::Policy;
use crate::vault::ReadFrom;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Also read and hash every object, and compare every search document instead of a sample; nothing is recorded, see `zhilu verify`
    #[arg(long)]
    deep: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Checks the invariants between vault, catalog and ledger.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Outcome, Failure> {
    let clock: SharedClock = Arc::new(SystemClock);
    let exhibit = common.exhibit(&clock).await?;
    let custody = exhibit.custody?;
    let policy = Policy::of_log(custody.signer.verifier().clone());
    let scope = Scope { policy: &policy, since: None, vault: Some(&exhibit.vault) };
    let mut report = check(&exhibit.db, scope, |_, _| {}).await?;
    if args.deep {
        let effort = Arc::new(Effort::new(ReadFrom::Cache, 0));
        let mut lookers = lookers(&exhibit.vault, &clock, &effort, 0)?;
        let mut all = Selection::choose(&exhibit.db, &Which::All, None).await?;
        look_at(&exhibit.db, None, &mut all, &mut lookers, &mut report).await?;
    } else {
        // What nobody reads again now is as it was found last.
        recall(&exhibit.db, None, &mut report).await?;
    }
    documents::check(&exhibit.db, custody.utc_offset, args.deep, &mut report).await?;
    exhibit.db.close().await;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&report.summary())?);
    } else {
        print(&report)?;
    }
    Ok(if report.holds() { Outcome::Done } else { Outcome::Found })
}

/// Prints what a check found, for people.
pub(super) fn print(report: &Report) -> Result<(), Failure> {
    let Report { clips, objects, entries, events, .. } = report;
    say!(
        "{clips} 个视频 clips, {objects} 个对象 objects, {entries} 条账本记录 ledger entries, {events} 条保管事件 custody events"
    );
    if report.documents > 0 {
        let (compared, due) = (report.documents, report.documents_due);
        say!("已比对 {compared} 份检索文档 search documents compared，待更新 {due} 份 noted to be renewed");
    }
    for digest in &report.unclaimed {
        say!(
            "无主 unclaimed object {digest}: 接收中断所留，再次接收该文件时使用  of an interrupted intake; taken up when its file is received again"
        );
    }
    for f in report.findings.list() {
        say!("异常 WRONG {f}");
    }
    if report.findings.more() > 0 {
        say!("另有 {} 处 and {} more", report.findings.more(), report.findings.more());
    }
    if let Some(doubt) = report.doubt.as_deref().filter(|_| report.entries > 0) {
        say!("存疑 DOUBT {doubt}");
    }
    say!("{}", if report.holds() { "全部相符 everything holds" } else { "有异常 something is wrong" });
    Ok(())
}
