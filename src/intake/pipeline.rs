//! The stages in a row: consider → receive → sync and probe → publish and accept → confirm → release.
//!
//! Threads: one looks at the folders, as many as cores copy and hash, a larger pool waits for the disk and the probe, one commits
//! groups, one confirms. Channels between them are bounded, so a backlog waits in the folders and not in memory.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;

use super::board::{Board, Work};
use super::reason::Reason;
use super::receive::{Finished, Probers, Received};
use super::scan::Known;
use super::source::FolderHandle;
use super::{confirm, receive, watch};
use crate::config::{Folder, Intake as Settings};
use crate::custody::accept::{Accepted, Arrival, accept};
use crate::custody::{Custody, CustodyError};
use crate::model::digest::Sha256Digest;
use crate::model::upload::UploadState;
use crate::vault::{Adoption, Expected, LocalVault, PublishError, Recovered, Verdict};

/// Threads that wait for fsync and the probe. Waiting ones share the file system's commits.
const SYNCERS: usize = 16;
/// Files between hashing and the commit.
const IN_FLIGHT: usize = 64;
/// Most uploads in one transaction.
const GROUP: usize = 128;
/// How long probe children stay when there is nothing to do.
const PROBE_REST: Duration = Duration::from_secs(10);

/// An upload folder, and its descriptor while it is there.
#[derive(Debug)]
pub struct FolderState {
    /// Its configuration.
    pub config: Folder,
    handle: Mutex<Option<Arc<FolderHandle>>>,
}

impl FolderState {
    /// A folder that is not opened yet.
    pub fn new(config: Folder) -> Self {
        Self { config, handle: Mutex::new(None) }
    }

    /// The folder's descriptor; opened again when the path leads elsewhere now.
    ///
    /// # Errors
    /// When the folder is not there or may not be read.
    pub fn handle(&self) -> std::io::Result<Arc<FolderHandle>> {
        let mut slot = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = slot.as_ref().filter(|h| h.is_current()) {
            return Ok(Arc::clone(handle));
        }
        *slot = None;
        let handle = Arc::new(FolderHandle::open(&self.config.path)?);
        *slot = Some(Arc::clone(&handle));
        Ok(handle)
    }
}

/// What is to be taken, when it is done once and not watched.
#[derive(Debug, Clone)]
pub struct Target {
    /// Index of the folder.
    pub folder: usize,
    /// The directory below it to take everything from.
    pub dir: Vec<u8>,
    /// Only this file of the directory.
    pub only: Option<Vec<u8>>,
}

/// Watch for ever, or take what is there once.
#[derive(Debug, Clone)]
pub enum Mode {
    /// Watch the folders.
    Watch,
    /// Take what is there now; files are taken as complete unless somebody has them open for writing.
    Once(Vec<Target>),
}

/// What the intake is started with.
pub struct Setup {
    /// Acts on evidence.
    pub custody: Custody,
    /// The vault.
    pub vault: Arc<LocalVault>,
    /// How files are taken.
    pub settings: Settings,
    /// The upload folders.
    pub folders: Vec<Folder>,
    /// The court's code, for folders that name no other.
    pub court: String,
    /// Compute SM3 too.
    pub sm3: bool,
    /// Free space to leave, in bytes.
    pub reserve_bytes: u64,
    /// The binary that probes in a child process.
    pub probe_binary: PathBuf,
    /// Moved sources that were not accepted: of processes which ended, and what the catalog refused.
    pub recovered: Mutex<Vec<Recovered>>,
}

/// The intake, shared by its threads.
pub struct Intake {
    /// What it was started with.
    pub setup: Setup,
    /// The folders.
    pub folders: Vec<FolderState>,
    /// What stands between folder and catalog.
    pub board: Board,
    /// What the catalog knows of the folders.
    pub known: Known,
    /// Probe children.
    pub probers: Probers,
    /// Runs the catalog's futures.
    pub runtime: Handle,
    scanned: AtomicBool,
    reviewed: AtomicBool,
    stop: AtomicBool,
    confirm_bell: (Mutex<bool>, Condvar),
}

impl Intake {
    /// Whether the threads are to end.
    pub fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// The flag that ends long copies.
    pub fn stop_flag(&self) -> &AtomicBool {
        &self.stop
    }

    /// Whether the folders were looked at: at least once, or, where they are taken once, as often as it needs.
    pub fn has_scanned(&self) -> bool {
        self.scanned.load(Ordering::Acquire)
    }

    /// Notes that the folders were looked at, or (with `false`) that they are going to be.
    pub fn set_scanned(&self, scanned: bool) {
        self.scanned.store(scanned, Ordering::Release);
    }

    /// Whether every upload that earlier processes left open was tried once.
    pub fn has_reviewed(&self) -> bool {
        self.reviewed.load(Ordering::Acquire)
    }

