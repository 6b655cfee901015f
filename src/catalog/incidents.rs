//! Tables of incidents 暴力抗法事件: the incident, its codes, cases, clips and people; its measures; and what codes mean.

pub mod codes;
mod list;
pub mod measures;
mod parts;
mod rows;

use super::clips::signed;
use super::engine::{Conn, on};
use super::{CatalogError, one_row};
use crate::model::id::Id;
use crate::model::incident::{Facts, Measure, Source, Status};
use crate::model::time::Micros;

pub use list::{DueFilter, IncidentCursor, IncidentFilter, list, of_cases, of_clips};
pub use measures::MeasureRow;
pub use rows::{
    CheckRow, get, get_all, near_marks, page_for_check, recorded_but_missing, source_clips, suspected_by_marks,
    with_open_terms,
};

/// A row of `incidents` with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Its id.
    pub id: Id,
    /// What is said of it; its cases by their numbers.
    pub facts: Facts,
    /// The ids of its cases, in the order of the numbers in `facts`.
    pub case_ids: Vec<Id>,
    /// How far it has come.
    pub status: Status,
    /// Why it was dismissed or reopened, or a remark; empty: nothing was said.
    pub status_reason: String,
    /// Where it comes from.
    pub source: Source,
    /// Of a mark: the clip that carries it.
    pub source_clip: Option<Id>,
    /// When the earliest duty that nobody has met is due.
    pub due: Option<Micros>,
    /// When it was entered.
    pub created: Micros,
    /// When it last changed.
    pub updated: Micros,
    /// Rises with each change, from 1.
    pub version: u64,
    /// Its newest ledger entry.
    pub last_entry: u64,
    /// What was done about it, oldest first.
    pub measures: Vec<MeasureRow>,
}

impl Incident {
    /// Its measures with their ids.
    pub fn measures(&self) -> impl Iterator<Item = (Id, &Measure)> + Clone {
        self.measures.iter().map(|row| (row.id, &row.measure))
    }
}

/// Inserts an incident with its codes, cases, clips and people; measures are inserted on their own.
///
/// # Errors
/// When the database refuses, also when another incident has the same source clip.
pub async fn insert(mut conn: Conn<'_>, incident: &Incident) -> Result<(), CatalogError> {
    const SQL: &str = "insert into incidents (id, court, status, status_why, source, source_clip, severity, begin_us, end_us, place, \
        narrative, injuries, weapons, no_victims, committee_us, action_id, due_us, created_us, updated_us, version, last_entry) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    let f = &incident.facts;
    on!(conn.reborrow(), c => {
        sqlx::query(SQL)
            .bind(incident.id.0)
            .bind(&f.court)
            .bind(incident.status.as_str())
            .bind(&incident.status_reason)
            .bind(incident.source.as_str())
            .bind(incident.source_clip.map(|id| id.0))
            .bind(f.severity.map(i64::from))
            .bind(f.begin.0)
            .bind(f.end.map(|t| t.0))
            .bind(&f.place)
            .bind(&f.narrative)
            .bind(&f.injuries)
            .bind(&f.weapons)
            .bind(i64::from(f.no_victims))
            .bind(f.committee_reported.map(|t| t.0))
            .bind(f.action.map(|id| id.0))
            .bind(incident.due.map(|t| t.0))
            .bind(incident.created.0)
            .bind(incident.updated.0)
            .bind(signed(incident.version))
            .bind(signed(incident.last_entry))
            .execute(c)
            .await?
            .rows_affected()
    });
    parts::replace(conn, incident, None).await
}

/// Writes everything of an incident that may change except its measures; `old` is what stands there, and tells which tables need it.
///
/// # Errors
/// When the database refuses or there is no such incident.
pub async fn update(mut conn: Conn<'_>, incident: &Incident, old: &Facts) -> Result<(), CatalogError> {
    const SQL: &str = "update incidents set court = $2, status = $3, status_why = $4, severity = $5, begin_us = $6, end_us = $7, \
        place = $8, narrative = $9, injuries = $10, weapons = $11, no_victims = $12, committee_us = $13, action_id = $14, \
        due_us = $15, updated_us = $16, version = $17, last_entry = $18 where id = $1";
    let f = &incident.facts;
    let rows = on!(conn.reborrow(), c => {
        sqlx::query(SQL)
            .bind(incident.id.0)
            .bind(&f.court)
            .bind(incident.status.as_str())
            .bind(&incident.status_reason)
            .bind(f.severity.map(i64::from))
            .bind(f.begin.0)
            .bind(f.end.map(|t| t.0))
            .bind(&f.place)
            .bind(&f.narrative)
            .bind(&f.injuries)
            .bind(&f.weapons)
            .bind(i64::from(f.no_victims))
            .bind(f.committee_reported.map(|t| t.0))
            .bind(f.action.map(|id| id.0))
            .bind(incident.due.map(|t| t.0))
            .bind(incident.updated.0)
            .bind(signed(incident.version))
            .bind(signed(incident.last_entry))
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("incidents", incident.id.0, rows)?;
    parts::replace(conn, incident, Some(old)).await
}

/// Writes when the earliest open duty of an incident is due: it follows from the other rows and the settings, and is no change of what is
/// said.
///
/// # Errors
/// When the database refuses or there is no such incident.
pub async fn set_due(conn: Conn<'_>, id: Id, due: Option<Micros>) -> Result<(), CatalogError> {
    const SQL: &str = "update incidents set due_us = $2 where id = $1";
    let due = due.map(|t| t.0);
    let rows = on!(conn, c => sqlx::query(SQL).bind(id.0).bind(due).execute(c).await?.rows_affected());
    one_row("incidents", id.0, rows)
}

/// Whether there is an action with this id.
///
/// # Errors
/// When the database is away.
pub async fn has_action(conn: Conn<'_>, id: Id) -> Result<bool, CatalogError> {
    const SQL: &str = "select id from actions where id = $1";
    let row: Option<(i64,)> = on!(conn, c => sqlx::query_as(SQL).bind(id.0).fetch_optional(c).await?);
    Ok(row.is_some())
}
