//! Which column of a register holds what.

use super::{FileError, Message};

/// A column that a register is read from.
#[derive(Debug)]
pub struct Column {
    /// What it holds, in Chinese.
    pub zh: &'static str,
    /// What it holds, in English; also the field's name in reports.
    pub en: &'static str,
    /// Other names it may have. Case, spaces and `_` are no matter.
    pub others: &'static [&'static str],
    /// Without it the file is no such register.
    pub required: bool,
}

impl Column {
    /// A column that must be there.
    pub const fn required(zh: &'static str, en: &'static str, others: &'static [&'static str]) -> Self {
        Self { zh, en, others, required: true }
    }

    /// A column that may be missing.
    pub const fn optional(zh: &'static str, en: &'static str, others: &'static [&'static str]) -> Self {
        Self { zh, en, others, required: false }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.zh, self.en].into_iter().chain(self.others.iter().copied())
    }

    /// The names it may have, for messages.
    fn accepted(&self) -> String {
        self.names().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ")
    }
}

/// Finds the place of each column, from 0, and says what is not read. The order is free, the first of two equal ones counts.
pub(super) fn place(
    header: &csv::StringRecord,
    columns: &[Column],
) -> Result<(Vec<Option<usize>>, Vec<Message>), FileError> {
    let names: Vec<String> = header.iter().map(plain).collect();
    if names.iter().all(String::is_empty) {
        let expected = columns.iter().find(|c| c.required).map(Column::accepted).unwrap_or_default();
        return Err(FileError::NoHeader { expected });
    }
    let places: Vec<Option<usize>> = columns.iter().map(|column| find(&names, column)).collect();
    if let Some((column, _)) = columns.iter().zip(&places).find(|(c, place)| c.required && place.is_none()) {
        let found = header.iter().take(20).map(|name| name.chars().take(40).collect()).collect();
        return Err(FileError::NoColumn { en: column.en, zh: column.zh, accepted: column.accepted(), found });
    }
    let unread = header.iter().enumerate().filter(|(i, name)| !name.is_empty() && !places.contains(&Some(*i)));
    let warnings = unread
        .map(|(i, name)| {
            let at = i + 1;
            Message::new(format!("第{at}列“{name}”未导入"), format!("column {at} {name:?} is not imported"))
        })
        .collect();
    Ok((places, warnings))
}

fn find(names: &[String], column: &Column) -> Option<usize> {
    names.iter().position(|name| column.names().any(|accepted| plain(accepted) == *name))
}

/// Without spaces, `_` and case.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && *c != '_').collect::<String>().to_lowercase()
}
