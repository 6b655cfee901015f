//! The files of a bag: which there are, and reading them so that a hostile bag can do no harm.
//!
//! No link is followed below the root, no device or pipe is opened for reading, and no more is read at once than the largest file of a
//! kind may have.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

use super::fault::{Fault, Faults, altered, unverifiable};
use super::name::{DIRECTORIES, Name};
use crate::ledger::merkle::Hash;
use crate::model::digest::to_hex;

/// Told how many bytes of how many were read.
pub type Progress<'a> = dyn Fn(u64, u64) + Sync + 'a;

/// A file that is there.
#[derive(Debug)]
pub(super) struct Found {
    /// Its size in bytes.
    pub(super) size: u64,
    /// The digest that a manifest lists for it.
    pub(super) listed: Option<Hash>,
}

/// The files of a bag.
pub(super) struct Inventory<'a> {
    root: PathBuf,
    /// By name, so that every run finds the same in the same order.
    pub(super) files: BTreeMap<Name, Found>,
    progress: &'a Progress<'a>,
    bytes: u64,
    read: AtomicU64,
}

impl<'a> Inventory<'a> {
    /// Looks which files there are.
    ///
    /// # Errors
    /// When there is no bag at all.
    pub(super) fn walk(root: &Path, progress: &'a Progress<'a>, faults: &mut Faults) -> Result<Self, Fault> {
        let no_bag = |why: &dyn std::fmt::Display| unverifiable("bag_unreadable", root.display(), why);
        std::fs::read_dir(root).map_err(|error| no_bag(&error))?;
        if !["bagit.txt", "log"].iter().any(|name| root.join(name).symlink_metadata().is_ok()) {
            return Err(no_bag(&"there is neither bagit.txt nor a log: this is no export bag"));
        }
        let (files, bytes, read) = (BTreeMap::new(), 0, AtomicU64::new(0));
        let mut inventory = Self { root: root.to_owned(), files, progress, bytes, read };
        let mut directories = vec![String::new()];
        while let Some(directory) = directories.pop() {
            if let Err(error) = inventory.list(&directory, &mut directories, faults) {
                faults.add(unverifiable("file_unreadable", format!("{directory}/"), error));
            }
        }
        let absent = Name::ALWAYS.into_iter().filter(|name| !inventory.files.contains_key(name));
        faults.extend(absent.map(|name| altered("file_missing", name, "every export has it")));
        inventory.bytes = inventory.files.values().map(|file| file.size).sum();
        Ok(inventory)
    }

    /// Takes in the files of one directory, and names the directories below it.
    fn list(&mut self, directory: &str, below: &mut Vec<String>, faults: &mut Faults) -> io::Result<()> {
        for entry in std::fs::read_dir(self.root.join(directory))? {
            let entry = entry?;
            let file_name = entry.file_name();
            let shown = file_name.to_string_lossy();
            let path = if directory.is_empty() { shown.into_owned() } else { format!("{directory}/{shown}") };
            // Neither this nor the size below follows a link.
            let kind = entry.file_type()?;
            if kind.is_dir() && DIRECTORIES.contains(&path.as_str()) {
                below.push(path);
            } else if kind.is_file()
                && let Some(name) = file_name.to_str().and_then(|_| Name::read(&path))
            {
                self.files.insert(name, Found { size: entry.metadata()?.len(), listed: None });
            } else {
                let what = match kind {
                    _ if kind.is_symlink() => "a symbolic link",
                    _ if kind.is_dir() => "a directory that no export has",
                    _ if kind.is_file() => "a file that no export has",
                    _ => "neither file nor directory",
                };
                faults.add(altered("file_foreign", path, what));
            }
        }
        Ok(())
    }

    /// Opens a file of the bag.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    pub(super) fn open(&self, name: &Name) -> Result<File, Fault> {
        if !self.files.contains_key(name) {
            return Err(altered("file_missing", name, "it is not in the bag"));
        }
        // Between the look and this, it could have been exchanged for a link or a pipe.
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(self.root.join(name.to_string()));
        let file = file.and_then(|file| if file.metadata()?.is_file() { Ok(file) } else { Err(no_file()) });
        file.map_err(|error| unreadable(name, &error))
    }

    /// The bytes of a small file. That they are not those that the manifest lists is a fault, and they are given all the same, so that
    /// everything else that is wrong with them is found too.
    pub(super) fn read(&self, name: &Name, faults: &mut Vec<Fault>) -> Option<Vec<u8>> {
        let most = name.most_bytes().unwrap_or(0);
        let mut bytes = Vec::new();
        let outcome = self.open(name).and_then(|file| {
            let read = file.take(most as u64 + 1).read_to_end(&mut bytes);
            read.map_err(|error| unreadable(name, &error))
        });
        if let Err(fault) = outcome {
            faults.push(fault);
            return None;
        }
        self.note(bytes.len() as u64);
        if bytes.len() > most {
            faults.push(altered("file_oversized", name, format!("the largest has {most} bytes")));
            return None;
        }
        faults.extend(self.compare(name, &Sha256::digest(&bytes).into()));
        Some(bytes)
    }

    /// The fault when the digest is not the one that the manifest lists. That none is listed was found before.
    pub(super) fn compare(&self, name: &Name, digest: &Hash) -> Option<Fault> {
        let listed = self.files.get(name)?.listed?;
        let detail = || format!("its SHA-256 is {}, the manifest says {}", to_hex(digest), to_hex(&listed));
        (listed != *digest).then(|| altered("file_altered", name, detail()))
    }

    /// Notes that so many more bytes were read.
    pub(super) fn note(&self, bytes: u64) {
        let before = self.read.fetch_add(bytes, Ordering::Relaxed);
        (self.progress)(before.saturating_add(bytes), self.bytes);
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

pub(super) fn unreadable(name: &Name, error: &io::Error) -> Fault {
    unverifiable("file_unreadable", name, error)
}

fn no_file() -> io::Error {
    io::Error::other("it is no file any more")
}
