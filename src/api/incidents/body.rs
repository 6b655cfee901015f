//! An incident as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::schema;
use crate::catalog::incidents::{self, MeasureRow};
use crate::custody::Custody;
use crate::custody::incident::dues_of;
use crate::model::id::Id;
use crate::model::incident::{
    Charge, ClipSpan, Code, Due, DueKind, MeasureKind, Resister, ResisterRole, Source, Stage, Status, Victim,
    VictimRole, charge, gravest_charge,
};
use crate::model::time::Micros;

/// A violent resistance 暴力抗法事件. What is not said is null.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Incident {
    #[schema(value_type = String)]
    id: Id,
    #[schema(value_type = schema::IncidentStatus)]
    status: Status,
    /// Why it was dismissed or reopened, or a remark.
    #[schema(required = true)]
    status_reason: Option<String>,
    #[schema(value_type = schema::IncidentSource)]
    source: Source,
    /// Of a mark: the clip that carries it.
    #[schema(value_type = Option<String>, required = true)]
    source_clip_id: Option<Id>,
    /// Court code.
    #[schema(required = true, example = "吉0721")]
    court: Option<String>,
    /// 1 to 4; null: not judged.
    #[schema(required = true)]
    severity: Option<u8>,
    #[schema(value_type = String, format = DateTime)]
    begin_at: Micros,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    end_at: Option<Micros>,
    #[schema(required = true)]
    place: Option<String>,
    #[schema(required = true)]
    narrative: Option<String>,
    #[schema(required = true)]
    injuries: Option<String>,
    #[schema(required = true)]
    weapons: Option<String>,
    /// Conduct codes; `codes` says what they mean.
    #[schema(value_type = Vec<String>)]
    codes: Vec<Code>,
    /// Whether one of the codes counts as violent resistance, by the court's setting.
    violent: bool,
    /// The cases it belongs to.
    cases: Vec<IncidentCase>,
    /// Where it is seen.
    clips: Vec<IncidentClip>,
    /// Who did it.
    subjects: Vec<IncidentSubject>,
    /// Against whom.
    victims: Vec<IncidentVictim>,
    /// It was found that there was no victim.
    no_victims: bool,
    /// The gravest charge that follows from the victims' roles. A hint, no finding.
    #[schema(value_type = Option<schema::Charge>, required = true)]
    charge: Option<&'static str>,
    /// The action 执行行动 it happened in.
    #[schema(value_type = Option<String>, required = true)]
    action_id: Option<Id>,
    /// When it was reported to the 法官权益保障委员会.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    committee_reported_at: Option<Micros>,
    /// What was done about it, oldest first.
    measures: Vec<IncidentMeasure>,
    /// What has a term.
    due: Vec<IncidentDue>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Micros,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Micros,
    /// Rises with each change; a change can be based on it.
    version: u64,
    /// Its newest entry in the ledger.
    ledger_index: u64,
}

/// A case of an incident.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct IncidentCase {
    #[schema(value_type = String)]
    id: Id,
    /// 案号 in its one spelling.
    number: String,
}

/// Where an incident is seen in a clip.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct IncidentClip {
    #[schema(value_type = String)]
    id: Id,
    /// Milliseconds from the clip's start.
    from_ms: u64,
    /// Milliseconds from the clip's start.
    #[schema(required = true)]
    to_ms: Option<u64>,
}

/// Somebody who resisted.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct IncidentSubject {
    /// Null: not known.
    #[schema(required = true)]
    name: Option<String>,
    #[schema(value_type = schema::ResisterRole)]
    role: ResisterRole,
}

/// Somebody who was resisted or hurt.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct IncidentVictim {
    #[schema(required = true)]
    name: Option<String>,
    #[schema(value_type = schema::VictimRole)]
    role: VictimRole,
    /// 警号.
    #[schema(required = true)]
    officer: Option<String>,
    /// The charge that follows from the role, where an attack on this person is a crime at all. A hint, no finding.
    #[schema(value_type = Option<schema::Charge>, required = true)]
    charge: Option<&'static str>,
}

/// A measure 处置措施. What is not said is null.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct IncidentMeasure {
    #[schema(value_type = String)]
    id: Id,
    #[schema(value_type = schema::MeasureKind)]
    kind: MeasureKind,
    /// How far it has come: without the president's approval a 拘传, 罚款 or 司法拘留 is not decided.
    #[schema(value_type = schema::MeasureStage)]
    stage: &'static str,
    /// Against whom.
    person: String,
    /// It is a unit, not a person.
    against_unit: bool,
    /// Of a fine.
    #[schema(required = true)]
    amount_yuan: Option<i64>,
    /// Of a detention.
    #[schema(required = true)]
    days: Option<i64>,
    #[schema(required = true)]
    decided_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    decided_at: Option<Micros>,
    /// The president 院长 who approved it.
    #[schema(required = true)]
    approved_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    approved_at: Option<Micros>,
    /// The detention comes first and is reported at once.
    urgent: bool,
    /// When the decision was handed over.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    served_at: Option<Micros>,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    family_told_at: Option<Micros>,
    /// Why the family could not be told.
    #[schema(required = true)]
    family_reason: Option<String>,
    /// When 复议 was asked for.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    review_asked_at: Option<Micros>,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    review_done_at: Option<Micros>,
    #[schema(required = true)]
    note: Option<String>,
}

