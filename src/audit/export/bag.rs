//! The bag's directory: what is in it, its manifests, and how it gets its name.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest as _, Sha256};

use super::Failure;
use crate::catalog::exports;
use crate::custody::Custody;
use crate::model::digest::Sha256Digest;
use crate::model::export::{ExportState, FORMAT};
use crate::model::id::Id;
use crate::model::time::Micros;
use crate::vault::durable;

/// The manifest of the payload.
pub(super) const MANIFEST: &str = "manifest-sha256.txt";
/// The manifest of the tag files.
const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
/// Who made the bag, of what.
const INFO: &str = "bag-info.txt";
/// Permissions of the directories.
const DIR_MODE: u32 = 0o750;
/// Every directory of a bag.
const DIRS: [&str; 4] = ["data", "data/clips", "data/details", "log"];

/// A file of the bag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sealed {
    /// SHA-256 of its bytes.
    pub(super) sha256: Sha256Digest,
    /// Their number.
    pub(super) bytes: u64,
}

/// A bag that is being written. No other process writes it meanwhile.
#[derive(Debug)]
pub(super) struct Bag {
    /// Where it will be.
    target: PathBuf,
    /// Where it is written.
    partial: PathBuf,
    /// Held locked.
    lock: File,
    id: Id,
    /// The payload, in the manifest's order.
    payload: BTreeMap<String, Sealed>,
    /// Everything else.
    tags: BTreeMap<String, Sealed>,
}

impl Bag {
    /// The manifest of a bag that is at its place already, though its export is not noted as done; none: there is none.
    pub(super) async fn found_whole(custody: &Custody, id: Id, target: &Path) -> Result<Option<Sha256Digest>, Failure> {
        if target.symlink_metadata().is_err() {
            return Ok(None);
        }
        let mut reader = custody.db.read().await?;
        let export = exports::get(reader.conn(), id).await?;
        let recorded = export.filter(|export| export.state == ExportState::Recorded).and_then(|export| export.manifest);
        let Some(manifest) = recorded else { return Err(Failure::Taken(target.to_owned())) };
        let found = digest_of(&target.join(MANIFEST)).map_err(Failure::at(target))?;
        if found.sha256 == manifest { Ok(Some(manifest)) } else { Err(Failure::Changed(target.to_owned())) }
    }

