//! The clips' bytes: each copy in the bag is what its `clip` entry says.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::chains::Chain;
use super::entries::{Entries, Facts, Logged};
use super::fault::{Fault, Faults, altered};
use super::inventory::{Inventory, unreadable};
use super::name::Name;
use super::parallel::in_parallel;
use crate::ledger::entry::EntryKind;
use crate::vault::hash_file_noting;

/// A copy to be looked at, and what it should be.
struct Copy<'a> {
    name: &'a Name,
    size: u64,
    expected: Option<Expected<'a>>,
}

/// What a `clip` entry says of its bytes.
struct Expected<'a> {
    sha256: &'a str,
    sm3: Option<&'a str>,
    size: u64,
}

/// Compares the copies with the entries, and the entries with the copies.
pub(super) fn check(inventory: &Inventory<'_>, entries: &Entries, chains: &[Chain], faults: &mut Faults) {
    let mut copies = BTreeMap::new();
    for (name, file) in &inventory.files {
        let Name::Clip(index, _) = name else { continue };
        if copies.insert(*index, (name, file.size)).is_some() {
            faults.add(altered("copy_extra", name, format!("there is another file for entry {index}")));
        }
    }
    let mut digests = HashMap::new();
    let mut work = Vec::new();
    for chain in chains {
        let Some((first, last)) = chain.first().zip(chain.last()) else { continue };
        let expected = entries.logged.get(first).and_then(expected);
        let Some(expected) = expected else {
            faults.add(altered("entry_altered", first, "the clip entry does not say SHA-256 and size"));
            continue;
        };
        if let Some(other) = digests.insert(expected.sha256, first) {
            let detail = format!("entry {other} is about the same bytes: which history is theirs?");
            faults.add(altered("clip_doubled", first, detail));
        }
        let is_disposed = entries.logged.get(last).is_some_and(|entry| entry.kind == EntryKind::Dispose);
        match (copies.remove(first), is_disposed) {
            (Some((name, size)), false) => work.push(Copy { name, size, expected: Some(expected) }),
            (None, false) => faults.add(altered("copy_missing", first, "the bag does not hold the clip's bytes")),
            (Some((name, _)), true) => faults.add(altered("copy_extra", name, "the clip was disposed of")),
            (None, true) => {}
        }
    }
    for (name, _) in copies.into_values() {
        faults.add(altered("copy_extra", name, "no entry in the bag is about these bytes"));
    }
    let report = inventory.files.get(&Name::Report);
    work.extend(report.map(|file| Copy { name: &Name::Report, size: file.size, expected: None }));
    // The largest first, so that no thread is left with it alone at the end.
    work.sort_by_key(|copy| std::cmp::Reverse(copy.size));
    faults.extend(in_parallel(&work, |copy| look(inventory, copy)).into_iter().flatten());
}

fn expected(entry: &Logged) -> Option<Expected<'_>> {
    let Facts::Clip(facts) = &entry.facts else { return None };
    let text = |key: &str| facts.0.get(key).and_then(Value::as_str);
    let size = facts.0.get("size").and_then(Value::as_u64)?;
    Some(Expected { sha256: text("sha256")?, sm3: text("sm3"), size })
}

fn look(inventory: &Inventory<'_>, copy: &Copy<'_>) -> Vec<Fault> {
    let name = copy.name;
    let mut faults = Vec::new();
    if let Some(expected) = copy.expected.as_ref().filter(|expected| expected.size != copy.size) {
        // Its bytes cannot be right, and need not be read.
        let detail = format!("it has {} bytes, the ledger says {}", copy.size, expected.size);
        return vec![altered("copy_truncated", name, detail)];
    }
    let sm3 = copy.expected.as_ref().and_then(|expected| expected.sm3);
    let digests = inventory.open(name).and_then(|file| {
        hash_file_noting(&file, sm3.is_some(), |bytes| inventory.note(bytes)).map_err(|error| unreadable(name, &error))
    });
    let (found_sha256, found_sm3) = match digests {
        Ok(digests) => digests,
        Err(fault) => return vec![fault],
    };
    faults.extend(inventory.compare(name, &found_sha256.0));
    let Some(expected) = &copy.expected else { return faults };
    for (kind, found, said) in [
        ("SHA-256", Some(found_sha256.to_string()), Some(expected.sha256)),
        ("SM3", found_sm3.map(|digest| digest.to_string()), expected.sm3),
    ] {
        if let (Some(found), Some(said)) = (found, said)
            && found != said
        {
            faults.push(altered("copy_altered", name, format!("its {kind} is {found}, the ledger says {said}")));
        }
    }
    faults
}
