//! Actions 执行行动: enter, change, cancel them; their history, clips and coverage.

mod body;
mod query;
mod values;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use body::{Action, ActionList, Coverage, History};
use query::ActionQuery;
use values::ActionValues;

use super::clips::{ClipList, described_all};
use super::query::PageQuery;
use super::schema::{ById, Guarded, Writing};
use crate::catalog::{actions, amendments};
use crate::custody::{action, link};
use crate::http::body::Body;
use crate::http::conditional::ETag;
use crate::http::cursor;
use crate::http::extract::{LinkClips, PathId, Permit, ReadCases, ReadClips, ReadEvents, WriteActions};
use crate::http::language::{Language, Text};
use crate::http::params::Params;
use crate::http::problem::{Field, Problem, no_such};
use crate::http::state::App;
use crate::http::value;
use crate::matching::coverage::coverage as cover;
use crate::model::case_number::CaseNumber;
use crate::model::id::Id;
use crate::model::subject::Subject;

/// The letter of the list's cursors.
const LIST: u8 = b'a';
/// The letter of the cursors of an action's clips.
const CLIPS: u8 = b'A';
/// The letter of the cursors of an action's history.
const HISTORY: u8 = b'h';
/// Most cases that clips are assigned to at once.
const MOST_CASES: usize = 50;

/// Actions, the one that begins last first. Every filter that is given must hold.
#[utoipa::path(
    get,
    operation_id = "listActions",
    path = "/api/v1/actions",
    tag = "actions",
    security(("bearer" = [])),
    params(ActionQuery),
    responses((status = 200, description = "A page", body = ActionList), Guarded)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadCases>,
    params: Params,
) -> Result<Json<ActionList>, Problem> {
    let query = ActionQuery::read(params, app.custody.utc_offset)?;
    let mut reader = app.custody.db.read().await?;
    let rows = actions::list(reader.conn(), &query.filter(), query.limit + 1).await?;
    let place = |a: &actions::Action| cursor::encode(LIST, [a.facts.window().from.0, a.id.0]);
    let (rows, next_cursor) = cursor::page(rows, query.limit, place);
    Ok(Json(ActionList { items: rows.into_iter().map(Action::from).collect(), next_cursor }))
}

/// Enters an action: `kind`, `planned_from_at` and `planned_to_at` are needed. Clips that its officers and recorders made in its window are
/// linked to its cases, also when they came before it was entered.
#[utoipa::path(
    post,
    operation_id = "createAction",
    path = "/api/v1/actions",
    tag = "actions",
    security(("bearer" = [])),
    request_body = ActionValues,
    responses(
        (
            status = 201, description = "Entered", body = Action,
            headers(("Location" = String, description = "The action"), ("ETag" = String, description = "Strong"))
        ),
        Writing
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    permit: Permit<WriteActions>,
    Body(values): Body<ActionValues>,
) -> Result<Response, Problem> {
    let facts = values.into_facts()?;
    let action = action::create(&app.custody, &permit.actor(), facts).await?;
    let location = [(header::LOCATION, format!("/api/v1/actions/{}", action.id))];
    Ok((StatusCode::CREATED, location, answer(action)).into_response())
}

/// One action.
#[utoipa::path(
    get,
    operation_id = "getAction",
    path = "/api/v1/actions/{id}",
    tag = "actions",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The action"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer")
    ),
    responses(
        (status = 200, description = "The action", body = Action, headers(("ETag" = String, description = "Strong"))),
        (status = 304, description = "It was not changed since"),
        ById
    )
)]
pub(super) async fn get(
    State(app): State<App>,
    _: Permit<ReadCases>,
    PathId(id): PathId,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    let action = find(&app, id).await?;
    let tag = tag(&action);
    if tag.is_known(&headers) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag.header())]).into_response());
    }
    Ok(answer(action))
}

/// Changes an action: keys that are left out stay, null takes a value away, `state` cancels. With `If-Match`, only while the action is the
/// one that was read. Clips are linked and unlinked as follows from the change; links by persons, names and sidecars stay.
#[utoipa::path(
    patch,
    operation_id = "changeAction",
    path = "/api/v1/actions/{id}",
    tag = "actions",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The action"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the action as it was read")
    ),
    request_body = ActionValues,
    responses(
        (status = 200, description = "As it is now", body = Action, headers(("ETag" = String, description = "Strong"))),
        (status = 412, description = "It was changed meanwhile", body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
        ById,
        Writing
    )
)]
pub(super) async fn change(
    State(app): State<App>,
    permit: Permit<WriteActions>,
    PathId(id): PathId,
    headers: HeaderMap,
    Body(values): Body<ActionValues>,
) -> Result<Response, Problem> {
    let changes = values.read()?;
    let expected = if headers.contains_key(header::IF_MATCH) {
        let action = find(&app, id).await?;
        if !tag(&action).is_expected(&headers) {
            return Err(Problem::outdated());
        }
        Some(action.last_entry)
    } else {
        None
    };
    let changed = action::change(&app.custody, &permit.actor(), id, expected, |facts| changes.apply(facts)).await?;
    Ok(answer(changed))
}

