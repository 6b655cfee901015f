//! What is done about an incident: taken and changed.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::answer::{Basis, answer, editor, problem};
use super::body::Incident;
use super::values::MeasureValues;
use crate::api::schema::{Outdated, WritingById};
use crate::custody::incident;
use crate::http::body::Body;
use crate::http::extract::{DecideIncidents, PathId, PathIds, Permit};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;

/// Takes a measure 处置措施, or proposes one: `kind` and `person` are needed. The law's limits are checked. A punishment that the person bears
/// for the same act already is refused. Answers with the whole incident.
#[utoipa::path(
    post,
    operation_id = "addIncidentMeasure",
    path = "/api/v1/incidents/{id}/measures",
    tag = "incidents",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The incident"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the incident as it was read")
    ),
    request_body = MeasureValues,
    responses(
        (
            status = 201, description = "The incident as it is now", body = Incident,
            headers(("Location" = String, description = "The measure"), ("ETag" = String, description = "Of the incident's version"))
        ),
        Outdated,
        WritingById
    )
)]
pub(in crate::api) async fn add(
    State(app): State<App>,
    permit: Permit<DecideIncidents>,
    PathId(id): PathId,
    headers: HeaderMap,
    params: Params,
    Body(values): Body<MeasureValues>,
) -> Result<Response, Problem> {
    params.finish()?;
    let (edit, version) = values.into_edit();
    let basis = Basis::of(&app, id, &headers, version).await?;
    let added = incident::add_measure(&app.custody, &editor(&permit), id, basis.version, edit).await;
    let (changed, measure) = added.map_err(|e| problem(e, basis.by_header))?;
    let location = [(header::LOCATION, format!("/api/v1/incidents/{id}/measures/{measure}"))];
    Ok((StatusCode::CREATED, location, answer(changed, &app.custody)).into_response())
}

/// Changes a measure: keys that are left out stay, null takes a value away. Answers with the whole incident.
#[utoipa::path(
    patch,
    operation_id = "changeIncidentMeasure",
    path = "/api/v1/incidents/{id}/measures/{measure_id}",
    tag = "incidents",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The incident"),
        ("measure_id" = String, Path, description = "The measure"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the incident as it was read")
    ),
    request_body = MeasureValues,
    responses(
        (
            status = 200, description = "The incident as it is now", body = Incident,
            headers(("ETag" = String, description = "Of the incident's version"))
        ),
        Outdated,
        WritingById
    )
)]
pub(in crate::api) async fn change(
    State(app): State<App>,
    permit: Permit<DecideIncidents>,
    PathIds(ids): PathIds<2>,
    headers: HeaderMap,
    params: Params,
    Body(values): Body<MeasureValues>,
) -> Result<Response, Problem> {
    let [id, measure] = ids;
    params.finish()?;
    let (edit, version) = values.into_edit();
    let basis = Basis::of(&app, id, &headers, version).await?;
    let changed = incident::change_measure(&app.custody, &editor(&permit), id, measure, basis.version, edit).await;
    Ok(answer(changed.map_err(|e| problem(e, basis.by_header))?, &app.custody).into_response())
}