    /// Begins a bag, or goes on with one of the same export.
    pub(super) fn open(target: &Path, id: Id) -> Result<Self, Failure> {
        let partial = partial(target);
        let failed = Failure::at(&partial);
        durable::make_dir(&partial, DIR_MODE).map_err(&failed)?;
        let lock = File::open(&partial).map_err(&failed)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| Failure::Busy(partial.clone()))?;
        let bag =
            Self { target: target.to_owned(), partial, lock, id, payload: BTreeMap::new(), tags: BTreeMap::new() };
        bag.claim()?;
        Ok(bag)
    }

    /// Makes sure that what is there is this export's.
    fn claim(&self) -> Result<(), Failure> {
        let failed = Failure::at(&self.partial);
        match owner(&self.partial).map_err(&failed)? {
            Some(of) if of == self.id.to_string() => {}
            Some(of) => return Err(Failure::Foreign { dir: self.partial.clone(), of: Some(of) }),
            None if std::fs::read_dir(&self.partial).map_err(&failed)?.next().is_some() => {
                return Err(Failure::Foreign { dir: self.partial.clone(), of: None });
            }
            None => {
                // Whole or not there, so that a power failure does not leave a directory that nobody owns.
                let claim = format!("External-Identifier: {}\n", self.id);
                let (temporary, name) = (OsStr::new(".claim"), OsStr::new(INFO));
                durable::write_beside(&self.lock, temporary, name, claim.as_bytes()).map_err(&failed)?;
            }
        }
        for dir in DIRS {
            durable::make_dir(&self.partial.join(dir), DIR_MODE).map_err(&failed)?;
        }
        Ok(())
    }

    /// Where a file of the bag is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.partial.join(name)
    }

    /// The directory that the bag is in, for its free space.
    pub(super) fn place(&self) -> &Path {
        &self.partial
    }

    /// Notes a file of the payload that is in its place.
    pub(super) fn note(&mut self, name: String, file: Sealed) {
        self.payload.insert(name, file);
    }

    /// The payload's names.
    pub(super) fn payload(&self) -> impl Iterator<Item = &str> {
        self.payload.keys().map(String::as_str)
    }

    /// Writes a file of the payload.
    pub(super) fn put(&mut self, name: String, bytes: &[u8]) -> Result<(), Failure> {
        let file = self.write(&name, bytes)?;
        self.payload.insert(name, file);
        Ok(())
    }

    /// Writes a file beside the payload.
    pub(super) fn put_tag(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let file = self.write(name, bytes)?;
        self.tags.insert(name.to_owned(), file);
        Ok(())
    }

    /// Writes the file that says whose the directory is. It is there at every instant: without it the next start would take the
    /// directory for somebody else's.
    fn replace_info(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path(INFO);
        let replaced = durable::write_replace(&path, bytes, 0o640).and_then(|()| digest_of(&path));
        self.tags.insert(INFO.to_owned(), replaced.map_err(Failure::at(&path))?);
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<Sealed, Failure> {
        let mut writer = self.create(name)?;
        writer.write_all(bytes).map_err(Failure::at(&self.path(name)))?;
        writer.seal().map_err(Failure::at(&self.path(name)))
    }

    /// Begins a file that is written piece by piece.
    pub(super) fn create(&self, name: &str) -> Result<Writer, Failure> {
        let path = self.path(name);
        Writer::new(&path).map_err(Failure::at(&path))
    }

    /// Writes the payload's manifest; gives its digest. What lies among the payload and was not noted is removed first: an earlier run
    /// left it.
    pub(super) fn write_manifest(&mut self) -> Result<Sha256Digest, Failure> {
        self.prune("data", &self.payload)?;
        let file = self.write_sums(MANIFEST, &self.payload)?;
        self.tags.insert(MANIFEST.to_owned(), file);
        Ok(file.sha256)
    }

    fn write_sums(&self, name: &str, files: &BTreeMap<String, Sealed>) -> Result<Sealed, Failure> {
        let failed = Failure::at(&self.path(name));
        let mut writer = self.create(name)?;
        for (name, file) in files {
            writeln!(writer, "{}  {name}", file.sha256).map_err(&failed)?;
        }
        writer.seal().map_err(failed)
    }

    /// Takes the payload from the manifest that the ledger commits to.
    pub(super) fn read_manifest(&mut self, manifest: Sha256Digest) -> Result<(), Failure> {
        let path = self.path(MANIFEST);
        let file = digest_of(&path).map_err(Failure::at(&path))?;
        if file.sha256 != manifest {
            return Err(Failure::Changed(self.partial.clone()));
        }
        let text = std::fs::read_to_string(&path).map_err(Failure::at(&path))?;
        for line in text.lines() {
            let parsed = line.split_once("  ").and_then(|(hex, name)| Some((hex.parse().ok()?, name)));
            let Some((sha256, name)) = parsed else { return Err(Failure::Changed(self.partial.clone())) };
            let bytes = self.path(name).metadata().map_err(Failure::at(&self.path(name)))?.len();
            self.payload.insert(name.to_owned(), Sealed { sha256, bytes });
        }
        self.tags.insert(MANIFEST.to_owned(), file);
        Ok(())
    }

    /// Removes files below `dir` that are none of `files`.
    fn prune(&self, dir: &str, files: &BTreeMap<String, Sealed>) -> Result<(), Failure> {
        let path = self.path(dir);
        for entry in std::fs::read_dir(&path).map_err(Failure::at(&path))? {
            let entry = entry.map_err(Failure::at(&path))?;
            let name = format!("{dir}/{}", entry.file_name().to_string_lossy());
            if entry.file_type().map_err(Failure::at(&path))?.is_dir() && DIRS.contains(&name.as_str()) {
                self.prune(&name, files)?;
            } else if !files.contains_key(&name) {
                std::fs::remove_file(entry.path()).map_err(Failure::at(&entry.path()))?;
            }
        }
        Ok(())
    }

    /// Writes everything to the device.
    pub(super) fn sync(&self) -> Result<(), Failure> {
        durable::sync_all_below(&self.partial).map_err(Failure::at(&self.partial))
    }

    /// Writes what is left and gives the bag its name.
    pub(super) fn finish(mut self, source: &str, baging: Micros, custody: &Custody) -> Result<(), Failure> {
        self.put_tag("bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")?;
        let bytes: u64 = self.payload.values().map(|file| file.bytes).sum();
        let (files, day) = (self.payload.len(), baging.to_civil(custody.utc_offset).date());
        let (id, agent) = (self.id, concat!("zhilu ", env!("CARGO_PKG_VERSION")));
        let source = source.replace(['\r', '\n'], " ");
        let info = format!(
            "Source-Organization: {source}\nExternal-Identifier: {id}\nBagging-Date: {day}\nBag-Software-Agent: {agent}\n\
             Payload-Oxum: {bytes}.{files}\nZhilu-Format: {FORMAT}\n"
        );
        self.replace_info(info.as_bytes())?;
        self.prune("log", &self.tags)?;
        self.write_sums(TAG_MANIFEST, &self.tags)?;
        self.sync()?;
        durable::rename_dir(&self.partial, &self.target).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Failure::Taken(self.target.clone()),
            _ => Failure::at(&self.target)(error),
        })
    }
}

