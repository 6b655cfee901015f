//! The only place that creates files for keeps, renames, links and syncs.
//!
//! Each function says what a crash (kill -9, power loss) leaves between its calls. Two rules hold throughout: bytes are
//! synced before they get their name, and the directory is synced after. A name that is there is therefore a whole file.
//! Temporary names and their removal are the callers' business.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

/// Directories are synced by at most this many threads: a file system joins syncs that wait at the same time into one
/// write of its journal.
const DIR_SYNCERS: usize = 8;

/// Bytes compared at a time when an object exists already.
const COMPARE_BYTES: usize = 256 * 1024;

/// What `place` found at its destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// Nothing; the file has its name now.
    New,
    /// A file of the same bytes; the temporary file is left to the caller.
    Existing,
}

/// Why `place` did not give a file its name.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// A file with other bytes bears the name.
    #[error(
        "{} holds other bytes than {}, which has the same digest: the stored object is damaged or was altered; \
         check the disk and restore the object from a copy", .existing.display(), .offered.display()
    )]
    Different {
        /// The file that bears the name.
        existing: PathBuf,
        /// The file that should have got it.
        offered: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot give {} the name {}: {source}", .from.display(), .to.display())]
    Io {
        /// The temporary file.
        from: PathBuf,
        /// The name it should have got.
        to: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Creates `dir/name` with `bytes`, durable when it returns. Order: create (fails when the name is taken), write, fsync,
/// fsync of `dir`.
///
/// A crash before the last leaves nothing, an empty or a cut file: the reader must tell a cut one by its content. An
/// error leaves no file where it can be removed.
///
/// # Errors
/// What the operating system said, `AlreadyExists` among it.
pub fn write_new(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = dir.join(name);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o640).open(&path)?;
    let written = file.write_all(bytes).and_then(|()| sync_file(&file)).and_then(|()| sync_dir(dir));
    written.inspect_err(|_| {
        let _ = std::fs::remove_file(&path);
    })
}

/// Opens `path` to be written in place, or creates it empty. What is written is not synced: only for what may be lost by a power failure.
///
/// # Errors
/// What the operating system said.
pub fn open_in_place(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(mode).open(path)
}

/// Creates the file `name` of `bytes` in `dir`, durable when it returns, without replacing anything: the name is there only with all
/// bytes. Order: an unnamed file, write, fsync, link under `name`, fsync of `dir`. A crash leaves nothing, or the whole file.
///
/// Where the file system has no unnamed files, as network shares have not, the file is written under `temporary` and renamed: a crash
/// may leave that.
///
/// # Errors
/// `AlreadyExists` when the name is taken, and what else the operating system says.
pub fn write_beside(dir: impl AsFd, temporary: &OsStr, name: &OsStr, bytes: &[u8]) -> io::Result<()> {
    let dir = dir.as_fd();
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o644);
    match rustix::fs::openat(dir, c".", flags | OFlags::TMPFILE, mode) {
        Ok(unnamed) => {
            let mut file = File::from(unnamed);
            file.write_all(bytes)?;
            sync_file(&file)?;
            let from = format!("/proc/self/fd/{}", file.as_raw_fd());
            rustix::fs::linkat(CWD, from, dir, name, AtFlags::SYMLINK_FOLLOW)?;
        }
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT) => {
            let mut file = File::from(rustix::fs::openat(dir, temporary, flags | OFlags::CREATE | OFlags::EXCL, mode)?);
            let placed = file.write_all(bytes).and_then(|()| sync_file(&file));
            let placed = placed.and_then(|()| rename_new(dir, temporary, dir, name));
            placed.inspect_err(|_| {
                let _ = rustix::fs::unlinkat(dir, temporary, AtFlags::empty());
            })?;
        }
        Err(error) => return Err(error.into()),
    }
    // A descriptor of its own: one that was opened to look up names only cannot be synced.
    sync_file(&File::from(rustix::fs::openat(
        dir,
        c".",
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )?))
}

