//! The witness: other courts' logs ask it to cosign (C2SP tlog-witness). It answers in the words of that protocol, not in problem
//! details, and needs no token: what it cosigns, the log's own signature earns.

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::ledger::damaged;
use super::schema::Failures;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::ledger::witness::{MAX_REQUEST_BYTES, Refusal};
use crate::witness::answer::{Refused, Witness};

/// What a conflict is answered as: the size that was seen last.
const SIZE: &str = "text/x.tlog.size";

/// Cosigns a checkpoint of another court's ledger that extends what was seen of it (C2SP tlog-witness `add-checkpoint`). 404 when this
/// court witnesses no such log.
#[utoipa::path(
    post,
    operation_id = "addCheckpoint",
    path = "/witness/add-checkpoint",
    tag = "ledger",
    security(()),
    request_body(content = String, content_type = "text/plain", description = "`old N`, the consistency proof, a blank line, the checkpoint"),
    responses(
        (status = 200, description = "The cosignature's line", body = String, content_type = "text/plain"),
        (status = 400, description = "No such request", body = String, content_type = "text/plain"),
        (status = 403, description = "Not signed by the log", body = String, content_type = "text/plain"),
        (status = 404, description = "Not a log that is witnessed", body = String, content_type = "text/plain"),
        (status = 409, description = "Another size was seen last: this one", body = String, content_type = "text/x.tlog.size"),
        (status = 422, description = "It does not extend what was seen", body = String, content_type = "text/plain"),
        Failures
    )
)]
pub(super) async fn add_checkpoint(State(app): State<App>, body: Body) -> Result<Response, Problem> {
    let plain =
        |status: StatusCode, text: String| (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text);
    let Some((key, watched)) = app.witness.as_deref() else {
        return Ok(plain(StatusCode::NOT_FOUND, "this court witnesses no log\n".to_owned()).into_response());
    };
    let Ok(body) = to_bytes(body, MAX_REQUEST_BYTES).await else {
        return Ok(plain(StatusCode::BAD_REQUEST, "the request is cut or too long\n".to_owned()).into_response());
    };
    let witness = Witness { db: &app.custody.db, clock: &*app.custody.clock, key, watched };
    let refused = match witness.add_checkpoint(&body).await {
        Ok(line) => return Ok(plain(StatusCode::OK, line).into_response()),
        Err(Refused::Catalog(error)) => return Err(error.into()),
        Err(error @ Refused::Damaged(_)) => return Err(damaged(&error)),
        Err(refused) => refused,
    };
    let status = match &refused {
        Refused::UnknownLog(_) => StatusCode::NOT_FOUND,
        Refused::Judged(Refusal::Unsigned(_)) => StatusCode::FORBIDDEN,
        Refused::Judged(Refusal::OtherSize { seen, .. }) => {
            return Ok((StatusCode::CONFLICT, [(header::CONTENT_TYPE, SIZE)], format!("{seen}\n")).into_response());
        }
        Refused::Judged(Refusal::Forked { size }) => {
            return Ok((StatusCode::CONFLICT, [(header::CONTENT_TYPE, SIZE)], format!("{size}\n")).into_response());
        }
        Refused::Judged(Refusal::NotExtended { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::BAD_REQUEST,
    };
    Ok(plain(status, format!("{refused}\n")).into_response())
}
