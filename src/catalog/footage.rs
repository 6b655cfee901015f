//! Clips as matching sees them: who made them, when, and how they are filed; a part of table `clips`.

use sqlx::{FromRow, QueryBuilder};

use super::CatalogError;
use super::clips::{INSERTED_AT_ONCE, find, signed};
use super::engine::{Conn, on};
use super::portions::{is_usual, usual};
use crate::matching::footage::{Footage, Timing};
use crate::model::clip::{ClipState, TimeSource};
use crate::model::id::Id;
use crate::model::time::{Micros, UtcOffset};

/// A clip as matching sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// The clip.
    pub id: Id,
    /// Who made it, and when.
    pub footage: Footage,
    /// How far it has come.
    pub state: ClipState,
    /// Linked to no case.
    pub unfiled: bool,
    /// Why; JSON.
    pub unfiled_reason: Option<String>,
    /// The newest entry about it.
    pub last_entry: u64,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    state: String,
    recorded_us: i64,
    recorded_source: String,
    doubts: String,
    arrived_us: i64,
    duration_ms: Option<i64>,
    recorder: Option<String>,
    officer: Option<String>,
    sequence: Option<i64>,
    unfiled: i64,
    unfiled_reason: Option<String>,
    last_entry: i64,
}

const COLUMNS: &str = "id, state, recorded_us, recorded_source, doubts, arrived_us, duration_ms, recorder, officer, \
    sequence, unfiled, unfiled_reason, last_entry";

impl Row {
    fn read(self, utc_offset: UtcOffset) -> Result<Filed, CatalogError> {
        let bad = |column, value: &str| CatalogError::Undecodable {
            table: "clips",
            column,
            row: self.id,
            value: value.to_owned(),
        };
        let source = find(TimeSource::ALL, TimeSource::as_str, &self.recorded_source);
        let doubts: Vec<String> = serde_json::from_str(&self.doubts).map_err(|_| bad("doubts", &self.doubts))?;
        let timing = Timing {
            recorded: Micros(self.recorded_us),
            source: source.ok_or_else(|| bad("recorded_source", &self.recorded_source))?,
            doubts: &doubts,
            arrived: Micros(self.arrived_us),
            duration_ms: self.duration_ms.and_then(|ms| u64::try_from(ms).ok()),
            utc_offset,
        };
        let sequence = self.sequence.and_then(|n| u32::try_from(n).ok());
        Ok(Filed {
            id: Id(self.id),
            footage: Footage::new(self.recorder.as_deref(), self.officer.as_deref(), sequence, &timing),
            state: find(ClipState::ALL, ClipState::as_str, &self.state).ok_or_else(|| bad("state", &self.state))?,
            unfiled: self.unfiled != 0,
            last_entry: u64::try_from(self.last_entry).map_err(|_| bad("last_entry", &self.last_entry.to_string()))?,
            unfiled_reason: self.unfiled_reason,
        })
    }
}

/// Those of these clips that are there and no sidecars, in no order.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn of_all(mut conn: Conn<'_>, ids: &[Id], utc_offset: UtcOffset) -> Result<Vec<Filed>, CatalogError> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select ");
            q.push(COLUMNS).push(" from clips where role = 'clip' and id in (");
            let mut list = q.separated(", ");
            for id in some {
                list.push_bind(id.0);
            }
            q.push(")");
            q.build_query_as::<Row>().persistent(false).fetch_all(c).await?
        });
        for row in rows {
            found.push(row.read(utc_offset)?);
        }
    }
    Ok(found)
}

/// A person or device with a span of time, both ends within it.
pub type Reach = (String, Micros, Micros);

/// Clips by these recorders, each in its spans, which must not overlap; of one recorder in the order of time, at most `limit`.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn by_recorders(
    conn: Conn<'_>,
    reaches: &[Reach],
    utc_offset: UtcOffset,
    limit: u32,
) -> Result<Vec<Filed>, CatalogError> {
    let Some((who, ..)) = reaches.last() else { return Ok(Vec::new()) };
    // Filled with spans that hold nothing: one given twice would give its clips twice.
    let nothing = (who.clone(), Micros(1), Micros(0));
    let filled = reaches.iter().chain(std::iter::repeat(&nothing)).take(usual(reaches.len()));
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("with v (who, from_us, to_us) as (");
        q.push_values(filled, |mut row, (who, from, to)| {
            row.push_bind(who.as_str()).push_bind(from.0).push_bind(to.0);
        });
        q.push(") select ").push(COLUMNS).push(
            " from v join clips on clips.recorder = v.who and clips.recorded_us between v.from_us and v.to_us \
             where clips.role = 'clip' order by recorder, recorded_us, id limit ",
        );
        q.push_bind(i64::from(limit));
        q.build_query_as::<Row>().persistent(is_usual(reaches.len())).fetch_all(c).await?
    });
    rows.into_iter().map(|row| row.read(utc_offset)).collect()
}

