//! Looks into upload folders: names relative to a folder's descriptor, nothing followed out of it, nothing changed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::settle::{Stat, Writer};
use crate::sys;

/// A file's place: which folder, and the path below it as bytes, since names need not be UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Index of the folder in the configuration.
    pub folder: usize,
    /// Path below the folder; never empty, never with `..`.
    pub path: Box<[u8]>,
}

impl Place {
    /// The place of `name` in the directory `dir` below the folder.
    pub fn new(folder: usize, dir: &[u8], name: &[u8]) -> Self {
        let mut path = Vec::with_capacity(dir.len() + 1 + name.len());
        if !dir.is_empty() {
            path.extend_from_slice(dir);
            path.push(b'/');
        }
        path.extend_from_slice(name);
        Self { folder, path: path.into_boxed_slice() }
    }

    fn slash(&self) -> Option<usize> {
        self.path.iter().rposition(|b| *b == b'/')
    }

    /// The directory below the folder; empty: the folder itself.
    pub fn dir(&self) -> &[u8] {
        self.slash().map_or(&[], |i| &self.path[..i])
    }

    /// The file's name.
    pub fn name(&self) -> &[u8] {
        self.slash().map_or(&self.path, |i| &self.path[i + 1..])
    }

    /// The file's name as text; bytes that are no UTF-8 become U+FFFD.
    pub fn name_text(&self) -> String {
        String::from_utf8_lossy(self.name()).into_owned()
    }

    /// The path below the folder.
    pub fn relative(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.path))
    }
}

/// What an entry of a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File(Stat),
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A device, FIFO or socket.
    Other,
}

/// An upload folder, opened. The descriptor stays valid when the path is replaced; see [`FolderHandle::is_current`].
#[derive(Debug)]
pub struct FolderHandle {
    fd: OwnedFd,
    path: PathBuf,
    identity: (u64, u64),
}

impl FolderHandle {
    /// Opens the folder at `path`.
    ///
    /// # Errors
    /// When it is not there, no directory, or may not be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty())?;
        let stat = rustix::fs::fstat(&fd)?;
        Ok(Self { fd, path: path.to_owned(), identity: (stat.st_dev, stat.st_ino) })
    }

    /// Whether the path still leads to this folder: it may have been deleted, unmounted or mounted over.
    pub fn is_current(&self) -> bool {
        rustix::fs::stat(&self.path).is_ok_and(|s| (s.st_dev, s.st_ino) == self.identity)
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn beneath(&self, relative: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        match rustix::fs::openat2(&self.fd, relative, flags, Mode::empty(), resolve) {
            Err(Errno::NOSYS) => self.walk_to(relative, flags),
            other => Ok(other?),
        }
    }

    /// `openat2` by hand, one component at a time, for kernels that lack it.
    fn walk_to(&self, relative: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let mut parts = relative.components().peekable();
        let mut at = rustix::io::fcntl_dupfd_cloexec(&self.fd, 0)?;
        while let Some(part) = parts.next() {
            let std::path::Component::Normal(name) = part else { return Err(Errno::XDEV.into()) };
            let dir = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            let flags = if parts.peek().is_some() { dir } else { flags };
            at = rustix::fs::openat(&at, name, flags, Mode::empty())?;
        }
        Ok(at)
    }

    /// Opens a file below the folder for reading, without following links and without touching its access time where
    /// that is allowed. A FIFO does not block; the caller checks that it is a regular file.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn open_file(&self, relative: &Path) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        Ok(without_atime(flags, |flags| self.beneath(relative, flags))?.into())
    }

    /// Opens a directory below the folder, without touching its access time where that is allowed: after every upload that would be a
    /// write to the device of an idle daemon.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn open_dir(&self, relative_dir: &[u8]) -> io::Result<OwnedFd> {
        without_atime(OFlags::RDONLY | OFlags::DIRECTORY, |flags| {
            if relative_dir.is_empty() {
                // A descriptor of its own: reading a directory moves its position.
                return Ok(rustix::fs::openat(&self.fd, c".", flags | OFlags::CLOEXEC, Mode::empty())?);
            }
            self.beneath(Path::new(OsStr::from_bytes(relative_dir)), flags)
        })
    }

    /// Looks at one entry below the folder, without following links.
    ///
    /// # Errors
    /// What the operating system says, such as that it is gone.
    pub fn look(&self, place: &Place) -> io::Result<EntryKind> {
        let dir = self.open_dir(place.dir())?;
        look_at(&dir, OsStr::from_bytes(place.name()))
    }
}

/// Looks at the entry `name` of the directory `dir`, without following links.
///
/// # Errors
/// What the operating system says, such as that it is gone.
pub fn look_at(dir: impl AsFd, name: &OsStr) -> io::Result<EntryKind> {
    let stat = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => EntryKind::File(from_raw(&stat)),
        FileType::Directory => EntryKind::Dir,
        FileType::Symlink => EntryKind::Symlink,
        _ => EntryKind::Other,
    })
}

/// Looks at an open file; `None` when it is no regular file.
///
/// # Errors
/// What the operating system says.
pub fn stat_of(file: &File) -> io::Result<Option<Stat>> {
    let stat = rustix::fs::fstat(file)?;
    let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    Ok(regular.then(|| from_raw(&stat)))
}

fn from_raw(stat: &rustix::fs::Stat) -> Stat {
    let ns = |s: i64, ns: u64| s.saturating_mul(1_000_000_000).saturating_add(i64::try_from(ns).unwrap_or(0));
    Stat {
        size_bytes: u64::try_from(stat.st_size).unwrap_or(0),
        mtime_ns: ns(stat.st_mtime, stat.st_mtime_nsec),
        ctime_ns: ns(stat.st_ctime, stat.st_ctime_nsec),
        inode: stat.st_ino,
    }
}

/// Whether somebody has the file open for writing, as far as the file system tells.
pub fn writer_of(file: &File) -> Writer {
    match sys::read_lease(file) {
        Ok(sys::Lease::Free) => Writer::Nobody,
        Ok(sys::Lease::Busy) => Writer::Somebody,
        Ok(sys::Lease::Unsupported) | Err(_) => Writer::Unknown,
    }
}

/// Opens with `O_NOATIME`, which only the owner and root may, or else without.
fn without_atime(flags: OFlags, open: impl Fn(OFlags) -> io::Result<OwnedFd>) -> io::Result<OwnedFd> {
    match open(flags | OFlags::NOATIME) {
        Err(e) if e.raw_os_error() == Some(Errno::PERM.raw_os_error()) => open(flags),
        other => other,
    }
}

/// The names in a directory, `.` and `..` left out.
///
/// # Errors
/// What the operating system says.
pub fn names_in(dir: &OwnedFd) -> io::Result<impl Iterator<Item = io::Result<(OsString, FileType)>>> {
    let entries = rustix::fs::Dir::read_from(dir)?;
    Ok(entries.filter_map(|entry| match entry {
        Ok(e) if matches!(e.file_name().to_bytes(), b"." | b"..") => None,
        Ok(e) => Some(Ok((OsString::from_vec(e.file_name().to_bytes().to_vec()), e.file_type()))),
        Err(e) => Some(Err(e.into())),
    }))
}
