//! The register of courts.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::edits::{created, problem};
use super::schema::{self, ById, Guarded, Writing, WritingById};
use crate::catalog::courts::{self, CourtFilter};
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
use crate::registers::edit::{self, CourtEdit, Given};

/// The letter of this list's cursors.
const LIST: u8 = b'g';

/// A court under one name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Court {
    #[schema(value_type = String)]
    id: Id,
    /// 法院代字.
    #[schema(example = "吉0721")]
    code: String,
    name: String,
    /// The code of the court above it.
    #[schema(required = true, example = "吉07")]
    parent: Option<String>,
    /// The first day it has this name; null: since ever.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    first_day: Option<Date>,
    /// The last day, which is in it; null: still.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    last_day: Option<Date>,
}

impl Court {
    fn of(row: courts::Court, offset: UtcOffset) -> Self {
        let (first_day, last_day) = (row.span.first_day(offset), row.span.last_day(offset));
        Self { id: row.id, code: row.code, name: row.name, parent: row.parent, first_day, last_day }
    }
}

/// A page of courts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CourtList {
    items: Vec<Court>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// What is said of a court. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CourtBody {
    /// 法院代字; needed for a new court, fixed afterwards.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "吉0721")]
    code: Given,
    /// Needed for a new court.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Given,
    /// The code of the court above it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    parent: Given,
    /// The first day it has this name; null: since ever.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    first_day: Given,
    /// The last day, which is in it; null: still.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    last_day: Given,
}

impl From<CourtBody> for CourtEdit {
    fn from(body: CourtBody) -> Self {
        let CourtBody { code, name, parent, first_day, last_day } = body;
        Self { code, name, parent, first_day, last_day }
    }
}

/// Which courts.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct CourtQuery {
    /// 法院代字, exactly.
    code: Option<String>,
    /// The code of the court above, exactly.
    parent: Option<String>,
    /// Name, exactly.
    name: Option<String>,
    /// As of a date, which is that day at the court, or an RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    at: Option<When>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<[i64; 1]>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    limit: u32,
}

impl CourtQuery {
    fn read(mut params: Params, offset: UtcOffset) -> Result<Self, Problem> {
        let p = &mut params;
        let query = Self {
            code: p.take("code", value::text),
            parent: p.take("parent", value::text),
            name: p.take("name", value::text),
            at: p.take("at", |t| value::when(t, offset)),
            cursor: p.take("cursor", |t| cursor::decode(LIST, t)),
            limit: p.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS),
        };
        params.finish()?;
        Ok(query)
    }
}

/// Courts, the newest in the register first.
#[utoipa::path(
    get,
    operation_id = "listCourts",
    path = "/api/v1/courts",
    tag = "registers",
    security(("bearer" = [])),
    params(CourtQuery),
    responses((status = 200, description = "A page", body = CourtList), Guarded)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadRegisters>,
    params: Params,
) -> Result<Json<CourtList>, Problem> {
    let offset = app.custody.utc_offset;
    let CourtQuery { code, parent, name, at, cursor, limit } = CourtQuery::read(params, offset)?;
    let before = cursor.map(|[id]| Id(id));
    let filter = CourtFilter { code, parent, name, at: at.map(|when| when.start), before };
    let mut reader = app.custody.db.read().await?;
    let rows = courts::list(reader.conn(), &filter, limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, limit, |row| cursor::encode(LIST, [row.id.0]));
    Ok(Json(CourtList { items: rows.into_iter().map(|row| Court::of(row, offset)).collect(), next_cursor }))
}

/// One court.
#[utoipa::path(
    get,
    operation_id = "getCourt",
    path = "/api/v1/courts/{id}",
    tag = "registers",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The court")),
    responses((status = 200, description = "The court", body = Court), ById)
)]
pub(super) async fn get(
    State(app): State<App>,
    _: Permit<ReadRegisters>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<Court>, Problem> {
    params.finish()?;
    let mut reader = app.custody.db.read().await?;
    let row = courts::get(reader.conn(), id).await?.ok_or_else(|| no_such_court(id))?;
    Ok(Json(Court::of(row, app.custody.utc_offset)))
}

/// Enters a court. A new name of a court is a row of its own, from the day it has it.
#[utoipa::path(
    post,
    operation_id = "createCourt",
    path = "/api/v1/courts",
    tag = "registers",
    security(("bearer" = [])),
    request_body = CourtBody,
    responses(
        (status = 201, description = "The court", body = Court, headers(("Location" = String, description = "Its address"))),
        Writing
    )
)]
pub(super) async fn create(
    _: Permit<WriteRegisters>,
    State(app): State<App>,
    params: Params,
    Body(body): Body<CourtBody>,
) -> Result<Response, Problem> {
    params.finish()?;
    let made = edit::create_court(&app.custody, &body.into()).await;
    let row = made.map_err(|e| problem(e, no_such_court))?;
    Ok(created("courts", row.id, Court::of(row, app.custody.utc_offset)))
}

/// Corrects a court.
#[utoipa::path(
    patch,
    operation_id = "changeCourt",
    path = "/api/v1/courts/{id}",
    tag = "registers",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The court")),
    request_body = CourtBody,
    responses((status = 200, description = "The court", body = Court), WritingById)
)]
pub(super) async fn change(
    _: Permit<WriteRegisters>,
    State(app): State<App>,
    PathId(id): PathId,
    params: Params,
    Body(body): Body<CourtBody>,
) -> Result<Json<Court>, Problem> {
    params.finish()?;
    let changed = edit::change_court(&app.custody, id, &body.into()).await;
    let row = changed.map_err(|e| problem(e, no_such_court))?;
    Ok(Json(Court::of(row, app.custody.utc_offset)))
}

fn no_such_court(id: Id) -> Problem {
    Problem::not_found("no_such_court", Text::new(format!("没有编号为 {id} 的法院"), format!("there is no court {id}")))
}
