//! Destroying 销毁 what was approved.
//!
//! 1. In one transaction for a few clips: each is judged again, because something may have changed; what is still due gets its `dispose`
//!    entry and its tombstone, and all else that was known of it is erased. **This is the commit point.**
//! 2. Then the object is removed from the vault, see [`super::remove`].
//!
//! A crash before the commit leaves a clip that was not destroyed, a crash after it a tombstone whose object is due to be removed. Both
//! are gone on with by [`run`], which the daemon calls at its start and every minute.

use std::time::{Duration, Instant};

use serde_json::json;

use super::act::{Act, Amend, Record};
use super::remove::remove_due;
use super::retention::{Judged, judge_all};
use super::{Actor, Custody, CustodyError};
use crate::catalog::clips::{self, Clip};
use crate::catalog::disposals::{self, Disposal, Outcome};
use crate::catalog::tombstones::{self, Tombstone};
use crate::catalog::{erase, retention as rows};
use crate::ledger::disposal::Disposed;
use crate::model::custody::EventKind;
use crate::model::disposal::{DisposalState, ObjectFate};
use crate::model::id::Id;
use crate::model::retention::{Announced, Term, counting, term, to_second};
use crate::model::subject::Subject;
use crate::model::time::Micros;

/// Clips that are destroyed in one transaction, with their sidecars.
const GROUP: u32 = 16;
/// How often the daemon looks for what is left.
const EVERY: Duration = Duration::from_secs(60);

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing is approved that is not done.
    Idle,
    /// Some clips were decided on.
    Some,
    /// A disposal came to its end.
    Done,
}

/// Does all that was approved, and removes the objects.
///
/// # Errors
/// When the database, the ledger or the vault refuses; what is left is done by the next call.
pub async fn run(custody: &Custody) -> Result<(), CustodyError> {
    // What a process that ended left.
    remove_due(custody).await?;
    while step(custody).await? != Step::Idle {
        remove_due(custody).await?;
    }
    Ok(())
}

/// Does [`run`], and stops between two steps when `patience` is over.
///
/// # Errors
/// As [`run`].
pub async fn run_for(custody: &Custody, patience: Duration) -> Result<(), CustodyError> {
    let began = Instant::now();
    while began.elapsed() < patience && step(custody).await? != Step::Idle {
        remove_due(custody).await?;
    }
    Ok(())
}

