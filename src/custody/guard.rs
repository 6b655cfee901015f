//! The guard against a fork of the ledger: the newest signed head, kept in a file beside the catalog.
//!
//! A catalog that was restored from a backup would sign other entries under indices that were signed before: two histories of one
//! court. So the head is written here after each commit, and whoever opens the catalog to write compares it. The file is not synced: it
//! may be some seconds behind after a power failure, never ahead of what was committed, and so it never stops a court wrongly. Two
//! places in it are written by turns, because a write that a power failure cuts spoils one of them at most.
//!
//! Who restores this file together with the catalog is found by a witness only.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::catalog::engine::Conn;
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::ledger::key::VerifierKey;
use crate::ledger::prove::{ProveError, Prover};
use crate::vault::durable;

/// Bytes of a place: a note with one signature is a few hundred bytes long.
const PLACE_BYTES: usize = 4096;
/// Places in the file.
const PLACES: u64 = 2;

/// The file.
#[derive(Debug)]
pub struct HeadGuard {
    path: PathBuf,
    file: File,
    turn: AtomicU64,
}

/// The catalog does not go on from what was signed last.
#[derive(Debug, thiserror::Error)]
pub enum Forked {
    /// The catalog is older.
    #[error(
        "目录库是旧副本：账本现有 {found} 条，曾签署 {signed} 条；为免重复签署，不再写入。请恢复最新的目录库；确已丢失时用 zhilu ledger declare-loss 声明 \
         the ledger has {found} entries, but {signed} were signed before ({}): the catalog is an older copy. Nothing is signed, because \
         entries would be written twice. Put the newest catalog back; if it is lost for good, say so with \
         `zhilu ledger declare-loss`, which the ledger will show for ever", path.display()
    )]
    Older {
        /// The guard's file.
        path: PathBuf,
        /// Entries of the catalog's ledger.
        found: u64,
        /// Entries that were signed.
        signed: u64,
    },
    /// The catalog's ledger is another one.
    #[error(
        "目录库不是曾签署的那个账本（前 {signed} 条不符）；不再写入，请恢复正确的目录库并运行 zhilu ledger verify \
         the ledger's first {signed} entries are not those that were signed before ({}): {error}. Nothing is signed. Put the right \
         catalog back, and run `zhilu ledger verify`", path.display()
    )]
    Other {
        /// The guard's file.
        path: PathBuf,
        /// Entries that were signed.
        signed: u64,
        /// What does not fit.
        error: ProveError,
    },
    /// The ledger cannot be read.
    #[error(transparent)]
    Unread(#[from] ProveError),
    /// The guard's file cannot be read.
    #[error("{}: {error}", path.display())]
    File {
        /// The guard's file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
}

impl HeadGuard {
    /// Opens the file, or makes it empty.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = durable::open_in_place(path, 0o600)?;
        Ok(Self { path: path.to_owned(), file, turn: AtomicU64::new(0) })
    }

    /// The newest head in the file that `key` signed; what is unreadable was cut by a power failure and counts for nothing.
    fn newest(&self, key: &VerifierKey) -> io::Result<Option<SignedCheckpoint>> {
        let mut newest: Option<SignedCheckpoint> = None;
        for place in 0..PLACES {
            let mut bytes = vec![0; PLACE_BYTES];
            let read = read_at_most(&self.file, &mut bytes, place * PLACE_BYTES as u64)?;
            let text = bytes.get(..read).and_then(|bytes| bytes.split(|b| *b == 0).next()).unwrap_or_default();
            let Ok(note) = SignedCheckpoint::parse(text) else { continue };
            let larger = |known: &SignedCheckpoint| note.claimed_head().size > known.claimed_head().size;
            if note.verify(key).is_ok() && newest.as_ref().is_none_or(larger) {
                newest = Some(note);
            }
        }
        Ok(newest)
    }

    /// Whether the catalog's ledger extends the newest head that was signed.
    ///
    /// # Errors
    /// When it does not, and when that cannot be told.
    pub async fn check(&self, mut conn: Conn<'_>, key: &VerifierKey) -> Result<(), Forked> {
        let newest = self.newest(key).map_err(|error| Forked::File { path: self.path.clone(), error })?;
        let Some(note) = newest else { return Ok(()) };
        let signed = note.claimed_head();
        let older = |found| Forked::Older { path: self.path.clone(), found, signed: signed.size };
        let mut prover = Prover::newest(conn.reborrow(), key).await?.ok_or_else(|| older(0))?;
        match prover.extend(conn, signed.size, &signed.root).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(older(prover.head().size)),
            Err(error @ ProveError::Altered { .. }) => {
                Err(Forked::Other { path: self.path.clone(), signed: signed.size, error })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The newest head that was signed, when the catalog's ledger does not extend it.
    ///
    /// # Errors
    /// When that cannot be told.
    pub(super) async fn lost(&self, conn: Conn<'_>, key: &VerifierKey) -> Result<Option<SignedCheckpoint>, Forked> {
        match self.check(conn, key).await {
            Ok(()) => Ok(None),
            Err(Forked::Older { .. } | Forked::Other { .. }) => {
                self.newest(key).map_err(|error| Forked::File { path: self.path.clone(), error })
            }
            Err(error) => Err(error),
        }
    }

    /// Forgets every head but this one, which was committed after a loss was declared.
    pub(super) fn begin_anew(&self, note: &str) {
        (0..PLACES).for_each(|_| self.keep(note));
    }

    /// Writes a head that was committed. That it cannot be written is told in the log and no more: the act is done.
    pub fn keep(&self, note: &str) {
        let mut bytes = vec![0; PLACE_BYTES];
        let Some(place) = bytes.get_mut(..note.len()) else { return };
        place.copy_from_slice(note.as_bytes());
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % PLACES;
        if let Err(error) = self.file.write_all_at(&bytes, turn * PLACE_BYTES as u64) {
            tracing::error!("{}: {error}; an older copy of the catalog would not be noticed", self.path.display());
        }
    }
}

fn read_at_most(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + read as u64) {
            Ok(0) => break,
            Ok(n) => read += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::checkpoint::Checkpoint;
    use crate::ledger::key::SignerKey;
    use crate::ledger::merkle::leaf_hash;

    fn key() -> SignerKey {
        SignerKey::from_seed("court.example/zhilu".parse().unwrap(), &[3; 32])
    }

    fn note(size: u64) -> String {
        let head = Checkpoint::new(key().name().clone(), size, leaf_hash(&size.to_be_bytes()));
        head.sign(&key()).unwrap().to_string()
    }

    fn newest(path: &Path) -> Option<u64> {
        let guard = HeadGuard::open(path).unwrap();
        guard.newest(key().verifier()).unwrap().map(|note| note.claimed_head().size)
    }

    #[test]
    fn the_newest_head_survives_a_cut_write() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.head");
        assert_eq!(newest(&path), None);
        let guard = HeadGuard::open(&path).unwrap();
        (1..=4).for_each(|size| guard.keep(&note(size)));
        assert_eq!(newest(&path), Some(4));
        // Of the fourth, in the second place, only the first bytes reached the disk.
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[PLACE_BYTES + 100..].fill(b'x');
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(newest(&path), Some(3));
        std::fs::write(&path, &bytes[..100]).unwrap();
        assert_eq!(newest(&path), None);
        // What another key signed says nothing about this ledger.
        std::fs::write(&path, note(9).replace("court.example", "other.example")).unwrap();
        assert_eq!(newest(&path), None);
    }
}
