//! Disposal 销毁 is proposed by one person and decided by another; what follows an approval is in [`super::dispose`].

use std::collections::BTreeSet;

use serde_json::json;

use super::act::{Act, Amend};
use super::retention::{due, judge_all};
use super::{Actor, Custody, CustodyError};
use crate::auth::policy::{Identity, may_decide};
use crate::catalog::disposals::{self, Decided, Disposal};
use crate::catalog::{retention as rows, tokens};
use crate::model::disposal::{DisposalScope, DisposalState};
use crate::model::fault::Fault;
use crate::model::id::Id;
use crate::model::subject::Subject;

/// Most clips of one disposal: so many that a second person can look through.
pub const MOST_CLIPS: usize = 10_000;

/// Proposes to destroy clips: those that are named, or with none all that are due now and in no open proposal.
///
/// # Errors
/// When a named clip is not due or in an open proposal, nothing is due, or the database or the ledger refuses.
pub async fn propose(
    custody: &Custody,
    actor: &Actor,
    named: Option<&[Id]>,
    reason: &str,
) -> Result<Disposal, CustodyError> {
    let (scope, found) = match named {
        Some(named) => (DisposalScope::Named, named.to_vec()),
        // Looked for without holding anybody up, and judged again below.
        None => (DisposalScope::Due, every_due(custody).await?),
    };
    let mut act = Act::begin(custody).await?;
    let clips = match scope {
        DisposalScope::Named => all_due(&mut act, &found).await?,
        DisposalScope::Due => still_due(&mut act, found).await?,
    };
    if clips.is_empty() {
        return Err(CustodyError::NothingDue);
    }
    let id = act.new_id();
    let detail = json!({"scope": scope, "clips": clips, "reason": reason});
    let amend = Amend { subject: Subject::Disposal(id), prev: None, kind: "propose", actor, detail };
    let disposal = Disposal {
        id,
        scope,
        state: DisposalState::Proposed,
        reason: reason.to_owned(),
        proposed_by: actor.as_str().to_owned(),
        proposed: act.at(),
        decided: None,
        done: None,
        last_entry: act.amend(amend).await?,
    };
    disposals::insert(act.conn(), &disposal).await?;
    disposals::add_clips(act.conn(), id, &clips).await?;
    act.commit().await?;
    tracing::warn!(disposal = %id, clips = clips.len(), "a disposal is proposed; a second person is to decide");
    Ok(disposal)
}

/// The named clips, each once, when all of them are due and in no open proposal.
async fn all_due(act: &mut Act<'_>, named: &[Id]) -> Result<Vec<Id>, CustodyError> {
    let (at, settings) = (act.at(), &act.custody().retention);
    let announced = rows::announced(act.conn()).await?;
    let judged = judge_all(act.conn(), settings, &announced, named, at).await?;
    let pending = disposals::pending_among(act.conn(), named).await?;
    let mut faults = Vec::new();
    for (i, id) in named.iter().enumerate() {
        let field = format!("clips[{i}]");
        match judged.get(id) {
            None => faults.push(Fault::new(field, format!("没有编号为 {id} 的视频"), format!("there is no clip {id}"))),
            Some(judged) if !judged.standing.is_due() => {
                let blocks = &judged.standing.blocks;
                let zh = blocks.iter().map(|b| b.zh()).collect::<Vec<_>>().join("；");
                let en = blocks.iter().map(|b| b.en()).collect::<Vec<_>>().join("; ");
                faults.push(Fault::new(field, format!("不能销毁：{zh}"), format!("it is not due: {en}")));
            }
            Some(_) if pending.contains(id) => {
                faults.push(Fault::new(field, "已在另一份待决的销毁申请中", "it is in another open proposal"));
            }
            Some(_) => {}
        }
    }
    if !faults.is_empty() {
        return Err(CustodyError::Invalid(faults));
    }
    Ok(named.iter().copied().collect::<BTreeSet<_>>().into_iter().collect())
}