    /// Notes that every open upload was tried once.
    pub fn set_reviewed(&self) {
        self.reviewed.store(true, Ordering::Release);
    }

    /// Rings when something was accepted, for the thread that confirms.
    pub fn ring(&self) {
        *self.confirm_bell.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.confirm_bell.1.notify_all();
    }

    /// Waits until it rings, for `most` at the longest.
    pub fn wait_for_ring(&self, most: Duration) {
        let rung = self.confirm_bell.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.confirm_bell.1.wait_timeout_while(rung, most, |rung| !*rung && !self.is_stopping());
        let (mut rung, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *rung = false;
    }

    /// Cores, or as many as the configuration says.
    pub fn workers(&self) -> usize {
        match self.setup.settings.workers {
            0 => std::thread::available_parallelism().map_or(2, usize::from),
            n => n,
        }
    }
}

/// The running intake. Dropped, it goes on; end it with [`IntakeHandle::stop`].
pub struct IntakeHandle {
    /// What its threads share.
    pub intake: Arc<Intake>,
    threads: Vec<JoinHandle<()>>,
    watcher: Arc<watch::Mailbox>,
}

impl IntakeHandle {
    /// Starts the threads. They drain on [`IntakeHandle::stop`]: what is being copied is dropped and found again at the next start,
    /// what is in the vault is still accepted.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(setup: Setup, mode: Mode) -> std::io::Result<Self> {
        let folders = setup.folders.iter().cloned().map(FolderState::new).collect();
        let probers = Probers::new(setup.probe_binary.clone());
        let intake = Arc::new(Intake {
            setup,
            folders,
            board: Board::default(),
            known: Known::default(),
            probers,
            runtime: Handle::current(),
            scanned: AtomicBool::new(false),
            reviewed: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            confirm_bell: (Mutex::new(true), Condvar::new()),
        });
        let (to_sync, from_hash) = sync_channel::<Received>(IN_FLIGHT);
        let (to_commit, from_sync) = sync_channel::<Finished>(IN_FLIGHT);
        let from_hash = Arc::new(Mutex::new(from_hash));
        let mailbox = Arc::new(watch::Mailbox::default());
        let mut threads = Vec::new();
        let mut spawn = |name: String, body: Box<dyn FnOnce() + Send>| -> std::io::Result<()> {
            threads.push(std::thread::Builder::new().name(name).spawn(body)?);
            Ok(())
        };
        for i in 0..intake.workers() {
            let (intake, to_sync) = (Arc::clone(&intake), to_sync.clone());
            spawn(format!("receive-{i}"), Box::new(move || receive_loop(&intake, &to_sync)))?;
        }
        drop(to_sync);
        for i in 0..SYNCERS {
            let (intake, to_commit, from_hash) = (Arc::clone(&intake), to_commit.clone(), Arc::clone(&from_hash));
            spawn(format!("sync-{i}"), Box::new(move || sync_loop(&intake, &from_hash, &to_commit)))?;
        }
        drop(to_commit);
        let (i, m) = (Arc::clone(&intake), Arc::clone(&mailbox));
        spawn("accept".to_owned(), Box::new(move || accept_loop(&i, &from_sync, &m)))?;
        let i = Arc::clone(&intake);
        spawn("confirm".to_owned(), Box::new(move || confirm::run(&i)))?;
        let (i, m) = (Arc::clone(&intake), Arc::clone(&mailbox));
        spawn("watch".to_owned(), Box::new(move || watch::run(&i, &m, mode)))?;
        Ok(Self { intake, threads, watcher: mailbox })
    }

    /// Whether a thread has ended although nobody asked for it; the process must then end too.
    pub fn has_died(&self) -> bool {
        !self.intake.is_stopping() && self.threads.iter().any(JoinHandle::is_finished)
    }

    /// Ends the threads and waits for them. Blocks; at most as long as one read, write or transaction.
    pub fn stop(self) {
        self.intake.stop.store(true, Ordering::Release);
        self.intake.board.stop();
        self.watcher.wake();
        self.intake.ring();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("an intake thread panicked");
            }
        }
        self.intake.probers.rest();
    }
}

fn receive_loop(intake: &Intake, to_sync: &SyncSender<Received>) {
    while let Some(work) = intake.board.take() {
        let Work { place, .. } = &work;
        match receive::receive(intake, &work) {
            Ok(received) => {
                intake.board.step(place, UploadState::Received, None);
                if to_sync.send(received).is_err() {
                    return;
                }
            }
            Err(receive::Obstacle::Gone) => {
                intake.board.done(place);
            }
            Err(receive::Obstacle::Changed(stat)) => intake.board.start_over(place, stat),
            Err(receive::Obstacle::Stopping) => return,
            Err(receive::Obstacle::Trouble(reason)) => {
                tracing::warn!(upload = %work.item.id, reason = reason.code(), "upload waits: {}", reason.en());
                intake.board.failed(place, reason);
            }
        }
    }
}

