//! A page of entries, held against the rows that they stand for.

use std::collections::HashMap;

use serde_json::Value;

use super::chain::Chains;
use super::tree::Tree;
use super::{PAGE, Report};
use crate::catalog::engine::Reader;
use crate::catalog::records::{self, ClipRow, FixityRow, SealedRow};
use crate::catalog::{CatalogError, ledger as rows};
use crate::ledger::entry::{Entry, EntryKind, commitment};
use crate::ledger::merkle::leaf_hash;
use crate::model::custody::EventKind;
use crate::model::digest::to_hex;
use crate::model::fixity::FixityResult;
use crate::model::time::{Micros, SECOND_US};

/// Entries in the order of their indices, with what the catalog says of them.
pub(super) struct Page {
    from: u64,
    to: u64,
    lines: Vec<(u64, Vec<u8>)>,
    sealed: Vec<SealedRow>,
    clips: Vec<ClipRow>,
    fixity: HashMap<i64, Vec<FixityRow>>,
}

impl Page {
    pub(super) async fn read(reader: &mut Reader, from: u64, size: u64) -> Result<Self, CatalogError> {
        let to = size.min(from + u64::from(PAGE));
        let count = u32::try_from(to - from).unwrap_or(PAGE);
        let mut lines = rows::entries(reader.conn(), from, count).await?;
        lines.retain(|(index, _)| *index < to);
        let sealed = records::sealed(reader.conn(), from, to).await?;
        let clips = records::clips(reader.conn(), from, to).await?;
        let mut fixity: HashMap<i64, Vec<FixityRow>> = HashMap::new();
        for row in records::fixity(reader.conn(), from, to).await? {
            fixity.entry(row.entry_index).or_default().push(row);
        }
        Ok(Self { from, to, lines, sealed, clips, fixity })
    }

