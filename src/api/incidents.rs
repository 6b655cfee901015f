//! Incidents 暴力抗法事件: enter, change and decide them, what was done about them, and who changed what.

mod answer;
mod body;
mod history;
mod measures;
mod query;
mod values;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use answer::{Basis, answer, editor, find, problem};
use body::{Incident, IncidentList};
use query::IncidentQuery;
use values::{IncidentValues, StatusValues};

use super::query::{FOUND_AT_ONCE, Filling, Place};
use super::schema::{ById, Guarded, Outdated, Writing, WritingById};
use crate::catalog::engine::Reader;
use crate::catalog::incidents::{self, IncidentFilter};
use crate::custody::incident;
use crate::http::body::Body;
use crate::http::cursor;
use crate::http::extract::{CreateIncidents, DecideIncidents, PathId, Permit, ReadIncidents};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::search::find;
use crate::search::query::Plan;

pub(super) use history::{__path_get as __path_history, get as history};
pub(super) use measures::{__path_add as __path_add_measure, __path_change as __path_change_measure};
pub(super) use measures::{add as add_measure, change as change_measure};

/// Incidents, the one that began last first. Every filter that is given must hold; of several values separated by commas, one.
#[utoipa::path(
    get,
    operation_id = "listIncidents",
    path = "/api/v1/incidents",
    tag = "incidents",
    security(("bearer" = [])),
    params(IncidentQuery),
    responses((status = 200, description = "A page", body = IncidentList), Guarded)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadIncidents>,
    params: Params,
) -> Result<Json<IncidentList>, Problem> {
    let query = IncidentQuery::read(params, &app.terms)?;
    let filter = query.filter(app.custody.clock.now(), &app.custody.incidents);
    let mut reader = app.custody.db.read().await?;
    let (rows, next_cursor) = match &query.q {
        Some(plan) => found(&mut reader, plan, &query, filter).await?,
        None => {
            let rows = incidents::list(reader.conn(), &filter, query.limit + 1).await?;
            cursor::page(rows, query.limit, query::cursor_after)
        }
    };
    Ok(Json(IncidentList { items: rows.into_iter().map(|row| Incident::of(row, &app.custody)).collect(), next_cursor }))
}

/// The incidents that a query finds and the filter lets pass, and the cursor to the next page.
async fn found(
    reader: &mut Reader,
    plan: &Plan,
    query: &IncidentQuery,
    filter: IncidentFilter,
) -> Result<(Vec<incidents::Incident>, Option<String>), Problem> {
    let mut page = Filling::new(query.cursor.and_then(Place::index), query.limit);
    loop {
        let (ids, more) = find::ids_of_kind(reader, plan, "incident", page.before, FOUND_AT_ONCE).await?;
        let filter = IncidentFilter { ids: Some(ids.iter().map(|(_, id)| *id).collect()), ..filter.clone() };
        let passed = incidents::list(reader.conn(), &filter, u32::MAX).await?;
        let passed = passed.into_iter().map(|incident| (incident.id, incident)).collect();
        if let Some((incidents, next)) = page.take(&ids, more, passed) {
            return Ok((incidents, next.map(query::cursor_found)));
        }
    }
}

/// Enters an incident, which is suspected until it is confirmed. `begin_at` is needed, or a clip with its `from_ms`.
#[utoipa::path(
    post,
    operation_id = "createIncident",
    path = "/api/v1/incidents",
    tag = "incidents",
    security(("bearer" = [])),
    request_body = IncidentValues,
    responses(
        (
            status = 201, description = "Entered", body = Incident,
            headers(("Location" = String, description = "The incident"), ("ETag" = String, description = "Of its version"))
        ),
        Writing
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    permit: Permit<CreateIncidents>,
    params: Params,
    Body(values): Body<IncidentValues>,
) -> Result<Response, Problem> {
    params.finish()?;
    let (edit, _) = values.into_edit();
    let made = incident::create(&app.custody, &editor(&permit), edit).await.map_err(|e| problem(e, false))?;
    let location = [(header::LOCATION, format!("/api/v1/incidents/{}", made.id))];
    Ok((StatusCode::CREATED, location, answer(made, &app.custody)).into_response())
}

/// One incident, with what is due and what is overdue now.
#[utoipa::path(
    get,
    operation_id = "getIncident",
    path = "/api/v1/incidents/{id}",
    tag = "incidents",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The incident")),
    responses(
        (status = 200, description = "The incident", body = Incident, headers(("ETag" = String, description = "Of its version"))),
        ById
    )
)]
pub(super) async fn get(
    State(app): State<App>,
    _: Permit<ReadIncidents>,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    Ok(answer(find(&app, id).await?, &app.custody).into_response())
}

/// Changes what is said of an incident: keys that are left out stay, null takes a value away. Based on a version, by `version` or `If-Match`,
/// only while it is at that version. Officers change suspected incidents only.
#[utoipa::path(
    patch,
    operation_id = "changeIncident",
    path = "/api/v1/incidents/{id}",
    tag = "incidents",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The incident"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the incident as it was read")
    ),
    request_body = IncidentValues,
    responses(
        (status = 200, description = "As it is now", body = Incident, headers(("ETag" = String, description = "Of its version"))),
        Outdated,
        WritingById
    )
)]
pub(super) async fn change(
    State(app): State<App>,
    permit: Permit<CreateIncidents>,
    PathId(id): PathId,
    headers: HeaderMap,
    params: Params,
    Body(values): Body<IncidentValues>,
) -> Result<Response, Problem> {
    params.finish()?;
    let (edit, version) = values.into_edit();
    let basis = Basis::of(&app, id, &headers, version).await?;
    let changed = incident::change(&app.custody, &editor(&permit), id, basis.version, edit).await;
    Ok(answer(changed.map_err(|e| problem(e, basis.by_header))?, &app.custody).into_response())
}

/// Decides about an incident: suspected → confirmed → closed, or dismissed; a dismissal and a reopening need a reason.
#[utoipa::path(
    post,
    operation_id = "decideIncident",
    path = "/api/v1/incidents/{id}/status",
    tag = "incidents",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The incident"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the incident as it was read")
    ),
    request_body = StatusValues,
    responses(
        (status = 200, description = "As it is now", body = Incident, headers(("ETag" = String, description = "Of its version"))),
        Outdated,
        WritingById
    )
)]
pub(super) async fn decide(
    State(app): State<App>,
    permit: Permit<DecideIncidents>,
    PathId(id): PathId,
    headers: HeaderMap,
    params: Params,
    Body(values): Body<StatusValues>,
) -> Result<Response, Problem> {
    params.finish()?;
    let (to, reason, version) = values.read()?;
    let basis = Basis::of(&app, id, &headers, version).await?;
    let done = incident::set_status(&app.custody, &editor(&permit), id, basis.version, to, &reason).await;
    Ok(answer(done.map_err(|e| problem(e, basis.by_header))?, &app.custody).into_response())
}
