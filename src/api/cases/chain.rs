//! The chain of cases of one dispute, with the clips and incidents of all of them.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::{Case, ChainStep};
use super::no_such_case;
use crate::api::clips::{ClipList, page_of};
use crate::api::query::PageQuery;
use crate::api::schema::ById;
use crate::catalog::CatalogError;
use crate::catalog::cases;
use crate::catalog::chains::{self, ChainIncident as IncidentRow};
use crate::catalog::clips::{ClipCursor, ClipFilter};
use crate::catalog::engine::Reader;
use crate::http::extract::{PathId, Permit, ReadCases};
use crate::http::language::Language;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::model::chain::{Step, rank};
use crate::model::id::Id;
use crate::model::time::Micros;

/// The letter of this list's cursors.
const LIST: u8 = b'h';
/// Most incidents that a chain names.
const MOST_INCIDENTS: u32 = 200;

/// The cases of one dispute, and what belongs to them.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct CaseChain {
    /// In the order 财保, 执保, 执, 执恢; then by year and number.
    cases: Vec<Case>,
    /// Which follows from which.
    steps: Vec<ChainStep>,
    /// Clips of any of the cases, the newest recorded first.
    clips: ClipList,
    /// Incidents of any of the cases, the newest first; at most 200.
    incidents: Vec<ChainIncident>,
}

/// An incident of a chain, in short.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ChainIncident {
    #[schema(value_type = String)]
    id: Id,
    status: String,
    /// 1–4; null: not judged.
    #[schema(required = true)]
    severity: Option<i64>,
    /// Conduct codes.
    codes: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    begin_at: Micros,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    end_at: Option<Micros>,
    /// Empty: not said.
    place: String,
    /// Those of the chain's cases that it belongs to.
    #[schema(value_type = Vec<String>)]
    case_ids: Vec<Id>,
}

impl From<IncidentRow> for ChainIncident {
    fn from(row: IncidentRow) -> Self {
        let IncidentRow { id, status, severity, begin, end, place, codes, cases } = row;
        Self { id, status, severity, codes, begin_at: begin, end_at: end, place, case_ids: cases }
    }
}

/// The cases of the dispute that `case` belongs to, in order, with the steps between them.
pub(super) async fn of(reader: &mut Reader, case: &cases::Case) -> Result<(Vec<cases::Case>, Vec<Step>), CatalogError> {
    let steps = chains::steps_around(reader.conn(), case.id).await?;
    let mut ids: Vec<Id> = steps.iter().flat_map(|step| [step.earlier, step.later]).chain([case.id]).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut all = cases::get_all(reader.conn(), &ids).await?;
    all.sort_by_cached_key(|c| (rank(c.case_type.as_deref(), &c.number), c.year, c.number.len(), c.number.clone()));
    Ok((all, steps))
}

/// All cases of the dispute that a case belongs to, with their clips and incidents together. Pages are those of the clips: `cursor` is
/// `clips.next_cursor`.
#[utoipa::path(
    get,
    operation_id = "getCaseChain",
    path = "/api/v1/cases/{id}/chain",
    tag = "cases",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "One of the cases"), PageQuery<2>),
    responses((status = 200, description = "The chain", body = CaseChain), ById)
)]
pub(in crate::api) async fn get(
    State(app): State<App>,
    _: Permit<ReadCases>,
    PathId(id): PathId,
    language: Language,
    params: Params,
) -> Result<Response, Problem> {
    let PageQuery { cursor, limit } = PageQuery::read(LIST, params)?;
    let mut reader = app.custody.db.read().await?;
    let case = cases::get(reader.conn(), id).await?.ok_or_else(|| no_such_case(id))?;
    let (all, steps) = of(&mut reader, &case).await?;
    let ids: Vec<Id> = all.iter().map(|c| c.id).collect();
    let after = cursor.map(|[recorded, id]| ClipCursor { recorded: Micros(recorded), id: Id(id) });
    let filter = ClipFilter { cases: ids.clone(), after, ..ClipFilter::default() };
    let clips = page_of(&mut reader, &filter, limit, LIST, language).await?;
    let incidents = chains::incidents_of(reader.conn(), &ids, MOST_INCIDENTS).await?;
    let body = CaseChain {
        cases: all.iter().map(Case::from).collect(),
        steps: steps.iter().map(ChainStep::from).collect(),
        clips,
        incidents: incidents.into_iter().map(ChainIncident::from).collect(),
    };
    Ok(([(header::CONTENT_LANGUAGE, language.header())], Json(body)).into_response())
}
