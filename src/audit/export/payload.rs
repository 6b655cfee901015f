//! The clips of a bag: copied and hashed in one pass, several at a time.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use super::bag::{Bag, Sealed};
use super::{Exporter, Failure, Progress, ROOM_PER_FILE};
use crate::catalog::engine::Conn;
use crate::catalog::exports::{self, Export, ExportClip};
use crate::catalog::fixity::{self, Target};
use crate::custody::fixity::{Look, record};
use crate::model::fixity::{FixityResult, FixitySource};
use crate::model::id::Id;
use crate::model::media::{Container, Kind, MediaFacts};
use crate::vault::{DeliverError, Delivered, Expected, LocalVault, ReadPath, StageOptions};

/// Rows read at a time.
const PAGE: u32 = 500;

/// Most files at a time that are chosen without being asked for: each takes 3 MiB.
const MOST_THREADS: usize = 8;

/// A clip to copy.
#[derive(Debug, Clone)]
struct Job {
    clip: Id,
    entry: u64,
    expected: Expected,
    name: String,
}

/// Copies every clip of an export into the bag.
pub(super) async fn copy(
    exporter: &Exporter,
    export: &Export,
    bag: &mut Bag,
    progress: &Progress,
) -> Result<(), Failure> {
    let mut reader = exporter.custody.db.read().await?;
    let jobs = jobs(reader.conn(), export).await?;
    drop(reader);
    check_room(&jobs, bag)?;
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // Two for each core: while one hashes, the other waits for the device to have what it wrote.
    let threads = if exporter.threads == 0 { (2 * cores()).min(MOST_THREADS) } else { exporter.threads };
    let path = |job: &Job| bag.path(&job.name);
    run(&exporter.vault, jobs.clone(), threads, path, progress)?;
    for Job { name, expected, .. } in jobs {
        bag.note(name, Sealed { sha256: expected.sha256, bytes: expected.size_bytes });
    }
    Ok(())
}

async fn jobs(mut conn: Conn<'_>, export: &Export) -> Result<VecDeque<Job>, Failure> {
    let (mut jobs, mut after) = (VecDeque::new(), Id(0));
    loop {
        let page = exports::clips_after(conn.reborrow(), export.id, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(jobs) };
        after = last.id;
        jobs.extend(page.into_iter().map(job));
    }
}

fn job(clip: ExportClip) -> Job {
    let ExportClip { id, sha256, sm3, size_bytes, entry_index, media, .. } = clip;
    let name = format!("data/clips/{entry_index}.{}", extension(&media));
    Job { clip: id, entry: entry_index, expected: Expected { sha256, sm3, size_bytes }, name }
}

/// The extension by what the bytes are, whatever the clip was called.
pub(super) fn extension(media: &MediaFacts) -> &'static str {
    match (media.container, media.kind) {
        (Some(Container::Isobmff), Kind::Audio) => "m4a",
        (Some(Container::Isobmff), _) => "mp4",
        (Some(Container::Avi), _) => "avi",
        (Some(Container::Mpegts), _) => "ts",
        (Some(Container::Jpeg), _) => "jpg",
        (Some(Container::Png), _) => "png",
        (Some(Container::Wav), _) => "wav",
        (Some(Container::Adts), _) => "aac",
        (Some(Container::Mp3), _) => "mp3",
        (Some(Container::Amr), _) => "amr",
        (None, Kind::Text) => "txt",
        (None, _) => "bin",
    }
}

/// Whether the device has room for what is not there yet.
fn check_room(jobs: &VecDeque<Job>, bag: &Bag) -> Result<(), Failure> {
    let dir = bag.place();
    let facts = rustix::fs::statvfs(dir).map_err(|error| Failure::at(dir)(error.into()))?;
    let free = facts.f_bavail.saturating_mul(facts.f_frsize);
    let missing = |job: &&Job| bag.path(&job.name).symlink_metadata().is_err();
    let clips: u64 = jobs.iter().filter(missing).map(|job| job.expected.size_bytes).sum();
    let needed = clips.saturating_add((jobs.len() as u64).saturating_mul(ROOM_PER_FILE));
    if needed <= free { Ok(()) } else { Err(Failure::Space { dir: dir.to_owned(), needed, free }) }
}

/// Works off the jobs; the first failure ends the others.
fn run(
    vault: &LocalVault,
    jobs: VecDeque<Job>,
    threads: usize,
    path: impl Fn(&Job) -> PathBuf + Sync,
    progress: &Progress,
) -> Result<(), Failure> {
    let threads = threads.min(jobs.len()).max(1);
    let (jobs, failed) = (Mutex::new(jobs), Mutex::new(None));
    let next = || {
        let is_over = failed.lock().unwrap_or_else(PoisonError::into_inner).is_some() || progress.is_stopping();
        let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if is_over { None } else { jobs.pop_front() }
    };
    let work = || {
        while let Some(job) = next() {
            if let Err(failure) = deliver(vault, &job, path(&job), progress) {
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // A thread that cannot be had is only slower: this one works too.
            let _ = std::thread::Builder::new().name("export".to_owned()).spawn_scoped(scope, work);
        }
        work();
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(failure) => Err(failure),
        None if progress.is_stopping() => Err(Failure::Stopped),
        None => Ok(()),
    }
}

fn deliver(vault: &LocalVault, job: &Job, to: PathBuf, progress: &Progress) -> Result<(), Failure> {
    let counted = Cell::new(0);
    let count = |read: u64| {
        progress.bytes.fetch_add(read.saturating_sub(counted.replace(read)), Ordering::Relaxed);
    };
    let opts = StageOptions { stop: Some(&progress.stop), ..StageOptions::default() };
    let found = |result, detail| Failure::Object { clip: job.clip, entry: job.entry, result, detail };
    match vault.deliver(&job.expected, &to, &opts, &count) {
        Ok(Delivered::Whole) => {
            count(job.expected.size_bytes);
            progress.files.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
        Ok(Delivered::Stopped) => Err(Failure::Stopped),
        Ok(Delivered::Differs { sha256, sm3, size_bytes }) => {
            let is_short = size_bytes < job.expected.size_bytes;
            let sm3 = sm3.map_or_else(String::new, |sm3| format!(", SM3 {sm3}"));
            let result = if is_short { FixityResult::Truncated } else { FixityResult::Altered };
            Err(found(result, format!("{size_bytes} bytes with SHA-256 {sha256}{sm3}")))
        }
        Err(DeliverError::Target(error)) => {
            Err(Failure::Path { path: to, error: io::Error::new(error.kind(), error.to_string()) })
        }
        Err(DeliverError::Object(error)) => match error.kind() {
            io::ErrorKind::NotFound if !vault.is_there(job.expected.sha256) => Err(Failure::Away(error.to_string())),
            io::ErrorKind::NotFound => Err(found(FixityResult::Missing, error.to_string())),
            _ => Err(found(FixityResult::Unreadable, error.to_string())),
        },
    }
}

/// Records what was found of a clip's object.
pub(super) async fn record_finding(
    exporter: &Exporter,
    clip: Id,
    result: FixityResult,
    detail: &str,
) -> Result<(), Failure> {
    let custody = &exporter.custody;
    let mut reader = custody.db.read().await?;
    let targets: Vec<Target> = fixity::targets_of(reader.conn(), &[clip]).await?;
    drop(reader);
    let began = custody.clock.now();
    let look =
        |target| Look { target, began, result, method: ReadPath::Cached.as_str(), detail: Some(detail.to_owned()) };
    let looks: Vec<Look> = targets.into_iter().map(look).collect();
    Ok(record(custody, FixitySource::Export, &looks).await?)
}
