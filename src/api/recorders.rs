//! The register of recorders 执法记录仪, with who had each when.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::edits::{created, problem};
use super::schema::{self, ById, Guarded, Writing, WritingById};
use crate::catalog::CatalogError;
use crate::catalog::engine::Conn;
use crate::catalog::recorders::{self, RecorderFilter};
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
use crate::registers::edit::{self, Given, HolderEdit, RecorderEdit};

/// The letter of this list's cursors.
const LIST: u8 = b'r';

/// A recorder of the register.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RegisteredRecorder {
    #[schema(value_type = String)]
    id: Id,
    /// 序列号.
    #[schema(example = "0012345")]
    serial: String,
    /// 型号; null: not said.
    #[schema(required = true)]
    model: Option<String>,
    /// 法院代字; null: not said.
    #[schema(required = true, example = "吉0721")]
    court: Option<String>,
    /// Who had it and has it, in the order of time. Of two at the same time the later one counts.
    holders: Vec<Holder>,
}

/// Who had a recorder.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Holder {
    /// 警号.
    #[schema(example = "001234")]
    officer: String,
    /// The first day; null: since ever.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    first_day: Option<Date>,
    /// The last day, which is in it; null: still.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    last_day: Option<Date>,
}

/// Recorders with their holders, in two statements.
async fn described(
    mut conn: Conn<'_>,
    rows: Vec<recorders::Recorder>,
    offset: UtcOffset,
) -> Result<Vec<RegisteredRecorder>, CatalogError> {
    let serials: Vec<&str> = rows.iter().map(|row| row.serial.as_str()).collect();
    let mut holders: HashMap<String, Vec<Holder>> = HashMap::new();
    for row in recorders::holders_of(conn.reborrow(), &serials).await? {
        let (first_day, last_day) = (row.span.first_day(offset), row.span.last_day(offset));
        holders.entry(row.serial).or_default().push(Holder { officer: row.officer, first_day, last_day });
    }
    let said = |text: String| Some(text).filter(|text| !text.is_empty());
    let recorder = |row: recorders::Recorder| RegisteredRecorder {
        id: row.id,
        holders: holders.remove(&row.serial).unwrap_or_default(),
        serial: row.serial,
        model: said(row.model),
        court: said(row.court),
    };
    Ok(rows.into_iter().map(recorder).collect())
}

async fn one(app: &App, row: recorders::Recorder) -> Result<RegisteredRecorder, Problem> {
    let (id, mut reader) = (row.id, app.custody.db.read().await?);
    let described = described(reader.conn(), vec![row], app.custody.utc_offset).await?;
    described.into_iter().next().ok_or_else(|| no_such_recorder(id))
}

/// A page of recorders.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecorderList {
    items: Vec<RegisteredRecorder>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// What is said of a recorder. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecorderBody {
    /// 序列号; needed for a new recorder, fixed afterwards.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "0012345")]
    serial: Given,
    /// 型号.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    model: Given,
    /// 法院代字.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    court: Given,
    /// Everybody who had it and has it; they replace those who are known.
    #[serde(default)]
    #[schema(value_type = Option<Vec<HolderBody>>)]
    holders: Given<Vec<HolderBody>>,
}

/// What is said of a holder.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HolderBody {
    /// 警号.
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    officer: Given,
    /// The first day; null: since ever.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    first_day: Given,
    /// The last day, which is in it; null: still.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    last_day: Given,
}

impl From<RecorderBody> for RecorderEdit {
    fn from(body: RecorderBody) -> Self {
        let holder = |h: HolderBody| HolderEdit { officer: h.officer, first_day: h.first_day, last_day: h.last_day };
        let RecorderBody { serial, model, court, holders } = body;
        let holders = match holders {
            Given::Absent => Given::Absent,
            Given::Null => Given::Null,
            Given::Value(all) => Given::Value(all.into_iter().map(holder).collect()),
        };
        Self { serial, model, court, holders }
    }
}

/// Which recorders.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct RecorderQuery {
    /// 序列号, exactly.
    serial: Option<String>,
    /// 型号, exactly.
    model: Option<String>,
    /// 法院代字, exactly.
    court: Option<String>,
    /// 警号 of who had it, at any time or `at` one.
    holder: Option<String>,
    /// When `holder` had it: a date, which is that day at the court, or an RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    at: Option<When>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<[i64; 1]>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    limit: u32,
}

