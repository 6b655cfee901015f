//! The entries of a bag: each line canonical, proved to be in the log, its private detail the one that it commits to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::fault::{Fault, Faults, altered, unverifiable};
use super::inventory::Inventory;
use super::name::{Name, SALT_BYTES};
use super::parallel::in_parallel;
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::ledger::entry::{Entry, EntryError, EntryKind, canonical, commitment};
use crate::ledger::merkle::{leaf_hash, verify_inclusion};
use crate::ledger::policy::{Policy, Vouched};
use crate::ledger::proof::TlogProof;
use crate::model::digest::{from_hex, to_hex};
use crate::model::time::Micros;

/// The code of an entry that is proved and cannot be read here.
const UNKNOWN: &str = "entry_unknown";

/// An entry, as much of it as the rest of the audit needs: there may be many.
#[derive(Debug)]
pub(super) struct Logged {
    /// When the court says that it happened.
    pub(super) at: Micros,
    pub(super) kind: EntryKind,
    pub(super) prev: Option<u64>,
    /// The word of an `event` or `amend`; else empty.
    pub(super) event: Box<str>,
    /// Who did it, as the private detail says; empty when that was erased.
    pub(super) actor: Box<str>,
    pub(super) facts: Facts,
    /// Where a private detail stands that is the one committed to.
    pub(super) detail: Option<Place>,
}

/// Where the private detail of an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the payload, as that of nearly every entry.
    Payload,
    /// Beside the entry: that of an export entry, which cannot be in the payload that it commits to.
    Log,
}

/// What only some entries say.
#[derive(Debug)]
pub(super) enum Facts {
    /// Nothing else that matters here.
    None,
    /// Of a clip: public part and private detail.
    Clip(Box<(Map<String, Value>, Map<String, Value>)>),
    /// Of an export.
    Export(Box<Export>),
    /// What an `amend` is about.
    Subject(Box<str>),
    /// An entry that stands alone and is a batch of looks.
    Batch,
    /// Of a hold that was laid on a clip or lifted from it: which.
    Hold(Box<str>),
    /// Of a disposal or a retention table: the public part.
    Public(Box<Map<String, Value>>),
}

/// What an export entry says.
#[derive(Debug)]
pub(super) struct Export {
    /// The export's id.
    pub(super) id: String,
    /// The digest of its manifest.
    pub(super) manifest: String,
    /// How many entries its bag holds beside the export's own; what was never in the payload cannot be left out either then.
    pub(super) entries: Option<u64>,
}

/// The entries that could be read, and the checkpoint that all are proved to be under.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) logged: BTreeMap<u64, Logged>,
    pub(super) vouched: Option<Vouched>,
    /// The checkpoint, whoever vouches for it.
    pub(super) note: Option<SignedCheckpoint>,
    /// Whether there are proved entries of a kind or version that is not known here: histories cannot be followed through them.
    pub(super) unknown: bool,
}

/// Reads every entry.
pub(super) fn read(inventory: &Inventory<'_>, policy: &Policy, faults: &mut Faults) -> Entries {
    let indexes: BTreeSet<u64> = inventory.files.keys().filter_map(Name::entry).collect();
    let indexes: Vec<u64> = indexes.into_iter().collect();
    let Some(note) = first_note(inventory, &indexes) else {
        faults.add(altered("proof_missing", "log", "no entry has a proof that can be read"));
        return Entries::default();
    };
    let vouched = match policy.accept(&note) {
        Ok(vouched) => Some(vouched),
        Err(error) if error.is_forgery() => {
            faults.add(altered("checkpoint_altered", note.claimed_head().size, error));
            None
        }
        Err(error) => {
            faults.add(unverifiable("checkpoint_unvouched", note.claimed_head().size, error));
            None
        }
    };
    let (mut logged, mut unknown) = (BTreeMap::new(), false);
    for (index, (entry, found)) in indexes.iter().zip(in_parallel(&indexes, |index| look(inventory, &note, *index))) {
        unknown |= found.iter().any(|fault| fault.is(UNKNOWN));
        faults.extend(found);
        logged.extend(entry.map(|entry| (*index, entry)));
    }
    Entries { logged, vouched, note: Some(note), unknown }
}

/// The checkpoint of the first proof that can be read; every other must have the same.
fn first_note(inventory: &Inventory<'_>, indexes: &[u64]) -> Option<SignedCheckpoint> {
    // What is wrong with it is found when its entry is looked at.
    let read = |index: &u64| inventory.read(&Name::Proof(*index), &mut Vec::new());
    indexes.iter().filter_map(read).find_map(|bytes| TlogProof::parse(&bytes).ok()).map(|proof| proof.checkpoint)
}

/// Looks at one entry with all its files.
fn look(inventory: &Inventory<'_>, note: &SignedCheckpoint, index: u64) -> (Option<Logged>, Vec<Fault>) {
    let mut faults = Vec::new();
    let entry = look_at_line(inventory, note, index, &mut faults);
    let mut logged = None;
    for place in [Place::Payload, Place::Log] {
        let detail = read_detail(inventory, index, place, entry.as_ref(), &mut faults);
        let Some(entry) = &entry else { continue };
        let logged = logged.get_or_insert_with(|| digest(entry));
        let Some(detail) = detail else { continue };
        if logged.detail.is_some() {
            faults.push(altered("detail_extra", index, "its private detail stands in two places"));
            continue;
        }
        logged.detail = Some(place);
        add_detail(logged, detail);
    }
    (logged, faults)
}

