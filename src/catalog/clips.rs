//! Table `clips`: one row a distinct run of bytes.

mod list;

use std::collections::HashSet;

use sqlx::{FromRow, QueryBuilder};

use super::engine::{Conn, on};
use super::portions::{is_usual, padded, portions};
use super::{CatalogError, one_row};
use crate::model::clip::{ClipState, ClipTimes, TimeSource};
use crate::model::digest::{Sha256Digest, Sm3Digest};
use crate::model::id::Id;
use crate::model::media::{MediaFacts, Position};
use crate::model::time::Micros;

pub use list::{ClipCursor, ClipFilter, list};

/// Whether a row is a clip of its own or belongs beside one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClipRole {
    /// A clip.
    Clip,
    /// A sidecar: text that a recorder or dock wrote about a clip.
    Sidecar,
}

impl ClipRole {
    const ALL: [Self; 2] = [Self::Clip, Self::Sidecar];

    /// The word for it in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clip => "clip",
            Self::Sidecar => "sidecar",
        }
    }
}

/// What is known of a clip apart from its bytes; recomputed when a name or sidecar arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct ClipFacts {
    /// The OR of the marks of all names and sidecars.
    pub important: bool,
    /// The corrected time, by which clips are ordered.
    pub recorded: Micros,
    /// Where it comes from.
    pub recorded_source: TimeSource,
    /// Why it may be wrong, in stable words.
    pub doubts: Vec<String>,
    /// The recorder's time in the name.
    pub name_time: Option<Micros>,
    /// The recorder's time in a sidecar.
    pub sidecar_time: Option<Micros>,
    /// The start position, from the container or a sidecar.
    pub position: Option<Position>,
    /// The recorder's serial.
    pub recorder: Option<String>,
    /// The officer number.
    pub officer: Option<String>,
    /// The recorder's own file number.
    pub sequence: Option<u32>,
    /// Why it is linked to no case; JSON.
    pub unfiled_reason: Option<String>,
    /// Linked to no case.
    pub unfiled: bool,
}

/// A row of `clips`.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// Its id.
    pub id: Id,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Digest,
    /// SM3 of its bytes, when the court asks for it.
    pub sm3: Option<Sm3Digest>,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Clip or sidecar.
    pub role: ClipRole,
    /// How far it has come.
    pub state: ClipState,
    /// What the probe read.
    pub media: MediaFacts,
    /// What follows from names, sidecars and the probe.
    pub facts: ClipFacts,
    /// The source file's modification time.
    pub file_time: Option<Micros>,
    /// A person marked it, whatever the device says.
    pub marked: bool,
    /// When it was received.
    pub arrived: Micros,
    /// Of a sidecar: its own reading; JSON.
    pub sidecar_facts: Option<String>,
    /// Of a sidecar: the clip it belongs to.
    pub sidecar_of: Option<Id>,
    /// Its clip entry in the ledger.
    pub entry_index: u64,
    /// The newest entry about it.
    pub last_entry: u64,
}

impl Clip {
    /// Whether the device or a person marked it.
    pub fn is_important(&self) -> bool {
        self.facts.important || self.marked
    }

    /// Its times, kept apart.
    pub fn times(&self) -> ClipTimes {
        ClipTimes {
            device: self.facts.name_time.or(self.facts.sidecar_time),
            container: self.media.created,
            file: self.file_time,
            arrived: self.arrived,
        }
    }
}

#[derive(FromRow)]
struct Row {
    id: i64,
    sha256: Vec<u8>,
    sm3: Option<Vec<u8>>,
    size_bytes: i64,
    role: String,
    state: String,
    important: i64,
    marked: i64,
    recorded_us: i64,
    recorded_source: String,
    doubts: String,
    name_us: Option<i64>,
    sidecar_us: Option<i64>,
    file_us: Option<i64>,
    arrived_us: i64,
    lat: Option<f64>,
    lon: Option<f64>,
    recorder: Option<String>,
    officer: Option<String>,
    sequence: Option<i64>,
    facts: String,
    sidecar_facts: Option<String>,
    sidecar_of: Option<i64>,
    unfiled: i64,
    unfiled_reason: Option<String>,
    entry_index: i64,
    last_entry: i64,
}

/// Most rows in one statement; an engine takes only so many parameters.
pub(in crate::catalog) const INSERTED_AT_ONCE: usize = 256;

const COLUMNS: &str = "id, sha256, sm3, size_bytes, role, state, important, marked, recorded_us, recorded_source, \
    doubts, name_us, sidecar_us, file_us, arrived_us, lat, lon, recorder, officer, sequence, facts, sidecar_facts, \
    sidecar_of, unfiled, unfiled_reason, entry_index, last_entry";

