//! An action 执行行动: a planned outing of officers with recorders, for one or more cases.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::fault::Fault;
use super::time::{DAY_US, Micros};

/// Kinds that courts write most; any other text may be written too.
pub const KINDS: [&str; 10] =
    ["搜查", "查封扣押", "强制迁出", "强制腾退", "拘留", "拘传", "送达", "现场调查", "强制交付", "协助执行"];

/// Longest kind, place and reference, in characters.
const MOST_CHARS: usize = 200;
/// Longest note, in characters.
const MOST_NOTE_CHARS: usize = 4_000;
/// Most cases, officers or recorders of one action.
const MOST_PARTS: usize = 200;
/// Most recorders that an action can ask for.
const MOST_RECORDERS: u32 = 200;
/// Longest window; matching relies on it when it looks for the actions around a time.
pub const MOST_WINDOW_US: i64 = 7 * DAY_US;

/// Where an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// It is to take place.
    Planned,
    /// It took place.
    Done,
    /// It did not take place; no clip belongs to it.
    Cancelled,
}

impl ActionState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Planned, Self::Done, Self::Cancelled];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A span of time, both ends within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its first instant.
    pub from: Micros,
    /// Its last instant.
    pub to: Micros,
}

impl Window {
    /// The window with `us` microseconds more at both ends.
    #[must_use]
    pub fn widened(self, us: i64) -> Self {
        Self { from: Micros(self.from.0.saturating_sub(us)), to: Micros(self.to.0.saturating_add(us)) }
    }

    /// Whether it holds an instant.
    pub fn holds(self, at: Micros) -> bool {
        (self.from..=self.to).contains(&at)
    }

    /// How far an instant lies outside, in microseconds; 0 within.
    pub fn distance_us(self, at: Micros) -> i64 {
        let before = self.from.0.saturating_sub(at.0);
        let after = at.0.saturating_sub(self.to.0);
        before.max(after).max(0)
    }
}

/// An officer number or a serial in one width and without spaces, as the registers keep it.
pub fn plain_number(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).collect()
}

/// Everything that people say of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionFacts {
    /// The court's own number for it; no two actions have the same.
    pub reference: Option<String>,
    /// What is done, such as 强制迁出; [`KINDS`] are suggestions.
    pub kind: String,
    /// Where; empty: not said.
    pub place: String,
    /// Court code; empty: not said.
    pub court: String,
    /// When it is to begin.
    pub planned_from: Micros,
    /// When it is to end.
    pub planned_to: Micros,
    /// When it began.
    pub actual_from: Option<Micros>,
    /// When it ended.
    pub actual_to: Option<Micros>,
    /// How many recorders have to be there.
    pub recorders_needed: u32,
    /// Anything else; empty: nothing.
    pub note: String,
    /// Where it stands.
    pub state: ActionState,
    /// Canonical numbers of its cases.
    pub cases: BTreeSet<String>,
    /// Numbers 警号 of the officers who take part.
    pub officers: BTreeSet<String>,
    /// Serials of the recorders that are taken along.
    pub recorders: BTreeSet<String>,
}

impl ActionFacts {
    /// An action of which only kind and planned window are known.
    pub fn new(kind: impl Into<String>, planned: Window) -> Self {
        Self {
            reference: None,
            kind: kind.into(),
            place: String::new(),
            court: String::new(),
            planned_from: planned.from,
            planned_to: planned.to,
            actual_from: None,
            actual_to: None,
            recorders_needed: 0,
            note: String::new(),
            state: ActionState::Planned,
            cases: BTreeSet::new(),
            officers: BTreeSet::new(),
            recorders: BTreeSet::new(),
        }
    }

    /// The window that counts: the real one as far as it is known. One that began late and has no end yet lasts as long as planned.
    pub fn window(&self) -> Window {
        let from = self.actual_from.unwrap_or(self.planned_from);
        let length = self.planned_to.0.saturating_sub(self.planned_from.0).max(0);
        let expected = Micros(from.0.saturating_add(length)).max(self.planned_to);
        Window { from, to: self.actual_to.unwrap_or(expected) }
    }

