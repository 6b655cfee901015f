//! Exports 移送: asked for by one person, approved by another, made by the daemon, fetched as one archive.

mod body;

use std::path::PathBuf;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa::IntoParams;

use self::body::{Asked, Export, ExportDecision, ExportList, NewExport};
use super::schema::{self, ById, Guarded, Writing};
use crate::catalog::{cases, exports};
use crate::custody::export::{self, ExportError, Wanted};
use crate::http::body::Body;
use crate::http::cursor;
use crate::http::extract::{ApproveExport, PathId, Permit, ReadExports, RequestExport};
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::{Field, Problem, no_such};
use crate::http::state::App;
use crate::http::tar::Archive;
use crate::http::value;
use crate::model::export::{ExportState, Scope};
use crate::model::id::Id;
use crate::model::subject::Subject;
use crate::model::time::SECOND_US;

/// The letter of this list's cursors.
const LIST: u8 = b'x';

/// Which exports.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// How far they have come.
    #[param(value_type = Option<schema::ExportState>)]
    state: Option<ExportState>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<[i64; 1]>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    limit: u32,
}

impl ExportQuery {
    fn read(mut params: Params) -> Result<Self, Problem> {
        let p = &mut params;
        let query = Self {
            state: p.take("state", |t| value::word(t, &ExportState::ALL, ExportState::as_str)),
            cursor: p.take("cursor", |t| cursor::decode(LIST, t)),
            limit: p.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS),
        };
        params.finish()?;
        Ok(query)
    }
}

/// Exports, newest first.
#[utoipa::path(
    get,
    operation_id = "listExports",
    path = "/api/v1/exports",
    tag = "exports",
    security(("bearer" = [])),
    params(ExportQuery),
    responses((status = 200, description = "A page", body = ExportList), Guarded)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadExports>,
    params: Params,
) -> Result<Json<ExportList>, Problem> {
    let query = ExportQuery::read(params)?;
    let mut reader = app.custody.db.read().await?;
    let before = query.cursor.map(|[id]| Id(id));
    let rows = exports::list(reader.conn(), query.state, before, query.limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, query.limit, |export| cursor::encode(LIST, [export.id.0]));
    Ok(Json(ExportList { items: rows.into_iter().map(Export::from).collect(), next_cursor }))
}

/// An export, and how far it has come.
#[utoipa::path(
    get,
    operation_id = "getExport",
    path = "/api/v1/exports/{id}",
    tag = "exports",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The export")),
    responses((status = 200, description = "The export", body = Export), ById)
)]
pub(super) async fn get(
    State(app): State<App>,
    _: Permit<ReadExports>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<Export>, Problem> {
    params.finish()?;
    Ok(Json(find(&app, id).await?.into()))
}

/// Asks for an export. Another person has to approve it; then the daemon makes it.
#[utoipa::path(
    post,
    operation_id = "requestExport",
    path = "/api/v1/exports",
    tag = "exports",
    security(("bearer" = [])),
    request_body = NewExport,
    responses(
        (
            status = 201, description = "Asked for", body = Export,
            headers(("Location" = String, description = "The export"))
        ),
        Writing
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    permit: Permit<RequestExport>,
    Body(body): Body<NewExport>,
) -> Result<Response, Problem> {
    let (asked, reason, recipient) = body.read()?;
    let (scope, clips) = match asked {
        Asked::Incident(id) => (Scope::Incident(id), Vec::new()),
        Asked::Clips(clips) => (Scope::Clips, clips),
        Asked::Case(number) => {
            let mut reader = app.custody.db.read().await?;
            let case = cases::find_by_number(reader.conn(), &number).await?;
            let message = || Text::new(format!("没有案件 {number}"), format!("there is no case {number}"));
            let missing = || Problem::unprocessable(vec![Field { name: "case".to_owned(), message: message() }]);
            (Scope::Case(case.ok_or_else(missing)?.id), Vec::new())
        }
    };
    let wanted = Wanted { scope, clips, reason, recipient };
    let made = export::request(&app.custody, &permit.actor(), wanted).await?;
    let location = [(header::LOCATION, format!("/api/v1/exports/{}", made.id))];
    Ok((StatusCode::CREATED, location, Json(Export::from(made))).into_response())
}

/// Approves or refuses an export that another person asked for.
#[utoipa::path(
    post,
    operation_id = "decideExport",
    path = "/api/v1/exports/{id}/approval",
    tag = "exports",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The export")),
    request_body = ExportDecision,
    responses((status = 200, description = "The export", body = Export), ById, Writing)
)]
pub(super) async fn decide(
    State(app): State<App>,
    permit: Permit<ApproveExport>,
    PathId(id): PathId,
    Body(body): Body<ExportDecision>,
) -> Result<Json<Export>, Problem> {
    Ok(Json(export::decide(&app.custody, &permit.actor(), id, body.into()).await?.into()))
}

