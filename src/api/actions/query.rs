//! Which actions a client asks for.

use utoipa::IntoParams;

use crate::api::schema;
use crate::catalog::actions::ActionFilter;
use crate::http::cursor;
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::value::{self, When};
use crate::model::action::ActionState;
use crate::model::case_number::CaseNumber;
use crate::model::id::Id;
use crate::model::time::{Micros, UtcOffset};

/// Which actions.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ActionQuery {
    /// Still under way at or after: a date, which is that day at the court, or an RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    from: Option<When>,
    /// Begun on or before this date, or before this RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    to: Option<When>,
    /// Court code, exactly.
    court: Option<String>,
    /// What is done, exactly.
    kind: Option<String>,
    /// Officer number 警号, exactly.
    officer: Option<String>,
    /// A recorder's serial, exactly.
    recorder: Option<String>,
    /// 案号 in any spelling.
    #[param(value_type = Option<String>, example = "(2021)吉0721执123")]
    case: Option<CaseNumber>,
    /// Where it stands.
    #[param(value_type = Option<schema::ActionState>)]
    state: Option<ActionState>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<[i64; 2]>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    pub(super) limit: u32,
}

impl ActionQuery {
    /// Reads the query; dates are days at `offset` from UTC.
    pub(super) fn read(mut params: Params, offset: UtcOffset) -> Result<Self, Problem> {
        let p = &mut params;
        let query = Self {
            from: p.take("from", |t| value::when(t, offset)),
            to: p.take("to", |t| value::when(t, offset)),
            court: p.take("court", value::text),
            kind: p.take("kind", value::text),
            officer: p.take("officer", value::text),
            recorder: p.take("recorder", value::text),
            case: p.take("case", value::case_number),
            state: p.take("state", |t| value::word(t, &ActionState::ALL, ActionState::as_str)),
            cursor: p.take("cursor", |t| cursor::decode(super::LIST, t)),
            limit: p.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS),
        };
        if let (Some(from), Some(to)) = (query.from, query.to)
            && from.is_after(to)
        {
            params.fault("from", Text::new("晚于 to，不会有结果", "is after `to`: nothing can be found"));
        }
        params.finish()?;
        Ok(query)
    }

    /// The catalog's filter for it.
    pub(super) fn filter(&self) -> ActionFilter {
        ActionFilter {
            from: self.from.map(|w| w.start),
            to: self.to.map(|w| w.end),
            court: self.court.clone(),
            kind: self.kind.clone(),
            officer: self.officer.clone(),
            recorder: self.recorder.clone(),
            case: self.case.as_ref().map(CaseNumber::canonical),
            state: self.state,
            after: self.cursor.map(|[from, id]| (Micros(from), Id(id))),
        }
    }
}
