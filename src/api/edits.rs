//! How edits of single register rows answer.

use crate::http::language::Text;
use crate::http::problem::{Field, Problem};
use crate::registers::Message;
use crate::registers::edit::EditError;

/// A message in the words of the edge.
pub(super) fn text_of(message: Message) -> Text {
    Text::new(message.zh, message.en)
}

/// The problem of an edit; `missing` when the row is not there.
pub(super) fn problem(error: EditError, missing: impl FnOnce() -> Problem) -> Problem {
    match error {
        EditError::Fields(faults) => {
            let field = |(name, message)| Field { name, message: text_of(message) };
            Problem::unprocessable(faults.into_iter().map(field).collect())
        }
        EditError::NotFound(_) => missing(),
        EditError::Taken(message) => Problem::conflict("already_there", text_of(message)),
        EditError::Custody(error) => Problem::from(error),
    }
}
