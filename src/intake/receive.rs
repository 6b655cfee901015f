//! Receiving one file: copied and hashed in one pass, synced, probed, made ready for acceptance.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, PoisonError};

use super::board::Work;
use super::pipeline::Intake;
use super::reason::Reason;
use super::settle::Stat;
use super::source::{FolderHandle, Place, stat_of};
use crate::config::SourcePolicy;
use crate::custody::accept::Arrival;
use crate::media::name::{sidecar_kind, stem};
use crate::media::sidecar::{self, SidecarFacts};
use crate::media::worker::Prober;
use crate::model::digest::{Sha256Digest, Sm3Digest};
use crate::model::id::Id;
use crate::model::media::{Kind, MediaFacts};
use crate::model::time::Micros;
use crate::vault::{Adopted, Place as SourcePlace, StageError, StageOptions, Staged};

/// Largest sidecar that is read; a larger one is kept like any file and says nothing.
const MOST_SIDECAR_BYTES: u64 = 1 << 20;

/// A file whose bytes are in the vault's staging, hashed, not yet synced.
pub struct Received {
    /// The file.
    pub work: Work,
    staged: Staged,
    stat: Stat,
    adopted: bool,
}

/// A file that is ready to be published and accepted.
pub struct Finished {
    /// The file.
    pub work: Work,
    /// Its bytes, synced.
    pub staged: Staged,
    /// What is accepted.
    pub arrival: Arrival,
}

/// Why a file was not received.
pub enum Obstacle {
    /// It is not there any more.
    Gone,
    /// It changed since it settled, or while it was read.
    Changed(Stat),
    /// Something is in the way.
    Trouble(Reason),
    /// The process ends.
    Stopping,
}

/// Copies and hashes a file, or, where its policy is `move` and it is safe, makes the file itself the object.
///
/// # Errors
/// When it is gone, changed, or something is in the way; nothing of it is left in the vault then.
pub fn receive(intake: &Intake, work: &Work) -> Result<Received, Obstacle> {
    let folder = &intake.folders[work.place.folder];
    let handle = folder.handle().map_err(read_trouble)?;
    let file = handle.open_file(work.place.relative()).map_err(read_trouble)?;
    let before = stat_of(&file).map_err(read_trouble)?.ok_or(Obstacle::Trouble(Reason::NotRegular))?;
    if (before.size_bytes, before.mtime_ns) != (work.item.seen.stat.size_bytes, work.item.seen.stat.mtime_ns) {
        return Err(Obstacle::Changed(before));
    }
    if folder.config.source == SourcePolicy::Move
        && let Some(received) = adopt(intake, work, &handle, before)?
    {
        return Ok(received);
    }
    check_space(intake, &file)?;
    let staged = intake.setup.vault.stage(&file, &options(intake), &|read| count(intake, work, read));
    let staged = staged.map_err(|e| stage_trouble(intake, e, before))?;
    let after = stat_of(&file).map_err(read_trouble)?.ok_or(Obstacle::Trouble(Reason::NotRegular))?;
    let stat = unchanged(&file, &staged, before, after)?;
    Ok(Received { work: work.clone(), staged, stat, adopted: false })
}

fn options(intake: &Intake) -> StageOptions<'_> {
    StageOptions { sm3: intake.setup.sm3, stop: Some(intake.stop_flag()) }
}

/// Notes that `read` bytes of the file were read so far.
fn count(intake: &Intake, work: &Work, read: u64) {
    let before = work.item.progress.swap(read, Ordering::Relaxed);
    intake.board.totals.received_bytes.fetch_add(read.saturating_sub(before), Ordering::Relaxed);
}

/// The file did not change while it was read. A rename, a new link or a removal changes its change time only: then the bytes are
/// read once more and must hash alike.
fn unchanged(file: &File, staged: &Staged, before: Stat, after: Stat) -> Result<Stat, Obstacle> {
    let same = before.size_bytes == after.size_bytes && before.mtime_ns == after.mtime_ns;
    if !same || staged.size_bytes != after.size_bytes {
        return Err(Obstacle::Changed(after));
    }
    if before.ctime_ns != after.ctime_ns {
        let (again, _) = crate::vault::hash_file(file, false).map_err(read_trouble)?;
        if again != staged.sha256 {
            return Err(Obstacle::Changed(after));
        }
    }
    Ok(after)
}

