//! One full look at an upload folder: the truth that events only make quicker.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Mutex, PoisonError};

use rustix::fs::FileType;

use super::settle::Stat;
use super::source::{EntryKind, FolderHandle, look_at, names_in};
use crate::catalog::uploads::KnownFile;

/// Deepest directory that is entered, against file systems that hold themselves.
const DEEPEST: usize = 64;
/// Most fingerprints kept in memory; beyond it the cache starts anew from the catalog.
const MOST_CACHED: usize = 1 << 20;
/// Most names of a directory that are held at a time.
const NAMES: usize = 1_024;

/// Fingerprints of the known files of each directory: index of the folder, path below it.
type Directories = HashMap<(usize, Vec<u8>), HashSet<u64>>;

/// The files that the catalog knows, as fingerprints of name, size and both times, directory by directory.
///
/// The fingerprint is a hash keyed anew at each start, so nobody can make a file that is taken for a known one.
#[derive(Debug, Default)]
pub struct Known {
    hasher: RandomState,
    directories: Mutex<Directories>,
}

impl Known {
    fn fingerprint(&self, name: &[u8], size_bytes: i64, mtime_ns: i64, ctime_ns: i64) -> u64 {
        self.hasher.hash_one((name, size_bytes, mtime_ns, ctime_ns))
    }

    fn of_stat(&self, name: &[u8], stat: &Stat) -> u64 {
        self.fingerprint(name, stat.size_bytes.cast_signed(), stat.mtime_ns, stat.ctime_ns)
    }

    /// Whether the catalog knows these files; `load` gives what it knows of the directory, file by file. Only one thread asks.
    ///
    /// # Errors
    /// What `load` says.
    pub fn contains<E>(
        &self,
        folder: usize,
        dir: &[u8],
        files: &[(&[u8], Stat)],
        load: impl FnOnce(&mut dyn FnMut(&KnownFile)) -> Result<(), E>,
    ) -> Result<Vec<bool>, E> {
        let key = (folder, dir.to_vec());
        if !self.lock().contains_key(&key) {
            self.load(&key, load)?;
        }
        let directories = self.lock();
        let known = directories.get(&key);
        let is_known = |(name, stat): &(&[u8], Stat)| known.is_some_and(|k| k.contains(&self.of_stat(name, stat)));
        Ok(files.iter().map(is_known).collect())
    }

    fn load<E>(
        &self,
        key: &(usize, Vec<u8>),
        load: impl FnOnce(&mut dyn FnMut(&KnownFile)) -> Result<(), E>,
    ) -> Result<(), E> {
        // There from the start, so that what is accepted while it is loaded is not missed.
        self.lock().insert(key.clone(), HashSet::new());
        let mut loaded = HashSet::new();
        let result = load(&mut |r| {
            loaded.insert(self.fingerprint(&r.name, r.size_bytes, r.mtime_ns, r.ctime_ns));
        });
        let mut directories = self.lock();
        if let Err(error) = result {
            directories.remove(key);
            return Err(error);
        }
        let meanwhile = directories.remove(key).unwrap_or_default();
        if directories.values().map(HashSet::len).sum::<usize>() + loaded.len() > MOST_CACHED {
            directories.clear();
        }
        loaded.extend(meanwhile);
        directories.insert(key.clone(), loaded);
        Ok(())
    }

