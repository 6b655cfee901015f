//! Entering, changing and cancelling actions. Each change is recorded with the old values; the clips that it touches are matched anew.

use serde_json::{Map, Value, json};

use super::act::{Act, Amend};
use super::rematch::{self, Pending};
use super::{Actor, Custody, CustodyError};
use crate::catalog::actions::{self, Action};
use crate::catalog::case_links;
use crate::catalog::engine::Conn;
use crate::catalog::footage::{self, Filed, Makers};
use crate::catalog::people;
use crate::matching::Rules;
use crate::matching::action::{NEAREST_US, belongs};
use crate::model::action::ActionFacts;
use crate::model::case_number::{CaseNumber, CaseNumberError};
use crate::model::fault::Fault;
use crate::model::id::Id;
use crate::model::subject::Subject;
use crate::model::time::Micros;

/// Most clips of one action.
const MOST_CLIPS: u32 = 20_000;

/// Enters an action, and matches the clips that its people made meanwhile. A case that is only named becomes a stub.
///
/// # Errors
/// When the values cannot be, the reference is taken, or the database or the ledger refuses.
pub async fn create(custody: &Custody, actor: &Actor, facts: ActionFacts) -> Result<Action, CustodyError> {
    let mut act = Act::begin(custody).await?;
    let action = enter(&mut act, actor, facts).await?;
    finish(act, action).await
}

/// Enters an action within an act. Once that is committed, [`rematch::finish`] matches its clips.
///
/// # Errors
/// As [`create`].
pub async fn enter(act: &mut Act<'_>, actor: &Actor, facts: ActionFacts) -> Result<Action, CustodyError> {
    check(&facts)?;
    refuse_taken(act, &facts, None).await?;
    let cases = resolve(act, &facts).await?;
    let (id, at) = (act.new_id(), act.at());
    let detail = json!({"values": facts});
    let amend = Amend { subject: Subject::Action(id), prev: None, kind: "create", actor, detail };
    let last_entry = act.amend(amend).await?;
    let mut action = Action { id, facts, cases, created: at, updated: at, last_entry, rematch: None };
    action.rematch = Some(Pending::new(None, &action, &act.custody().rules).to_stored());
    actions::insert(act.conn(), &action).await?;
    touch_cases(act, &action);
    Ok(action)
}

/// Changes an action by what `change` makes of its values; with `expected`, only while that is its newest ledger entry. Where nothing
/// changes, nothing is recorded.
///
/// # Errors
/// When there is no such action, it was changed meanwhile, the values cannot be, the reference is taken, or the database or the ledger
/// refuses.
pub async fn change(
    custody: &Custody,
    actor: &Actor,
    id: Id,
    expected: Option<u64>,
    change: impl FnOnce(&mut ActionFacts),
) -> Result<Action, CustodyError> {
    let subject = Subject::Action(id);
    let mut act = Act::begin(custody).await?;
    let before = actions::get(act.conn(), id).await?.ok_or(CustodyError::NoSuch(subject))?;
    if expected.is_some_and(|expected| expected != before.last_entry) {
        return Err(CustodyError::Outdated { subject, found: before.last_entry });
    }
    let mut facts = before.facts.clone();
    change(&mut facts);
    if facts == before.facts {
        return Ok(before);
    }
    let after = amend(&mut act, actor, &before, facts).await?;
    finish(act, after).await
}