fn adopt(intake: &Intake, work: &Work, handle: &FolderHandle, before: Stat) -> Result<Option<Received>, Obstacle> {
    let path = handle.path().join(work.place.relative());
    let dir = File::from(handle.open_dir(work.place.dir()).map_err(read_trouble)?);
    let place = SourcePlace { folder: &dir, name: OsStr::from_bytes(work.place.name()), path: &path };
    match intake.setup.vault.adopt(&place, &options(intake), &|read| count(intake, work, read)) {
        Ok(Adopted::Staged(staged)) if staged.size_bytes == before.size_bytes => {
            Ok(Some(Received { work: work.clone(), staged, stat: before, adopted: true }))
        }
        // Dropped, it goes back to its place, and is looked at again.
        Ok(Adopted::Staged(_)) => Err(Obstacle::Changed(before)),
        Ok(Adopted::NotPossible(why)) => {
            tracing::debug!(upload = %work.item.id, "copied, not moved: {why}");
            Ok(None)
        }
        Err(error) => Err(stage_trouble(intake, error, before)),
    }
}

/// Free space is checked first: a copy that cannot fit is not begun.
fn check_space(intake: &Intake, file: &File) -> Result<(), Obstacle> {
    let needed = file.metadata().map_or(0, |m| m.len().min(m.blocks().saturating_mul(512)));
    let needed_bytes = needed.saturating_add(intake.setup.reserve_bytes);
    let free_bytes =
        intake.setup.vault.free_bytes().map_err(|e| Obstacle::Trouble(Reason::VaultFailed { error: e.to_string() }))?;
    if needed_bytes > free_bytes {
        return Err(Obstacle::Trouble(Reason::NoSpace { free_bytes, needed_bytes }));
    }
    Ok(())
}

fn no_space(intake: &Intake, stat: Stat) -> Reason {
    Reason::NoSpace { free_bytes: intake.setup.vault.free_bytes().unwrap_or(0), needed_bytes: stat.size_bytes }
}

fn read_trouble(error: io::Error) -> Obstacle {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Obstacle::Gone,
        io::ErrorKind::PermissionDenied => Obstacle::Trouble(Reason::Unreadable { error: error.to_string() }),
        _ => Obstacle::Trouble(Reason::ReadFailed { error: error.to_string() }),
    }
}

fn stage_trouble(intake: &Intake, error: StageError, stat: Stat) -> Obstacle {
    match error {
        StageError::Stopped => Obstacle::Stopping,
        StageError::Source(e) => read_trouble(e),
        StageError::NoSpace { .. } => Obstacle::Trouble(no_space(intake, stat)),
        StageError::Growing { .. } => Obstacle::Changed(stat),
        other => Obstacle::Trouble(Reason::VaultFailed { error: other.to_string() }),
    }
}

/// Syncs and probes what was received, and puts together what is accepted.
///
/// # Errors
/// When the bytes cannot be made durable.
pub fn finish(intake: &Intake, received: Received) -> Result<Finished, Reason> {
    let Received { work, staged, stat, adopted } = received;
    staged.sync().map_err(|e| match e.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => no_space(intake, stat),
        _ => Reason::VaultFailed { error: e.to_string() },
    })?;
    let media = intake.probers.probe(&staged.file);
    let bytes = Bytes { sha256: staged.sha256, sm3: staged.sm3, file: &staged.file, stat, media };
    let arrival = arrival(intake, &work.place, work.item.id, work.item.arrived, adopted, bytes);
    Ok(Finished { work, staged, arrival })
}

/// What is known of a file's bytes.
struct Bytes<'a> {
    sha256: Sha256Digest,
    sm3: Option<Sm3Digest>,
    file: &'a File,
    stat: Stat,
    media: MediaFacts,
}

