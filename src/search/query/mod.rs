//! The query language: words that must all stand in a document, `OR`, `-`, "phrases", parentheses and fields.
//!
//! A word or phrase is found where its folded text is a part of a field's folded text. A word that is a case number or a part of one
//! is compared by its parts instead. Full-width punctuation works like half-width.

mod date;
mod error;
mod field;
mod lexer;
mod parser;
mod plan;

use std::collections::BTreeSet;

pub use error::{Expected, QueryError, Why};
pub use field::Name;
pub use parser::parse;
pub use plan::{Node, Plan, every_document};

use crate::model::time::UtcOffset;

/// What the meaning of a query depends on beside its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The court's distance from UTC.
    pub offset: UtcOffset,
    /// The conduct codes that `kind:violent` stands for.
    pub violent: BTreeSet<String>,
}
