//! The register of officers: one row a post.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::edits::{created, problem};
use super::schema::{self, ById, Guarded, Writing, WritingById};
use crate::catalog::officers::{self, OfficerFilter};
use crate::http::body::Body;
use crate::http::cursor;
use crate::http::extract::{PathId, Permit, ReadRegisters, WriteRegisters};
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::http::value::{self, When};
use crate::model::id::Id;
use crate::model::time::UtcOffset;
use crate::registers::edit::{self, Given, OfficerEdit};

/// The letter of this list's cursors.
const LIST: u8 = b'o';

/// A post of an officer 执行人员.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OfficerPost {
    #[schema(value_type = String)]
    id: Id,
    /// 警号.
    #[schema(example = "001234")]
    number: String,
    name: String,
    /// 职务; null: not said.
    #[schema(required = true, example = "司法警察")]
    role: Option<String>,
    /// 法院代字; null: not said.
    #[schema(required = true, example = "吉0721")]
    court: Option<String>,
    /// The first day of the post; null: since ever.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    first_day: Option<Date>,
    /// The last day, which is in it; null: still.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    last_day: Option<Date>,
}

impl OfficerPost {
    fn of(row: officers::Officer, offset: UtcOffset) -> Self {
        let (first_day, last_day) = (row.span.first_day(offset), row.span.last_day(offset));
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        let (role, court) = (said(row.role), said(row.court));
        Self { id: row.id, number: row.number, name: row.name, role, court, first_day, last_day }
    }
}

/// A page of posts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OfficerList {
    items: Vec<OfficerPost>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// What is said of a post. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfficerBody {
    /// 警号; needed for a new post, fixed afterwards.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "001234")]
    number: Given,
    /// Needed for a new post.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Given,
    /// 职务.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    role: Given,
    /// 法院代字.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    court: Given,
    /// The first day of the post; null: since ever.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    first_day: Given,
    /// The last day, which is in it; null: still.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    last_day: Given,
}

impl From<OfficerBody> for OfficerEdit {
    fn from(body: OfficerBody) -> Self {
        let OfficerBody { number, name, role, court, first_day, last_day } = body;
        Self { number, name, role, court, first_day, last_day }
    }
}

/// Which posts.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfficerQuery {
    /// 警号, exactly.
    number: Option<String>,
    /// Name, exactly.
    name: Option<String>,
    /// 职务, exactly.
    role: Option<String>,
    /// 法院代字, exactly.
    court: Option<String>,
    /// Held on a date, which is that day at the court, or at an RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    at: Option<When>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<[i64; 1]>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    limit: u32,
}

impl OfficerQuery {
    fn read(mut params: Params, offset: UtcOffset) -> Result<Self, Problem> {
        let p = &mut params;
        let query = Self {
            number: p.take("number", value::text),
            name: p.take("name", value::text),
            role: p.take("role", value::text),
            court: p.take("court", value::text),
            at: p.take("at", |t| value::when(t, offset)),
            cursor: p.take("cursor", |t| cursor::decode(LIST, t)),
            limit: p.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS),
        };
        params.finish()?;
        Ok(query)
    }
}

/// Posts of officers, the newest in the register first.
#[utoipa::path(
    get,
    operation_id = "listOfficers",
    path = "/api/v1/officers",
    tag = "registers",
    security(("bearer" = [])),
    params(OfficerQuery),
    responses((status = 200, description = "A page", body = OfficerList), Guarded)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadRegisters>,
    params: Params,
) -> Result<Json<OfficerList>, Problem> {
    let offset = app.custody.utc_offset;
    let OfficerQuery { number, name, role, court, at, cursor, limit } = OfficerQuery::read(params, offset)?;
    let before = cursor.map(|[id]| Id(id));
    let filter = OfficerFilter { number, name, role, court, at: at.map(|when| when.start), before };
    let mut reader = app.custody.db.read().await?;
    let rows = officers::list(reader.conn(), &filter, limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, limit, |row| cursor::encode(LIST, [row.id.0]));
    Ok(Json(OfficerList { items: rows.into_iter().map(|row| OfficerPost::of(row, offset)).collect(), next_cursor }))
}

/// One post.
#[utoipa::path(
    get,
    operation_id = "getOfficer",
    path = "/api/v1/officers/{id}",
    tag = "registers",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    responses((status = 200, description = "The post", body = OfficerPost), ById)
)]
pub(super) async fn get(
    State(app): State<App>,
    _: Permit<ReadRegisters>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<OfficerPost>, Problem> {
    params.finish()?;
    let mut reader = app.custody.db.read().await?;
    let row = officers::get(reader.conn(), id).await?.ok_or_else(|| no_such_officer(id))?;
    Ok(Json(OfficerPost::of(row, app.custody.utc_offset)))
}

/// Enters a post of an officer. A transfer is a post of its own, from the day it begins; it moves no old clip.
#[utoipa::path(
    post,
    operation_id = "createOfficer",
    path = "/api/v1/officers",
    tag = "registers",
    security(("bearer" = [])),
    request_body = OfficerBody,
    responses(
        (status = 201, description = "The post", body = OfficerPost, headers(("Location" = String, description = "Its address"))),
        Writing
    )
)]
pub(super) async fn create(
    _: Permit<WriteRegisters>,
    State(app): State<App>,
    params: Params,
    Body(body): Body<OfficerBody>,
) -> Result<Response, Problem> {
    params.finish()?;
    let made = edit::create_officer(&app.custody, &body.into()).await;
    let row = made.map_err(|e| problem(e, no_such_officer))?;
    Ok(created("officers", row.id, OfficerPost::of(row, app.custody.utc_offset)))
}

/// Corrects a post.
#[utoipa::path(
    patch,
    operation_id = "changeOfficer",
    path = "/api/v1/officers/{id}",
    tag = "registers",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The post")),
    request_body = OfficerBody,
    responses((status = 200, description = "The post", body = OfficerPost), WritingById)
)]
pub(super) async fn change(
    _: Permit<WriteRegisters>,
    State(app): State<App>,
    PathId(id): PathId,
    params: Params,
    Body(body): Body<OfficerBody>,
) -> Result<Json<OfficerPost>, Problem> {
    params.finish()?;
    let changed = edit::change_officer(&app.custody, id, &body.into()).await;
    let row = changed.map_err(|e| problem(e, no_such_officer))?;
    Ok(Json(OfficerPost::of(row, app.custody.utc_offset)))
}

fn no_such_officer(id: Id) -> Problem {
    Problem::not_found(
        "no_such_officer",
        Text::new(format!("没有编号为 {id} 的任职"), format!("there is no post {id}")),
    )
}
