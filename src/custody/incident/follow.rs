//! What suspected incidents that marks made take over from their clips, as long as no person said otherwise.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Doing, changes_between, record};
use crate::catalog::incidents::{self, Incident};
use crate::catalog::{amendments, case_links};
use crate::custody::act::Act;
use crate::custody::{Actor, CustodyError};
use crate::model::id::Id;
use crate::model::incident::Facts;
use crate::model::subject::Subject;

/// Amendments that are read at a time.
const PAGE: u32 = 50;

/// Brings the cases of suspected incidents that marks made in step with their clips, where this act tied a clip to a case or untied it.
/// Costs nothing when no tie changed; the rows of the act must be flushed otherwise, which this does.
///
/// # Errors
/// When the database or the ledger refuses.
pub(in crate::custody) async fn follow_ties(act: &mut Act<'_>, actor: &Actor) -> Result<(), CustodyError> {
    let retied = act.take_retied();
    if retied.is_empty() {
        return Ok(());
    }
    act.flush().await?;
    for id in incidents::suspected_by_marks(act.conn(), &retied).await? {
        let Some(old) = incidents::get(act.conn(), id).await? else { continue };
        let mut new = old.clone();
        take_cases(act, &mut new).await?;
        if new.facts.cases == old.facts.cases || was_set_by_person(act, id, "cases").await? {
            continue;
        }
        let changes = changes_between(&old.facts, &new.facts, "");
        let doing = Doing { actor, kind: "attach", changes, reason: "" };
        record(act, &mut new, Some(&old), doing).await?;
    }
    Ok(())
}

/// Gives an incident the cases of its clips, whose ties are flushed.
pub(super) async fn take_cases(act: &mut Act<'_>, incident: &mut Incident) -> Result<(), CustodyError> {
    let cases = cases_of(act, &incident.facts).await?;
    (incident.facts.cases, incident.case_ids) = cases.into_iter().unzip();
    Ok(())
}

/// The cases that the clips of an incident are tied to, by their numbers.
async fn cases_of(act: &mut Act<'_>, facts: &Facts) -> Result<BTreeMap<String, Id>, CustodyError> {
    let clips: Vec<Id> = facts.clips.iter().map(|span| span.id).collect();
    let ties = case_links::of_all(act.conn(), &clips).await?;
    Ok(ties.into_iter().map(|(_, tie)| (tie.number, tie.case_id)).collect())
}

/// Whether a person said what this field of an incident is.
pub(super) async fn was_set_by_person(act: &mut Act<'_>, id: Id, field: &str) -> Result<bool, CustodyError> {
    let mut after = Id(0);
    loop {
        let page = amendments::page(act.conn(), Some(Subject::Incident(id)), after, PAGE).await?;
        let mut by_persons = page.iter().filter(|a| !Actor::is_daemon(&a.actor));
        if by_persons.any(|a| names(&a.detail, field)) {
            return Ok(true);
        }
        match page.last().filter(|_| page.len() == PAGE as usize) {
            Some(last) => after = last.id,
            None => return Ok(false),
        }
    }
}

/// Whether a recorded detail holds a change of this field.
fn names(detail: &[u8], field: &str) -> bool {
    let detail: Value = serde_json::from_slice(detail).unwrap_or_default();
    detail["changes"].as_array().is_some_and(|changes| changes.iter().any(|change| change["field"] == field))
}
