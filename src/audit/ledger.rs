//! `zhilu ledger verify`: recomputes the log from its entries, and holds the rows of the catalog against them.
//!
//! Everything is read up to one signed checkpoint, so a daemon may go on meanwhile. Memory: nine bytes an entry.

mod chain;
mod tree;

use serde::Serialize;

use chain::Chains;
use tree::Tree;

use super::check::Finding;
use crate::catalog::engine::{Db, Reader};
use crate::catalog::records::{self, ClipRow, SealedRow};
use crate::catalog::{CatalogError, ledger as rows};
use crate::ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::ledger::entry::{Entry, EntryKind, commitment};
use crate::ledger::merkle::leaf_hash;
use crate::ledger::policy::{Policy, Vouched};
use crate::ledger::prove::{ProveError, Prover};
use crate::model::custody::EventKind;
use crate::model::digest::to_hex;
use crate::model::time::{Micros, SECOND_US};

/// Entries read at a time; whole tiles.
const PAGE: u32 = 2048;
/// Most findings that are kept; a log that was exchanged has one for each entry.
const MOST_FINDINGS: usize = 1000;

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Entries that were recomputed.
    pub entries: u64,
    /// The root over them.
    pub root: Option<[u8; 32]>,
    /// Custody events and amendments held against them.
    pub records: u64,
    /// Clips held against them.
    pub clips: u64,
    /// Who vouches for the checkpoint.
    pub vouched: Option<Vouched>,
    /// Why nobody vouches for it, though nothing is known to be altered.
    pub doubt: Option<String>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Findings beyond those that are kept.
    pub more: u64,
}

impl Report {
    fn add(&mut self, code: &'static str, subject: impl ToString, detail: impl ToString) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding { code, subject: subject.to_string(), detail: detail.to_string() });
        } else {
            self.more += 1;
        }
    }
}

/// Recomputes the whole log and compares: tiles, root, signatures under `policy`, each entry's form and place in its chain, the rows
/// that each entry commits to. `progress` is told how many entries of how many are done.
///
/// # Errors
/// When the database is away. What is wrong is in the report.
pub async fn verify(
    db: &Db,
    policy: &Policy,
    since: Option<&SignedCheckpoint>,
    mut progress: impl FnMut(u64, u64),
) -> Result<Report, CatalogError> {
    let mut report = Report::default();
    let mut reader = db.read().await?;
    let head = head(&mut reader, policy, &mut report).await?;
    let size = match &head {
        Some(head) => head.size,
        None => records::last_entry(reader.conn()).await?.map_or(0, |last| last + 1),
    };
    let (mut tree, mut chains) = (Tree::default(), Chains::default());
    while tree.size() < size {
        let page = Page::read(&mut reader, tree.size(), size).await?;
        page.check(&mut tree, &mut chains, &mut report);
        tree.check_tiles(&mut reader, &mut report).await?;
        progress(tree.size(), size);
    }
    tree.check_edge(&mut reader, &mut report).await?;
    let root = tree.root();
    (report.entries, report.root) = (size, Some(root));
    if let Some(head) = head.filter(|head| head.root != root) {
        let detail = format!("signed {}, the entries hash to {}", to_hex(&head.root), to_hex(&root));
        report.add("root_differs", size, detail);
    }
    chains.check_heads(&mut reader, size, &mut report).await?;
    check_unsigned(&mut reader, &mut report).await?;
    if let Some(since) = since {
        check_extends(&mut reader, policy, since, &mut report).await?;
    }
    Ok(report)
}

