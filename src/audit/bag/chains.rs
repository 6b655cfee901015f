//! The chains: each clip's runs from its `clip` entry to the export of this bag, or to its disposal, without gap or fork; each incident's
//! from its first entry. Every entry belongs to one, or is of a kind that stands alone.

use std::collections::{BTreeMap, HashMap};

use super::entries::{Entries, Facts, Logged, Place};
use super::fault::{Faults, altered};
use super::manifest::Lists;
use crate::ledger::entry::EntryKind;
use crate::model::digest::to_hex;

/// The indexes of the entries about one thing, the oldest first.
pub(super) type Chain = Vec<u64>;

/// All chains of a bag.
#[derive(Debug, Default)]
pub(super) struct Chains {
    /// Of clips.
    pub(super) clips: Vec<Chain>,
    /// Of incidents, actions and whatever else is amended.
    pub(super) subjects: Vec<Chain>,
}

/// Follows the chains and finds what is wrong with them.
pub(super) fn follow(entries: &Entries, lists: &Lists, faults: &mut Faults) -> Chains {
    let logged = &entries.logged;
    let next = successors(logged, faults);
    let mut chains = Chains::default();
    for (index, entry) in logged.iter().filter(|(_, entry)| entry.prev.is_none()) {
        match (entry.kind, &entry.facts) {
            (EntryKind::Clip, _) => chains.clips.push(chain(*index, &next)),
            (EntryKind::Amend, _) => chains.subjects.push(chain(*index, &next)),
            (EntryKind::Rules | EntryKind::Node | EntryKind::Dock, _) | (_, Facts::Batch) => {
                check_alone(*index, entry, &next, faults);
            }
            _ => faults.add(altered("chain_broken", index, "it follows nothing, though it is about something")),
        }
    }
    for chain in &chains.clips {
        check_clip(chain, logged, lists, faults);
    }
    for chain in &chains.subjects {
        check_subject(chain, logged, faults);
    }
    check_count(&chains.clips, logged, faults);
    chains
}

/// Whether an export was recorded at all, and the bag holds as many entries as it had.
fn check_count(chains: &[Chain], logged: &BTreeMap<u64, Logged>, faults: &mut Faults) {
    let export = |index: &u64| match logged.get(index).map(|entry| &entry.facts) {
        Some(Facts::Export(export)) => Some((*index, export.entries)),
        _ => None,
    };
    let ends: Vec<_> = chains.iter().filter_map(|chain| chain.last()).filter_map(export).collect();
    if ends.is_empty() {
        faults.add(altered("export_missing", "log", "no entry commits to the manifest: this is no export"));
    }
    let found = logged.len().saturating_sub(ends.len()) as u64;
    for (index, said) in ends {
        if let Some(said) = said.filter(|said| *said != found) {
            let detail = format!("the export had {said} entries beside its own, the bag has {found}");
            faults.add(altered("export_differs", index, detail));
        }
    }
}

/// The entry that follows each.
fn successors(logged: &BTreeMap<u64, Logged>, faults: &mut Faults) -> HashMap<u64, u64> {
    let mut next = HashMap::with_capacity(logged.len());
    for (index, entry) in logged {
        let Some(prev) = entry.prev else { continue };
        if prev >= *index {
            faults.add(altered("chain_broken", index, format!("it follows entry {prev}, which came later")));
        } else if !logged.contains_key(&prev) {
            faults.add(altered("chain_broken", index, format!("it follows entry {prev}, which is not in the bag")));
        } else if let Some(other) = next.insert(prev, *index) {
            faults.add(altered("chain_forked", prev, format!("entries {other} and {index} both follow it")));
        }
    }
    next
}

fn chain(first: u64, next: &HashMap<u64, u64>) -> Chain {
    // A successor's index is always the greater one, so this ends.
    std::iter::successors(Some(first), |index| next.get(index).copied()).collect()
}

