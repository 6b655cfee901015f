//! The receipt 回执 of a clip that is Confirmed, in three forms.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;

use super::schema::{ById, Unconfirmed};
use crate::custody::receipt::{NoReceipt, receipt};
use crate::http::extract::{PathId, Permit, ReadClips};
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::ledger::receipt::Receipt;
use crate::model::id::Id;

/// The page may show itself and nothing else: no script, nothing loaded, no frame around it.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The receipt: the clip's digests, every entry of the ledger from its acceptance to its confirmation, and the proof of each to the
/// newest checkpoint. `zhilu ledger verify-proof` checks it without asking anybody.
#[utoipa::path(
    get,
    operation_id = "getReceipt",
    path = "/api/v1/clips/{id}/receipt",
    tag = "clips",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The clip")),
    responses(
        (status = 200, description = "The receipt", body = Receipt),
        Unconfirmed,
        ById
    )
)]
pub(super) async fn json(
    State(app): State<App>,
    _: Permit<ReadClips>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<Receipt>, Problem> {
    params.finish()?;
    Ok(Json(receipt(&app.custody, id).await?))
}

/// The receipt as a page that prints on one sheet of A4: digests in groups of four, room for signatures.
#[utoipa::path(
    get,
    operation_id = "getReceiptPage",
    path = "/api/v1/clips/{id}/receipt.html",
    tag = "clips",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The clip")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        Unconfirmed,
        ById
    )
)]
pub(super) async fn page(
    State(app): State<App>,
    _: Permit<ReadClips>,
    PathId(id): PathId,
    params: Params,
) -> Result<impl IntoResponse, Problem> {
    params.finish()?;
    let page = receipt(&app.custody, id).await?.to_html();
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, PAGE_POLICY)];
    Ok((headers, page))
}

/// The proof of the clip's own entry (C2SP tlog-proof).
#[utoipa::path(
    get,
    operation_id = "getReceiptProof",
    path = "/api/v1/clips/{id}/receipt.tlog-proof",
    tag = "clips",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The clip")),
    responses(
        (status = 200, description = "The proof", body = String, content_type = "text/plain"),
        Unconfirmed,
        ById
    )
)]
pub(super) async fn proof(
    State(app): State<App>,
    _: Permit<ReadClips>,
    PathId(id): PathId,
    params: Params,
) -> Result<impl IntoResponse, Problem> {
    params.finish()?;
    let proof = receipt(&app.custody, id).await?.tlog_proof();
    let proof = proof.ok_or_else(|| Problem::internal("receipt", &"it holds no proof of its own entry"))?;
    Ok((attachment(id), proof.to_string()))
}

fn attachment(id: Id) -> [(HeaderName, String); 2] {
    let name = format!("attachment; filename=\"clip-{id}.tlog-proof\"");
    [(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)]
}

impl From<NoReceipt> for Problem {
    fn from(error: NoReceipt) -> Self {
        match error {
            NoReceipt::Custody(error) => error.into(),
            NoReceipt::Proof(error) => error.into(),
            NoReceipt::NotConfirmed(id) => not_confirmed(id),
            error @ (NoReceipt::NoCheckpoint | NoReceipt::Broken { .. }) => super::ledger::damaged(&error),
        }
    }
}

fn not_confirmed(id: Id) -> Problem {
    let title = Text::new("尚无回执", "No receipt yet");
    let detail = Text::new(
        format!("视频 {id} 尚未回读确认，确认后即有回执"),
        format!("clip {id} is not confirmed yet; its receipt is there as soon as it was read back and found equal"),
    );
    Problem::new(StatusCode::CONFLICT, "not_confirmed", title, detail)
}
