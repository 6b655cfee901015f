//! `zhilu check`: whether the invariants between vault, catalog and ledger hold.

use std::collections::HashSet;

use serde::Serialize;

use crate::catalog::amendments;
use crate::catalog::clips;
use crate::catalog::custody as events;
use crate::catalog::engine::Db;
use crate::catalog::{CatalogError, incidents, ledger as rows, uploads};
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::ledger::entry::{Entry, EntryKind, commitment};
use crate::ledger::key::VerifierKey;
use crate::ledger::merkle::leaf_hash;
use crate::ledger::tile::LogState;
use crate::model::digest::{Sha256Digest, to_hex};
use crate::model::id::Id;
use crate::vault::{Found, LocalVault, hash_file};

/// Rows read at a time.
const PAGE: u32 = 1000;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable word: `object_missing`, `object_size`, `object_altered`, `object_extra`, `entry_missing`, …
    pub code: &'static str,
    /// What, named.
    pub subject: String,
    /// What was found, for people.
    pub detail: String,
}

/// What a check found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Clips looked at.
    pub clips: u64,
    /// Ledger entries looked at.
    pub entries: u64,
    /// Custody events and amendments looked at.
    pub events: u64,
    /// Objects in the vault.
    pub objects: u64,
    /// Search documents compared with what they are made of.
    pub documents: u64,
    /// Search documents that are noted to be renewed, and were not compared.
    pub documents_due: u64,
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
    /// Objects that no clip names: litter of an interrupted intake, taken up when the file is received again.
    pub unclaimed: Vec<String>,
}

impl Report {
    fn add(&mut self, code: &'static str, subject: impl ToString, detail: impl ToString) {
        self.findings.push(Finding { code, subject: subject.to_string(), detail: detail.to_string() });
    }
}

/// Checks that clips, entries, custody events and objects belong together; with `deep`, also hashes every object.
///
/// # Errors
/// When the database is away. What is wrong is in the report.
pub async fn check(db: &Db, vault: &LocalVault, key: &VerifierKey, deep: bool) -> Result<Report, CatalogError> {
    let mut report = Report::default();
    let kinds = check_log(db, key, &mut report).await?;
    let known = check_clips(db, vault, &kinds, deep, &mut report).await?;
    check_events(db, &kinds, &mut report).await?;
    check_incidents(db, &mut report).await?;
    check_uploads(db, &mut report).await?;
    check_objects(vault, &known, &mut report);
    Ok(report)
}

/// What a check needs of an entry: its kind, the digest that a `clip` entry shows, what it commits to.
type Read = (EntryKind, Option<String>, [u8; 32]);

/// What the log holds at each index; none where an entry cannot be read.
struct Logged {
    kinds: Vec<Option<Read>>,
}

impl Logged {
    fn at(&self, index: i64) -> Option<&Read> {
        self.kinds.get(usize::try_from(index).ok()?)?.as_ref()
    }
}

/// Recomputes the whole tree from the entries and compares root and signature.
async fn check_log(db: &Db, key: &VerifierKey, report: &mut Report) -> Result<Logged, CatalogError> {
    let mut reader = db.read().await?;
    let mut state = LogState::new();
    let mut kinds = Vec::new();
    loop {
        let page = rows::entries(reader.conn(), state.size(), PAGE).await?;
        if page.is_empty() {
            break;
        }
        let mut leaves = Vec::with_capacity(page.len());
        for (index, line) in &page {
            if *index != state.size() + leaves.len() as u64 {
                report.add("entry_missing", state.size() + leaves.len() as u64, format!("the next entry is {index}"));
                return Ok(Logged { kinds });
            }
            leaves.push(leaf_hash(line));
            kinds.push(read_entry(*index, line, report));
        }
        for tile in state.append(&leaves) {
            let stored = rows::tile(reader.conn(), tile.id().level, tile.id().index).await?;
            if tile.id().width == 256 && stored.as_deref() != Some(tile.hashes()) {
                report.add("tile_altered", tile.id().path(), "the stored tile is not that of the entries");
            }
        }
    }
    report.entries = state.size();
    check_checkpoint(rows::checkpoint(reader.conn()).await?, &state, key, report);
    if let Err(error) = crate::ledger::log::load(reader.conn()).await {
        report.add("tile_altered", "right edge", error);
    }
    Ok(Logged { kinds })
}