/// Something with a term. Days are counted from the day after and end at midnight at the court; a last day that is a holiday is not moved.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct IncidentDue {
    #[schema(value_type = schema::DueKind)]
    what: &'static str,
    /// Of which measure; null: of the incident.
    #[schema(value_type = Option<String>, required = true)]
    measure_id: Option<Id>,
    /// The first instant at which it is too late.
    #[schema(value_type = String, format = DateTime)]
    due_at: Micros,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    done_at: Option<Micros>,
    /// A duty of the court that is not met although it was due. The term for asking for 复议 is the person's own, and never overdue.
    overdue: bool,
    /// It was done after it was due.
    late: bool,
    /// Why it is not done and need not be.
    #[schema(required = true)]
    excuse: Option<String>,
}

/// A page of incidents.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct IncidentList {
    pub(super) items: Vec<Incident>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    pub(super) next_cursor: Option<String>,
}

fn said(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

impl Incident {
    /// The incident as it stands now.
    pub(super) fn of(row: incidents::Incident, custody: &Custody) -> Self {
        let now = custody.clock.now();
        let due = dues_of(&row, custody).into_iter().map(|due| IncidentDue::of(due, now)).collect();
        let facts = row.facts;
        let cases = row.case_ids.into_iter().zip(facts.cases);
        Self {
            id: row.id,
            status: row.status,
            status_reason: said(row.status_reason),
            source: row.source,
            source_clip_id: row.source_clip,
            court: said(facts.court),
            severity: facts.severity,
            begin_at: facts.begin,
            end_at: facts.end,
            place: said(facts.place),
            narrative: said(facts.narrative),
            injuries: said(facts.injuries),
            weapons: said(facts.weapons),
            violent: facts.codes.iter().any(|code| custody.incidents.violent.contains(code)),
            codes: facts.codes.into_iter().collect(),
            cases: cases.map(|(id, number)| IncidentCase { id, number }).collect(),
            clips: facts.clips.into_iter().map(IncidentClip::from).collect(),
            charge: gravest_charge(&facts.victims).map(Charge::as_str),
            subjects: facts.subjects.into_iter().map(IncidentSubject::from).collect(),
            victims: IncidentVictim::all(facts.victims),
            no_victims: facts.no_victims,
            action_id: facts.action,
            committee_reported_at: facts.committee_reported,
            measures: row.measures.into_iter().map(IncidentMeasure::from).collect(),
            due,
            created_at: row.created,
            updated_at: row.updated,
            version: row.version,
            ledger_index: row.last_entry,
        }
    }
}

impl From<ClipSpan> for IncidentClip {
    fn from(span: ClipSpan) -> Self {
        Self { id: span.id, from_ms: span.from_ms, to_ms: span.to_ms }
    }
}

impl From<Resister> for IncidentSubject {
    fn from(subject: Resister) -> Self {
        Self { name: said(subject.name), role: subject.role }
    }
}

impl IncidentVictim {
    fn all(victims: Vec<Victim>) -> Vec<Self> {
        let beside_police = victims.iter().any(|v| v.role == VictimRole::JudicialPolice);
        let body = |Victim { name, role, officer }| {
            let charge = charge(role, beside_police).map(Charge::as_str);
            Self { name: said(name), role, officer, charge }
        };
        victims.into_iter().map(body).collect()
    }
}

impl From<MeasureRow> for IncidentMeasure {
    fn from(row: MeasureRow) -> Self {
        let MeasureRow { id, measure: m } = row;
        Self {
            id,
            kind: m.kind,
            stage: Stage::as_str(m.stage()),
            person: m.person,
            against_unit: m.against_unit,
            amount_yuan: m.amount_yuan,
            days: m.days,
            decided_by: said(m.decided_by),
            decided_at: m.decided,
            approved_by: said(m.approved_by),
            approved_at: m.approved,
            urgent: m.urgent,
            served_at: m.served,
            family_told_at: m.family_told,
            family_reason: said(m.family_reason),
            review_asked_at: m.review_asked,
            review_done_at: m.review_done,
            note: said(m.note),
        }
    }
}

impl IncidentDue {
    fn of(due: Due, now: Micros) -> Self {
        Self {
            what: DueKind::as_str(due.what),
            measure_id: due.measure,
            due_at: due.due,
            done_at: due.done,
            overdue: due.is_overdue(now),
            late: due.was_late(),
            excuse: due.excuse,
        }
    }
}