/// Makes `path` a file of `bytes` with exactly the permissions `mode`, durable when it returns, in place of what was
/// there. Order: write `path` + `.new` with its mode, fsync, rename over `path`, fsync of the directory.
///
/// A crash leaves the old file or the new one, whole, and perhaps the `.new` beside it, which the next call overwrites.
/// One caller at a time for each path.
///
/// # Errors
/// What the operating system said; the old file is still there unless the last sync failed.
pub fn write_replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut new_name = path.as_os_str().to_owned();
    new_name.push(".new");
    let new_path = PathBuf::from(new_name);
    // Removed and made again, so that a leftover's permissions never hold secret bytes.
    match std::fs::remove_file(&new_path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new_path)?;
    file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    sync_file(&file)?;
    rustix::fs::rename(&new_path, path)?;
    sync_dir(parent(path))
}

/// Appends `bytes` to `path`, which must exist, and syncs it. A crash leaves the old bytes and any beginning of the new.
///
/// # Errors
/// What the operating system said.
pub(super) fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(bytes)?;
    sync_file(&file)
}

/// Creates directory `path` with the permissions `mode` if it is missing; the caller syncs its parent.
///
/// # Errors
/// What the operating system said; also when `path` is something else than a directory.
pub fn make_dir(path: &Path, mode: u32) -> io::Result<()> {
    match std::fs::DirBuilder::new().mode(mode).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        other => other,
    }
}

/// Writes the bytes and the size of `file` to the device (fsync).
///
/// An error means that bytes may be lost even if a later call succeeds: give the file up and make it again.
///
/// # Errors
/// What the operating system said.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn sync_file(file: &File) -> io::Result<()> {
    file.sync_all()
}

/// Removes the file at `path`; its name is off the device when it returns. Order: unlink, fsync of the directory. A crash in between
/// leaves the file there or not; the caller removes it again. Whether there was one.
///
/// What was written on the device's blocks may stay until they are used again: that is the device's and its encryption's business.
///
/// # Errors
/// What the operating system said.
pub fn remove(path: &Path) -> io::Result<bool> {
    let there = match std::fs::remove_file(path) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error),
    };
    // Also when it was not there: a removal before may not have been synced.
    sync_dir(parent(path))?;
    Ok(there)
}

/// Writes the names in `dir` to the device.
///
/// # Errors
/// What the operating system said.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    sync_file(&File::open(dir)?)
}

/// Creates the empty file `path`, in place of what a run that was cut short left there. Nothing is synced: for many small files of a
/// directory that nobody relies on before [`sync_all_below`] and its rename.
///
/// # Errors
/// What the operating system said; something else than a file under the name is left alone.
pub fn create_unsynced(path: &Path) -> io::Result<File> {
    match path.symlink_metadata() {
        Ok(facts) if facts.is_file() => std::fs::remove_file(path)?,
        Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    OpenOptions::new().write(true).create_new(true).mode(0o640).open(path)
}

/// Writes everything in the file system of `dir` to the device: one wait for thousands of small files, where a sync of each would take
/// as many.
///
/// # Errors
/// What the operating system said, also of files of others.
pub fn sync_all_below(dir: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(dir)?)?)
}

/// Gives the directory `from` the name `to` beside it, never replacing; durable when it returns. What is in it was synced before.
///
/// A crash leaves one of both names.
///
/// # Errors
/// `AlreadyExists` when `to` is taken, and what else the operating system says.
pub fn rename_dir(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // No such rename here; what takes the name between look and rename is an empty directory at most.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            if to.symlink_metadata().is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            rustix::fs::rename(from, to)?;
        }
        done => done?,
    }
    sync_dir(parent(to))
}

