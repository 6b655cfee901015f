//! What was done with a clip, by whom.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::query::PageQuery;
use super::schema::{self, ById};
use crate::catalog::{clips, custody};
use crate::http::cursor;
use crate::http::extract::{PathId, Permit, ReadEvents};
use crate::http::params::Params;
use crate::http::problem::{Problem, no_such_clip};
use crate::http::state::App;
use crate::model::custody::EventKind;
use crate::model::id::Id;
use crate::model::time::Micros;

/// The letter of this list's cursors.
const LIST: u8 = b'e';

/// One custody event.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Event {
    #[schema(value_type = String)]
    id: Id,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Micros,
    /// What was done.
    #[schema(value_type = schema::EventKind)]
    kind: EventKind,
    /// By whom: `token:ID:ROLE`, or a part of the daemon such as `system:intake`.
    actor: String,
    /// What the ledger commits to without showing it.
    #[schema(value_type = Object)]
    detail: Value,
    /// The event's entry in the ledger.
    ledger_index: u64,
}

impl From<custody::CustodyEvent> for Event {
    fn from(event: custody::CustodyEvent) -> Self {
        Self {
            id: event.id,
            at: event.at,
            kind: event.kind,
            actor: event.actor,
            // Canonical JSON was stored; a check reports what is not.
            detail: serde_json::from_slice(&event.detail).unwrap_or(Value::Null),
            ledger_index: event.entry_index,
        }
    }
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventList {
    items: Vec<Event>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// A clip's custody events, oldest first.
#[utoipa::path(
    get,
    operation_id = "listClipEvents",
    path = "/api/v1/clips/{id}/events",
    tag = "clips",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The clip"), PageQuery<1>),
    responses((status = 200, description = "A page", body = EventList), ById)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadEvents>,
    PathId(clip): PathId,
    params: Params,
) -> Result<Json<EventList>, Problem> {
    let query = PageQuery::read(LIST, params)?;
    let mut reader = app.custody.db.read().await?;
    if clips::get(reader.conn(), clip).await?.is_none() {
        return Err(no_such_clip(clip));
    }
    let after = query.cursor.map_or(Id(0), |[id]| Id(id));
    let rows = custody::page(reader.conn(), Some(clip), after, query.limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, query.limit, |e| cursor::encode(LIST, [e.id.0]));
    Ok(Json(EventList { items: rows.into_iter().map(Event::from).collect(), next_cursor }))
}
