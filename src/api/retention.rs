//! What is due by the retention table, and the table.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::query::PageQuery;
use super::schema::{self, Guarded};
use crate::catalog::engine::Reader;
use crate::catalog::tombstones::{self, Tombstone};
use crate::catalog::{CatalogError, holds, retention as rows};
use crate::custody::retention::{due as due_page, judge_all};
use crate::http::cursor;
use crate::http::extract::{Permit, ReadRetention};
use crate::http::language::{Language, Text};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::model::digest::Sha256Digest;
use crate::model::disposal::ObjectFate;
use crate::model::id::Id;
use crate::model::retention::{Announced, Block, Class, NOTICE_DAYS, Rule, Standing};
use crate::model::time::{DAY_US, Micros};

/// The letter of this list's cursors.
const LIST: u8 = b'D';

/// How long a clip is kept, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Retention {
    /// The rule that keeps it longest; null: no table was announced for 30 days.
    #[schema(required = true)]
    rule: Option<String>,
    /// When its term ends; null: never, or it is not known.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    due_at: Option<Micros>,
    /// Whether it may be destroyed now.
    due: bool,
    /// Why not; empty: it is due.
    why: Vec<Why>,
    /// The holds on it: its own, and those of its cases and incidents.
    holds: Vec<HoldOn>,
    /// Its disposals, oldest first: more than one where the same bytes came back.
    disposals: Vec<Stone>,
}

/// Why a clip is not due.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Why {
    #[schema(value_type = schema::RetentionBlock)]
    code: Block,
    /// For people.
    text: String,
}

impl Why {
    pub(in crate::api) fn new(code: Block, language: Language) -> Self {
        Self { code, text: Text::new(code.zh(), code.en()).get(language).to_owned() }
    }
}

/// A hold on a clip.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct HoldOn {
    #[schema(value_type = String)]
    id: Id,
    /// `clip`, `case` or `incident`.
    on: &'static str,
    #[schema(value_type = String)]
    subject: Id,
    reason: String,
    #[schema(value_type = String, format = DateTime)]
    placed_at: Micros,
}

/// What stays of a clip that was destroyed.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Stone {
    /// The disposal by which it was destroyed.
    #[schema(value_type = String)]
    disposal: Id,
    #[schema(value_type = String)]
    sha256: Sha256Digest,
    size_bytes: u64,
    /// The rule under which it was destroyed.
    rule: String,
    /// The `rules` entry of that rule's table.
    rules_index: u64,
    /// The first instant at which it might be destroyed.
    #[schema(value_type = String, format = DateTime)]
    allowed_at: Micros,
    #[schema(value_type = String, format = DateTime)]
    disposed_at: Micros,
    /// What became of its object.
    #[schema(value_type = schema::ObjectFate)]
    object: ObjectFate,
    /// When the object was removed from the vault.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    removed_at: Option<Micros>,
    /// When the same bytes came back.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    revived_at: Option<Micros>,
    /// Its `dispose` entry in the ledger.
    ledger_index: u64,
}

impl From<Tombstone> for Stone {
    fn from(stone: Tombstone) -> Self {
        Self {
            disposal: stone.disposal_id,
            sha256: stone.sha256,
            size_bytes: stone.size_bytes,
            rule: stone.rule,
            rules_index: stone.rules_entry,
            allowed_at: stone.allowed_from,
            disposed_at: stone.at,
            object: stone.object,
            removed_at: stone.removed,
            revived_at: stone.revived.map(|(_, at)| at),
            ledger_index: stone.entry_index,
        }
    }
}

/// What retention says of a clip now; none when it is not there.
pub(in crate::api) async fn of_clip(
    app: &App,
    reader: &mut Reader,
    clip: Id,
    language: Language,
) -> Result<Option<Retention>, CatalogError> {
    let announced = rows::announced(reader.conn()).await?;
    let (settings, now) = (&app.custody.retention, app.custody.clock.now());
    let judged = judge_all(reader.conn(), settings, &announced, &[clip], now).await?.remove(&clip);
    let Some(judged) = judged else { return Ok(None) };
    let on = |hold: holds::Hold| HoldOn {
        id: hold.id,
        on: hold.subject.kind(),
        subject: hold.subject.id(),
        reason: hold.reason,
        placed_at: hold.at,
    };
    let holds = holds::on_clip(reader.conn(), clip).await?;
    let stones = tombstones::of_clips(reader.conn(), &[clip]).await?;
    let Standing { term, blocks, .. } = judged.standing;
    Ok(Some(Retention {
        rule: term.as_ref().map(|term| term.rule.clone()),
        due_at: term.and_then(|term| term.allowed_from),
        due: blocks.is_empty(),
        why: blocks.into_iter().map(|block| Why::new(block, language)).collect(),
        holds: holds.into_iter().map(on).collect(),
        disposals: stones.into_iter().map(Stone::from).collect(),
    }))
}