/// Does [`run`] at once and every minute, until `stop`.
pub async fn keep_up(custody: Custody, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    loop {
        let turn = run(&custody);
        tokio::select! {
            // Dropped within a transaction nothing of that happened.
            () = &mut stop => return,
            done = turn => if let Err(error) = done {
                tracing::warn!("disposal waits, it is tried again: {error}");
            },
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Destroys a few clips of the oldest approved disposal, in one transaction.
///
/// # Errors
/// When the database or the ledger refuses; then nothing was destroyed.
pub async fn step(custody: &Custody) -> Result<Step, CustodyError> {
    // Most of the time nothing is approved: no writer waits for that.
    let mut reader = custody.db.read().await?;
    if disposals::first_approved(reader.conn()).await?.is_none() {
        return Ok(Step::Idle);
    }
    drop(reader);
    let mut act = Act::begin(custody).await?;
    let Some(disposal) = disposals::first_approved(act.conn()).await? else { return Ok(Step::Idle) };
    let ids = disposals::open_clips(act.conn(), disposal.id, GROUP).await?;
    if ids.is_empty() {
        finish(act, disposal).await?;
        return Ok(Step::Done);
    }
    let announced = rows::announced(act.conn()).await?;
    let (at, settings) = (act.at(), &custody.retention);
    let judged = judge_all(act.conn(), settings, &announced, &ids, at).await?;
    for id in ids {
        let judged = judged.get(&id).ok_or(CustodyError::NoSuchClip(id))?;
        let outcome = match judged.standing.is_due() {
            true => {
                dispose(&mut act, &disposal, id, judged, &announced).await?;
                Outcome::Disposed
            }
            false => {
                tracing::warn!(clip = %id, disposal = %disposal.id, "not due any more, it is kept: {:?}", judged.standing.blocks);
                Outcome::Kept(judged.standing.blocks.clone())
            }
        };
        disposals::set_outcome(act.conn(), disposal.id, id, &outcome).await?;
    }
    act.commit().await?;
    Ok(Step::Some)
}

/// Destroys a clip that is due, and its sidecars with it.
async fn dispose(
    act: &mut Act<'_>,
    disposal: &Disposal,
    id: Id,
    judged: &Judged,
    announced: &[Announced],
) -> Result<(), CustodyError> {
    let mut parts = judged.known.sidecars.clone();
    parts.push((id, judged.known.from_entry, judged.known.from));
    let ids: Vec<Id> = parts.iter().map(|(id, ..)| *id).collect();
    let rows = clips::get_all(act.conn(), &ids).await?;
    for (part, from_entry, from) in parts {
        let clip = rows.iter().find(|clip| clip.id == part).ok_or(CustodyError::NoSuchClip(part))?;
        let tables = counting(announced, to_second(act.at())).unwrap_or_default();
        // Its own term: where one of several began later, that one was waited for.
        let Some(Term { rule, rules, allowed_from: Some(allowed_from) }) = term(tables, from, &judged.standing.classes)
        else {
            return Err(CustodyError::NothingDue);
        };
        let classes = judged.standing.classes.clone();
        let said = Disposed { clip: clip.entry_index, from: from_entry, classes, rule, rules, allowed_from };
        bury(act, disposal, clip, said).await?;
    }
    Ok(())
}

/// Records one destroyed clip or sidecar, erases what was known of it and leaves its tombstone.
async fn bury(act: &mut Act<'_>, disposal: &Disposal, clip: &Clip, said: Disposed) -> Result<(), CustodyError> {
    let entry = act.record(Record {
        clip_id: clip.id,
        prev: Some(clip.last_entry),
        event: EventKind::Dispose,
        actor: &Actor::disposal(),
        public: said.public(),
        detail: json!({
            "disposal": disposal.id,
            "proposed_by": disposal.proposed_by,
            "approved_by": disposal.decided.as_ref().map(|decided| &decided.actor),
        }),
    })?;
    erase::erase(act.conn(), clip.id, entry).await?;
    let stone = Tombstone {
        entry_index: entry,
        clip_id: clip.id,
        disposal_id: disposal.id,
        sha256: clip.sha256,
        size_bytes: clip.size_bytes,
        rule: said.rule.clone(),
        rules_entry: said.rules,
        from_entry: said.from,
        allowed_from: said.allowed_from,
        at: act.at(),
        object: ObjectFate::Due,
        removed: None,
        revived: None,
    };
    tombstones::insert(act.conn(), &stone).await?;
    act.touch(Subject::Clip(clip.id));
    tracing::warn!(clip = %clip.id, sha256 = %clip.sha256, disposal = %disposal.id, entry, "{said}");
    Ok(())
}

/// Ends a disposal of whose clips each was decided on.
async fn finish(mut act: Act<'_>, mut disposal: Disposal) -> Result<(), CustodyError> {
    let counts = disposals::counts(act.conn(), disposal.id).await?;
    let detail = json!({"disposed": counts.disposed, "kept": counts.kept});
    let amend = Amend {
        subject: Subject::Disposal(disposal.id),
        prev: Some(disposal.last_entry),
        kind: "done",
        actor: &Actor::disposal(),
        detail,
    };
    disposal.last_entry = act.amend(amend).await?;
    let at: Micros = act.at();
    (disposal.state, disposal.done) = (DisposalState::Done, Some(at));
    disposals::update(act.conn(), &disposal).await?;
    act.commit().await?;
    tracing::warn!(disposal = %disposal.id, disposed = counts.disposed, kept = counts.kept, "a disposal is done");
    Ok(())
}
