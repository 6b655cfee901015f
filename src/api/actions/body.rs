//! An action as JSON.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::schema;
use crate::catalog::{actions, amendments};
use crate::matching::coverage;
use crate::model::action::{ActionState, Window};
use crate::model::id::Id;
use crate::model::time::Micros;

/// An action 执行行动: a planned outing of officers with recorders.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Action {
    #[schema(value_type = String)]
    id: Id,
    /// The court's own number for it.
    #[schema(required = true)]
    reference: Option<String>,
    #[schema(example = "强制迁出")]
    kind: String,
    /// Empty: not said.
    place: String,
    /// Court code; empty: not said.
    court: String,
    #[schema(value_type = String, format = DateTime)]
    planned_from_at: Micros,
    #[schema(value_type = String, format = DateTime)]
    planned_to_at: Micros,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    actual_from_at: Option<Micros>,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    actual_to_at: Option<Micros>,
    /// The begin that counts: the real one where known.
    #[schema(value_type = String, format = DateTime)]
    window_from_at: Micros,
    /// The end that counts.
    #[schema(value_type = String, format = DateTime)]
    window_to_at: Micros,
    recorders_needed: u32,
    note: String,
    #[schema(value_type = schema::ActionState)]
    state: ActionState,
    cases: Vec<ActionCase>,
    /// Numbers 警号.
    officers: Vec<String>,
    /// Serials.
    recorders: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Micros,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Micros,
    /// Its newest entry in the ledger.
    ledger_index: u64,
}

/// A case of an action.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ActionCase {
    #[schema(value_type = String)]
    id: Id,
    /// 案号 in its one spelling.
    number: String,
}

impl From<actions::Action> for Action {
    fn from(action: actions::Action) -> Self {
        let actions::Action { id, facts, cases, created, updated, last_entry, .. } = action;
        let window = facts.window();
        Self {
            id,
            reference: facts.reference,
            kind: facts.kind,
            place: facts.place,
            court: facts.court,
            planned_from_at: facts.planned_from,
            planned_to_at: facts.planned_to,
            actual_from_at: facts.actual_from,
            actual_to_at: facts.actual_to,
            window_from_at: window.from,
            window_to_at: window.to,
            recorders_needed: facts.recorders_needed,
            note: facts.note,
            state: facts.state,
            cases: cases.into_iter().map(|(id, number)| ActionCase { id, number }).collect(),
            officers: facts.officers.into_iter().collect(),
            recorders: facts.recorders.into_iter().collect(),
            created_at: created,
            updated_at: updated,
            ledger_index: last_entry,
        }
    }
}

/// A page of actions.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ActionList {
    pub(super) items: Vec<Action>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    pub(super) next_cursor: Option<String>,
}

/// One change of an action or an incident.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Amendment {
    #[schema(value_type = String)]
    id: Id,
    #[schema(value_type = String, format = DateTime)]
    at: Micros,
    /// What was done, in a stable word: `create`, `change`, or the state it was given.
    kind: String,
    /// By whom: `token:ID:ROLE`, or a part of the daemon.
    actor: String,
    /// What the ledger commits to without showing it; `changes` names each value with `old` and `new`.
    #[schema(value_type = Object)]
    detail: Value,
    /// Its entry in the ledger.
    ledger_index: u64,
}

impl From<amendments::Amendment> for Amendment {
    fn from(amendment: amendments::Amendment) -> Self {
        Self {
            id: amendment.id,
            at: amendment.at,
            kind: amendment.kind,
            actor: amendment.actor,
            // Canonical JSON was stored; a check reports what is not.
            detail: serde_json::from_slice(&amendment.detail).unwrap_or(Value::Null),
            ledger_index: amendment.entry_index,
        }
    }
}

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct History {
    pub(super) items: Vec<Amendment>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    pub(super) next_cursor: Option<String>,
}

/// How well an action is recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Coverage {
    #[schema(value_type = String, format = DateTime)]
    window_from_at: Micros,
    #[schema(value_type = String, format = DateTime)]
    window_to_at: Micros,
    /// Recorders that have to be there.
    recorders_needed: u32,
    /// Recorders that recorded within the window.
    recorders_present: u64,
    /// Whether enough did.
    enough: bool,
    /// Clips of the action.
    clips: usize,
    /// Time within the window that at least one clip shows.
    recorded_ms: i64,
    /// The window's length.
    window_ms: i64,
    recorders: Vec<RecorderCoverage>,
}

/// What one recorder recorded of an action.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct RecorderCoverage {
    /// Its serial; null: not known.
    #[schema(required = true)]
    recorder: Option<String>,
    clips: u64,
    /// Time within the window that its clips show.
    recorded_ms: i64,
    /// Times within the window that they do not show.
    gaps: Vec<Gap>,
}

/// A time that is not shown.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Gap {
    #[schema(value_type = String, format = DateTime)]
    from_at: Micros,
    #[schema(value_type = String, format = DateTime)]
    to_at: Micros,
}

impl Coverage {
    pub(super) fn new(recorders_needed: u32, clips: usize, found: coverage::Coverage) -> Self {
        let coverage::Coverage { window, present, recorded_ms, recorders } = found;
        Self {
            window_from_at: window.from,
            window_to_at: window.to,
            recorders_needed,
            recorders_present: present,
            enough: present >= u64::from(recorders_needed),
            clips,
            recorded_ms,
            window_ms: window.to.0.saturating_sub(window.from.0) / 1000,
            recorders: recorders.into_iter().map(RecorderCoverage::from).collect(),
        }
    }
}

impl From<coverage::RecorderCoverage> for RecorderCoverage {
    fn from(found: coverage::RecorderCoverage) -> Self {
        let coverage::RecorderCoverage { recorder, clips, recorded_ms, gaps } = found;
        let gaps = gaps.into_iter().map(|Window { from, to }| Gap { from_at: from, to_at: to });
        Self { recorder, clips, recorded_ms, gaps: gaps.collect() }
    }
}
