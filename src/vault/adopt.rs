//! Taking a source without copying it: for the policy `move`, on the vault's own file system, when nobody can write it.
//!
//! | step | a crash after it leaves | the next opening |
//! |---|---|---|
//! | 1. journal `<n>.origin`: where the source is, its owner and permissions (synced) | the source in place, a journal | removes the journal |
//! | 2. rename the source to `<n>.adopted` | the source in staging | puts it back |
//! | 3. lease: nobody has it open for writing; one name only; it is the file that was looked at | same | same |
//! | 4. owner and permissions are made ours | same | same, and gives it its old ones |
//! | 5. hash | same | same |
//! | 6. [`Staged::sync`]: sync the bytes, add the digest to the journal (synced) | same | same |
//! | 7. [`LocalVault::publish`]: rename to the object, sync its directory | the object, a journal with its digest | [`Recovered::InVault`](super::Recovered::InVault) |
//! | 7'. the object exists: the source stays in staging | the source in staging | puts it back |
//! | 8. [`Adoption::finish`] after the catalog's commit (7': after Confirmed) | the object | nothing |
//!
//! After step 2 no path leads to the file for anyone else, and a lease cannot be had while any descriptor or shared
//! mapping could write it: what was granted in step 3 stays true. Readers do no harm.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use super::copy;
use super::digester::Digester;
use super::local::LocalVault;
use super::origin::{Origin, digest_line};
use super::stage::{OBJECT_MODE, StageError, StageOptions, Staged, Temp, TempKind};
use super::staging::Staging;
use super::{VaultError, durable};
use crate::model::digest::Sha256Digest;
use crate::sys::{self, Lease};

/// Extension of journals.
pub(super) const ORIGIN: &str = "origin";

/// Extension of sources that were moved into the staging directory.
pub(super) const ADOPTED: &str = "adopted";

/// Where a source is.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The folder it lies in, open.
    pub folder: &'a File,
    /// Its name there.
    pub name: &'a OsStr,
    /// Its absolute path, without symbolic links: for putting it back after a crash.
    pub path: &'a Path,
}

/// What came of trying to adopt a source.
#[derive(Debug)]
pub enum Adopted {
    /// It is staged.
    Staged(Staged),
    /// It is where it was; copy it instead.
    NotPossible(Obstacle),
}

/// Why a source must be copied instead of moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It lies on another file system than the vault.
    OtherFileSystem,
    /// Somebody has it open for writing.
    OpenForWriting,
    /// It has another name somewhere, through which it could be changed.
    HardLinked,
    /// It is another user's file, and we may not become its owner; its owner could change it.
    NotOurs,
    /// The file system gives no leases: whether somebody writes it cannot be known.
    NoLeases,
    /// It is no regular file, or no longer the one that was looked at.
    Replaced,
    /// The folder is not ours to move files out of.
    FolderReadOnly,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherFileSystem => "it lies on another file system than the vault",
            Self::OpenForWriting => "somebody has it open for writing",
            Self::HardLinked => "it has a second name (hard link)",
            Self::NotOurs => "it belongs to another user, who could still change it",
            Self::NoLeases => "the file system cannot tell whether somebody writes it",
            Self::Replaced => "it is no regular file or was replaced meanwhile",
            Self::FolderReadOnly => "files cannot be moved out of its folder",
        })
    }
}

/// An adopted source whose story is not finished; its journal is kept until it is. Dropping it changes nothing: the
/// next opening of the vault then puts the source back, or reports the object.
#[derive(Debug)]
pub struct Adoption {
    origin: Origin,
    number: u64,
    staging: Arc<Staging>,
}

impl Adoption {
    pub(super) fn new(origin: Origin, staging: &Arc<Staging>) -> Self {
        Self { origin, number: staging.next_number(), staging: Arc::clone(staging) }
    }

    /// The path that the source had.
    pub fn origin(&self) -> &Path {
        &self.origin.path
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.staging.dir().join(format!("{}.{ORIGIN}", self.number))
    }

    /// Where the source is until it is published.
    pub(super) fn kept(&self) -> PathBuf {
        self.staging.dir().join(format!("{}.{ADOPTED}", self.number))
    }

    pub(super) fn note_digest(&self, sha256: Sha256Digest) -> io::Result<()> {
        durable::append(&self.journal(), digest_line(sha256).as_bytes())
    }

