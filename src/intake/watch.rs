//! Looks at the upload folders: events make it quick, the periodic scan is the truth.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{io, iter};

use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::board::{Hint, NewItem};
use super::pipeline::{Intake, Mode, Target, recover};
use super::reason::Reason;
use super::receipts;
use super::scan::{Visitor, walk};
use super::settle::{Rules, Seen, Stat, Verdict, judge};
use super::source::{EntryKind, FolderHandle, Place, writer_of};
use crate::catalog::{CatalogError, uploads};
use crate::media::name::is_temporary;

/// Most events that wait; when more come, a scan is done instead.
const MOST_EVENTS: usize = 8_192;
/// A scan takes at most this part of the time, so that huge folders do not keep a core busy.
const SCAN_SHARE: u32 = 200;
/// How often a folder that cannot be watched by events is scanned.
const UNWATCHED_RESCAN: Duration = Duration::from_secs(5);

/// What wakes the thread that looks at the folders.
#[derive(Debug)]
enum Note {
    /// Something happened to this path; `true`: it is complete.
    Path(PathBuf, bool),
    /// Look at this file again.
    Again(Place),
    /// Nothing in particular.
    Wake,
}

/// Where events wait for the thread that looks at the folders.
#[derive(Debug)]
pub struct Mailbox {
    sender: SyncSender<Note>,
    receiver: Mutex<Option<Receiver<Note>>>,
    overflowed: AtomicBool,
}

impl Default for Mailbox {
    fn default() -> Self {
        let (sender, receiver) = sync_channel(MOST_EVENTS);
        Self { sender, receiver: Mutex::new(Some(receiver)), overflowed: AtomicBool::new(false) }
    }
}

impl Mailbox {
    fn put(&self, note: Note) {
        match self.sender.try_send(note) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(_)) => self.overflowed.store(true, Ordering::Release),
        }
    }

    /// Asks for a scan of everything.
    pub fn scan_all(&self) {
        self.overflowed.store(true, Ordering::Release);
        self.put(Note::Wake);
    }

    /// Asks for another look at a file.
    pub fn look_again(&self, place: Place) {
        self.put(Note::Again(place));
    }

    /// Wakes the thread, so that it sees that it is to end.
    pub fn wake(&self) {
        self.put(Note::Wake);
    }

    fn notice(&self, event: notify::Result<Event>) {
        let Ok(event) = event else { return self.scan_all() };
        if event.need_rescan() {
            return self.scan_all();
        }
        let complete = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
            EventKind::Modify(ModifyKind::Name(RenameMode::To)) => true,
            EventKind::Create(CreateKind::File | CreateKind::Folder | CreateKind::Any) => false,
            // What is gone under this name is taken off the board.
            EventKind::Modify(ModifyKind::Name(RenameMode::From)) | EventKind::Remove(_) => false,
            _ => return,
        };
        event.paths.into_iter().for_each(|path| self.put(Note::Path(path, complete)));
    }
}

/// The thread's own state.
struct Looker<'a> {
    intake: &'a Intake,
    mailbox: &'a Arc<Mailbox>,
    watchers: Vec<Option<(Arc<FolderHandle>, RecommendedWatcher)>>,
    scans: u64,
}

/// Runs until the intake stops. In [`Mode::Once`] scans the targets once, then looks again at what waits.
pub fn run(intake: &Intake, mailbox: &Arc<Mailbox>, mode: Mode) {
    let taken = mailbox.receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(notes) = taken else { return };
    take_up_moved(intake);
    let watchers = iter::repeat_with(|| None).take(intake.folders.len()).collect();
    let mut looker = Looker { intake, mailbox, watchers, scans: 0 };
    match mode {
        Mode::Watch => looker.watch(&notes),
        Mode::Once(targets) => looker.once(&notes, &targets),
    }
}

/// Accepts moved sources that were not accepted before.
fn take_up_moved(intake: &Intake) {
    if let Err(error) = recover(intake) {
        tracing::error!("moved sources wait in the vault, it is tried again: {error}");
    }
}

