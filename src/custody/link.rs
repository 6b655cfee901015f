//! Tying clips to cases, and what a person says about it: a person's link and refusal are never changed by a machine.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, json};

use super::act::{Act, Record};
use super::rematch::{self, Look, refile};
use super::{Actor, Custody, CustodyError};
use crate::catalog::actions;
use crate::catalog::case_links::{self, CaseLink, Refusal};
use crate::catalog::cases::Case;
use crate::catalog::footage::{self, Filed};
use crate::matching::plan::Link;
use crate::model::case::LinkMethod;
use crate::model::case_number::CaseNumber;
use crate::model::custody::EventKind;
use crate::model::id::Id;
use crate::model::reason::Reason;
use crate::model::subject::Subject;

/// Links a clip to a case because a person says so. A refusal of the same case is taken back. Gives the tie, and whether it is new;
/// where a person tied them already nothing is recorded.
///
/// # Errors
/// When there is no such clip, or the database or the ledger refuses.
pub async fn link(
    custody: &Custody,
    actor: &Actor,
    clip: Id,
    number: &CaseNumber,
    reason: &str,
) -> Result<(CaseLink, bool), CustodyError> {
    let mut act = Act::begin(custody).await?;
    let mut filed = filed(&mut act, clip).await?;
    let links = case_links::of_clip(act.conn(), clip).await?;
    let case = act.find_or_stub(number).await?;
    if let Some(tie) = links.iter().find(|l| l.case_id == case.id && l.method == LinkMethod::Person) {
        return Ok((tie.clone(), false));
    }
    let replaced = links.iter().find(|l| l.case_id == case.id);
    let action = replaced.and_then(|l| l.action_id);
    let tie = tie(&mut act, actor, &mut filed, (&case, action), replaced.is_some(), reason).await?;
    footage::set_filing(act.conn(), &[filed]).await?;
    act.flush().await?;
    rematch::settle(&mut act, Look::anew(vec![clip]), &Actor::matching()).await?;
    act.commit().await?;
    Ok((tie, true))
}

/// Writes and records a person's tie to a case, by an action if it came about by one; the clip's own row is written by the caller.
async fn tie(
    act: &mut Act<'_>,
    actor: &Actor,
    clip: &mut Filed,
    (case, action): (&Case, Option<Id>),
    replaces: bool,
    reason: &str,
) -> Result<CaseLink, CustodyError> {
    if replaces {
        case_links::delete(act.conn(), clip.id, case.id).await?;
    }
    case_links::take_back_refusal(act.conn(), clip.id, case.id).await?;
    clip.last_entry = act.record(Record {
        clip_id: clip.id,
        prev: Some(clip.last_entry),
        event: EventKind::Link,
        actor,
        public: Map::from_iter([("method".to_owned(), LinkMethod::Person.as_str().into())]),
        detail: json!({"case": case.number, "method": "person", "action": action, "reason": reason}),
    })?;
    let (method, reason) = (LinkMethod::Person, Reason::in_words(reason));
    let link = Link { case: case.id, number: case.number.clone(), method, action, reason };
    let row = rematch::row(link, actor, act.at());
    act.add_link(clip.id, row.clone());
    refile(clip, false);
    Ok(row)
}