/// An entry that is about no single thing.
fn check_alone(index: u64, entry: &Logged, next: &HashMap<u64, u64>, faults: &mut Faults) {
    if let Some(next) = next.get(&index) {
        faults.add(altered("chain_broken", next, format!("it follows entry {index}, which stands alone")));
    }
    let may_lack = matches!(entry.kind, EntryKind::Rules | EntryKind::Node | EntryKind::Dock);
    if entry.detail.is_none() && !may_lack {
        faults.add(altered("detail_missing", index, "its private detail is not in the bag, or not the right one"));
    }
    check_place(index, entry, Place::Payload, faults);
}

fn check_place(index: u64, entry: &Logged, right: Place, faults: &mut Faults) {
    if entry.detail.is_some_and(|place| place != right) {
        let detail = match right {
            Place::Payload => "its private detail is not in the payload, so no export entry commits to it",
            Place::Log => "its private detail is in the payload that it commits to, which cannot be",
        };
        faults.add(altered("detail_misplaced", index, detail));
    }
}

fn check_clip(chain: &Chain, logged: &BTreeMap<u64, Logged>, lists: &Lists, faults: &mut Faults) {
    let Some((last, first)) = chain.last().copied().zip(chain.first()) else { return };
    // What is erased with a disposal are the details of all that was before it; a clip that came back has new ones since.
    let is_disposal = |index: &&u64| logged.get(index).is_some_and(|entry| entry.kind == EntryKind::Dispose);
    let erased_to = chain.iter().rfind(is_disposal).copied();
    for index in chain {
        let Some(entry) = logged.get(index) else { continue };
        let fits = match entry.kind {
            EntryKind::Clip => index == first,
            EntryKind::Event | EntryKind::Dispose => true,
            _ => false,
        };
        if !fits {
            let kind = entry.kind.as_str();
            faults.add(altered(
                "chain_broken",
                index,
                format!("a {kind} entry has no place in the chain of clip {first}"),
            ));
        }
        if entry.detail.is_none() && erased_to.is_none_or(|disposal| *index > disposal) {
            faults.add(altered("detail_missing", index, "its private detail is not in the bag, or not the right one"));
        }
        let is_end = *index == last && matches!(entry.facts, Facts::Export(_));
        check_place(*index, entry, if is_end { Place::Log } else { Place::Payload }, faults);
    }
    if erased_to != Some(last) {
        check_end(last, *first, logged, lists, faults);
    }
}

/// Whether the chain of clip `first` ends with the export of this bag.
fn check_end(last: u64, first: u64, logged: &BTreeMap<u64, Logged>, lists: &Lists, faults: &mut Faults) {
    let Some(Facts::Export(export)) = logged.get(&last).map(|entry| &entry.facts) else {
        let detail = format!("the chain ends with entry {last}, which is neither this export nor a disposal");
        faults.add(altered("chain_cut", first, detail));
        return;
    };
    let (id, manifest) = (&export.id, &export.manifest);
    let found = lists.manifest.map(|digest| to_hex(&digest));
    if found.as_ref() != Some(manifest) {
        let found = found.as_deref().unwrap_or("one that cannot be read");
        let detail = format!("the ledger says that the export's manifest is {manifest}, the bag's is {found}");
        faults.add(altered("export_differs", last, detail));
    }
    if lists.export.as_ref() != Some(id) {
        let said = lists.export.as_deref().unwrap_or("nothing");
        faults.add(altered("bag_info_differs", last, format!("it is of export {id}, bag-info.txt says {said}")));
    }
}

fn check_subject(chain: &Chain, logged: &BTreeMap<u64, Logged>, faults: &mut Faults) {
    let subject_of = |index: &u64| match logged.get(index).map(|entry| &entry.facts) {
        Some(Facts::Subject(subject)) => Some(subject),
        _ => None,
    };
    let first = chain.first().and_then(subject_of);
    for index in chain {
        let Some(entry) = logged.get(index) else { continue };
        if subject_of(index).is_none() || subject_of(index) != first {
            let about = first.map_or("nothing", |subject| subject);
            faults.add(altered(
                "chain_broken",
                index,
                format!("it follows an entry about {about}, and is about something else"),
            ));
        }
        if entry.detail.is_none() {
            faults.add(altered("detail_missing", index, "its private detail is not in the bag, or not the right one"));
        }
        check_place(*index, entry, Place::Payload, faults);
    }
}
