//! The receipt of a clip that is Confirmed, made from its rows and the newest checkpoint. Making one shows no evidence and changes
//! nothing, so it is no act and no entry.

use super::{Custody, CustodyError};
use crate::catalog::clips::{self, Clip};
use crate::catalog::custody as events;
use crate::catalog::engine::Reader;
use crate::catalog::{case_links, uploads};
use crate::ledger::entry::Entry;
use crate::ledger::proof::Included;
use crate::ledger::prove::{ProveError, Prover};
use crate::ledger::receipt::{Receipt, ReceiptClip};
use crate::model::clip::ClipState;
use crate::model::custody::EventKind;
use crate::model::id::Id;

/// Events read at a time.
const PAGE: u32 = 256;

/// There is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum NoReceipt {
    /// The clip is not there, or the catalog is away.
    #[error(transparent)]
    Custody(#[from] CustodyError),
    /// The ledger cannot prove the clip's entries.
    #[error(transparent)]
    Proof(#[from] ProveError),
    /// The object was not read back and found equal yet.
    #[error("clip {0} is not confirmed yet; its receipt is there as soon as it was read back and found equal")]
    NotConfirmed(Id),
    /// Nothing was ever signed.
    #[error("the ledger has no checkpoint; run `zhilu ledger verify`")]
    NoCheckpoint,
    /// The clip's entries do not go from its own to the one that confirmed it.
    #[error("the entries of clip {clip} are no unbroken chain at entry {entry}; run `zhilu ledger verify`")]
    Broken {
        /// The clip.
        clip: Id,
        /// The entry that is missing or out of place.
        entry: u64,
    },
}

impl From<crate::catalog::CatalogError> for NoReceipt {
    fn from(error: crate::catalog::CatalogError) -> Self {
        Self::Custody(error.into())
    }
}

/// Makes the receipt of a clip.
///
/// # Errors
/// When there is no such clip, it is not Confirmed yet, or the ledger cannot prove it.
pub async fn receipt(custody: &Custody, clip: Id) -> Result<Receipt, NoReceipt> {
    let mut reader = custody.db.read().await?;
    let clip = clips::get(reader.conn(), clip).await?.ok_or(CustodyError::NoSuchClip(clip))?;
    if clip.state == ClipState::Disposed {
        return Err(CustodyError::Disposed(clip.id).into());
    }
    let indices = chain(&mut reader, &clip).await?;
    let key = custody.signer.verifier();
    let last = indices.last().copied().unwrap_or_default();
    let prover = Prover::witnessed(reader.conn(), key, &custody.policy, last).await?;
    let mut prover = prover.ok_or(NoReceipt::NoCheckpoint)?;
    let mut chain = Vec::with_capacity(indices.len());
    for index in indices {
        let entry = prover.include(reader.conn(), index).await?;
        chain.push(entry.ok_or(NoReceipt::Broken { clip: clip.id, entry: index })?);
    }
    let broken = || NoReceipt::Broken { clip: clip.id, entry: clip.entry_index };
    let read = |entry: Option<&Included>| entry.and_then(|entry| Entry::parse(&entry.line).ok());
    let first = read(chain.first()).ok_or_else(broken)?;
    let last = read(chain.last()).ok_or_else(broken)?;
    let times = (first.at, last.at);
    let described = describe(&mut reader, clip, &first).await?;
    Ok(Receipt::new(described, times, custody.utc_offset, key, prover.note(), chain))
}

/// The clip's entries from its own to the one that confirmed it first.
async fn chain(reader: &mut Reader, clip: &Clip) -> Result<Vec<u64>, NoReceipt> {
    let (mut from, mut indices) = (clip.entry_index, Vec::new());
    loop {
        let page = events::chain(reader.conn(), clip.id, from, PAGE).await?;
        let Some(last) = page.last() else { return Err(NoReceipt::NotConfirmed(clip.id)) };
        from = last.entry_index + 1;
        for event in page {
            indices.push(event.entry_index);
            if event.kind == EventKind::FixityCheck && found_equal(&event.detail) {
                return Ok(indices);
            }
        }
    }
}

/// Whether a fixity check's detail says that nothing differed.
fn found_equal(detail: &[u8]) -> bool {
    let detail: Option<serde_json::Value> = serde_json::from_slice(detail).ok();
    detail.is_some_and(|detail| detail.get("differs").is_some_and(serde_json::Value::is_null))
}

/// The clip as the receipt shows it. What its entry says is taken from there: the row may know better since, the entry cannot.
async fn describe(reader: &mut Reader, clip: Clip, entry: &Entry) -> Result<ReceiptClip, NoReceipt> {
    let mut names: Vec<String> = Vec::new();
    for upload in uploads::of_clip(reader.conn(), clip.id).await? {
        let name = String::from_utf8_lossy(&upload.name).into_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let cases = case_links::of_clip(reader.conn(), clip.id).await?.into_iter().map(|link| link.number).collect();
    let text = |key| entry.public.get(key).and_then(|v| v.as_str());
    let sequence = entry.public.get("seq").and_then(serde_json::Value::as_u64);
    Ok(ReceiptClip {
        id: clip.id,
        sha256: clip.sha256,
        sm3: clip.sm3,
        size_bytes: clip.size_bytes,
        recorded_at: text("start").and_then(|t| t.parse().ok()).unwrap_or(clip.facts.recorded),
        recorder: text("recorder").map(str::to_owned),
        sequence: sequence.and_then(|n| n.try_into().ok()),
        officer: clip.facts.officer,
        cases,
        names,
    })
}
