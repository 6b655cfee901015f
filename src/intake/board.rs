//! The board: every file that was seen and is not yet accepted, with its state, its progress and why it waits.
//!
//! It lives in memory only. The upload folders themselves are the backlog: a restart scans them again, and what the catalog
//! knows is left out. So that memory is bounded, at most [`MOST`] files stand on the board; what does not fit is found by the
//! scan that follows when half of them are gone.

use std::collections::{BinaryHeap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::reason::Reason;
use super::settle::{Seen, Stat};
use super::source::Place;
use crate::model::id::Id;
use crate::model::time::Micros;
use crate::model::upload::UploadState;

/// Most files on the board: what a hash table of 2^14 places holds before it doubles (seven eighths).
pub const MOST: usize = 14_336;
/// Most entries that are no evidence and are only reported.
const MOST_IGNORED: usize = 1_000;
/// How long a waiting file is not looked at, at most.
const LOOK_AGAIN: Duration = Duration::from_secs(20);
/// How long an accepted file is remembered, and how many are.
const RECENT: Duration = Duration::from_secs(60);
const MOST_RECENT: usize = 3_584;
/// How often those that are older are forgotten, at most.
const RECENT_PRUNE: Duration = Duration::from_secs(1);
/// Files up to this size go first: they cost little and free a dock's screen.
const SMALL_BYTES: u64 = 1 << 20;

/// A file on the board.
#[derive(Debug, Clone)]
pub struct Item {
    /// The id its upload will have.
    pub id: Id,
    /// What was seen of it.
    pub seen: Seen,
    /// Waiting, settled, receiving or received.
    pub state: UploadState,
    /// Why it waits.
    pub reason: Option<Reason>,
    /// When it was first seen.
    pub arrived: Micros,
    /// Its name carries the key mark.
    pub important: bool,
    /// Bytes copied so far.
    pub progress: Arc<AtomicU64>,
    /// Not to be looked at before this distance from the start.
    due: Duration,
    /// Failures in a row.
    failures: u32,
    /// Something happened to it while it was being received: look again afterwards.
    again: bool,
}

/// Something in an upload folder that is no evidence.
#[derive(Debug, Clone)]
pub struct Ignored {
    /// Its id, for the API.
    pub id: Id,
    /// Why.
    pub reason: Reason,
    /// When it was first seen.
    pub arrived: Micros,
    scan: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Turn {
    first: bool,
    mtime_ns: i64,
    place: Place,
}

impl Ord for Turn {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // The heap gives the greatest: marked and small files, then the oldest.
        let key = |t: &Self| (t.first, std::cmp::Reverse(t.mtime_ns));
        key(self).cmp(&key(other)).then_with(|| other.place.cmp(&self.place))
    }
}

impl PartialOrd for Turn {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// A file that was accepted a moment ago: should it change again, its writer opens and closes it piece by piece.
#[derive(Debug, Clone, Copy)]
struct Recent {
    inode: u64,
    at: Duration,
}

#[derive(Debug, Default)]
struct State {
    items: HashMap<Place, Item>,
    turns: BinaryHeap<Turn>,
    ignored: HashMap<Place, Ignored>,
    folders: HashMap<usize, String>,
    recent: HashMap<Place, Recent>,
    recent_pruned: Duration,
    overflowed: bool,
    stopping: bool,
}

/// Figures of all that was done since the start.
#[derive(Debug, Default)]
pub struct Totals {
    /// Files that were put on the board.
    pub seen_files: AtomicU64,
    /// Their bytes.
    pub seen_bytes: AtomicU64,
    /// Bytes copied and hashed.
    pub received_bytes: AtomicU64,
    /// Files accepted.
    pub accepted_files: AtomicU64,
    /// Of these, files whose bytes were known already.
    pub duplicate_files: AtomicU64,
    /// Uploads confirmed.
    pub confirmed_files: AtomicU64,
    /// Uploads released.
    pub released_files: AtomicU64,
}

/// The board.
#[derive(Debug)]
pub struct Board {
    state: Mutex<State>,
    changed: Condvar,
    start: Instant,
    idle: AtomicBool,
    /// Figures since the start.
    pub totals: Totals,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            start: Instant::now(),
            idle: AtomicBool::new(true),
            totals: Totals::default(),
        }
    }
}

