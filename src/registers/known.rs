//! Rows that hold for a time, by key: what the catalog holds of them, and what the lines of a file make of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::message::{Message, Note};
use super::value::days;
use crate::catalog::courts::Court;
use crate::catalog::officers::Officer;
use crate::catalog::recorders::Holder;
use crate::model::span::Span;
use crate::model::time::{Micros, UtcOffset};

/// A row with a key that holds for a time. Key and start are unique together.
pub(super) trait Spanned {
    /// The key.
    fn key(&self) -> &str;
    /// While it holds.
    fn span(&self) -> Span;
}

impl Spanned for Court {
    fn key(&self) -> &str {
        &self.code
    }

    fn span(&self) -> Span {
        self.span
    }
}

impl Spanned for Officer {
    fn key(&self) -> &str {
        &self.number
    }

    fn span(&self) -> Span {
        self.span
    }
}

impl Spanned for Holder {
    fn key(&self) -> &str {
        &self.serial
    }

    fn span(&self) -> Span {
        self.span
    }
}

/// A row that waits to be written.
pub(super) struct Pending<R> {
    /// The row as it shall be.
    pub(super) row: R,
    /// As it is in the catalog; none: it is not there.
    pub(super) old: Option<R>,
}

/// What is known of one register's rows.
pub(super) struct Known<R> {
    rows: HashMap<String, Vec<R>>,
    /// Rows that were changed since the last write, as they were before.
    changed: BTreeMap<(String, Micros), Option<R>>,
    /// The last line that named each row. Kept for the end.
    lines: HashMap<(String, Micros), u64>,
}

impl<R> Default for Known<R> {
    fn default() -> Self {
        Self { rows: HashMap::new(), changed: BTreeMap::new(), lines: HashMap::new() }
    }
}

