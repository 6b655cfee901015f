//! How far objects are verified, and what was found.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::query::PageQuery;
use super::schema::{self, Guarded};
use crate::audit::coverage;
use crate::catalog::fixity::{self, Fixity};
use crate::http::cursor;
use crate::http::extract::{Permit, ReadAudit};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::model::digest::Sha256Digest;
use crate::model::fixity::{FixityResult, FixitySource};
use crate::model::id::Id;
use crate::model::time::Micros;

/// The letter of the list's cursors.
const LIST: u8 = b'f';
/// Findings that stand beside the figures.
const NEWEST: u32 = 10;

/// How far the promise is kept that every object is verified within so many days. The read-back that confirms a clip is its first
/// verification.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditCoverage {
    /// The promise, in days.
    every_days: u32,
    /// Objects that clips name.
    objects: u64,
    /// Of them, those that were found equal within the promise, and not found otherwise since.
    within_promise: u64,
    /// Those that were not: never, longer ago, or found otherwise since.
    beyond_promise: u64,
    /// Those that were never found equal.
    never_verified: u64,
    /// Those that were not found equal when they were looked at last.
    failing: u64,
    /// When the one that waits longest was found equal; null: none ever was.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    oldest_at: Option<Micros>,
    /// When that one is due again.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    next_due_at: Option<Micros>,
    /// The newest of `audit/findings`.
    findings: Vec<AuditFinding>,
}

/// An object that was not found equal when it was looked at last.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditFinding {
    /// The clip whose object it is.
    #[schema(value_type = String)]
    clip: Id,
    /// What the object should hash to.
    #[schema(value_type = String)]
    sha256: Sha256Digest,
    /// When it was looked at.
    #[schema(value_type = String, format = DateTime)]
    checked_at: Micros,
    /// What was found.
    #[schema(value_type = schema::FixityResult)]
    result: FixityResult,
    /// What was found, in words.
    #[schema(required = true)]
    detail: Option<String>,
    /// When it was found equal last; null: never.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    verified_at: Option<Micros>,
    /// Who looked.
    #[schema(value_type = schema::FixitySource)]
    source: FixitySource,
    /// The entry of the custody event in the ledger.
    ledger_index: u64,
}

impl From<(Fixity, Sha256Digest)> for AuditFinding {
    fn from((row, sha256): (Fixity, Sha256Digest)) -> Self {
        Self {
            clip: row.clip_id,
            sha256,
            checked_at: row.checked,
            result: row.result,
            detail: row.detail,
            verified_at: row.verified,
            source: row.source,
            ledger_index: row.entry_index,
        }
    }
}

/// How many objects are verified, how long ago, and what was found last.
#[utoipa::path(
    get,
    operation_id = "getAuditCoverage",
    path = "/api/v1/audit/coverage",
    tag = "audit",
    security(("bearer" = [])),
    responses((status = 200, description = "The figures", body = AuditCoverage), Guarded)
)]
pub(super) async fn coverage(
    State(app): State<App>,
    _: Permit<ReadAudit>,
    params: Params,
) -> Result<Json<AuditCoverage>, Problem> {
    params.finish()?;
    let figures = coverage::coverage(&app.custody.db, app.verify_days, app.custody.clock.now()).await?;
    let mut reader = app.custody.db.read().await?;
    let newest = fixity::failing(reader.conn(), None, None, NEWEST).await?;
    Ok(Json(AuditCoverage {
        every_days: figures.every_days,
        objects: figures.objects,
        within_promise: figures.within_promise,
        beyond_promise: figures.beyond_promise,
        never_verified: figures.never_verified,
        failing: figures.failing,
        oldest_at: figures.oldest_at,
        next_due_at: figures.next_due_at,
        findings: newest.into_iter().map(AuditFinding::from).collect(),
    }))
}

/// A page of findings.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditFindingList {
    items: Vec<AuditFinding>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Objects that were not found equal when they were looked at last, newest first. What was found before is among the clip's events.
#[utoipa::path(
    get,
    operation_id = "listAuditFindings",
    path = "/api/v1/audit/findings",
    tag = "audit",
    security(("bearer" = [])),
    params(PageQuery<2>),
    responses((status = 200, description = "A page", body = AuditFindingList), Guarded)
)]
pub(super) async fn findings(
    State(app): State<App>,
    _: Permit<ReadAudit>,
    params: Params,
) -> Result<Json<AuditFindingList>, Problem> {
    let query = PageQuery::read(LIST, params)?;
    let before = query.cursor.map(|[at, clip]| (Micros(at), Id(clip)));
    let mut reader = app.custody.db.read().await?;
    let rows = fixity::failing(reader.conn(), None, before, query.limit + 1).await?;
    let (rows, next_cursor) =
        cursor::page(rows, query.limit, |(row, _)| cursor::encode(LIST, [row.checked.0, row.clip_id.0]));
    Ok(Json(AuditFindingList { items: rows.into_iter().map(AuditFinding::from).collect(), next_cursor }))
}