    /// Adds a file that was just accepted.
    pub fn insert(&self, folder: usize, dir: &[u8], name: &[u8], stat: &Stat) {
        // A directory that is not loaded yet is read from the catalog when it is needed.
        if let Some(known) = self.lock().get_mut(&(folder, dir.to_vec())) {
            known.insert(self.of_stat(name, stat));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Directories> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a scan meets, one directory at a time.
pub trait Visitor {
    /// Regular files of one directory, `dir` being its path below the folder; called several times for one with many.
    fn files(&mut self, dir: &[u8], files: &[(&[u8], Stat)]);
    /// Something that is neither file nor directory.
    fn other(&mut self, dir: &[u8], name: &[u8], kind: EntryKind);
    /// A directory or entry that cannot be looked at.
    fn trouble(&mut self, path: &[u8], error: &io::Error);
}

/// Walks everything below `dir` of the folder. Links are met, never followed.
pub fn walk(folder: &FolderHandle, dir: &[u8], visitor: &mut impl Visitor) {
    let mut pending = vec![(dir.to_vec(), 0_usize)];
    while let Some((dir, depth)) = pending.pop() {
        match read_dir(folder, &dir, visitor) {
            Ok(below) if depth < DEEPEST => pending.extend(below.into_iter().map(|d| (d, depth + 1))),
            Ok(below) => {
                let error = io::Error::other(format!("deeper than {DEEPEST} directories; not entered"));
                below.iter().for_each(|d| visitor.trouble(d, &error));
            }
            Err(error) => visitor.trouble(&dir, &error),
        }
    }
}

fn read_dir(folder: &FolderHandle, dir: &[u8], visitor: &mut impl Visitor) -> io::Result<Vec<Vec<u8>>> {
    let fd = folder.open_dir(dir)?;
    let mut below = Vec::new();
    let mut names = Vec::new();
    for entry in names_in(&fd)? {
        let (name, kind) = entry?;
        if kind == FileType::Directory {
            below.push(join(dir, name.as_bytes()));
        } else {
            names.push(name);
        }
        if names.len() == NAMES {
            look_at_names(&fd, dir, &names, &mut below, visitor);
            names.clear();
        }
    }
    look_at_names(&fd, dir, &names, &mut below, visitor);
    Ok(below)
}

fn look_at_names(fd: &OwnedFd, dir: &[u8], names: &[OsString], below: &mut Vec<Vec<u8>>, visitor: &mut impl Visitor) {
    let mut files = Vec::with_capacity(names.len());
    for name in names {
        match look_at(fd, name) {
            Ok(EntryKind::File(stat)) => files.push((name.as_bytes(), stat)),
            Ok(EntryKind::Dir) => below.push(join(dir, name.as_bytes())),
            Ok(kind) => visitor.other(dir, name.as_bytes(), kind),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => visitor.trouble(&join(dir, name.as_bytes()), &e),
        }
    }
    visitor.files(dir, &files);
}

fn join(dir: &[u8], name: &[u8]) -> Vec<u8> {
    if dir.is_empty() { name.to_vec() } else { [dir, b"/", name].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Met(Vec<String>);

    impl Visitor for Met {
        fn files(&mut self, dir: &[u8], files: &[(&[u8], Stat)]) {
            self.0.extend(files.iter().map(|(n, _)| String::from_utf8_lossy(&join(dir, n)).into_owned()));
        }

        fn other(&mut self, dir: &[u8], name: &[u8], kind: EntryKind) {
            self.0.push(format!("{kind:?} {}", String::from_utf8_lossy(&join(dir, name))));
        }

        fn trouble(&mut self, path: &[u8], error: &io::Error) {
            self.0.push(format!("{} {error}", String::from_utf8_lossy(path)));
        }
    }

    #[test]
    fn everything_is_met_and_nothing_followed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        std::fs::create_dir_all(root.join("a/x.mp4")).unwrap();
        std::fs::write(root.join("a/x.mp4/clip"), "1").unwrap();
        std::fs::write(root.join("top"), "1").unwrap();
        std::os::unix::fs::symlink("/etc", root.join("link")).unwrap();
        std::os::unix::fs::symlink(root, root.join("a/loop")).unwrap();
        let mut met = Met::default();
        walk(&FolderHandle::open(root).unwrap(), b"", &mut met);
        met.0.sort();
        assert_eq!(met.0, ["Symlink a/loop", "Symlink link", "a/x.mp4/clip", "top"]);
    }

    #[test]
    fn known_files_are_loaded_once_and_told_by_every_part() {
        let known = Known::default();
        let stat = Stat { size_bytes: 5, mtime_ns: 6, ctime_ns: 7, inode: 8 };
        let row = KnownFile { id: 1, name: b"a".to_vec(), size_bytes: 5, mtime_ns: 6, ctime_ns: 7 };
        let loads = std::cell::Cell::new(0);
        let load = |each: &mut dyn FnMut(&KnownFile)| {
            loads.set(loads.get() + 1);
            known.insert(0, b"d", b"meanwhile", &stat);
            each(&row);
            Ok::<(), ()>(())
        };
        let refused = known.contains(0, b"d", &[(b"a", stat)], |_| Err(()));
        assert!(refused.is_err(), "nothing is known of a directory that could not be loaded");
        let ask = |name: &'static [u8], stat: Stat| known.contains(0, b"d", &[(name, stat)], load).unwrap()[0];
        assert!(ask(b"a", stat));
        assert!(ask(b"meanwhile", stat));
        assert!(!ask(b"b", stat));
        assert!(!ask(b"a", Stat { size_bytes: 4, ..stat }));
        assert!(!ask(b"a", Stat { mtime_ns: 0, ..stat }));
        assert!(!ask(b"a", Stat { ctime_ns: 0, ..stat }));
        known.insert(0, b"d", b"b", &stat);
        assert!(ask(b"b", stat));
        assert_eq!(loads.get(), 1);
    }
}