/// Whose bag is being written in a directory; none: nobody's.
fn owner(partial: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(partial.join(INFO)) {
        Ok(text) => {
            let id = text.lines().find_map(|line| line.strip_prefix("External-Identifier: "));
            Ok(Some(id.unwrap_or_default().to_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where a bag is written before it has its name.
fn partial(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

/// Removes what was written of an export that is at its end without a bag: copies of evidence are not left about.
pub(super) fn discard(target: &Path, id: Id) -> io::Result<()> {
    let partial = partial(target);
    match owner(&partial)? {
        Some(of) if of == id.to_string() => std::fs::remove_dir_all(partial),
        _ => Ok(()),
    }
}

/// Refuses a place where something is or was begun.
///
/// # Errors
/// [`Failure::Taken`] or [`Failure::Foreign`].
pub fn demand_free(target: &Path) -> Result<(), Failure> {
    let partial = partial(target);
    if target.symlink_metadata().is_ok() {
        return Err(Failure::Taken(target.to_owned()));
    }
    if partial.symlink_metadata().is_ok() {
        let of = owner(&partial).map_err(Failure::at(&partial))?;
        return Err(Failure::Foreign { dir: partial, of });
    }
    Ok(())
}

fn digest_of(path: &Path) -> io::Result<Sealed> {
    let (mut file, mut hasher, mut bytes) = (File::open(path)?, Sha256::new(), 0);
    let mut block = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(Sealed { sha256: Sha256Digest(hasher.finalize().into()), bytes });
        }
        hasher.update(block.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}

/// A file that is hashed while it is written.
pub(super) struct Writer {
    file: BufWriter<File>,
    hasher: Sha256,
    bytes: u64,
}

impl Writer {
    fn new(path: &Path) -> io::Result<Self> {
        let file = BufWriter::new(durable::create_unsynced(path)?);
        Ok(Self { file, hasher: Sha256::new(), bytes: 0 })
    }

    /// Ends it.
    pub(super) fn seal(mut self) -> io::Result<Sealed> {
        self.file.flush()?;
        Ok(Sealed { sha256: Sha256Digest(self.hasher.finalize().into()), bytes: self.bytes })
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
