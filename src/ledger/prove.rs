//! Proofs from the catalog's rows. Each is verified against the signed checkpoint before it is given out, so that altered rows make
//! no wrong proof but an error.

use std::ops::Range;

use super::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use super::key::VerifierKey;
use super::merkle::{
    Hash, ProofError, consistency_ranges, empty_root, inclusion_ranges, leaf_hash, range_hash, verify_consistency,
    verify_inclusion,
};
use super::policy::Policy;
use super::proof::{Included, TlogProof};
use super::tile::{Tile, TileError, TileSet};
use crate::catalog::CatalogError;
use crate::catalog::engine::Conn;
use crate::catalog::ledger as rows;
use crate::catalog::witness::cosigned;

/// Rounds of witnesses that are looked through for one with enough of them.
const LOOKED_BACK: u32 = 64;

/// Tiles that are kept while entry after entry is proved: 8 KiB each.
const MOST_TILES: usize = 256;

/// The log cannot prove it.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The catalog's database.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The newest checkpoint.
    #[error("the ledger's newest checkpoint: {0}; run `zhilu ledger verify`")]
    Checkpoint(#[from] CheckpointError),
    /// Tiles that are not there.
    #[error("ledger tiles: {0}; run `zhilu ledger verify`")]
    Tiles(#[from] TileError),
    /// An entry that is not there.
    #[error("entry {index} of {size} is missing; run `zhilu ledger verify`")]
    EntryMissing {
        /// Its index.
        index: u64,
        /// Entries in the log.
        size: u64,
    },
    /// Entry or tiles are not those that were signed.
    #[error("entry or size {from}: {error}; run `zhilu ledger verify`")]
    Altered {
        /// The entry's index, or the older size.
        from: u64,
        /// What is wrong.
        error: ProofError,
    },
}

impl ProveError {
    /// Whether trying again later may help without anybody's doing.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Catalog(error) if error.is_passing())
    }
}

/// Proves entries of the log as it stood at one checkpoint. The log may grow meanwhile.
#[derive(Debug)]
pub struct Prover {
    note: SignedCheckpoint,
    head: Checkpoint,
    tiles: TileSet,
}

impl Prover {
    /// A prover at the newest checkpoint; none when nothing was ever appended.
    ///
    /// # Errors
    /// When the database is away or the checkpoint is not signed by `key`.
    pub async fn newest(conn: Conn<'_>, key: &VerifierKey) -> Result<Option<Self>, ProveError> {
        let Some(row) = rows::checkpoint(conn).await? else { return Ok(None) };
        let note = SignedCheckpoint::parse(row.note.as_bytes())?;
        let head = note.verify(key)?.clone();
        Ok(Some(Self { tiles: TileSet::new(head.size), note, head }))
    }

    /// A prover of entries up to `last` by a checkpoint that enough witnesses of the policy cosigned, the newest that there is; by the
    /// newest of all when there is none, as before the next round of witnesses.
    ///
    /// # Errors
    /// As [`Self::newest`].
    pub async fn witnessed(
        mut conn: Conn<'_>,
        key: &VerifierKey,
        policy: &Policy,
        last: u64,
    ) -> Result<Option<Self>, ProveError> {
        if policy.asks_for_witnesses() {
            for (_, note) in cosigned(conn.reborrow(), last, LOOKED_BACK).await? {
                let note = SignedCheckpoint::parse(note.as_bytes())?;
                if policy.accept(&note).is_ok() {
                    let head = note.verify(key)?.clone();
                    return Ok(Some(Self { tiles: TileSet::new(head.size), note, head }));
                }
            }
        }
        Self::newest(conn, key).await
    }

    /// The checkpoint.
    pub fn head(&self) -> &Checkpoint {
        &self.head
    }

    /// The checkpoint with its signatures.
    pub fn note(&self) -> &SignedCheckpoint {
        &self.note
    }

    /// Entry `index` with its proof; none when the log has no such entry.
    ///
    /// # Errors
    /// When the database is away, or rows are missing or not those that were signed.
    pub async fn include(&mut self, mut conn: Conn<'_>, index: u64) -> Result<Option<Included>, ProveError> {
        let size = self.head.size;
        let Some(ranges) = inclusion_ranges(index, size) else { return Ok(None) };
        let found = rows::entries(conn.reborrow(), index, 1).await?.pop();
        let (_, line) = found.filter(|(at, _)| *at == index).ok_or(ProveError::EntryMissing { index, size })?;
        let hashes = self.hashes(conn, ranges).await?;
        verify_inclusion(&leaf_hash(&line), index, size, &hashes, &self.head.root)
            .map_err(|error| ProveError::Altered { from: index, error })?;
        Ok(Some(Included { index, line, hashes }))
    }

    /// Gives the tiles back that were read, once they are many: for whoever proves entry after entry in constant memory.
    pub fn forget_far_tiles(&mut self) {
        if self.tiles.len() > MOST_TILES {
            self.tiles = TileSet::new(self.head.size);
        }
    }

    /// [`Self::include`] as a file of its own.
    ///
    /// # Errors
    /// As [`Self::include`].
    pub async fn prove(&mut self, conn: Conn<'_>, index: u64) -> Result<Option<TlogProof>, ProveError> {
        let included = self.include(conn, index).await?;
        Ok(included.map(|Included { index, line, hashes }| TlogProof {
            index,
            extra: Some(line),
            hashes,
            checkpoint: self.note.clone(),
        }))
    }

    /// The proof that the log extends what it was at `old` entries with root `old_root`; none when it is smaller.
    ///
    /// # Errors
    /// When the database is away, rows are missing, or the log does not extend that one.
    pub async fn extend(&mut self, conn: Conn<'_>, old: u64, root: &Hash) -> Result<Option<Vec<Hash>>, ProveError> {
        let Some(ranges) = consistency_ranges(old, self.head.size) else { return Ok(None) };
        let hashes = self.hashes(conn, ranges).await?;
        verify_consistency(old, self.head.size, &hashes, root, &self.head.root)
            .map_err(|error| ProveError::Altered { from: old, error })?;
        Ok(Some(hashes))
    }

    /// The head that the log had with `size` entries; none when it never had so many.
    ///
    /// # Errors
    /// When the database is away or rows are missing.
    pub async fn head_at(&mut self, conn: Conn<'_>, size: u64) -> Result<Option<Checkpoint>, ProveError> {
        if size > self.head.size {
            return Ok(None);
        }
        let root = match size {
            0 => empty_root(),
            size => self.hashes(conn, std::iter::once(0..size).collect()).await?.pop().unwrap_or_else(empty_root),
        };
        Ok(Some(Checkpoint::new(self.head.origin.clone(), size, root)))
    }

    /// The hashes of ranges of entries; reads the tiles that were not read before.
    async fn hashes(&mut self, mut conn: Conn<'_>, ranges: Vec<Range<u64>>) -> Result<Vec<Hash>, ProveError> {
        for id in self.tiles.missing(&ranges) {
            let hashes = rows::tile(conn.reborrow(), id.level, id.index).await?;
            let missing = TileError::Missing { size: self.head.size, needed: id };
            self.tiles.insert(id, Tile::new(id.level, id.index, hashes.ok_or(missing)?)?)?;
        }
        Ok(ranges.into_iter().map(|range| range_hash(&self.tiles, range)).collect::<Result<_, _>>()?)
    }
}
