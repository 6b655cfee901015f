//! Single rows of the registers, as a person enters and corrects them.

mod courts;
mod officers;
mod recorders;

use serde::{Deserialize, Deserializer};

use super::message::Message;
use super::value;
use crate::catalog::CatalogError;
use crate::custody::CustodyError;
use crate::model::id::Id;
use crate::model::span::Span;
use crate::model::time::{Micros, UtcOffset};

pub use courts::{CourtEdit, change_court, create_court};
pub use officers::{OfficerEdit, change_officer, create_officer};
pub use recorders::{HolderEdit, RecorderEdit, change_recorder, create_recorder};

/// A field that may be left out, or be null.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Given<T = String> {
    /// It was left out.
    #[default]
    Absent,
    /// It is null: nothing shall stand there.
    Null,
    /// It shall be this.
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    /// Never absent: that is the default of a field that is left out.
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(d)?.map_or(Self::Null, Self::Value))
    }
}

/// An edit could not be done; nothing was.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// Fields are wrong: each with what is wrong.
    #[error("fields are wrong: {0:?}")]
    Fields(Vec<(String, Message)>),
    /// There is no such row.
    #[error("there is no row {0}")]
    NotFound(Id),
    /// A row with the same key is there.
    #[error("{}", .0.en)]
    Taken(Message),
    /// It could not be written.
    #[error(transparent)]
    Custody(#[from] CustodyError),
}

impl From<CatalogError> for EditError {
    fn from(error: CatalogError) -> Self {
        Self::Custody(error.into())
    }
}

impl EditError {
    /// The same, or that the key is taken, when a row with it is there.
    fn or_taken(self, taken: impl FnOnce() -> Message) -> Self {
        match self {
            Self::Custody(CustodyError::Catalog(e)) if e.is_conflict() => Self::Taken(taken()),
            error => error,
        }
    }
}

/// Reads the fields of an edit and keeps all that is wrong.
struct Fields {
    offset: UtcOffset,
    faults: Vec<(String, Message)>,
}

impl Fields {
    fn new(offset: UtcOffset) -> Self {
        Self { offset, faults: Vec::new() }
    }

    fn fault(&mut self, field: &str, message: Message) {
        self.faults.push((field.to_owned(), message));
    }

    fn read<T>(&mut self, field: &str, read: Result<T, Message>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(message) => {
                self.fault(field, message);
                None
            }
        }
    }

    /// A field that must not be empty; `old` when it is left out and there is one.
    fn needed(
        &mut self,
        field: &str,
        given: &Given,
        old: Option<&str>,
        read: fn(&str) -> Result<String, Message>,
    ) -> String {
        let text = match given {
            Given::Absent if old.is_some() => return old.unwrap_or_default().to_owned(),
            Given::Absent | Given::Null => "",
            Given::Value(text) => text.trim(),
        };
        if text.is_empty() {
            self.fault(field, Message::new("不能为空", "must not be empty"));
            return String::new();
        }
        self.read(field, read(text)).unwrap_or_default()
    }

    /// A field that may be empty; `old` when it is left out.
    fn optional(
        &mut self,
        field: &str,
        given: &Given,
        old: Option<&str>,
        read: fn(&str) -> Result<String, Message>,
    ) -> String {
        match given {
            Given::Absent => old.unwrap_or_default().to_owned(),
            Given::Value(text) if !text.trim().is_empty() => self.read(field, read(text)).unwrap_or_default(),
            Given::Null | Given::Value(_) => String::new(),
        }
    }

    /// First and last day; those of `old` where they are left out.
    fn span(&mut self, prefix: &str, first: &Given, last: &Given, old: Option<Span>) -> Span {
        let (first_name, last_name) = (format!("{prefix}first_day"), format!("{prefix}last_day"));
        let old = old.unwrap_or(Span::ALWAYS);
        let from = match first {
            Given::Absent => Some(old.from),
            Given::Null => Some(Micros(0)),
            Given::Value(day) => self.read(&first_name, value::start(Some(day), self.offset)),
        };
        let to = match last {
            Given::Absent => Some(old.to),
            Given::Null => Some(None),
            Given::Value(day) => self.read(&last_name, value::end(Some(day), self.offset)).map(|end| end.or(None)),
        };
        let (Some(from), Some(to)) = (from, to) else { return Span::ALWAYS };
        self.read(&last_name, value::span(from, to)).unwrap_or(Span::ALWAYS)
    }

    fn finish(self) -> Result<(), EditError> {
        if self.faults.is_empty() { Ok(()) } else { Err(EditError::Fields(self.faults)) }
    }
}

/// A key with its start is taken.
fn taken(zh: &str, en: &str, key: &str) -> Message {
    Message::new(
        format!("{zh} {key} 已有自同一天起的登记，请修改它"),
        format!("{en} {key} is registered from the same day on already: change that"),
    )
}
