//! Witnessing without a network: the request and the answer are carried as files.

use super::answer::{Refused, Witness};
use super::peers::Peer;
use crate::catalog::CatalogError;
use crate::catalog::witness as rows;
use crate::custody::Custody;
use crate::ledger::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::ledger::prove::{ProveError, Prover};
use crate::ledger::witness::AddCheckpoint;
use crate::model::time::Micros;

/// A file cannot be made or taken.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The ledger has no entries yet.
    #[error("the ledger has no entries yet")]
    Empty,
    /// The witness saw more than this ledger has.
    #[error(
        "the witness {witness} cosigned {seen} entries of this ledger, which has {size}: the catalog is an older copy"
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
    #[error("the answer is about a checkpoint that this ledger never had")]
    Foreign,
    /// Nobody whom this court asks cosigned it.
    #[error("the answer bears no right cosignature of a witness in [witness] ask")]
    NotCosigned,
    /// The witness refuses.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// The largest size that a witness cosigned among these rounds, the newest first, and when, in seconds since 1970.
pub fn last_of(peer: &Peer, rounds: &[(Micros, String)]) -> Option<(u64, u64)> {
    rounds.iter().find_map(|(_, note)| {
        let note = SignedCheckpoint::parse(note.as_bytes()).ok()?;
        Some((note.claimed_head().size, peer.key.saw(&note).ok()??))
    })
}

/// The request for one witness, as a file.
///
/// # Errors
/// When there is nothing to cosign, or the ledger cannot prove itself.
pub async fn request(custody: &Custody, peer: &Peer) -> Result<String, FileError> {
    let mut reader = custody.db.read().await?;
    let newest = Prover::newest(reader.conn(), custody.signer.verifier()).await?;
    let mut prover = newest.ok_or(FileError::Empty)?;
    let kept = rows::cosigned(reader.conn(), 0, u32::MAX).await?;
    let notes = kept.iter().filter_map(|(_, note)| SignedCheckpoint::parse(note.as_bytes()).ok());
    let seen = notes.into_iter().find(|note| matches!(peer.key.saw(note), Ok(Some(_))));
    let old = seen.map(|note| note.claimed_head().clone());
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
