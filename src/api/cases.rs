//! Cases, and which clips belong to them.

mod body;
mod chain;
mod query;
mod relations;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use body::{Case, CaseRef, Party};
use query::CaseQuery;

use super::query::{FOUND_AT_ONCE, Filling, Place};
use super::schema::{ById, Guarded};
use crate::catalog::case_links;
use crate::catalog::cases::{self, CaseFilter};
use crate::catalog::engine::Reader;
use crate::catalog::incidents;
use crate::http::cursor;
use crate::http::extract::{PathId, Permit, ReadCases};
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::model::id::Id;
use crate::search::find;
use crate::search::query::Plan;

pub(super) use chain::{__path_get as __path_chain, get as chain};
pub(super) use relations::{__path_relate, __path_unrelate, relate, unrelate};

/// Clips that a case names itself; `clips?case=` lists all.
const MOST_CLIPS: u32 = 50;

/// Incidents that a case names itself; `incidents?case=` lists all.
const MOST_INCIDENTS: u32 = 50;

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
    parties: Vec<Party>,
    /// The cases it follows from.
    predecessors: Vec<CaseRef>,
    /// The cases that follow from it.
    successors: Vec<CaseRef>,
    /// All cases of the dispute, it among them, in the order 财保, 执保, 执, 执恢; `cases/{id}/chain` shows their clips.
    chain: Vec<CaseRef>,
    clips: CaseClips,
    /// Its newest incidents, at most 50; `incidents?case=NUMBER` lists all.
    #[schema(value_type = Vec<String>)]
    incidents: Vec<Id>,
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

/// Cases, the newest in the catalog first. Every filter that is given must hold.
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
    let query = CaseQuery::read(params, &app.terms)?;
    let mut reader = app.custody.db.read().await?;
    let (rows, next_cursor) = match &query.q {
        Some(plan) => found(&mut reader, plan, &query).await?,
        None => {
            let rows = cases::list(reader.conn(), &query.filter(), query.limit + 1).await?;
            cursor::page(rows, query.limit, query::cursor_after)
        }
    };
    Ok(Json(CaseList { items: rows.iter().map(Case::from).collect(), next_cursor }))
}

/// The cases that a query finds and the filter lets pass, and the cursor to the next page.
async fn found(
    reader: &mut Reader,
    plan: &Plan,
    query: &CaseQuery,
) -> Result<(Vec<cases::Case>, Option<String>), Problem> {
    let mut page = Filling::new(query.cursor.and_then(Place::index), query.limit);
    loop {
        let (ids, more) = find::ids_of_kind(reader, plan, "case", page.before, FOUND_AT_ONCE).await?;
        let filter = CaseFilter { ids: Some(ids.iter().map(|(_, id)| *id).collect()), ..query.filter() };
        let passed = cases::list(reader.conn(), &filter, u32::MAX).await?;
        let passed = passed.into_iter().map(|case| (case.id, case)).collect();
        if let Some((cases, next)) = page.take(&ids, more, passed) {
            return Ok((cases, next.map(query::cursor_found)));
        }
    }
}

/// One case with its parties, its chain and its newest clips.
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
    let case = cases::get(reader.conn(), id).await?.ok_or_else(|| no_such_case(id))?;
    let clips = case_links::clips_of(reader.conn(), id, None, MOST_CLIPS + 1).await?;
    let (ids, next) = cursor::page(clips, MOST_CLIPS, ToString::to_string);
    let incidents = incidents::of_cases(reader.conn(), &[id], MOST_INCIDENTS).await?;
    let body = Case::from(&case);
    let (all, steps) = chain::of(&mut reader, &case).await?;
    let short = |keep: &dyn Fn(Id) -> bool| all.iter().filter(|c| keep(c.id)).map(CaseRef::from).collect::<Vec<_>>();
    Ok(Json(CaseDetail {
        case: body,
        predecessors: short(&|other| steps.iter().any(|s| s.later == id && s.earlier == other)),
        successors: short(&|other| steps.iter().any(|s| s.earlier == id && s.later == other)),
        chain: short(&|_| true),
        parties: case.parties.into_iter().map(Party::from).collect(),
        clips: CaseClips { ids, more: next.is_some() },
        incidents,
    }))
}

fn no_such_case(id: Id) -> Problem {
    Problem::not_found("no_such_case", Text::new(format!("没有编号为 {id} 的案件"), format!("there is no case {id}")))
}
