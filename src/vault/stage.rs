//! Taking a source's bytes into the vault: staged, synced, published.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;

use super::VaultError;
use super::adopt::Adoption;
use super::copy::{self, CopyError, Watch};
use super::digester::Digester;
use super::durable::{self, PlaceError, Placed};
use super::local::LocalVault;
use super::staging::{PART, Staging};
use crate::model::digest::{Sha256Digest, Sm3Digest};

/// Permissions of objects: nobody writes them, not even the daemon.
pub(super) const OBJECT_MODE: u32 = 0o440;

/// How a source is taken.
#[derive(Debug, Default, Clone, Copy)]
pub struct StageOptions<'a> {
    /// Compute SM3 beside SHA-256.
    pub sm3: bool,
    /// Ends the pass with [`StageError::Stopped`] at the next block when it becomes true.
    pub stop: Option<&'a AtomicBool>,
}

impl<'a> StageOptions<'a> {
    pub(super) fn watch(&self, progress: &'a dyn Fn(u64)) -> Watch<'a> {
        Watch { progress, stop: self.stop }
    }
}

/// Why a source was not taken. Nothing of it is left in the vault.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The vault's file system is full, or a quota is used up.
    #[error("the vault {} is full: free space or enlarge it ({source})", .vault.display())]
    NoSpace {
        /// The vault's directory.
        vault: PathBuf,
        /// `StorageFull` or `QuotaExceeded`.
        source: io::Error,
    },
    /// The source cannot be read.
    #[error("the source cannot be read: {0}")]
    Source(#[source] io::Error),
    /// The vault cannot be written.
    #[error("the vault {} cannot be written: {source}", .vault.display())]
    Vault {
        /// The vault's directory.
        vault: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The source grows as fast as it is read: somebody is still writing it.
    #[error("the source grew from {before} to more than {read} bytes while it was read: wait until it is whole")]
    Growing {
        /// Its size at the start, in bytes.
        before: u64,
        /// Bytes read so far.
        read: u64,
    },
    /// The caller asked to stop.
    #[error("stopped before the end of the source")]
    Stopped,
}

impl StageError {
    /// Sorts out what the operating system said when writing to the vault at `vault`.
    pub(super) fn vault(vault: &Path) -> impl Fn(io::Error) -> Self {
        move |source| {
            let vault = vault.to_owned();
            let full = [Errno::NOSPC, Errno::DQUOT].map(|errno| Some(errno.raw_os_error()));
            if full.contains(&source.raw_os_error()) {
                Self::NoSpace { vault, source }
            } else {
                Self::Vault { vault, source }
            }
        }
    }

    pub(super) fn from_copy(vault: &Path) -> impl Fn(CopyError) -> Self {
        move |error| match error {
            CopyError::Source(source) => Self::Source(source),
            CopyError::Target(source) => Self::vault(vault)(source),
            CopyError::Growing { before, read } => Self::Growing { before, read },
            CopyError::Stopped => Self::Stopped,
        }
    }
}

/// A source's bytes in the vault under a temporary name, not durable yet. Dropped before it is published, it undoes
/// itself: a copy is removed, an adopted source goes back.
#[derive(Debug)]
pub struct Staged {
    /// SHA-256 of the bytes.
    pub sha256: Sha256Digest,
    /// SM3 of the bytes, if asked for.
    pub sm3: Option<Sm3Digest>,
    /// Number of bytes.
    pub size_bytes: u64,
    /// The staged file, for probing: read and write for a copy, read-only for an adopted source. Do not write it.
    pub file: File,
    pub(super) temp: Temp,
    pub(super) synced: AtomicBool,
}

/// A temporary name, and what becomes of it when it is dropped.
#[derive(Debug)]
pub(super) struct Temp(Option<TempKind>);

/// What bears a temporary name.
#[derive(Debug)]
pub(super) enum TempKind {
    /// The copy of this number: removed on drop.
    Copied(u64, Arc<Staging>),
    /// A source moved into the staging directory: put back on drop.
    Adopted(Adoption),
}

impl Temp {
    pub(super) fn new(kind: TempKind) -> Self {
        Self(Some(kind))
    }

    /// Takes the name away; nothing happens to it on drop.
    pub(super) fn take(&mut self) -> Option<TempKind> {
        self.0.take()
    }

    pub(super) fn adoption(&self) -> Option<&Adoption> {
        match &self.0 {
            Some(TempKind::Adopted(adoption)) => Some(adoption),
            _ => None,
        }
    }

    fn path(&self) -> PathBuf {
        match &self.0 {
            Some(TempKind::Copied(number, staging)) => part_path(staging, *number),
            Some(TempKind::Adopted(adoption)) => adoption.kept(),
            None => PathBuf::new(),
        }
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        // What fails here is cleaned by the next opening of the vault.
        match self.take() {
            Some(TempKind::Copied(number, staging)) => drop(std::fs::remove_file(part_path(&staging, number))),
            Some(TempKind::Adopted(adoption)) => drop(adoption.put_back()),
            None => {}
        }
    }
}

impl Staged {
    /// Writes the bytes to the device. It waits for the device: call it on another thread than those that hash.
    ///
    /// # Errors
    /// What the operating system said. Drop the value then and stage the source again: after a failed sync the bytes
    /// may be gone although a second sync succeeds.
    pub fn sync(&self) -> io::Result<()> {
        durable::sync_file(&self.file)?;
        if let Some(adoption) = self.temp.adoption() {
            adoption.note_digest(self.sha256)?;
        }
        self.synced.store(true, Ordering::Release);
        Ok(())
    }
}

/// An object that is in the vault, whole and durable.
#[derive(Debug)]
pub struct Published {
    /// Its digest.
    pub sha256: Sha256Digest,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Whether it was there before, compared byte by byte.
    pub existing: bool,
    /// For an adopted source, what is left to do; see [`Adoption`].
    pub adoption: Option<Adoption>,
}

/// Why a staged file did not become an object, or not surely.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It could not be synced; it was dropped. Stage the source again.
    #[error("cannot write {sha256} to the device: {source}")]
    Sync {
        /// The digest of the staged bytes.
        sha256: Sha256Digest,
        /// What the operating system said.
        source: io::Error,
    },
    /// It did not get its name; it was dropped.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// It has its name, but the directory could not be synced. Staging and publishing the same source again finds it and
    /// repeats the sync. An adopted source is in the vault and has no other place: [`LocalVault::sync_object`], then accept it.
    #[error("{} is in the vault but may not survive a power loss, its directory cannot be synced: {source}", .object.display())]
    Directory {
        /// The object.
        object: PathBuf,
        /// For an adopted source, what is left to do.
        adoption: Option<Box<Adoption>>,
        /// What the operating system said.
        source: io::Error,
    },
}

impl LocalVault {
    /// Copies and hashes `source` from beginning to end in one pass, whatever its file offset. Constant memory (at most
    /// 3.1 MiB); a source of more than 1 MiB takes a second thread meanwhile. `progress` is told the bytes read so far.
    ///
    /// While a sparse source is read, its descriptor bypasses the page cache (`O_DIRECT`).
    /// That the source did not change meanwhile (size, times, inode) is for the caller to compare.
    ///
    /// # Errors
    /// See [`StageError`].
    pub fn stage(&self, source: &File, opts: &StageOptions<'_>, progress: &dyn Fn(u64)) -> Result<Staged, StageError> {
        let number = self.staging.next_number();
        let path = part_path(&self.staging, number);
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path);
        let file = file.map_err(StageError::vault(self.root()))?;
        let temp = Temp::new(TempKind::Copied(number, Arc::clone(&self.staging)));
        let mut digester = Digester::new(opts.sm3);
        let size_bytes = copy::copy(source, &file, &mut digester, &opts.watch(progress))
            .map_err(StageError::from_copy(self.root()))?;
        file.set_permissions(Permissions::from_mode(OBJECT_MODE)).map_err(StageError::vault(self.root()))?;
        let (sha256, sm3) = digester.finish();
        Ok(Staged { sha256, sm3, size_bytes, file, temp, synced: AtomicBool::new(false) })
    }