impl TryFrom<Row> for Clip {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let bad = |column, value: String| CatalogError::Undecodable { table: "clips", column, row: row.id, value };
        let digest = |column, bytes: &[u8]| {
            <[u8; 32]>::try_from(bytes).map_err(|_| bad(column, crate::model::digest::to_hex(bytes)))
        };
        let word = |column, value: &str| bad(column, value.to_owned());
        let unsigned = |column, value: i64| u64::try_from(value).map_err(|_| bad(column, value.to_string()));
        Ok(Self {
            id: Id(row.id),
            sha256: Sha256Digest(digest("sha256", &row.sha256)?),
            sm3: row.sm3.as_deref().map(|b| digest("sm3", b).map(Sm3Digest)).transpose()?,
            size_bytes: unsigned("size_bytes", row.size_bytes)?,
            role: find(ClipRole::ALL, ClipRole::as_str, &row.role).ok_or_else(|| word("role", &row.role))?,
            state: find(ClipState::ALL, ClipState::as_str, &row.state).ok_or_else(|| word("state", &row.state))?,
            media: serde_json::from_str(&row.facts).map_err(|_| word("facts", &row.facts))?,
            facts: ClipFacts {
                important: row.important != 0,
                recorded: Micros(row.recorded_us),
                recorded_source: find(TimeSource::ALL, TimeSource::as_str, &row.recorded_source)
                    .ok_or_else(|| word("recorded_source", &row.recorded_source))?,
                doubts: serde_json::from_str(&row.doubts).map_err(|_| word("doubts", &row.doubts))?,
                name_time: row.name_us.map(Micros),
                sidecar_time: row.sidecar_us.map(Micros),
                position: row.lat.zip(row.lon).map(|(lat, lon)| Position { lat, lon }),
                recorder: row.recorder.clone(),
                officer: row.officer.clone(),
                sequence: row.sequence.and_then(|n| u32::try_from(n).ok()),
                unfiled_reason: row.unfiled_reason.clone(),
                unfiled: row.unfiled != 0,
            },
            file_time: row.file_us.map(Micros),
            marked: row.marked != 0,
            arrived: Micros(row.arrived_us),
            sidecar_facts: row.sidecar_facts.clone(),
            sidecar_of: row.sidecar_of.map(Id),
            entry_index: unsigned("entry_index", row.entry_index)?,
            last_entry: unsigned("last_entry", row.last_entry)?,
        })
    }
}

/// The value whose word is `word`.
pub(super) fn find<T: Copy, const N: usize>(all: [T; N], as_str: fn(T) -> &'static str, word: &str) -> Option<T> {
    all.into_iter().find(|v| as_str(*v) == word)
}