/// Syncs each of `dirs`, several at the same time; returns those that failed.
pub(super) fn sync_dirs(dirs: &[PathBuf]) -> BTreeMap<PathBuf, io::Error> {
    let failed = Mutex::new(BTreeMap::new());
    let next = Mutex::new(dirs.iter());
    let work = || {
        loop {
            let dir = next.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(dir) = dir else { break };
            if let Err(error) = sync_dir(dir) {
                failed.lock().unwrap_or_else(PoisonError::into_inner).insert(dir.clone(), error);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..dirs.len().min(DIR_SYNCERS) {
            // A thread that cannot be had is only slower: this one works too.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Gives `file` at `from` the name `to` without replacing anything; `to`'s directory is synced when it returns.
///
/// `file` is open for reading and was synced. Order: rename, or comparison with what is there; on equal bytes removal of
/// `from`; fsync of the directory. A crash in between leaves one of both names, or both with equal bytes.
///
/// # Errors
/// See [`PlaceError`]; `from` is then still there.
pub fn publish(file: &File, from: &Path, to: &Path) -> Result<Placed, PlaceError> {
    let io = |source| PlaceError::Io { from: from.to_owned(), to: to.to_owned(), source };
    let placed = place(file, from, to)?;
    if placed == Placed::Existing {
        std::fs::remove_file(from).map_err(io)?;
    }
    sync_dir(parent(to)).map_err(io)?;
    Ok(placed)
}

/// [`publish`] without its removal and without its sync, which the caller does for a group of files.
///
/// # Errors
/// See [`PlaceError`].
pub(super) fn place(file: &File, from: &Path, to: &Path) -> Result<Placed, PlaceError> {
    let io = |source| PlaceError::Io { from: from.to_owned(), to: to.to_owned(), source };
    match rename_new(CWD, from.as_os_str(), CWD, to.as_os_str()) {
        Ok(()) => Ok(Placed::New),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match equal(file, to) {
            Ok(true) => Ok(Placed::Existing),
            Ok(false) => Err(PlaceError::Different { existing: to.to_owned(), offered: from.to_owned() }),
            Err(source) => Err(io(source)),
        },
        Err(source) => Err(io(source)),
    }
}

/// Renames `from` in `from_dir` to `to` in `to_dir`, never replacing. Nothing is synced.
///
/// Where the file system has no such rename, a hard link under the new name and removal of the old one: a crash in
/// between leaves both names for one file.
///
/// # Errors
/// `AlreadyExists` when `to` is taken, `CrossesDevices` when it lies elsewhere, and what else the system says.
pub(super) fn rename_new(from_dir: impl AsFd, from: &OsStr, to_dir: impl AsFd, to: &OsStr) -> io::Result<()> {
    let (from_dir, to_dir) = (from_dir.as_fd(), to_dir.as_fd());
    match rustix::fs::renameat_with(from_dir, from, to_dir, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            rustix::fs::linkat(from_dir, from, to_dir, to, AtFlags::empty())?;
            Ok(rustix::fs::unlinkat(from_dir, from, AtFlags::empty())?)
        }
        done => Ok(done?),
    }
}

/// Whether `file` and the file at `path` have the same bytes.
fn equal(file: &File, path: &Path) -> io::Result<bool> {
    let other = File::open(path)?;
    let len = file.metadata()?.len();
    if other.metadata()?.len() != len {
        return Ok(false);
    }
    let (mut ours, mut theirs) = (vec![0u8; COMPARE_BYTES], vec![0u8; COMPARE_BYTES]);
    let mut at = 0;
    while at < len {
        let want = usize::try_from(len - at).map_or(COMPARE_BYTES, |left| left.min(COMPARE_BYTES));
        let (Some(a), Some(b)) = (ours.get_mut(..want), theirs.get_mut(..want)) else { return Ok(false) };
        file.read_exact_at(a, at)?;
        other.read_exact_at(b, at)?;
        if a != b {
            return Ok(false);
        }
        at += want as u64;
    }
    Ok(true)
}

/// The directory that `path` lies in.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(dir: &Path, bytes: &[u8]) -> (File, PathBuf) {
        let path = dir.join("staged");
        std::fs::write(&path, bytes).unwrap();
        (File::open(&path).unwrap(), path)
    }

    #[test]
    fn a_new_object_gets_its_name_and_an_equal_one_is_recognized() {
        let dir = tempfile::tempdir().unwrap();
        let object = dir.path().join("object");
        let (file, from) = staged(dir.path(), b"bytes");
        assert_eq!(publish(&file, &from, &object).unwrap(), Placed::New);
        let (file, from) = staged(dir.path(), b"bytes");
        assert_eq!(publish(&file, &from, &object).unwrap(), Placed::Existing);
        assert!(!from.exists());
        assert_eq!(std::fs::read(&object).unwrap(), b"bytes");
    }

    #[test]
    fn a_different_object_is_an_error_that_names_both_and_changes_neither() {
        let dir = tempfile::tempdir().unwrap();
        let object = dir.path().join("object");
        for other in [&b"bytez"[..], b"byte", b"bytes and more", b""] {
            std::fs::write(&object, other).unwrap();
            let (file, from) = staged(dir.path(), b"bytes");
            let error = publish(&file, &from, &object).unwrap_err();
            assert!(matches!(error, PlaceError::Different { .. }), "{error}");
            assert!(error.to_string().contains("object") && error.to_string().contains("staged"));
            assert_eq!(std::fs::read(&object).unwrap(), other);
            assert_eq!(std::fs::read(&from).unwrap(), b"bytes");
        }
    }

    #[test]
    fn the_last_byte_of_a_long_file_counts() {
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = vec![7u8; COMPARE_BYTES * 2 + 5];
        let (file, from) = staged(dir.path(), &bytes);
        *bytes.last_mut().unwrap() = 8;
        let object = dir.path().join("object");
        std::fs::write(&object, &bytes).unwrap();
        assert!(matches!(place(&file, &from, &object), Err(PlaceError::Different { .. })));
    }

    #[test]
    fn replacing_sets_the_mode_and_survives_a_leftover() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(dir.path().join("key.new"), b"left by a crash").unwrap();
        write_replace(&path, b"one", 0o600).unwrap();
        write_replace(&path, b"two", 0o600).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
        assert!(!dir.path().join("key.new").exists());
    }

    #[test]
    fn a_new_file_is_never_a_replacement() {
        let dir = tempfile::tempdir().unwrap();
        write_new(dir.path(), "a", b"one").unwrap();
        assert_eq!(write_new(dir.path(), "a", b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), b"one");
    }

    #[test]
    fn a_file_beside_is_whole_and_replaces_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let at = File::open(dir.path()).unwrap();
        let write = |bytes: &[u8]| write_beside(&at, OsStr::new(".temporary"), OsStr::new("receipt"), bytes);
        write(b"one").unwrap();
        assert_eq!(write(b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(dir.path().join("receipt")).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        std::os::unix::fs::symlink("elsewhere", dir.path().join("link")).unwrap();
        let link = write_beside(&at, OsStr::new(".temporary"), OsStr::new("link"), b"x");
        assert_eq!(link.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn removing_twice_is_removing_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("object");
        std::fs::write(&path, b"bytes").unwrap();
        assert!(remove(&path).unwrap());
        assert!(!remove(&path).unwrap());
        assert!(remove(&dir.path().join("lost/object")).is_err());
    }

    #[test]
    fn directories_are_synced_together_and_failures_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let mut dirs: Vec<PathBuf> = (0..20).map(|i| dir.path().join(i.to_string())).collect();
        dirs.iter().for_each(|d| std::fs::create_dir(d).unwrap());
        assert!(sync_dirs(&dirs).is_empty());
        assert!(sync_dirs(&[]).is_empty());
        dirs.push(dir.path().join("missing"));
        assert_eq!(sync_dirs(&dirs).keys().collect::<Vec<_>>(), [&dir.path().join("missing")]);
    }
}
