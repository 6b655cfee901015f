//! The process's own directory of temporary files, and the lock by which others know that it lives.
//!
//! Several processes may work on one vault (`zhilu ingest` beside `zhilu serve`). Each has `staging/<pid>-<random>/` with
//! a locked `.lock` in it; the kernel frees the lock when the process ends, however it ends. Whoever opens the vault
//! holds `staging/.lock` meanwhile, so that no directory is ever seen between its making and its locking.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::recovery::{self, Recovered};
use super::{VaultError, durable};
use crate::clock;
use crate::model::digest::to_hex;

/// The name of lock files.
pub(super) const LOCK: &str = ".lock";

/// Extension of a copy that is being made.
pub(super) const PART: &str = "part";

/// A directory of temporary files, ours while this value lives. Everything staged in it holds on to it.
#[derive(Debug)]
pub(super) struct Staging {
    dir: PathBuf,
    next: AtomicU64,
    _lock: File,
}

impl Staging {
    /// Makes a directory in `parent`.
    ///
    /// Order: lock `parent`; make the directory, lock it, sync `parent` (a source that is renamed into the directory must
    /// not vanish with it). A crash in between leaves a directory whose lock is free.
    pub(super) fn open(parent: &Path) -> Result<Arc<Self>, VaultError> {
        let at = |path: &Path| VaultError::at("prepare", path);
        let _gate = gate(parent)?;
        let random = clock::random_bytes::<4>().map_err(at(parent))?;
        let dir = parent.join(format!("{}-{}", std::process::id(), to_hex(&random)));
        durable::make_dir(&dir, 0o750).map_err(at(&dir))?;
        let lock = lock_file(&dir.join(LOCK)).map_err(at(&dir))?;
        lock.try_lock().map_err(io::Error::from).map_err(at(&dir))?;
        durable::sync_dir(parent).map_err(at(parent))?;
        Ok(Arc::new(Self { dir, next: AtomicU64::new(0), _lock: lock }))
    }

    /// Cleans up what ended processes left beside this directory, see [`recovery`].
    pub(super) fn recover(self: &Arc<Self>, objects: &Path) -> Result<Vec<Recovered>, VaultError> {
        let parent = super::durable::parent(&self.dir);
        let _gate = gate(parent)?;
        let mut recovered = Vec::new();
        for stale in stale_dirs(parent, &self.dir).map_err(VaultError::at("prepare", parent))? {
            recovery::clean(&stale, self, objects, &mut recovered);
        }
        Ok(recovered)
    }

    /// The directory.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A number for a temporary file that no other of this directory has.
    pub(super) fn next_number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // The lock is still held. With something left inside the directory stays, for the next start to clean.
        let _ = std::fs::remove_file(self.dir.join(LOCK));
        let _ = std::fs::remove_dir(&self.dir);
    }
}

/// Lets one process at a time make or clean directories in `parent`, for as long as the file is held.
fn gate(parent: &Path) -> Result<File, VaultError> {
    let gate = lock_file(&parent.join(LOCK)).map_err(VaultError::at("prepare", parent))?;
    gate.lock().map_err(VaultError::at("prepare", parent))?;
    Ok(gate)
}

fn lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// The directories in `parent` whose process has ended. A directory without a lock file had no time to get one, or its
/// process was on its way out.
fn stale_dirs(parent: &Path, own: &Path) -> io::Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for entry in std::fs::read_dir(parent)? {
        let entry = entry?;
        let dir = entry.path();
        if dir == own || !entry.file_type()?.is_dir() {
            continue;
        }
        let free = match File::open(dir.join(LOCK)) {
            Ok(lock) => is_free(&lock, &dir),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if free {
            stale.push(dir);
        }
    }
    Ok(stale)
}

/// How long a lock may outlive its process: a child that was just being started holds a copy until it runs its own program.
const LINGERS: Duration = Duration::from_secs(2);

/// Whether nobody holds the lock of `dir`. A living process's is never waited for.
fn is_free(lock: &File, dir: &Path) -> bool {
    let deadline = Instant::now() + LINGERS;
    loop {
        if lock.try_lock().is_ok() {
            return true;
        }
        if lives(dir) || Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether the process that a directory is named after is there, as far as this machine can tell.
fn lives(dir: &Path) -> bool {
    let name = dir.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let pid = name.split('-').next().and_then(|p| p.parse().ok()).and_then(Pid::from_raw);
    pid.is_none_or(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}
