//! Tiles and entry bundles. Their paths hold slashes (`tile/0/x001/234.p/5`), which OpenAPI cannot say: the router takes the rest of
//! the path, the description calls it `{index}`.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::damaged;
use crate::api::schema::ById;
use crate::catalog::ledger as rows;
use crate::http::extract::{Permit, ReadLedger};
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::ledger::bundle::bundle;
use crate::ledger::tile::{FULL_WIDTH, Tile, TileId, parse_numbered};

/// What was served once under one of these paths is never another: C2SP wants it cached for long. Not by shared caches, since a token
/// is needed.
const IMMUTABLE: &str = "private, max-age=31536000, immutable";
const BYTES: &str = "application/octet-stream";

/// The routes, described.
pub(in crate::api) fn tiles() -> OpenApiRouter<App> {
    let documented: OpenApiRouter<App> = OpenApiRouter::new().routes(routes!(tile)).routes(routes!(entries));
    OpenApiRouter::with_openapi(documented.into_openapi())
        .route("/api/v1/ledger/tile/{level}/{*index}", get(tile))
        .route("/api/v1/ledger/tile/entries/{*index}", get(entries))
}

/// A tile: up to 256 hashes of the tree, 32 bytes each (C2SP tlog-tiles). 404 when the log is not so large.
#[utoipa::path(
    get,
    operation_id = "getTile",
    path = "/api/v1/ledger/tile/{level}/{index}",
    tag = "ledger",
    security(("bearer" = [])),
    params(
        ("level" = String, Path, description = "Tile level; 0 holds leaf hashes"),
        ("index" = String, Path, description = "Index and width as C2SP writes them, slashes and all: `000`, `x001/234`, `000.p/5`")
    ),
    responses((status = 200, description = "The hashes", body = [u8], content_type = "application/octet-stream"), ById)
)]
pub(super) async fn tile(
    State(app): State<App>,
    _: Permit<ReadLedger>,
    Path((level, index)): Path<(String, String)>,
    params: Params,
) -> Result<impl IntoResponse, Problem> {
    params.finish()?;
    let id = parse_level(&level).zip(parse_numbered(&index));
    let id = id.map(|(level, (index, width))| TileId { level, index, width }).ok_or_else(no_such_tile)?;
    let mut reader = app.custody.db.read().await?;
    let size = rows::checkpoint(reader.conn()).await?.map_or(0, |checkpoint| checkpoint.size);
    if !id.is_of(size) {
        return Err(no_such_tile());
    }
    let hashes = rows::tile(reader.conn(), id.level, id.index).await?;
    let tile = hashes.and_then(|hashes| Tile::new(id.level, id.index, hashes).ok()).and_then(|tile| tile.cut(id.width));
    let tile = tile.ok_or_else(|| damaged(&format!("{} of {size} entries is missing or cut", id.path())))?;
    Ok(([(header::CONTENT_TYPE, BYTES), (header::CACHE_CONTROL, IMMUTABLE)], tile.into_hashes()))
}

/// The entries of a tile of level 0, each after its length as a big-endian u16 (C2SP tlog-tiles). 404 when the log is not so large.
#[utoipa::path(
    get,
    operation_id = "getEntryBundle",
    path = "/api/v1/ledger/tile/entries/{index}",
    tag = "ledger",
    security(("bearer" = [])),
    params(
        ("index" = String, Path, description = "Index and width as C2SP writes them, slashes and all: `000`, `x001/234`, `000.p/5`")
    ),
    responses((status = 200, description = "The entries", body = [u8], content_type = "application/octet-stream"), ById)
)]
pub(super) async fn entries(
    State(app): State<App>,
    _: Permit<ReadLedger>,
    Path(index): Path<String>,
    params: Params,
) -> Result<impl IntoResponse, Problem> {
    params.finish()?;
    let (index, width) = parse_numbered(&index).ok_or_else(no_such_tile)?;
    let mut reader = app.custody.db.read().await?;
    let size = rows::checkpoint(reader.conn()).await?.map_or(0, |checkpoint| checkpoint.size);
    if !(TileId { level: 0, index, width }).is_of(size) {
        return Err(no_such_tile());
    }
    let first = index * u64::from(FULL_WIDTH);
    let found = rows::entries(reader.conn(), first, width.into()).await?;
    if let Some((at, _)) = (first..first + u64::from(width)).zip(&found).find(|(at, (index, _))| at != index) {
        return Err(damaged(&no_entry(at)));
    }
    if found.len() != usize::from(width) {
        return Err(damaged(&no_entry(first + found.len() as u64)));
    }
    let bytes = bundle(found.iter().map(|(_, line)| &line[..]));
    let bytes = bytes.ok_or_else(|| damaged(&format!("an entry of bundle {index} is too long")))?;
    Ok(([(header::CONTENT_TYPE, BYTES), (header::CACHE_CONTROL, IMMUTABLE)], bytes))
}

/// A level of C2SP, 0 to 63 without leading zeros; a log here never has more than eight.
fn parse_level(text: &str) -> Option<u8> {
    let level: u8 = text.parse().ok()?;
    (level.to_string() == text).then_some(level)
}

fn no_entry(at: u64) -> String {
    format!("entry {at} is missing")
}

fn no_such_tile() -> Problem {
    let detail = Text::new("账本没有这一块", "the ledger has no such tile");
    Problem::not_found("no_such_tile", detail)
}
