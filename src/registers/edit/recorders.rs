use std::collections::HashSet;

use super::{EditError, Fields, Given};
use crate::catalog::recorders::{self, Holder, Recorder};
use crate::catalog::rematch_makers::MakerKind;
use crate::custody::act::Act;
use crate::custody::{Custody, rematch};
use crate::model::id::Id;
use crate::registers::message::Message;
use crate::registers::value;
use crate::search::index;

/// What a person says of a recorder. What is left out stays as it is.
#[derive(Debug, Default)]
pub struct RecorderEdit {
    /// Its serial; fixed once the row is there.
    pub serial: Given,
    /// Its model.
    pub model: Given,
    /// Court code.
    pub court: Given,
    /// Everybody who had it and has it; they replace those who are known.
    pub holders: Given<Vec<HolderEdit>>,
}

/// Who has a recorder, and from when to when.
#[derive(Debug, Default)]
pub struct HolderEdit {
    /// Officer number.
    pub officer: Given,
    /// The first day; null or left out: since ever.
    pub first_day: Given,
    /// The last day; null or left out: still.
    pub last_day: Given,
}

impl RecorderEdit {
    fn apply(&self, fields: &mut Fields, old: Option<&Recorder>, id: Id) -> Recorder {
        Recorder {
            id,
            serial: fields.needed("serial", &self.serial, old.map(|o| &*o.serial), value::key),
            model: fields.optional("model", &self.model, old.map(|o| &*o.model), value::text),
            court: fields.optional("court", &self.court, old.map(|o| &*o.court), value::court_code),
        }
    }

    /// The new holders; none when they stay.
    fn holders(&self, fields: &mut Fields, serial: &str) -> Option<Vec<Holder>> {
        let given = match &self.holders {
            Given::Absent => return None,
            Given::Null => return Some(Vec::new()),
            Given::Value(given) => given,
        };
        let mut starts = HashSet::new();
        let mut holders = Vec::with_capacity(given.len());
        for (at, edit) in given.iter().enumerate() {
            let prefix = format!("holders[{at}].");
            let officer = fields.needed(&format!("{prefix}officer"), &edit.officer, None, value::key);
            let span = fields.span(&prefix, &edit.first_day, &edit.last_day, None);
            if !starts.insert(span.from) {
                let message = Message::new("与另一持有人同日起始", "another holder begins on the same day");
                fields.fault(&format!("{prefix}first_day"), message);
            }
            holders.push(Holder { serial: serial.to_owned(), officer, span });
        }
        Some(holders)
    }
}

/// Enters a recorder.
///
/// # Errors
/// When fields are wrong, or a recorder with the same serial is there.
pub async fn create_recorder(custody: &Custody, edit: &RecorderEdit) -> Result<Recorder, EditError> {
    let mut act = Act::begin(custody).await?;
    let mut fields = Fields::new(custody.utc_offset);
    let recorder = edit.apply(&mut fields, None, act.new_id());
    let holders = edit.holders(&mut fields, &recorder.serial);
    fields.finish()?;
    recorders::insert(act.conn(), &recorder).await.map_err(|e| {
        let serial = &recorder.serial;
        let there =
            || Message::new(format!("执法记录仪 {serial} 已登记"), format!("recorder {serial} is registered already"));
        EditError::from(e).or_taken(there)
    })?;
    write_holders(&mut act, &recorder, holders).await?;
    index::mark_recorder_dirty(act.conn(), &recorder.serial).await?;
    rematch::note(&mut act, MakerKind::Recorder, &[&recorder.serial]).await?;
    act.commit().await?;
    Ok(recorder)
}

/// Corrects a recorder.
///
/// # Errors
/// When there is no such recorder or fields are wrong.
pub async fn change_recorder(custody: &Custody, id: Id, edit: &RecorderEdit) -> Result<Recorder, EditError> {
    let mut act = Act::begin(custody).await?;
    let old = recorders::get(act.conn(), id).await?.ok_or(EditError::NotFound(id))?;
    let mut fields = Fields::new(custody.utc_offset);
    let recorder = edit.apply(&mut fields, Some(&old), id);
    let holders = edit.holders(&mut fields, &recorder.serial);
    fields.finish()?;
    recorders::update(act.conn(), &recorder).await?;
    if recorder.court != old.court {
        index::mark_recorder_dirty(act.conn(), &recorder.serial).await?;
    }
    if holders.is_some() {
        rematch::note(&mut act, MakerKind::Recorder, &[&recorder.serial]).await?;
    }
    write_holders(&mut act, &recorder, holders).await?;
    act.commit().await?;
    Ok(recorder)
}

async fn write_holders(act: &mut Act<'_>, recorder: &Recorder, holders: Option<Vec<Holder>>) -> Result<(), EditError> {
    if let Some(holders) = holders {
        recorders::clear_holders(act.conn(), &recorder.serial).await?;
        for holder in &holders {
            recorders::put_holder(act.conn(), holder).await?;
        }
    }
    Ok(())
}
