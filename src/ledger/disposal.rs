//! What entries say of retention: the table that a `rules` entry announces, and whether a `dispose` entry was allowed by the tables
//! before it. Pure: whoever has only the entries finds what the court found.
//!
//! ```text
//! rules    {"notice_days":30,"rules":[{"applies_to":"ordinary","id":"R1","months":6},…]}      months null: for ever
//! dispose  {"allowed_from":"2026-11-24T08:52:07Z","applies":["ordinary"],"clip":7,"from":7,"rule":"R1","rules":3}
//! ```
//!
//! `clip` is the index of the clip's own entry, which holds the digest; `from` that of the entry from which it was kept: the same, or the
//! ingestion that brought it back after a disposal before (its `revives` names that one); `rules` that of the table whose `rule` kept it
//! longest. `applies` says what it was. That it was no more than that (in no open case, in no incident) cannot be seen from entries alone:
//! whether it was held can, and `zhilu ledger verify` looks.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::entry::{Entry, EntryKind};
use crate::model::retention::{Announced, Class, NOTICE_DAYS, Rule, Table, Term, counting, term};
use crate::model::time::Micros;

/// The public part of the entry that announces a table.
pub fn rules_public(table: &Table) -> Map<String, Value> {
    object(json!({"notice_days": NOTICE_DAYS, "rules": table.rules()}))
}

/// The table that the entry `index` announces.
///
/// # Errors
/// When it is no `rules` entry, or its table is none.
pub fn announced(index: u64, entry: &Entry) -> Result<Announced, Unsound> {
    #[derive(Deserialize)]
    struct Public {
        notice_days: i64,
        rules: Vec<Rule>,
    }
    if entry.kind != EntryKind::Rules {
        return Err(Unsound::Form(format!("entry {index} is no rules entry")));
    }
    let read: Public = serde_json::from_value(Value::Object(entry.public.clone()))
        .map_err(|error| Unsound::Form(format!("the table of entry {index}: {error}")))?;
    if read.notice_days != NOTICE_DAYS {
        return Err(Unsound::Form(format!("the table of entry {index} has a notice of {} days", read.notice_days)));
    }
    let table =
        Table::new(read.rules).map_err(|error| Unsound::Form(format!("the table of entry {index}: {error}")))?;
    Ok(Announced { entry: index, at: entry.at, table })
}

/// What a `dispose` entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disposed {
    /// The clip's own entry.
    pub clip: u64,
    /// The entry from which it was kept.
    pub from: u64,
    /// What the clip was.
    #[serde(rename = "applies")]
    pub classes: BTreeSet<Class>,
    /// The rule that kept it longest.
    pub rule: String,
    /// The entry that announced that rule's table.
    pub rules: u64,
    /// The first instant at which it might be destroyed.
    pub allowed_from: Micros,
}

impl fmt::Display for Disposed {
    /// `disposed under R1, allowed from 2026-11-24T08:52:07Z`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "disposed under {}, allowed from {}", self.rule, self.allowed_from.to_rfc3339_seconds())
    }
}

/// A disposal does not follow from the tables.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// An entry does not say what such an entry must.
    #[error("{0}")]
    Form(String),
    /// It was destroyed before its term ended.
    #[error("TOO EARLY: disposed at {at}, {}", .allowed.as_ref().map_or_else(|| "the tables in force kept it for ever, or none had stood for 30 days".to_owned(), |t| format!("allowed from {t}")))]
    TooEarly {
        /// When it was.
        at: Micros,
        /// When it would have been allowed; none: never.
        allowed: Option<Micros>,
    },
    /// It says another rule or date than follows from the tables.
    #[error("it says {said}, the tables say {rule} of entry {rules}, allowed from {allowed_from}")]
    Differs {
        /// What the entry says.
        said: Disposed,
        /// The rule that kept it longest.
        rule: String,
        /// Whose rule.
        rules: u64,
        /// The first instant.
        allowed_from: Micros,
    },
}

impl Disposed {
    /// The public part of the entry.
    pub fn public(&self) -> Map<String, Value> {
        object(json!({
            "allowed_from": self.allowed_from.to_rfc3339_seconds(),
            "applies": self.classes,
            "clip": self.clip,
            "from": self.from,
            "rule": self.rule,
            "rules": self.rules,
        }))
    }

    /// Reads a `dispose` entry.
    ///
    /// # Errors
    /// When it is none, or does not say all that it must.
    pub fn read(entry: &Entry) -> Result<Self, Unsound> {
        if entry.kind != EntryKind::Dispose {
            return Err(Unsound::Form(format!("it is a {} entry", entry.kind.as_str())));
        }
        let read: Self = serde_json::from_value(Value::Object(entry.public.clone()))
            .map_err(|error| Unsound::Form(format!("the dispose entry: {error}")))?;
        if !read.classes.contains(&Class::Ordinary) {
            return Err(Unsound::Form("the dispose entry's clip is not ordinary, which every clip is".to_owned()));
        }
        Ok(read)
    }
}

