//! How edits of single register rows answer.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::http::language::Text;
use crate::http::problem::{Field, Problem};
use crate::model::id::Id;
use crate::registers::Message;
use crate::registers::edit::EditError;

/// A message in the words of the edge.
pub(super) fn text_of(message: Message) -> Text {
    Text::new(message.zh, message.en)
}

/// The answer to a new row: the row as JSON, and where it is.
pub(super) fn created(list: &str, id: Id, row: impl Serialize) -> Response {
    let place = [(header::LOCATION, format!("/api/v1/{list}/{id}"))];
    (StatusCode::CREATED, place, Json(row)).into_response()
}

/// The problem of an edit; `missing` when the row with this id is not there.
pub(super) fn problem(error: EditError, missing: fn(Id) -> Problem) -> Problem {
    match error {
        EditError::Fields(faults) => {
            let field = |(name, message)| Field { name, message: text_of(message) };
            Problem::unprocessable(faults.into_iter().map(field).collect())
        }
        EditError::NotFound(id) => missing(id),
        EditError::Taken(message) => Problem::conflict("already_there", text_of(message)),
        EditError::Custody(error) => Problem::from(error),
    }
}