impl Looker<'_> {
    fn watch(&mut self, notes: &Receiver<Note>) {
        let mut next_scan = Instant::now();
        while !self.intake.is_stopping() {
            let overflowed = self.mailbox.overflowed.swap(false, Ordering::AcqRel);
            if overflowed || Instant::now() >= next_scan || self.intake.board.wants_scan() {
                let began = Instant::now();
                take_up_moved(self.intake);
                let all_watched = self.scan_folders();
                let every = if all_watched {
                    Duration::from_secs(u64::from(self.intake.setup.settings.rescan_s))
                } else {
                    UNWATCHED_RESCAN.min(Duration::from_secs(u64::from(self.intake.setup.settings.rescan_s)))
                };
                next_scan = Instant::now() + every.max(began.elapsed() * SCAN_SHARE);
            }
            self.look_at_due();
            self.wait(notes, next_scan.saturating_duration_since(Instant::now()));
        }
    }

    fn once(&mut self, notes: &Receiver<Note>, targets: &[Target]) {
        let mut scan = true;
        while !self.intake.is_stopping() {
            if std::mem::take(&mut scan) {
                self.scans += 1;
                // In this order: whoever sees no overflow any more sees that the scan is not done.
                self.intake.set_scanned(false);
                self.intake.board.scan_begins();
                targets.iter().for_each(|t| self.scan_target(t));
                self.intake.set_scanned(true);
                self.intake.ring();
            }
            self.look_at_due();
            self.wait(notes, Duration::from_millis(200));
            scan = self.intake.board.wants_scan();
        }
    }

    /// Handles notes until none is there, a file is due, or `most` has passed.
    fn wait(&mut self, notes: &Receiver<Note>, most: Duration) {
        let due = self.intake.board.due().1.map_or(most, |d| d.min(most)).max(Duration::from_millis(5));
        let mut note = match notes.recv_timeout(due) {
            Ok(note) => note,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
        };
        loop {
            match note {
                Note::Path(path, complete) => self.event(&path, complete),
                Note::Again(place) => self.consider(&place, Hint::None),
                Note::Wake => {}
            }
            match notes.try_recv() {
                Ok(next) if !self.intake.is_stopping() => note = next,
                _ => return,
            }
        }
    }

    fn look_at_due(&mut self) {
        for place in self.intake.board.due().0 {
            self.consider(&place, Hint::None);
        }
    }

    /// Scans every folder and sees to it that it is watched; says whether all are.
    fn scan_folders(&mut self) -> bool {
        self.scans += 1;
        self.intake.board.scan_begins();
        let mut all_watched = true;
        for folder in 0..self.intake.folders.len() {
            match self.intake.folders[folder].handle() {
                Ok(handle) => {
                    self.intake.board.folder_trouble(folder, None);
                    all_watched &= self.watch_folder(folder, &handle);
                    walk(&handle, b"", &mut Scan { looker: self, folder, hint: Hint::None });
                }
                Err(error) => {
                    all_watched = false;
                    self.watchers[folder] = None;
                    self.folder_missing(folder, &error);
                }
            }
        }
        self.intake.board.scanned(self.scans);
        self.intake.set_scanned(true);
        all_watched
    }

    fn scan_target(&mut self, target: &Target) {
        let handle = match self.intake.folders[target.folder].handle() {
            Ok(handle) => handle,
            Err(error) => return self.folder_missing(target.folder, &error),
        };
        match &target.only {
            Some(name) => self.consider(&Place::new(target.folder, &target.dir, name), Hint::Closed),
            None => walk(&handle, &target.dir, &mut Scan { looker: self, folder: target.folder, hint: Hint::Closed }),
        }
    }

    fn folder_missing(&self, folder: usize, error: &io::Error) {
        let path = self.intake.folders[folder].config.path.display();
        let known = self.intake.board.folder_troubles().iter().any(|(f, _)| *f == folder);
        if !known {
            tracing::error!("upload folder {path} is not available, it is looked for again: {error}");
        }
        self.intake.board.folder_trouble(folder, Some(error.to_string()));
    }

    /// Makes sure that events of the folder arrive; says whether they do. A folder that was replaced is watched anew.
    fn watch_folder(&mut self, folder: usize, handle: &Arc<FolderHandle>) -> bool {
        if self.watchers[folder].as_ref().is_some_and(|(watched, _)| Arc::ptr_eq(watched, handle)) {
            return true;
        }
        self.watchers[folder] = None;
        let mailbox = Arc::clone(self.mailbox);
        let started = notify::recommended_watcher(move |event| mailbox.notice(event)).and_then(|mut watcher| {
            watcher.watch(handle.path(), RecursiveMode::Recursive)?;
            Ok(watcher)
        });
        match started {
            Ok(watcher) => {
                self.watchers[folder] = Some((Arc::clone(handle), watcher));
                true
            }
            Err(error) => {
                tracing::warn!(
                    "no events from {}: {error}; it is scanned every few seconds instead; `zhilu doctor` tells more",
                    handle.path().display()
                );
                false
            }
        }
    }

    fn event(&mut self, path: &Path, complete: bool) {
        let folders = self.intake.folders.iter().enumerate();
        let found = folders.filter_map(|(i, f)| Some((i, path.strip_prefix(&f.config.path).ok()?))).next();
        let Some((folder, relative)) = found.filter(|(_, relative)| !relative.as_os_str().is_empty()) else { return };
        let place = Place { folder, path: relative.as_os_str().as_bytes().into() };
        self.consider(&place, if complete { Hint::Closed } else { Hint::None });
    }

    /// Looks at one path.
    fn consider(&mut self, place: &Place, hint: Hint) {
        let looked = self.intake.folders[place.folder].handle().and_then(|h| Ok((h.look(place)?, h)));
        match looked {
            Ok((EntryKind::File(stat), handle)) => self.file(&handle, place, stat, hint, None),
            Ok((EntryKind::Dir, handle)) => {
                // Files may have come into a new directory before it was watched.
                walk(&handle, &place.path, &mut Scan { looker: self, folder: place.folder, hint: Hint::None });
            }
            Ok((kind, _)) => self.no_file(place, kind),
            Err(e) if is_gone(&e) => {
                self.intake.board.done(place);
            }
            Err(e) => self.intake.board.failed(place, Reason::ReadFailed { error: e.to_string() }),
        }
    }

    fn no_file(&self, place: &Place, kind: EntryKind) {
        let reason = if kind == EntryKind::Symlink { Reason::Symlink } else { Reason::NotRegular };
        self.intake.board.ignore(place, reason, self.scans, || self.new_item(place));
    }

    fn new_item(&self, place: &Place) -> NewItem {
        let custody = &self.intake.setup.custody;
        let arrived = custody.clock.now();
        let name = place.name_text();
        NewItem {
            id: custody.ids.next(arrived),
            arrived,
            important: custody.patterns.read(&name).important,
            temporary: is_temporary(&name),
        }
    }

    fn is_ignored(&self, name: &[u8]) -> bool {
        let name = String::from_utf8_lossy(name).to_lowercase();
        self.intake.setup.settings.ignore.iter().any(|i| i.to_lowercase() == name)
    }

    /// A regular file: known, or put on the board and judged. `known`: the answer of the catalog, when it was asked already.
    fn file(&self, handle: &FolderHandle, place: &Place, stat: Stat, hint: Hint, known: Option<bool>) {
        if self.is_ignored(place.name()) {
            let reason = Reason::OnIgnoreList;
            return self.intake.board.ignore(place, reason, self.scans, || self.new_item(place));
        }
        let known = match known {
            Some(known) => Ok(known),
            None => self.ask(place.folder, place.dir(), &[(place.name(), stat)]).map(|k| k.contains(&true)),
        };
        let known =
            known.and_then(|known| if known { Ok(true) } else { receipts::is_own(self.intake, handle, place, &stat) });
        match known {
            Ok(true) => {
                self.intake.board.done_if_waiting(place);
            }
            Ok(false) => self.judge(handle, place, stat, hint),
            Err(error) => {
                // Not knowing is no reason to do it again: the file waits until the catalog answers.
                let seen = self.intake.board.look(place, stat, hint, || self.new_item(place));
                if seen.is_some() {
                    self.intake.board.failed(place, Reason::DatabaseAway { error: error.to_string() });
                }
            }
        }
    }

    fn ask(&self, folder: usize, dir: &[u8], files: &[(&[u8], Stat)]) -> Result<Vec<bool>, CatalogError> {
        let intake = self.intake;
        let path = intake.folders[folder].config.path.as_os_str().as_bytes();
        intake.known.contains(folder, dir, files, |each| {
            intake.runtime.block_on(async {
                let mut reader = intake.setup.custody.db.read().await?;
                uploads::known_in(reader.conn(), path, dir, each).await?;
                crate::catalog::receipts::known_in(reader.conn(), path, dir, each).await
            })
        })
    }

    fn judge(&self, handle: &FolderHandle, place: &Place, stat: Stat, hint: Hint) {
        let board = &self.intake.board;
        let Some(seen) = board.look(place, stat, hint, || self.new_item(place)) else { return };
        // Asked once more: it may have been accepted, and so left the board, after the first answer.
        if self.ask(place.folder, place.dir(), &[(place.name(), stat)]).is_ok_and(|k| k.contains(&true)) {
            return board.done_if_waiting(place);
        }
        let file = match handle.open_file(place.relative()) {
            Ok(file) => file,
            Err(e) if is_gone(&e) => {
                board.done(place);
                return;
            }
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                return board.failed(place, Reason::Unreadable { error: e.to_string() });
            }
            Err(e) => return board.failed(place, Reason::ReadFailed { error: e.to_string() }),
        };
        match self.verdict(place.folder, &seen, &file) {
            Verdict::Settled => board.settled(place),
            Verdict::Wait { after, reason } => board.wait(place, after, reason),
        }
    }

    fn verdict(&self, folder: usize, seen: &Seen, file: &std::fs::File) -> Verdict {
        let settings = &self.intake.setup.settings;
        let quiet_s = self.intake.folders[folder].config.quiet_s.unwrap_or(settings.quiet_s);
        let rules = Rules {
            quiet: Duration::from_secs(u64::from(quiet_s)),
            temporary: Duration::from_secs(u64::from(settings.temporary_s)),
        };
        let wall_ns = self.intake.setup.custody.clock.now().0.saturating_mul(1000);
        judge(seen, writer_of(file), self.intake.board.now(), wall_ns, rules)
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// One scan of one folder.
struct Scan<'a, 'b> {
    looker: &'a mut Looker<'b>,
    folder: usize,
    hint: Hint,
}

impl Visitor for Scan<'_, '_> {
    fn files(&mut self, dir: &[u8], files: &[(&[u8], Stat)]) {
        if files.is_empty() || self.looker.intake.is_stopping() {
            return;
        }
        let Ok(handle) = self.looker.intake.folders[self.folder].handle() else { return };
        match self.looker.ask(self.folder, dir, files) {
            Ok(known) => {
                for ((name, stat), _) in files.iter().zip(known).filter(|(_, known)| !known) {
                    let place = Place::new(self.folder, dir, name);
                    self.looker.file(&handle, &place, *stat, self.hint, Some(false));
                }
            }
            Err(error) => tracing::warn!("the catalog is not available, the folder is scanned again later: {error}"),
        }
    }

    fn other(&mut self, dir: &[u8], name: &[u8], kind: EntryKind) {
        self.looker.no_file(&Place::new(self.folder, dir, name), kind);
    }

    fn trouble(&mut self, path: &[u8], error: &io::Error) {
        // Names below the folder may hold those of people: the board shows them, the log does not.
        let folder = self.looker.intake.folders[self.folder].config.path.display();
        tracing::warn!("something in {folder} cannot be looked at, it is tried again: {error}");
        let place = Place { folder: self.folder, path: path.into() };
        let reason = Reason::Unreadable { error: error.to_string() };
        let looker = &self.looker;
        looker.intake.board.ignore(&place, reason, looker.scans, || looker.new_item(&place));
    }
}
