//! Which incidents a client asks for.

use utoipa::IntoParams;

use crate::api::query::{Asked, Place};
use crate::api::schema;
use crate::catalog::incidents::{DueFilter, Incident, IncidentCursor, IncidentFilter};
use crate::http::cursor;
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::value::{self, When};
use crate::model::case_number::{CaseNumber, Partial};
use crate::model::id::Id;
use crate::model::incident::{Code, MOST_SEVERE, MeasureKind, Settings, Status};
use crate::model::time::{DAY_US, Micros};
use crate::search::query::{Node, Plan, Terms};
use crate::search::token::{self, Filter};

/// The letter of this list's cursors.
const LIST: u8 = b'i';
/// The letter of its cursors when there is a query: they are places of the index.
const FOUND: u8 = b'j';
/// Most values of one parameter.
const MOST_VALUES: usize = 20;
/// What is due within this time is due soon.
const SOON_US: i64 = 3 * DAY_US;

/// Whether something is overdue, or due soon.
#[derive(Debug, Clone, Copy)]
enum DueWord {
    Overdue,
    Soon,
}

impl DueWord {
    const ALL: [Self; 2] = [Self::Overdue, Self::Soon];

    fn as_str(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Soon => "soon",
        }
    }
}

/// Which incidents.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct IncidentQuery {
    /// A query as `search` reads it: words that must stand in narrative, place, injuries, weapons, notes, case numbers, parties, and the
    /// names and roles of those who took part. Width, case and punctuation are no matter.
    #[param(value_type = Option<String>)]
    pub(super) q: Option<Plan>,
    /// Status; several with commas.
    #[param(value_type = Option<String>, example = "suspected,confirmed")]
    status: Option<Vec<Status>>,
    /// Conduct code; several with commas.
    #[param(value_type = Option<String>, example = "V1,V2")]
    code: Option<Vec<Code>>,
    /// Whether one of its codes counts as violent resistance.
    violent: Option<bool>,
    /// 法院代字, exactly.
    #[param(example = "吉0721")]
    court: Option<String>,
    /// Began at or after: a date, which is that day at the court, or an RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    from: Option<When>,
    /// Began on or before this date, or before this RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    to: Option<When>,
    /// 1 to 4; several with commas.
    #[param(value_type = Option<String>, example = "3,4")]
    severity: Option<Vec<u8>>,
    /// 案号 in any spelling.
    #[param(value_type = Option<String>, example = "(2021)吉0721执123")]
    case: Option<CaseNumber>,
    /// The id of a clip it is seen in.
    #[param(value_type = Option<String>)]
    clip: Option<Id>,
    /// Officer number 警号 of a victim, or of who made one of its clips, exactly.
    officer: Option<String>,
    /// A measure that was taken or proposed; several with commas.
    #[param(value_type = Option<String>, example = "罚款,司法拘留")]
    measure: Option<Vec<MeasureKind>>,
    /// By its earliest duty that is not met: `overdue`, or `soon` for within three days.
    #[param(value_type = Option<schema::DueWord>)]
    due: Option<DueWord>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    pub(super) cursor: Option<Place<2>>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    pub(super) limit: u32,
}

