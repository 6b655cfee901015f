//! The audit of an export bag, by somebody who has nothing but the bag and a policy: no database, no key, no word of the court's.
//!
//! # What is checked
//! 1. Files: the bag holds what an export holds and nothing else; manifests are whole and right in both directions.
//! 2. Entries: each line is canonical and proved to be in the log under one checkpoint, which the *pinned* policy accepts.
//! 3. Details: each private detail is the one that its entry commits to.
//! 4. Chains: each clip's runs without gap or fork from its acceptance to the export of this bag, or to its disposal.
//! 5. Copies: each clip's bytes are those of its entry; no copy without an entry, no entry without a copy.
//! 6. The export entries commit to this bag's manifest, and with it to the payload.
//!
//! # The verdict
//! Whatever is proved to be altered, added or missing makes the bag *altered*, also when something else cannot be told. Only where nothing
//! is proved to be wrong, and something cannot be told (a file that cannot be read, a log or format that is not known, too few witnesses),
//! it *cannot be verified*. A bag whose every check could be made and held is *proved*; there is nothing in between.
//!
//! Memory grows with the number of files and entries, a few hundred bytes each, and not with the size of the clips.

mod chains;
mod copies;
mod disposals;
mod entries;
mod fault;
mod inventory;
mod manifest;
mod name;
mod parallel;
mod policy;
mod story;

use std::path::Path;

use entries::Entries;
use fault::Faults;
use inventory::Inventory;

use super::finding::Findings;
use super::ledger::Conclusion;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::policy::{Policy, Vouched};

pub use inventory::Progress;
pub use story::{ClipStory, Step, SubjectStory};

/// What an audit found.
#[derive(Debug, Default)]
pub struct Report {
    /// Files in the bag.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Entries that could be read.
    pub entries: u64,
    /// The head that the entries' checkpoint claims, whoever vouches for it.
    pub head: Option<Checkpoint>,
    /// Who vouches for it.
    pub vouched: Option<Vouched>,
    /// The export's id; said by the bag, and by the entries when the bag is proved.
    pub export: Option<String>,
    /// The court, as the bag says it; not proved.
    pub organization: Option<String>,
    /// What each clip's entries say.
    pub clips: Vec<ClipStory>,
    /// What is said of incidents and whatever else is no clip.
    pub subjects: Vec<SubjectStory>,
    /// What is proved to be altered, added or missing.
    pub findings: Findings,
    /// What cannot be told.
    pub doubts: Findings,
    /// What a reader should know though it proves nothing.
    pub remarks: Findings,
}

impl Report {
    /// What follows from it.
    pub fn conclusion(&self) -> Conclusion {
        match (self.findings.is_empty(), self.doubts.is_empty() && self.vouched.is_some()) {
            (false, _) => Conclusion::Altered,
            (true, true) => Conclusion::Proved,
            (true, false) => Conclusion::Unverifiable,
        }
    }
}

/// Audits the bag in the directory `root` under `policy`, which the auditor pinned; that of the bag proves nothing. Uses every core.
pub fn audit(root: &Path, policy: &Policy, progress: &Progress<'_>) -> Report {
    let mut report = Report::default();
    let mut faults = Faults::default();
    look(root, policy, progress, &mut report, &mut faults);
    (report.findings, report.doubts, report.remarks) = (faults.altered, faults.unverifiable, faults.remarks);
    report
}

fn look(root: &Path, policy: &Policy, progress: &Progress<'_>, report: &mut Report, faults: &mut Faults) {
    let walked = Inventory::walk(root, progress, faults);
    let Some(mut inventory) = faults.take(walked) else { return };
    (report.files, report.bytes) = (inventory.files.len() as u64, inventory.bytes());
    let lists = manifest::read(&mut inventory, faults);
    let Some(lists) = faults.take(lists) else { return };
    let entries: Entries = entries::read(&inventory, policy, faults);
    policy::compare(&inventory, policy, &entries, faults);
    if !entries.unknown {
        let chains = chains::follow(&entries, &lists, faults);
        disposals::check(&entries, &chains.clips, faults);
        copies::check(&inventory, &entries, &chains.clips, faults);
        story::check_times(&entries, &chains.clips, faults);
        report.clips = story::of_clips(&entries, &chains.clips);
        report.subjects = story::of_subjects(&entries, &chains.subjects);
    }
    report.entries = entries.logged.len() as u64;
    report.head = entries.note.map(|note| note.claimed_head().clone());
    report.vouched = entries.vouched;
    (report.export, report.organization) = (lists.export, lists.organization);
}
