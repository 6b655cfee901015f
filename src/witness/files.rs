//! Witnessing without a network: the request and the answer are carried as files.

use super::answer::{Refused, Witness};
use super::peers::Peer;
use crate::catalog::CatalogError;
use crate::catalog::witness as rows;
use crate::custody::Custody;
use crate::ledger::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::ledger::prove::{ProveError, Prover};
use crate::ledger::witness::AddCheckpoint;

/// Rounds that are looked through for what a witness cosigned last: one that cosigned before them answers which size it saw.
const LOOKED_BACK: u32 = 1000;

/// A file cannot be made or taken.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The ledger has no entries yet.
    #[error("账本尚无条目 the ledger has no entries yet")]
    Empty,
    /// The witness saw more than this ledger has.
    #[error(
        "见证人 {witness} 已见证 {seen} 条，账本现有 {size} 条：目录库是旧副本 the witness {witness} cosigned {seen} entries of this ledger, which has {size}: the catalog is an older copy"
    )]
    Behind {
        /// The witness.
        witness: String,
        /// Entries that it cosigned.
        seen: u64,
        /// Entries that are there.
        size: u64,
    },
    /// The ledger cannot prove itself.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The answer is no note.
    #[error("the answer: {0}")]
    Note(#[from] CheckpointError),
    /// The checkpoint is not this ledger's.
    #[error("回执所述的检查点不属于本账本 the answer is about a checkpoint that this ledger never had")]
    Foreign,
    /// Nobody whom this court asks cosigned it.
    #[error(
        "回执上没有 [witness] ask 中任何见证人的有效签名 the answer bears no right cosignature of a witness in [witness] ask"
    )]
    NotCosigned,
    /// The witness refuses.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// The request for one witness, as a file.
///
/// # Errors
/// When there is nothing to cosign, or the ledger cannot prove itself.
pub async fn request(custody: &Custody, peer: &Peer) -> Result<String, FileError> {
    let mut reader = custody.db.read().await?;
    let newest = Prover::newest(reader.conn(), custody.signer.verifier()).await?;
    let mut prover = newest.ok_or(FileError::Empty)?;
    let rounds = rows::cosigned(reader.conn(), 0, LOOKED_BACK).await?;
    let old = peer.last_seen(&rounds).map(|(head, _)| head);
    let proof =
        match &old {
            None => Vec::new(),
            Some(head) => prover.extend(reader.conn(), head.size, &head.root).await?.ok_or_else(|| {
                FileError::Behind { witness: peer.name.clone(), seen: head.size, size: prover.head().size }
            })?,
        };
    Ok(AddCheckpoint { old: old.map_or(0, |head| head.size), proof, note: prover.note().clone() }.to_string())
}

/// The answer to a request: the checkpoint with this witness's cosignature, as a file.
///
/// # Errors
/// Why it is not cosigned.
pub async fn cosign(witness: &Witness<'_>, request: &[u8]) -> Result<String, FileError> {
    let line = witness.add_checkpoint(request).await?;
    let asked = AddCheckpoint::parse(request).map_err(Refused::Form)?;
    Ok(asked.note.with_signatures(&line)?.to_string())
}

/// Keeps the answer of a witness; gives the names of those that cosigned, and the size.
///
/// # Errors
/// When it is not about this ledger, or nobody who is asked cosigned it.
pub async fn accept(custody: &Custody, peers: &[Peer], answer: &[u8]) -> Result<(Vec<String>, u64), FileError> {
    let note = SignedCheckpoint::parse(answer)?;
    let head = note.verify(custody.signer.verifier())?.clone();
    let mut reader = custody.db.read().await?;
    let newest = Prover::newest(reader.conn(), custody.signer.verifier()).await?;
    let mut prover = newest.ok_or(FileError::Empty)?;
    match prover.extend(reader.conn(), head.size, &head.root).await {
        Ok(Some(_)) => {}
        Ok(None) | Err(ProveError::Altered { .. }) => return Err(FileError::Foreign),
        Err(error) => return Err(error.into()),
    }
    drop(reader);
    let cosigned: Vec<String> =
        peers.iter().filter(|peer| matches!(peer.key.saw(&note), Ok(Some(_)))).map(|peer| peer.name.clone()).collect();
    if cosigned.is_empty() {
        return Err(FileError::NotCosigned);
    }
    let mut tx = custody.db.begin().await?;
    rows::add_cosigned(tx.conn(), head.size, custody.clock.now(), &note.to_string()).await?;
    tx.commit().await?;
    Ok((cosigned, head.size))
}
