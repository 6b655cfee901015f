//! By when the court has to act.
//!
//! Days are counted from the day after: of something served on the first, day 1 is the second, and three days end with the fourth, at
//! midnight at the court's distance from UTC. A term whose last day is a holiday ends on the next working day by law; that is NOT
//! computed, because no calendar of holidays is known here: what is shown is never later than the law's own term. Hours are counted
//! from the instant itself.

use super::code::Code;
use super::facts::Facts;
use super::measure::{Measure, MeasureKind};
use super::settings::Settings;
use super::status::Status;
use crate::model::id::Id;
use crate::model::time::{DAY_US, Micros, UtcOffset};

/// Hours within which the family of somebody detained is told, in microseconds.
const FAMILY_US: i64 = DAY_US;
/// Days after service within which 复议 may be asked for (民诉法解释 185).
const REVIEW_REQUEST_DAYS: u32 = 3;
/// Days after the request within which it is decided (民诉法解释 185).
const REVIEW_DECISION_DAYS: u32 = 5;
/// Who threatens, insults or slanders is interviewed 约谈.
const INTERVIEWED: [Code; 2] = [Code::v(6), Code::v(7)];

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DueKind {
    /// An urgent detention is reported to the president: at once.
    UrgentReport,
    /// The family of somebody detained is told: within 24 hours, or the reason why not is recorded.
    FamilyNotice,
    /// The person's own term for asking for 复议: three days after service.
    ReviewRequest,
    /// 复议 is decided: five days after the request.
    ReviewDecision,
    /// Who insulted or threatened is interviewed 约谈: a setting.
    Interview,
    /// It is reported to the 法官权益保障委员会: a setting.
    CommitteeReport,
}

impl DueKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::UrgentReport,
        Self::FamilyNotice,
        Self::ReviewRequest,
        Self::ReviewDecision,
        Self::Interview,
        Self::CommitteeReport,
    ];

    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UrgentReport => "urgent_report",
            Self::FamilyNotice => "family_notice",
            Self::ReviewRequest => "review_request",
            Self::ReviewDecision => "review_decision",
            Self::Interview => "interview",
            Self::CommitteeReport => "committee_report",
        }
    }

    /// Whether it is the court's duty. The term for asking for 复议 is the person's: it lapses, and nobody has failed.
    pub fn is_duty(self) -> bool {
        self != Self::ReviewRequest
    }
}

/// Something with a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// What.
    pub what: DueKind,
    /// Of which measure; none: of the incident.
    pub measure: Option<Id>,
    /// The first instant at which it is too late.
    pub due: Micros,
    /// When it was done.
    pub done: Option<Micros>,
    /// Why it is not done and need not be.
    pub excuse: Option<String>,
}

impl Due {
    /// A duty that nobody has met.
    pub fn is_open(&self) -> bool {
        self.what.is_duty() && self.done.is_none() && self.excuse.is_none()
    }

    /// A duty that nobody has met, although it was due by `now`.
    pub fn is_overdue(&self, now: Micros) -> bool {
        self.is_open() && self.due <= now
    }

    /// Whether it was done, but too late. What is to be done at once is never called late: how late is in the two times.
    pub fn was_late(&self) -> bool {
        self.what != DueKind::UrgentReport && self.done.is_some_and(|done| done >= self.due)
    }
}

/// What of an incident the terms follow from.
#[derive(Debug, Clone, Copy)]
pub struct Timeline<'a> {
    /// Its status.
    pub status: Status,
    /// What is said of it.
    pub facts: &'a Facts,
    /// When it was entered.
    pub created: Micros,
}

/// The end of `days` days after the day of `from`, at `offset`: the midnight with which the last one ends. Saturates far in the future.
pub fn end_of_days(from: Micros, days: u32, offset: UtcOffset) -> Micros {
    let end = || {
        let last = from.to_civil(offset).date().checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
        Micros::from_civil(last.tomorrow().ok()?.at(0, 0, 0, 0), offset)
    };
    end().unwrap_or(Micros(i64::MAX))
}

/// Everything that has a term, those of the measures first. Of a dismissed incident nothing is due.
pub fn dues<'a>(
    incident: Timeline<'_>,
    measures: impl IntoIterator<Item = (Id, &'a Measure)> + Clone,
    settings: &Settings,
    offset: UtcOffset,
) -> Vec<Due> {
    if incident.status == Status::Dismissed {
        return Vec::new();
    }
    let mut dues: Vec<Due> = measures.clone().into_iter().flat_map(|(id, m)| of_measure(id, m, offset)).collect();
    if !incident.status.is_found() {
        return dues;
    }
    let interviews = measures.into_iter().filter(|(_, m)| m.kind == MeasureKind::Interview);
    let held = interviews.map(|(_, m)| m.decided).collect::<Vec<_>>();
    let demanded = !held.is_empty() || INTERVIEWED.iter().any(|code| incident.facts.codes.contains(code));
    let term = |days: u32| end_of_days(incident.created, days, offset);
    if let Some(days) = settings.interview_days.filter(|_| demanded) {
        dues.push(due(DueKind::Interview, None, term(days), held.into_iter().flatten().min()));
    }
    if let Some(days) = settings.committee_report_days {
        dues.push(due(DueKind::CommitteeReport, None, term(days), incident.facts.committee_reported));
    }
    dues
}

fn due(what: DueKind, measure: Option<Id>, due: Micros, done: Option<Micros>) -> Due {
    Due { what, measure, due, done, excuse: None }
}

fn of_measure(id: Id, measure: &Measure, offset: UtcOffset) -> Vec<Due> {
    let mut dues = Vec::new();
    let Some(decided) = measure.decided else { return dues };
    let of = |what, at, done| due(what, Some(id), at, done);
    if measure.kind == MeasureKind::Detention {
        if measure.urgent {
            dues.push(of(DueKind::UrgentReport, decided, measure.approved));
        }
        // Who is detained first is detained when that was decided; others when the decision is handed over. As long as that is not
        // recorded the term runs from the decision, so that it is not forgotten.
        let detained = if measure.urgent { decided } else { measure.served.unwrap_or(decided) };
        let reason = Some(measure.family_reason.clone()).filter(|r| !r.is_empty() && measure.family_told.is_none());
        let told = of(DueKind::FamilyNotice, Micros(detained.0.saturating_add(FAMILY_US)), measure.family_told);
        dues.push(Due { excuse: reason, ..told });
    }
    if let Some(served) = measure.served.filter(|_| measure.kind.is_reviewable()) {
        let term = end_of_days(served, REVIEW_REQUEST_DAYS, offset);
        dues.push(of(DueKind::ReviewRequest, term, measure.review_asked));
    }
    if let Some(asked) = measure.review_asked {
        let term = end_of_days(asked, REVIEW_DECISION_DAYS, offset);
        dues.push(of(DueKind::ReviewDecision, term, measure.review_done));
    }
    dues
}

/// When the earliest duty that nobody has met is due.
pub fn next_due(dues: &[Due]) -> Option<Micros> {
    dues.iter().filter(|due| due.is_open()).map(|due| due.due).min()
}
