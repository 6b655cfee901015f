//! `zhilu verify`: everything that [`check`](super::check) does, and the bytes of objects against catalog and ledger.
//!
//! The ledger is held against the catalog first, so that a clip's row says what its entry says, or the difference is a finding; then
//! each object is held against its row. Objects whose clips came after the ledger's head are left to the next run: without an entry
//! nothing is verified.

use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::check::{Report, code};
use super::look::{Effort, Lookers, Seen};
use crate::catalog::CatalogError;
use crate::catalog::engine::Db;
use crate::catalog::fixity::{self, Target, TargetFilter};
use crate::clock::SharedClock;
use crate::custody::fixity::{Look, MOST, note_run, record};
use crate::custody::{Custody, CustodyError};
use crate::model::fixity::{FixityResult, FixitySource};
use crate::model::id::Id;
use crate::model::time::Micros;
use crate::vault::LocalVault;

/// Rows read at a time.
const PAGE: u32 = 1000;
/// How long looks wait to be recorded together.
const RECORD_AFTER: Duration = Duration::from_secs(30);
/// How often recording is tried while the catalog is busy, a second apart.
const TRIES: u32 = 10;

/// Which objects are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// All.
    All,
    /// Those of these clips.
    Clips(Vec<Id>),
    /// Some, chosen by a seed: those whose SHA-256 of `SEED:DIGEST` (a decimal number, 64 lower-case hexadecimal characters) are the
    /// smallest. Whoever knows the seed and the digests finds the same ones.
    Sample {
        /// How many.
        count: usize,
        /// The seed.
        seed: u64,
    },
    /// Those that were not found equal since this.
    Since(Micros),
}

impl Which {
    /// Whether what lies in the vault is to be compared as a whole.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::All | Self::Since(_))
    }
}

/// A run that can go on after it was cut short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Which objects.
    pub which: Which,
    /// When it began: what was looked at since is not looked at again.
    pub began_us: i64,
}

