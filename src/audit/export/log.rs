//! The entries of a bag with their proofs, all to one checkpoint.

use std::time::Duration;

use super::Failure;
use super::bag::Bag;
use crate::catalog::engine::Conn;
use crate::catalog::exports::{self, Export};
use crate::catalog::records;
use crate::custody::Custody;
use crate::ledger::proof::{Included, TlogProof};
use crate::ledger::prove::Prover;
use crate::model::digest::to_hex;
use crate::model::id::Id;

/// Rows read at a time.
const PAGE: u32 = 500;

/// How long a bag waits for the witnesses that the policy asks for: the daemon asks them once a minute.
const WITNESS_PATIENCE: Duration = Duration::from_secs(90);
/// The pause between two looks for them.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What the court says an auditor may pin: for information, auditors pin a copy of their own.
pub(super) fn policy(custody: &Custody) -> String {
    custody.policy.to_string()
}

/// Entries that go with a bag beside those that commit to its manifest: each has its detail in the payload.
pub(super) fn entries_of(bag: &Bag) -> usize {
    bag.payload().filter_map(entry_of_detail).count()
}

/// What proves entries up to `last`: by a checkpoint with the witnesses that the policy asks for, when they come in time.
async fn prover(custody: &Custody, last: u64) -> Result<Prover, Failure> {
    let began = tokio::time::Instant::now();
    loop {
        let mut reader = custody.db.read().await?;
        let prover = Prover::witnessed(reader.conn(), custody.signer.verifier(), &custody.policy, last).await?;
        let prover = prover.ok_or(Failure::NoCheckpoint)?;
        if custody.policy.accept(prover.note()).is_ok() {
            return Ok(prover);
        }
        if began.elapsed() >= WITNESS_PATIENCE {
            tracing::warn!(
                "the proofs of an export carry fewer cosignatures than the court's policy asks for: witnesses did not answer"
            );
            return Ok(prover);
        }
        drop(reader);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Writes every entry whose detail is in the bag, and those that commit to its manifest.
pub(super) async fn write(custody: &Custody, export: &Export, bag: &mut Bag) -> Result<(), Failure> {
    let mut reader = custody.db.read().await?;
    let sealing = sealing(reader.conn(), export.id).await?;
    for entry in &sealing {
        write_private(reader.conn(), *entry, bag).await?;
    }
    let mut entries: Vec<u64> = bag.payload().filter_map(entry_of_detail).chain(sealing).collect();
    // In order, so that neighbours share the tiles that were read.
    entries.sort_unstable();
    drop(reader);
    let mut prover = prover(custody, entries.last().copied().unwrap_or_default()).await?;
    let mut reader = custody.db.read().await?;
    for entry in entries {
        let included = prover.include(reader.conn(), entry).await?.ok_or(Failure::NoCheckpoint)?;
        prover.forget_far_tiles();
        let Included { index, line, hashes } = included;
        bag.put_tag(&format!("log/{index}.json"), &line)?;
        let proof = TlogProof { index, extra: Some(line), hashes, checkpoint: prover.note().clone() };
        bag.put_tag(&format!("log/{index}.tlog-proof"), proof.to_string().as_bytes())?;
    }
    Ok(())
}

/// The entries that commit to the manifest.
async fn sealing(mut conn: Conn<'_>, export: Id) -> Result<Vec<u64>, Failure> {
    let (mut entries, mut after) = (Vec::new(), Id(0));
    loop {
        let page = exports::clips_after(conn.reborrow(), export, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(entries) };
        after = last.id;
        for clip in page {
            let unrecorded = Failure::Ledger {
                subject: format!("clip {}", clip.id),
                entry: clip.last_entry,
                what: "the export is not recorded about it",
            };
            entries.push(clip.export_entry.ok_or(unrecorded)?);
        }
    }
}

async fn write_private(conn: Conn<'_>, entry: u64, bag: &mut Bag) -> Result<(), Failure> {
    let found = records::sealed(conn, entry, entry + 1).await?.pop();
    let lost = Failure::Ledger { subject: "the export".to_owned(), entry, what: "its row is not there" };
    let row = found.ok_or(lost)?;
    bag.put_tag(&format!("log/{entry}.detail.json"), &row.detail)?;
    bag.put_tag(&format!("log/{entry}.salt"), format!("{}\n", to_hex(&row.salt)).as_bytes())
}

fn entry_of_detail(name: &str) -> Option<u64> {
    name.strip_prefix("data/details/")?.strip_suffix(".json")?.parse().ok()
}
