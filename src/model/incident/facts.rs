use std::collections::BTreeSet;

use serde::Serialize;

use super::code::Code;
use super::people::{Resister, Victim};
use crate::model::fault::Fault;
use crate::model::id::Id;
use crate::model::time::Micros;

/// The highest severity; the lowest is 1.
pub const MOST_SEVERE: u8 = 4;
/// Most characters of what is told.
const MOST_NARRATIVE: usize = 20_000;
/// Most characters of injuries and of weapons.
const MOST_TEXT: usize = 2_000;
/// Most characters of a place, a name, a number.
const MOST_WORDS: usize = 200;
/// Most cases, clips or people.
const MOST_PARTS: usize = 200;

/// No clip is believed to last longer than 31 days.
const MOST_MS: u64 = 31 * 86_400_000;

/// Where an incident is seen in a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ClipSpan {
    /// The clip.
    pub id: Id,
    /// Milliseconds from the clip's start at which it begins.
    pub from_ms: u64,
    /// Milliseconds from the clip's start at which it ends; none: not said.
    pub to_ms: Option<u64>,
}

/// What is said of an incident. The names of the fields are those of the API, and those of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Court code; empty: not said.
    pub court: String,
    /// 1 to 4; none: not judged.
    pub severity: Option<u8>,
    /// When it began.
    #[serde(rename = "begin_at")]
    pub begin: Micros,
    /// When it ended; none: not said.
    #[serde(rename = "end_at")]
    pub end: Option<Micros>,
    /// Where; empty: not said.
    pub place: String,
    /// What happened; empty: not told.
    pub narrative: String,
    /// Injuries; empty: none said.
    pub injuries: String,
    /// Weapons; empty: none said.
    pub weapons: String,
    /// What conduct it was.
    pub codes: BTreeSet<Code>,
    /// Canonical numbers of the cases it belongs to.
    pub cases: BTreeSet<String>,
    /// Where it is seen, in the order of the clips' ids; each clip once.
    pub clips: Vec<ClipSpan>,
    /// Who did it.
    pub subjects: Vec<Resister>,
    /// Against whom.
    pub victims: Vec<Victim>,
    /// It was found that there was no victim.
    pub no_victims: bool,
    /// The action 执行行动 it happened in.
    #[serde(rename = "action_id")]
    pub action: Option<Id>,
    /// When it was reported to the 法官权益保障委员会.
    #[serde(rename = "committee_reported_at")]
    pub committee_reported: Option<Micros>,
}

impl Facts {
    /// An incident of which only the begin is known.
    pub fn at(begin: Micros) -> Self {
        Self {
            court: String::new(),
            severity: None,
            begin,
            end: None,
            place: String::new(),
            narrative: String::new(),
            injuries: String::new(),
            weapons: String::new(),
            codes: BTreeSet::new(),
            cases: BTreeSet::new(),
            clips: Vec::new(),
            subjects: Vec::new(),
            victims: Vec::new(),
            no_victims: false,
            action: None,
            committee_reported: None,
        }
    }

    /// The first and the last instant; an end that is not said is the begin.
    pub fn span(&self) -> (Micros, Micros) {
        (self.begin, self.end.unwrap_or(self.begin))
    }

    /// Whether the two share an instant.
    pub fn overlaps(&self, other: &Self) -> bool {
        let ((a, b), (c, d)) = (self.span(), other.span());
        a <= d && c <= b
    }

    /// What cannot be, whatever the catalog holds.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.end.is_some_and(|end| end < self.begin) {
            faults.push(Fault::new("end_at", "不能早于 begin_at", "must not be before `begin_at`"));
        }
        if self.severity.is_some_and(|s| !(1..=MOST_SEVERE).contains(&s)) {
            faults.push(Fault::new("severity", "应为 1 到 4", "expected 1 to 4"));
        }
        if self.no_victims && !self.victims.is_empty() {
            faults.push(Fault::new("no_victims", "已列出受害人", "victims are named"));
        }
        if self.committee_reported.is_some_and(|at| at < self.begin) {
            let en = "must not be before `begin_at`";
            faults.push(Fault::new("committee_reported_at", "不能早于 begin_at", en));
        }
        self.check_texts(&mut faults);
        self.check_numbers(&mut faults);
        faults
    }

    fn check_texts(&self, faults: &mut Vec<Fault>) {
        let texts = [
            ("court", &self.court, MOST_WORDS),
            ("place", &self.place, MOST_WORDS),
            ("narrative", &self.narrative, MOST_NARRATIVE),
            ("injuries", &self.injuries, MOST_TEXT),
            ("weapons", &self.weapons, MOST_TEXT),
        ];
        faults.extend(texts.into_iter().filter_map(|(field, text, most)| Fault::of_text(field, text, most)));
        for (i, subject) in self.subjects.iter().enumerate() {
            faults.extend(Fault::of_text(format!("subjects[{i}].name"), &subject.name, MOST_WORDS));
        }
        for (i, victim) in self.victims.iter().enumerate() {
            faults.extend(Fault::of_text(format!("victims[{i}].name"), &victim.name, MOST_WORDS));
            let number = victim.officer.as_deref().unwrap_or_default();
            faults.extend(Fault::of_text(format!("victims[{i}].officer"), number, MOST_WORDS));
        }
    }

    fn check_numbers(&self, faults: &mut Vec<Fault>) {
        let counts = [
            ("codes", self.codes.len()),
            ("cases", self.cases.len()),
            ("clips", self.clips.len()),
            ("subjects", self.subjects.len()),
            ("victims", self.victims.len()),
        ];
        for (field, _) in counts.into_iter().filter(|(_, count)| *count > MOST_PARTS) {
            faults.push(Fault::new(field, format!("最多 {MOST_PARTS} 个"), format!("at most {MOST_PARTS}")));
        }
    }

    /// What is missing before it can be found that there was an incident.
    pub fn lacks(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.codes.is_empty() {
            faults.push(Fault::new("codes", "确认前至少应有一个行为代码", "at least one conduct code is needed"));
        }
        if self.victims.is_empty() && !self.no_victims {
            let zh = "确认前应列出受害人，或以 no_victims 说明没有受害人";
            faults.push(Fault::new("victims", zh, "name the victims, or say by `no_victims` that there was none"));
        }
        faults
    }
}

impl ClipSpan {
    /// What cannot be in a clip of `duration_ms`; `field` is how clients call this span.
    pub fn faults(&self, field: &str, duration_ms: Option<u64>) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut add = |name: &str, zh: String, en: String| faults.push(Fault::new(format!("{field}.{name}"), zh, en));
        let most = duration_ms.unwrap_or(MOST_MS).min(MOST_MS);
        for (name, ms) in [("from_ms", Some(self.from_ms)), ("to_ms", self.to_ms)] {
            if ms.is_some_and(|ms| ms > most) {
                add(name, format!("最多 {most} 毫秒"), format!("the clip has {most} milliseconds at most"));
            }
        }
        if self.to_ms.is_some_and(|to| to < self.from_ms) {
            add("to_ms", "不能小于 from_ms".to_owned(), "must not be below `from_ms`".to_owned());
        }
        faults
    }
}

/// Where in a clip that was recorded at `recorded` an incident that began at `begin` is seen first: milliseconds from the clip's start,
/// never before it, nor after its end when that is known.
pub fn default_offset_ms(begin: Micros, recorded: Micros, duration_ms: Option<u64>) -> u64 {
    let offset = u64::try_from(begin.0.saturating_sub(recorded.0) / 1000).unwrap_or(0);
    offset.min(duration_ms.unwrap_or(MOST_MS)).min(MOST_MS)
}