fn arrival(intake: &Intake, place: &Place, id: Id, arrived: Micros, adopted: bool, bytes: Bytes<'_>) -> Arrival {
    let folder = &intake.folders[place.folder].config;
    let name = place.name_text();
    let stat = bytes.stat;
    Arrival {
        id,
        sha256: bytes.sha256,
        sm3: bytes.sm3,
        folder: folder.path.as_os_str().as_bytes().to_vec(),
        dir: place.dir().to_vec(),
        name: place.name().to_vec(),
        pair_key: stem(&name).to_lowercase().into_bytes(),
        size_bytes: stat.size_bytes,
        mtime_ns: stat.mtime_ns,
        ctime_ns: stat.ctime_ns,
        inode: stat.inode,
        important: intake.setup.custody.patterns.read(&name).important,
        dock: folder.dock.clone(),
        court: if folder.court.is_empty() { intake.setup.court.clone() } else { folder.court.clone() },
        policy: folder.source.as_str(),
        adopted,
        arrived,
        sidecar: read_sidecar(&name, &bytes.media, bytes.file, stat.size_bytes),
        media: bytes.media,
    }
}

/// What is accepted of a source that became an object in a process that ended before the catalog knew; `None` when its folder is not
/// configured any more, or the object cannot be read or is not whole: the next start tries again.
pub fn arrival_of_object(intake: &Intake, sha256: Sha256Digest, origin: &Path) -> Option<Arrival> {
    let folders = intake.folders.iter().enumerate();
    let (folder, relative) =
        folders.filter_map(|(i, f)| Some((i, origin.strip_prefix(&f.config.path).ok()?))).next()?;
    let place = Place { folder, path: relative.as_os_str().as_bytes().into() };
    let file = intake.setup.vault.open_object(sha256).ok()?;
    let stat = stat_of(&file).ok()??;
    let (found, sm3) = crate::vault::hash_file(&file, intake.setup.sm3).ok()?;
    if found != sha256 {
        tracing::error!("object {sha256} was moved in, but its bytes hash to {found}; it is not accepted");
        return None;
    }
    let media = intake.probers.probe(&file);
    let arrived = intake.setup.custody.clock.now();
    let bytes = Bytes { sha256, sm3, file: &file, stat, media };
    Some(arrival(intake, &place, intake.setup.custody.ids.next(arrived), arrived, true, bytes))
}

/// What a sidecar says. Its name says which kind it is, its content must be text.
fn read_sidecar(name: &str, media: &MediaFacts, file: &File, size_bytes: u64) -> Option<SidecarFacts> {
    let kind = sidecar_kind(name).filter(|_| media.kind == Kind::Text && size_bytes <= MOST_SIDECAR_BYTES)?;
    let mut bytes = Vec::new();
    let mut from_start = OffsetReader { file, at: 0 };
    from_start.read_to_end(&mut bytes).ok()?;
    Some(sidecar::read(kind, &bytes))
}

/// Reads a file from its start without moving its position.
struct OffsetReader<'a> {
    file: &'a File,
    at: u64,
}

impl Read for OffsetReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = std::os::unix::fs::FileExt::read_at(self.file, buffer, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// A few probe children, each used by one thread at a time.
pub struct Probers {
    free: Mutex<Vec<Prober>>,
    returned: Condvar,
}

impl Probers {
    /// As many as cores, at most four; children start when they are needed.
    pub fn new(binary: PathBuf) -> Self {
        let count = std::thread::available_parallelism().map_or(2, usize::from).clamp(1, 4);
        Self { free: Mutex::new((0..count).map(|_| Prober::new(binary.clone())).collect()), returned: Condvar::new() }
    }

    /// Probes a file in a child process.
    pub fn probe(&self, file: &File) -> MediaFacts {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut prober = loop {
            if let Some(prober) = free.pop() {
                break prober;
            }
            free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner);
        };
        drop(free);
        let facts = prober.probe(file);
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(prober);
        self.returned.notify_one();
        facts
    }

    /// Ends the children that are idle.
    pub fn rest(&self) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).iter_mut().for_each(Prober::rest);
    }
}
