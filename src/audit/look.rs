//! Looking at objects: on several threads, at a bounded rate, in constant memory.

use std::cell::Cell;
use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::catalog::fixity::Target;
use crate::clock::SharedClock;
use crate::custody::fixity::Look;
use crate::model::fixity::FixityResult;
use crate::vault::{Expected, LocalVault, ReadFrom, VaultError, Verdict};

/// Objects that wait for each thread, so that none waits for the catalog.
const WAITING: usize = 32;
/// Longest uninterrupted sleep.
const NAP: Duration = Duration::from_millis(50);

/// What threads that look have in common. Whoever holds it can end them and see how far they are.
#[derive(Debug)]
pub struct Effort {
    from: ReadFrom,
    pace: Option<Pace>,
    stop: AtomicBool,
    paused: AtomicBool,
    bytes: AtomicU64,
}

impl Effort {
    /// Reads from `from`, at most `rate_bytes` a second in all; 0: as fast as it goes.
    pub fn new(from: ReadFrom, rate_bytes: u64) -> Self {
        let pace = (rate_bytes > 0).then(|| Pace { rate_bytes, ahead: Mutex::new(Instant::now()) });
        let (stop, paused, bytes) = Default::default();
        Self { from, pace, stop, paused, bytes }
    }

    /// Ends the looks under way; nothing is known of their objects then.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Whether the looks are to end.
    pub fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Holds the looks under way where they are, or lets them go on.
    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::Release);
    }

    /// Bytes that were hashed so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Waits until the next `bytes` may be read.
    fn wait(&self, bytes: u64) -> ControlFlow<()> {
        while self.paused.load(Ordering::Acquire) && !self.is_stopping() {
            std::thread::sleep(NAP);
        }
        let until = self.pace.as_ref().map(|pace| pace.take(bytes));
        while !self.is_stopping() {
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(left) if left > Duration::ZERO => std::thread::sleep(left.min(NAP)),
                _ => return ControlFlow::Continue(()),
            }
        }
        ControlFlow::Break(())
    }
}

/// A rate that several threads keep together.
#[derive(Debug)]
struct Pace {
    rate_bytes: u64,
    /// When what was read so far should have been read by.
    ahead: Mutex<Instant>,
}

impl Pace {
    /// Notes that `bytes` were read; gives when the next may be.
    fn take(&self, bytes: u64) -> Instant {
        let now = Instant::now();
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        // Time in which nothing was read is not made up for.
        let cost = Duration::from_secs_f64(bytes as f64 / self.rate_bytes as f64);
        let start = (*ahead).max(now);
        *ahead = start + cost;
        start
    }
}

/// What became of a look.
#[derive(Debug)]
pub enum Seen {
    /// Something was found.
    Look(Look),
    /// It was ended before its time.
    Stopped,
    /// The vault is not there: nothing is known of any object.
    Away(String),
}

/// Threads that look at objects. They end when this is dropped, each after the object it is at.
#[derive(Debug)]
pub struct Lookers {
    work: SyncSender<Target>,
    seen: mpsc::UnboundedReceiver<Seen>,
    effort: Arc<Effort>,
    /// Objects given whose looks were not taken yet.
    under_way: usize,
    most: usize,
}

impl Lookers {
    /// Starts `threads` threads, at least one.
    ///
    /// # Errors
    /// When no thread can be made.
    pub fn start(
        vault: &Arc<LocalVault>,
        clock: &SharedClock,
        effort: &Arc<Effort>,
        threads: usize,
    ) -> io::Result<Self> {
        let threads = threads.max(1);
        let most = threads * (1 + WAITING);
        let (work, todo) = sync_channel(most);
        let (done, seen) = mpsc::unbounded_channel();
        let todo = Arc::new(Mutex::new(todo));
        for _ in 0..threads {
            let (vault, clock, effort) = (Arc::clone(vault), Arc::clone(clock), Arc::clone(effort));
            let (todo, done) = (Arc::clone(&todo), done.clone());
            let work = move || work_off(&todo, &done, |target| look(&vault, &clock, &effort, target));
            std::thread::Builder::new().name("look".to_owned()).spawn(work)?;
        }
        Ok(Self { work, seen, effort: Arc::clone(effort), under_way: 0, most })
    }

