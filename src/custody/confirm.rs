//! What follows acceptance: an object read back and found equal or not, a source kept, moved or deleted.

use std::collections::HashMap;

use serde_json::{Map, json};

use super::act::{Act, Record};
use super::{Actor, Custody, CustodyError};
use crate::catalog::clips::{self, Clip, ClipRole};
use crate::catalog::fixity::{self, Fixity};
use crate::catalog::receipts;
use crate::catalog::uploads::{self, Upload};
use crate::model::clip::ClipState;
use crate::model::custody::EventKind;
use crate::model::fixity::{FixityResult, FixitySource};
use crate::model::id::Id;
use crate::model::time::Micros;
use crate::model::upload::UploadState;

/// The object of one upload, read back.
#[derive(Debug, Clone)]
pub struct ReadBackOf {
    /// The upload.
    pub upload: Upload,
    /// How it was read: `direct` from the device, or `buffered` after the cache was dropped.
    pub method: &'static str,
    /// What differs; none: it is equal.
    pub differs: Option<String>,
    /// What becomes of the source is settled already: it stays, or it is the object itself.
    pub outcome: Option<&'static str>,
    /// Its receipt is to be written beside the source.
    pub receipt: bool,
}

/// Records a group of read-backs in one transaction: equal ones are Confirmed, and Released where the source stays. What another daemon
/// recorded meanwhile is not recorded again. Gives the uploads as they are now.
///
/// # Errors
/// When the database or the ledger refuses; nothing was recorded.
pub async fn confirm(custody: &Custody, group: &[ReadBackOf]) -> Result<Vec<Upload>, CustodyError> {
    let mut act = Act::begin(custody).await?;
    let mut recorded = Vec::with_capacity(group.len());
    let mut ids: Vec<Id> = group.iter().map(|done| done.upload.clip_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let found = clips::get_all(act.conn(), &ids).await?;
    let mut clips_by_id: HashMap<Id, Clip> = found.into_iter().map(|clip| (clip.id, clip)).collect();
    let mut due = Vec::new();
    let mut looked = HashMap::new();
    let mut now = uploads_now(&mut act, group.iter().map(|done| done.upload.id).collect()).await?;
    for done in group {
        let Some(mut upload) = now.remove(&done.upload.id) else { continue };
        if !still_holds(done, &upload) {
            recorded.push(upload);
            continue;
        }
        let id = upload.clip_id;
        let clip = clips_by_id.get_mut(&id).ok_or(CustodyError::NoSuchClip(id))?;
        clip.last_entry = act.record(Record {
            clip_id: clip.id,
            prev: Some(clip.last_entry),
            event: EventKind::FixityCheck,
            actor: &Actor::intake(),
            public: outcome(done.differs.is_none()),
            detail: json!({"upload": done.upload.id, "method": done.method, "differs": done.differs}),
        })?;
        looked.insert(id, looked_at(clip, done, act.at()));
        upload.reason.clone_from(&done.upload.reason);
        if done.differs.is_none() {
            (upload.state, upload.reason, upload.confirmed) = (UploadState::Confirmed, None, Some(act.at()));
            clip.state = clip.state.max(ClipState::Confirmed);
            due.extend((done.receipt && clip.role == ClipRole::Clip).then_some(&done.upload));
            if let Some(outcome) = done.outcome {
                released(&mut upload, clip, &act, outcome);
            }
        }
        uploads::update(act.conn(), &upload).await?;
        recorded.push(upload);
    }
    clips::set_progress(act.conn(), &clips_by_id.values().collect::<Vec<_>>()).await?;
    receipts::insert_due(act.conn(), &due).await?;
    fixity::put_all(act.conn(), &looked.into_values().collect::<Vec<_>>()).await?;
    act.commit().await?;
    Ok(recorded)
}

/// The read-back is the object's first verification.
fn looked_at(clip: &Clip, done: &ReadBackOf, at: Micros) -> Fixity {
    let result = if done.differs.is_none() { FixityResult::Equal } else { FixityResult::Altered };
    Fixity {
        clip_id: clip.id,
        checked: at,
        result,
        detail: done.differs.clone(),
        verified: done.differs.is_none().then_some(at),
        source: FixitySource::Confirm,
        entry_index: clip.last_entry,
    }
}

/// Whether what was read back is still news about the upload as it is now.
fn still_holds(done: &ReadBackOf, now: &Upload) -> bool {
    let known = done.differs.is_some() && now.reason == done.upload.reason;
    now.state == UploadState::Accepted
        && !known
        && (now.adopted, &now.policy) == (done.upload.adopted, &done.upload.policy)
}

/// Records that a confirmed upload's source was removed, or found gone or changed.
///
/// # Errors
/// When the database or the ledger refuses; nothing was recorded.
pub async fn release(custody: &Custody, upload: &Upload, outcome: &'static str) -> Result<(), CustodyError> {
    let mut act = Act::begin(custody).await?;
    let now = uploads_now(&mut act, vec![upload.id]).await?.remove(&upload.id);
    // Another daemon may have recorded it. It says that the source was gone where it was this one that removed it: that is recorded.
    let is_new = |u: &Upload| match u.state {
        UploadState::Confirmed => true,
        UploadState::Released => outcome == "deleted" && u.outcome.as_deref() == Some("gone"),
        _ => false,
    };
    let Some(mut upload) = now.filter(is_new) else { return Ok(()) };
    let mut clip = clip_of(&mut act, &upload).await?;
    let record = Record {
        clip_id: clip.id,
        prev: Some(clip.last_entry),
        event: EventKind::Release,
        actor: &Actor::intake(),
        public: Map::new(),
        detail: json!({"upload": upload.id, "outcome": outcome}),
    };
    clip.last_entry = act.record(record)?;
    released(&mut upload, &mut clip, &act, outcome);
    uploads::update(act.conn(), &upload).await?;
    clips::set_progress(act.conn(), &[&clip]).await?;
    act.commit().await
}

/// Writes down why an upload does not go on, unless another daemon brought it on meanwhile.
///
/// # Errors
/// When the database refuses.
pub async fn note(custody: &Custody, upload: &Upload) -> Result<(), CustodyError> {
    let mut tx = custody.db.begin().await?;
    let now = uploads::get_all(tx.conn(), &[upload.id]).await?.pop();
    if let Some(mut now) = now.filter(|now| now.state == upload.state) {
        now.reason.clone_from(&upload.reason);
        uploads::update(tx.conn(), &now).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn uploads_now(act: &mut Act<'_>, ids: Vec<Id>) -> Result<HashMap<Id, Upload>, CustodyError> {
    Ok(uploads::get_all(act.conn(), &ids).await?.into_iter().map(|upload| (upload.id, upload)).collect())
}

async fn clip_of(act: &mut Act<'_>, upload: &Upload) -> Result<Clip, CustodyError> {
    clips::get(act.conn(), upload.clip_id).await?.ok_or(CustodyError::NoSuchClip(upload.clip_id))
}

fn released(upload: &mut Upload, clip: &mut Clip, act: &Act<'_>, outcome: &'static str) {
    (upload.state, upload.reason) = (UploadState::Released, None);
    (upload.released, upload.outcome) = (Some(act.at()), Some(outcome.to_owned()));
    clip.state = ClipState::Released;
}

fn outcome(equal: bool) -> Map<String, serde_json::Value> {
    let word = if equal { "success" } else { "fail" };
    Map::from_iter([("outcome".to_owned(), word.into())])
}