/// Every clip that is due now and in no open proposal, at most [`MOST_CLIPS`].
async fn every_due(custody: &Custody) -> Result<Vec<Id>, CustodyError> {
    let (at, settings) = (custody.clock.now(), &custody.retention);
    let (mut clips, mut after) = (Vec::new(), Id(0));
    loop {
        let mut reader = custody.db.read().await?;
        let page = due(reader.conn(), settings, after, at, MOST_CLIPS).await?;
        let ids: Vec<Id> = page.due.into_iter().map(|(id, _)| id).collect();
        let pending = disposals::pending_among(reader.conn(), &ids).await?;
        clips.extend(ids.into_iter().filter(|id| !pending.contains(id)));
        match page.next {
            Some(next) if clips.len() < MOST_CLIPS => after = next,
            _ => break,
        }
    }
    clips.truncate(MOST_CLIPS);
    Ok(clips)
}

/// Those of these clips that are due and in no open proposal, in their order.
async fn still_due(act: &mut Act<'_>, found: Vec<Id>) -> Result<Vec<Id>, CustodyError> {
    let (at, settings) = (act.at(), &act.custody().retention);
    let announced = rows::announced(act.conn()).await?;
    let judged = judge_all(act.conn(), settings, &announced, &found, at).await?;
    let pending = disposals::pending_among(act.conn(), &found).await?;
    let is_due = |id: &Id| judged.get(id).is_some_and(|j| j.standing.is_due()) && !pending.contains(id);
    Ok(found.into_iter().filter(is_due).collect())
}

/// Approves or refuses a disposal. Whoever proposed it may do neither.
///
/// # Errors
/// When there is no such disposal, it was decided already, the same person proposed it, or the database or the ledger refuses.
pub async fn decide(
    custody: &Custody,
    actor: &Actor,
    id: Id,
    approve: bool,
    reason: &str,
) -> Result<Disposal, CustodyError> {
    let mut act = Act::begin(custody).await?;
    let subject = Subject::Disposal(id);
    let mut disposal = disposals::get(act.conn(), id).await?.ok_or(CustodyError::NoSuch(subject))?;
    if disposal.state != DisposalState::Proposed {
        return Err(CustodyError::AlreadyDecided(id));
    }
    if !is_second_person(&mut act, &disposal.proposed_by, actor).await? {
        return Err(CustodyError::SamePerson(id));
    }
    let (state, kind) = if approve { (DisposalState::Approved, "approve") } else { (DisposalState::Refused, "refuse") };
    let detail = json!({"proposed_by": disposal.proposed_by, "reason": reason});
    let amend = Amend { subject, prev: Some(disposal.last_entry), kind, actor, detail };
    disposal.last_entry = act.amend(amend).await?;
    disposal.state = state;
    disposal.decided = Some(Decided { actor: actor.as_str().to_owned(), at: act.at(), reason: reason.to_owned() });
    disposals::update(act.conn(), &disposal).await?;
    act.commit().await?;
    tracing::warn!(disposal = %id, "a disposal is {}", state.as_str());
    Ok(disposal)
}

/// Whether `actor` is another than who proposed. What is no token's bearer is nobody who could decide.
async fn is_second_person(act: &mut Act<'_>, proposed_by: &str, actor: &Actor) -> Result<bool, CustodyError> {
    let (Some(first), Some(second)) = (token_of(proposed_by), token_of(actor.as_str())) else { return Ok(false) };
    let all = tokens::list(act.conn()).await?;
    let name = |id: Id| all.iter().find(|token| token.id == id).map(|token| token.name.as_str());
    let identity = |token| Identity { token, name: name(token) };
    Ok(may_decide(identity(first), identity(second)))
}

/// The token of a recorded actor: `token:ID:ROLE`.
fn token_of(actor: &str) -> Option<Id> {
    actor.strip_prefix("token:")?.split(':').next()?.parse().ok()
}