/// Gives an action other values within an act. Once that is committed, [`rematch::finish`] matches its clips.
///
/// # Errors
/// As [`change`].
pub async fn amend(
    act: &mut Act<'_>,
    actor: &Actor,
    before: &Action,
    facts: ActionFacts,
) -> Result<Action, CustodyError> {
    check(&facts)?;
    refuse_taken(act, &facts, Some(before.id)).await?;
    let mut after = Action { cases: resolve(act, &facts).await?, facts, ..before.clone() };
    let kind = if after.facts.state == before.facts.state { "change" } else { after.facts.state.as_str() };
    let detail = json!({"changes": changes(&before.facts, &after.facts)});
    let subject = Subject::Action(before.id);
    let amend = Amend { subject, prev: Some(before.last_entry), kind, actor, detail };
    (after.last_entry, after.updated) = (act.amend(amend).await?, act.at());
    if after.outing() != before.outing() {
        after.rematch = Some(Pending::new(Some(before), &after, &act.custody().rules).to_stored());
    }
    actions::update(act.conn(), &after).await?;
    touch_cases(act, before);
    touch_cases(act, &after);
    if (&after.facts.place, &after.facts.court) != (&before.facts.place, &before.facts.court) {
        // People search for clips by the place and court of their action.
        for clip in case_links::clips_by_action(act.conn(), after.id, Id(0), MOST_CLIPS).await? {
            act.touch(Subject::Clip(clip));
        }
    }
    Ok(after)
}

fn touch_cases(act: &mut Act<'_>, action: &Action) {
    for (case, _) in &action.cases {
        act.touch(Subject::Case(*case));
    }
}

async fn finish(act: Act<'_>, mut action: Action) -> Result<Action, CustodyError> {
    let custody = act.custody();
    act.commit().await?;
    rematch::finish(custody, action.id).await?;
    action.rematch = None;
    Ok(action)
}

fn check(facts: &ActionFacts) -> Result<(), CustodyError> {
    let faults = facts.faults();
    if faults.is_empty() { Ok(()) } else { Err(CustodyError::Invalid(faults)) }
}

async fn refuse_taken(act: &mut Act<'_>, facts: &ActionFacts, own: Option<Id>) -> Result<(), CustodyError> {
    let Some(reference) = &facts.reference else { return Ok(()) };
    match actions::find_by_reference(act.conn(), reference).await? {
        Some(action) if Some(action) != own => {
            Err(CustodyError::ReferenceTaken { reference: reference.clone(), action })
        }
        _ => Ok(()),
    }
}

/// The ids of an action's cases.
async fn resolve(act: &mut Act<'_>, facts: &ActionFacts) -> Result<Vec<(Id, String)>, CustodyError> {
    let mut cases = Vec::with_capacity(facts.cases.len());
    for text in &facts.cases {
        let number: CaseNumber = text.parse().map_err(|error: CaseNumberError| {
            CustodyError::Invalid(vec![Fault::new("cases", error.zh(), error.to_string())])
        })?;
        let case = act.find_or_stub(&number).await?;
        cases.push((case.id, case.number));
    }
    Ok(cases)
}

/// Every value that differs, with the old and the new one.
fn changes(before: &ActionFacts, after: &ActionFacts) -> Map<String, Value> {
    let values = |facts| serde_json::to_value(facts).unwrap_or_default();
    let (Value::Object(before), Value::Object(after)) = (values(before), values(after)) else { return Map::new() };
    let pairs = before.into_iter().filter_map(|(name, old)| {
        let new = after.get(&name).cloned().unwrap_or_default();
        (new != old).then(|| (name, json!({"old": old, "new": new})))
    });
    pairs.collect()
}

/// The clips of an action, in the order of time: those that its officers and recorders made in its window, whether it names a case or
/// not. A cancelled action has none.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn clips_of(mut conn: Conn<'_>, action: &Action, rules: &Rules) -> Result<Vec<Filed>, CustodyError> {
    let outing = action.outing();
    let makers = Makers { officers: outing.officers.clone(), recorders: outing.recorders.clone() };
    let window = outing.window.widened(rules.buffer_us);
    // A clip that is believed lasts a day at most, so none that reaches into the window begins earlier.
    let span = (Micros(window.from.0.saturating_sub(NEAREST_US)), window.to);
    let clips = footage::by_makers(conn.reborrow(), &makers, span, None, rules.utc_offset, MOST_CLIPS).await?;
    let mut recorders: Vec<String> = clips.iter().filter_map(|clip| clip.footage.recorder.clone()).collect();
    recorders.sort_unstable();
    recorders.dedup();
    let registers = people::registers(conn, &[], &recorders).await?;
    Ok(clips.into_iter().filter(|clip| belongs(&clip.footage, &outing, &registers, rules)).collect())
}
