//! What a client says of an action: everything when it is entered, what changes afterwards.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::api::schema;
use crate::http::language::Text;
use crate::http::problem::{Field, Problem};
use crate::http::value;
use crate::model::action::{ActionFacts, ActionState, Window, plain_number};
use crate::model::case_number::CaseNumber;
use crate::model::time::Micros;

/// What is said of an action. What is left out keeps its value; null takes `reference`, `actual_from_at` or `actual_to_at` away.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::api) struct ActionValues {
    /// The court's own number for it; no two actions have the same.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    reference: Option<Option<String>>,
    /// What is done: 搜查, 查封扣押, 强制迁出, 强制腾退, 送达, 拘留 or any other text.
    #[schema(nullable = false, example = "强制迁出")]
    kind: Option<String>,
    /// Where.
    #[schema(nullable = false)]
    place: Option<String>,
    /// Court code.
    #[schema(nullable = false, example = "吉0721")]
    court: Option<String>,
    /// RFC 3339.
    #[schema(nullable = false, format = DateTime)]
    planned_from_at: Option<String>,
    /// RFC 3339; after the begin, at most seven days.
    #[schema(nullable = false, format = DateTime)]
    planned_to_at: Option<String>,
    /// RFC 3339; when it really began.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    actual_from_at: Option<Option<String>>,
    /// RFC 3339; when it really ended.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    actual_to_at: Option<Option<String>>,
    /// How many recorders have to be there.
    #[schema(nullable = false)]
    recorders_needed: Option<u32>,
    #[schema(nullable = false)]
    note: Option<String>,
    #[schema(value_type = schema::ActionState, nullable = false)]
    state: Option<String>,
    /// 案号 in any spelling, instead of those before; a case that is not known yet becomes a stub.
    #[schema(nullable = false)]
    cases: Option<Vec<String>>,
    /// Numbers 警号, instead of those before.
    #[schema(nullable = false)]
    officers: Option<Vec<String>>,
    /// Serials, instead of those before.
    #[schema(nullable = false)]
    recorders: Option<Vec<String>>,
}

/// Tells null from what is left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(d).map(Some)
}

/// The values of a client, understood.
#[derive(Debug, Default)]
pub(super) struct Changes {
    reference: Option<Option<String>>,
    kind: Option<String>,
    place: Option<String>,
    court: Option<String>,
    planned_from: Option<Micros>,
    planned_to: Option<Micros>,
    actual_from: Option<Option<Micros>>,
    actual_to: Option<Option<Micros>>,
    recorders_needed: Option<u32>,
    note: Option<String>,
    state: Option<ActionState>,
    cases: Option<BTreeSet<String>>,
    officers: Option<BTreeSet<String>>,
    recorders: Option<BTreeSet<String>>,
}

/// Reads values one by one and keeps what is wrong with each.
#[derive(Debug, Default)]
struct Faults(Vec<Field>);

impl Faults {
    fn take<T>(&mut self, name: &str, read: Result<T, Text>) -> Option<T> {
        read.map_err(|message| self.0.push(Field { name: name.to_owned(), message })).ok()
    }

    fn time(&mut self, name: &str, text: Option<&String>) -> Option<Micros> {
        let wrong = || {
            Text::new(
                "应为 RFC 3339 时间（2026-11-24T16:52:07+08:00）",
                "expected an RFC 3339 time (2026-11-24T16:52:07+08:00)",
            )
        };
        self.take(name, text?.parse().map_err(|_| wrong()))
    }

    fn nullable_time(&mut self, name: &str, text: Option<&Option<String>>) -> Option<Option<Micros>> {
        match text? {
            None => Some(None),
            Some(text) => self.time(name, Some(text)).map(Some),
        }
    }
}

impl ActionValues {
    /// The values understood; what is wrong with any of them, all at once.
    pub(super) fn read(self) -> Result<Changes, Problem> {
        let (changes, faults) = self.understand();
        if faults.is_empty() { Ok(changes) } else { Err(Problem::unprocessable(faults)) }
    }

    /// A new action of these values; everything that is wrong, all at once.
    pub(super) fn into_facts(self) -> Result<ActionFacts, Problem> {
        let needed = [
            ("kind", self.kind.is_none()),
            ("planned_from_at", self.planned_from_at.is_none()),
            ("planned_to_at", self.planned_to_at.is_none()),
        ];
        let (changes, mut faults) = self.understand();
        let missing = needed.iter().filter(|(_, missing)| *missing);
        faults.extend(
            missing.map(|(name, _)| Field { name: (*name).to_owned(), message: Text::new("必填", "is needed") }),
        );
        let epoch = Micros(0);
        let mut facts = ActionFacts::new("", Window { from: epoch, to: epoch });
        changes.apply(&mut facts);
        // What one value lacks is not said again of another.
        let said: BTreeSet<String> = faults.iter().map(|f| f.name.clone()).collect();
        let unsound = said.iter().any(|name| name.ends_with("_at"));
        let is_said = |field: &str| said.contains(field) || (unsound && field.ends_with("_at"));
        let more = facts.faults().into_iter().filter(|fault| !is_said(&fault.field));
        faults.extend(more.map(Field::from));
        if faults.is_empty() { Ok(facts) } else { Err(Problem::unprocessable(faults)) }
    }

    fn understand(self) -> (Changes, Vec<Field>) {
        let mut faults = Faults::default();
        let trimmed = |text: Option<String>| text.map(|t| t.trim().to_owned());
        let set = |list: Option<Vec<String>>| list.map(|l| l.iter().map(|t| plain_number(t)).collect());
        let changes = Changes {
            planned_from: faults.time("planned_from_at", self.planned_from_at.as_ref()),
            planned_to: faults.time("planned_to_at", self.planned_to_at.as_ref()),
            actual_from: faults.nullable_time("actual_from_at", self.actual_from_at.as_ref()),
            actual_to: faults.nullable_time("actual_to_at", self.actual_to_at.as_ref()),
            state: self
                .state
                .as_deref()
                .and_then(|state| faults.take("state", value::word(state, &ActionState::ALL, ActionState::as_str))),
            cases: self.cases.map(|cases| {
                let read = cases.iter().filter_map(|text| faults.take("cases", value::case_number(text)));
                read.map(|number: CaseNumber| number.canonical()).collect()
            }),
            reference: self.reference.map(trimmed),
            kind: trimmed(self.kind),
            place: trimmed(self.place),
            court: trimmed(self.court),
            note: trimmed(self.note),
            recorders_needed: self.recorders_needed,
            officers: set(self.officers),
            recorders: set(self.recorders),
        };
        (changes, faults.0)
    }
}

impl Changes {
    /// Sets what was said; the rest stays.
    pub(super) fn apply(self, facts: &mut ActionFacts) {
        fn set<T>(value: &mut T, new: Option<T>) {
            if let Some(new) = new {
                *value = new;
            }
        }
        set(&mut facts.reference, self.reference);
        set(&mut facts.kind, self.kind);
        set(&mut facts.place, self.place);
        set(&mut facts.court, self.court);
        set(&mut facts.planned_from, self.planned_from);
        set(&mut facts.planned_to, self.planned_to);
        set(&mut facts.actual_from, self.actual_from);
        set(&mut facts.actual_to, self.actual_to);
        set(&mut facts.recorders_needed, self.recorders_needed);
        set(&mut facts.note, self.note);
        set(&mut facts.state, self.state);
        set(&mut facts.cases, self.cases);
        set(&mut facts.officers, self.officers);
        set(&mut facts.recorders, self.recorders);
    }
}