impl Run {
    fn text(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

/// What is to be looked at, in the order in which it is.
#[derive(Debug)]
pub struct Selection {
    waiting: VecDeque<Target>,
    /// More pages come, after this clip.
    pages: Option<(TargetFilter, Id)>,
    /// Objects of all.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Selection {
    /// Chooses. With `resumed`, what was looked at since then is left out.
    ///
    /// # Errors
    /// When the database is away, or there is no such clip.
    pub async fn choose(db: &Db, which: &Which, resumed: Option<Micros>) -> Result<Self, CustodyError> {
        let unverified_since = if let Which::Since(at) = which { Some(*at) } else { None };
        let filter = TargetFilter { unverified_since, unchecked_since: resumed };
        let waiting = match which {
            Which::All | Which::Since(_) => {
                let mut reader = db.read().await?;
                let (objects, bytes) = fixity::weigh(reader.conn(), &filter).await?;
                return Ok(Self { waiting: VecDeque::new(), pages: Some((filter, Id(0))), objects, bytes });
            }
            Which::Clips(ids) => of_clips(db, ids).await?,
            Which::Sample { count, seed } => sample(db, *count, *seed).await?,
        };
        let waiting = without_checked(db, waiting, resumed).await?;
        let bytes = waiting.iter().map(|target| target.size_bytes).sum();
        Ok(Self { objects: waiting.len() as u64, bytes, waiting, pages: None })
    }

    async fn next(&mut self, db: &Db) -> Result<Option<Target>, CatalogError> {
        if self.waiting.is_empty()
            && let Some((filter, after)) = &mut self.pages
        {
            let mut reader = db.read().await?;
            self.waiting = fixity::targets(reader.conn(), filter, *after, PAGE).await?.into();
            match self.waiting.back() {
                Some(last) => *after = last.clip_id,
                None => self.pages = None,
            }
        }
        Ok(self.waiting.pop_front())
    }
}

async fn of_clips(db: &Db, ids: &[Id]) -> Result<VecDeque<Target>, CustodyError> {
    let mut reader = db.read().await?;
    let found = fixity::targets_of(reader.conn(), ids).await?;
    match ids.iter().find(|id| !found.iter().any(|target| target.clip_id == **id)) {
        Some(missing) => Err(CustodyError::NoSuchClip(*missing)),
        None => Ok(found.into()),
    }
}

/// The objects with the `count` smallest keys, in the order of these.
async fn sample(db: &Db, count: usize, seed: u64) -> Result<VecDeque<Target>, CatalogError> {
    let mut smallest: BinaryHeap<([u8; 32], Id)> = BinaryHeap::new();
    let mut after = Id(0);
    loop {
        let mut reader = db.read().await?;
        let page = fixity::targets(reader.conn(), &TargetFilter::default(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.clip_id;
        for target in &page {
            smallest.push((sample_key(seed, target), target.clip_id));
            if smallest.len() > count {
                smallest.pop();
            }
        }
    }
    let ids: Vec<Id> = smallest.into_sorted_vec().into_iter().map(|(_, id)| id).collect();
    let mut reader = db.read().await?;
    Ok(fixity::targets_of(reader.conn(), &ids).await?.into())
}

fn sample_key(seed: u64, target: &Target) -> [u8; 32] {
    Sha256::digest(format!("{seed}:{}", target.sha256)).into()
}

async fn without_checked(
    db: &Db,
    mut targets: VecDeque<Target>,
    since: Option<Micros>,
) -> Result<VecDeque<Target>, CatalogError> {
    let Some(since) = since else { return Ok(targets) };
    let ids: Vec<Id> = targets.iter().map(|target| target.clip_id).collect();
    let mut reader = db.read().await?;
    let mut checked = fixity::get_all(reader.conn(), &ids).await?;
    checked.retain(|row| row.checked >= since);
    targets.retain(|target| !checked.iter().any(|row| row.clip_id == target.clip_id));
    Ok(targets)
}

/// What looking at objects came to.
#[derive(Debug, Default, Serialize)]
pub struct Looked {
    /// Objects that were looked at.
    pub objects: u64,
    /// Of them, those that were equal.
    pub equal: u64,
    /// Of clips that came after the ledger's head: left to the next run.
    pub newer: u64,
    /// It was ended before its end.
    pub stopped: bool,
    /// Why the looks could not be recorded, though they were wanted to be.
    pub unrecorded: Option<String>,
}

/// Looks at every object of `selection`, adds what is wrong to `report`, and records the looks of `run` when `recorder` is given.
///
/// # Errors
/// When the database is away. What cannot be recorded is in what is given back.
pub async fn look_at(
    db: &Db,
    recorder: Option<(&Custody, &Run)>,
    selection: &mut Selection,
    lookers: &mut Lookers,
    report: &mut Report,
) -> Result<Looked, CatalogError> {
    let mut looked = Looked::default();
    let mut book = Book { recorder, looks: Vec::new(), since: Instant::now(), is_noted: false };
    let mut is_at_end = false;
    loop {
        while !is_at_end && !looked.stopped && lookers.has_room() {
            match selection.next(db).await? {
                None => is_at_end = true,
                // What was accepted since the ledger's head was read.
                Some(target) if target.entry_index >= report.entries => looked.newer += 1,
                Some(target) => lookers.give(target),
            }
        }
        let Some(seen) = lookers.next().await else { break };
        match seen {
            Seen::Look(look) => {
                looked.objects += 1;
                looked.equal += u64::from(look.result == FixityResult::Equal);
                note(&look, report);
                book.add(look, &mut looked).await;
            }
            Seen::Stopped => looked.stopped = true,
            Seen::Away(error) => {
                looked.stopped = true;
                lookers.effort().stop();
                report.findings.add("vault_unreadable", "vault", error);
            }
        }
    }
    book.close(&mut looked).await;
    Ok(looked)
}

fn note(look: &Look, report: &mut Report) {
    if look.result != FixityResult::Equal {
        let detail = look.detail.as_deref().unwrap_or_default();
        let detail = format!("clip {}: {detail}", look.target.clip_id);
        report.findings.add(code(look.result), look.target.sha256, detail);
    }
}

/// Adds to `report` which objects were not found equal when they were looked at last; with `since` only of looks since then.
///
/// # Errors
/// When the database is away.
pub async fn recall(db: &Db, since: Option<Micros>, report: &mut Report) -> Result<(), CatalogError> {
    let mut before = None;
    loop {
        let mut reader = db.read().await?;
        let page = fixity::failing(reader.conn(), since, before, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        before = Some((last.checked, last.clip_id));
        for (row, sha256) in page {
            let detail = format!("clip {}: {}", row.clip_id, row.detail.as_deref().unwrap_or_default());
            report.findings.add(code(row.result), sha256, detail);
        }
    }
}

/// Looks that wait to be recorded together.
struct Book<'a> {
    recorder: Option<(&'a Custody, &'a Run)>,
    looks: Vec<Look>,
    /// When the first of them was added.
    since: Instant,
    /// The run is noted, so that it can go on.
    is_noted: bool,
}

impl Book<'_> {
    async fn add(&mut self, look: Look, looked: &mut Looked) {
        if self.recorder.is_none() {
            return;
        }
        if self.looks.is_empty() {
            self.since = Instant::now();
        }
        self.looks.push(look);
        if self.looks.len() >= MOST || self.since.elapsed() >= RECORD_AFTER {
            self.write(looked, false).await;
        }
    }

    /// Records what still waits. The run is at its end, unless it was stopped.
    async fn close(&mut self, looked: &mut Looked) {
        self.write(looked, !looked.stopped).await;
    }

    /// Once recording fails for good, nothing more is recorded: the ledger refuses, and says why.
    async fn write(&mut self, looked: &mut Looked, is_at_end: bool) {
        let Some((custody, run)) = self.recorder else { return };
        if let Err(error) = self.try_write(custody, run, is_at_end).await {
            looked.unrecorded = Some(error.to_string());
            self.recorder = None;
        }
    }

    async fn try_write(&mut self, custody: &Custody, run: &Run, is_at_end: bool) -> Result<(), CustodyError> {
        if !is_at_end && !self.is_noted {
            // Before the first looks are recorded: a run that is cut short in between begins anew.
            note_run(custody, Some(&run.text())).await?;
            self.is_noted = true;
        }
        record_patiently(custody, FixitySource::Verify, &std::mem::take(&mut self.looks)).await?;
        if is_at_end { note_run(custody, None).await } else { Ok(()) }
    }
}

/// Records looks; tries again while the catalog is busy.
///
/// # Errors
/// When it stays so, or refuses.
pub(super) async fn record_patiently(
    custody: &Custody,
    source: FixitySource,
    looks: &[Look],
) -> Result<(), CustodyError> {
    let mut tries = 0;
    loop {
        match record(custody, source, looks).await {
            Err(error) if error.is_passing() && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            done => return done,
        }
    }
}

/// Lookers on as many threads as wanted; 0: one a core.
///
/// # Errors
/// When no thread can be made.
pub fn lookers(
    vault: &Arc<LocalVault>,
    clock: &SharedClock,
    effort: &Arc<Effort>,
    threads: usize,
) -> io::Result<Lookers> {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Lookers::start(vault, clock, effort, if threads == 0 { cores() } else { threads })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::digest::Sha256Digest;

    #[test]
    fn a_sample_is_what_its_description_says() {
        let target =
            Target { clip_id: Id(1), entry_index: 0, sha256: Sha256Digest([0xab; 32]), sm3: None, size_bytes: 1 };
        let expected: [u8; 32] = Sha256::digest(format!("7:{}", "ab".repeat(32))).into();
        assert_eq!(sample_key(7, &target), expected);
    }
}