impl IncidentQuery {
    /// Reads the query; dates are days at the court.
    pub(super) fn read(mut params: Params, terms: &Terms) -> Result<Self, Problem> {
        let (p, offset) = (&mut params, terms.offset);
        let asked = Asked::take(p, terms);
        let has_query = asked.is_given();
        let mut query = Self {
            q: None,
            status: p.take("status", |t| several(t, |t| value::word(t, &Status::ALL, Status::as_str))),
            code: p.take("code", |t| several(t, code)),
            violent: p.take("violent", value::flag),
            court: p.take("court", value::text),
            from: p.take("from", |t| value::when(t, offset)),
            to: p.take("to", |t| value::when(t, offset)),
            severity: p.take("severity", |t| several(t, severity)),
            case: p.take("case", value::case_number),
            clip: p.take("clip", value::id),
            officer: p.take("officer", value::text),
            measure: p.take("measure", |t| several(t, |t| value::word(t, &MeasureKind::ALL, MeasureKind::as_str))),
            due: p.take("due", |t| value::word(t, &DueWord::ALL, DueWord::as_str)),
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
        let mut nodes: Vec<Node> = self.case.iter().map(|number| Node::Number(Partial::of(number))).collect();
        nodes.extend(self.court.as_ref().map(|court| token(Filter::Court, court)));
        let mut any = |of: Filter, values: Vec<String>| {
            if !values.is_empty() {
                nodes.push(Node::any(values.iter().map(|value| token(of, value)).collect()));
            }
        };
        let words = |values: Option<Vec<String>>| values.unwrap_or_default();
        any(Filter::Status, words(self.status.as_ref().map(|of| of.iter().map(|s| s.as_str().to_owned()).collect())));
        any(Filter::Code, words(self.code.as_ref().map(|of| of.iter().map(ToString::to_string).collect())));
        any(Filter::Severity, words(self.severity.as_ref().map(|of| of.iter().map(ToString::to_string).collect())));
        any(Filter::Measure, words(self.measure.as_ref().map(|of| of.iter().map(|m| m.as_str().to_owned()).collect())));
        plan.add(nodes);
        if let Some(from) = self.from {
            plan.not_before(from.start);
        }
        if let Some(to) = self.to {
            plan.before(to.end);
        }
    }

    /// The catalog's filter for it at `now`.
    pub(super) fn filter(&self, now: Micros, settings: &Settings) -> IncidentFilter {
        let due = self.due.map(|word| match word {
            DueWord::Overdue => DueFilter::By(now),
            DueWord::Soon => DueFilter::Within(now, Micros(now.0.saturating_add(SOON_US))),
        });
        IncidentFilter {
            ids: None,
            statuses: self.status.clone().unwrap_or_default(),
            severities: self.severity.clone().unwrap_or_default(),
            codes: self.code.clone().unwrap_or_default(),
            violent: self.violent.map(|violent| (violent, settings.violent.iter().cloned().collect())),
            court: self.court.clone(),
            from: self.from.map(|w| w.start),
            to: self.to.map(|w| w.end),
            case: self.case.as_ref().map(CaseNumber::canonical),
            clip: self.clip,
            officer: self.officer.clone(),
            measures: self.measure.clone().unwrap_or_default(),
            due,
            after: self
                .cursor
                .and_then(Place::row)
                .map(|[begin, id]| IncidentCursor { begin: Micros(begin), id: Id(id) }),
        }
    }
}

/// The cursor to what follows `incident`.
pub(super) fn cursor_after(incident: &Incident) -> String {
    cursor::encode(LIST, [incident.facts.begin.0, incident.id.0])
}

/// The cursor to what follows a place of the index.
pub(super) fn cursor_found(key: i64) -> String {
    cursor::encode(FOUND, [key])
}

fn several<T>(text: &str, read: impl Fn(&str) -> Result<T, Text>) -> Result<Vec<T>, Text> {
    let parts: Vec<&str> = text.split([',', '，']).map(str::trim).collect();
    if parts.len() > MOST_VALUES {
        return Err(Text::new(format!("最多 {MOST_VALUES} 个值"), format!("at most {MOST_VALUES} values")));
    }
    parts.into_iter().map(read).collect()
}

fn code(text: &str) -> Result<Code, Text> {
    text.parse().map_err(|e| Text::new("不是行为代码：应为字母加数字，如 V2", format!("{e}")))
}

fn severity(text: &str) -> Result<u8, Text> {
    let number = text.parse().ok().filter(|n| (1..=MOST_SEVERE).contains(n));
    number.ok_or_else(|| Text::new(format!("应为 1 到 {MOST_SEVERE}"), format!("expected 1 to {MOST_SEVERE}")))
}
