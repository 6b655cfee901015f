//! Tables `actions`, `action_cases`, `action_officers` and `action_recorders`.

use std::collections::{BTreeSet, HashMap};

use sqlx::{FromRow, QueryBuilder};

use super::clips::{INSERTED_AT_ONCE, find, signed};
use super::engine::{Conn, on};
use super::footage::Reach;
use super::portions::{is_usual, padded};
use super::{CatalogError, one_row};
use crate::matching::action::Outing;
use crate::model::action::{ActionFacts, ActionState, MOST_WINDOW_US};
use crate::model::id::Id;
use crate::model::time::Micros;

/// An action with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Its id.
    pub id: Id,
    /// What people say of it.
    pub facts: ActionFacts,
    /// The ids of its cases, with their canonical numbers, in the order of the numbers.
    pub cases: Vec<(Id, String)>,
    /// When it was entered.
    pub created: Micros,
    /// When it was last changed.
    pub updated: Micros,
    /// Its newest ledger entry.
    pub last_entry: u64,
    /// Which clips are still to be matched anew since it changed; JSON.
    pub rematch: Option<String>,
}

impl Action {
    /// The action as matching sees it.
    pub fn outing(&self) -> Outing {
        Outing {
            id: self.id,
            kind: self.facts.kind.clone(),
            place: self.facts.place.clone(),
            window: self.facts.window(),
            cancelled: self.facts.state == ActionState::Cancelled,
            officers: self.facts.officers.iter().cloned().collect(),
            recorders: self.facts.recorders.iter().cloned().collect(),
            cases: self.cases.clone(),
        }
    }
}

#[derive(FromRow)]
struct Row {
    id: i64,
    reference: Option<String>,
    kind: String,
    place: String,
    court: String,
    planned_from_us: i64,
    planned_to_us: i64,
    actual_from_us: Option<i64>,
    actual_to_us: Option<i64>,
    recorders_needed: i64,
    note: String,
    state: String,
    created_us: i64,
    updated_us: i64,
    last_entry: i64,
    rematch: Option<String>,
}

const COLUMNS: &str = "id, reference, kind, place, court, planned_from_us, planned_to_us, actual_from_us, \
    actual_to_us, recorders_needed, note, state, created_us, updated_us, last_entry, rematch";

impl TryFrom<Row> for Action {
    type Error = CatalogError;

    /// Without its cases, officers and recorders.
    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let bad = |column, value: String| CatalogError::Undecodable { table: "actions", column, row: row.id, value };
        let state = find(ActionState::ALL, ActionState::as_str, &row.state);
        let facts = ActionFacts {
            reference: row.reference,
            kind: row.kind,
            place: row.place,
            court: row.court,
            planned_from: Micros(row.planned_from_us),
            planned_to: Micros(row.planned_to_us),
            actual_from: row.actual_from_us.map(Micros),
            actual_to: row.actual_to_us.map(Micros),
            recorders_needed: u32::try_from(row.recorders_needed)
                .map_err(|_| bad("recorders_needed", row.recorders_needed.to_string()))?,
            note: row.note,
            state: state.ok_or_else(|| bad("state", row.state.clone()))?,
            cases: BTreeSet::new(),
            officers: BTreeSet::new(),
            recorders: BTreeSet::new(),
        };
        Ok(Self {
            id: Id(row.id),
            facts,
            cases: Vec::new(),
            created: Micros(row.created_us),
            updated: Micros(row.updated_us),
            last_entry: u64::try_from(row.last_entry).map_err(|_| bad("last_entry", row.last_entry.to_string()))?,
            rematch: row.rematch,
        })
    }
}

