//! An export on its way: what is recorded before, after and in between.

use serde_json::{Map, Value, json};

use super::request::demand_clips;
use super::{ExportError, demand, detail_of, load, record};
use crate::catalog::engine::Conn;
use crate::catalog::exports::{self, Export};
use crate::custody::act::{Act, Record};
use crate::custody::{Actor, Custody};
use crate::model::custody::EventKind;
use crate::model::digest::Sha256Digest;
use crate::model::export::ExportState;
use crate::model::id::Id;

/// Clips read at a time.
const PAGE: u32 = 500;

/// Begins an approved export whose bag is to be in `dir`: which clips it holds is settled, and each clip's chain says that it is being
/// copied. Gives the export. One that began already and is to be in the same place is given as it is.
///
/// # Errors
/// When there is no such export, it is not approved or at its end, is made elsewhere, or the database or the ledger refuses.
pub async fn begin(custody: &Custody, id: Id, dir: &str) -> Result<Export, ExportError> {
    let mut act = Act::begin(custody).await?;
    let mut export = load(&mut act, id).await?;
    if export.dir.as_deref().is_some_and(|of| of != dir) {
        return Err(ExportError::Elsewhere { id, dir: export.dir.unwrap_or_default() });
    }
    if matches!(export.state, ExportState::Running | ExportState::Recorded) {
        return Ok(export);
    }
    demand(&export, &[ExportState::Approved])?;
    exports::replace_with_those_of(act.conn(), id, export.scope).await?;
    exports::add_sidecars(act.conn(), id).await?;
    (export.files_total, export.bytes_total) = exports::weigh(act.conn(), id).await?;
    demand_clips(export.files_total, &export)?;
    let actor = Actor::recorded(&export.requested_by);
    let public = Map::from_iter([("export".to_owned(), id.to_string().into())]);
    record_each(&mut act, &export, &actor, EventKind::ExportBegin, &public, &detail_of(&export)).await?;
    export.state = ExportState::Running;
    export.dir = Some(dir.to_owned());
    exports::update(act.conn(), &export).await?;
    act.commit().await?;
    Ok(export)
}

/// The end of copying: from its beginning until it is committed nobody else can record anything.
pub struct Closing<'a> {
    act: Act<'a>,
    export: Export,
}

impl<'a> Closing<'a> {
    /// Begins it.
    ///
    /// # Errors
    /// When the export is not under way, or the database is away.
    pub async fn begin(custody: &'a Custody, id: Id) -> Result<Self, ExportError> {
        let mut act = Act::begin(custody).await?;
        let export = load(&mut act, id).await?;
        demand(&export, &[ExportState::Running])?;
        Ok(Self { act, export })
    }

    /// What is in the catalog at this instant, and stays until the commit.
    pub fn conn(&mut self) -> Conn<'_> {
        self.act.conn()
    }

    /// **The commit point of an export**: each clip's chain says that it left, under a manifest with this digest. The manifest and
    /// what it names must be durable before. `entries` is how many entries go with it: nobody can leave one out then.
    ///
    /// # Errors
    /// When the database or the ledger refuses.
    pub async fn commit(mut self, manifest: Sha256Digest, entries: usize) -> Result<Export, ExportError> {
        let actor = Actor::recorded(&self.export.requested_by);
        let public = Map::from_iter([
            ("export".to_owned(), self.export.id.to_string().into()),
            ("manifest".to_owned(), manifest.to_string().into()),
        ]);
        let mut detail = detail_of(&self.export);
        if let Value::Object(map) = &mut detail {
            map.insert("entries".to_owned(), entries.into());
        }
        record_each(&mut self.act, &self.export, &actor, EventKind::Export, &public, &detail).await?;
        self.export.manifest = Some(manifest);
        self.export.state = ExportState::Recorded;
        self.export.error.clear();
        exports::update(self.act.conn(), &self.export).await?;
        self.act.commit().await?;
        Ok(self.export)
    }
}

/// Records the same about each clip of an export.
async fn record_each(
    act: &mut Act<'_>,
    export: &Export,
    actor: &Actor,
    event: EventKind,
    public: &Map<String, Value>,
    detail: &Value,
) -> Result<(), ExportError> {
    let recorded_in = (event == EventKind::Export).then_some(export.id);
    let mut after = Id(0);
    loop {
        let page = exports::clips_after(act.conn(), export.id, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        let mut entries = Vec::with_capacity(page.len());
        for clip in page {
            let mut detail = detail.clone();
            if event == EventKind::View
                && let Value::Object(map) = &mut detail
            {
                map.insert("last".to_owned(), clip.size_bytes.saturating_sub(1).into());
            }
            let entry = act.record(Record {
                clip_id: clip.id,
                prev: Some(clip.last_entry),
                event,
                actor,
                public: public.clone(),
                detail,
            })?;
            entries.push((clip.id, entry));
        }
        act.flush().await?;
        exports::set_entries(act.conn(), recorded_in, &entries).await?;
    }
}

/// Notes that the bag is whole.
///
/// # Errors
/// When it was not recorded, or the database or the ledger refuses.
pub async fn finish(custody: &Custody, id: Id) -> Result<Export, ExportError> {
    let mut act = Act::begin(custody).await?;
    let mut export = load(&mut act, id).await?;
    demand(&export, &[ExportState::Recorded])?;
    export.state = ExportState::Done;
    export.done = Some(act.at());
    export.error.clear();
    let (actor, manifest) = (Actor::recorded(&export.requested_by), export.manifest);
    record(&mut act, &actor, &mut export, "done", json!({"manifest": manifest})).await?;
    exports::set_progress(act.conn(), id, (export.files_total, export.bytes_total), "").await?;
    act.commit().await?;
    Ok(export)
}

/// Notes that the export cannot be done, and why.
///
/// # Errors
/// When it is not under way, or the database or the ledger refuses.
pub async fn fail(custody: &Custody, id: Id, why: &str) -> Result<Export, ExportError> {
    let mut act = Act::begin(custody).await?;
    let mut export = load(&mut act, id).await?;
    demand(&export, &[ExportState::Approved, ExportState::Running, ExportState::Recorded])?;
    export.state = ExportState::Failed;
    why.clone_into(&mut export.error);
    let actor = Actor::recorded(&export.requested_by);
    record(&mut act, &actor, &mut export, "fail", json!({"error": why})).await?;
    act.commit().await?;
    Ok(export)
}

/// Notes how far the copying has come, in files and bytes, and what is in its way. This is no act on evidence and no entry.
///
/// # Errors
/// When the database refuses.
pub async fn note_progress(custody: &Custody, id: Id, done: (u64, u64), error: &str) -> Result<(), ExportError> {
    let mut tx = custody.db.begin().await?;
    exports::set_progress(tx.conn(), id, done, error).await?;
    Ok(tx.commit().await?)
}

/// Records that `actor` fetches the whole bag, about each clip in it. Gives the export.
///
/// # Errors
/// When there is no such export, it is not done, or it cannot be recorded; then nothing may be shown.
pub async fn fetch(custody: &Custody, actor: &Actor, id: Id) -> Result<Export, ExportError> {
    let mut act = Act::begin(custody).await?;
    let export = load(&mut act, id).await?;
    demand(&export, &[ExportState::Done])?;
    let public = Map::from_iter([("export".to_owned(), id.to_string().into())]);
    record_each(&mut act, &export, actor, EventKind::View, &public, &json!({"export": id, "first": 0})).await?;
    act.commit().await?;
    Ok(export)
}