/// A clip that is due.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DueClip {
    #[schema(value_type = String)]
    id: Id,
    /// The rule that kept it longest.
    rule: String,
    /// When its term ended.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    due_at: Option<Micros>,
    /// What it is, of what rules apply to.
    #[schema(value_type = Vec<schema::RetentionClass>)]
    classes: Vec<Class>,
}

/// A page of clips that are due. It may be short and still have a next one.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DueList {
    items: Vec<DueClip>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// The clips whose term has ended and that nothing keeps, those that arrived first before. Nothing is destroyed by itself.
#[utoipa::path(
    get,
    operation_id = "listDue",
    path = "/api/v1/retention/due",
    tag = "retention",
    security(("bearer" = [])),
    params(PageQuery<1>),
    responses((status = 200, description = "A page", body = DueList), Guarded)
)]
pub(super) async fn due(
    State(app): State<App>,
    _: Permit<ReadRetention>,
    params: Params,
) -> Result<Json<DueList>, Problem> {
    let query = PageQuery::read(LIST, params)?;
    let after = query.cursor.map_or(Id(0), |[id]| Id(id));
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let (settings, now) = (&app.custody.retention, app.custody.clock.now());
    let mut reader = app.custody.db.read().await?;
    let page = due_page(reader.conn(), settings, after, now, limit).await?;
    let item = |(id, standing): (Id, Standing)| DueClip {
        id,
        rule: standing.term.as_ref().map(|term| term.rule.clone()).unwrap_or_default(),
        due_at: standing.term.and_then(|term| term.allowed_from),
        classes: standing.classes.into_iter().collect(),
    };
    let next_cursor = page.next.map(|id| cursor::encode(LIST, [id.0]));
    Ok(Json(DueList { items: page.due.into_iter().map(item).collect(), next_cursor }))
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RetentionRule {
    id: String,
    #[schema(value_type = schema::RetentionClass)]
    applies_to: Class,
    /// For how many months; null: for ever.
    #[schema(required = true)]
    months: Option<u32>,
}

impl From<&Rule> for RetentionRule {
    fn from(rule: &Rule) -> Self {
        Self { id: rule.id.clone(), applies_to: rule.applies_to, months: rule.months }
    }
}

/// A table as the ledger announced it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RetentionTable {
    /// Its `rules` entry in the ledger.
    ledger_index: u64,
    #[schema(value_type = String, format = DateTime)]
    announced_at: Micros,
    /// From when on it may shorten a term; a longer one counts at once.
    #[schema(value_type = String, format = DateTime)]
    counts_at: Micros,
    rules: Vec<RetentionRule>,
}

impl From<&Announced> for RetentionTable {
    fn from(announced: &Announced) -> Self {
        Self {
            ledger_index: announced.entry,
            announced_at: announced.at,
            counts_at: Micros(announced.at.0.saturating_add(NOTICE_DAYS * DAY_US)),
            rules: announced.table.rules().iter().map(RetentionRule::from).collect(),
        }
    }
}

/// Every table that was announced, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RetentionTables {
    items: Vec<RetentionTable>,
    /// Statuses of a case that count as closed.
    closed: Vec<String>,
    /// Type codes, causes or statuses that make a case a major or difficult one.
    difficult: Vec<String>,
}

/// The retention tables that the ledger holds, and the court's settings beside them.
#[utoipa::path(
    get,
    operation_id = "listRetentionRules",
    path = "/api/v1/retention/rules",
    tag = "retention",
    security(("bearer" = [])),
    responses((status = 200, description = "The tables", body = RetentionTables), Guarded)
)]
pub(super) async fn rules(
    State(app): State<App>,
    _: Permit<ReadRetention>,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    let mut reader = app.custody.db.read().await?;
    let announced = rows::announced(reader.conn()).await?;
    let settings = &app.custody.retention;
    let tables = RetentionTables {
        items: announced.iter().rev().map(RetentionTable::from).collect(),
        closed: settings.closed.iter().cloned().collect(),
        difficult: settings.difficult.iter().cloned().collect(),
    };
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(tables)).into_response())
}
