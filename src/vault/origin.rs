//! Where an adopted source came from: the journal that is written before the source is moved, and the way back.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs::{File, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::durable;
use crate::model::digest::Sha256Digest;

/// First word of a journal; another format gets another.
const MAGIC: &str = "zhilu-origin-1";

/// Longest file name of Linux file systems, in bytes.
const NAME_BYTES: usize = 255;

/// Other names tried when the old one is taken.
const MOST_NAMES: u32 = 10_000;

/// A source as it was before it was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// Its absolute path.
    pub(super) path: PathBuf,
    /// Its permission bits.
    pub(super) mode: u32,
    /// Its owner.
    pub(super) uid: u32,
    /// Its group.
    pub(super) gid: u32,
    /// The digest of its bytes, once it was known.
    pub(super) sha256: Option<Sha256Digest>,
}

impl Origin {
    /// Of the open source `file` at `path`.
    pub(super) fn of(file: &File, path: &Path) -> io::Result<Self> {
        let facts = file.metadata()?;
        let mode = facts.mode() & 0o7777;
        Ok(Self { path: path.to_owned(), mode, uid: facts.uid(), gid: facts.gid(), sha256: None })
    }

    /// The journal's content: a line of magic word, mode (octal), owner, group and length of the path; the path's bytes
    /// and a newline. [`digest_line`] follows later.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let path = self.path.as_os_str().as_bytes();
        let mut head = String::new();
        let _ = writeln!(head, "{MAGIC} {:o} {} {} {}", self.mode, self.uid, self.gid, path.len());
        [head.as_bytes(), path, b"\n"].concat()
    }

    /// Reads a journal; `None` when it is cut or is none. A cut digest line counts as absent.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let newline = bytes.iter().position(|byte| *byte == b'\n')?;
        let (head, rest) = bytes.split_at_checked(newline)?;
        let mut words = std::str::from_utf8(head).ok()?.strip_prefix(MAGIC)?.strip_prefix(' ')?.split(' ');
        let mode = u32::from_str_radix(words.next()?, 8).ok()?;
        let uid = words.next()?.parse().ok()?;
        let gid = words.next()?.parse().ok()?;
        let length: usize = words.next()?.parse().ok()?;
        let (path, rest) = rest.get(1..)?.split_at_checked(length)?;
        let lines = std::str::from_utf8(rest.strip_prefix(b"\n")?).ok()?;
        let whole = lines.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let sha256 = whole.lines().rev().find_map(|line| line.strip_prefix("sha256 ")?.parse().ok());
        Some(Self { path: PathBuf::from(OsString::from_vec(path.to_vec())), mode, uid, gid, sha256 })
    }

    /// Moves the file at `kept` back to where it came from, with its old owner and permissions, durably; under a name
    /// with ` (recovered N)` beside it when another file has the old name by now. Returns where it is.
    ///
    /// Folders on the way that have become symbolic links are not followed.
    pub(super) fn put_back(&self, kept: &Path) -> io::Result<PathBuf> {
        let folder = durable::parent(&self.path);
        let name = self.path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let dir = open_folder(folder)?;
        let file = File::open(kept)?;
        // Only root may give a file away; the permissions matter more and must succeed.
        let _ = std::os::unix::fs::fchown(&file, Some(self.uid), Some(self.gid));
        file.set_permissions(Permissions::from_mode(self.mode))?;
        for number in 0..MOST_NAMES {
            let candidate = if number == 0 { name.to_owned() } else { numbered(name, number) };
            match durable::rename_new(CWD, kept.as_os_str(), &dir, &candidate) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if !is_same(&file, &dir, &candidate)? {
                        continue;
                    }
                    // A move by link and unlink was cut in the middle: it is there already.
                    std::fs::remove_file(kept)?;
                }
                other => other?,
            }
            durable::sync_file(&File::from(dir))?;
            return Ok(folder.join(candidate));
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

/// The line added to the journal when the digest is known and the file is about to become the object of that name.
pub(super) fn digest_line(sha256: Sha256Digest) -> String {
    format!("sha256 {sha256}\n")
}

fn open_folder(folder: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match rustix::fs::openat2(CWD, folder, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        Err(Errno::NOSYS) => Ok(rustix::fs::open(folder, flags | OFlags::NOFOLLOW, Mode::empty())?),
        other => Ok(other?),
    }
}

fn is_same(file: &File, dir: &OwnedFd, name: &OsStr) -> io::Result<bool> {
    let ours = rustix::fs::fstat(file)?;
    let theirs = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok((ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino))
}

/// `clip.mp4` → `clip (recovered 2).mp4`, cut so that a file system takes it.
fn numbered(name: &OsStr, number: u32) -> OsString {
    let name = name.as_bytes();
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(|at| *at > 0).unwrap_or(name.len());
    let (stem, extension) = name.split_at(dot);
    let addition = format!(" (recovered {number})");
    let extension = if extension.len() > NAME_BYTES / 2 { &[] } else { extension };
    let room = NAME_BYTES - addition.len() - extension.len();
    // Cut between characters when the name is UTF-8, else the new name would no longer be.
    let cut = String::from_utf8_lossy(stem).char_indices().map(|(at, _)| at).take_while(|at| *at <= room).last();
    let stem = if stem.len() <= room { stem } else { stem.get(..cut.unwrap_or(room).min(room)).unwrap_or(stem) };
    OsString::from_vec([stem, addition.as_bytes(), extension].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origin(path: &[u8]) -> Origin {
        let path = PathBuf::from(OsString::from_vec(path.to_vec()));
        Origin { path, mode: 0o664, uid: 1000, gid: 33, sha256: None }
    }

    proptest! {
        #[test]
        fn a_journal_says_what_was_written(path in prop::collection::vec(any::<u8>(), 0..300), known: bool) {
            let mut expected = origin(&path);
            let mut bytes = expected.to_bytes();
            if known {
                let digest = Sha256Digest([7; 32]);
                bytes.extend(digest_line(digest).into_bytes());
                expected.sha256 = Some(digest);
            }
            prop_assert_eq!(Origin::from_bytes(&bytes), Some(expected));
        }

        #[test]
        fn a_cut_journal_is_none_or_has_no_digest(cut in 0usize..120) {
            let whole = origin(b"/up/a\nb.mp4");
            let bytes = [whole.to_bytes(), digest_line(Sha256Digest([7; 32])).into_bytes()].concat();
            let head = whole.to_bytes().len();
            let read = Origin::from_bytes(&bytes[..cut.min(bytes.len() - 1)]);
            prop_assert_eq!(read, (cut >= head).then_some(whole));
        }

        #[test]
        fn numbered_names_fit(name in prop::collection::vec(1u8..=255, 1..=255), number in 1u32..10_000) {
            prop_assert!(numbered(OsStr::from_bytes(&name), number).len() <= NAME_BYTES);
        }
    }

    #[test]
    fn numbered_names_keep_extension_and_characters() {
        assert_eq!(numbered(OsStr::new("clip.mp4"), 2), "clip (recovered 2).mp4");
        assert_eq!(numbered(OsStr::new(".hidden"), 1), ".hidden (recovered 1)");
        let long = format!("{}.mp4", "执".repeat(83));
        let cut = numbered(OsStr::new(&long), 1).into_string().unwrap();
        assert!(cut.starts_with("执执") && cut.ends_with("执 (recovered 1).mp4"), "{cut}");
    }
}