fn read_entry(index: u64, line: &[u8], report: &mut Report) -> Option<Read> {
    match Entry::parse(line) {
        Ok(entry) => {
            let digest = entry.public.get("sha256").and_then(|v| v.as_str()).map(str::to_owned);
            Some((entry.kind, digest, entry.commit))
        }
        Err(error) => {
            report.add("entry_altered", index, error);
            None
        }
    }
}

fn check_checkpoint(row: Option<rows::CheckpointRow>, state: &LogState, key: &VerifierKey, report: &mut Report) {
    let Some(row) = row else {
        if state.size() > 0 {
            report.add("checkpoint_missing", state.size(), "there are entries but no checkpoint");
        }
        return;
    };
    let signed = SignedCheckpoint::parse(row.note.as_bytes()).and_then(|note| note.verify(key).cloned());
    match signed {
        Ok(head) if (head.size, head.root) == (state.size(), state.root()) => {}
        Ok(head) => {
            let detail = format!(
                "signed {} entries with root {}, found {} with {}",
                head.size,
                to_hex(&head.root),
                state.size(),
                to_hex(&state.root())
            );
            report.add("checkpoint_differs", head.size, detail);
        }
        Err(error) => report.add("checkpoint_altered", row.size, error),
    }
}

async fn check_clips(
    db: &Db,
    vault: &LocalVault,
    logged: &Logged,
    deep: bool,
    report: &mut Report,
) -> Result<HashSet<[u8; 32]>, CatalogError> {
    let mut known = HashSet::new();
    let mut after = Id(0);
    loop {
        let mut reader = db.read().await?;
        let page = clips::page_for_check(reader.conn(), after, PAGE).await?;
        drop(reader);
        let Some(last) = page.last() else { break };
        after = Id(last.id);
        for row in page {
            report.clips += 1;
            let Ok(bytes) = <[u8; 32]>::try_from(&row.sha256[..]) else {
                report.add("row_altered", row.id, "the digest is not 32 bytes");
                continue;
            };
            let digest = Sha256Digest(bytes);
            known.insert(bytes);
            match logged.at(row.entry_index) {
                Some((EntryKind::Clip, Some(d), _)) if *d == digest.to_string() => {}
                Some(_) => report.add("entry_differs", row.id, format!("entry {} is not of {digest}", row.entry_index)),
                None => report.add("entry_missing", row.id, format!("clip {digest} has no entry {}", row.entry_index)),
            }
            if logged.at(row.last_entry).is_none() {
                report.add("entry_missing", row.id, format!("clip {digest} has no entry {}", row.last_entry));
            }
            check_object(vault, digest, row.size_bytes.cast_unsigned(), deep, report);
        }
    }
    let entries = logged.kinds.iter().flatten().filter(|(kind, _, _)| *kind == EntryKind::Clip).count();
    if entries != known.len() {
        report.add("row_missing", "clips", format!("{entries} clip entries, {} clip rows", known.len()));
    }
    Ok(known)
}

fn check_object(vault: &LocalVault, digest: Sha256Digest, size_bytes: u64, deep: bool, report: &mut Report) {
    let file = match vault.open_object(digest) {
        Ok(file) => file,
        Err(error) => return report.add("object_missing", digest, error),
    };
    match file.metadata() {
        Ok(m) if m.len() == size_bytes => {}
        Ok(m) => return report.add("object_size", digest, format!("{} bytes, the catalog says {size_bytes}", m.len())),
        Err(error) => return report.add("object_missing", digest, error),
    }
    if !deep {
        return;
    }
    match hash_file(&file, false) {
        Ok((found, _)) if found == digest => {}
        Ok((found, _)) => report.add("object_altered", digest, format!("its bytes hash to {found}")),
        Err(error) => report.add("object_unreadable", digest, error),
    }
}

