//! The ledger's newest checkpoint.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::schema::ById;
use crate::catalog::ledger;
use crate::http::extract::{Permit, ReadLedger};
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;

/// The newest checkpoint: a signed note (C2SP tlog-checkpoint) that commits to every entry so far. 404 before the first clip.
#[utoipa::path(
    get,
    operation_id = "getCheckpoint",
    path = "/api/v1/ledger/checkpoint",
    tag = "ledger",
    security(("bearer" = [])),
    responses((status = 200, description = "The note", body = String, content_type = "text/plain"), ById)
)]
pub(super) async fn checkpoint(
    State(app): State<App>,
    _: Permit<ReadLedger>,
    params: Params,
) -> Result<impl IntoResponse, Problem> {
    params.finish()?;
    let mut reader = app.custody.db.read().await?;
    let checkpoint = ledger::checkpoint(reader.conn()).await?.ok_or_else(|| {
        let detail = Text::new("账本为空，尚无检查点", "the ledger is empty, so there is no checkpoint yet");
        Problem::not_found("no_checkpoint", detail)
    })?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], checkpoint.note))
}
