//! Looking at a clip's bytes: recorded before the first byte leaves.

use serde_json::{Map, json};

use super::act::{Act, Record};
use super::{Actor, Custody, CustodyError};
use crate::catalog::clips::{self, Clip};
use crate::model::clip::ClipState;
use crate::model::custody::EventKind;
use crate::model::id::Id;

/// Records that `actor` fetches the bytes from `first` to `last` of a clip, and gives the clip.
///
/// # Errors
/// When there is no such clip, it is destroyed, or it cannot be recorded; then nothing may be shown.
pub async fn view(
    custody: &Custody,
    actor: &Actor,
    clip: Id,
    bytes: impl FnOnce(&Clip) -> Option<(u64, u64)>,
) -> Result<Clip, CustodyError> {
    let mut act = Act::begin(custody).await?;
    let clip = clips::get(act.conn(), clip).await?.ok_or(CustodyError::NoSuchClip(clip))?;
    if clip.state == ClipState::Disposed {
        return Err(CustodyError::Disposed(clip.id));
    }
    // A range that cannot be served shows nothing, so there is nothing to record.
    let Some((first, last)) = bytes(&clip) else { return Ok(clip) };
    let record = Record {
        clip_id: clip.id,
        prev: Some(clip.last_entry),
        event: EventKind::View,
        actor,
        public: Map::new(),
        detail: json!({"first": first, "last": last}),
    };
    let entry = act.record(record)?;
    clips::set_last_entry(act.conn(), clip.id, entry).await?;
    act.commit().await?;
    Ok(clip)
}
