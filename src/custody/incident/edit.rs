//! What a person says of an incident or a measure. What is left out stays as it is.

use std::collections::BTreeSet;

use crate::model::case_number::CaseNumber;
use crate::model::fault::Fault;
use crate::model::id::Id;
use crate::model::incident::{Code, Facts, Measure, MeasureKind, Resister, Victim};
use crate::model::time::Micros;

/// Where an incident is seen in a clip, as a person says it.
#[derive(Debug, Clone, Copy)]
pub struct ClipEdit {
    /// The clip.
    pub id: Id,
    /// Milliseconds from the clip's start; none: where the incident's begin lies in it.
    pub from_ms: Option<u64>,
    /// Milliseconds from the clip's start.
    pub to_ms: Option<u64>,
}

/// What a person says of an incident. An inner none takes a value away.
#[derive(Debug, Default)]
pub struct Edit {
    /// Court code.
    pub court: Option<String>,
    /// 1 to 4.
    pub severity: Option<Option<u8>>,
    /// When it began.
    pub begin: Option<Micros>,
    /// When it ended.
    pub end: Option<Option<Micros>>,
    /// Where.
    pub place: Option<String>,
    /// What happened.
    pub narrative: Option<String>,
    /// Injuries.
    pub injuries: Option<String>,
    /// Weapons.
    pub weapons: Option<String>,
    /// What conduct it was, instead of what was said before; as are the lists that follow.
    pub codes: Option<BTreeSet<Code>>,
    /// The cases it belongs to; one that is not known becomes a stub.
    pub cases: Option<Vec<CaseNumber>>,
    /// Where it is seen.
    pub clips: Option<Vec<ClipEdit>>,
    /// Who did it.
    pub subjects: Option<Vec<Resister>>,
    /// Against whom.
    pub victims: Option<Vec<Victim>>,
    /// It was found that there was no victim.
    pub no_victims: Option<bool>,
    /// The action it happened in.
    pub action: Option<Option<Id>>,
    /// When it was reported to the 法官权益保障委员会.
    pub committee_reported: Option<Option<Micros>>,
    /// What could not be understood; it is named together with what else is wrong.
    pub wrong: Vec<Fault>,
}

fn set<T>(place: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *place = value;
    }
}

impl Edit {
    /// Lays what is said over `facts`, except begin, cases and clips, which depend on what the catalog holds.
    pub(super) fn lay_over(&mut self, facts: &mut Facts) {
        set(&mut facts.court, self.court.take());
        set(&mut facts.severity, self.severity.take());
        set(&mut facts.end, self.end.take());
        set(&mut facts.place, self.place.take());
        set(&mut facts.narrative, self.narrative.take());
        set(&mut facts.injuries, self.injuries.take());
        set(&mut facts.weapons, self.weapons.take());
        set(&mut facts.codes, self.codes.take());
        set(&mut facts.subjects, self.subjects.take());
        set(&mut facts.victims, self.victims.take());
        set(&mut facts.no_victims, self.no_victims);
        set(&mut facts.action, self.action);
        set(&mut facts.committee_reported, self.committee_reported);
    }
}

/// What a person says of a measure. An inner none takes a value away.
#[derive(Debug, Default)]
pub struct MeasureEdit {
    /// What; needed for a new measure.
    pub kind: Option<MeasureKind>,
    /// Against whom; needed for a new measure.
    pub person: Option<String>,
    /// It is a unit.
    pub against_unit: Option<bool>,
    /// Of a fine, in yuan.
    pub amount_yuan: Option<Option<i64>>,
    /// Of a detention.
    pub days: Option<Option<i64>>,
    /// Who decided it.
    pub decided_by: Option<String>,
    /// When it was decided.
    pub decided: Option<Option<Micros>>,
    /// The president who approved it.
    pub approved_by: Option<String>,
    /// When it was approved.
    pub approved: Option<Option<Micros>>,
    /// The detention comes first.
    pub urgent: Option<bool>,
    /// When the decision was handed over.
    pub served: Option<Option<Micros>>,
    /// When the family was told.
    pub family_told: Option<Option<Micros>>,
    /// Why the family could not be told.
    pub family_reason: Option<String>,
    /// When 复议 was asked for.
    pub review_asked: Option<Option<Micros>>,
    /// When it was decided on 复议.
    pub review_done: Option<Option<Micros>>,
    /// Anything else.
    pub note: Option<String>,
    /// What could not be understood.
    pub wrong: Vec<Fault>,
}

impl MeasureEdit {
    /// Lays what is said over `measure`.
    pub(super) fn lay_over(self, measure: &mut Measure) {
        set(&mut measure.kind, self.kind);
        set(&mut measure.person, self.person);
        set(&mut measure.against_unit, self.against_unit);
        set(&mut measure.amount_yuan, self.amount_yuan);
        set(&mut measure.days, self.days);
        set(&mut measure.decided_by, self.decided_by);
        set(&mut measure.decided, self.decided);
        set(&mut measure.approved_by, self.approved_by);
        set(&mut measure.approved, self.approved);
        set(&mut measure.urgent, self.urgent);
        set(&mut measure.served, self.served);
        set(&mut measure.family_told, self.family_told);
        set(&mut measure.family_reason, self.family_reason);
        set(&mut measure.review_asked, self.review_asked);
        set(&mut measure.review_done, self.review_done);
        set(&mut measure.note, self.note);
    }
}
