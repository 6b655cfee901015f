//! Incidents.

use sqlx::FromRow;

use super::{CaseRef, Post, case_refs, group, held, posts, rows_in};
use crate::catalog::CatalogError;
use crate::catalog::engine::Conn;
use crate::model::id::Id;
use crate::model::time::Micros;

/// What an incident's document is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentSource {
    /// Its id.
    pub id: Id,
    /// When it began.
    pub at: Micros,
    /// Court code; empty: not said.
    pub court: String,
    /// Status, as stored.
    pub status: String,
    /// The reason of the status.
    pub status_why: String,
    /// 1 to 4.
    pub severity: Option<i64>,
    /// Where.
    pub place: String,
    /// What happened.
    pub narrative: String,
    /// Injuries.
    pub injuries: String,
    /// Weapons.
    pub weapons: String,
    /// Conduct codes.
    pub codes: Vec<String>,
    /// Kind, person and note of each measure.
    pub measures: Vec<(String, String, String)>,
    /// Who took part.
    pub people: Vec<Person>,
    /// The cases it belongs to.
    pub cases: Vec<CaseRef>,
}

/// Somebody who took part in an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// subject or victim.
    pub side: String,
    /// Empty: not known.
    pub name: String,
    /// Their role.
    pub role: String,
    /// A victim's officer number.
    pub officer: Option<String>,
    /// The officer's posts at that time.
    pub posts: Vec<Post>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    begin_us: i64,
    court: String,
    status: String,
    status_why: String,
    severity: Option<i64>,
    place: String,
    narrative: String,
    injuries: String,
    weapons: String,
}

/// Incident, position, side, name, role, officer.
type PersonRow = (i64, i64, String, String, String, Option<String>);

/// The incidents with these ids.
///
/// # Errors
/// When the database is away.
pub async fn incidents(mut conn: Conn<'_>, ids: &[i64]) -> Result<Vec<IncidentSource>, CatalogError> {
    const INCIDENTS: &str = "select id, begin_us, court, status, status_why, severity, place, narrative, injuries, weapons \
        from incidents where id in (";
    const CODES: &str = "select incident_id, code from incident_codes where incident_id in (";
    const MEASURES: &str = "select incident_id, id, kind, person, note from incident_measures where incident_id in (";
    const PEOPLE: &str =
        "select incident_id, position, side, name, role, officer from incident_people where incident_id in (";
    const CASES: &str = "select l.incident_id, k.id, k.number, k.court from incident_cases l \
        join cases k on k.id = l.case_id where l.incident_id in (";
    let rows: Vec<Row> = rows_in!(conn, INCIDENTS, ids);
    let mut codes: Vec<(i64, String)> = rows_in!(conn, CODES, ids);
    codes.sort_unstable();
    let mut codes = group(codes.into_iter());
    let mut measures: Vec<(i64, i64, String, String, String)> = rows_in!(conn, MEASURES, ids);
    measures.sort_unstable();
    let mut measures = group(measures.into_iter().map(|(i, _, kind, person, note)| (i, (kind, person, note))));
    let mut people: Vec<PersonRow> = rows_in!(conn, PEOPLE, ids);
    people.sort_unstable();
    let mut officers: Vec<&str> = people.iter().filter_map(|p| p.5.as_deref()).collect();
    officers.sort_unstable();
    officers.dedup();
    let posts = posts(&mut conn, &officers).await?;
    let mut people = group(people.into_iter().map(|row| (row.0, row)));
    let cases = rows_in!(conn, CASES, ids);
    let mut cases = case_refs(&mut conn, cases).await?;
    let incident = |row: Row| {
        let at = Micros(row.begin_us);
        let person = |(_, _, side, name, role, officer): PersonRow| Person {
            posts: held(&posts, officer.as_deref(), at),
            side,
            name,
            role,
            officer,
        };
        IncidentSource {
            id: Id(row.id),
            at,
            codes: codes.remove(&row.id).unwrap_or_default(),
            measures: measures.remove(&row.id).unwrap_or_default(),
            people: people.remove(&row.id).unwrap_or_default().into_iter().map(person).collect(),
            cases: cases.remove(&row.id).unwrap_or_default(),
            court: row.court,
            status: row.status,
            status_why: row.status_why,
            severity: row.severity,
            place: row.place,
            narrative: row.narrative,
            injuries: row.injuries,
            weapons: row.weapons,
        }
    };
    Ok(rows.into_iter().map(incident).collect())
}
