//! Clips: search them, read what is known of one.

mod body;
mod query;
mod registered;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use body::{Clip, Known};
use query::ClipQuery;

use super::schema::{ById, Guarded};
use crate::catalog::CatalogError;
use crate::catalog::clips::{self, ClipFilter};
use crate::catalog::engine::Reader;
use crate::http::conditional::ETag;
use crate::http::cursor;
use crate::http::extract::{PathId, Permit, ReadClips};
use crate::http::language::Language;
use crate::http::params::Params;
use crate::http::problem::{Problem, no_such_clip};
use crate::http::state::App;
use crate::model::digest::to_hex;

/// A page of clips.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClipList {
    items: Vec<Clip>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Clips, the newest recorded first. Every filter that is given must hold. Sidecars are not listed; a clip names its own.
#[utoipa::path(
    get,
    operation_id = "listClips",
    path = "/api/v1/clips",
    tag = "clips",
    security(("bearer" = [])),
    params(ClipQuery),
    responses((status = 200, description = "A page", body = ClipList), Guarded)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadClips>,
    language: Language,
    params: Params,
) -> Result<Response, Problem> {
    let query = ClipQuery::read(params, app.custody.utc_offset)?;
    let mut reader = app.custody.db.read().await?;
    let page = page_of(&mut reader, &query.filter(), query.limit, query::LIST, language).await?;
    Ok(([(header::CONTENT_LANGUAGE, language.header())], Json(page)).into_response())
}

/// A page of the clips that pass `filter`; its cursors are those of the list `list`.
pub(super) async fn page_of(
    reader: &mut Reader,
    filter: &ClipFilter,
    limit: u32,
    list: u8,
    language: Language,
) -> Result<ClipList, CatalogError> {
    let rows = clips::list(reader.conn(), filter, limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, limit, |clip| query::cursor_after(list, clip));
    let known = Known::of(reader, &rows).await?;
    Ok(ClipList { items: rows.into_iter().map(|clip| known.describe(clip, language)).collect(), next_cursor })
}

/// One clip, or one sidecar. `If-None-Match` spares the answer when nothing was done with it.
#[utoipa::path(
    get,
    operation_id = "getClip",
    path = "/api/v1/clips/{id}",
    tag = "clips",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The clip"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer")
    ),
    responses(
        (status = 200, description = "The clip", body = Clip, headers(("ETag" = String, description = "Weak"))),
        (status = 304, description = "Nothing was done with it since"),
        ById
    )
)]
pub(super) async fn get(
    State(app): State<App>,
    _: Permit<ReadClips>,
    PathId(id): PathId,
    language: Language,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    let mut reader = app.custody.db.read().await?;
    let clip = clips::get(reader.conn(), id).await?.ok_or_else(|| no_such_clip(id))?;
    let known = Known::of(&mut reader, std::slice::from_ref(&clip)).await?;
    let last_entry = clip.last_entry;
    let body = serde_json::to_vec(&known.describe(clip, language)).map_err(|e| Problem::internal("clip", &e))?;
    // Whatever is done with a clip is recorded, so its newest entry names its state; what the registers say of it is not, and
    // sentences depend on the language.
    let tag = ETag::weak(&format!("{last_entry}-{}-{}", language.tag(), fingerprint(&body)));
    let answered = [(header::ETAG, tag.header()), (header::CONTENT_LANGUAGE, language.header())];
    if tag.is_known(&headers) {
        return Ok((StatusCode::NOT_MODIFIED, answered).into_response());
    }
    Ok((answered, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Sixteen digits that another text will not have.
fn fingerprint(body: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let digest: [u8; 32] = Sha256::digest(body).into();
    to_hex(&digest).chars().take(16).collect()
}
