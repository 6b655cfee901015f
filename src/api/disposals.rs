//! Disposal 销毁: proposed by one, decided by another.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::holds::wrong;
use super::query::PageQuery;
use super::retention::Why;
use super::schema::{self, ById, Guarded, Writing, WritingById};
use crate::catalog::CatalogError;
use crate::catalog::disposals::{self, Outcome};
use crate::catalog::engine::Reader;
use crate::custody::{disposal, dispose};
use crate::http::body::Body;
use crate::http::cursor;
use crate::http::extract::{DecideDisposals, PathId, Permit, ProposeDisposals, ReadRetention};
use crate::http::language::{Language, Text};
use crate::http::params::Params;
use crate::http::problem::{Field, Problem, no_such};
use crate::http::state::App;
use crate::http::value;
use crate::model::disposal::{DisposalScope, DisposalState};
use crate::model::id::Id;
use crate::model::subject::Subject;
use crate::model::time::Micros;

/// The letter of the list's cursors.
const LIST: u8 = b'X';
/// The letter of the cursors of a disposal's clips.
const CLIPS: u8 = b'Y';
/// For how long an approval is carried out before it is answered; the daemon goes on with the rest.
const PATIENCE: Duration = Duration::from_secs(2);

/// A disposal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Disposal {
    #[schema(value_type = String)]
    id: Id,
    #[schema(value_type = schema::DisposalScope)]
    scope: DisposalScope,
    #[schema(value_type = schema::DisposalState)]
    state: DisposalState,
    /// Why it was proposed.
    reason: String,
    /// By whom: `token:ID:ROLE`.
    proposed_by: String,
    #[schema(value_type = String, format = DateTime)]
    proposed_at: Micros,
    /// Who approved or refused it.
    #[schema(required = true)]
    decided_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    decided_at: Option<Micros>,
    /// What the second person said.
    #[schema(required = true)]
    decision: Option<String>,
    /// When the last of its clips was done.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    done_at: Option<Micros>,
    /// Its clips.
    clips: i64,
    /// Of them, those that were destroyed.
    disposed: i64,
    /// Those that were kept, because they were not due any more.
    kept: i64,
    /// Its newest entry in the ledger.
    ledger_index: u64,
}

async fn described(reader: &mut Reader, row: disposals::Disposal) -> Result<Disposal, CatalogError> {
    let counts = disposals::counts(reader.conn(), row.id).await?;
    let decided = row.decided;
    Ok(Disposal {
        id: row.id,
        scope: row.scope,
        state: row.state,
        reason: row.reason,
        proposed_by: row.proposed_by,
        proposed_at: row.proposed,
        decided_by: decided.as_ref().map(|d| d.actor.clone()),
        decided_at: decided.as_ref().map(|d| d.at),
        decision: decided.map(|d| d.reason),
        done_at: row.done,
        clips: counts.clips,
        disposed: counts.disposed,
        kept: counts.kept,
        ledger_index: row.last_entry,
    })
}

/// A page of disposals.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DisposalList {
    items: Vec<Disposal>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Which disposals.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct DisposalQuery {
    /// Only those that have come so far.
    #[param(value_type = Option<schema::DisposalState>)]
    state: Option<DisposalState>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<[i64; 1]>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    limit: u32,
}

/// Disposals, newest first.
#[utoipa::path(
    get,
    operation_id = "listDisposals",
    path = "/api/v1/disposals",
    tag = "retention",
    security(("bearer" = [])),
    params(DisposalQuery),
    responses((status = 200, description = "A page", body = DisposalList), Guarded)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadRetention>,
    mut params: Params,
) -> Result<Json<DisposalList>, Problem> {
    let query = DisposalQuery {
        state: params.take("state", |t| value::word(t, &DisposalState::ALL, DisposalState::as_str)),
        cursor: params.take("cursor", |t| cursor::decode(LIST, t)),
        limit: params.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS),
    };
    params.finish()?;
    let before = query.cursor.map(|[id]| Id(id));
    let mut reader = app.custody.db.read().await?;
    let rows = disposals::list(reader.conn(), query.state, before, query.limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, query.limit, |row| cursor::encode(LIST, [row.id.0]));
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(described(&mut reader, row).await?);
    }
    Ok(Json(DisposalList { items, next_cursor }))
}

/// One disposal.
#[utoipa::path(
    get,
    operation_id = "getDisposal",
    path = "/api/v1/disposals/{id}",
    tag = "retention",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The disposal")),
    responses((status = 200, description = "The disposal", body = Disposal), ById)
)]
pub(super) async fn get(
    State(app): State<App>,
    _: Permit<ReadRetention>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<Disposal>, Problem> {
    params.finish()?;
    let mut reader = app.custody.db.read().await?;
    let found = disposals::get(reader.conn(), id).await?.ok_or_else(|| no_such(Subject::Disposal(id)))?;
    Ok(Json(described(&mut reader, found).await?))
}

/// A clip of a disposal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DisposalClip {
    #[schema(value_type = String)]
    clip: Id,
    /// `disposed` or `kept`; null: nothing became of it yet.
    #[schema(required = true)]
    outcome: Option<&'static str>,
    /// Why it was kept.
    why: Vec<Why>,
}

/// A page of a disposal's clips.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DisposalClipList {
    items: Vec<DisposalClip>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// The clips of a disposal, in the order of ids.
