//! What is done about an incident.

use super::edit::MeasureEdit;
use super::{Doing, Editor, IncidentError, change_of, changes_between, fields, load, record};
use crate::catalog::incidents::measures::{self, MeasureRow};
use crate::catalog::incidents::{self, Incident};
use crate::custody::Custody;
use crate::custody::act::Act;
use crate::model::fault::Fault;
use crate::model::id::Id;
use crate::model::incident::{Measure, MeasureKind, Status};

/// Most earlier measures of one kind against one name that are looked at; the newest count.
const MOST_EARLIER: u32 = 500;

/// Takes a measure; gives the incident and the measure's id.
///
/// # Errors
/// When there is no such incident, it was changed meanwhile or dismissed, values cannot be or exceed the law's limits, the same act is
/// punished already, or the database or the ledger refuses.
pub async fn add_measure(
    custody: &Custody,
    editor: &Editor,
    incident: Id,
    based_on: Option<u64>,
    edit: MeasureEdit,
) -> Result<(Incident, Id), IncidentError> {
    let mut act = Act::begin(custody).await?;
    let old = load_open(&mut act, incident, based_on).await?;
    // A kind that is not said is a fault; the other faults are those of the simplest kind.
    let kind = edit.kind.unwrap_or(MeasureKind::Admonition);
    let missing = edit.kind.is_none() && !edit.wrong.iter().any(|f| f.field == "kind");
    let mut measure = Measure::proposed(kind, "");
    let needed = missing.then(|| Fault::new("kind", "应写明采取什么措施", "say what measure is taken"));
    lay(&act, &mut measure, edit, needed)?;
    let row = MeasureRow { id: act.new_id(), measure };
    refuse_twice(&mut act, &old, &row).await?;
    measures::insert(act.conn(), incident, &row).await?;
    let mut new = old.clone();
    let id = row.id;
    let changes = vec![change_of(format!("measures/{id}"), serde_json::Value::Null, fields(&row.measure))];
    new.measures.push(row);
    record(&mut act, &mut new, Some(&old), doing(editor, "measure_add", changes)).await?;
    act.commit().await?;
    Ok((new, id))
}

/// Changes a measure; where nothing changes, nothing is recorded.
///
/// # Errors
/// As [`add_measure`], and when the incident has no such measure.
pub async fn change_measure(
    custody: &Custody,
    editor: &Editor,
    incident: Id,
    measure: Id,
    based_on: Option<u64>,
    edit: MeasureEdit,
) -> Result<Incident, IncidentError> {
    let mut act = Act::begin(custody).await?;
    let old = load_open(&mut act, incident, based_on).await?;
    let mut new = old.clone();
    let row = new.measures.iter_mut().find(|row| row.id == measure);
    let row = row.ok_or(IncidentError::NoSuchMeasure(incident, measure))?;
    let before = row.measure.clone();
    lay(&act, &mut row.measure, edit, None)?;
    if row.measure == before {
        return Ok(old);
    }
    let row = row.clone();
    if (row.measure.kind, &row.measure.person) != (before.kind, &before.person) {
        refuse_twice(&mut act, &old, &row).await?;
    }
    measures::update(act.conn(), incident, &row).await?;
    let changes = changes_between(&before, &row.measure, &format!("measures/{measure}/"));
    record(&mut act, &mut new, Some(&old), doing(editor, "measure_change", changes)).await?;
    act.commit().await?;
    Ok(new)
}

fn doing<'a>(editor: &'a Editor, kind: &'static str, changes: Vec<serde_json::Value>) -> Doing<'a> {
    Doing { actor: &editor.actor, kind, changes, reason: "" }
}

async fn load_open(act: &mut Act<'_>, id: Id, based_on: Option<u64>) -> Result<Incident, IncidentError> {
    let incident = load(act, id, based_on).await?;
    if incident.status == Status::Dismissed { Err(IncidentError::Dismissed(id)) } else { Ok(incident) }
}

fn lay(
    act: &Act<'_>,
    measure: &mut Measure,
    mut edit: MeasureEdit,
    needed: Option<Fault>,
) -> Result<(), IncidentError> {
    let mut faults = std::mem::take(&mut edit.wrong);
    edit.lay_over(measure);
    if let Some(needed) = needed {
        faults.push(needed);
    }
    // A field that was not understood is named once.
    let unnamed: Vec<Fault> =
        measure.faults(act.at()).into_iter().filter(|f| !faults.iter().any(|g| g.field == f.field)).collect();
    faults.extend(unnamed);
    if faults.is_empty() { Ok(()) } else { Err(IncidentError::Invalid(faults)) }
}

/// Refuses a punishment of somebody who bears the same one for the same act: a measure of the same kind against the same name, in this
/// incident or in another one that overlaps it in time. A fine and a detention are two kinds, and may be taken together. Two people of one
/// name are told apart by what is added to the name.
pub(super) async fn refuse_twice(
    act: &mut Act<'_>,
    incident: &Incident,
    row: &MeasureRow,
) -> Result<(), IncidentError> {
    let kind = row.measure.kind;
    if !kind.is_punishment() {
        return Ok(());
    }
    let earlier = measures::against(act.conn(), &row.measure.person, kind, MOST_EARLIER).await?;
    let earlier: Vec<(Id, Id)> = earlier.into_iter().filter(|(_, measure)| *measure != row.id).collect();
    let mut ids: Vec<Id> = earlier.iter().map(|(id, _)| *id).filter(|id| *id != incident.id).collect();
    ids.dedup();
    let others = incidents::get_all(act.conn(), &ids).await?;
    let same_act = |id: &Id| {
        *id == incident.id || others.iter().any(|other| other.id == *id && other.facts.overlaps(&incident.facts))
    };
    match earlier.into_iter().find(|(id, _)| same_act(id)) {
        Some((incident, measure)) => Err(IncidentError::Punished { kind, incident, measure }),
        None => Ok(()),
    }
}
