//! Entering and changing what is said of an incident.

use super::edit::Edit;
use super::known::apply;
use super::measure::refuse_twice;
use super::{Doing, Editor, IncidentError, changes_between, fields, load, record};
use crate::catalog::incidents::Incident;
use crate::custody::act::Act;
use crate::custody::{Custody, CustodyError};
use crate::model::id::Id;
use crate::model::incident::{Facts, Source, Status};
use crate::model::time::Micros;

impl Incident {
    /// A suspected incident that is entered now.
    pub(super) fn suspected(act: &Act<'_>, facts: Facts, case_ids: Vec<Id>, source: Source) -> Self {
        Self {
            id: act.new_id(),
            facts,
            case_ids,
            status: Status::Suspected,
            status_reason: String::new(),
            source,
            source_clip: None,
            due: None,
            created: act.at(),
            updated: act.at(),
            version: 0,
            last_entry: 0,
            measures: Vec::new(),
        }
    }
}

/// Enters an incident, which is suspected until it is confirmed.
///
/// # Errors
/// When values cannot be, or the database or the ledger refuses.
pub async fn create(custody: &Custody, editor: &Editor, edit: Edit) -> Result<Incident, IncidentError> {
    let mut act = Act::begin(custody).await?;
    let (facts, case_ids) = apply(&mut act, edit, None).await?;
    let mut incident = Incident::suspected(&act, facts, case_ids, Source::Person);
    enter(&mut act, &mut incident, editor).await?;
    act.commit().await?;
    Ok(incident)
}

async fn enter(act: &mut Act<'_>, incident: &mut Incident, editor: &Editor) -> Result<(), CustodyError> {
    let doing = Doing { actor: &editor.actor, kind: "create", changes: first(incident), reason: "" };
    record(act, incident, None, doing).await
}

/// Everything that is said of an incident when it is entered, as the history shows it.
pub(super) fn first(incident: &Incident) -> Vec<serde_json::Value> {
    let blank = Facts::at(Micros(0));
    let mut changes = changes_between(&blank, &incident.facts, "");
    for (name, value) in [("status", incident.status.as_str()), ("source", incident.source.as_str())] {
        changes.push(super::change_of(name, serde_json::Value::Null, value));
    }
    if let Some(clip) = incident.source_clip {
        changes.push(super::change_of("source_clip_id", serde_json::Value::Null, clip.to_string()));
    }
    // What was blank had no value; the names that stand in the facts stay in their order.
    let known = fields(&blank);
    for change in &mut changes {
        if change["field"].as_str().is_some_and(|field| known.contains_key(field)) {
            change["old"] = serde_json::Value::Null;
        }
    }
    changes
}

/// Changes what is said of an incident; with `based_on`, only while that is its version. Where nothing changes, nothing is recorded.
///
/// # Errors
/// When there is no such incident, it was changed meanwhile, the editor may change only suspected ones, values cannot be, its new time makes
/// two punishments those of the same act, or the database or the ledger refuses.
pub async fn change(
    custody: &Custody,
    editor: &Editor,
    id: Id,
    based_on: Option<u64>,
    edit: Edit,
) -> Result<Incident, IncidentError> {
    let mut act = Act::begin(custody).await?;
    let old = load(&mut act, id, based_on).await?;
    if !editor.decides && old.status != Status::Suspected {
        return Err(IncidentError::Decided(old.status));
    }
    let (facts, case_ids) = apply(&mut act, edit, Some(&old)).await?;
    if facts == old.facts {
        return Ok(old);
    }
    let mut incident = Incident { facts, case_ids, ..old.clone() };
    if incident.facts.span() != old.facts.span() {
        for row in &incident.measures {
            refuse_twice(&mut act, &incident, row).await?;
        }
    }
    let changes = changes_between(&old.facts, &incident.facts, "");
    let doing = Doing { actor: &editor.actor, kind: "change", changes, reason: "" };
    record(&mut act, &mut incident, Some(&old), doing).await?;
    act.commit().await?;
    Ok(incident)
}
