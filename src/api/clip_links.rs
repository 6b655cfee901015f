//! What a person says of a clip's cases and importance.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::clips::{CaseTie, Clip, described};
use super::schema::{ById, Destroyed, Writing};
use crate::custody::{link, mark};
use crate::http::body::Body;
use crate::http::extract::{AnnotateClips, LinkClips, PathId, PathIds, Permit};
use crate::http::language::{Language, Text};
use crate::http::params::Params;
use crate::http::problem::{Field, Problem};
use crate::http::state::App;
use crate::http::value;

/// A case that a clip shall be linked to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTie {
    /// 案号 in any spelling; a case that is not known yet becomes a stub.
    #[schema(example = "（2021）吉0721执123号")]
    number: String,
    /// Why.
    reason: String,
}

/// Links a clip to a case. No machine takes the link away.
#[utoipa::path(
    post,
    operation_id = "linkClip",
    path = "/api/v1/clips/{id}/cases",
    tag = "clips",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The clip")),
    request_body = NewTie,
    responses(
        (status = 200, description = "A person linked them before", body = CaseTie),
        (
            status = 201, description = "Linked", body = CaseTie,
            headers(("Location" = String, description = "The case"))
        ),
        ById,
        Destroyed,
        Writing
    )
)]
pub(super) async fn link(
    State(app): State<App>,
    permit: Permit<LinkClips>,
    PathId(clip): PathId,
    language: Language,
    Body(body): Body<NewTie>,
) -> Result<Response, Problem> {
    let (number, reason) = match (value::case_number(&body.number), value::text(&body.reason)) {
        (Ok(number), Ok(reason)) => (number, reason),
        (number, reason) => {
            return Err(wrong([("number", number.err()), ("reason", reason.err())]));
        }
    };
    let (tie, is_new) = link::link(&app.custody, &permit.actor(), clip, &number, &reason).await?;
    let location = [(header::LOCATION, format!("/api/v1/cases/{}", tie.case_id))];
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, location, Json(CaseTie::new(&tie, language))).into_response())
}

/// Why a link is taken away.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the parameter, which is taken one by one")]
struct WhyNot {
    /// Why the clip has nothing to do with the case.
    reason: String,
}

/// Takes a clip's link to a case away. No machine links them again; a person may.
#[utoipa::path(
    delete,
    operation_id = "unlinkClip",
    path = "/api/v1/clips/{id}/cases/{case_id}",
    tag = "clips",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The clip"),
        ("case_id" = String, Path, description = "The case"),
        WhyNot
    ),
    responses((status = 204, description = "Taken away"), ById, Destroyed)
)]
pub(super) async fn unlink(
    State(app): State<App>,
    permit: Permit<LinkClips>,
    PathIds(ids): PathIds<2>,
    mut params: Params,
) -> Result<StatusCode, Problem> {
    let [clip, case] = ids;
    let reason = params.take("reason", value::text);
    if reason.is_none() && !params.has_faults() {
        params.fault("reason", Text::new("必填", "is needed"));
    }
    params.finish()?;
    link::unlink(&app.custody, &permit.actor(), clip, case, &reason.unwrap_or_default()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A person's mark.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMark {
    /// Whether the person holds the clip for important.
    important: bool,
    /// Why.
    reason: String,
}

/// Marks a clip as important, or takes such a mark back. The device's own mark is not touched: a clip that carries it stays important.
#[utoipa::path(
    post,
    operation_id = "markClip",
    path = "/api/v1/clips/{id}/mark",
    tag = "clips",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The clip")),
    request_body = NewMark,
    responses((status = 200, description = "As it is now", body = Clip), ById, Destroyed, Writing)
)]
pub(super) async fn mark(
    State(app): State<App>,
    permit: Permit<AnnotateClips>,
    PathId(clip): PathId,
    language: Language,
    Body(body): Body<NewMark>,
) -> Result<Response, Problem> {
    let reason = value::text(&body.reason).map_err(|message| wrong([("reason", Some(message))]))?;
    let clip = mark::mark(&app.custody, &permit.actor(), clip, body.important, &reason).await?;
    let language_header = [(header::CONTENT_LANGUAGE, language.header())];
    Ok((language_header, Json(described(&app, clip, language).await?)).into_response())
}

fn wrong<const N: usize>(faults: [(&str, Option<Text>); N]) -> Problem {
    let faults =
        faults.into_iter().filter_map(|(name, message)| Some(Field { name: name.to_owned(), message: message? }));
    Problem::unprocessable(faults.collect())
}