/// The head that was signed last; none when there is none that can be read.
async fn head(reader: &mut Reader, policy: &Policy, report: &mut Report) -> Result<Option<Checkpoint>, CatalogError> {
    let Some(row) = rows::checkpoint(reader.conn()).await? else {
        report.doubt = Some("there is no checkpoint: nothing was signed".to_owned());
        return Ok(None);
    };
    let note = match SignedCheckpoint::parse(row.note.as_bytes()) {
        Ok(note) => note,
        Err(error) => {
            report.add("checkpoint_altered", row.size, error);
            return Ok(None);
        }
    };
    match policy.accept(&note) {
        Ok(vouched) => report.vouched = Some(vouched),
        Err(error) if error.is_forgery() => report.add("checkpoint_altered", row.size, error),
        Err(error) => report.doubt = Some(error.to_string()),
    }
    let head = note.claimed_head().clone();
    if (row.size, &row.root[..]) != (head.size, &head.root[..]) {
        let detail = format!("the row says {} entries with root {}", row.size, to_hex(&row.root));
        report.add("checkpoint_altered", head.size, detail);
    }
    Ok(Some(head))
}

/// Entries in the order of their indices, with what the catalog says of them.
struct Page {
    from: u64,
    to: u64,
    lines: Vec<(u64, Vec<u8>)>,
    sealed: Vec<SealedRow>,
    clips: Vec<ClipRow>,
}

impl Page {
    async fn read(reader: &mut Reader, from: u64, size: u64) -> Result<Self, CatalogError> {
        let to = size.min(from + u64::from(PAGE));
        let count = u32::try_from(to - from).unwrap_or(PAGE);
        let mut lines = rows::entries(reader.conn(), from, count).await?;
        lines.retain(|(index, _)| *index < to);
        let sealed = records::sealed(reader.conn(), from, to).await?;
        let clips = records::clips(reader.conn(), from, to).await?;
        Ok(Self { from, to, lines, sealed, clips })
    }

    fn check(self, tree: &mut Tree, chains: &mut Chains, report: &mut Report) {
        let Self { from, to, lines, sealed, clips } = self;
        let (mut lines, mut sealed, mut clips) =
            (lines.into_iter().peekable(), sealed.into_iter().peekable(), clips.into_iter().peekable());
        let mut leaves = Vec::with_capacity(lines.len());
        for index in from..to {
            let line = lines.next_if(|(at, _)| *at == index);
            let record = sealed.next_if(|row| row.entry_index == index.cast_signed());
            while let Some(twice) = sealed.next_if(|row| row.entry_index == index.cast_signed()) {
                report.add(
                    "record_extra",
                    index,
                    format!("a second record, of {} {}", twice.subject, twice.subject_id),
                );
            }
            let clip = clips.next_if(|row| row.entry_index == index.cast_signed());
            report.records += u64::from(record.is_some());
            report.clips += u64::from(clip.is_some());
            leaves.push(line.as_ref().map_or_else(|| leaf_hash(b""), |(_, line)| leaf_hash(line)));
            let subject = record.as_ref().map(|row| (row.subject.as_str(), row.subject_id));
            let entry = read_entry(index, line.as_ref().map(|(_, line)| &line[..]), report);
            let Some(entry) = entry else {
                chains.skip(subject);
                continue;
            };
            if let Some(row) = &record {
                check_record(index, &entry, row, report);
            } else if must_have_record(entry.kind) {
                report.add(
                    "record_missing",
                    index,
                    format!("no custody event or amendment of the {} entry", entry.kind.as_str()),
                );
            }
            if entry.kind == EntryKind::Clip || clip.is_some() {
                check_clip(index, &entry, clip.as_ref(), report);
            }
            chains.push(index, &entry, subject, report);
        }
        tree.append(&leaves);
    }
}

/// Kinds that are about a clip or something else that the catalog has a record of.
fn must_have_record(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::Clip | EntryKind::Event | EntryKind::Amend | EntryKind::Dispose)
}

fn read_entry(index: u64, line: Option<&[u8]>, report: &mut Report) -> Option<Entry> {
    let Some(line) = line else {
        report.add("entry_missing", index, "there is no such row");
        return None;
    };
    Entry::parse(line).map_err(|error| report.add("entry_altered", index, error)).ok()
}

