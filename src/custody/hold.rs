//! Legal hold 保全: what must not be destroyed, whatever its term. A hold on a case or incident is on all its clips, also on those that
//! come later; those that it covers when it is placed carry it in their chains, and stay held whatever becomes of the tie.

use serde_json::{Map, Value, json};

use super::act::{Act, Amend, Record};
use super::{Actor, Custody, CustodyError};
use crate::catalog::clips;
use crate::catalog::holds::{self, Hold, Lifted};
use crate::model::clip::ClipState;
use crate::model::custody::EventKind;
use crate::model::id::Id;
use crate::model::subject::Subject;

/// Places a hold on a clip, a case or an incident.
///
/// # Errors
/// When there is no such thing, the clip is destroyed, or the database or the ledger refuses.
pub async fn place(custody: &Custody, actor: &Actor, subject: Subject, reason: &str) -> Result<Hold, CustodyError> {
    let mut act = Act::begin(custody).await?;
    let covered = holds::covered(act.conn(), subject).await?.ok_or_else(|| missing(subject))?;
    if let (Subject::Clip(id), true) = (subject, covered.is_empty()) {
        return Err(CustodyError::Disposed(id));
    }
    let id = act.new_id();
    let detail = json!({"on": subject.kind(), "id": subject.id(), "clips": covered, "reason": reason});
    let last_entry = act.amend(Amend { subject: Subject::Hold(id), prev: None, kind: "place", actor, detail }).await?;
    let hold = Hold {
        id,
        subject,
        reason: reason.to_owned(),
        actor: actor.as_str().to_owned(),
        at: act.at(),
        lifted: None,
        last_entry,
    };
    holds::insert(act.conn(), &hold).await?;
    record(&mut act, EventKind::Hold, actor, &hold, &covered, reason).await?;
    holds::add_clips(act.conn(), id, &covered).await?;
    act.commit().await?;
    tracing::warn!(hold = %id, clips = covered.len(), "a hold was placed on {} {}", subject.kind(), subject.id());
    Ok(hold)
}

/// Lifts a hold.
///
/// # Errors
/// When there is no such hold, it was lifted already, or the database or the ledger refuses.
pub async fn lift(custody: &Custody, actor: &Actor, id: Id, reason: &str) -> Result<Hold, CustodyError> {
    let mut act = Act::begin(custody).await?;
    let subject = Subject::Hold(id);
    let mut hold = holds::get(act.conn(), id).await?.ok_or(CustodyError::NoSuch(subject))?;
    if hold.lifted.is_some() {
        return Err(CustodyError::HoldLifted(id));
    }
    let clips = holds::clips_of(act.conn(), id).await?;
    let detail = json!({"on": hold.subject.kind(), "id": hold.subject.id(), "clips": clips, "reason": reason});
    hold.last_entry = act.amend(Amend { subject, prev: Some(hold.last_entry), kind: "lift", actor, detail }).await?;
    record(&mut act, EventKind::Lift, actor, &hold, &clips, reason).await?;
    let lifted = Lifted { at: act.at(), actor: actor.as_str().to_owned(), reason: reason.to_owned() };
    holds::lift(act.conn(), id, &lifted, hold.last_entry).await?;
    hold.lifted = Some(lifted);
    act.commit().await?;
    tracing::warn!(hold = %id, clips = clips.len(), "a hold was lifted from {} {}", hold.subject.kind(), hold.subject.id());
    Ok(hold)
}

/// Records in the chain of each clip that a hold was placed or lifted.
async fn record(
    act: &mut Act<'_>,
    event: EventKind,
    actor: &Actor,
    hold: &Hold,
    covered: &[Id],
    reason: &str,
) -> Result<(), CustodyError> {
    for clip in clips::get_all(act.conn(), covered).await? {
        if clip.state == ClipState::Disposed {
            return Err(CustodyError::Disposed(clip.id));
        }
        let entry = act.record(Record {
            clip_id: clip.id,
            prev: Some(clip.last_entry),
            event,
            actor,
            public: Map::from_iter([("hold".to_owned(), Value::from(hold.id.to_string()))]),
            detail: json!({"hold": hold.id, "on": hold.subject.kind(), "id": hold.subject.id(), "reason": reason}),
        })?;
        clips::set_last_entry(act.conn(), clip.id, entry).await?;
    }
    Ok(())
}

fn missing(subject: Subject) -> CustodyError {
    match subject {
        Subject::Clip(id) => CustodyError::NoSuchClip(id),
        other => CustodyError::NoSuch(other),
    }
}
