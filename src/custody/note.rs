//! A person's note on a clip.

use serde_json::{Map, json};

use super::act::{Act, Record};
use super::{Actor, Custody, CustodyError};
use crate::catalog::clips;
use crate::catalog::notes::{self, Note};
use crate::model::clip::ClipState;
use crate::model::custody::EventKind;
use crate::model::id::Id;
use crate::model::subject::Subject;

/// Writes a note on a clip. Notes are never changed or taken away.
///
/// # Errors
/// When there is no such clip, or the database or the ledger refuses.
pub async fn note(custody: &Custody, actor: &Actor, clip: Id, text: &str) -> Result<Note, CustodyError> {
    let mut act = Act::begin(custody).await?;
    let clip = clips::get(act.conn(), clip).await?.ok_or(CustodyError::NoSuchClip(clip))?;
    if clip.state == ClipState::Disposed {
        return Err(CustodyError::Disposed(clip.id));
    }
    let note = Note {
        id: act.new_id(),
        clip_id: clip.id,
        actor: actor.as_str().to_owned(),
        note: text.to_owned(),
        at: act.at(),
    };
    notes::insert(act.conn(), &note).await?;
    let entry = act.record(Record {
        clip_id: clip.id,
        prev: Some(clip.last_entry),
        event: EventKind::Annotate,
        actor,
        public: Map::new(),
        detail: json!({"note": note.id, "text": text}),
    })?;
    clips::set_last_entry(act.conn(), clip.id, entry).await?;
    act.touch(Subject::Clip(clip.id));
    act.commit().await?;
    Ok(note)
}