    /// Whether another object can be given.
    pub fn has_room(&self) -> bool {
        self.under_way < self.most
    }

    /// Gives an object to look at; there must be room.
    pub fn give(&mut self, target: Target) {
        // Threads end only when this is dropped, and the queue is as long as there is room.
        if self.work.try_send(target).is_ok() {
            self.under_way += 1;
        }
    }

    /// The next look that is done; none when none is under way.
    pub async fn next(&mut self) -> Option<Seen> {
        if self.under_way == 0 {
            return None;
        }
        self.under_way -= 1;
        // A thread that died took its look with it.
        Some(self.seen.recv().await.unwrap_or(Seen::Stopped))
    }

    /// What the threads have in common.
    pub fn effort(&self) -> &Arc<Effort> {
        &self.effort
    }
}

fn work_off(todo: &Mutex<Receiver<Target>>, done: &mpsc::UnboundedSender<Seen>, look: impl Fn(Target) -> Seen) {
    loop {
        let next = todo.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(target) = next else { return };
        if done.send(look(target)).is_err() {
            return;
        }
    }
}

/// Looks at one object.
fn look(vault: &LocalVault, clock: &SharedClock, effort: &Effort, target: Target) -> Seen {
    let began = clock.now();
    let expected = Expected { sha256: target.sha256, sm3: target.sm3, size_bytes: target.size_bytes };
    let counted = Cell::new(0);
    let count = |read: u64| {
        let new = read - counted.replace(read);
        effort.bytes.fetch_add(new, Ordering::Relaxed);
        effort.wait(new)
    };
    if effort.is_stopping() {
        return Seen::Stopped;
    }
    let (result, method, detail) = match vault.read_back_from(effort.from, &expected, &count) {
        Ok(read) => match read.verdict {
            Verdict::Equal => {
                count_rest(effort, target.size_bytes, counted.get());
                (FixityResult::Equal, read.path.as_str(), None)
            }
            Verdict::Stopped => return Seen::Stopped,
            Verdict::Differs { sha256, sm3, size_bytes } => {
                count_rest(effort, size_bytes, counted.get());
                let result =
                    if size_bytes < target.size_bytes { FixityResult::Truncated } else { FixityResult::Altered };
                let sm3 = sm3.map_or_else(String::new, |sm3| format!(", SM3 {sm3}"));
                (result, read.path.as_str(), Some(format!("{size_bytes} bytes with SHA-256 {sha256}{sm3}")))
            }
        },
        Err(error) => match why(vault, &target, &error) {
            Some(result) => (result, "none", Some(error.to_string())),
            None => return Seen::Away(error.to_string()),
        },
    };
    Seen::Look(Look { target, began, result, method, detail })
}

/// The last block is hashed after the throttle was asked: it is counted, and its time is waited out by whoever reads next.
fn count_rest(effort: &Effort, size_bytes: u64, counted: u64) {
    let rest = size_bytes.saturating_sub(counted);
    effort.bytes.fetch_add(rest, Ordering::Relaxed);
    if let Some(pace) = &effort.pace {
        pace.take(rest);
    }
}

/// What an object that could not be read is; none: the vault is not there.
fn why(vault: &LocalVault, target: &Target, error: &VaultError) -> Option<FixityResult> {
    match vault.object_path(target.sha256).symlink_metadata() {
        // Something else has its name: a link, a directory, a pipe.
        Ok(facts) if !facts.is_file() => Some(FixityResult::Altered),
        Err(_) if error.kind() == io::ErrorKind::NotFound => {
            vault.is_there(target.sha256).then_some(FixityResult::Missing)
        }
        _ => Some(FixityResult::Unreadable),
    }
}
