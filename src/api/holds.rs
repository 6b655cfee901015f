//! Legal hold 保全: place, lift, list.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::schema::{self, ById, Destroyed, Guarded, WritingById};
use crate::catalog::holds::{self, HoldFilter};
use crate::custody::hold;
use crate::http::body::Body;
use crate::http::cursor;
use crate::http::extract::{HoldClips, PathId, Permit, ReadRetention};
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::{Field, Problem, no_such};
use crate::http::state::App;
use crate::http::value;
use crate::model::id::Id;
use crate::model::subject::Subject;
use crate::model::time::Micros;

/// The letter of this list's cursors.
const LIST: u8 = b'H';
/// What can be held.
const KINDS: [&str; 3] = ["clip", "case", "incident"];

/// A hold.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Hold {
    #[schema(value_type = String)]
    id: Id,
    /// `clip`, `case` or `incident`.
    on: &'static str,
    /// The id of what is held.
    #[schema(value_type = String)]
    subject: Id,
    reason: String,
    /// By whom: `token:ID:ROLE`.
    actor: String,
    #[schema(value_type = String, format = DateTime)]
    placed_at: Micros,
    /// When it was lifted; null: it holds.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    lifted_at: Option<Micros>,
    /// By whom it was lifted.
    #[schema(required = true)]
    lifted_by: Option<String>,
    /// Why it was lifted.
    #[schema(required = true)]
    lift_reason: Option<String>,
    /// Its newest entry in the ledger.
    ledger_index: u64,
}

impl From<holds::Hold> for Hold {
    fn from(hold: holds::Hold) -> Self {
        let lifted = hold.lifted;
        Self {
            id: hold.id,
            on: hold.subject.kind(),
            subject: hold.subject.id(),
            reason: hold.reason,
            actor: hold.actor,
            placed_at: hold.at,
            lifted_at: lifted.as_ref().map(|l| l.at),
            lifted_by: lifted.as_ref().map(|l| l.actor.clone()),
            lift_reason: lifted.map(|l| l.reason),
            ledger_index: hold.last_entry,
        }
    }
}

/// A page of holds.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HoldList {
    items: Vec<Hold>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Which holds.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct HoldQuery {
    /// Only those that stand, or only those that were lifted.
    standing: Option<bool>,
    /// The kind of what is held, with `subject`: `clip`, `case` or `incident`.
    on: Option<&'static str>,
    /// The id of what is held, with `on`.
    #[param(value_type = Option<String>)]
    subject: Option<Id>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<[i64; 1]>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    limit: u32,
}

impl HoldQuery {
    fn read(mut params: Params) -> Result<(HoldFilter, u32), Problem> {
        let kind = |text: &str| value::word(text, &KINDS, |word| word);
        let query = Self {
            standing: params.take("standing", value::flag),
            on: params.take("on", kind),
            subject: params.take("subject", value::id),
            cursor: params.take("cursor", |t| cursor::decode(LIST, t)),
            limit: params.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS),
        };
        if query.on.is_some() != query.subject.is_some() && !params.has_faults() {
            params.fault("subject", Text::new("on 与 subject 须同时给出", "give `on` and `subject` together"));
        }
        params.finish()?;
        let subject = query.on.zip(query.subject).and_then(|(kind, id)| Subject::of(kind, id));
        let before = query.cursor.map(|[id]| Id(id));
        Ok((HoldFilter { standing: query.standing, subject, before }, query.limit))
    }
}

/// Holds, newest first.
#[utoipa::path(
    get,
    operation_id = "listHolds",
    path = "/api/v1/holds",
    tag = "retention",
    security(("bearer" = [])),
    params(HoldQuery),
    responses((status = 200, description = "A page", body = HoldList), Guarded)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadRetention>,
    params: Params,
) -> Result<Json<HoldList>, Problem> {
    let (filter, limit) = HoldQuery::read(params)?;
    let mut reader = app.custody.db.read().await?;
    let rows = holds::list(reader.conn(), &filter, limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, limit, |hold| cursor::encode(LIST, [hold.id.0]));
    Ok(Json(HoldList { items: rows.into_iter().map(Hold::from).collect(), next_cursor }))
}