fn json(value: &impl serde::Serialize) -> String {
    // These types hold only strings, finite numbers and options; they always serialize.
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

const INSERT: &str = "insert into clips (id, sha256, sm3, size_bytes, role, kind, health, state, important, \
    recorded_us, recorded_source, doubts, name_us, sidecar_us, container_us, file_us, arrived_us, duration_ms, lat, \
    lon, recorder, officer, sequence, facts, sidecar_facts, sidecar_of, unfiled, unfiled_reason, entry_index, \
    last_entry) ";

/// Inserts clips.
///
/// # Errors
/// When the database refuses; a second clip with the same digest is refused.
pub async fn insert_all(mut conn: Conn<'_>, clips: &[Clip]) -> Result<(), CatalogError> {
    for some in portions(clips) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new(INSERT);
            q.push_values(some, |mut row, clip| {
                let (f, m) = (&clip.facts, &clip.media);
                row.push_bind(clip.id.0)
                    .push_bind(clip.sha256.0.to_vec())
                    .push_bind(clip.sm3.as_ref().map(|d| d.0.to_vec()))
                    .push_bind(signed(clip.size_bytes))
                    .push_bind(clip.role.as_str())
                    .push_bind(m.kind.as_str())
                    .push_bind(m.health.as_str())
                    .push_bind(clip.state.as_str())
                    .push_bind(i64::from(f.important))
                    .push_bind(f.recorded.0)
                    .push_bind(f.recorded_source.as_str())
                    .push_bind(json(&f.doubts))
                    .push_bind(f.name_time.map(|t| t.0))
                    .push_bind(f.sidecar_time.map(|t| t.0))
                    .push_bind(m.created.map(|t| t.0))
                    .push_bind(clip.file_time.map(|t| t.0))
                    .push_bind(clip.arrived.0)
                    .push_bind(m.duration_ms.map(signed))
                    .push_bind(f.position.map(|p| p.lat))
                    .push_bind(f.position.map(|p| p.lon))
                    .push_bind(f.recorder.as_deref())
                    .push_bind(f.officer.as_deref())
                    .push_bind(f.sequence.map(i64::from))
                    .push_bind(json(m))
                    .push_bind(clip.sidecar_facts.as_deref())
                    .push_bind(clip.sidecar_of.map(|id| id.0))
                    .push_bind(i64::from(f.unfiled))
                    .push_bind(f.unfiled_reason.as_deref())
                    .push_bind(signed(clip.entry_index))
                    .push_bind(signed(clip.last_entry));
            });
            q.build().execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

const UPDATE_FACTS: &str = "update clips set important = $2, recorded_us = $3, recorded_source = $4, doubts = $5, \
    name_us = $6, sidecar_us = $7, lat = $8, lon = $9, recorder = $10, officer = $11, sequence = $12, unfiled = $13, \
    unfiled_reason = $14, state = $15, last_entry = $16, sidecar_of = $17 where id = $1";

/// Writes what may change of a clip after it was accepted.
///
/// # Errors
/// When the database refuses or there is no such clip.
pub async fn update(conn: Conn<'_>, clip: &Clip) -> Result<(), CatalogError> {
    let f = &clip.facts;
    let rows = on!(conn, c => {
        sqlx::query(UPDATE_FACTS)
            .bind(clip.id.0)
            .bind(i64::from(f.important))
            .bind(f.recorded.0)
            .bind(f.recorded_source.as_str())
            .bind(json(&f.doubts))
            .bind(f.name_time.map(|t| t.0))
            .bind(f.sidecar_time.map(|t| t.0))
            .bind(f.position.map(|p| p.lat))
            .bind(f.position.map(|p| p.lon))
            .bind(f.recorder.as_deref())
            .bind(f.officer.as_deref())
            .bind(f.sequence.map(i64::from))
            .bind(i64::from(f.unfiled))
            .bind(f.unfiled_reason.as_deref())
            .bind(clip.state.as_str())
            .bind(signed(clip.last_entry))
            .bind(clip.sidecar_of.map(|id| id.0))
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("clips", clip.id.0, rows)
}

/// Writes all that a destroyed clip has anew because its bytes arrived again.
///
/// # Errors
/// When the database refuses or there is no such clip.
pub async fn revive(mut conn: Conn<'_>, clip: &Clip) -> Result<(), CatalogError> {
    const SQL: &str = "update clips set role = $2, kind = $3, health = $4, container_us = $5, file_us = $6, arrived_us = $7, \
        duration_ms = $8, facts = $9, sidecar_facts = $10, marked = 0 where id = $1";
    let m = &clip.media;
    let rows = on!(conn.reborrow(), c => {
        sqlx::query(SQL)
            .bind(clip.id.0)
            .bind(clip.role.as_str())
            .bind(m.kind.as_str())
            .bind(m.health.as_str())
            .bind(m.created.map(|t| t.0))
            .bind(clip.file_time.map(|t| t.0))
            .bind(clip.arrived.0)
            .bind(m.duration_ms.map(signed))
            .bind(json(m))
            .bind(clip.sidecar_facts.as_deref())
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("clips", clip.id.0, rows)?;
    update(conn, clip).await
}

/// Makes `entry` the newest entry about a clip.
///
/// # Errors
/// When the database refuses or there is no such clip.
pub async fn set_last_entry(conn: Conn<'_>, clip: Id, entry: u64) -> Result<(), CatalogError> {
    const SQL: &str = "update clips set last_entry = $2 where id = $1";
    let rows = on!(conn, c => sqlx::query(SQL).bind(clip.0).bind(signed(entry)).execute(c).await?.rows_affected());
    one_row("clips", clip.0, rows)
}

/// Writes a person's mark, with the newest entry.
///
/// # Errors
/// When the database refuses or there is no such clip.
pub async fn set_mark(conn: Conn<'_>, clip: Id, marked: bool, entry: u64) -> Result<(), CatalogError> {
    const SQL: &str = "update clips set marked = $2, last_entry = $3 where id = $1";
    let rows = on!(conn, c => {
        sqlx::query(SQL).bind(clip.0).bind(i64::from(marked)).bind(signed(entry)).execute(c).await?.rows_affected()
    });
    one_row("clips", clip.0, rows)
}

/// Writes state and newest entry of clips, and nothing else.
///
/// # Errors
/// When the database refuses or one of the clips is not there.
pub async fn set_progress(mut conn: Conn<'_>, clips: &[&Clip]) -> Result<(), CatalogError> {
    for some in clips.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("with v (id, state, last_entry) as (");
            q.push_values(some, |mut row, clip| {
                row.push_bind(clip.id.0).push_bind(clip.state.as_str()).push_bind(signed(clip.last_entry));
            });
            q.push(") update clips set state = v.state, last_entry = v.last_entry from v where clips.id = v.id");
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
        if rows != some.len() as u64 {
            return Err(CatalogError::RowCount {
                table: "clips",
                row: some.first().map_or(0, |c| c.id.0),
                found: rows,
            });
        }
    }
    Ok(())
}

/// The clip with this id.
///
/// # Errors
/// When the database is away or the row undecodable.
pub async fn get(conn: Conn<'_>, id: Id) -> Result<Option<Clip>, CatalogError> {
    on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from clips where id = ").push_bind(id.0);
        q.build_query_as::<Row>().fetch_optional(c).await?
    })
    .map(Clip::try_from)
    .transpose()
}

/// The clips with these ids that are there, in no order.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn get_all(mut conn: Conn<'_>, ids: &[Id]) -> Result<Vec<Clip>, CatalogError> {
    let mut clips = Vec::with_capacity(ids.len());
    for some in ids.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select ");
            q.push(COLUMNS).push(" from clips where id in (");
            let mut list = q.separated(", ");
            for id in some {
                list.push_bind(id.0);
            }
            q.push(")");
            q.build_query_as::<Row>().persistent(false).fetch_all(c).await?
        });
        for row in rows {
            clips.push(Clip::try_from(row)?);
        }
    }
    Ok(clips)
}