/// Who changed what of an action, oldest first, with the old values.
#[utoipa::path(
    get,
    operation_id = "listActionHistory",
    path = "/api/v1/actions/{id}/history",
    tag = "actions",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The action"), PageQuery<1>),
    responses((status = 200, description = "A page", body = History), ById)
)]
pub(super) async fn history(
    State(app): State<App>,
    _: Permit<ReadEvents>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<History>, Problem> {
    let query = PageQuery::<1>::read(HISTORY, params)?;
    find(&app, id).await?;
    let mut reader = app.custody.db.read().await?;
    let after = query.cursor.map_or(Id(0), |[id]| Id(id));
    let rows = amendments::page(reader.conn(), Some(Subject::Action(id)), after, query.limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, query.limit, |a| cursor::encode(HISTORY, [a.id.0]));
    Ok(Json(History { items: rows.into_iter().map(Into::into).collect(), next_cursor }))
}

/// The clips of an action, newest first: those that its officers and recorders made in its window.
#[utoipa::path(
    get,
    operation_id = "listActionClips",
    path = "/api/v1/actions/{id}/clips",
    tag = "actions",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The action"), PageQuery<2>),
    responses((status = 200, description = "A page", body = ClipList), ById)
)]
pub(super) async fn clips(
    State(app): State<App>,
    _: Permit<ReadClips>,
    PathId(id): PathId,
    language: Language,
    params: Params,
) -> Result<Response, Problem> {
    let query = PageQuery::<2>::read(CLIPS, params)?;
    let found = find(&app, id).await?;
    let mut reader = app.custody.db.read().await?;
    let clips = action::clips_of(reader.conn(), &found, &app.custody.rules).await?;
    drop(reader);
    let places = clips.iter().rev().map(|clip| [clip.footage.start.0, clip.id.0]);
    let after = places.filter(|place| query.cursor.is_none_or(|cursor| *place < cursor));
    let page: Vec<[i64; 2]> = after.take(query.limit as usize + 1).collect();
    let (page, next_cursor) = cursor::page(page, query.limit, |place| cursor::encode(CLIPS, *place));
    let ids: Vec<Id> = page.into_iter().map(|[_, id]| Id(id)).collect();
    let items = described_all(&app, &ids, language).await?;
    let language = [(header::CONTENT_LANGUAGE, language.header())];
    Ok((language, Json(ClipList { items, next_cursor })).into_response())
}

/// How well an action is recorded.
#[utoipa::path(
    get,
    operation_id = "getActionCoverage",
    path = "/api/v1/actions/{id}/coverage",
    tag = "actions",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The action")),
    responses((status = 200, description = "The coverage", body = Coverage), ById)
)]
pub(super) async fn coverage(
    State(app): State<App>,
    _: Permit<ReadClips>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<Coverage>, Problem> {
    params.finish()?;
    let found = find(&app, id).await?;
    let rules = app.custody.rules;
    let mut reader = app.custody.db.read().await?;
    let clips = action::clips_of(reader.conn(), &found, &rules).await?;
    let footage: Vec<_> = clips.iter().map(|clip| &clip.footage).collect();
    let covered = cover(found.facts.window(), &found.facts.recorders, &footage, rules.segment_gap_us);
    Ok(Json(Coverage::new(found.facts.recorders_needed, footage.len(), covered)))
}

/// The cases that all clips of an action are linked to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignment {
    /// 案号 in any spelling; a case that is not known yet becomes a stub.
    #[schema(example = json!(["（2021）吉0721执123号"]))]
    cases: Vec<String>,
    /// Why.
    reason: String,
}

/// What came of an assignment; each figure counts links of one clip to one case.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Assigned {
    /// Clips of the action.
    clips: u64,
    /// Links made, or taken over from a machine.
    linked: u64,
    /// Links that a person had made already.
    already: u64,
    /// Links that a person refused; they stay refused.
    refused: u64,
}

/// Links all clips of an action to cases, all or none.
#[utoipa::path(
    post,
    operation_id = "assignActionClips",
    path = "/api/v1/actions/{id}/assign",
    tag = "actions",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The action")),
    request_body = Assignment,
    responses((status = 200, description = "Linked", body = Assigned), ById, Writing)
)]
pub(super) async fn assign(
    State(app): State<App>,
    permit: Permit<LinkClips>,
    PathId(id): PathId,
    Body(body): Body<Assignment>,
) -> Result<Json<Assigned>, Problem> {
    let mut faults = Vec::new();
    let mut fault = |name: &str, message| faults.push(Field { name: name.to_owned(), message });
    let mut numbers: Vec<CaseNumber> = Vec::with_capacity(body.cases.len());
    for text in &body.cases {
        match value::case_number(text) {
            Ok(number) => numbers.push(number),
            Err(message) => fault("cases", message),
        }
    }
    if body.cases.is_empty() || body.cases.len() > MOST_CASES {
        let (zh, en) = (format!("应有 1 到 {MOST_CASES} 个案号"), format!("expected 1 to {MOST_CASES} case numbers"));
        fault("cases", Text::new(zh, en));
    }
    let reason = value::text(&body.reason).map_err(|message| fault("reason", message)).unwrap_or_default();
    if !faults.is_empty() {
        return Err(Problem::unprocessable(faults));
    }
    let done = link::assign(&app.custody, &permit.actor(), id, &numbers, &reason).await?;
    let link::Assigned { clips, linked, already, refused } = done;
    Ok(Json(Assigned { clips, linked, already, refused }))
}

async fn find(app: &App, id: Id) -> Result<actions::Action, Problem> {
    let mut reader = app.custody.db.read().await?;
    actions::get(reader.conn(), id).await?.ok_or_else(|| no_such(Subject::Action(id)))
}

/// Every change of an action is recorded, so its newest entry names its state.
fn tag(action: &actions::Action) -> ETag {
    ETag::strong(&action.last_entry.to_string())
}

fn answer(action: actions::Action) -> Response {
    ([(header::ETAG, tag(&action).header())], Json(Action::from(action))).into_response()
}
