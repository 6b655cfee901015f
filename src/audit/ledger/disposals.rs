//! Whether every clip that was destroyed was destroyed rightly, as far as entries tell: by a rule whose term had ended, under no hold; and
//! whether only that was erased.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::Report;
use super::chain::Chains;
use crate::catalog::engine::Reader;
use crate::catalog::erase::{NO_DETAIL, NO_SALT};
use crate::catalog::records::{self, SealedRow, StoneRow};
use crate::catalog::{CatalogError, ledger as rows, retention};
use crate::ledger::disposal::{Disposed, Unsound, announced, check};
use crate::ledger::entry::{Entry, EntryKind};
use crate::model::digest::to_hex;
use crate::model::retention::Announced;

/// Most disposals that a report keeps.
const MOST_KEPT: usize = 1000;

/// What entries said of retention so far.
#[derive(Debug, Default)]
pub(super) struct Disposals {
    tables: Vec<Announced>,
    /// By clip: the holds that stand in its chain.
    held: HashMap<i64, BTreeSet<String>>,
    /// By clip: the entry that destroyed it, while it is.
    destroyed: HashMap<i64, u64>,
    /// By clip: the entry that brought it back last.
    revived: HashMap<i64, u64>,
    /// By the entry that must have destroyed it: the clip of which details are erased.
    erased: BTreeMap<u64, i64>,
    /// Disposals whose other entries are still to be read.
    pending: Vec<Pending>,
}

/// A disposal that is not checked yet.
#[derive(Debug)]
struct Pending {
    index: u64,
    entry: Entry,
    clip: i64,
    /// The entry from which it was kept, where that is none of its own.
    revived: Option<u64>,
    stone: Option<StoneRow>,
}

/// Whether detail and salt of a record are gone, and what that demands.
pub(super) fn is_erased(row: &SealedRow) -> bool {
    row.detail == NO_DETAIL && row.salt == NO_SALT
}

impl Disposals {
    /// Takes up an entry with its record; `stone` is the tombstone that names it.
    pub(super) fn see(
        &mut self,
        index: u64,
        entry: &Entry,
        record: Option<&SealedRow>,
        stone: Option<StoneRow>,
        report: &mut Report,
    ) {
        if entry.kind == EntryKind::Rules {
            match announced(index, entry) {
                Ok(table) => self.tables.push(table),
                Err(error) => report.findings.add("entry_altered", index, error),
            }
        }
        if stone.is_some() && entry.kind != EntryKind::Dispose {
            report.findings.add("row_altered", index, "a tombstone names it, but it destroyed nothing");
        }
        let Some(record) = record.filter(|row| row.subject == "clip") else { return };
        let clip = record.subject_id;
        match record.erased_by.map(i64::cast_unsigned) {
            Some(by) if is_erased(record) => _ = self.erased.insert(by, clip),
            Some(by) => {
                let detail = format!("clip {clip} was destroyed by entry {by}, but its detail is still there");
                report.findings.add("detail_remains", index, detail);
            }
            None => {}
        }
        self.see_event(index, entry, clip, report);
        if entry.kind == EntryKind::Dispose {
            if let Some(holds) = self.held.get(&clip).filter(|holds| !holds.is_empty()) {
                let holds = holds.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                report.findings.add("disposed_while_held", index, format!("clip {clip} was under the hold {holds}"));
            }
            self.destroyed.insert(clip, index);
            let revived = self.revived.get(&clip).copied();
            self.pending.push(Pending { index, entry: entry.clone(), clip, revived, stone });
        }
    }

    fn see_event(&mut self, index: u64, entry: &Entry, clip: i64, report: &mut Report) {
        let word = |key: &str| entry.public.get(key).and_then(Value::as_str);
        if let Some(by) = self.destroyed.get(&clip).copied() {
            if word("event") == Some("ingestion") && entry.public.get("revives").and_then(Value::as_u64) == Some(by) {
                self.destroyed.remove(&clip);
                self.revived.insert(clip, index);
            } else {
                let detail = format!("clip {clip} was destroyed by entry {by} and did not come back");
                report.findings.add("chain_broken", index, detail);
            }
        } else if entry.public.contains_key("revives") {
            report.findings.add("chain_broken", index, format!("clip {clip} comes back, but was not destroyed"));
        }
        if let Some(hold) = word("hold") {
            let held = self.held.entry(clip).or_default();
            let _ = if word("event") == Some("hold") { held.insert(hold.to_owned()) } else { held.remove(hold) };
        }
    }

