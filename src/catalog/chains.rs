//! Table `case_relations`: which case follows from which, and what belongs to all cases of one dispute.

use std::collections::HashMap;

use sqlx::{FromRow, QueryBuilder};

use super::CatalogError;
use super::clips::INSERTED_AT_ONCE;
use super::engine::{Conn, on};
use crate::model::chain::Step;
use crate::model::id::Id;
use crate::model::time::Micros;

/// Most steps of one chain that are read.
const MOST_STEPS: i64 = 1000;

fn steps(rows: Vec<(i64, i64)>) -> Vec<Step> {
    rows.into_iter().map(|(earlier, later)| Step { earlier: Id(earlier), later: Id(later) }).collect()
}

/// Every step of the dispute that a case belongs to, whichever way it goes; at most a thousand.
///
/// # Errors
/// When the database is away.
pub async fn steps_around(conn: Conn<'_>, case: Id) -> Result<Vec<Step>, CatalogError> {
    const SQL: &str = "with recursive chain (id) as ( \
            select id from cases where id = $1 \
            union \
            select case when r.earlier_id = chain.id then r.later_id else r.earlier_id end \
            from chain join case_relations r on r.earlier_id = chain.id or r.later_id = chain.id \
        ) \
        select earlier_id, later_id from case_relations where later_id in (select id from chain) \
        order by later_id, earlier_id limit $2";
    let rows = on!(conn, c => sqlx::query_as::<_, (i64, i64)>(SQL).bind(case.0).bind(MOST_STEPS).fetch_all(c).await?);
    Ok(steps(rows))
}

/// Every step on the way to these cases.
///
/// # Errors
/// When the database is away.
pub async fn steps_to(mut conn: Conn<'_>, cases: &[Id]) -> Result<Vec<Step>, CatalogError> {
    let mut found = Vec::new();
    for some in cases.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<(i64, i64)> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("with recursive up (id) as (select id from cases where id in (");
            let mut list = q.separated(", ");
            for case in some {
                list.push_bind(case.0);
            }
            q.push(
                ") union select r.earlier_id from up join case_relations r on r.later_id = up.id) \
                 select earlier_id, later_id from case_relations where later_id in (select id from up)",
            );
            q.build_query_as().persistent(false).fetch_all(c).await?
        });
        found.extend(steps(rows));
    }
    Ok(found)
}

/// Adds steps that are not there; gives how many were not.
///
/// # Errors
/// When the database refuses, also when one of the cases is not there.
pub async fn insert_all(mut conn: Conn<'_>, steps: &[Step], at: Micros) -> Result<u64, CatalogError> {
    let mut added = 0;
    for some in steps.chunks(INSERTED_AT_ONCE) {
        added += on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into case_relations (earlier_id, later_id, at_us) ");
            q.push_values(some, |mut row, step| {
                row.push_bind(step.earlier.0).push_bind(step.later.0).push_bind(at.0);
            });
            q.push(" on conflict (earlier_id, later_id) do nothing");
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(added)
}

/// Removes a step; gives whether it was there.
///
/// # Errors
/// When the database refuses.
pub async fn remove(conn: Conn<'_>, step: Step) -> Result<bool, CatalogError> {
    const SQL: &str = "delete from case_relations where earlier_id = $1 and later_id = $2";
    let rows = on!(conn, c => {
        sqlx::query(SQL).bind(step.earlier.0).bind(step.later.0).execute(c).await?.rows_affected()
    });
    Ok(rows > 0)
}

/// An incident as a chain shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainIncident {
    /// Its id.
    pub id: Id,
    /// How far it has come, in its stable word.
    pub status: String,
    /// 1–4; none: not judged.
    pub severity: Option<i64>,
    /// When it began.
    pub begin: Micros,
    /// When it ended, if that is known.
    pub end: Option<Micros>,
    /// Where; empty: not said.
    pub place: String,
    /// Its conduct codes, in order.
    pub codes: Vec<String>,
    /// Those of the cases that it belongs to.
    pub cases: Vec<Id>,
}

#[derive(FromRow)]
struct IncidentRow {
    id: i64,
    status: String,
    severity: Option<i64>,
    begin_us: i64,
    end_us: Option<i64>,
    place: String,
}

/// Incidents of any of these cases, the newest first, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn incidents_of(mut conn: Conn<'_>, cases: &[Id], limit: u32) -> Result<Vec<ChainIncident>, CatalogError> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<IncidentRow> = on!(conn.reborrow(), c => {
        let mut q = QueryBuilder::new(
            "select id, status, severity, begin_us, end_us, place from incidents \
             where id in (select incident_id from incident_cases where case_id in (",
        );
        let mut list = q.separated(", ");
        for case in cases {
            list.push_bind(case.0);
        }
        q.push(")) order by begin_us desc, id desc limit ").push_bind(i64::from(limit));
        q.build_query_as().persistent(false).fetch_all(c).await?
    });
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut codes = codes_of(conn.reborrow(), &ids).await?;
    let mut ties = cases_of(conn, &ids).await?;
    let incident = |row: IncidentRow| ChainIncident {
        id: Id(row.id),
        status: row.status,
        severity: row.severity,
        begin: Micros(row.begin_us),
        end: row.end_us.map(Micros),
        place: row.place,
        codes: codes.remove(&row.id).unwrap_or_default(),
        cases: ties.remove(&row.id).unwrap_or_default().into_iter().filter(|id| cases.contains(id)).collect(),
    };
    Ok(rows.into_iter().map(incident).collect())
}

async fn codes_of(conn: Conn<'_>, incidents: &[i64]) -> Result<HashMap<i64, Vec<String>>, CatalogError> {
    if incidents.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i64, String)> = on!(conn, c => {
        let mut q = QueryBuilder::new("select incident_id, code from incident_codes where incident_id in (");
        let mut list = q.separated(", ");
        for id in incidents {
            list.push_bind(*id);
        }
        q.push(") order by incident_id, code");
        q.build_query_as().persistent(false).fetch_all(c).await?
    });
    Ok(gathered(rows))
}

async fn cases_of(conn: Conn<'_>, incidents: &[i64]) -> Result<HashMap<i64, Vec<Id>>, CatalogError> {
    if incidents.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i64, i64)> = on!(conn, c => {
        let mut q = QueryBuilder::new("select incident_id, case_id from incident_cases where incident_id in (");
        let mut list = q.separated(", ");
        for id in incidents {
            list.push_bind(*id);
        }
        q.push(") order by incident_id, case_id");
        q.build_query_as().persistent(false).fetch_all(c).await?
    });
    Ok(gathered(rows.into_iter().map(|(incident, case)| (incident, Id(case)))))
}

fn gathered<T>(rows: impl IntoIterator<Item = (i64, T)>) -> HashMap<i64, Vec<T>> {
    let mut map: HashMap<i64, Vec<T>> = HashMap::new();
    for (id, value) in rows {
        map.entry(id).or_default().push(value);
    }
    map
}
