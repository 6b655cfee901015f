//! What a client searches for.

use utoipa::IntoParams;

use super::answer::Order;
use crate::api::query::Asked;
use crate::api::schema;
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::value::{self, When};
use crate::search::query::{Name, Node, Plan, Terms};

/// Fields that are parameters too.
const FILTERS: [(&str, Name); 12] = [
    ("kind", Name::Kind),
    ("case", Name::Case),
    ("court", Name::Court),
    ("code", Name::Code),
    ("officer", Name::Officer),
    ("recorder", Name::Recorder),
    ("measure", Name::Measure),
    ("status", Name::Status),
    ("severity", Name::Severity),
    ("role", Name::Role),
    ("important", Name::Important),
    ("unfiled", Name::Unfiled),
];

/// What to search for.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "filters are described here; their values go into the plan")]
pub(super) struct SearchQuery {
    /// The query; without one the filters alone decide.
    #[param(value_type = Option<String>, example = "持刀 威胁 -未遂 court:吉0721")]
    q: (),
    /// clip, case, incident, or violent: with a conduct code that is violent resistance.
    #[param(value_type = Option<String>, example = "violent")]
    kind: (),
    /// Case numbers or parts of some.
    #[param(value_type = Option<String>, example = "执123")]
    case: (),
    /// Court codes.
    #[param(value_type = Option<String>, example = "吉0721,吉0722")]
    court: (),
    /// Conduct codes.
    #[param(value_type = Option<String>, example = "V2,V6")]
    code: (),
    /// Officer numbers or names.
    #[param(value_type = Option<String>)]
    officer: (),
    /// Serials of recorders.
    #[param(value_type = Option<String>)]
    recorder: (),
    /// Measures; a part of the name is enough.
    #[param(value_type = Option<String>, example = "拘留")]
    measure: (),
    /// Statuses of incidents (suspected, confirmed, closed, dismissed) or of cases.
    #[param(value_type = Option<String>)]
    status: (),
    /// Severities of incidents, 1 to 4.
    #[param(value_type = Option<String>)]
    severity: (),
    /// Roles of victims.
    #[param(value_type = Option<String>, example = "司法警察")]
    role: (),
    /// Marked important, or not.
    #[param(value_type = Option<bool>)]
    important: (),
    /// Tied to no case, or to at least one.
    #[param(value_type = Option<bool>)]
    unfiled: (),
    /// Happened at or after: a date, which is that day at the court, or an RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    from: Option<When>,
    /// Happened on or before this date, or before this RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    to: Option<When>,
    /// `newest` first, or the `best` of the newest thousand.
    #[param(value_type = Option<schema::SearchOrder>)]
    sort: (),
    /// Count the hits by court, conduct code, month, officer and measure.
    pub(super) facets: Option<bool>,
    /// Count all hits, up to 10,000, also of a phrase of three characters or more, whose texts must be compared one by one; without it a
    /// few hundred of these are counted.
    pub(super) exact_total: Option<bool>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    pub(super) cursor: Option<Order>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    pub(super) limit: u32,
    #[param(ignore)]
    pub(super) best: bool,
}

impl SearchQuery {
    /// Reads the parameters, and puts the conditions into a plan.
    pub(super) fn read(mut params: Params, terms: &Terms) -> Result<(Self, Plan), Problem> {
        let p = &mut params;
        let asked = Asked::take(p, terms);
        let filters: Vec<Node> = FILTERS
            .iter()
            .filter_map(|(parameter, name)| {
                p.take(parameter, |text| {
                    name.node(&value::text(text)?, false, terms).map_err(|e| Text::new(e.zh, e.en))
                })
            })
            .collect();
        let mut query = Self {
            from: p.take("from", |t| value::when(t, terms.offset)),
            to: p.take("to", |t| value::when(t, terms.offset)),
            best: p.take("sort", |t| value::word(t, &[false, true], order_word)).unwrap_or(false),
            facets: p.take("facets", value::flag),
            exact_total: p.take("exact_total", value::flag),
            ..Self::default()
        };
        let best = query.best;
        query.cursor = p.take("cursor", |t| Order::decode(t, best));
        query.limit = p.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS);
        if let (Some(from), Some(to)) = (query.from, query.to)
            && from.is_after(to)
        {
            p.fault("from", Text::new("晚于 to，不会有结果", "is after `to`: nothing can be found"));
        }
        let mut plan = asked.finish(params)?.unwrap_or_default();
        plan.add(filters);
        if let Some(from) = query.from {
            plan.not_before(from.start);
        }
        if let Some(to) = query.to {
            plan.before(to.end);
        }
        Ok((query, plan))
    }
}

fn order_word(best: bool) -> &'static str {
    if best { "best" } else { "newest" }
}
