//! Whether the daemon lives, and whether it can do its work.

use axum::Json;
use axum::extract::State;
use rustix::fs::{Access, access};
use serde::Serialize;
use utoipa::ToSchema;

use super::schema::Failures;
use crate::catalog::ledger;
use crate::http::language::Text;
use crate::http::problem::Problem;
use crate::http::state::App;

/// The daemon's word for itself.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Status {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the process answers. Nothing else is looked at.
#[utoipa::path(
    get,
    operation_id = "isAlive",
    path = "/healthz",
    tag = "daemon",
    security(()),
    responses((status = 200, description = "It does", body = Status), Failures)
)]
pub(super) async fn healthz() -> Json<Status> {
    Json(Status { status: "ok" })
}

/// Whether the database answers and the vault can be written to.
#[utoipa::path(
    get,
    operation_id = "isReady",
    path = "/readyz",
    tag = "daemon",
    security(()),
    responses((status = 200, description = "Both", body = Status), Failures)
)]
pub(super) async fn readyz(State(app): State<App>) -> Result<Json<Status>, Problem> {
    let mut reader = app.custody.db.read().await?;
    ledger::checkpoint(reader.conn()).await?;
    let root = app.vault.root().to_owned();
    let writable = tokio::task::spawn_blocking(move || access(&root, Access::WRITE_OK | Access::EXEC_OK)).await;
    match writable {
        Ok(Ok(())) => Ok(Json(Status { status: "ok" })),
        Ok(Err(error)) => Err(vault_away(&error)),
        Err(error) => Err(vault_away(&error)),
    }
}

fn vault_away(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!("the vault cannot be written to: {error}");
    Problem::unavailable("vault_away", Text::new("证据库不可写", "the vault cannot be written to"))
}