    pub(super) fn check(self, tree: &mut Tree, chains: &mut Chains, report: &mut Report) {
        let Self { from, to, lines, sealed, clips, fixity } = self;
        let (mut lines, mut sealed, mut clips) =
            (lines.into_iter().peekable(), sealed.into_iter().peekable(), clips.into_iter().peekable());
        let mut leaves = Vec::with_capacity(lines.len());
        for index in from..to {
            let line = lines.next_if(|(at, _)| *at == index);
            let record = sealed.next_if(|row| row.entry_index == index.cast_signed());
            while let Some(twice) = sealed.next_if(|row| row.entry_index == index.cast_signed()) {
                report.findings.add(
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
                report.findings.add(
                    "record_missing",
                    index,
                    format!("no custody event or amendment of the {} entry", entry.kind.as_str()),
                );
            }
            if let Some(rows) = fixity.get(&index.cast_signed()) {
                let looked_at = LookedAt::of(record.as_ref());
                rows.iter().for_each(|row| check_fixity(index, &entry, &looked_at, row, report));
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
        report.findings.add("entry_missing", index, "there is no such row");
        return None;
    };
    Entry::parse(line).map_err(|error| report.findings.add("entry_altered", index, error)).ok()
}

/// Whether the private record is the one that the entry commits to, and what both say is the same.
fn check_record(index: u64, entry: &Entry, row: &SealedRow, report: &mut Report) {
    let salt = <[u8; 32]>::try_from(&row.salt[..]).ok();
    if salt.is_none_or(|salt| commitment(&salt, &row.detail) != entry.commit) {
        report.findings.add(
            "detail_altered",
            index,
            format!("the entry commits to another detail or salt of {} {}", row.subject, row.subject_id),
        );
    }
    if Micros(row.at_us).0.div_euclid(SECOND_US) != entry.at.0.div_euclid(SECOND_US) {
        report.findings.add(
            "record_differs",
            index,
            format!("happened at {}, the record says {}", entry.at, Micros(row.at_us)),
        );
    }
    let word = |key: &str| entry.public.get(key).and_then(|v| v.as_str());
    let about = match entry.kind {
        EntryKind::Clip => row.subject == "clip" && row.kind == EventKind::Ingestion.as_str(),
        EntryKind::Amend => word("event") == Some(&row.kind) && word(&row.subject) == Some(&row.subject_id.to_string()),
        // Objects that were found equal together: the number is part of what everybody may read.
        EntryKind::Event if row.subject == records::OBJECTS => {
            entry.prev.is_none() && word("event") == Some(&row.kind) && entry.public.contains_key(records::OBJECTS)
        }
        _ => row.subject == "clip" && word("event") == Some(&row.kind),
    };
    if !about {
        let detail = format!("the record says {} of {} {}, the entry otherwise", row.kind, row.subject, row.subject_id);
        report.findings.add("record_differs", index, detail);
    }
}

/// Whether the entry of a clip and its row say the same of the bytes.
fn check_clip(index: u64, entry: &Entry, row: Option<&ClipRow>, report: &mut Report) {
    let Some(row) = row else {
        return report.findings.add("clip_missing", index, "no clip has this entry");
    };
    let word = |key: &str| entry.public.get(key).and_then(|v| v.as_str());
    let size = entry.public.get("size").and_then(serde_json::Value::as_i64);
    let same = entry.kind == EntryKind::Clip
        && word("sha256") == Some(&to_hex(&row.sha256))
        && word("sm3") == row.sm3.as_deref().map(to_hex).as_deref()
        && size == Some(row.size_bytes);
    if !same {
        report.findings.add(
            "clip_differs",
            index,
            format!("clip {} has another digest or size than its entry", row.id),
        );
    }
}

/// Whether the entry that a row of fixity names says that this object was looked at then, and what was found.
fn check_fixity(index: u64, entry: &Entry, looked_at: &LookedAt, row: &FixityRow, report: &mut Report) {
    let word = |key: &str| entry.public.get(key).and_then(Value::as_str);
    let outcome = if row.result == FixityResult::Equal.as_str() { "success" } else { "fail" };
    let same = word("event") == Some(EventKind::FixityCheck.as_str())
        && word("outcome") == Some(outcome)
        && Micros(row.checked_us).0.div_euclid(SECOND_US) == entry.at.0.div_euclid(SECOND_US)
        // Only a look that found it equal can be the last that did.
        && (row.verified_us == Some(row.checked_us)) == (outcome == "success")
        && looked_at.holds(row);
    if !same {
        let (clip, at) = (row.clip_id, Micros(row.checked_us));
        let detail =
            format!("the object of clip {clip} is said to have been {} at {at}, the entry says otherwise", row.result);
        report.findings.add("fixity_differs", index, detail);
    }
}

/// The objects that a record says were looked at.
enum LookedAt {
    /// Nothing that can be read.
    Nothing,
    /// That of this clip.
    Clip(i64),
    /// Those of the clips whose own entries are in these runs, which rise.
    Runs(Vec<[i64; 2]>),
}

impl LookedAt {
    fn of(record: Option<&SealedRow>) -> Self {
        let Some(record) = record else { return Self::Nothing };
        if record.subject != records::OBJECTS {
            return Self::Clip(record.subject_id);
        }
        let detail: Value = serde_json::from_slice(&record.detail).unwrap_or_default();
        let runs = detail.get("clip_entries").and_then(|runs| serde_json::from_value(runs.clone()).ok());
        runs.map_or(Self::Nothing, Self::Runs)
    }

    fn holds(&self, row: &FixityRow) -> bool {
        match self {
            Self::Nothing => false,
            Self::Clip(id) => *id == row.clip_id,
            Self::Runs(runs) => {
                let after = runs.partition_point(|[first, _]| *first <= row.clip_entry);
                runs.get(..after).and_then(<[_]>::last).is_some_and(|[_, last]| row.clip_entry <= *last)
            }
        }
    }
}
