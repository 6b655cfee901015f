//! What a hit shows beside its document.

use std::collections::HashMap;

use super::source::rows_in;
use crate::catalog::CatalogError;
use crate::catalog::engine::Conn;
use crate::model::id::Id;

/// Of clips: the duration in milliseconds, and the conduct codes of their incidents.
#[derive(Debug, Default)]
pub struct ClipDetails {
    durations: HashMap<i64, i64>,
    codes: HashMap<i64, Vec<String>>,
}

impl ClipDetails {
    /// The clip's duration in milliseconds.
    pub fn duration_ms(&self, clip: Id) -> Option<u64> {
        self.durations.get(&clip.0).and_then(|ms| u64::try_from(*ms).ok())
    }

    /// The conduct codes of the clip's incidents.
    pub fn codes(&self, clip: Id) -> Vec<String> {
        self.codes.get(&clip.0).cloned().unwrap_or_default()
    }
}

/// The details of these clips.
///
/// # Errors
/// When the database is away.
pub async fn of_clips(mut conn: Conn<'_>, ids: &[i64]) -> Result<ClipDetails, CatalogError> {
    const DURATIONS: &str = "select id, duration_ms from clips where duration_ms is not null and id in (";
    const CODES: &str = "select distinct k.clip_id, c.code from incident_clips k \
        join incidents i on i.id = k.incident_id join incident_codes c on c.incident_id = i.id \
        where i.status <> 'dismissed' and k.clip_id in (";
    let durations: Vec<(i64, i64)> = rows_in!(conn, DURATIONS, ids);
    let codes: Vec<(i64, String)> = rows_in!(conn, CODES, ids);
    Ok(ClipDetails { durations: durations.into_iter().collect(), codes: sorted(codes) })
}

/// Of an incident: its status and severity.
pub type Standing = (String, Option<i64>);
/// A clip of an incident, and the offset in milliseconds where the incident begins in it.
pub type ClipAt = (Id, i64);

/// Of incidents: status, severity, codes, clips.
#[derive(Debug, Default)]
pub struct IncidentDetails {
    standing: HashMap<i64, Standing>,
    codes: HashMap<i64, Vec<String>>,
    clips: HashMap<i64, Vec<(i64, i64)>>,
}

impl IncidentDetails {
    /// Status and severity.
    pub fn standing(&self, incident: Id) -> Option<&Standing> {
        self.standing.get(&incident.0)
    }

    /// Conduct codes.
    pub fn codes(&self, incident: Id) -> Vec<String> {
        self.codes.get(&incident.0).cloned().unwrap_or_default()
    }

    /// Its clips, each with where the incident begins in it.
    pub fn clips(&self, incident: Id) -> Vec<ClipAt> {
        self.clips.get(&incident.0).into_iter().flatten().map(|(clip, ms)| (Id(*clip), *ms)).collect()
    }
}

/// The details of these incidents.
///
/// # Errors
/// When the database is away.
pub async fn of_incidents(mut conn: Conn<'_>, ids: &[i64]) -> Result<IncidentDetails, CatalogError> {
    const STANDING: &str = "select id, status, severity from incidents where id in (";
    const CODES: &str = "select incident_id, code from incident_codes where incident_id in (";
    const CLIPS: &str = "select incident_id, clip_id, from_ms from incident_clips where incident_id in (";
    let standing: Vec<(i64, String, Option<i64>)> = rows_in!(conn, STANDING, ids);
    let codes: Vec<(i64, String)> = rows_in!(conn, CODES, ids);
    let clips: Vec<(i64, i64, i64)> = rows_in!(conn, CLIPS, ids);
    Ok(IncidentDetails {
        standing: standing.into_iter().map(|(id, status, severity)| (id, (status, severity))).collect(),
        codes: sorted(codes),
        clips: sorted(clips.into_iter().map(|(incident, clip, ms)| (incident, (clip, ms))).collect()),
    })
}

fn sorted<T: Ord>(mut rows: Vec<(i64, T)>) -> HashMap<i64, Vec<T>> {
    rows.sort_unstable();
    let mut groups: HashMap<i64, Vec<T>> = HashMap::new();
    for (id, value) in rows {
        groups.entry(id).or_default().push(value);
    }
    groups
}

/// The names of conduct codes that hold now.
///
/// # Errors
/// When the database is away.
pub async fn code_names(conn: Conn<'_>) -> Result<HashMap<String, String>, CatalogError> {
    const SQL: &str = "select code, name from conduct_codes where valid_to_us is null";
    let rows: Vec<(String, String)> = crate::catalog::engine::on!(conn, c => sqlx::query_as(SQL).fetch_all(c).await?);
    Ok(rows.into_iter().collect())
}