/// Whether the private record is the one that the entry commits to, and what both say is the same.
fn check_record(index: u64, entry: &Entry, row: &SealedRow, report: &mut Report) {
    let salt = <[u8; 32]>::try_from(&row.salt[..]).ok();
    if salt.is_none_or(|salt| commitment(&salt, &row.detail) != entry.commit) {
        report.add(
            "detail_altered",
            index,
            format!("the entry commits to another detail or salt of {} {}", row.subject, row.subject_id),
        );
    }
    if Micros(row.at_us).0.div_euclid(SECOND_US) != entry.at.0.div_euclid(SECOND_US) {
        report.add("record_differs", index, format!("happened at {}, the record says {}", entry.at, Micros(row.at_us)));
    }
    let word = |key: &str| entry.public.get(key).and_then(|v| v.as_str());
    let about = match entry.kind {
        EntryKind::Clip => row.subject == "clip" && row.kind == EventKind::Ingestion.as_str(),
        EntryKind::Amend => word("event") == Some(&row.kind) && word(&row.subject) == Some(&row.subject_id.to_string()),
        _ => row.subject == "clip" && word("event") == Some(&row.kind),
    };
    if !about {
        let detail = format!("the record says {} of {} {}, the entry otherwise", row.kind, row.subject, row.subject_id);
        report.add("record_differs", index, detail);
    }
}

/// Whether the entry of a clip and its row say the same of the bytes.
fn check_clip(index: u64, entry: &Entry, row: Option<&ClipRow>, report: &mut Report) {
    let Some(row) = row else {
        return report.add("clip_missing", index, "no clip has this entry");
    };
    let word = |key: &str| entry.public.get(key).and_then(|v| v.as_str());
    let size = entry.public.get("size").and_then(serde_json::Value::as_i64);
    let same = entry.kind == EntryKind::Clip
        && word("sha256") == Some(&to_hex(&row.sha256))
        && word("sm3") == row.sm3.as_deref().map(to_hex).as_deref()
        && size == Some(row.size_bytes);
    if !same {
        report.add("clip_differs", index, format!("clip {} has another digest or size than its entry", row.id));
    }
}

/// Entries are signed in the transaction that adds them: none may stand beyond the newest checkpoint.
async fn check_unsigned(reader: &mut Reader, report: &mut Report) -> Result<(), CatalogError> {
    // In this order: the checkpoint is at least as new as the entry.
    let last = records::last_entry(reader.conn()).await?;
    let signed = rows::checkpoint(reader.conn()).await?.map(|checkpoint| checkpoint.size);
    if let (Some(last), Some(signed)) = (last, signed)
        && last >= signed
    {
        report.add("entry_unsigned", last, format!("the checkpoint covers {signed} entries"));
    }
    Ok(())
}

/// Whether the log extends what it was at an earlier checkpoint that somebody kept.
async fn check_extends(
    reader: &mut Reader,
    policy: &Policy,
    since: &SignedCheckpoint,
    report: &mut Report,
) -> Result<(), CatalogError> {
    let old = match policy.accept(since) {
        Ok(vouched) => vouched.head,
        Err(error) => {
            report.doubt = Some(format!("the earlier checkpoint: {error}"));
            return Ok(());
        }
    };
    let Some(vouched) = &report.vouched else { return Ok(()) };
    let extended = match Prover::newest(reader.conn(), &vouched.log.clone()).await {
        Ok(Some(mut prover)) => prover.extend(reader.conn(), old.size, &old.root).await,
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    match extended {
        Ok(Some(_)) => {}
        Ok(None) => report.add("log_cut", old.size, "the log has fewer entries than it had"),
        Err(ProveError::Catalog(error)) => return Err(error),
        Err(error) => report.add("log_forked", old.size, error),
    }
    Ok(())
}

/// Why the report is not a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Everything holds.
    Proved,
    /// Something was altered or is missing.
    Altered,
    /// Nothing is known to be altered, but nobody vouches for it.
    Unverifiable,
}

impl Report {
    /// What follows from it.
    pub fn conclusion(&self) -> Conclusion {
        match (self.findings.is_empty(), &self.vouched, &self.doubt) {
            (false, _, _) => Conclusion::Altered,
            (true, Some(_), None) => Conclusion::Proved,
            _ => Conclusion::Unverifiable,
        }
    }
}
