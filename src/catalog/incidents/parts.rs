//! The tables beside `incidents`: codes, cases, clips, people.

use sqlx::QueryBuilder;

use super::Incident;
use crate::catalog::CatalogError;
use crate::catalog::clips::{INSERTED_AT_ONCE, signed};
use crate::catalog::engine::{Conn, on};
use crate::model::id::Id;
use crate::model::incident::{ClipSpan, Facts};

/// A row of `incident_people`: side, name, role, officer number.
type Person<'a> = (&'static str, &'a str, &'static str, Option<&'a str>);

/// Writes the parts that differ from `old`; all of them when there is none.
pub(super) async fn replace(mut conn: Conn<'_>, incident: &Incident, old: Option<&Facts>) -> Result<(), CatalogError> {
    let (id, new) = (incident.id, &incident.facts);
    if old.is_none_or(|old| old.codes != new.codes) {
        codes(conn.reborrow(), id, new).await?;
    }
    if old.is_none_or(|old| old.cases != new.cases) {
        cases(conn.reborrow(), id, &incident.case_ids).await?;
    }
    if old.is_none_or(|old| old.clips != new.clips) {
        clips(conn.reborrow(), id, &new.clips).await?;
    }
    if old.is_none_or(|old| (&old.subjects, &old.victims) != (&new.subjects, &new.victims)) {
        people(conn, id, new).await?;
    }
    Ok(())
}

async fn codes(mut conn: Conn<'_>, id: Id, facts: &Facts) -> Result<(), CatalogError> {
    clear(conn.reborrow(), "delete from incident_codes where incident_id = $1", id).await?;
    let codes: Vec<String> = facts.codes.iter().map(ToString::to_string).collect();
    for some in codes.chunks(INSERTED_AT_ONCE) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into incident_codes (incident_id, code) ");
            q.push_values(some, |mut row, code| {
                row.push_bind(id.0).push_bind(code.as_str());
            });
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

async fn cases(mut conn: Conn<'_>, id: Id, cases: &[Id]) -> Result<(), CatalogError> {
    clear(conn.reborrow(), "delete from incident_cases where incident_id = $1", id).await?;
    for some in cases.chunks(INSERTED_AT_ONCE) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into incident_cases (incident_id, case_id) ");
            q.push_values(some, |mut row, case| {
                row.push_bind(id.0).push_bind(case.0);
            });
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

async fn clips(mut conn: Conn<'_>, id: Id, clips: &[ClipSpan]) -> Result<(), CatalogError> {
    clear(conn.reborrow(), "delete from incident_clips where incident_id = $1", id).await?;
    for some in clips.chunks(INSERTED_AT_ONCE) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into incident_clips (incident_id, clip_id, from_ms, to_ms) ");
            q.push_values(some, |mut row, clip| {
                row.push_bind(id.0)
                    .push_bind(clip.id.0)
                    .push_bind(signed(clip.from_ms))
                    .push_bind(clip.to_ms.map(signed));
            });
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

async fn people(mut conn: Conn<'_>, id: Id, facts: &Facts) -> Result<(), CatalogError> {
    clear(conn.reborrow(), "delete from incident_people where incident_id = $1", id).await?;
    let subjects = facts.subjects.iter().map(|s| -> Person<'_> { ("subject", &s.name, s.role.as_str(), None) });
    let victims =
        facts.victims.iter().map(|v| -> Person<'_> { ("victim", &v.name, v.role.as_str(), v.officer.as_deref()) });
    let people: Vec<(i64, Person<'_>)> = (0_i64..).zip(subjects.chain(victims)).collect();
    for some in people.chunks(INSERTED_AT_ONCE) {
        on!(conn.reborrow(), c => {
            let mut q =
                QueryBuilder::new("insert into incident_people (incident_id, position, side, name, role, officer) ");
            q.push_values(some, |mut row, (position, (side, name, role, officer))| {
                row.push_bind(id.0)
                    .push_bind(*position)
                    .push_bind(*side)
                    .push_bind(*name)
                    .push_bind(*role)
                    .push_bind(*officer);
            });
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

async fn clear(conn: Conn<'_>, sql: &'static str, id: Id) -> Result<(), CatalogError> {
    on!(conn, c => sqlx::query(sql).bind(id.0).execute(c).await?.rows_affected());
    Ok(())
}
