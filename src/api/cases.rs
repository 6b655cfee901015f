//! Cases, and which clips belong to them.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::schema::{self, ById, Guarded};
use crate::catalog::case_links;
use crate::catalog::cases::{self, CaseFilter};
use crate::http::cursor;
use crate::http::extract::{PathId, Permit, ReadCases};
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::http::value;
use crate::model::case_number::CaseNumber;
use crate::model::id::Id;
use crate::model::time::Micros;

/// The letter of this list's cursors.
const LIST: u8 = b'k';
/// Clips that a case names itself; `clips?case=` lists all.
const MOST_CLIPS: u32 = 50;

/// A case.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Case {
    #[schema(value_type = String)]
    id: Id,
    /// 案号 in its one spelling.
    #[schema(example = "（2021）吉0721执123号")]
    number: String,
    /// The year in the number; null for a number of the old style, as are court and type.
    #[schema(required = true)]
    year: Option<i64>,
    /// Court code.
    #[schema(required = true, example = "吉0721")]
    court: Option<String>,
    /// Type code.
    #[serde(rename = "type")]
    #[schema(required = true, example = "执")]
    case_type: Option<String>,
    /// 案由.
    #[schema(required = true)]
    cause: Option<String>,
    /// 承办人.
    #[schema(required = true)]
    judge: Option<String>,
    /// 状态, as the court writes it.
    #[schema(required = true)]
    status: Option<String>,
    /// Known only because a clip names it.
    stub: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Micros,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Micros,
}

impl From<&cases::Case> for Case {
    fn from(case: &cases::Case) -> Self {
        Self {
            id: case.id,
            number: case.number.clone(),
            year: case.year,
            court: case.court.clone(),
            case_type: case.case_type.clone(),
            cause: case.cause.clone(),
            judge: case.judge.clone(),
            status: case.status.clone(),
            stub: case.stub,
            created_at: case.created,
            updated_at: case.updated,
        }
    }
}

/// A page of cases.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseList {
    items: Vec<Case>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// A case with what belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseDetail {
    #[serde(flatten)]
    case: Case,
    /// 当事人, in the order of the import.
    parties: Vec<String>,
    clips: CaseClips,
}

/// The newest clips of a case.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseClips {
    /// At most 50, newest arrival first.
    #[schema(value_type = Vec<String>)]
    ids: Vec<Id>,
    /// Whether there are more; `clips?case=NUMBER` lists all.
    more: bool,
}

/// Which cases.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct CaseQuery {
    /// 案号 in any spelling, exactly this case.
    #[param(value_type = Option<String>)]
    number: Option<CaseNumber>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<[i64; 1]>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    limit: u32,
}

impl CaseQuery {
    fn read(mut params: Params) -> Result<Self, Problem> {
        let number = params.take("number", value::case_number);
        let cursor = params.take("cursor", |t| cursor::decode(LIST, t));
        let limit = params.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS);
        params.finish()?;
        Ok(Self { number, cursor, limit })
    }
}

/// Cases, the newest in the catalog first.
#[utoipa::path(
    get,
    operation_id = "listCases",
    path = "/api/v1/cases",
    tag = "cases",
    security(("bearer" = [])),
    params(CaseQuery),
    responses((status = 200, description = "A page", body = CaseList), Guarded)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadCases>,
    params: Params,
) -> Result<Json<CaseList>, Problem> {
    let query = CaseQuery::read(params)?;
    let filter = CaseFilter { number: query.number.map(|n| n.canonical()), before: query.cursor.map(|[id]| Id(id)) };
    let mut reader = app.custody.db.read().await?;
    let rows = cases::list(reader.conn(), &filter, query.limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, query.limit, |c| cursor::encode(LIST, [c.id.0]));
    Ok(Json(CaseList { items: rows.iter().map(Case::from).collect(), next_cursor }))
}

/// One case with its parties and its newest clips.
#[utoipa::path(
    get,
    operation_id = "getCase",
    path = "/api/v1/cases/{id}",
    tag = "cases",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The case")),
    responses((status = 200, description = "The case", body = CaseDetail), ById)
)]
pub(super) async fn get(
    State(app): State<App>,
    _: Permit<ReadCases>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<CaseDetail>, Problem> {
    params.finish()?;
    let mut reader = app.custody.db.read().await?;
    let case = cases::get(reader.conn(), id).await?.ok_or_else(|| {
        Problem::not_found(
            "no_such_case",
            Text::new(format!("没有编号为 {id} 的案件"), format!("there is no case {id}")),
        )
    })?;
    let clips = case_links::clips_of(reader.conn(), id, None, MOST_CLIPS + 1).await?;
    let (ids, next) = cursor::page(clips, MOST_CLIPS, ToString::to_string);
    let body = Case::from(&case);
    Ok(Json(CaseDetail { case: body, parties: case.parties, clips: CaseClips { ids, more: next.is_some() } }))
}