/// Takes a clip's link to a case away because a person says so, and keeps that as a refusal: no machine links them again.
///
/// # Errors
/// When there is no such clip or link, or the database or the ledger refuses.
pub async fn unlink(custody: &Custody, actor: &Actor, clip: Id, case: Id, reason: &str) -> Result<(), CustodyError> {
    let mut act = Act::begin(custody).await?;
    let mut filed = filed(&mut act, clip).await?;
    let links = case_links::of_clip(act.conn(), clip).await?;
    let gone = links.iter().find(|l| l.case_id == case).ok_or(CustodyError::NotLinked { clip, case })?;
    case_links::delete(act.conn(), clip, case).await?;
    let refusal = Refusal {
        clip_id: clip,
        case_id: case,
        actor: actor.as_str().to_owned(),
        reason: reason.to_owned(),
        at: act.at(),
    };
    case_links::refuse(act.conn(), &refusal).await?;
    filed.last_entry = act.record(Record {
        clip_id: clip,
        prev: Some(filed.last_entry),
        event: EventKind::Unlink,
        actor,
        public: Map::from_iter([("method".to_owned(), gone.method.as_str().into())]),
        detail: json!({
            "case": gone.number,
            "method": gone.method.as_str(),
            "action": gone.action_id,
            "linked_by": gone.actor,
            "reason": reason,
        }),
    })?;
    refile(&mut filed, links.len() == 1);
    act.note_tie(clip);
    footage::set_filing(act.conn(), &[filed]).await?;
    act.flush().await?;
    rematch::settle(&mut act, Look::anew(vec![clip]), &Actor::matching()).await?;
    act.commit().await
}

async fn filed(act: &mut Act<'_>, clip: Id) -> Result<Filed, CustodyError> {
    let utc_offset = act.custody().utc_offset;
    footage::of_all(act.conn(), &[clip], utc_offset).await?.pop().ok_or(CustodyError::NoSuchClip(clip))
}

/// What came of a batch assignment; each figure counts ties of a clip to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Assigned {
    /// Clips of the action.
    pub clips: u64,
    /// Ties made, or taken over from a machine.
    pub linked: u64,
    /// Ties that a person had made already.
    pub already: u64,
    /// Ties that a person had refused; they stay refused.
    pub refused: u64,
}

/// Links all clips of an action to cases in one act, because a person says so.
///
/// # Errors
/// When there is no such action, or the database or the ledger refuses; then nothing was linked.
pub async fn assign(
    custody: &Custody,
    actor: &Actor,
    action: Id,
    numbers: &[CaseNumber],
    reason: &str,
) -> Result<Assigned, CustodyError> {
    let mut act = Act::begin(custody).await?;
    let found = actions::get(act.conn(), action).await?.ok_or(CustodyError::NoSuch(Subject::Action(action)))?;
    let clips = super::action::clips_of(act.conn(), &found, &custody.rules).await?;
    let mut assigned = Assigned { clips: clips.len() as u64, ..Assigned::default() };
    let ids: Vec<Id> = clips.iter().map(|clip| clip.id).collect();
    let mut links: HashMap<Id, Vec<CaseLink>> = HashMap::new();
    for (clip, link) in case_links::of_all(act.conn(), &ids).await? {
        links.entry(clip).or_default().push(link);
    }
    let refused = case_links::refused(act.conn(), &ids).await?;
    let mut wanted: Vec<Case> = Vec::with_capacity(numbers.len());
    for number in numbers.iter().collect::<HashSet<_>>() {
        wanted.push(act.find_or_stub(number).await?);
    }
    wanted.sort_by(|a, b| a.number.cmp(&b.number));
    let mut changed = Vec::new();
    for mut clip in clips {
        let before = clip.last_entry;
        for case in &wanted {
            let link = links.get(&clip.id).and_then(|links| links.iter().find(|l| l.case_id == case.id));
            if refused.get(&clip.id).is_some_and(|r| r.iter().any(|(refused, _)| *refused == case.id)) {
                assigned.refused += 1;
            } else if link.is_some_and(|link| link.method == LinkMethod::Person) {
                assigned.already += 1;
            } else {
                tie(&mut act, actor, &mut clip, (case, Some(action)), link.is_some(), reason).await?;
                assigned.linked += 1;
            }
        }
        if clip.last_entry != before {
            changed.push(clip);
        }
    }
    footage::set_filing(act.conn(), &changed).await?;
    act.flush().await?;
    let look = Look::anew(changed.iter().map(|clip| clip.id).collect());
    rematch::settle(&mut act, look, &Actor::matching()).await?;
    act.commit().await?;
    Ok(assigned)
}
