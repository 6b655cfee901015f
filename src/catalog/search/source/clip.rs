//! Clips.

use std::collections::HashMap;

use sqlx::{FromRow, QueryBuilder};

use super::{CaseRef, Post, case_refs, group, held, posts, rows_in};
use crate::catalog::CatalogError;
use crate::catalog::engine::{Conn, on};
use crate::catalog::portions::{is_usual, padded};
use crate::model::id::Id;
use crate::model::time::Micros;

/// What a clip's document is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipSource {
    /// What its own rows say.
    pub own: ClipRows,
    /// The cases it is linked to.
    pub cases: Vec<CaseRef>,
    /// Place and court of the actions by which it is linked.
    pub actions: Vec<(String, String)>,
    /// The court of its recorder; empty: not said.
    pub recorder_court: String,
    /// The officer's posts at its time.
    pub posts: Vec<Post>,
}

/// What the rows of a clip say of it by themselves; what registers, cases and actions say is looked up by [`complete`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipRows {
    /// Its id.
    pub id: Id,
    /// The corrected time.
    pub at: Micros,
    /// The recorder's serial.
    pub recorder: Option<String>,
    /// The officer number.
    pub officer: Option<String>,
    /// Marked important, by the device or a person.
    pub important: bool,
    /// Linked to no case.
    pub unfiled: bool,
    /// Health, as stored.
    pub health: String,
    /// Directory and name of each arrival, oldest first.
    pub names: Vec<(String, String)>,
    /// What sidecars call the officer.
    pub sidecar_officers: Vec<String>,
    /// Notes, oldest first.
    pub notes: Vec<String>,
    /// The cases it is linked to, and the actions by which.
    pub links: Vec<(Id, Option<Id>)>,
    /// Conduct codes of its incidents, those dismissed left out.
    pub codes: Vec<String>,
    /// Measures of its incidents, those dismissed left out.
    pub measures: Vec<String>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    recorded_us: i64,
    recorder: Option<String>,
    officer: Option<String>,
    important: i64,
    unfiled: i64,
    health: String,
}

type Grouped<T> = HashMap<i64, Vec<T>>;

/// The clips with these ids; sidecars are left out.
///
/// # Errors
/// When the database is away.
pub async fn clips(mut conn: Conn<'_>, ids: &[i64]) -> Result<Vec<ClipSource>, CatalogError> {
    let rows = rows(conn.reborrow(), ids).await?;
    complete(conn, rows).await
}

async fn rows(mut conn: Conn<'_>, ids: &[i64]) -> Result<Vec<ClipRows>, CatalogError> {
    const CLIPS: &str = "select id, recorded_us, recorder, officer, important + marked as important, unfiled, health \
        from clips where role = 'clip' and state <> 'disposed' and id in (";
    const NOTES: &str = "select clip_id, id, note from clip_notes where clip_id in (";
    const LINKS: &str = "select clip_id, case_id, action_id from case_links where clip_id in (";
    let rows: Vec<Row> = rows_in!(conn, CLIPS, ids);
    let mut notes: Vec<(i64, i64, String)> = rows_in!(conn, NOTES, ids);
    notes.sort_unstable();
    let mut notes = group(notes.into_iter().map(|(clip, _, note)| (clip, note)));
    let mut names = names(&mut conn, ids).await?;
    let mut sidecar_officers = sidecar_officers(&mut conn, ids).await?;
    let links: Vec<(i64, i64, Option<i64>)> = rows_in!(conn, LINKS, ids);
    let mut links = group(links.into_iter().map(|(clip, case, action)| (clip, (Id(case), action.map(Id)))));
    let (mut codes, mut measures) = incidents(&mut conn, ids).await?;
    let clip = |row: Row| ClipRows {
        id: Id(row.id),
        at: Micros(row.recorded_us),
        names: names.remove(&row.id).unwrap_or_default(),
        sidecar_officers: sidecar_officers.remove(&row.id).unwrap_or_default(),
        notes: notes.remove(&row.id).unwrap_or_default(),
        links: links.remove(&row.id).unwrap_or_default(),
        codes: codes.remove(&row.id).unwrap_or_default(),
        measures: measures.remove(&row.id).unwrap_or_default(),
        recorder: row.recorder,
        officer: row.officer,
        important: row.important != 0,
        unfiled: row.unfiled != 0,
        health: row.health,
    };
    Ok(rows.into_iter().map(clip).collect())
}

