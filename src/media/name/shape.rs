//! One compiled shape of a name, and the built-in ones.

use jiff::civil::DateTime;
use regex::{Captures, Regex};

use super::{FIRST_CREDIBLE_YEAR, NameFacts, is_never_set};

/// A pattern with named groups: `recorder`, `officer`, `a`, `b` (ids of unknown order), `yyyy`, `MM`, `dd`, `HH`,
/// `mm`, `ss`, `seq`, `mark`, `enc`, `category`. Any may be missing.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    name: String,
    regex: Regex,
}

/// Digits of a date and a time of day, as one run.
const TIME: &str = "(?<yyyy>[0-9]{4})(?<MM>[0-9]{2})(?<dd>[0-9]{2})(?<HH>[0-9]{2})(?<mm>[0-9]{2})(?<ss>[0-9]{2})";

/// The shapes of public recorder software, the most particular first. Recorder numbers have 7 characters, officer
/// numbers 6.
pub(super) fn built_in() -> Vec<Shape> {
    let dated = TIME.replace("(?<HH>", "[-_](?<HH>");
    let shapes = [
        (
            "recorder_officer_time_seq",
            format!("(?<recorder>[0-9a-z]{{7}})_(?<officer>[0-9a-z]{{6}}){TIME}_(?<seq>[0-9]{{1,6}})(?<mark>_?imp)?"),
        ),
        (
            "a_b_time_seq",
            format!("(?<a>[0-9a-z]{{1,20}})_(?<b>[0-9a-z]{{1,20}})_{TIME}_(?<seq>[0-9]{{1,6}})(?<mark>_?imp)?"),
        ),
        (
            "dcam",
            format!(
                "dcam_(?<recorder>[0-9a-z-]{{1,32}})_(?<officer>[0-9a-z-]{{1,32}})_{dated}(?<mark>_imp)?(?<enc>_enc)?"
            ),
        ),
        ("dashcam", format!("{dated}_(?<category>nor|evt|mot|img)(?:_[a-z][0-9]{{1,2}})?(?<mark>_?imp)?")),
    ];
    shapes.into_iter().filter_map(|(name, pattern)| Shape::new(name.to_owned(), &pattern).ok()).collect()
}

impl Shape {
    /// A shape by a regular expression for the whole name, without regard to case.
    pub(super) fn new(name: String, pattern: &str) -> Result<Self, regex::Error> {
        Ok(Self { name, regex: Regex::new(&format!("(?i-u)^(?:{pattern})$"))? })
    }

    /// The facts of a name without extension that has this shape.
    pub(super) fn read(&self, bare: &str) -> Option<NameFacts> {
        let found = self.regex.captures(bare)?;
        let text = |group: &str| found.name(group).map(|m| m.as_str().to_owned());
        let mut facts = NameFacts {
            recorder: text("recorder"),
            officer: text("officer"),
            sequence: text("seq").and_then(|s| s.parse().ok()),
            important: found.name("mark").is_some(),
            encrypted: found.name("enc").is_some(),
            category: text("category").map(|c| c.to_ascii_uppercase()),
            pattern: Some(self.name.clone()),
            ..NameFacts::default()
        };
        if let (Some(a), Some(b)) = (text("a"), text("b")) {
            assign_ids(&mut facts, a, b);
        }
        read_time(&mut facts, &found);
        doubt_ids(&mut facts);
        Some(facts)
    }
}

/// The order of the two ids differs by maker; only 7 and 6 characters tell them apart.
fn assign_ids(facts: &mut NameFacts, a: String, b: String) {
    let (recorder, officer) = match (a.len(), b.len()) {
        (6, 7) => (b, a),
        (7, 6) => (a, b),
        _ => {
            facts.doubt("ambiguous_order");
            (a, b)
        }
    };
    facts.recorder = Some(recorder);
    facts.officer = Some(officer);
}

fn read_time(facts: &mut NameFacts, found: &Captures<'_>) {
    if found.name("yyyy").is_none() {
        return;
    }
    facts.recorded = civil(found);
    match facts.recorded {
        None => facts.doubt("impossible_time"),
        Some(at) if at.year() < FIRST_CREDIBLE_YEAR => facts.doubt("clock_never_set"),
        Some(_) => {}
    }
}

/// The time in the groups; seconds left out are 0.
fn civil(found: &Captures<'_>) -> Option<DateTime> {
    let number = |group: &str| found.name(group)?.as_str().parse::<i16>().ok();
    let small = |group: &str| number(group).and_then(|n| i8::try_from(n).ok());
    let second = if found.name("ss").is_some() { small("ss")? } else { 0 };
    DateTime::new(number("yyyy")?, small("MM")?, small("dd")?, small("HH")?, small("mm")?, second, 0).ok()
}

fn doubt_ids(facts: &mut NameFacts) {
    if facts.recorder.as_deref().is_some_and(is_never_set) {
        facts.doubt("recorder_never_set");
    }
    if facts.officer.as_deref().is_some_and(is_never_set) {
        facts.doubt("officer_never_set");
    }
}
