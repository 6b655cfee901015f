//! Which cases a client asks for.

use utoipa::IntoParams;

use crate::api::query::{Asked, Place};
use crate::api::schema;
use crate::catalog::cases::{Case, CaseFilter};
use crate::http::cursor;
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::value;
use crate::model::case_number::{CaseNumber, Partial};
use crate::model::id::Id;
use crate::search::query::{Node, Plan, Terms};

/// The letter of this list's cursors.
const LIST: u8 = b'k';
/// The letter of its cursors when there is a query: they are places of the index.
const FOUND: u8 = b'n';

/// Which cases.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct CaseQuery {
    /// A query as `search` reads it: words that must stand in number, parties, cause, judge and status; a number or a part of one. The
    /// order is then that of the numbers, the newest first.
    #[param(value_type = Option<String>)]
    pub(super) q: Option<Plan>,
    /// 案号 in any spelling, exactly this case.
    #[param(value_type = Option<String>)]
    number: Option<CaseNumber>,
    /// 法院代字 in the number, exactly.
    #[param(example = "吉0721")]
    court: Option<String>,
    /// Type code in the number, exactly: `执` finds no `执恢`.
    #[param(rename = "type", example = "执恢")]
    case_type: Option<String>,
    /// The year in the number.
    #[param(value_type = Option<u16>)]
    year: Option<i64>,
    /// The name of a party, exactly.
    party: Option<String>,
    /// 承办人, exactly.
    judge: Option<String>,
    /// 状态, exactly as the court writes it.
    status: Option<String>,
    /// Known only because a clip or another case names it, or registered.
    stub: Option<bool>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    pub(super) cursor: Option<Place<1>>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    pub(super) limit: u32,
}

impl CaseQuery {
    pub(super) fn read(mut params: Params, terms: &Terms) -> Result<Self, Problem> {
        let p = &mut params;
        let asked = Asked::take(p, terms);
        let has_query = asked.is_given();
        let mut query = Self {
            q: None,
            number: p.take("number", value::case_number),
            court: p.take("court", value::text),
            case_type: p.take("type", value::text),
            year: p.take("year", year),
            party: p.take("party", value::text),
            judge: p.take("judge", value::text),
            status: p.take("status", value::text),
            stub: p.take("stub", value::flag),
            cursor: p.take("cursor", |t| Place::read((LIST, FOUND), has_query, t)),
            limit: p.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS),
        };
        query.q = asked.finish(params)?;
        if let (Some(plan), Some(number)) = (&mut query.q, &query.number) {
            plan.add(vec![Node::Number(Partial::of(number))]);
        }
        Ok(query)
    }

    /// The catalog's filter for it.
    pub(super) fn filter(&self) -> CaseFilter {
        CaseFilter {
            ids: None,
            number: self.number.as_ref().map(CaseNumber::canonical),
            court: self.court.clone(),
            case_type: self.case_type.clone(),
            year: self.year,
            party: self.party.clone(),
            judge: self.judge.clone(),
            status: self.status.clone(),
            stub: self.stub,
            before: self.cursor.and_then(Place::row).map(|[id]| Id(id)),
        }
    }
}

/// The cursor to what follows `case`.
pub(super) fn cursor_after(case: &Case) -> String {
    cursor::encode(LIST, [case.id.0])
}

/// The cursor to what follows a place of the index.
pub(super) fn cursor_found(key: i64) -> String {
    cursor::encode(FOUND, [key])
}

fn year(text: &str) -> Result<i64, Text> {
    let formed = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    let wrong = || Text::new("应为四位年份", "expected a year of four digits");
    formed.then(|| text.parse().ok()).flatten().ok_or_else(wrong)
}
