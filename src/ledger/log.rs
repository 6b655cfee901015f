//! The log in the catalog: reads its state within a transaction, appends within the same one.
//!
//! Nothing of it is kept in memory between transactions, so a commit that fails cannot leave memory ahead of the disk.

use super::checkpoint::{Checkpoint, CheckpointError, ForeignKey, SignedCheckpoint};
use super::entry::{Entry, EntryError};
use super::key::SignerKey;
use super::merkle::{Hash, leaf_hash};
use super::tile::{LogState, Tile, TileError, edge_tiles};
use crate::catalog::CatalogError;
use crate::catalog::engine::Conn;
use crate::catalog::ledger::{self as rows, CheckpointRow};
use crate::model::digest::to_hex;
use crate::model::time::Micros;

/// The log cannot be read or appended to.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The catalog's database.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// An entry that cannot be written.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The tiles do not fit the size.
    #[error("ledger tiles: {0}; nothing is appended; run `zhilu check`")]
    Tiles(#[from] TileError),
    /// There are entries but no checkpoint.
    #[error("the ledger has {entries} entries and no checkpoint; nothing is appended; run `zhilu check`")]
    Unsigned {
        /// Entries.
        entries: u64,
    },
    /// The tiles do not hash to the signed root.
    #[error(
        "ledger of {size} entries: the tiles hash to {found}, the checkpoint says {signed}; nothing is appended; run `zhilu check`"
    )]
    Root {
        /// Entries.
        size: u64,
        /// The root of the tiles.
        found: String,
        /// The root that was signed.
        signed: String,
    },
    /// The key belongs to another log.
    #[error(transparent)]
    Key(#[from] ForeignKey),
    /// The newest checkpoint was not signed by the key at hand.
    #[error(
        "the ledger of {size} entries is signed by {found}, this key is {key}: {error}; nothing is appended; all daemons of a catalog \
         use the same keys/ledger.key: copy it from the one that made it"
    )]
    Signer {
        /// Entries.
        size: u64,
        /// Who signed, as the note claims.
        found: String,
        /// The key at hand, name and id.
        key: String,
        /// What is wrong with the signature.
        error: CheckpointError,
    },
}

/// Whether `signer` may continue the log: it signed the newest checkpoint, or there is none.
///
/// # Errors
/// When another key signed it, or the signature is wrong.
pub fn check_signer(checkpoint: Option<&CheckpointRow>, signer: &SignerKey) -> Result<(), LogError> {
    let Some(row) = checkpoint else { return Ok(()) };
    let note = SignedCheckpoint::parse(row.note.as_bytes());
    let found = note.as_ref().map_or_else(|_| "nobody".to_owned(), |note| note.claimed_signers().join(", "));
    let verified = note.and_then(|note| note.verify(signer.verifier()).map(drop));
    verified.map_err(|error| {
        let key = format!("{}+{}", signer.name(), signer.verifier().id());
        LogError::Signer { size: row.size, found, key, error }
    })
}

/// The state of the log, for the one who is to append to it.
///
/// # Errors
/// Those of [`load`], and when another key than `signer` signed the newest checkpoint: that may have happened since this process was
/// started, by one that shares the catalog.
pub async fn load_to_append(mut conn: Conn<'_>, signer: &SignerKey) -> Result<LogState, LogError> {
    let checkpoint = rows::checkpoint(conn.reborrow()).await?;
    check_signer(checkpoint.as_ref(), signer)?;
    load_from(conn, checkpoint).await
}

/// The state of the log: its size and the right edge of its tree, checked against the newest checkpoint.
///
/// # Errors
/// When rows are missing or do not hash to the signed root.
pub async fn load(mut conn: Conn<'_>) -> Result<LogState, LogError> {
    let checkpoint = rows::checkpoint(conn.reborrow()).await?;
    load_from(conn, checkpoint).await
}

async fn load_from(mut conn: Conn<'_>, checkpoint: Option<CheckpointRow>) -> Result<LogState, LogError> {
    let Some(checkpoint) = checkpoint else {
        let entries = rows::count_entries(conn).await?;
        return if entries == 0 { Ok(LogState::new()) } else { Err(LogError::Unsigned { entries }) };
    };
    let mut tiles = Vec::new();
    for id in edge_tiles(checkpoint.size) {
        let Some(hashes) = rows::tile(conn.reborrow(), id.level, id.index).await? else {
            return Err(TileError::Missing { size: checkpoint.size, needed: id }.into());
        };
        tiles.push(Tile::new(id.level, id.index, hashes)?);
    }
    let state = LogState::from_tiles(checkpoint.size, tiles)?;
    if state.root()[..] != checkpoint.root[..] {
        let (found, signed) = (to_hex(&state.root()), to_hex(&checkpoint.root));
        return Err(LogError::Root { size: checkpoint.size, found, signed });
    }
    Ok(state)
}

/// Entries that wait to be appended in one transaction. Indices are given at once, so that entries and rows can name each
/// other.
#[derive(Debug)]
pub struct Batch {
    state: LogState,
    lines: Vec<Vec<u8>>,
}

impl Batch {
    /// A batch on top of `state`.
    pub fn new(state: LogState) -> Self {
        Self { state, lines: Vec::new() }
    }

    /// Adds an entry; gives its index.
    ///
    /// # Errors
    /// When the entry is too long or holds what has no canonical form.
    pub fn push(&mut self, entry: &Entry) -> Result<u64, LogError> {
        let line = entry.to_line()?;
        let index = self.next_index();
        self.lines.push(line);
        Ok(index)
    }

    /// The index that the next entry gets.
    pub fn next_index(&self) -> u64 {
        self.state.size() + self.lines.len() as u64
    }

    /// Writes entries, tiles and a newly signed checkpoint, and gives that; none when there is nothing to write. Durable when the
    /// transaction is.
    ///
    /// # Errors
    /// When the database refuses or the key is another log's.
    pub async fn write(
        mut self,
        mut conn: Conn<'_>,
        signer: &SignerKey,
        at: Micros,
    ) -> Result<Option<String>, LogError> {
        if self.lines.is_empty() {
            return Ok(None);
        }
        let first = self.state.size();
        rows::insert_entries(conn.reborrow(), first, &self.lines).await?;
        let leaves: Vec<Hash> = self.lines.iter().map(|line| leaf_hash(line)).collect();
        for tile in self.state.append(&leaves) {
            rows::put_tile(conn.reborrow(), tile.id().level, tile.id().index, tile.hashes()).await?;
        }
        let (size, root) = (self.state.size(), self.state.root());
        let note = Checkpoint::new(signer.name().clone(), size, root).sign(signer)?.to_string();
        let row = CheckpointRow { size, root: root.to_vec(), note, at };
        rows::put_checkpoint(conn, &row).await?;
        Ok(Some(row.note))
    }
}