/// Inserts an action with everything that belongs to it.
///
/// # Errors
/// When the database refuses, also when its reference is another action's.
pub async fn insert(mut conn: Conn<'_>, action: &Action) -> Result<(), CatalogError> {
    const SQL: &str = "insert into actions (id, reference, kind, place, court, planned_from_us, planned_to_us, \
        actual_from_us, actual_to_us, window_from_us, window_to_us, recorders_needed, note, state, created_us, \
        updated_us, last_entry, rematch) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    let (f, window) = (&action.facts, action.facts.window());
    on!(conn.reborrow(), c => {
        sqlx::query(SQL)
            .bind(action.id.0)
            .bind(f.reference.as_deref())
            .bind(&f.kind)
            .bind(&f.place)
            .bind(&f.court)
            .bind(f.planned_from.0)
            .bind(f.planned_to.0)
            .bind(f.actual_from.map(|t| t.0))
            .bind(f.actual_to.map(|t| t.0))
            .bind(window.from.0)
            .bind(window.to.0)
            .bind(i64::from(f.recorders_needed))
            .bind(&f.note)
            .bind(f.state.as_str())
            .bind(action.created.0)
            .bind(action.updated.0)
            .bind(signed(action.last_entry))
            .bind(action.rematch.as_deref())
            .execute(c)
            .await?
            .rows_affected()
    });
    insert_parts(conn, action).await
}

/// Writes everything that may change of an action.
///
/// # Errors
/// When the database refuses, there is no such action, or its reference is another action's.
pub async fn update(mut conn: Conn<'_>, action: &Action) -> Result<(), CatalogError> {
    const SQL: &str = "update actions set reference = $2, kind = $3, place = $4, court = $5, planned_from_us = $6, \
        planned_to_us = $7, actual_from_us = $8, actual_to_us = $9, window_from_us = $10, window_to_us = $11, \
        recorders_needed = $12, note = $13, state = $14, updated_us = $15, last_entry = $16, rematch = $17 \
        where id = $1";
    let (f, window) = (&action.facts, action.facts.window());
    let rows = on!(conn.reborrow(), c => {
        sqlx::query(SQL)
            .bind(action.id.0)
            .bind(f.reference.as_deref())
            .bind(&f.kind)
            .bind(&f.place)
            .bind(&f.court)
            .bind(f.planned_from.0)
            .bind(f.planned_to.0)
            .bind(f.actual_from.map(|t| t.0))
            .bind(f.actual_to.map(|t| t.0))
            .bind(window.from.0)
            .bind(window.to.0)
            .bind(i64::from(f.recorders_needed))
            .bind(&f.note)
            .bind(f.state.as_str())
            .bind(action.updated.0)
            .bind(signed(action.last_entry))
            .bind(action.rematch.as_deref())
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("actions", action.id.0, rows)?;
    for part in [
        "delete from action_cases where action_id = $1",
        "delete from action_officers where action_id = $1",
        "delete from action_recorders where action_id = $1",
    ] {
        on!(conn.reborrow(), c => sqlx::query(part).bind(action.id.0).execute(c).await?.rows_affected());
    }
    insert_parts(conn, action).await
}

async fn insert_parts(mut conn: Conn<'_>, action: &Action) -> Result<(), CatalogError> {
    let (id, window) = (action.id.0, action.facts.window());
    for some in action.cases.chunks(INSERTED_AT_ONCE) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into action_cases (action_id, case_id) ");
            q.push_values(some, |mut row, (case, _)| {
                row.push_bind(id).push_bind(case.0);
            });
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    let officers = "insert into action_officers (action_id, officer, from_us, to_us) ";
    let recorders = "insert into action_recorders (action_id, recorder, from_us, to_us) ";
    for (sql, of) in [(officers, &action.facts.officers), (recorders, &action.facts.recorders)] {
        let of: Vec<&str> = of.iter().map(String::as_str).collect();
        for some in of.chunks(INSERTED_AT_ONCE) {
            on!(conn.reborrow(), c => {
                let mut q = QueryBuilder::new(sql);
                q.push_values(some, |mut row, who| {
                    row.push_bind(id).push_bind(*who).push_bind(window.from.0).push_bind(window.to.0);
                });
                q.build().persistent(false).execute(c).await?.rows_affected()
            });
        }
    }
    Ok(())
}

/// Writes which clips of an action are still to be matched anew.
///
/// # Errors
/// When the database refuses or there is no such action.
pub async fn set_rematch(conn: Conn<'_>, action: Id, rematch: Option<&str>) -> Result<(), CatalogError> {
    const SQL: &str = "update actions set rematch = $2 where id = $1";
    let rows = on!(conn, c => sqlx::query(SQL).bind(action.0).bind(rematch).execute(c).await?.rows_affected());
    one_row("actions", action.0, rows)
}

/// Actions whose clips are still to be matched anew, oldest first.
///
/// # Errors
/// When the database is away.
pub async fn to_rematch(conn: Conn<'_>, limit: u32) -> Result<Vec<Id>, CatalogError> {
    const SQL: &str = "select id from actions where rematch is not null order by id limit $1";
    let rows: Vec<(i64,)> = on!(conn, c => sqlx::query_as(SQL).bind(i64::from(limit)).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(id,)| Id(id)).collect())
}

/// The action with this id.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn get(conn: Conn<'_>, id: Id) -> Result<Option<Action>, CatalogError> {
    Ok(of_all(conn, &[id]).await?.pop())
}