#[utoipa::path(
    get,
    operation_id = "listDisposalClips",
    path = "/api/v1/disposals/{id}/clips",
    tag = "retention",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The disposal"), PageQuery<1>),
    responses((status = 200, description = "A page", body = DisposalClipList), ById)
)]
pub(super) async fn clips(
    State(app): State<App>,
    _: Permit<ReadRetention>,
    PathId(id): PathId,
    language: Language,
    params: Params,
) -> Result<Response, Problem> {
    let query = PageQuery::read(CLIPS, params)?;
    let after = query.cursor.map_or(Id(0), |[id]| Id(id));
    let mut reader = app.custody.db.read().await?;
    if disposals::get(reader.conn(), id).await?.is_none() {
        return Err(no_such(Subject::Disposal(id)));
    }
    let rows = disposals::clips(reader.conn(), id, after, query.limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, query.limit, |row| cursor::encode(CLIPS, [row.clip_id.0]));
    let item = |row: disposals::DisposalClip| {
        let (outcome, why) = match row.outcome {
            None => (None, Vec::new()),
            Some(Outcome::Disposed) => (Some("disposed"), Vec::new()),
            Some(Outcome::Kept(why)) => {
                (Some("kept"), why.into_iter().map(|block| Why::new(block, language)).collect())
            }
        };
        DisposalClip { clip: row.clip_id, outcome, why }
    };
    let list = DisposalClipList { items: rows.into_iter().map(item).collect(), next_cursor };
    Ok(([(header::CONTENT_LANGUAGE, language.header())], Json(list)).into_response())
}

/// A proposal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDisposal {
    /// The clips to destroy, each of which must be due; left out or null: all that are due now.
    #[serde(default)]
    clips: Option<Vec<String>>,
    /// Why.
    reason: String,
}

/// Proposes to destroy clips. Nothing is destroyed before a second person approved it, and then only what is still due.
#[utoipa::path(
    post,
    operation_id = "proposeDisposal",
    path = "/api/v1/disposals",
    tag = "retention",
    security(("bearer" = [])),
    request_body = NewDisposal,
    responses(
        (
            status = 201, description = "Proposed", body = Disposal,
            headers(("Location" = String, description = "The disposal"))
        ),
        Writing
    )
)]
pub(super) async fn propose(
    State(app): State<App>,
    permit: Permit<ProposeDisposals>,
    Body(body): Body<NewDisposal>,
) -> Result<Response, Problem> {
    let (named, reason) = read(body)?;
    let made = disposal::propose(&app.custody, &permit.actor(), named.as_deref(), &reason).await?;
    let location = [(header::LOCATION, format!("/api/v1/disposals/{}", made.id))];
    let mut reader = app.custody.db.read().await?;
    let body = described(&mut reader, made).await?;
    Ok((StatusCode::CREATED, location, Json(body)).into_response())
}

fn read(body: NewDisposal) -> Result<(Option<Vec<Id>>, String), Problem> {
    let mut faults = Vec::new();
    let reason = value::text(&body.reason)
        .map_err(|message| faults.push(Field { name: "reason".to_owned(), message }))
        .unwrap_or_default();
    let mut ids = Vec::new();
    for (i, text) in body.clips.iter().flatten().enumerate() {
        match value::id(text) {
            Ok(id) => ids.push(id),
            Err(message) => faults.push(Field { name: format!("clips[{i}]"), message }),
        }
    }
    let named = body.clips.as_ref().map(Vec::len);
    if named.is_some_and(|n| !(1..=disposal::MOST_CLIPS).contains(&n)) {
        let most = disposal::MOST_CLIPS;
        let message = Text::new(
            format!("应有 1 到 {most} 个视频；要销毁全部到期视频时不要给出"),
            format!("expected 1 to {most} clips; leave it out for all that are due"),
        );
        faults.push(Field { name: "clips".to_owned(), message });
    }
    if faults.is_empty() { Ok((named.map(|_| ids), reason)) } else { Err(Problem::unprocessable(faults)) }
}

/// The second person's word.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDecision {
    /// Whether the clips are to be destroyed.
    approve: bool,
    /// Why.
    reason: String,
}

/// Approves or refuses a disposal that somebody else proposed: another token, of another name. What is approved is destroyed at once, each
/// clip when it is still due; where that takes long, the daemon goes on after the answer.
#[utoipa::path(
    post,
    operation_id = "decideDisposal",
    path = "/api/v1/disposals/{id}/decision",
    tag = "retention",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The disposal")),
    request_body = NewDecision,
    responses((status = 200, description = "As it is now", body = Disposal), WritingById)
)]
pub(super) async fn decide(
    State(app): State<App>,
    permit: Permit<DecideDisposals>,
    PathId(id): PathId,
    Body(body): Body<NewDecision>,
) -> Result<Json<Disposal>, Problem> {
    let reason = value::text(&body.reason).map_err(|message| wrong([("reason", Some(message))]))?;
    disposal::decide(&app.custody, &permit.actor(), id, body.approve, &reason).await?;
    if body.approve {
        // The decision stands, whatever becomes of its execution now: the daemon goes on with it.
        if let Err(error) = dispose::run_for(&app.custody, PATIENCE).await {
            tracing::warn!(disposal = %id, "disposal waits, the daemon goes on with it: {error}");
        }
    }
    let mut reader = app.custody.db.read().await?;
    let now = disposals::get(reader.conn(), id).await?.ok_or_else(|| no_such(Subject::Disposal(id)))?;
    Ok(Json(described(&mut reader, now).await?))
}
