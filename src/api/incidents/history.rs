//! Who changed what of an incident.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::find;
use crate::api::query::PageQuery;
use crate::api::schema::ById;
use crate::catalog::amendments::{self, Amendment};
use crate::http::cursor;
use crate::http::extract::{PathId, Permit, ReadIncidents};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::model::id::Id;
use crate::model::subject::Subject;
use crate::model::time::Micros;

/// The letter of this list's cursors.
const LIST: u8 = b'H';

/// One change of an incident.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IncidentChange {
    #[schema(value_type = String)]
    id: Id,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Micros,
    /// `create`, `change`, `status`, `measure_add`, `measure_change` or `attach` (a marked segment joined it).
    kind: String,
    /// By whom: `token:ID:ROLE`, or a part of the daemon such as `system:intake`.
    actor: String,
    /// What changed.
    changes: Vec<ValueChange>,
    /// Why.
    #[schema(required = true)]
    reason: Option<String>,
    /// The change's entry in the ledger, which commits to all of this.
    ledger_index: u64,
}

/// One value that changed.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct ValueChange {
    /// Its name; of a measure `measures/ID/NAME`.
    field: String,
    /// What stood there; null: nothing.
    #[schema(required = true)]
    old: Value,
    /// What stands there now.
    #[schema(required = true)]
    new: Value,
}

/// What is stored of a change.
#[derive(Debug, Default, Deserialize)]
struct Detail {
    #[serde(default)]
    changes: Vec<ValueChange>,
    #[serde(default)]
    reason: Option<String>,
}

impl From<Amendment> for IncidentChange {
    fn from(row: Amendment) -> Self {
        // Canonical JSON was stored; a check reports what is not.
        let Detail { changes, reason } = serde_json::from_slice(&row.detail).unwrap_or_default();
        Self {
            id: row.id,
            at: row.at,
            kind: row.kind,
            actor: row.actor,
            changes,
            reason,
            ledger_index: row.entry_index,
        }
    }
}

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct IncidentHistory {
    items: Vec<IncidentChange>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Who changed what of an incident, oldest first, with the old values.
#[utoipa::path(
    get,
    operation_id = "listIncidentHistory",
    path = "/api/v1/incidents/{id}/history",
    tag = "incidents",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The incident"), PageQuery<1>),
    responses((status = 200, description = "A page", body = IncidentHistory), ById)
)]
pub(in crate::api) async fn get(
    State(app): State<App>,
    _: Permit<ReadIncidents>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<IncidentHistory>, Problem> {
    let PageQuery { cursor, limit } = PageQuery::read(LIST, params)?;
    let after = cursor.map_or(Id(0), |[id]| Id(id));
    find(&app, id).await?;
    let mut reader = app.custody.db.read().await?;
    let rows = amendments::page(reader.conn(), Some(Subject::Incident(id)), after, limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, limit, |row| cursor::encode(LIST, [row.id.0]));
    Ok(Json(IncidentHistory { items: rows.into_iter().map(IncidentChange::from).collect(), next_cursor }))
}
