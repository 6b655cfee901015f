//! What the entries say of each clip: to be read as proved only when the whole bag is.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::chains::Chain;
use super::entries::{Entries, Facts, Logged};
use super::fault::{Faults, altered, remark};
use crate::ledger::entry::EntryKind;
use crate::model::time::Micros;

/// What is said of one clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClipStory {
    /// The index of its `clip` entry, which is also its file's name.
    pub entry: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// SM3 of its bytes, when the court keeps it.
    pub sm3: Option<String>,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it was recorded, as the court concluded.
    pub start: Option<String>,
    /// When the recording ended.
    pub end: Option<String>,
    /// The recorder's serial.
    pub recorder: Option<String>,
    /// The recorder's own file number.
    pub sequence: Option<u64>,
    /// The name under which it arrived; none when its details were erased.
    pub name: Option<String>,
    /// The officer number that the court concluded at its arrival.
    pub officer: Option<String>,
    /// When it became evidence: the court's clock.
    pub accepted_at: Micros,
    /// Under which rule it was destroyed; none when it is in the bag.
    pub disposed: Option<String>,
    /// Everything that was done with it, the oldest first.
    pub history: Vec<Step>,
}

/// What is said of something that is no clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubjectStory {
    /// What it is: `incident 7`.
    pub subject: String,
    /// What was done with it, the oldest first.
    pub history: Vec<Step>,
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its entry.
    pub entry: u64,
    /// When: the court's clock.
    pub at: Micros,
    /// What, in the ledger's word.
    pub event: String,
    /// Who; empty when the detail was erased.
    pub actor: String,
}

/// What is said of each clip.
pub(super) fn of_clips(entries: &Entries, chains: &[Chain]) -> Vec<ClipStory> {
    chains.iter().filter_map(|chain| of_clip(entries, chain)).collect()
}

fn of_clip(entries: &Entries, chain: &Chain) -> Option<ClipStory> {
    let index = *chain.first()?;
    let first = entries.logged.get(&index)?;
    let Facts::Clip(facts) = &first.facts else { return None };
    let (public, detail) = &**facts;
    let last = entries.logged.get(chain.last()?)?;
    Some(ClipStory {
        entry: index,
        sha256: text(public, "sha256")?,
        sm3: text(public, "sm3"),
        size_bytes: public.get("size").and_then(Value::as_u64)?,
        start: text(public, "start"),
        end: text(public, "end"),
        recorder: text(public, "recorder"),
        sequence: public.get("seq").and_then(Value::as_u64),
        name: text(detail, "name"),
        officer: text(detail, "officer"),
        accepted_at: first.at,
        disposed: disposed_under(last),
        history: steps(&entries.logged, chain),
    })
}

fn disposed_under(last: &Logged) -> Option<String> {
    let Facts::Public(public) = &last.facts else { return None };
    let word = |key| text(public, key).unwrap_or_default();
    (last.kind == EntryKind::Dispose).then(|| format!("{}, {}", word("rule"), word("allowed_from")))
}

/// What is said of everything else.
pub(super) fn of_subjects(entries: &Entries, chains: &[Chain]) -> Vec<SubjectStory> {
    let story = |chain: &Chain| {
        let Facts::Subject(subject) = &entries.logged.get(chain.first()?)?.facts else { return None };
        Some(SubjectStory { subject: subject.to_string(), history: steps(&entries.logged, chain) })
    };
    chains.iter().filter_map(story).collect()
}

fn steps(logged: &BTreeMap<u64, Logged>, chain: &Chain) -> Vec<Step> {
    let step = |index: &u64| {
        let entry = logged.get(index)?;
        let event = if entry.event.is_empty() { entry.kind.as_str() } else { &entry.event };
        Some(Step { entry: *index, at: entry.at, event: event.to_owned(), actor: entry.actor.to_string() })
    };
    chain.iter().filter_map(step).collect()
}

fn text(members: &Map<String, Value>, key: &str) -> Option<String> {
    members.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// Whether what is said of times and recorders agrees with itself. A clock that was wrong is no alteration, and is remarked upon only.
pub(super) fn check_times(entries: &Entries, chains: &[Chain], faults: &mut Faults) {
    for (index, entry) in
        chains.iter().filter_map(|chain| chain.first()).filter_map(|i| Some((i, entries.logged.get(i)?)))
    {
        let Facts::Clip(facts) = &entry.facts else { continue };
        let (public, detail) = &**facts;
        if let (Some(said), Some(meant)) = (text(public, "recorder"), text(detail, "recorder"))
            && said != meant
        {
            let detail = format!("the entry says recorder {said}, its private detail {meant}");
            faults.add(altered("detail_differs", index, detail));
        }
        let time = |key| text(public, key).map(|text| text.parse::<Micros>());
        let (start, end) = (time("start"), time("end"));
        if [&start, &end].into_iter().any(|time| matches!(time, Some(Err(_)))) {
            faults.add(altered("detail_differs", index, "start or end is no time"));
            continue;
        }
        let (start, end) = (start.and_then(Result::ok), end.and_then(Result::ok));
        if start.zip(end).is_some_and(|(start, end)| end < start) {
            faults.add(altered("detail_differs", index, "it ends before it begins"));
        }
        if start.is_some_and(|start| start > entry.at) {
            faults.add(remark("start_doubtful", index, "it begins after its acceptance: a clock was wrong"));
        }
    }
    check_order(&entries.logged, faults);
}

/// The court's clock should not have gone back; where it did, its times are worth less.
fn check_order(logged: &BTreeMap<u64, Logged>, faults: &mut Faults) {
    for ((before, earlier), (index, later)) in logged.iter().zip(logged.iter().skip(1)) {
        if later.at < earlier.at {
            let detail = format!("entry {before} was written before it and says {}", earlier.at.to_rfc3339_seconds());
            faults.add(remark("time_doubtful", index, detail));
        }
    }
}
