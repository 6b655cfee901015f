//! Table `export_clips`: which clips an export holds.

use sqlx::{FromRow, QueryBuilder};

use crate::catalog::CatalogError;
use crate::catalog::clips::{INSERTED_AT_ONCE, signed};
use crate::catalog::engine::{Conn, on};
use crate::model::digest::{Sha256Digest, Sm3Digest, to_hex};
use crate::model::export::Scope;
use crate::model::id::Id;
use crate::model::media::MediaFacts;

/// A clip of an export, or a sidecar, with what copying and recording it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportClip {
    /// The clip.
    pub id: Id,
    /// Its digest.
    pub sha256: Sha256Digest,
    /// Its SM3 digest, when the court asks for it.
    pub sm3: Option<Sm3Digest>,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// What the probe read.
    pub media: MediaFacts,
    /// Its clip entry in the ledger.
    pub entry_index: u64,
    /// The newest entry about it.
    pub last_entry: u64,
    /// Its entry with the manifest's digest; none: not recorded yet.
    pub export_entry: Option<u64>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    sha256: Vec<u8>,
    sm3: Option<Vec<u8>>,
    size_bytes: i64,
    facts: String,
    entry_index: i64,
    last_entry: i64,
    export_entry: Option<i64>,
}

impl TryFrom<Row> for ExportClip {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let bad = |column, value: String| CatalogError::Undecodable { table: "clips", column, row: row.id, value };
        let digest = |column, bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| bad(column, to_hex(bytes)));
        let unsigned = |column, value: i64| u64::try_from(value).map_err(|_| bad(column, value.to_string()));
        Ok(Self {
            id: Id(row.id),
            sha256: Sha256Digest(digest("sha256", &row.sha256)?),
            sm3: row.sm3.as_deref().map(|bytes| digest("sm3", bytes).map(Sm3Digest)).transpose()?,
            size_bytes: unsigned("size_bytes", row.size_bytes)?,
            media: serde_json::from_str(&row.facts).map_err(|_| bad("facts", row.facts.clone()))?,
            entry_index: unsigned("entry_index", row.entry_index)?,
            last_entry: unsigned("last_entry", row.last_entry)?,
            export_entry: row.export_entry.map(|entry| unsigned("export_entry", entry)).transpose()?,
        })
    }
}

/// Adds clips to an export.
///
/// # Errors
/// When the database refuses, also when one of the clips is not there.
pub async fn add_clips(mut conn: Conn<'_>, export: Id, clips: &[Id]) -> Result<(), CatalogError> {
    for some in clips.chunks(INSERTED_AT_ONCE) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into export_clips (export_id, clip_id) ");
            q.push_values(some, |mut row, clip| {
                row.push_bind(export.0).push_bind(clip.0);
            });
            q.push(" on conflict (export_id, clip_id) do nothing");
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

/// Makes the clips that are tied to a case, or named by an incident, now those of its export; single clips stay as they were named.
///
/// # Errors
/// When the database refuses.
pub async fn replace_with_those_of(mut conn: Conn<'_>, export: Id, scope: Scope) -> Result<(), CatalogError> {
    const CLEAR: &str = "delete from export_clips where export_id = $1";
    const OF_CASE: &str = "insert into export_clips (export_id, clip_id) \
        select e.id, l.clip_id from exports e join case_links l on l.case_id = e.case_id where e.id = $1 \
        on conflict (export_id, clip_id) do nothing";
    const OF_INCIDENT: &str = "insert into export_clips (export_id, clip_id) \
        select e.id, l.clip_id from exports e join incident_clips l on l.incident_id = e.incident_id where e.id = $1 \
        on conflict (export_id, clip_id) do nothing";
    let sql = match scope {
        Scope::Case(_) => OF_CASE,
        Scope::Incident(_) => OF_INCIDENT,
        Scope::Clips => return Ok(()),
    };
    on!(conn.reborrow(), c => sqlx::query(CLEAR).bind(export.0).execute(c).await?.rows_affected());
    on!(conn, c => sqlx::query(sql).bind(export.0).execute(c).await?.rows_affected());
    Ok(())
}

/// Adds the sidecars of the clips that an export holds.
///
/// # Errors
/// When the database refuses.
pub async fn add_sidecars(conn: Conn<'_>, export: Id) -> Result<(), CatalogError> {
    const SQL: &str = "insert into export_clips (export_id, clip_id) \
        select x.export_id, c.id from export_clips x join clips c on c.sidecar_of = x.clip_id where x.export_id = $1 \
        on conflict (export_id, clip_id) do nothing";
    on!(conn, c => sqlx::query(SQL).bind(export.0).execute(c).await?.rows_affected());
    Ok(())
}

/// Number of clips of an export, and their bytes.
///
/// # Errors
/// When the database is away.
pub async fn weigh(conn: Conn<'_>, export: Id) -> Result<(u64, u64), CatalogError> {
    const SQL: &str = "select count(*), cast(coalesce(sum(c.size_bytes), 0) as bigint) \
        from export_clips x join clips c on c.id = x.clip_id where x.export_id = $1";
    let (files, bytes): (i64, i64) = on!(conn, c => sqlx::query_as(SQL).bind(export.0).fetch_one(c).await?);
    Ok((files.cast_unsigned(), bytes.cast_unsigned()))
}

/// The clips of an export after `after`, in the order of ids.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn clips_after(conn: Conn<'_>, export: Id, after: Id, limit: u32) -> Result<Vec<ExportClip>, CatalogError> {
    const SQL: &str = "select c.id, c.sha256, c.sm3, c.size_bytes, c.facts, c.entry_index, c.last_entry, x.export_entry \
        from export_clips x join clips c on c.id = x.clip_id \
        where x.export_id = $1 and x.clip_id > $2 order by x.clip_id limit $3";
    let rows: Vec<Row> = on!(conn, c => {
        sqlx::query_as(SQL).bind(export.0).bind(after.0).bind(i64::from(limit)).fetch_all(c).await?
    });
    rows.into_iter().map(ExportClip::try_from).collect()
}

/// Makes new entries the newest of clips; with an export they are those with its manifest.
///
/// # Errors
/// When the database refuses or one of the clips is not there.
pub async fn set_entries(
    mut conn: Conn<'_>,
    recorded_in: Option<Id>,
    entries: &[(Id, u64)],
) -> Result<(), CatalogError> {
    for some in entries.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("with v (id, entry) as (");
            q.push_values(some, |mut row, (clip, entry)| {
                row.push_bind(clip.0).push_bind(signed(*entry));
            });
            q.push(") update clips set last_entry = v.entry from v where clips.id = v.id");
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
        if rows != some.len() as u64 {
            let row = some.first().map_or(0, |(clip, _)| clip.0);
            return Err(CatalogError::RowCount { table: "clips", row, found: rows });
        }
        let Some(export) = recorded_in else { continue };
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("with v (id, entry) as (");
            q.push_values(some, |mut row, (clip, entry)| {
                row.push_bind(clip.0).push_bind(signed(*entry));
            });
            q.push(") update export_clips set export_entry = v.entry from v where export_clips.clip_id = v.id");
            q.push(" and export_clips.export_id = ").push_bind(export.0);
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}