/// Items and ignored entries of the board.
pub type Snapshot = (Vec<(Place, Item)>, Vec<(Place, Ignored)>);

/// What a worker takes from the board.
#[derive(Debug, Clone)]
pub struct Work {
    /// The file.
    pub place: Place,
    /// What stood on the board.
    pub item: Item,
}

impl Board {
    /// The distance from the start, by a clock that never steps.
    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the maps whole: every change below is one step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a look at a file; `make` gives id, arrival and mark of a file not on the board. Returns what is known of it now, or
    /// `None` when it is being received (it is looked at again afterwards), not due, or does not fit on the board.
    pub fn look(&self, place: &Place, stat: Stat, hint: Hint, make: impl FnOnce() -> NewItem) -> Option<Seen> {
        let now = self.now();
        let mut state = self.lock();
        if let Some(item) = state.items.get_mut(place) {
            if !matches!(item.state, UploadState::Waiting | UploadState::Settled) {
                item.again = true;
                return None;
            }
            item.seen.look(stat, now);
            item.seen.closed |= hint == Hint::Closed;
            return (item.state == UploadState::Waiting && (item.due <= now || hint == Hint::Closed))
                .then_some(item.seen);
        }
        if state.items.len() >= MOST {
            state.overflowed = true;
            return None;
        }
        let new = make();
        let mut seen = Seen::first(stat, now, new.temporary);
        seen.closed = hint == Hint::Closed;
        seen.piecemeal = state.recent.get(place).is_some_and(|r| r.inode == stat.inode && now - r.at < RECENT);
        let item = Item {
            id: new.id,
            seen,
            state: UploadState::Waiting,
            reason: None,
            arrived: new.arrived,
            important: new.important,
            progress: Arc::default(),
            due: now,
            failures: 0,
            again: false,
        };
        state.items.insert(place.clone(), item);
        self.idle.store(false, Ordering::Release);
        self.totals.seen_files.fetch_add(1, Ordering::Relaxed);
        self.totals.seen_bytes.fetch_add(stat.size_bytes, Ordering::Relaxed);
        Some(seen)
    }

    /// Nobody writes the file any more: it is ready for a worker.
    pub fn settled(&self, place: &Place) {
        let mut state = self.lock();
        let Some(item) = state.items.get_mut(place) else { return };
        if item.state != UploadState::Waiting {
            return;
        }
        item.state = UploadState::Settled;
        item.reason = None;
        let first = item.important || item.seen.stat.size_bytes <= SMALL_BYTES;
        let turn = Turn { first, mtime_ns: item.seen.stat.mtime_ns, place: place.clone() };
        state.turns.push(turn);
        drop(state);
        self.changed.notify_all();
    }

    /// The file waits for `after`; then, or when an event comes, it is looked at again.
    pub fn wait(&self, place: &Place, after: Duration, reason: Reason) {
        let now = self.now();
        let mut state = self.lock();
        if let Some(item) = state.items.get_mut(place) {
            item.state = UploadState::Waiting;
            item.reason = Some(reason);
            // An event may be missed, such as that the file is gone.
            item.due = now + after.min(LOOK_AGAIN);
        }
    }