impl RecorderQuery {
    fn read(mut params: Params, offset: UtcOffset) -> Result<Self, Problem> {
        let p = &mut params;
        let query = Self {
            serial: p.take("serial", value::text),
            model: p.take("model", value::text),
            court: p.take("court", value::text),
            holder: p.take("holder", value::text),
            at: p.take("at", |t| value::when(t, offset)),
            cursor: p.take("cursor", |t| cursor::decode(LIST, t)),
            limit: p.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS),
        };
        if query.at.is_some() && query.holder.is_none() {
            params.fault("at", Text::new("须与 holder 一同给出", "goes with `holder`"));
        }
        params.finish()?;
        Ok(query)
    }
}

/// Recorders, the newest in the register first.
#[utoipa::path(
    get,
    operation_id = "listRecorders",
    path = "/api/v1/recorders",
    tag = "registers",
    security(("bearer" = [])),
    params(RecorderQuery),
    responses((status = 200, description = "A page", body = RecorderList), Guarded)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadRegisters>,
    params: Params,
) -> Result<Json<RecorderList>, Problem> {
    let offset = app.custody.utc_offset;
    let RecorderQuery { serial, model, court, holder, at, cursor, limit } = RecorderQuery::read(params, offset)?;
    let before = cursor.map(|[id]| Id(id));
    let filter = RecorderFilter { serial, model, court, holder, at: at.map(|when| when.start), before };
    let mut reader = app.custody.db.read().await?;
    let rows = recorders::list(reader.conn(), &filter, limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, limit, |row| cursor::encode(LIST, [row.id.0]));
    Ok(Json(RecorderList { items: described(reader.conn(), rows, offset).await?, next_cursor }))
}

/// One recorder.
#[utoipa::path(
    get,
    operation_id = "getRecorder",
    path = "/api/v1/recorders/{id}",
    tag = "registers",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The recorder")),
    responses((status = 200, description = "The recorder", body = RegisteredRecorder), ById)
)]
pub(super) async fn get(
    State(app): State<App>,
    _: Permit<ReadRegisters>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<RegisteredRecorder>, Problem> {
    params.finish()?;
    let mut reader = app.custody.db.read().await?;
    let row = recorders::get(reader.conn(), id).await?.ok_or_else(|| no_such_recorder(id))?;
    drop(reader);
    Ok(Json(one(&app, row).await?))
}

/// Enters a recorder.
#[utoipa::path(
    post,
    operation_id = "createRecorder",
    path = "/api/v1/recorders",
    tag = "registers",
    security(("bearer" = [])),
    request_body = RecorderBody,
    responses(
        (status = 201, description = "The recorder", body = RegisteredRecorder,
            headers(("Location" = String, description = "Its address"))),
        Writing
    )
)]
pub(super) async fn create(
    _: Permit<WriteRegisters>,
    State(app): State<App>,
    params: Params,
    Body(body): Body<RecorderBody>,
) -> Result<Response, Problem> {
    params.finish()?;
    let made = edit::create_recorder(&app.custody, &body.into()).await;
    let row = made.map_err(|e| problem(e, no_such_recorder))?;
    Ok(created("recorders", row.id, one(&app, row).await?))
}

/// Corrects a recorder, and who had it when.
#[utoipa::path(
    patch,
    operation_id = "changeRecorder",
    path = "/api/v1/recorders/{id}",
    tag = "registers",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The recorder")),
    request_body = RecorderBody,
    responses((status = 200, description = "The recorder", body = RegisteredRecorder), WritingById)
)]
pub(super) async fn change(
    _: Permit<WriteRegisters>,
    State(app): State<App>,
    PathId(id): PathId,
    params: Params,
    Body(body): Body<RecorderBody>,
) -> Result<Json<RegisteredRecorder>, Problem> {
    params.finish()?;
    let changed = edit::change_recorder(&app.custody, id, &body.into()).await;
    let row = changed.map_err(|e| problem(e, no_such_recorder))?;
    Ok(Json(one(&app, row).await?))
}

fn no_such_recorder(id: Id) -> Problem {
    Problem::not_found(
        "no_such_recorder",
        Text::new(format!("没有编号为 {id} 的执法记录仪"), format!("there is no recorder {id}")),
    )
}