/// Adds what registers, cases and actions say of these clips: a statement for each, however many clips.
///
/// # Errors
/// When the database is away.
pub async fn complete(mut conn: Conn<'_>, rows: Vec<ClipRows>) -> Result<Vec<ClipSource>, CatalogError> {
    let numbers = distinct(rows.iter().filter_map(|r| r.officer.as_deref()));
    let posts = posts(&mut conn, &numbers).await?;
    let courts = recorder_courts(&mut conn, &distinct(rows.iter().filter_map(|r| r.recorder.as_deref()))).await?;
    let (mut cases, mut actions) = links(&mut conn, &rows).await?;
    let clip = |row: ClipRows| ClipSource {
        posts: held(&posts, row.officer.as_deref(), row.at),
        recorder_court: row.recorder.as_ref().and_then(|serial| courts.get(serial)).cloned().unwrap_or_default(),
        cases: cases.remove(&row.id.0).unwrap_or_default(),
        actions: actions.remove(&row.id.0).unwrap_or_default(),
        own: row,
    };
    Ok(rows.into_iter().map(clip).collect())
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// The courts of these recorders, by serial.
async fn recorder_courts(conn: &mut Conn<'_>, serials: &[&str]) -> Result<HashMap<String, String>, CatalogError> {
    const SQL: &str = "select serial, court from recorders where serial in (";
    if serials.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, String)> = on!(conn.reborrow(), c => {
        let mut q = QueryBuilder::new(SQL);
        let mut list = q.separated(", ");
        for serial in padded(serials) {
            list.push_bind((*serial).to_owned());
        }
        q.push(")");
        q.build_query_as().persistent(is_usual(serials.len())).fetch_all(c).await?
    });
    Ok(rows.into_iter().collect())
}

async fn names(conn: &mut Conn<'_>, ids: &[i64]) -> Result<Grouped<(String, String)>, CatalogError> {
    const SQL: &str = "select clip_id, id, dir, name from uploads where clip_id in (";
    let mut rows: Vec<(i64, i64, Vec<u8>, Vec<u8>)> = rows_in!(conn, SQL, ids);
    rows.sort_unstable_by_key(|(clip, id, ..)| (*clip, *id));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(group(rows.into_iter().map(|(clip, _, dir, name)| (clip, (text(&dir), text(&name))))))
}

async fn sidecar_officers(conn: &mut Conn<'_>, ids: &[i64]) -> Result<Grouped<String>, CatalogError> {
    const SQL: &str = "select sidecar_of, sidecar_facts from clips where sidecar_facts is not null and sidecar_of in (";
    #[derive(serde::Deserialize)]
    struct Facts {
        officer_name: Option<String>,
    }
    let rows: Vec<(i64, String)> = rows_in!(conn, SQL, ids);
    let name = |facts: &str| serde_json::from_str::<Facts>(facts).ok()?.officer_name;
    Ok(group(rows.into_iter().filter_map(|(clip, facts)| Some((clip, name(&facts)?)))))
}

/// The cases that clips are linked to, and place and court of the actions that linked them.
async fn links(
    conn: &mut Conn<'_>,
    clips: &[ClipRows],
) -> Result<(Grouped<CaseRef>, Grouped<(String, String)>), CatalogError> {
    let each = || clips.iter().flat_map(|clip| clip.links.iter().map(|(case, action)| (clip.id.0, case.0, *action)));
    let cases = distinct(each().map(|(_, case, _)| case));
    let found: Vec<(i64, String, Option<String>)> =
        rows_in!(conn, "select id, number, court from cases where id in (", &cases);
    let cases: HashMap<i64, (String, Option<String>)> =
        found.into_iter().map(|(id, number, court)| (id, (number, court))).collect();
    let actions = distinct(each().filter_map(|(.., action)| Some(action?.0)));
    let found: Vec<(i64, String, String)> =
        rows_in!(conn, "select id, place, court from actions where id in (", &actions);
    let found: HashMap<i64, (String, String)> =
        found.into_iter().map(|(id, place, court)| (id, (place, court))).collect();
    let at = distinct(each().filter_map(|(clip, _, action)| Some((clip, found.get(&action?.0)?.clone()))));
    let rows = each().filter_map(|(clip, case, _)| {
        let (number, court) = cases.get(&case)?.clone();
        Some((clip, case, number, court))
    });
    Ok((case_refs(conn, rows.collect()).await?, group(at.into_iter())))
}

/// Conduct codes and measures of the clips' incidents.
async fn incidents(conn: &mut Conn<'_>, ids: &[i64]) -> Result<(Grouped<String>, Grouped<String>), CatalogError> {
    const INCIDENTS: &str = "select k.clip_id, k.incident_id from incident_clips k \
        join incidents i on i.id = k.incident_id where i.status <> 'dismissed' and k.clip_id in (";
    const CODES: &str = "select incident_id, code from incident_codes where incident_id in (";
    const MEASURES: &str = "select incident_id, kind from incident_measures where incident_id in (";
    let rows: Vec<(i64, i64)> = rows_in!(conn, INCIDENTS, ids);
    let mut incidents: Vec<i64> = rows.iter().map(|(_, incident)| *incident).collect();
    incidents.sort_unstable();
    incidents.dedup();
    let codes: Vec<(i64, String)> = rows_in!(conn, CODES, &incidents);
    let measures: Vec<(i64, String)> = rows_in!(conn, MEASURES, &incidents);
    let spread = |values: Vec<(i64, String)>| {
        let of = group(values.into_iter());
        let each = rows
            .iter()
            .flat_map(|(clip, incident)| of.get(incident).into_iter().flatten().map(|value| (*clip, value.clone())));
        let mut each: Vec<(i64, String)> = each.collect();
        each.sort_unstable();
        each.dedup();
        group(each.into_iter())
    };
    Ok((spread(codes), spread(measures)))
}
