//! What a hit shows beside its document.

use std::collections::{BTreeSet, HashMap};

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
    const SQL: &str = "select clips.id, clips.duration_ms, c.code from clips \
        left join incident_clips k on k.clip_id = clips.id \
        left join incidents i on i.id = k.incident_id and i.status <> 'dismissed' \
        left join incident_codes c on c.incident_id = i.id where clips.id in (";
    let rows: Vec<(i64, Option<i64>, Option<String>)> = rows_in!(conn, SQL, ids);
    let durations = rows.iter().filter_map(|(id, ms, _)| ms.map(|ms| (*id, ms))).collect();
    let codes: BTreeSet<(i64, String)> = rows.into_iter().filter_map(|(id, _, code)| Some((id, code?))).collect();
    let codes = codes.into_iter().collect();
    Ok(ClipDetails { durations, codes: sorted(codes) })
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
    // What is not said of a row is null.
    const STANDING: &str = "select id, status, severity, cast(null as text), cast(null as bigint), cast(null as bigint) \
        from incidents where id in (";
    const CODES: &str =
        " union all select incident_id, null, null, code, null, null from incident_codes where incident_id in (";
    const CLIPS: &str =
        " union all select incident_id, null, null, null, clip_id, from_ms from incident_clips where incident_id in (";
    type Row = (i64, Option<String>, Option<i64>, Option<String>, Option<i64>, Option<i64>);
    let rows: Vec<Row> = rows_in!(conn, [STANDING, CODES, CLIPS], ids);
    let (mut standing, mut codes, mut clips) = (HashMap::with_capacity(ids.len()), Vec::new(), Vec::new());
    for (id, status, severity, code, clip, from_ms) in rows {
        standing.extend(status.map(|status| (id, (status, severity))));
        codes.extend(code.map(|code| (id, code)));
        clips.extend(clip.zip(from_ms).map(|at| (id, at)));
    }
    Ok(IncidentDetails { standing, codes: sorted(codes), clips: sorted(clips) })
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