    /// Gives staged files their names as objects; results are in the order of `group`. What succeeded is durable.
    ///
    /// Order: sync what was not synced; rename each; sync each touched directory once, several at a time. A crash
    /// leaves whole objects or none. Groups of many small files cost far less than one by one.
    pub fn publish(&self, group: Vec<Staged>) -> Vec<Result<Published, PublishError>> {
        let placed: Vec<_> = group.into_iter().map(|staged| self.place(staged)).collect();
        let touched: BTreeSet<PathBuf> = placed.iter().flatten().map(|p| self.object_dir(p.sha256)).collect();
        let failed = durable::sync_dirs(&Vec::from_iter(touched));
        let sure = |published: Published| match failed.get(&self.object_dir(published.sha256)) {
            None => Ok(published),
            Some(error) => Err(PublishError::Directory {
                object: self.object_path(published.sha256),
                adoption: published.adoption.map(Box::new),
                source: error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error),
            }),
        };
        placed.into_iter().map(|placed| placed.and_then(sure)).collect()
    }

    /// Makes the name of an object durable; its bytes were synced before it got it.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn sync_object(&self, sha256: Sha256Digest) -> Result<(), VaultError> {
        let dir = self.object_dir(sha256);
        durable::sync_dir(&dir).map_err(VaultError::at("sync", &dir))
    }

    fn object_dir(&self, sha256: Sha256Digest) -> PathBuf {
        durable::parent(&self.object_path(sha256)).to_owned()
    }

    fn place(&self, mut staged: Staged) -> Result<Published, PublishError> {
        let (sha256, size_bytes) = (staged.sha256, staged.size_bytes);
        if !staged.synced.load(Ordering::Acquire) {
            staged.sync().map_err(|source| PublishError::Sync { sha256, source })?;
        }
        let from = staged.temp.path();
        let existing = durable::place(&staged.file, &from, &self.object_path(sha256))? == Placed::Existing;
        let adoption = match staged.temp.take() {
            Some(TempKind::Adopted(adoption)) => Some(adoption),
            _ if existing => {
                let _ = std::fs::remove_file(from);
                None
            }
            _ => None,
        };
        Ok(Published { sha256, size_bytes, existing, adoption })
    }
}

fn part_path(staging: &Staging, number: u64) -> PathBuf {
    staging.dir().join(format!("{number}.{PART}"))
}
