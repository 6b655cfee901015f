//! Notes that people write on clips.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::query::PageQuery;
use super::schema::{ById, Writing};
use crate::catalog::{clips, notes};
use crate::custody::note;
use crate::http::body::Body;
use crate::http::cursor;
use crate::http::extract::{AnnotateClips, PathId, Permit, ReadClips};
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::{Field, Problem, no_such_clip};
use crate::http::state::App;
use crate::model::id::Id;
use crate::model::time::Micros;

/// The letter of this list's cursors.
const LIST: u8 = b'n';
/// Longest note, in characters.
const MOST_CHARS: usize = 4_000;

/// A note.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Note {
    #[schema(value_type = String)]
    id: Id,
    note: String,
    /// By whom: `token:ID:ROLE`.
    actor: String,
    #[schema(value_type = String, format = DateTime)]
    at: Micros,
}

impl From<notes::Note> for Note {
    fn from(note: notes::Note) -> Self {
        Self { id: note.id, note: note.note, actor: note.actor, at: note.at }
    }
}

/// A page of notes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoteList {
    items: Vec<Note>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// A clip's notes, newest first.
#[utoipa::path(
    get,
    operation_id = "listClipNotes",
    path = "/api/v1/clips/{id}/notes",
    tag = "clips",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The clip"), PageQuery<1>),
    responses((status = 200, description = "A page", body = NoteList), ById)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadClips>,
    PathId(clip): PathId,
    params: Params,
) -> Result<Json<NoteList>, Problem> {
    let query = PageQuery::read(LIST, params)?;
    let mut reader = app.custody.db.read().await?;
    if clips::get(reader.conn(), clip).await?.is_none() {
        return Err(no_such_clip(clip));
    }
    let before = query.cursor.map(|[id]| Id(id));
    let rows = notes::of_clip(reader.conn(), clip, before, query.limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, query.limit, |n| cursor::encode(LIST, [n.id.0]));
    Ok(Json(NoteList { items: rows.into_iter().map(Note::from).collect(), next_cursor }))
}

/// A new note.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewNote {
    /// The text, at most 4,000 characters.
    note: String,
}

/// Writes a note on a clip. Notes are never changed or taken away.
#[utoipa::path(
    post,
    operation_id = "noteClip",
    path = "/api/v1/clips/{id}/notes",
    tag = "clips",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The clip")),
    request_body = NewNote,
    responses(
        (
            status = 201, description = "Written", body = Note,
            headers(("Location" = String, description = "The clip's notes"))
        ),
        ById,
        Writing
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    permit: Permit<AnnotateClips>,
    PathId(clip): PathId,
    Body(body): Body<NewNote>,
) -> Result<Response, Problem> {
    let text = body.note.trim();
    let message = match text.chars().count() {
        0 => Some(Text::new("不能为空", "must not be empty")),
        n if n > MOST_CHARS => {
            Some(Text::new(format!("最多 {MOST_CHARS} 个字符"), format!("at most {MOST_CHARS} characters")))
        }
        _ => None,
    };
    if let Some(message) = message {
        return Err(Problem::unprocessable(vec![Field { name: "note".to_owned(), message }]));
    }
    let note = note::note(&app.custody, &permit.actor(), clip, text).await?;
    let location = [(header::LOCATION, format!("/api/v1/clips/{clip}/notes"))];
    Ok((StatusCode::CREATED, location, Json(Note::from(note))).into_response())
}
