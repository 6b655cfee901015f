//! Objects that were looked at again: what was found of each is kept, and an entry of the ledger says so.
//!
//! An object that was **not found equal** is a custody event of its clip with an entry of its own, at every look: that is what a court
//! asks about. So is the first look after which it is equal again. Objects that **were equal** as before are kept in the table of
//! fixity, and one entry for up to [`MOST`] of them says how many they were and commits to which: an entry for each look at each
//! object would make the ledger grow for ever by what nobody asks about. An auditor who is shown the entry's detail and salt sees from
//! the runs of clip entries in it that an object was among them, and when; a row that claims a look which no entry knows is found by
//! `zhilu verify`.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::act::{Act, Record};
use super::{Actor, Custody, CustodyError};
use crate::catalog::clips::{self, Clip};
use crate::catalog::fixity::{self, Fixity, Target};
use crate::catalog::meta;
use crate::model::custody::EventKind;
use crate::model::fixity::{FixityResult, FixitySource, runs};
use crate::model::id::Id;
use crate::model::time::Micros;

/// Most looks that are recorded together; their entry's detail stays below 32 KiB.
pub const MOST: usize = 1024;

/// One look at an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// What was looked at.
    pub target: Target,
    /// When the look began.
    pub began: Micros,
    /// What was found.
    pub result: FixityResult,
    /// How it was read: `direct` from the device, `uncached` after the cache was dropped, `cached` from wherever it was.
    pub method: &'static str,
    /// What was found instead, when it is not equal.
    pub detail: Option<String>,
}

/// Records up to [`MOST`] looks in one transaction. An object that another process looked at since a look found it equal is left out.
///
/// # Errors
/// When the database or the ledger refuses; nothing was recorded.
pub async fn record(custody: &Custody, source: FixitySource, looks: &[Look]) -> Result<(), CustodyError> {
    if looks.is_empty() {
        return Ok(());
    }
    let mut act = Act::begin(custody).await?;
    let actor = match source {
        FixitySource::Confirm => Actor::intake(),
        FixitySource::Verify => Actor::verify(),
        FixitySource::Scrub => Actor::scrub(),
    };
    let ids: Vec<Id> = looks.iter().map(|look| look.target.clip_id).collect();
    let known: HashMap<Id, Fixity> =
        fixity::get_all(act.conn(), &ids).await?.into_iter().map(|row| (row.clip_id, row)).collect();
    // What is wrong is recorded at every look.
    let is_news = |look: &&Look| {
        let known = known.get(&look.target.clip_id).is_none_or(|row| row.checked <= look.began);
        known || look.result != FixityResult::Equal
    };
    let was_equal = |look: &Look| known.get(&look.target.clip_id).is_none_or(|row| row.result == FixityResult::Equal);
    let (equal, own): (Vec<&Look>, Vec<&Look>) =
        looks.iter().filter(is_news).partition(|look| look.result == FixityResult::Equal && was_equal(look));
    let mut rows = record_own(&mut act, source, &actor, &own).await?;
    rows.extend(record_equal(&mut act, source, &actor, &equal).await?);
    if rows.is_empty() {
        return Ok(());
    }
    fixity::put_all(act.conn(), &rows).await?;
    act.commit().await
}

/// Looks that are custody events of their clips.
async fn record_own(
    act: &mut Act<'_>,
    source: FixitySource,
    actor: &Actor,
    looks: &[&Look],
) -> Result<Vec<Fixity>, CustodyError> {
    let ids: Vec<Id> = looks.iter().map(|look| look.target.clip_id).collect();
    let mut by_id: HashMap<Id, Clip> =
        clips::get_all(act.conn(), &ids).await?.into_iter().map(|clip| (clip.id, clip)).collect();
    let mut rows = Vec::with_capacity(looks.len());
    for look in looks {
        let id = look.target.clip_id;
        let clip = by_id.get_mut(&id).ok_or(CustodyError::NoSuchClip(id))?;
        let outcome = if look.result == FixityResult::Equal { "success" } else { "fail" };
        let differs = look.detail.as_deref().filter(|_| look.result != FixityResult::Equal);
        clip.last_entry = act.record(Record {
            clip_id: id,
            prev: Some(clip.last_entry),
            event: EventKind::FixityCheck,
            actor,
            public: Map::from_iter([("outcome".to_owned(), outcome.into())]),
            detail: json!({"source": source, "method": look.method, "result": look.result, "differs": differs}),
        })?;
        clips::set_last_entry(act.conn(), id, clip.last_entry).await?;
        rows.push(row(look, source, act.at(), clip.last_entry));
    }
    Ok(rows)
}

/// Looks that one entry stands for.
async fn record_equal(
    act: &mut Act<'_>,
    source: FixitySource,
    actor: &Actor,
    looks: &[&Look],
) -> Result<Vec<Fixity>, CustodyError> {
    let Some(began) = looks.iter().map(|look| look.began).min() else { return Ok(Vec::new()) };
    let mut methods = Map::new();
    for look in looks {
        let n = methods.get(look.method).and_then(Value::as_u64).unwrap_or(0);
        methods.insert(look.method.to_owned(), (n + 1).into());
    }
    let bytes: u64 = looks.iter().map(|look| look.target.size_bytes).sum();
    let detail = json!({
        "source": source,
        "methods": methods,
        "began_us": began.0,
        // As text: whole numbers end at 2^53 in canonical JSON.
        "bytes": bytes.to_string(),
        "clip_entries": runs(looks.iter().map(|look| look.target.entry_index)),
    });
    let entry = act.attest(actor, looks.len() as u64, detail).await?;
    let at = act.at();
    Ok(looks.iter().map(|look| row(look, source, at, entry)).collect())
}

fn row(look: &Look, source: FixitySource, at: Micros, entry_index: u64) -> Fixity {
    let is_equal = look.result == FixityResult::Equal;
    Fixity {
        clip_id: look.target.clip_id,
        checked: at,
        result: look.result,
        detail: look.detail.clone().filter(|_| !is_equal),
        verified: is_equal.then_some(at),
        source,
        entry_index,
    }
}

/// The key of `meta` under which a verification that is not at its end stands.
const RUN: &str = "verify_run";

/// Notes what a verification is to look at, so that it can go on when it is cut short; `None` when it came to its end. This is no act
/// on evidence and no entry.
///
/// # Errors
/// When the database refuses.
pub async fn note_run(custody: &Custody, run: Option<&str>) -> Result<(), CustodyError> {
    if run.is_none() && noted_run(custody).await?.is_none() {
        return Ok(());
    }
    let mut tx = custody.db.begin().await?;
    meta::put(tx.conn(), RUN, run.unwrap_or_default()).await?;
    Ok(tx.commit().await?)
}

/// The verification that was cut short, as it was noted.
///
/// # Errors
/// When the database is away.
pub async fn noted_run(custody: &Custody) -> Result<Option<String>, CustodyError> {
    let mut reader = custody.db.read().await?;
    Ok(meta::get(reader.conn(), RUN).await?.filter(|run| !run.is_empty()))
}
