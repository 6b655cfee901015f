//! What follows from everything known of a clip: computed anew whenever a name or sidecar arrives.

use crate::catalog::clips::ClipFacts;
use crate::matching::footage::{Footage, Timing};
use crate::matching::{self, MatchInput, ProposedLink, Unfiled, UnfiledReason};
use crate::media::clock::{self, ClockInput};
use crate::media::name::{NameFacts, NamePatterns};
use crate::media::sidecar::SidecarFacts;
use crate::model::case_number::CaseNumber;
use crate::model::media::MediaFacts;
use crate::model::time::{Micros, UtcOffset};

/// Everything that is known of a clip.
#[derive(Debug)]
pub struct Known<'a> {
    /// Directory and name of each arrival, oldest first, as text.
    pub names: Vec<(String, String)>,
    /// What its sidecars say, oldest first.
    pub sidecars: Vec<SidecarFacts>,
    /// What the probe read.
    pub media: &'a MediaFacts,
    /// The source file's modification time.
    pub file_time: Option<Micros>,
    /// When it was received.
    pub arrived: Micros,
}

/// What follows.
#[derive(Debug)]
pub struct Concluded {
    /// The clip's facts; `unfiled` as if it had no other links than `links`.
    pub facts: ClipFacts,
    /// The cases it belongs to.
    pub links: Vec<ProposedLink>,
}

/// Concludes from everything known. Pure.
pub fn conclude(known: &Known<'_>, patterns: &NamePatterns, utc_offset: UtcOffset) -> Concluded {
    let names: Vec<NameFacts> = known.names.iter().map(|(_, name)| patterns.read(name)).collect();
    let (links, unfiled) = link(known);
    let name_time = first(&names, |n| n.recorded).and_then(|t| Micros::from_civil(t, utc_offset));
    let sidecar_time = first(&known.sidecars, |s| s.begin).and_then(|t| Micros::from_civil(t, utc_offset));
    let chosen = clock::choose(&ClockInput {
        name: name_time,
        sidecar: sidecar_time,
        container: known.media.created,
        file: known.file_time,
        arrived: known.arrived,
        duration_ms: known.media.duration_ms,
        utc_offset,
    });
    let recorder = device_word(
        &names,
        |n| n.recorder.as_ref(),
        "recorder_never_set",
        || first(&known.sidecars, |s| s.recorder.clone()),
    );
    let officer = device_word(
        &names,
        |n| n.officer.as_ref(),
        "officer_never_set",
        || first(&known.sidecars, |s| s.officer.clone()),
    );
    let facts = ClipFacts {
        important: names.iter().any(|n| n.important) || known.sidecars.iter().any(|s| s.important),
        recorded: chosen.recorded,
        recorded_source: chosen.source,
        doubts: doubts(chosen.doubts, &names, &known.sidecars),
        name_time,
        sidecar_time,
        position: known.media.position().or_else(|| first(&known.sidecars, |s| s.position)),
        sequence: first(&names, |n| n.sequence),
        unfiled: links.is_empty(),
        unfiled_reason: unfiled.filter(|_| links.is_empty()).map(|reason| Unfiled::new(&[reason]).to_stored()),
        recorder,
        officer,
    };
    Concluded { facts, links }
}

fn first<T, V>(of: &[T], read: impl Fn(&T) -> Option<V>) -> Option<V> {
    of.iter().find_map(read)
}

/// A word that the recorder put into the name; one that was never set gives way to the sidecar's.
fn device_word(
    names: &[NameFacts],
    read: impl Fn(&NameFacts) -> Option<&String>,
    never_set: &str,
    sidecar: impl Fn() -> Option<String>,
) -> Option<String> {
    let set = names.iter().filter(|n| !n.doubts.iter().any(|d| d == never_set)).find_map(&read).cloned();
    set.or_else(sidecar).or_else(|| names.iter().find_map(read).cloned())
}

fn doubts(mut doubts: Vec<String>, names: &[NameFacts], sidecars: &[SidecarFacts]) -> Vec<String> {
    let said = names.iter().flat_map(|n| &n.doubts).chain(sidecars.iter().flat_map(|s| &s.doubts));
    for doubt in said {
        if !doubts.contains(doubt) {
            doubts.push(doubt.clone());
        }
    }
    doubts
}

fn link(known: &Known<'_>) -> (Vec<ProposedLink>, Option<UnfiledReason>) {
    let numbers: Vec<CaseNumber> = known.sidecars.iter().flat_map(|s| s.case_numbers.iter().cloned()).collect();
    let mut links: Vec<ProposedLink> = Vec::new();
    for (dir, name) in &known.names {
        for new in by_number(dir, name, &numbers).links {
            match links.iter_mut().find(|l| l.number.canonical() == new.number.canonical()) {
                Some(old) if new.method < old.method => *old = new,
                Some(_) => {}
                None => links.push(new),
            }
        }
    }
    (links, number_reason(&known.names, &numbers))
}

fn by_number(dir: &str, name: &str, sidecar_numbers: &[CaseNumber]) -> matching::MatchResult {
    matching::match_by_number(&MatchInput { name, relative_dir: dir, sidecar_numbers })
}

/// Why neither names (directory and name of each arrival) nor sidecars name a case; none when one of them does.
pub(super) fn number_reason(names: &[(String, String)], sidecar_numbers: &[CaseNumber]) -> Option<UnfiledReason> {
    let mut reasons = names.iter().map(|(dir, name)| by_number(dir, name, sidecar_numbers).unfiled_reason);
    // The newest name that has something to say.
    reasons.try_fold(None, |_, reason| reason.map(Some)).flatten()
}

/// A clip with these facts as matching sees it.
pub(super) fn footage(facts: &ClipFacts, media: &MediaFacts, arrived: Micros, utc_offset: UtcOffset) -> Footage {
    let timing = Timing {
        recorded: facts.recorded,
        source: facts.recorded_source,
        doubts: &facts.doubts,
        arrived,
        duration_ms: media.duration_ms,
        utc_offset,
    };
    Footage::new(facts.recorder.as_deref(), facts.officer.as_deref(), facts.sequence, &timing)
}
