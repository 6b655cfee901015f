//! A person's mark on a clip, apart from the device's: it adds importance and takes none away.

use serde_json::{Map, json};

use super::act::{Act, Record};
use super::{Actor, Custody, CustodyError};
use crate::catalog::clips::{self, Clip};
use crate::model::clip::ClipState;
use crate::model::custody::EventKind;
use crate::model::id::Id;
use crate::model::subject::Subject;

/// Sets or takes back a person's mark; the device's own mark stays what it is. Where nothing changes, nothing is recorded.
///
/// # Errors
/// When there is no such clip, or the database or the ledger refuses.
pub async fn mark(
    custody: &Custody,
    actor: &Actor,
    clip: Id,
    marked: bool,
    reason: &str,
) -> Result<Clip, CustodyError> {
    let mut act = Act::begin(custody).await?;
    let mut clip = clips::get(act.conn(), clip).await?.ok_or(CustodyError::NoSuchClip(clip))?;
    if clip.state == ClipState::Disposed {
        return Err(CustodyError::Disposed(clip.id));
    }
    if clip.marked == marked {
        return Ok(clip);
    }
    clip.last_entry = act.record(Record {
        clip_id: clip.id,
        prev: Some(clip.last_entry),
        event: EventKind::Mark,
        actor,
        public: Map::new(),
        detail: json!({"important": marked, "old": clip.marked, "reason": reason}),
    })?;
    clip.marked = marked;
    clips::set_mark(act.conn(), clip.id, marked, clip.last_entry).await?;
    act.touch(Subject::Clip(clip.id));
    act.commit().await?;
    Ok(clip)
}
