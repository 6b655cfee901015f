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

use body::Known;
pub(super) use body::{CaseTie, Clip};
use query::ClipQuery;

use super::query::{FOUND_AT_ONCE, Filling, Place};
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
use crate::model::id::Id;
use crate::search::find;
use crate::search::query::Plan;

/// A page of clips.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClipList {
    pub(super) items: Vec<Clip>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    pub(super) next_cursor: Option<String>,
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
    let query = ClipQuery::read(params, &app.terms)?;
    let mut reader = app.custody.db.read().await?;
    let page = match &query.q {
        Some(plan) => {
            let (rows, next_cursor) = found(&mut reader, plan, &query).await?;
            list_of(&mut reader, rows, next_cursor, language).await?
        }
        None => page_of(&mut reader, &query.filter(), query.limit, query::LIST, language).await?,
    };
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
    list_of(reader, rows, next_cursor, language).await
}

async fn list_of(
    reader: &mut Reader,
    rows: Vec<clips::Clip>,
    next_cursor: Option<String>,
    language: Language,
) -> Result<ClipList, CatalogError> {
    let known = Known::of(reader, &rows).await?;
    Ok(ClipList { items: rows.into_iter().map(|clip| known.describe(clip, language)).collect(), next_cursor })
}

/// The clips that a query finds and the filter lets pass, and the cursor to the next page.
async fn found(
    reader: &mut Reader,
    plan: &Plan,
    query: &ClipQuery,
) -> Result<(Vec<clips::Clip>, Option<String>), Problem> {
    let mut page = Filling::new(query.cursor.and_then(Place::index), query.limit);
    loop {
        let (ids, more) = find::ids_of_kind(reader, plan, "clip", page.before, FOUND_AT_ONCE).await?;
        let filter = ClipFilter { ids: Some(ids.iter().map(|(_, id)| *id).collect()), ..query.filter() };
        let passed = clips::list(reader.conn(), &filter, u32::MAX).await?;
        let passed = passed.into_iter().map(|clip| (clip.id, clip)).collect();
        if let Some((clips, next)) = page.take(&ids, more, passed) {
            return Ok((clips, next.map(query::cursor_found)));
        }
    }
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

/// These clips as JSON, in this order.
pub(super) async fn described_all(app: &App, ids: &[Id], language: Language) -> Result<Vec<Clip>, Problem> {
    let mut reader = app.custody.db.read().await?;
    let mut rows = clips::get_all(reader.conn(), ids).await?;
    rows.sort_by_key(|clip| ids.iter().position(|id| *id == clip.id));
    let known = Known::of(&mut reader, &rows).await?;
    Ok(rows.into_iter().map(|clip| known.describe(clip, language)).collect())
}

/// A clip as JSON, for routes that change one.
pub(super) async fn described(app: &App, clip: clips::Clip, language: Language) -> Result<Clip, Problem> {
    let mut reader = app.custody.db.read().await?;
    let known = Known::of(&mut reader, std::slice::from_ref(&clip)).await?;
    Ok(known.describe(clip, language))
}