/// The clip with these bytes.
///
/// # Errors
/// When the database is away or the row undecodable.
pub async fn find_by_digest(conn: Conn<'_>, digest: Sha256Digest) -> Result<Option<Clip>, CatalogError> {
    on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from clips where sha256 = ").push_bind(digest.0.to_vec());
        q.build_query_as::<Row>().fetch_optional(c).await?
    })
    .map(Clip::try_from)
    .transpose()
}

/// Which of these digests are a clip's.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn known_digests(
    mut conn: Conn<'_>,
    digests: &[Sha256Digest],
) -> Result<HashSet<Sha256Digest>, CatalogError> {
    let mut known = HashSet::new();
    for some in digests.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<(i64, Vec<u8>)> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select id, sha256 from clips where sha256 in (");
            let mut list = q.separated(", ");
            for digest in padded(some) {
                list.push_bind(digest.0.to_vec());
            }
            q.push(")");
            q.build_query_as().persistent(is_usual(some.len())).fetch_all(c).await?
        });
        for (row, digest) in rows {
            let bytes = <[u8; 32]>::try_from(&digest[..]).map_err(|_| CatalogError::Undecodable {
                table: "clips",
                column: "sha256",
                row,
                value: crate::model::digest::to_hex(&digest),
            })?;
            known.insert(Sha256Digest(bytes));
        }
    }
    Ok(known)
}

/// The clips, or the sidecars, that arrived in one folder under names with the same stem; those destroyed are left out.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn find_paired(
    conn: Conn<'_>,
    folder: &[u8],
    dir: &[u8],
    pair_key: &[u8],
    role: ClipRole,
) -> Result<Vec<Clip>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from clips where state <> 'disposed' and role = ").push_bind(role.as_str());
        q.push(" and id in (select clip_id from uploads where folder = ").push_bind(folder.to_vec());
        q.push(" and dir = ").push_bind(dir.to_vec());
        q.push(" and pair_key = ").push_bind(pair_key.to_vec()).push(") order by id");
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(Clip::try_from).collect()
}

/// The sidecars attached to a clip, oldest first.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn sidecars_of(conn: Conn<'_>, clip: Id) -> Result<Vec<Clip>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from clips where sidecar_of = ").push_bind(clip.0).push(" order by id");
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(Clip::try_from).collect()
}

/// Digest and size of every clip that is not destroyed and whose digest begins with the byte `first`; for checks, which go through the vault directory by
/// directory.
///
/// # Errors
/// When the database is away.
pub async fn with_digests_of(conn: Conn<'_>, first: u8) -> Result<Vec<CheckRow>, CatalogError> {
    Ok(on!(conn, c => {
        let mut q = QueryBuilder::new("select sha256, size_bytes from clips where state <> 'disposed' and sha256 >= ");
        q.push_bind(vec![first]);
        if let Some(next) = first.checked_add(1) {
            q.push(" and sha256 < ").push_bind(vec![next]);
        }
        q.build_query_as::<CheckRow>().fetch_all(c).await?
    }))
}

/// What a check of the vault needs of a clip.
#[derive(Debug, Clone, FromRow)]
pub struct CheckRow {
    /// Its digest, as stored.
    pub sha256: Vec<u8>,
    /// Its size in bytes, as stored.
    pub size_bytes: i64,
}
