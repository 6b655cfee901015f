//! Bytes that were destroyed and arrive again: evidence is never refused. The clip comes back under its id and its chain goes on; of what
//! was erased nothing comes back.

use serde_json::json;

use super::{
    Accepted, Arrival, ClipRole, arrived_again, attach, conclude, find_clip_for, known_of, object, paired, reconsider,
    unattached, upload_of,
};
use crate::catalog::clips::{self, Clip};
use crate::catalog::{tombstones, uploads};
use crate::custody::CustodyError;
use crate::custody::act::Act;
use crate::custody::rematch::Look;
use crate::model::clip::ClipState;
use crate::model::subject::Subject;

/// Brings a destroyed clip back.
///
/// # Errors
/// When its object was removed since it was found in the vault: it is to be received again. When the database or the ledger refuses.
pub(super) async fn revive(
    act: &mut Act<'_>,
    arrival: &Arrival,
    dead: Clip,
    look: &mut Look,
) -> Result<Accepted, CustodyError> {
    let accepted = Accepted { clip_id: dead.id, duplicate: true };
    // In this transaction: no object is removed outside one, so what is there now stays.
    if act.custody().vault.object_len(arrival.sha256)?.is_none() {
        return Err(CustodyError::ObjectGone(arrival.sha256));
    }
    let concluded = conclude(&known_of(arrival, &[]), &act.custody().patterns, act.custody().utc_offset);
    let stone = tombstones::of_clips(act.conn(), &[dead.id]).await?.pop();
    let destroyed_by = stone.map_or(dead.last_entry, |stone| stone.entry_index);
    let mut clip = Clip {
        role: if arrival.sidecar.is_some() { ClipRole::Sidecar } else { ClipRole::Clip },
        state: ClipState::Accepted,
        media: arrival.media.clone(),
        facts: concluded.facts,
        file_time: Some(arrival.file_time()),
        marked: false,
        arrived: arrival.arrived,
        sidecar_facts: arrival.sidecar.as_ref().and_then(|s| serde_json::to_string(s).ok()),
        sidecar_of: None,
        ..dead
    };
    // A file that was left where it was and is looked at again has its row.
    if let Some(left) = uploads::find_at(act.conn(), &arrival.folder, &arrival.dir, &arrival.name, clip.id).await? {
        let upload = uploads::Upload { id: left.id, ..upload_of(act, arrival, clip.id) };
        uploads::update(act.conn(), &upload).await?;
    } else {
        act.add_upload(upload_of(act, arrival, clip.id));
    }
    act.flush().await?;
    clip.last_entry = arrived_again(act, arrival, &clip, object(json!({"revives": destroyed_by})))?;
    clips::revive(act.conn(), &clip).await?;
    let at = act.at();
    tombstones::set_revived(act.conn(), destroyed_by, clip.last_entry, at).await?;
    act.touch(Subject::Clip(clip.id));
    tracing::warn!(clip = %clip.id, "bytes that were destroyed arrived again: the clip is evidence again");
    if clip.role == ClipRole::Sidecar {
        find_clip_for(act, arrival, clip, look).await?;
        return Ok(accepted);
    }
    if clip.facts.important {
        act.note_mark(clip.id);
    }
    for sidecar in unattached(paired(act, arrival, ClipRole::Sidecar).await?) {
        attach(act, &mut clip, sidecar).await?;
    }
    reconsider(act, &mut clip, look).await?;
    Ok(accepted)
}