    /// Everything that cannot be, all at once.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.check_texts(&mut faults);
        self.check_windows(&mut faults);
        let most = MOST_PARTS;
        for (field, count) in
            [("cases", self.cases.len()), ("officers", self.officers.len()), ("recorders", self.recorders.len())]
        {
            if count > most {
                faults.push(Fault::new(field, format!("最多 {most} 个"), format!("at most {most}")));
            }
        }
        if self.recorders_needed > MOST_RECORDERS {
            let (zh, en) = (format!("最多 {MOST_RECORDERS} 台"), format!("at most {MOST_RECORDERS}"));
            faults.push(Fault::new("recorders_needed", zh, en));
        }
        faults
    }

    fn check_texts(&self, faults: &mut Vec<Fault>) {
        if self.kind.trim().is_empty() {
            let zh = format!("不能为空；例如 {}", KINDS.join("、"));
            faults.push(Fault::new("kind", zh, format!("must not be empty; for example {}", KINDS.join(", "))));
        }
        let reference = self.reference.as_deref().unwrap_or("-");
        if reference.trim().is_empty() {
            faults.push(Fault::new("reference", "不能为空，没有时请省略", "must not be empty; leave it out or null"));
        }
        let texts = [
            ("kind", &*self.kind, MOST_CHARS),
            ("place", &self.place, MOST_CHARS),
            ("court", &self.court, MOST_CHARS),
            ("reference", reference, MOST_CHARS),
            ("note", &self.note, MOST_NOTE_CHARS),
        ];
        let people = self.officers.iter().map(|o| ("officers", &**o, MOST_CHARS));
        let devices = self.recorders.iter().map(|r| ("recorders", &**r, MOST_CHARS));
        for (field, text, most) in texts.into_iter().chain(people).chain(devices) {
            if text.chars().count() > most {
                faults.push(Fault::new(field, format!("最多 {most} 个字符"), format!("at most {most} characters")));
            }
        }
        for (field, mut of) in [("officers", self.officers.iter()), ("recorders", self.recorders.iter())] {
            if of.any(|text| text.is_empty()) {
                faults.push(Fault::new(field, "不能含空的编号", "must hold no empty number"));
            }
        }
    }

    fn check_windows(&self, faults: &mut Vec<Fault>) {
        if self.planned_to <= self.planned_from {
            faults.push(Fault::new(
                "planned_to_at",
                "应晚于计划开始时间",
                "must be after the planned begin `planned_from_at`",
            ));
        }
        let window = self.window();
        if self.actual_to.is_some() && window.to <= window.from {
            faults.push(Fault::new("actual_to_at", "应晚于开始时间", "must be after the begin"));
        }
        let spans = [
            ("planned_to_at", self.planned_to.0.saturating_sub(self.planned_from.0)),
            ("actual_to_at", window.to.0.saturating_sub(window.from.0)),
        ];
        if let Some((field, _)) = spans.into_iter().find(|(_, us)| *us > MOST_WINDOW_US) {
            let days = MOST_WINDOW_US / DAY_US;
            let zh = format!("一次行动最长 {days} 天，更长的请分次登记");
            faults.push(Fault::new(
                field,
                zh,
                format!("an action lasts at most {days} days; enter longer ones in parts"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND_US;

    fn minutes(n: i64) -> Micros {
        Micros(n * 60 * SECOND_US)
    }

    fn action(from: i64, to: i64) -> ActionFacts {
        ActionFacts::new("搜查", Window { from: minutes(from), to: minutes(to) })
    }

    #[test]
    fn the_real_window_counts_as_far_as_it_is_known() {
        let planned = action(0, 60);
        assert_eq!(planned.window(), Window { from: minutes(0), to: minutes(60) });
        let late = ActionFacts { actual_from: Some(minutes(30)), ..planned.clone() };
        assert_eq!(late.window(), Window { from: minutes(30), to: minutes(90) });
        let early = ActionFacts { actual_from: Some(minutes(-30)), ..planned.clone() };
        assert_eq!(early.window(), Window { from: minutes(-30), to: minutes(60) });
        let over = ActionFacts { actual_to: Some(minutes(20)), ..late };
        assert_eq!(over.faults().iter().map(|f| f.field.clone()).collect::<Vec<_>>(), ["actual_to_at"]);
        let over = ActionFacts { actual_to: Some(minutes(20)), ..planned };
        assert_eq!((over.window().to, over.faults()), (minutes(20), vec![]));
    }

    #[test]
    fn all_faults_are_said_at_once() {
        let bad = ActionFacts {
            kind: " ".to_owned(),
            recorders_needed: 201,
            officers: BTreeSet::from([String::new()]),
            place: "长".repeat(201),
            ..action(60, 60)
        };
        let fields: Vec<_> = bad.faults().iter().map(|f| f.field.clone()).collect();
        assert_eq!(fields, ["kind", "place", "officers", "planned_to_at", "recorders_needed"]);
        assert_eq!(action(0, 7 * 24 * 60 + 1).faults()[0].field, "planned_to_at");
        assert_eq!(action(0, 7 * 24 * 60).faults(), []);
    }

    #[test]
    fn how_far_outside() {
        let window = Window { from: minutes(10), to: minutes(20) };
        assert_eq!(window.distance_us(minutes(4)), 6 * 60 * SECOND_US);
        assert_eq!(window.distance_us(minutes(25)), 5 * 60 * SECOND_US);
        assert_eq!((window.distance_us(minutes(10)), window.distance_us(minutes(20))), (0, 0));
        assert!(window.widened(60 * SECOND_US).holds(minutes(21)) && !window.holds(minutes(21)));
    }
}