/// The whole bag as a tar archive. Before its first byte leaves, the fetch is recorded about every clip in it; HEAD shows nothing and is
/// not recorded.
#[utoipa::path(
    get,
    operation_id = "getExportBag",
    path = "/api/v1/exports/{id}/bag",
    tag = "exports",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The export")),
    responses(
        (
            status = 200, description = "The bag (BagIt 1.0, `zhilu-export/1`)", content_type = "application/x-tar",
            headers(("Content-Disposition" = String, description = "`export-ID.tar`"))
        ),
        (status = 409, description = "The bag is not whole, or lies on another machine",
            body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
        ById
    )
)]
pub(super) async fn bag(
    State(app): State<App>,
    permit: Permit<ReadExports>,
    PathId(id): PathId,
    method: Method,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    let export = find(&app, id).await?;
    if export.state != ExportState::Done {
        return Err(ExportError::WrongState { id, state: export.state }.into());
    }
    let dir = bag_dir(&app, &export).ok_or_else(|| elsewhere(&export))?;
    let mtime = export.done.map_or(0, |at| u64::try_from(at.0 / SECOND_US).unwrap_or(0));
    let listing = tokio::task::spawn_blocking(move || Archive::of_dir(&dir, &format!("export-{id}"), mtime)).await;
    let listing = listing.map_err(|error| Problem::internal("listing a bag", &error))?;
    let archive = listing.map_err(|error| lost(id, &error))?;
    let headers: [(HeaderName, String); 4] = [
        (header::CONTENT_TYPE, "application/x-tar".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"export-{id}.tar\"")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::CONTENT_LENGTH, archive.length().to_string()),
    ];
    if method == Method::HEAD {
        return Ok(headers.into_response());
    }
    // A fetch that cannot be recorded does not happen.
    export::fetch(&app.custody, &permit.actor(), id).await?;
    Ok((headers, archive.into_body()).into_response())
}

async fn find(app: &App, id: Id) -> Result<exports::Export, Problem> {
    let mut reader = app.custody.db.read().await?;
    exports::get(reader.conn(), id).await?.ok_or_else(|| no_such(Subject::Export(id)))
}

/// Where the bag lies, when it is this daemon's own.
fn bag_dir(app: &App, export: &exports::Export) -> Option<PathBuf> {
    let dir = app.exports.as_ref()?.join(export.id.to_string());
    let is_ours = export.dir.as_deref().is_some_and(|of| dir == std::path::Path::new(of));
    (is_ours && dir.is_dir()).then_some(dir)
}

fn elsewhere(export: &exports::Export) -> Problem {
    let (id, dir) = (export.id, export.dir.as_deref().unwrap_or_default());
    let detail = Text::new(
        format!("移送 {id} 的文件包不在本服务的目录中，而在 {dir}"),
        format!("the bag of export {id} is not among this daemon's own but in {dir}"),
    );
    Problem::conflict("bag_elsewhere", detail)
}

fn lost(id: Id, error: &dyn std::fmt::Display) -> Problem {
    let detail = Text::new("文件包无法读取，请重新申请移送", "the bag cannot be read; ask for another export");
    Problem::failed("bag_unreadable", detail, &format!("bag of export {id}"), error)
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Custody(error) => error.into(),
            ExportError::NoSuchExport(id) => no_such(Subject::Export(id)),
            ExportError::Invalid(faults) => Self::unprocessable(faults.into_iter().map(Field::from).collect()),
            ExportError::OwnRequest(id) => Self::conflict(
                "own_request",
                Text::new(
                    format!("移送 {id} 由本人申请，须由另一人审批"),
                    format!("export {id} was asked for by you: another person has to decide"),
                ),
            ),
            ExportError::WrongState { id, state } => Self::conflict(
                "wrong_state",
                Text::new(
                    format!("移送 {id} 的状态为 {}，不能这样做", state.as_str()),
                    format!("export {id} is {}, which does not allow this", state.as_str()),
                ),
            ),
            error @ ExportError::Elsewhere { .. } => Self::internal("export", &error),
        }
    }
}
