//! Which clips a client asks for.

use utoipa::IntoParams;

use crate::api::query::{Asked, Place};
use crate::api::schema;
use crate::catalog::clips::{Clip, ClipCursor, ClipFilter};
use crate::http::cursor;
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::value::{self, When};
use crate::model::case_number::{CaseNumber, Partial};
use crate::model::clip::ClipState;
use crate::model::digest::Sha256Digest;
use crate::model::id::Id;
use crate::model::media::{Health, Kind};
use crate::model::time::Micros;
use crate::search::query::{Node, Plan, Terms};
use crate::search::token::{self, Filter};

/// The letter of this list's cursors.
pub(super) const LIST: u8 = b'c';
/// The letter of its cursors when there is a query: they are places of the index.
const FOUND: u8 = b'q';

/// Which clips.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ClipQuery {
    /// A query as `search` reads it: words that must stand in names, folders, notes, case numbers, parties and officers' names. Width,
    /// case and punctuation are no matter.
    #[param(value_type = Option<String>)]
    pub(super) q: Option<Plan>,
    /// 案号 in any spelling.
    #[param(value_type = Option<String>, example = "(2021)吉0721执123")]
    case: Option<CaseNumber>,
    /// Officer number 警号, exactly.
    officer: Option<String>,
    /// The recorder's serial, exactly.
    recorder: Option<String>,
    /// Recorded at or after: a date, which is that day at the court, or an RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    from: Option<When>,
    /// Recorded on or before this date, or before this RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    to: Option<When>,
    /// Marked important, or not.
    important: Option<bool>,
    /// Whether it can be read.
    #[param(value_type = Option<schema::Health>)]
    health: Option<Health>,
    /// How far it has come.
    #[param(value_type = Option<schema::ClipState>)]
    state: Option<ClipState>,
    /// SHA-256 of its bytes, 64 hexadecimal characters.
    #[param(value_type = Option<String>)]
    sha256: Option<Sha256Digest>,
    /// 未归案: tied to no case, or to at least one.
    unfiled: Option<bool>,
    /// What the content is.
    #[param(value_type = Option<schema::Kind>)]
    kind: Option<Kind>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    pub(super) cursor: Option<Place<2>>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    pub(super) limit: u32,
}

impl ClipQuery {
    /// Reads the query.
    pub(super) fn read(mut params: Params, terms: &Terms) -> Result<Self, Problem> {
        let (p, offset) = (&mut params, terms.offset);
        let asked = Asked::take(p, terms);
        let has_query = asked.is_given();
        let mut query = Self {
            q: None,
            case: p.take("case", value::case_number),
            officer: p.take("officer", value::text),
            recorder: p.take("recorder", value::text),
            from: p.take("from", |t| value::when(t, offset)),
            to: p.take("to", |t| value::when(t, offset)),
            important: p.take("important", value::flag),
            health: p.take("health", |t| value::word(t, &Health::ALL, Health::as_str)),
            state: p.take("state", |t| value::word(t, &ClipState::ALL, ClipState::as_str)),
            sha256: p.take("sha256", value::sha256),
            unfiled: p.take("unfiled", value::flag),
            kind: p.take("kind", |t| value::word(t, &Kind::ALL, Kind::as_str)),
            cursor: p.take("cursor", |t| Place::read((LIST, FOUND), has_query, t)),
            limit: p.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS),
        };
        if let (Some(from), Some(to)) = (query.from, query.to)
            && from.is_after(to)
        {
            params.fault("from", Text::new("晚于 to，不会有结果", "is after `to`: nothing can be found"));
        }
        query.q = asked.finish(params)?;
        if let Some(mut plan) = query.q.take() {
            query.narrow(&mut plan);
            query.q = Some(plan);
        }
        Ok(query)
    }

    /// What the index knows of the other filters goes into the query; the catalog's filter decides.
    fn narrow(&self, plan: &mut Plan) {
        let token = |of: Filter, value: &str| Node::Filter(token::filter(of, value));
        let mut nodes = vec![token(Filter::Kind, "clip")];
        nodes.extend(self.case.as_ref().map(|n| Node::Number(Partial::of(n))));
        nodes.extend(self.officer.as_ref().map(|n| token(Filter::Officer, n)));
        nodes.extend(self.recorder.as_ref().map(|n| token(Filter::Recorder, n)));
        nodes.extend(self.health.map(|h| token(Filter::Health, h.as_str())));
        for (wanted, of) in [(self.important, Filter::Important), (self.unfiled, Filter::Unfiled)] {
            let yes = token(of, "yes");
            nodes.extend(wanted.map(|wanted| if wanted { yes } else { Node::Not(Box::new(yes)) }));
        }
        plan.add(nodes);
        if let Some(from) = self.from {
            plan.not_before(from.start);
        }
        if let Some(to) = self.to {
            plan.before(to.end);
        }
    }

    /// The catalog's filter for it.
    pub(super) fn filter(&self) -> ClipFilter {
        ClipFilter {
            ids: None,
            case: self.case.as_ref().map(CaseNumber::canonical),
            cases: Vec::new(),
            officer: self.officer.clone(),
            recorder: self.recorder.clone(),
            from: self.from.map(|w| w.start),
            to: self.to.map(|w| w.end),
            important: self.important,
            health: self.health,
            state: self.state,
            sha256: self.sha256,
            unfiled: self.unfiled,
            kind: self.kind,
            role: None,
            after: self
                .cursor
                .and_then(Place::row)
                .map(|[recorded, id]| ClipCursor { recorded: Micros(recorded), id: Id(id) }),
        }
    }
}

/// The cursor to what follows `clip` in the list `list`.
pub(super) fn cursor_after(list: u8, clip: &Clip) -> String {
    cursor::encode(list, [clip.facts.recorded.0, clip.id.0])
}

/// The cursor to what follows a place of the index.
pub(super) fn cursor_found(key: i64) -> String {
    cursor::encode(FOUND, [key])
}