async fn check_events(db: &Db, logged: &Logged, report: &mut Report) -> Result<(), CatalogError> {
    let mut indices = HashSet::new();
    let mut after = Id(0);
    loop {
        let mut reader = db.read().await?;
        let page = events::page(reader.conn(), None, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for event in page {
            indices.insert(event.entry_index);
            check_detail(logged, event.id, event.entry_index, commitment(&event.salt, &event.detail), report);
        }
    }
    let mut after = Id(0);
    loop {
        let mut reader = db.read().await?;
        let page = amendments::page(reader.conn(), None, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for amendment in page {
            indices.insert(amendment.entry_index);
            let commit = commitment(&amendment.salt, &amendment.detail);
            check_detail(logged, amendment.id, amendment.entry_index, commit, report);
        }
    }
    if indices.len() as u64 != report.entries {
        report.add("event_missing", "custody_events", format!("{} entries, {} events", report.entries, indices.len()));
    }
    Ok(())
}

/// Whether the entry of a custody event or amendment commits to its detail.
fn check_detail(logged: &Logged, id: Id, entry_index: u64, commit: [u8; 32], report: &mut Report) {
    report.events += 1;
    match logged.at(entry_index.cast_signed()) {
        Some((_, _, logged)) if *logged == commit => {}
        Some(_) => report.add("detail_altered", id, format!("entry {entry_index} commits to another detail")),
        None => report.add("entry_missing", id, format!("no entry {entry_index}")),
    }
}

/// Whether every incident is what its amendments made it: it has some, as many as its version says, and names the newest one's entry.
async fn check_incidents(db: &Db, report: &mut Report) -> Result<(), CatalogError> {
    let mut after = Id(0);
    loop {
        let mut reader = db.read().await?;
        let page = incidents::page_for_check(reader.conn(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Id(last.id);
        for row in page {
            let subject = format!("incident {}", row.id);
            match row.newest_entry {
                None => report.add("amendment_missing", subject, "no change of it is recorded"),
                Some(newest) if newest != row.last_entry => {
                    let detail = format!("its newest entry is {newest}, its row says {}", row.last_entry);
                    report.add("entry_differs", subject, detail);
                }
                Some(_) if row.version != row.amendments => {
                    let detail = format!("{} changes are recorded, its row says {}", row.amendments, row.version);
                    report.add("row_altered", subject, detail);
                }
                Some(_) => {}
            }
        }
    }
    let mut reader = db.read().await?;
    for id in incidents::recorded_but_missing(reader.conn()).await? {
        report.add("row_missing", format!("incident {id}"), "its changes are recorded, but it is not there");
    }
    Ok(())
}

async fn check_uploads(db: &Db, report: &mut Report) -> Result<(), CatalogError> {
    let mut reader = db.read().await?;
    let orphans = uploads::count_orphans(reader.conn()).await?;
    if orphans > 0 {
        report.add("name_missing", "clips", format!("{orphans} clips have no upload"));
    }
    Ok(())
}

fn check_objects(vault: &LocalVault, known: &HashSet<[u8; 32]>, report: &mut Report) {
    for object in vault.iter_objects() {
        report.objects += 1;
        match object {
            Ok(Found::Object { sha256, .. }) if known.contains(&sha256.0) => {}
            Ok(Found::Object { sha256, .. }) => report.unclaimed.push(sha256.to_string()),
            Ok(Found::Stray(path)) => report.add("object_extra", path.display(), "the vault did not put it there"),
            Err(error) => report.add("object_unreadable", "vault", error),
        }
    }
}