/// The id of the action with this reference.
///
/// # Errors
/// When the database is away.
pub async fn find_by_reference(conn: Conn<'_>, reference: &str) -> Result<Option<Id>, CatalogError> {
    const SQL: &str = "select id from actions where reference = $1";
    let row: Option<(i64,)> = on!(conn, c => sqlx::query_as(SQL).bind(reference).fetch_optional(c).await?);
    Ok(row.map(|(id,)| Id(id)))
}

/// The actions with these references that are there, in the order of their ids.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn of_references(mut conn: Conn<'_>, references: &[&str]) -> Result<Vec<Action>, CatalogError> {
    let mut ids = Vec::with_capacity(references.len());
    for some in references.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<(i64,)> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select id from actions where reference in (");
            let mut list = q.separated(", ");
            for reference in some {
                list.push_bind(*reference);
            }
            q.push(") order by id");
            q.build_query_as().persistent(false).fetch_all(c).await?
        });
        ids.extend(rows.into_iter().map(|(id,)| Id(id)));
    }
    of_all(conn, &ids).await
}

/// The actions with these ids that are there, in the order of their ids.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn of_all(mut conn: Conn<'_>, ids: &[Id]) -> Result<Vec<Action>, CatalogError> {
    let mut actions = Vec::with_capacity(ids.len());
    for some in ids.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select ");
            q.push(COLUMNS).push(" from actions where id in (");
            let mut list = q.separated(", ");
            for id in some {
                list.push_bind(id.0);
            }
            q.push(") order by id");
            q.build_query_as::<Row>().persistent(false).fetch_all(c).await?
        });
        for row in rows {
            actions.push(Action::try_from(row)?);
        }
    }
    add_parts(conn, &mut actions).await?;
    Ok(actions)
}

const CASES_OF: &str = "select p.action_id, k.number, k.id from action_cases p join cases k on k.id = p.case_id \
    where p.action_id in (";
const OFFICERS_OF: &str = "select action_id, officer, action_id from action_officers where action_id in (";
const RECORDERS_OF: &str = "select action_id, recorder, action_id from action_recorders where action_id in (";

/// What belongs to an action.
#[derive(Clone, Copy)]
enum Part {
    Case,
    Officer,
    Recorder,
}

/// Adds cases, officers and recorders: three statements, however many actions.
async fn add_parts(mut conn: Conn<'_>, actions: &mut [Action]) -> Result<(), CatalogError> {
    let places: HashMap<i64, usize> = actions.iter().enumerate().map(|(at, action)| (action.id.0, at)).collect();
    let ids: Vec<i64> = actions.iter().map(|action| action.id.0).collect();
    for some in ids.chunks(INSERTED_AT_ONCE) {
        for (sql, part) in [(CASES_OF, Part::Case), (OFFICERS_OF, Part::Officer), (RECORDERS_OF, Part::Recorder)] {
            let rows: Vec<(i64, String, i64)> = on!(conn.reborrow(), c => {
                let mut q = QueryBuilder::new(sql);
                let mut list = q.separated(", ");
                for id in some {
                    list.push_bind(*id);
                }
                q.push(") order by 1, 2");
                q.build_query_as().persistent(false).fetch_all(c).await?
            });
            for (action, word, case) in rows {
                let Some(action) = places.get(&action).and_then(|at| actions.get_mut(*at)) else { continue };
                match part {
                    Part::Case => {
                        action.facts.cases.insert(word.clone());
                        action.cases.push((Id(case), word));
                    }
                    Part::Officer => _ = action.facts.officers.insert(word),
                    Part::Recorder => _ = action.facts.recorders.insert(word),
                }
            }
        }
    }
    Ok(())
}