/// Whether a disposal was allowed. `from` is the entry that [`Disposed::from`] names, `tables` are those that entries before the disposal
/// announced, in their order.
///
/// That the entries named are of the same clip, and that `from` is its last beginning, is for the one who follows the chain to see.
///
/// # Errors
/// What is wrong with it.
pub fn check(dispose: &Entry, from: &Entry, tables: &[Announced]) -> Result<Disposed, Unsound> {
    let said = Disposed::read(dispose)?;
    match from.kind {
        EntryKind::Clip if said.from == said.clip => {}
        EntryKind::Event if from.public.contains_key("revives") => {}
        _ => return Err(Unsound::Form(format!("entry {} makes nothing evidence", said.from))),
    }
    let tables = counting(tables, dispose.at).unwrap_or_default();
    let allowed = term(tables, from.at, &said.classes);
    let Some(Term { rule, rules, allowed_from: Some(allowed_from) }) = allowed else {
        return Err(Unsound::TooEarly { at: dispose.at, allowed: None });
    };
    if allowed_from > dispose.at {
        return Err(Unsound::TooEarly { at: dispose.at, allowed: Some(allowed_from) });
    }
    if (&said.rule, said.rules, said.allowed_from) != (&rule, rules, allowed_from) {
        return Err(Unsound::Differs { said, rule, rules, allowed_from });
    }
    Ok(said)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Micros {
        text.parse().unwrap()
    }

    fn entry(kind: EntryKind, time: &str, public: Map<String, Value>) -> Entry {
        Entry { at: at(time), kind, prev: None, public, commit: [0; 32] }
    }

    fn table(months: u32) -> Table {
        Table::new(vec![
            Rule { id: "R1".to_owned(), applies_to: Class::Ordinary, months: Some(months) },
            Rule { id: "R2".to_owned(), applies_to: Class::Evidence, months: None },
        ])
        .unwrap()
    }

    fn said() -> Disposed {
        let allowed_from = at("2026-07-01T00:00:00Z");
        let classes = BTreeSet::from([Class::Ordinary]);
        Disposed { clip: 1, from: 1, classes, rule: "R1".to_owned(), rules: 0, allowed_from }
    }

    fn checked(time: &str, said: &Disposed, months: u32) -> Result<String, String> {
        let rules = entry(EntryKind::Rules, "2025-01-01T00:00:00Z", rules_public(&table(months)));
        // As whoever has only the lines reads them.
        let rules = Entry::parse(&rules.to_line().unwrap()).unwrap();
        let tables = [announced(0, &rules).unwrap()];
        let clip = entry(EntryKind::Clip, "2026-01-01T00:00:00Z", Map::new());
        let dispose = entry(EntryKind::Dispose, time, said.public());
        let dispose = Entry::parse(&dispose.to_line().unwrap()).unwrap();
        check(&dispose, &clip, &tables).map(|d| d.to_string()).map_err(|e| e.to_string())
    }

    #[test]
    fn an_allowed_disposal_says_its_rule_and_its_date() {
        let found = checked("2026-07-01T00:00:00Z", &said(), 6);
        assert_eq!(found.unwrap(), "disposed under R1, allowed from 2026-07-01T00:00:00Z");
    }

    #[test]
    fn a_second_too_early_is_too_early_whatever_the_entry_says() {
        let early = checked("2026-06-30T23:59:59Z", &said(), 6).unwrap_err();
        assert!(early.starts_with("TOO EARLY"), "{early}");
        let lying = Disposed { allowed_from: at("2026-02-01T00:00:00Z"), ..said() };
        assert!(checked("2026-03-01T00:00:00Z", &lying, 6).unwrap_err().starts_with("TOO EARLY"));
        let kept = Disposed { classes: BTreeSet::from([Class::Ordinary, Class::Evidence]), ..said() };
        assert!(checked("2036-01-01T00:00:00Z", &kept, 6).unwrap_err().contains("for ever"));
    }

    #[test]
    fn another_rule_or_date_than_the_table_s_is_found() {
        let other = Disposed { rule: "R9".to_owned(), ..said() };
        assert!(checked("2026-08-01T00:00:00Z", &other, 6).unwrap_err().contains("R9"));
        assert!(checked("2026-08-01T00:00:00Z", &said(), 5).unwrap_err().contains("allowed from 2026-06-01"));
        let none = Disposed { classes: BTreeSet::new(), ..said() };
        assert!(checked("2026-08-01T00:00:00Z", &none, 6).unwrap_err().contains("ordinary"));
        let elsewhere = Disposed { from: 4, ..said() };
        assert!(checked("2026-08-01T00:00:00Z", &elsewhere, 6).unwrap_err().contains("entry 4"));
    }

    #[test]
    fn a_table_of_another_notice_is_none() {
        let mut public = rules_public(&table(6));
        public.insert("notice_days".to_owned(), 0.into());
        assert!(announced(0, &entry(EntryKind::Rules, "2025-01-01T00:00:00Z", public)).is_err());
    }
}