impl<R: Spanned + Clone> Known<R> {
    /// Those of `keys` that the catalog has to be asked for, each once.
    pub(super) fn unknown<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let asked: HashSet<&str> = keys.into_iter().filter(|key| !self.rows.contains_key(*key)).collect();
        asked.into_iter().collect()
    }

    /// Takes in all rows that the catalog holds of `keys`.
    pub(super) fn learn(&mut self, keys: &[&str], rows: Vec<R>) {
        for key in keys {
            self.rows.entry((*key).to_owned()).or_default();
        }
        for row in rows {
            self.rows.entry(row.key().to_owned()).or_default().push(row);
        }
    }

    /// All rows with a key.
    pub(super) fn of(&self, key: &str) -> &[R] {
        self.rows.get(key).map_or(&[], Vec::as_slice)
    }

    /// The row with this key and start.
    pub(super) fn get(&self, key: &str, from: Micros) -> Option<&R> {
        self.of(key).iter().find(|row| row.span().from == from)
    }

    /// Notes that a line named a row.
    pub(super) fn name(&mut self, key: &str, from: Micros, line: u64) {
        self.lines.insert((key.to_owned(), from), line);
    }

    /// Puts a row in the place of the one with the same key and start, or adds it.
    pub(super) fn put(&mut self, row: R) {
        let place = (row.key().to_owned(), row.span().from);
        let rows = self.rows.entry(place.0.clone()).or_default();
        let old = match rows.iter_mut().find(|r| r.span().from == place.1) {
            Some(there) => Some(std::mem::replace(there, row)),
            None => {
                rows.push(row);
                None
            }
        };
        self.changed.entry(place).or_insert(old);
    }

    /// The rows that were put since the last time, in the order of their keys.
    pub(super) fn take_changed(&mut self) -> Vec<Pending<R>> {
        let changed = std::mem::take(&mut self.changed);
        let pending = changed.into_iter().filter_map(|((key, from), old)| {
            let row = self.get(&key, from)?.clone();
            Some(Pending { row, old })
        });
        pending.collect()
    }

    /// Forgets the rows, because others may change them.
    pub(super) fn forget(&mut self) {
        self.rows.clear();
        self.changed.clear();
    }

    /// Forgets the rows that no line changed: the catalog can be asked again.
    pub(super) fn keep_changed(&mut self) {
        let changed: HashSet<&str> = self.changed.keys().map(|(key, _)| key.as_str()).collect();
        self.rows.retain(|key, _| changed.contains(key.as_str()));
    }

    /// The keys that lines named, each once.
    pub(super) fn named(&self) -> Vec<String> {
        let keys: HashSet<&str> = self.lines.keys().map(|(key, _)| key.as_str()).collect();
        keys.into_iter().map(str::to_owned).collect()
    }

    /// Pairs of rows with one of `keys` that hold at the same time, at least one of them named by a line. `what` says what the rows are,
    /// in both languages.
    pub(super) fn overlaps(&self, keys: &[&str], what: (&str, &str), offset: UtcOffset) -> Vec<Note> {
        let mut notes = Vec::new();
        for key in keys {
            let mut rows: Vec<&R> = self.of(key).iter().collect();
            rows.sort_by_key(|row| row.span().from);
            // The row that ends last of those before: what overlaps any of them overlaps it.
            let mut longest: Option<&R> = None;
            for row in rows {
                if let Some(before) = longest
                    && before.span().overlaps(row.span())
                {
                    notes.extend(self.overlap(what, before, row, offset));
                }
                let end = |r: &R| r.span().to.unwrap_or(Micros(i64::MAX));
                longest = longest.filter(|before| end(before) >= end(row)).or(Some(row));
            }
        }
        notes
    }

    fn overlap(&self, what: (&str, &str), before: &R, after: &R, offset: UtcOffset) -> Option<Note> {
        let line_of = |row: &R| self.lines.get(&(row.key().to_owned(), row.span().from)).copied();
        let (first, second) = (line_of(before), line_of(after));
        let line = first.max(second)?;
        let zh = |line: Option<u64>, row: &R| {
            let place = line.map_or_else(|| "登记中已有的".to_owned(), |line| format!("第{line}行"));
            format!("{place}（{}）", days(row.span(), offset))
        };
        let en = |line: Option<u64>, row: &R| {
            let place = line.map_or_else(|| "the registered one".to_owned(), |line| format!("line {line}"));
            format!("{place} ({})", days(row.span(), offset))
        };
        let key = before.key();
        let message = Message::new(
            format!("{} {key}：{}与{}时间重叠，重叠期间以起始较晚者为准", what.0, zh(first, before), zh(second, after)),
            format!(
                "{} {key}: {} and {} overlap; where they do, the one that began later counts",
                what.1,
                en(first, before),
                en(second, after)
            ),
        );
        Some(Note { line: Some(line), message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(officer: &str, from: i64, to: Option<i64>) -> Holder {
        let day = crate::model::time::DAY_US;
        let span = Span { from: Micros(from * day), to: to.map(|to| Micros(to * day)) };
        Holder { serial: "1".to_owned(), officer: officer.to_owned(), span }
    }

    fn notes(known: &Known<Holder>) -> Vec<(Option<u64>, String)> {
        known
            .overlaps(&["1"], ("序列号", "serial"), UtcOffset::UTC)
            .into_iter()
            .map(|n| (n.line, n.message.en))
            .collect()
    }

    #[test]
    fn overlaps_name_both_and_only_what_the_file_names() {
        let mut known = Known::default();
        known.learn(&["1"], vec![holder("a", 1, None), holder("b", 5, Some(6))]);
        assert_eq!(notes(&known), [], "nothing was named");
        known.put(holder("c", 10, Some(12)));
        known.name("1", holder("c", 10, None).span.from, 7);
        let found = notes(&known);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, Some(7));
        assert!(
            found[0].1.starts_with("serial 1: the registered one (1970-01-02–…) and line 7 (1970-01-11–1970-01-12)"),
            "{}",
            found[0].1
        );
        // The line that ends the first one takes the overlap away.
        known.put(holder("a", 1, Some(5)));
        known.name("1", holder("a", 1, None).span.from, 8);
        assert_eq!(notes(&known), []);
    }

    #[test]
    fn what_no_line_changed_is_asked_for_again() {
        let mut known = Known::default();
        let other = Holder { serial: "2".to_owned(), ..holder("a", 1, None) };
        known.learn(&["1", "2"], vec![holder("a", 1, None), other]);
        known.put(holder("b", 1, None));
        known.keep_changed();
        assert_eq!(known.unknown(["1", "2"]), ["2"]);
        assert_eq!(known.take_changed()[0].old.as_ref().map(|o| o.officer.as_str()), Some("a"));
    }

    #[test]
    fn what_was_put_twice_is_written_once_with_what_was_there_first() {
        let mut known = Known::default();
        assert_eq!(known.unknown(["1", "1", "2"]).len(), 2);
        known.learn(&["1", "2"], vec![holder("a", 1, None)]);
        assert_eq!(known.unknown(["1", "2"]), [""; 0]);
        known.put(holder("b", 1, None));
        known.put(holder("c", 1, None));
        known.put(holder("d", 2, None));
        known.put(holder("e", 2, None));
        let pending = known.take_changed();
        let pairs: Vec<_> =
            pending.iter().map(|p| (p.row.officer.as_str(), p.old.as_ref().map(|o| o.officer.as_str()))).collect();
        assert_eq!(pairs, [("c", Some("a")), ("e", None)]);
        assert!(known.take_changed().is_empty());
    }
}