/// One hold.
#[utoipa::path(
    get,
    operation_id = "getHold",
    path = "/api/v1/holds/{id}",
    tag = "retention",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The hold")),
    responses((status = 200, description = "The hold", body = Hold), ById)
)]
pub(super) async fn get(
    State(app): State<App>,
    _: Permit<ReadRetention>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<Hold>, Problem> {
    params.finish()?;
    let mut reader = app.custody.db.read().await?;
    let found = holds::get(reader.conn(), id).await?.ok_or_else(|| no_such(Subject::Hold(id)))?;
    Ok(Json(found.into()))
}

/// A new hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewHold {
    /// The kind of what is to be held: `clip`, `case` or `incident`.
    #[schema(example = "case")]
    on: String,
    /// Its id.
    subject: String,
    /// Why.
    reason: String,
}

/// Places a hold: nothing that it is on is destroyed until it is lifted. One on a case or an incident is on all its clips, also on those
/// that come later.
#[utoipa::path(
    post,
    operation_id = "placeHold",
    path = "/api/v1/holds",
    tag = "retention",
    security(("bearer" = [])),
    request_body = NewHold,
    responses(
        (
            status = 201, description = "Placed", body = Hold,
            headers(("Location" = String, description = "The hold"))
        ),
        Destroyed,
        WritingById
    )
)]
pub(super) async fn place(
    State(app): State<App>,
    permit: Permit<HoldClips>,
    Body(body): Body<NewHold>,
) -> Result<Response, Problem> {
    let on = value::word(&body.on, &KINDS, |word| word);
    let (subject, reason) = (value::id(&body.subject), value::text(&body.reason));
    let (on, subject, reason) = match (on, subject, reason) {
        (Ok(on), Ok(subject), Ok(reason)) => (on, subject, reason),
        (on, subject, reason) => {
            return Err(wrong([("on", on.err()), ("subject", subject.err()), ("reason", reason.err())]));
        }
    };
    // The word is one of ours.
    let subject = Subject::of(on, subject).ok_or_else(|| wrong([("on", None)]))?;
    let placed = hold::place(&app.custody, &permit.actor(), subject, &reason).await?;
    let location = [(header::LOCATION, format!("/api/v1/holds/{}", placed.id))];
    Ok((StatusCode::CREATED, location, Json(Hold::from(placed))).into_response())
}

/// Why a hold is lifted.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the parameter, which is taken one by one")]
struct WhyLifted {
    /// Why it is needed no more.
    reason: String,
}

/// Lifts a hold. It stays in the list.
#[utoipa::path(
    delete,
    operation_id = "liftHold",
    path = "/api/v1/holds/{id}",
    tag = "retention",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The hold"), WhyLifted),
    responses((status = 200, description = "Lifted", body = Hold), WritingById)
)]
pub(super) async fn lift(
    State(app): State<App>,
    permit: Permit<HoldClips>,
    PathId(id): PathId,
    mut params: Params,
) -> Result<Json<Hold>, Problem> {
    let reason = params.take("reason", value::text);
    if reason.is_none() && !params.has_faults() {
        params.fault("reason", Text::new("必填", "is needed"));
    }
    params.finish()?;
    let lifted = hold::lift(&app.custody, &permit.actor(), id, &reason.unwrap_or_default()).await?;
    Ok(Json(lifted.into()))
}

/// 422 for the fields that have a fault.
pub(super) fn wrong<const N: usize>(faults: [(&str, Option<Text>); N]) -> Problem {
    let faults =
        faults.into_iter().filter_map(|(name, message)| Some(Field { name: name.to_owned(), message: message? }));
    Problem::unprocessable(faults.collect())
}