fn sync_loop(intake: &Intake, from_hash: &Mutex<Receiver<Received>>, to_commit: &SyncSender<Finished>) {
    loop {
        let next = from_hash.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(received) = next else { return };
        let (place, id) = (received.work.place.clone(), received.work.item.id);
        match receive::finish(intake, received) {
            Ok(finished) => {
                if to_commit.send(finished).is_err() {
                    return;
                }
            }
            Err(reason) => {
                tracing::warn!(upload = %id, reason = reason.code(), "upload waits: {}", reason.en());
                intake.board.failed(&place, reason);
            }
        }
    }
}

fn accept_loop(intake: &Intake, from_sync: &Receiver<Finished>, mailbox: &watch::Mailbox) {
    loop {
        let first = match from_sync.recv_timeout(PROBE_REST) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => {
                if intake.board.is_idle() {
                    intake.probers.rest();
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let mut group = vec![first];
        group.extend(from_sync.try_iter().take(GROUP - 1));
        accept_group(intake, group, mailbox);
    }
}

/// Publishes a group into the vault and accepts it.
fn accept_group(intake: &Intake, group: Vec<Finished>, mailbox: &watch::Mailbox) {
    let (mut works, mut arrivals, mut staged) = (Vec::new(), Vec::new(), Vec::new());
    for finished in group {
        works.push(finished.work);
        arrivals.push(finished.arrival);
        staged.push(finished.staged);
    }
    let published = intake.setup.vault.publish(staged);
    let mut ready = Vec::new();
    for ((work, arrival), result) in works.into_iter().zip(arrivals).zip(published) {
        match result {
            Ok(published) => {
                ready.push(Ready { work, arrival, adoption: published.adoption, existing: published.existing })
            }
            Err(error) => {
                let reason = Reason::VaultFailed { error: error.to_string() };
                tracing::error!(upload = %work.item.id, "publishing failed: {error}");
                intake.board.failed(&work.place, reason);
                if let PublishError::Directory { adoption: Some(adoption), .. } = error {
                    keep_moved(intake, arrival.sha256, *adoption);
                }
            }
        }
    }
    commit(intake, ready, mailbox);
}

/// What is in the vault and waits for the catalog.
struct Ready {
    work: Work,
    arrival: Arrival,
    adoption: Option<Adoption>,
    existing: bool,
}

/// Accepts what is in the vault; tries until the database takes it or the process ends.
fn commit(intake: &Intake, ready: Vec<Ready>, mailbox: &watch::Mailbox) {
    let mut pause = Duration::from_millis(200);
    let arrivals: Vec<Arrival> = ready.iter().map(|r| r.arrival.clone()).collect();
    if arrivals.is_empty() {
        return;
    }
    loop {
        match intake.runtime.block_on(accept(&intake.setup.custody, &arrivals)) {
            Ok(accepted) => {
                ready.into_iter().zip(accepted).for_each(|(one, a)| accepted_one(intake, one, a, mailbox));
                intake.ring();
                return;
            }
            Err(error) if !error.is_passing() && ready.len() > 1 => {
                // One of them may be the cause; the others must not wait for it.
                tracing::error!("a group of {} uploads was not accepted: {error}; taking them one by one", ready.len());
                ready.into_iter().for_each(|one| commit(intake, vec![one], mailbox));
                return;
            }
            Err(error @ CustodyError::ObjectGone(_)) => {
                ready.into_iter().for_each(|one| receive_again(intake, one, &error));
                return;
            }
            Err(error) => {
                let wait = hold_up(intake, &ready, &error, pause);
                if !wait {
                    for one in ready {
                        one.adoption.into_iter().for_each(|a| keep_moved(intake, one.arrival.sha256, a));
                    }
                    return;
                }
                pause = (pause * 2).min(Duration::from_secs(10));
            }
        }
    }
}

/// Says on the board why a group waits; `false`: give up for now, the next scan finds the files again.
fn hold_up(intake: &Intake, ready: &[Ready], error: &CustodyError, pause: Duration) -> bool {
    let reason = Reason::DatabaseAway { error: error.to_string() };
    if !error.is_passing() || intake.is_stopping() {
        tracing::error!("not accepted: {error}");
        ready.iter().for_each(|r| intake.board.failed(&r.work.place, reason.clone()));
        return false;
    }
    tracing::warn!("the catalog is not available, {} uploads wait: {error}", ready.len());
    ready.iter().for_each(|r| {
        intake.board.step(&r.work.place, UploadState::Received, Some(reason.clone()));
    });
    std::thread::sleep(pause);
    true
}

/// A destroyed object was removed between its comparison with this file and its acceptance: the file is received anew.
fn receive_again(intake: &Intake, one: Ready, error: &CustodyError) {
    tracing::warn!(upload = %one.work.item.id, "{error}");
    if let Some(Err(error)) = one.adoption.map(Adoption::put_back) {
        tracing::error!(upload = %one.work.item.id, "{error}; the next start puts the source back");
    }
    intake.board.failed(&one.work.place, Reason::VaultFailed { error: error.to_string() });
}

/// A moved source is no longer in its folder, where a scan would find it again: it is taken up from the vault at the next scan.
fn keep_moved(intake: &Intake, sha256: Sha256Digest, adoption: Adoption) {
    let mut recovered = intake.setup.recovered.lock().unwrap_or_else(PoisonError::into_inner);
    recovered.push(Recovered::InVault { sha256, adoption });
}

fn accepted_one(intake: &Intake, one: Ready, accepted: Accepted, mailbox: &watch::Mailbox) {
    let Ready { work, arrival, adoption, existing } = one;
    if let Some(adoption) = adoption {
        finish_adoption(intake, adoption, &arrival, existing);
    }
    let place = &work.place;
    let stat = super::settle::Stat {
        size_bytes: arrival.size_bytes,
        mtime_ns: arrival.mtime_ns,
        ctime_ns: arrival.ctime_ns,
        inode: arrival.inode,
    };
    intake.known.insert(place.folder, place.dir(), place.name(), &stat);
    let totals = &intake.board.totals;
    totals.accepted_files.fetch_add(1, Ordering::Relaxed);
    totals.duplicate_files.fetch_add(u64::from(accepted.duplicate), Ordering::Relaxed);
    tracing::info!(
        upload = %arrival.id, clip = %accepted.clip_id, sha256 = %arrival.sha256, size_bytes = arrival.size_bytes,
        duplicate = accepted.duplicate, "accepted"
    );
    if intake.board.accepted(place, arrival.inode) {
        mailbox.look_again(place.clone());
    } else if intake.board.wants_scan() {
        mailbox.wake();
    }
}

/// Forgets how a moved source came into the vault. Where its bytes were there already, the source itself is still staged and is
/// deleted here: only when the object is equal on the device.
fn finish_adoption(intake: &Intake, adoption: Adoption, arrival: &Arrival, existing: bool) {
    if existing {
        let expected = Expected { sha256: arrival.sha256, sm3: arrival.sm3, size_bytes: arrival.size_bytes };
        let equal = intake.setup.vault.read_back(&expected, &|_| ControlFlow::Continue(()));
        if !equal.as_ref().is_ok_and(|r| r.verdict == Verdict::Equal) {
            // Nothing is removed; the source stays staged, and the next start puts it back.
            tracing::error!(upload = %arrival.id, "the object {} is not equal to its moved source, which is kept", arrival.sha256);
            return;
        }
    }
    if let Err(error) = adoption.finish() {
        tracing::warn!(upload = %arrival.id, "{error}; the next start meets it again");
    }
}

fn accept_moved(intake: &Intake, arrival: &Arrival) -> Result<(), CustodyError> {
    intake.setup.vault.sync_object(arrival.sha256)?;
    intake.runtime.block_on(accept(&intake.setup.custody, std::slice::from_ref(arrival)))?;
    Ok(())
}

/// Takes up what was moved into the vault and not accepted, by a process that ended or because the catalog refused it.
///
/// # Errors
/// When the catalog is away; what is left is taken up by the next call, or at the next start.
pub fn recover(intake: &Intake) -> Result<(), CustodyError> {
    let pending = || intake.setup.recovered.lock().unwrap_or_else(PoisonError::into_inner);
    let mut recovered = std::mem::take(&mut *pending()).into_iter();
    while let Some(one) = recovered.next() {
        match one {
            Recovered::PutBack { origin, now_at } => {
                let renamed = if now_at == origin { "" } else { ", under another name" };
                tracing::info!("a source that was being moved is back in its folder{renamed}");
            }
            Recovered::Stuck { staged, origin, reason } => {
                let origin = origin.unwrap_or_default();
                tracing::error!("{} (from {}) cannot be put back: {reason}", staged.display(), origin.display());
            }
            Recovered::InVault { sha256, adoption } => {
                let Some(arrival) = receive::arrival_of_object(intake, sha256, adoption.origin()) else {
                    tracing::warn!(
                        "object {sha256} was moved in from a folder that is not watched now; watch it to have it accepted"
                    );
                    continue;
                };
                if let Err(error) = accept_moved(intake, &arrival) {
                    pending().extend(std::iter::once(Recovered::InVault { sha256, adoption }).chain(recovered));
                    return Err(error);
                }
                finish_adoption(intake, adoption, &arrival, true);
                intake.ring();
            }
        }
    }
    Ok(())
}
