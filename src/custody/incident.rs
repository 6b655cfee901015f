//! Acts on incidents 暴力抗法事件: enter, change, decide, take measures; and the suspected ones that marks make. Every change is recorded
//! with the old values and has its ledger entry.

mod clocks;
mod edit;
mod enter;
mod follow;
mod known;
mod mark;
mod measure;
mod status;

use serde_json::{Value, json};

use super::act::{Act, Amend};
use super::{Actor, Custody, CustodyError};
use crate::catalog::CatalogError;
use crate::catalog::incidents::{self, Incident};
use crate::model::fault::Fault;
use crate::model::id::Id;
use crate::model::incident::{Due, MeasureKind, Status, Timeline, dues, next_due};
use crate::model::subject::Subject;

pub use clocks::renew_terms;
pub use edit::{ClipEdit, Edit, MeasureEdit};
pub use enter::{change, create};
pub(super) use follow::follow_ties;
pub(super) use mark::take_marks;
pub use measure::{add_measure, change_measure};
pub use status::set_status;

/// Who changes an incident.
#[derive(Debug, Clone)]
pub struct Editor {
    /// Who acts, as it is recorded.
    pub actor: Actor,
    /// May change what is decided, not only what is suspected.
    pub decides: bool,
}

/// An incident could not be changed; nothing was.
#[derive(Debug, thiserror::Error)]
pub enum IncidentError {
    /// It is not there.
    #[error("there is no incident {0}")]
    NoSuchIncident(Id),
    /// The incident has no such measure.
    #[error("incident {0} has no measure {1}")]
    NoSuchMeasure(Id, Id),
    /// It was changed since the caller looked.
    #[error("incident {id} was changed meanwhile: it is at version {version}")]
    Outdated {
        /// The incident.
        id: Id,
        /// Its version now.
        version: u64,
    },
    /// Only those who decide change an incident with this status.
    #[error("an incident that is {} is changed by those who decide", .0.as_str())]
    Decided(Status),
    /// There is no such way.
    #[error("an incident that is {} does not become {}", from.as_str(), to.as_str())]
    NoWay {
        /// Its status now.
        from: Status,
        /// The status that was wanted.
        to: Status,
    },
    /// Nothing is done about what was dismissed.
    #[error("incident {0} was dismissed; reopen it first")]
    Dismissed(Id),
    /// The same act is punished already.
    #[error("{} was taken for the same act in incident {incident} (measure {measure}) already", kind.as_str())]
    Punished {
        /// What was taken.
        kind: MeasureKind,
        /// In which incident; it may be this one.
        incident: Id,
        /// As which measure.
        measure: Id,
    },
    /// Values cannot be.
    #[error("{} values cannot be, the first in {}: {}", .0.len(), .0.first().map_or("", |f| &f.field), .0.first().map_or("", |f| &f.en))]
    Invalid(Vec<Fault>),
    /// It could not be written.
    #[error(transparent)]
    Custody(#[from] CustodyError),
}

impl From<CatalogError> for IncidentError {
    fn from(error: CatalogError) -> Self {
        Self::Custody(error.into())
    }
}

/// Everything of an incident that has a term.
pub fn dues_of(incident: &Incident, custody: &Custody) -> Vec<Due> {
    let timeline = Timeline { status: incident.status, facts: &incident.facts, created: incident.created };
    dues(timeline, incident.measures(), &custody.incidents, custody.utc_offset)
}

/// An incident to be changed, as it is now.
async fn load(act: &mut Act<'_>, id: Id, based_on: Option<u64>) -> Result<Incident, IncidentError> {
    let incident = incidents::get(act.conn(), id).await?.ok_or(IncidentError::NoSuchIncident(id))?;
    match based_on {
        Some(version) if version != incident.version => Err(IncidentError::Outdated { id, version: incident.version }),
        _ => Ok(incident),
    }
}

/// One value that changed, as the history shows it.
fn change_of(field: impl Into<String>, old: impl Into<Value>, new: impl Into<Value>) -> Value {
    json!({"field": field.into(), "old": old.into(), "new": new.into()})
}

/// Every value that differs between two things of one type, in the order of the names; each with `prefix` before its name.
fn changes_between<T: serde::Serialize>(old: &T, new: &T, prefix: &str) -> Vec<Value> {
    let (old, new) = (fields(old), fields(new));
    let differ = new.into_iter().filter(|(name, value)| old.get(name) != Some(value));
    let change = |(name, value): (String, Value)| {
        let before = old.get(&name).cloned().unwrap_or_default();
        change_of(format!("{prefix}{name}"), before, value)
    };
    differ.map(change).collect()
}

/// The values of a thing by their names.
fn fields(of: &impl serde::Serialize) -> serde_json::Map<String, Value> {
    // What is recorded holds texts, whole numbers and lists of them; it always serializes.
    match serde_json::to_value(of) {
        Ok(Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    }
}

/// What is done to an incident.
struct Doing<'a> {
    actor: &'a Actor,
    /// A stable word: `create`, `change`, `status`, `measure_add`, `measure_change`, `attach`.
    kind: &'static str,
    changes: Vec<Value>,
    /// Why; empty: nothing was said.
    reason: &'a str,
}

/// Records a change of an incident and brings its row up to date; without an `old` one it is inserted.
async fn record(
    act: &mut Act<'_>,
    incident: &mut Incident,
    old: Option<&Incident>,
    doing: Doing<'_>,
) -> Result<(), CustodyError> {
    let subject = Subject::Incident(incident.id);
    let mut detail = json!({"changes": doing.changes});
    if let (Value::Object(map), false) = (&mut detail, doing.reason.is_empty()) {
        map.insert("reason".to_owned(), doing.reason.into());
    }
    let prev = old.map(|old| old.last_entry);
    let amend = Amend { subject, prev, kind: doing.kind, actor: doing.actor, detail };
    incident.last_entry = act.amend(amend).await?;
    incident.version = old.map_or(1, |old| old.version + 1);
    incident.updated = act.at();
    incident.due = next_due(&dues_of(incident, act.custody()));
    match old {
        None => incidents::insert(act.conn(), incident).await?,
        Some(old) => incidents::update(act.conn(), incident, &old.facts).await?,
    }
    touch(act, incident);
    if let Some(old) = old {
        touch(act, old);
    }
    Ok(())
}

/// What people search for in the clips and cases of an incident changes with it.
fn touch(act: &mut Act<'_>, incident: &Incident) {
    for clip in &incident.facts.clips {
        act.touch(Subject::Clip(clip.id));
    }
    for case in &incident.case_ids {
        act.touch(Subject::Case(*case));
    }
}