    /// Says that the catalog knows the clip, durably: forgets the journal. For a duplicate of an existing object this
    /// also **deletes the source**: call it only when the object is Confirmed.
    ///
    /// # Errors
    /// When a file cannot be removed; the next opening of the vault then meets it again.
    pub fn finish(self) -> Result<(), VaultError> {
        for path in [self.kept(), self.journal()] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(VaultError::at("remove", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Moves a source that did not become an object back to its folder; returns where it is, see
    /// [`Recovered::PutBack`](super::Recovered::PutBack).
    ///
    /// # Errors
    /// When it is an object already or the folder is gone; the source then stays where it is.
    pub fn put_back(self) -> Result<PathBuf, VaultError> {
        let now_at = self.origin.put_back(&self.kept()).map_err(VaultError::at("put back", &self.origin.path))?;
        let _ = std::fs::remove_file(self.journal());
        Ok(now_at)
    }
}

impl LocalVault {
    /// Moves the source at `place` into the vault and hashes it, if nobody can change it any more.
    ///
    /// On every outcome but [`Adopted::Staged`] the source is where it was; only if its folder went away meanwhile does it
    /// wait in the vault for the next opening.
    ///
    /// # Errors
    /// See [`StageError`].
    pub fn adopt(
        &self,
        place: &Place<'_>,
        opts: &StageOptions<'_>,
        progress: &dyn Fn(u64),
    ) -> Result<Adopted, StageError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(place.folder, place.name, flags, Mode::empty());
        let file = File::from(file.map_err(|error| StageError::Source(error.into()))?);
        if let Some(obstacle) = self.obstacle(&file).map_err(StageError::Source)? {
            return Ok(Adopted::NotPossible(obstacle));
        }
        let temp = match self.take(place, &file)? {
            Ok(temp) => temp,
            Err(obstacle) => return Ok(Adopted::NotPossible(obstacle)),
        };
        // From here on dropping `temp` puts the source back.
        if let Some(obstacle) = self.own(&file, &temp).map_err(StageError::Source)? {
            return Ok(Adopted::NotPossible(obstacle));
        }
        // Bytes that its writer left in the cache go to the device while they are hashed.
        sys::start_writeback(&file, 0, 0);
        let mut digester = Digester::new(opts.sm3);
        let size_bytes =
            copy::hash(&file, &mut digester, &opts.watch(progress)).map_err(StageError::from_copy(self.root()))?;
        let after = file.metadata().map_err(StageError::Source)?;
        if after.len() != size_bytes || after.nlink() != 1 {
            return Ok(Adopted::NotPossible(Obstacle::Replaced));
        }
        let (sha256, sm3) = digester.finish();
        Ok(Adopted::Staged(Staged { sha256, sm3, size_bytes, file, temp, synced: AtomicBool::new(false) }))
    }

    /// What speaks against moving `file`, as far as can be seen before or after the move.
    fn obstacle(&self, file: &File) -> io::Result<Option<Obstacle>> {
        let (facts, vault) = (file.metadata()?, self.staging.dir().metadata()?);
        if !facts.is_file() {
            return Ok(Some(Obstacle::Replaced));
        }
        if facts.dev() != vault.dev() {
            return Ok(Some(Obstacle::OtherFileSystem));
        }
        if facts.nlink() != 1 {
            return Ok(Some(Obstacle::HardLinked));
        }
        Ok(match sys::read_lease(file)? {
            Lease::Free => None,
            Lease::Busy => Some(Obstacle::OpenForWriting),
            Lease::Unsupported => Some(Obstacle::NoLeases),
        })
    }

    /// Writes the journal and moves the source; the outer result is the vault's failure.
    fn take(&self, place: &Place<'_>, file: &File) -> Result<Result<Temp, Obstacle>, StageError> {
        let origin = Origin::of(file, place.path).map_err(StageError::Source)?;
        let adoption = Adoption::new(origin, &self.staging);
        let journal = format!("{}.{ORIGIN}", adoption.number);
        durable::write_new(self.staging.dir(), &journal, &adoption.origin.to_bytes())
            .map_err(StageError::vault(self.root()))?;
        let moved = durable::rename_new(place.folder, place.name, CWD, adoption.kept().as_os_str());
        let Err(error) = moved else { return Ok(Ok(Temp::new(TempKind::Adopted(adoption)))) };
        if adoption.kept().symlink_metadata().is_ok() {
            // Linked, but its old name could not be removed: the same as a second name.
            let _ = std::fs::remove_file(adoption.kept());
        }
        let _ = std::fs::remove_file(adoption.journal());
        match Errno::from_io_error(&error) {
            Some(Errno::XDEV) => Ok(Err(Obstacle::OtherFileSystem)),
            Some(Errno::ACCESS | Errno::PERM | Errno::ROFS) => Ok(Err(Obstacle::FolderReadOnly)),
            Some(Errno::NOENT) => Err(StageError::Source(error)),
            _ => Err(StageError::vault(self.root())(error)),
        }
    }

    /// Makes sure of the moved file and makes it ours.
    fn own(&self, file: &File, temp: &Temp) -> io::Result<Option<Obstacle>> {
        let Some(adoption) = temp.adoption() else { return Ok(Some(Obstacle::Replaced)) };
        let facts = file.metadata()?;
        let moved = rustix::fs::statat(CWD, adoption.kept(), AtFlags::SYMLINK_NOFOLLOW)?;
        if (moved.st_dev, moved.st_ino) != (facts.dev(), facts.ino()) {
            return Ok(Some(Obstacle::Replaced));
        }
        if let Some(obstacle) = self.obstacle(file)? {
            return Ok(Some(obstacle));
        }
        let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
        if facts.uid() != uid.as_raw() && rustix::fs::fchown(file, Some(uid), Some(gid)).is_err() {
            return Ok(Some(Obstacle::NotOurs));
        }
        match file.set_permissions(Permissions::from_mode(OBJECT_MODE)) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(Some(Obstacle::NotOurs)),
            other => other.map(|()| None),
        }
    }
}