    /// Checks the disposals that were taken up, against the entries that they name.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn settle(
        &mut self,
        reader: &mut Reader,
        chains: &Chains,
        report: &mut Report,
    ) -> Result<(), CatalogError> {
        for pending in std::mem::take(&mut self.pending) {
            let index = pending.index;
            self.erased.remove(&index).filter(|clip| *clip != pending.clip).into_iter().for_each(|clip| {
                report.findings.add("detail_altered", index, format!("details of clip {clip} are erased by it"));
            });
            let before = self.tables.partition_point(|table| table.entry < index);
            let tables = self.tables.get(..before).unwrap_or_default();
            match self::sound(reader, chains, &pending, tables).await? {
                Ok((said, digest)) => {
                    check_stone(&pending, &said, digest.as_deref(), report);
                    report.disposals += 1;
                    if report.disposed.len() < MOST_KEPT {
                        report.disposed.push((index, said));
                    }
                }
                Err(error @ Unsound::TooEarly { .. }) => report.findings.add("disposed_too_early", index, error),
                Err(error) => report.findings.add("disposal_differs", index, error),
            }
        }
        Ok(())
    }

    /// Checks what is left when all `size` entries were taken up.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn check_rest(
        self,
        reader: &mut Reader,
        size: u64,
        report: &mut Report,
    ) -> Result<(), CatalogError> {
        for (by, clip) in self.erased.range(..size) {
            let detail = format!("details of clip {clip} are erased, but this entry destroyed nothing of it");
            report.findings.add("detail_altered", by, detail);
        }
        match retention::announced(reader.conn()).await {
            Ok(rows) => {
                let rows: Vec<Announced> = rows.into_iter().filter(|row| row.entry < size).collect();
                if rows != self.tables {
                    let detail = "the retention tables are not those that the ledger announced";
                    report.findings.add("row_altered", "retention_rules", detail);
                }
            }
            Err(CatalogError::Undecodable { row, .. }) => {
                report.findings.add("row_altered", "retention_rules", format!("row {row} is no retention table"));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Whether a disposal follows from entries: what it says, and the digest in the clip's own entry.
async fn sound(
    reader: &mut Reader,
    chains: &Chains,
    pending: &Pending,
    tables: &[Announced],
) -> Result<Result<(Disposed, Option<String>), Unsound>, CatalogError> {
    let said = match Disposed::read(&pending.entry) {
        Ok(said) => said,
        Err(error) => return Ok(Err(error)),
    };
    let expected = pending.revived.unwrap_or(said.clip);
    if said.from != expected {
        let detail = format!("it says that the clip was kept from entry {}, not from {expected}", said.from);
        return Ok(Err(Unsound::Form(detail)));
    }
    for index in [said.clip, said.from] {
        if chains.subject(index) != Some(pending.clip) {
            return Ok(Err(Unsound::Form(format!("it names entry {index}, which is about something else"))));
        }
    }
    let (clip, from) = (read(reader, said.clip).await?, read(reader, said.from).await?);
    let (Some(clip), Some(from)) = (clip, from) else {
        return Ok(Err(Unsound::Form("it names an entry that cannot be read".to_owned())));
    };
    if clip.kind != EntryKind::Clip {
        return Ok(Err(Unsound::Form(format!("it names entry {} as its clip's, which it is not", said.clip))));
    }
    let digest = clip.public.get("sha256").and_then(Value::as_str).map(str::to_owned);
    Ok(check(&pending.entry, &from, tables).map(|said| (said, digest)))
}

async fn read(reader: &mut Reader, index: u64) -> Result<Option<Entry>, CatalogError> {
    let line = rows::entries(reader.conn(), index, 1).await?.pop().filter(|(at, _)| *at == index);
    Ok(line.and_then(|(_, line)| Entry::parse(&line).ok()))
}

/// Whether the tombstone says what the entry says.
fn check_stone(pending: &Pending, said: &Disposed, digest: Option<&str>, report: &mut Report) {
    let Some(stone) = &pending.stone else {
        let detail = format!("the tombstone of clip {} is not there", pending.clip);
        return report.findings.add("row_missing", pending.index, detail);
    };
    let same = stone.clip_id == pending.clip
        && Some(to_hex(&stone.sha256).as_str()) == digest
        && stone.rule == said.rule
        && stone.rules_entry.cast_unsigned() == said.rules
        && stone.from_entry.cast_unsigned() == said.from
        && stone.allowed_from_us == said.allowed_from.0;
    if !same {
        let detail = format!("the tombstone of clip {} says otherwise than the entry", pending.clip);
        report.findings.add("row_altered", pending.index, detail);
    }
}

/// The tombstones of the entries from `from` up to, not with, `to`, by entry.
///
/// # Errors
/// When the database is away.
pub(super) async fn stones(reader: &mut Reader, from: u64, to: u64) -> Result<HashMap<i64, StoneRow>, CatalogError> {
    let rows = records::stones(reader.conn(), from, to).await?;
    Ok(rows.into_iter().map(|row| (row.entry_index, row)).collect())
}
