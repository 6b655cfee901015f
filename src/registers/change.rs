//! What a line of a register changes, field by field.

use super::file::Column;
use crate::model::span::Span;
use crate::model::time::UtcOffset;

/// Whether a line adds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// Its key is new.
    Added,
    /// Its key is known and something is different.
    Changed,
    /// It says what is known.
    Unchanged,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Added, Self::Changed, Self::Unchanged];

    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
        }
    }

    /// The word for it in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Added => "新增",
            Self::Changed => "变更",
            Self::Unchanged => "不变",
        }
    }
}

/// One field that becomes different. Absent is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The field, in English; stable.
    pub field: &'static str,
    /// The field, in Chinese.
    pub zh: &'static str,
    /// What stands there.
    pub old: Option<String>,
    /// What will stand there.
    pub new: Option<String>,
}

/// What one line changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The line in the file, from 1.
    pub line: u64,
    /// What it is about, as people write it.
    pub key: String,
    /// Whether it adds something.
    pub kind: ChangeKind,
    /// The fields that become different.
    pub fields: Vec<FieldChange>,
}

/// Gathers the fields of one line that become different.
#[derive(Debug, Default)]
pub(super) struct Differences(Vec<FieldChange>);

impl Differences {
    /// Compares one field; empty counts as absent.
    pub(super) fn compare(&mut self, column: &Column, old: Option<String>, new: Option<String>) {
        let (old, new) = (old.filter(|t| !t.is_empty()), new.filter(|t| !t.is_empty()));
        if old != new {
            self.0.push(FieldChange { field: column.en, zh: column.zh, old, new });
        }
    }

    /// Compares first and last day of two spans.
    pub(super) fn compare_days(
        &mut self,
        (first, last): (&Column, &Column),
        old: Option<Span>,
        new: Span,
        offset: UtcOffset,
    ) {
        let first_day = |span: Span| span.first_day(offset).map(|day| day.to_string());
        let last_day = |span: Span| span.last_day(offset).map(|day| day.to_string());
        self.compare(first, old.and_then(first_day), first_day(new));
        self.compare(last, old.and_then(last_day), last_day(new));
    }

    /// The change of a line about `key`, which is new or known.
    pub(super) fn of(self, line: u64, key: String, new: bool) -> Change {
        let kind = match self.0.is_empty() {
            _ if new => ChangeKind::Added,
            true => ChangeKind::Unchanged,
            false => ChangeKind::Changed,
        };
        Change { line, key, kind, fields: self.0 }
    }
}

/// A key as people write it, with the day it begins, when it does.
pub(super) fn key_with_start(key: &str, span: Span, offset: UtcOffset) -> String {
    span.first_day(offset).map_or_else(|| key.to_owned(), |day| format!("{key} {day}"))
}