    /// Something is in the way of the file: it is tried again later, less and less often up to once a minute.
    pub fn failed(&self, place: &Place, reason: Reason) {
        let now = self.now();
        let mut state = self.lock();
        if let Some(item) = state.items.get_mut(place) {
            item.failures = item.failures.saturating_add(1);
            item.due = now + Duration::from_secs(1 << item.failures.min(6)).min(Duration::from_secs(60));
            item.state = UploadState::Waiting;
            item.reason = Some(reason);
            item.progress.store(0, Ordering::Relaxed);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// The file changed while it was read: what was seen of it starts anew.
    pub fn start_over(&self, place: &Place, stat: Stat) {
        let now = self.now();
        let mut state = self.lock();
        if let Some(item) = state.items.get_mut(place) {
            item.seen = Seen { piecemeal: true, ..Seen::first(stat, now, item.seen.temporary) };
            item.state = UploadState::Waiting;
            item.reason = Some(Reason::ChangedWhileRead);
            item.due = now;
            item.progress.store(0, Ordering::Relaxed);
        }
    }

    /// Moves a file that is being worked on to another step; a reason says what holds it up.
    pub fn step(&self, place: &Place, to: UploadState, reason: Option<Reason>) {
        if let Some(item) = self.lock().items.get_mut(place) {
            item.state = to;
            item.reason = reason;
        }
    }

    /// Takes the file off the board: it is accepted. Says whether something happened to it meanwhile.
    pub fn accepted(&self, place: &Place, inode: u64) -> bool {
        let at = self.now();
        let mut state = self.lock();
        if state.recent.len() >= MOST_RECENT && at.saturating_sub(state.recent_pruned) >= RECENT_PRUNE {
            // Not at each file of a large backlog: it looks at all of them.
            state.recent.retain(|_, r| at.saturating_sub(r.at) < RECENT);
            state.recent_pruned = at;
        }
        if state.recent.len() < MOST_RECENT {
            state.recent.insert(place.clone(), Recent { inode, at });
        }
        drop(state);
        self.done(place)
    }

    /// Takes the file off the board: it is gone, or known. Says whether something happened to it meanwhile.
    pub fn done(&self, place: &Place) -> bool {
        let mut state = self.lock();
        let again = state.items.remove(place).is_some_and(|item| item.again);
        let empty = state.items.is_empty();
        drop(state);
        self.idle.store(empty, Ordering::Release);
        self.changed.notify_all();
        again
    }

    /// Takes a file off the board that turned out to be known, unless it is being worked on.
    pub fn done_if_waiting(&self, place: &Place) {
        let waiting = self.lock().items.get(place).is_some_and(|item| item.state == UploadState::Waiting);
        if waiting {
            self.done(place);
        }
    }

    /// Takes the next file to receive, waiting for one; `None` when the intake stops.
    pub fn take(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            if state.stopping {
                return None;
            }
            while let Some(turn) = state.turns.pop() {
                let Some(item) = state.items.get_mut(&turn.place) else { continue };
                if item.state != UploadState::Settled {
                    continue;
                }
                item.state = UploadState::Receiving;
                return Some(Work { item: item.clone(), place: turn.place });
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waiting files whose time has come, and the distance to the next one's.
    pub fn due(&self) -> (Vec<Place>, Option<Duration>) {
        let now = self.now();
        let state = self.lock();
        let mut due = Vec::new();
        let mut next: Option<Duration> = None;
        for (place, item) in state.items.iter().filter(|(_, item)| item.state == UploadState::Waiting) {
            if item.due <= now {
                due.push(place.clone());
            } else {
                next = Some(next.map_or(item.due, |n| n.min(item.due)));
            }
        }
        (due, next.map(|at| at.saturating_sub(now)))
    }

    /// Whether files were left off for want of room and there is room again.
    pub fn wants_scan(&self) -> bool {
        let state = self.lock();
        state.overflowed && state.items.len() < MOST / 2
    }

    /// A scan begins that meets what was left off.
    pub fn scan_begins(&self) {
        self.lock().overflowed = false;
    }

    /// Whether files were left off for want of room.
    pub fn overflowed(&self) -> bool {
        self.lock().overflowed
    }

    /// Whether no file stands on the board.
    pub fn is_idle(&self) -> bool {
        self.idle.load(Ordering::Acquire)
    }

    /// Whether a file stands on the board that is neither waiting for something nor done.
    pub fn is_working(&self) -> bool {
        self.lock().items.values().any(|item| item.state != UploadState::Waiting)
    }

    /// Reports something that is no evidence, seen in scan number `scan`.
    pub fn ignore(&self, place: &Place, reason: Reason, scan: u64, make: impl FnOnce() -> NewItem) {
        let mut state = self.lock();
        if let Some(entry) = state.ignored.get_mut(place) {
            entry.scan = scan;
            entry.reason = reason;
        } else if state.ignored.len() < MOST_IGNORED {
            let new = make();
            tracing::warn!(upload = %new.id, reason = reason.code(), "not taken: {}", reason.en());
            state.ignored.insert(place.clone(), Ignored { id: new.id, reason, arrived: new.arrived, scan });
        }
    }

    /// Forgets ignored entries that scan number `scan` did not meet again.
    pub fn scanned(&self, scan: u64) {
        self.lock().ignored.retain(|_, entry| entry.scan >= scan);
    }

    /// Notes that an upload folder cannot be watched, or (with `None`) that it can.
    pub fn folder_trouble(&self, folder: usize, trouble: Option<String>) {
        let mut state = self.lock();
        match trouble {
            Some(text) => state.folders.insert(folder, text),
            None => state.folders.remove(&folder),
        };
    }

    /// What is wrong with upload folders.
    pub fn folder_troubles(&self) -> Vec<(usize, String)> {
        self.lock().folders.iter().map(|(folder, text)| (*folder, text.clone())).collect()
    }

    /// Copies of the `most` newest items, and of all ignored entries; for the API.
    pub fn snapshot(&self, most: usize) -> Snapshot {
        let state = self.lock();
        let mut items: Vec<_> = state.items.iter().map(|(p, i)| (i.id, p)).collect();
        items.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
        let items = items.into_iter().take(most);
        let items = items.filter_map(|(_, p)| Some((p.clone(), state.items.get(p)?.clone()))).collect();
        (items, state.ignored.iter().map(|(p, i)| (p.clone(), i.clone())).collect())
    }

    /// Wakes every waiting worker so that it ends.
    pub fn stop(&self) {
        self.lock().stopping = true;
        self.changed.notify_all();
    }
}

/// What an event or a person says about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Nothing.
    None,
    /// It was closed after writing, renamed into place, or a person says that it is complete.
    Closed,
}

/// What the board needs to know of a file that is new to it.
#[derive(Debug, Clone, Copy)]
pub struct NewItem {
    /// The id its upload will have.
    pub id: Id,
    /// When it was seen.
    pub arrived: Micros,
    /// Its name carries the key mark.
    pub important: bool,
    /// Its name is a temporary one.
    pub temporary: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(size_bytes: u64, mtime_ns: i64) -> Stat {
        Stat { size_bytes, mtime_ns, ctime_ns: mtime_ns, inode: 1 }
    }

    fn put(board: &Board, name: &str, size: u64, mtime: i64, important: bool) -> Place {
        let place = Place::new(0, b"", name.as_bytes());
        let new = NewItem { id: Id(mtime), arrived: Micros(0), important, temporary: false };
        board.look(&place, stat(size, mtime), Hint::Closed, || new).unwrap();
        board.settled(&place);
        place
    }

    #[test]
    fn marked_and_small_files_go_first_then_the_oldest() {
        let board = Board::default();
        put(&board, "new", 1 << 30, 30, false);
        put(&board, "old", 1 << 30, 10, false);
        put(&board, "small", 9, 40, false);
        put(&board, "marked", 1 << 30, 35, true);
        let order: Vec<_> = (0..4).map(|_| board.take().unwrap().place.name_text()).collect();
        assert_eq!(order, ["marked", "small", "old", "new"]);
    }

    #[test]
    fn an_event_during_receiving_is_not_lost() {
        let board = Board::default();
        let place = put(&board, "a", 1, 1, false);
        board.take().unwrap();
        assert!(board.look(&place, stat(2, 2), Hint::Closed, || unreachable!()).is_none());
        assert!(board.done(&place));
        assert!(board.is_idle());
    }

    #[test]
    fn the_board_is_bounded_and_asks_for_a_scan_later() {
        let board = Board::default();
        let places: Vec<_> = (0..MOST).map(|i| put(&board, &i.to_string(), 1, 1, false)).collect();
        let one_more = Place::new(0, b"", b"x");
        assert!(board.look(&one_more, stat(1, 1), Hint::None, || unreachable!()).is_none());
        assert!(!board.wants_scan());
        for place in &places[..MOST / 2 + 1] {
            board.done(place);
        }
        assert!(board.wants_scan());
        board.scan_begins();
        assert!(!board.wants_scan());
    }
}