/// The entry, when its line is canonical and proved.
fn look_at_line(
    inventory: &Inventory<'_>,
    note: &SignedCheckpoint,
    index: u64,
    faults: &mut Vec<Fault>,
) -> Option<Entry> {
    let proof = inventory.read(&Name::Proof(index), faults);
    let line = inventory.read(&Name::Line(index), faults)?;
    let proved = proof.map(|proof| check_proof(&proof, &line, note, index)).unwrap_or(Ok(()));
    let proved = proved.map_err(|fault| faults.push(fault)).is_ok();
    match Entry::parse(&line) {
        Ok(entry) => Some(entry),
        Err(error @ (EntryError::Version(_) | EntryError::Kind(_))) if proved => {
            faults.push(unverifiable(UNKNOWN, index, error));
            None
        }
        Err(error) => {
            faults.push(altered("entry_altered", index, error));
            None
        }
    }
}

fn check_proof(proof: &[u8], line: &[u8], note: &SignedCheckpoint, index: u64) -> Result<(), Fault> {
    let proof = TlogProof::parse(proof).map_err(|error| altered("proof_damaged", Name::Proof(index), error))?;
    if proof.index != index {
        return Err(altered("proof_differs", Name::Proof(index), format!("it is about entry {}", proof.index)));
    }
    if proof.extra.as_deref() != Some(line) {
        return Err(altered("proof_differs", Name::Proof(index), "it holds another line than the entry's file"));
    }
    if proof.checkpoint != *note {
        return Err(altered("checkpoint_differs", Name::Proof(index), "its checkpoint is not that of the first proof"));
    }
    let head = note.claimed_head();
    verify_inclusion(&leaf_hash(line), index, head.size, &proof.hashes, &head.root)
        .map_err(|error| altered("entry_unproved", index, error))
}

/// The private detail, when both its files are there and are what the entry commits to.
fn read_detail(
    inventory: &Inventory<'_>,
    index: u64,
    place: Place,
    entry: Option<&Entry>,
    faults: &mut Vec<Fault>,
) -> Option<Map<String, Value>> {
    let (detail, salt) = match place {
        Place::Payload => (Name::Detail(index), Name::Salt(index)),
        Place::Log => (Name::ExportDetail(index), Name::ExportSalt(index)),
    };
    let there = |name| inventory.files.contains_key(name);
    match (there(&detail), there(&salt)) {
        (false, false) => return None,
        (true, true) => {}
        (true, false) => faults.push(altered("file_missing", &salt, "the detail's salt is not in the bag")),
        (false, true) => faults.push(altered("file_missing", &detail, "the salt's detail is not in the bag")),
    }
    let bytes = there(&detail).then(|| inventory.read(&detail, faults)).flatten();
    let key = there(&salt).then(|| inventory.read(&salt, faults)).flatten();
    let (bytes, key, entry) = (bytes?, key?, entry?);
    let Some(key) = parse_salt(&key) else {
        faults.push(altered("detail_altered", salt, "it is not 64 lower-case hexadecimal characters and a newline"));
        return None;
    };
    if commitment(&key, &bytes) != entry.commit {
        faults.push(altered("detail_altered", detail, "detail and salt are not those that the entry commits to"));
        return None;
    }
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(value) if canonical(&value).is_ok_and(|canonical| canonical == bytes) => match value {
            Value::Object(members) => Some(members),
            _ => Some(Map::new()),
        },
        _ => {
            faults.push(altered(
                "detail_differs",
                detail,
                "the court committed to something that is not canonical JSON",
            ));
            None
        }
    }
}

fn parse_salt(bytes: &[u8]) -> Option<[u8; 32]> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() == SALT_BYTES)?;
    let digits = text.strip_suffix('\n')?;
    from_hex(digits).ok().filter(|salt| to_hex(salt) == digits)
}

/// What is kept of an entry.
fn digest(entry: &Entry) -> Logged {
    let word = |key: &str| entry.public.get(key).and_then(Value::as_str);
    let event = word("event").unwrap_or_default();
    let facts = match entry.kind {
        EntryKind::Clip => Facts::Clip(Box::new((entry.public.clone(), Map::new()))),
        EntryKind::Event if event == "export" => {
            let owned = |key| word(key).unwrap_or_default().to_owned();
            Facts::Export(Box::new(Export { id: owned("export"), manifest: owned("manifest"), entries: None }))
        }
        EntryKind::Event if event == "fixity_check" && entry.public.contains_key("objects") => Facts::Batch,
        EntryKind::Event if matches!(event, "hold" | "lift") => Facts::Hold(word("hold").unwrap_or_default().into()),
        EntryKind::Amend => Facts::Subject(subject(&entry.public).into()),
        EntryKind::Rules | EntryKind::Dispose => Facts::Public(Box::new(entry.public.clone())),
        EntryKind::Event | EntryKind::Dock | EntryKind::Node => Facts::None,
    };
    let (at, kind, prev) = (entry.at, entry.kind, entry.prev);
    Logged { at, kind, prev, event: event.into(), actor: Box::default(), facts, detail: None }
}

/// What an `amend` is about, as `incident 7`: everything in its public part but the word for what was done.
fn subject(public: &Map<String, Value>) -> String {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let members = public.iter().filter(|(key, _)| *key != "event");
    members.map(|(key, value)| format!("{key} {}", shown(value))).collect::<Vec<_>>().join(", ")
}

fn add_detail(logged: &mut Logged, detail: Map<String, Value>) {
    logged.actor = detail.get("actor").and_then(Value::as_str).unwrap_or_default().into();
    match &mut logged.facts {
        Facts::Clip(facts) => facts.1 = detail,
        Facts::Export(export) => export.entries = detail.get("entries").and_then(Value::as_u64),
        _ => {}
    }
}
