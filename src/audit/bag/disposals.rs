//! Disposals: a clip that is not in the bag any more was destroyed under a rule that the ledger announced before, and under no hold.

use std::collections::BTreeSet;

use serde_json::Value;

use super::chains::Chain;
use super::entries::{Entries, Facts};
use super::fault::{Fault, Faults, altered};
use crate::ledger::entry::EntryKind;
use crate::model::time::Micros;

/// Checks every `dispose` entry against the table that it names and the holds before it.
pub(super) fn check(entries: &Entries, chains: &[Chain], faults: &mut Faults) {
    for chain in chains {
        let mut held = BTreeSet::new();
        for index in chain.iter().copied() {
            match entries.logged.get(&index).map(|entry| (&*entry.event, &entry.facts)) {
                Some(("hold", Facts::Hold(hold))) => _ = held.insert(&**hold),
                Some((_, Facts::Hold(hold))) => _ = held.remove(&**hold),
                _ => faults.extend(check_one(index, chain, entries, &held).err()),
            }
        }
    }
}

fn check_one(index: u64, chain: &Chain, entries: &Entries, held: &BTreeSet<&str>) -> Result<(), Fault> {
    let Some(entry) = entries.logged.get(&index).filter(|entry| entry.kind == EntryKind::Dispose) else {
        return Ok(());
    };
    let wrong = |detail: String| altered("disposal_differs", index, detail);
    let Facts::Public(public) = &entry.facts else { return Ok(()) };
    let number = |key: &str| public.get(key).and_then(Value::as_u64);
    if number("clip") != chain.first().copied() {
        return Err(wrong("it does not name the clip in whose chain it stands".to_owned()));
    }
    if let Some(hold) = held.first() {
        return Err(altered("disposed_while_held", index, format!("the clip was under hold {hold}")));
    }
    let rules = number("rules").filter(|rules| *rules < index);
    let rules = rules.and_then(|rules| entries.logged.get(&rules)).filter(|rules| rules.kind == EntryKind::Rules);
    if rules.is_none() {
        return Err(wrong("it names no earlier table of rules that is in the bag".to_owned()));
    }
    let allowed = public.get("allowed_from").and_then(Value::as_str).and_then(|text| text.parse::<Micros>().ok());
    match allowed {
        None => Err(wrong("it does not say from when on it was allowed".to_owned())),
        Some(allowed) if allowed > entry.at => {
            let detail = format!("disposed at {}, allowed from {allowed}", entry.at.to_rfc3339_seconds());
            Err(altered("disposed_too_early", index, detail))
        }
        Some(_) => Ok(()),
    }
}