/// The actions of these officers and recorders whose windows begin in the given spans; cancelled ones are left out.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn of_people(
    mut conn: Conn<'_>,
    officers: &[Reach],
    recorders: &[Reach],
) -> Result<Vec<Action>, CatalogError> {
    let mut ids = BTreeSet::new();
    let sources = [("action_officers", "officer", officers), ("action_recorders", "recorder", recorders)];
    for (table, column, reaches) in sources {
        for some in reaches.chunks(INSERTED_AT_ONCE) {
            let rows: Vec<(i64,)> = on!(conn.reborrow(), c => {
                let mut q = QueryBuilder::new("with v (who, from_us, to_us) as (");
                q.push_values(padded(some), |mut row, (who, from, to)| {
                    row.push_bind(who.as_str()).push_bind(from.0).push_bind(to.0);
                });
                q.push(") select distinct p.action_id from v join ").push(table).push(" p on p.").push(column);
                q.push(
                    " = v.who and p.from_us between v.from_us and v.to_us \
                     join actions a on a.id = p.action_id where a.state <> 'cancelled'",
                );
                q.build_query_as().persistent(is_usual(some.len())).fetch_all(c).await?
            });
            ids.extend(rows.into_iter().map(|(id,)| Id(id)));
        }
    }
    of_all(conn, &ids.into_iter().collect::<Vec<_>>()).await
}

/// Which actions to list; every condition that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct ActionFilter {
    /// Ending after.
    pub from: Option<Micros>,
    /// Beginning before.
    pub to: Option<Micros>,
    /// Court code.
    pub court: Option<String>,
    /// What is done.
    pub kind: Option<String>,
    /// Officer number.
    pub officer: Option<String>,
    /// Serial.
    pub recorder: Option<String>,
    /// Canonical case number.
    pub case: Option<String>,
    /// State.
    pub state: Option<ActionState>,
    /// Only rows after this place of the order.
    pub after: Option<(Micros, Id)>,
}

/// Actions that pass `filter`, the window that begins last first, at most `limit`.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn list(mut conn: Conn<'_>, filter: &ActionFilter, limit: u32) -> Result<Vec<Action>, CatalogError> {
    let rows = on!(conn.reborrow(), c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from actions where 1 = 1");
        if let Some(from) = filter.from {
            q.push(" and window_to_us > ").push_bind(from.0);
            // No window is longer, so that the index bounds the look back.
            q.push(" and window_from_us > ").push_bind(from.0.saturating_sub(MOST_WINDOW_US));
        }
        if let Some(to) = filter.to {
            q.push(" and window_from_us < ").push_bind(to.0);
        }
        if let Some(court) = &filter.court {
            q.push(" and court = ").push_bind(court.clone());
        }
        if let Some(kind) = &filter.kind {
            q.push(" and kind = ").push_bind(kind.clone());
        }
        if let Some(state) = filter.state {
            q.push(" and state = ").push_bind(state.as_str());
        }
        if let Some(officer) = &filter.officer {
            q.push(" and id in (select action_id from action_officers where officer = ");
            q.push_bind(officer.clone()).push(")");
        }
        if let Some(recorder) = &filter.recorder {
            q.push(" and id in (select action_id from action_recorders where recorder = ");
            q.push_bind(recorder.clone()).push(")");
        }
        if let Some(case) = &filter.case {
            q.push(" and id in (select p.action_id from action_cases p join cases k on k.id = p.case_id where k.number = ");
            q.push_bind(case.clone()).push(")");
        }
        if let Some((from, id)) = filter.after {
            q.push(" and (window_from_us, id) < (").push_bind(from.0).push(", ").push_bind(id.0).push(")");
        }
        q.push(" order by window_from_us desc, id desc limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    let mut actions = rows.into_iter().map(Action::try_from).collect::<Result<Vec<_>, _>>()?;
    add_parts(conn, &mut actions).await?;
    Ok(actions)
}