/// A recorder's clips that begin from `from` on and before `to`, newest first, at most `limit`.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn newest_of_recorder(
    conn: Conn<'_>,
    recorder: &str,
    (from, to): (Micros, Micros),
    utc_offset: UtcOffset,
    limit: u32,
) -> Result<Vec<Filed>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from clips where role = 'clip' and recorder = ").push_bind(recorder);
        q.push(" and recorded_us >= ").push_bind(from.0).push(" and recorded_us < ").push_bind(to.0);
        q.push(" order by recorded_us desc, id desc limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(|row| row.read(utc_offset)).collect()
}

/// Whose clips.
#[derive(Debug, Clone, Default)]
pub struct Makers {
    /// Officer numbers.
    pub officers: Vec<String>,
    /// Serials.
    pub recorders: Vec<String>,
}

/// Clips from `from` to `to`, both within, by one of these officers or recorders, or by a recorder that one of the officers ever had;
/// in the order of time, after the place `after`, at most `limit`.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn by_makers(
    conn: Conn<'_>,
    makers: &Makers,
    (from, to): (Micros, Micros),
    after: Option<(Micros, Id)>,
    utc_offset: UtcOffset,
    limit: u32,
) -> Result<Vec<Filed>, CatalogError> {
    if makers.officers.is_empty() && makers.recorders.is_empty() {
        return Ok(Vec::new());
    }
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("with o (who) as (");
        // A name that nobody has stands for an empty list.
        q.push_values(some_or_nobody(&makers.officers), |mut row, who| {
            row.push_bind(who);
        });
        q.push("), r (who) as (");
        q.push_values(some_or_nobody(&makers.recorders), |mut row, who| {
            row.push_bind(who);
        });
        q.push(
            "), d (who) as (select who from r union select h.serial from o join recorder_holders h on h.officer = o.who), \
             m (clip) as (",
        );
        for (at, (list, column)) in [("o", "officer"), ("d", "recorder")].into_iter().enumerate() {
            q.push(if at == 0 { "select id from " } else { " union select id from " });
            q.push(list).push(" join clips on clips.").push(column).push(" = ").push(list).push(".who");
            q.push(" where clips.recorded_us >= ").push_bind(from.0);
            q.push(" and clips.recorded_us <= ").push_bind(to.0);
        }
        q.push(") select ").push(COLUMNS).push(" from m join clips on clips.id = m.clip where role = 'clip'");
        if let Some((recorded, id)) = after {
            q.push(" and (recorded_us, id) > (").push_bind(recorded.0).push(", ").push_bind(id.0).push(")");
        }
        q.push(" order by recorded_us, id limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().persistent(false).fetch_all(c).await?
    });
    rows.into_iter().map(|row| row.read(utc_offset)).collect()
}

fn some_or_nobody(list: &[String]) -> Vec<String> {
    if list.is_empty() { vec![String::new()] } else { list.to_vec() }
}

/// Writes how clips are filed, with their newest entries.
///
/// # Errors
/// When the database refuses or one of the clips is not there.
pub async fn set_filing(mut conn: Conn<'_>, clips: &[Filed]) -> Result<(), CatalogError> {
    for some in clips.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("with v (id, state, unfiled, unfiled_reason, last_entry) as (");
            q.push_values(some, |mut row, clip| {
                row.push_bind(clip.id.0)
                    .push_bind(clip.state.as_str())
                    .push_bind(i64::from(clip.unfiled))
                    .push_bind(clip.unfiled_reason.as_deref())
                    .push_bind(signed(clip.last_entry));
            });
            q.push(
                ") update clips set state = v.state, unfiled = v.unfiled, unfiled_reason = v.unfiled_reason, \
                 last_entry = v.last_entry from v where clips.id = v.id",
            );
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
        if rows != some.len() as u64 {
            let row = some.first().map_or(0, |c| c.id.0);
            return Err(CatalogError::RowCount { table: "clips", row, found: rows });
        }
    }
    Ok(())
}
