//! Tables of the ledger: entries, tiles and the newest checkpoint.

use sqlx::QueryBuilder;

use super::clips::signed;
use super::engine::{Conn, on};
use super::portions::portions;
use super::{CatalogError, one_row};
use crate::model::time::Micros;

/// Inserts entries, the first at `index`.
///
/// # Errors
/// When the database refuses, also when an index is taken.
pub async fn insert_entries(mut conn: Conn<'_>, index: u64, lines: &[Vec<u8>]) -> Result<(), CatalogError> {
    let numbered: Vec<(i64, &[u8])> = (signed(index)..).zip(lines.iter().map(Vec::as_slice)).collect();
    for some in portions(&numbered) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into ledger_entries (entry_index, line) ");
            q.push_values(some, |mut row, (index, line)| {
                row.push_bind(*index).push_bind(*line);
            });
            q.build().execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

/// The canonical lines of up to `limit` entries from `from` on, with their indices.
///
/// # Errors
/// When the database is away.
pub async fn entries(conn: Conn<'_>, from: u64, limit: u32) -> Result<Vec<(u64, Vec<u8>)>, CatalogError> {
    const SQL: &str =
        "select entry_index, line from ledger_entries where entry_index >= $1 order by entry_index limit $2";
    let rows: Vec<(i64, Vec<u8>)> = on!(conn, c => {
        sqlx::query_as(SQL).bind(signed(from)).bind(i64::from(limit)).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(|(index, line)| (index.cast_unsigned(), line)).collect())
}

/// Number of entries.
///
/// # Errors
/// When the database is away.
pub async fn count_entries(conn: Conn<'_>) -> Result<u64, CatalogError> {
    let (n,): (i64,) = on!(conn, c => sqlx::query_as("select count(*) from ledger_entries").fetch_one(c).await?);
    Ok(n.cast_unsigned())
}

/// Writes a tile; a partial one is replaced by its longer successor.
///
/// # Errors
/// When the database refuses.
pub async fn put_tile(conn: Conn<'_>, level: u8, index: u64, hashes: &[u8]) -> Result<(), CatalogError> {
    const SQL: &str = "insert into ledger_tiles (level, tile_index, hashes) values ($1, $2, $3) \
        on conflict (level, tile_index) do update set hashes = excluded.hashes";
    let rows = on!(conn, c => {
        sqlx::query(SQL).bind(i64::from(level)).bind(signed(index)).bind(hashes).execute(c).await?.rows_affected()
    });
    one_row("ledger_tiles", signed(index), rows)
}

/// The hashes of a tile.
///
/// # Errors
/// When the database is away.
pub async fn tile(conn: Conn<'_>, level: u8, index: u64) -> Result<Option<Vec<u8>>, CatalogError> {
    const SQL: &str = "select hashes from ledger_tiles where level = $1 and tile_index = $2";
    let row: Option<(Vec<u8>,)> = on!(conn, c => {
        sqlx::query_as(SQL).bind(i64::from(level)).bind(signed(index)).fetch_optional(c).await?
    });
    Ok(row.map(|(hashes,)| hashes))
}

/// The newest checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRow {
    /// Entries it covers.
    pub size: u64,
    /// The tree's root.
    pub root: Vec<u8>,
    /// The signed note.
    pub note: String,
    /// When it was signed.
    pub at: Micros,
}

/// Replaces the newest checkpoint.
///
/// # Errors
/// When the database refuses.
pub async fn put_checkpoint(conn: Conn<'_>, checkpoint: &CheckpointRow) -> Result<(), CatalogError> {
    const SQL: &str = "insert into ledger_checkpoint (id, size, root, note, at_us) values (1, $1, $2, $3, $4) \
        on conflict (id) do update set size = excluded.size, root = excluded.root, note = excluded.note, \
        at_us = excluded.at_us";
    let rows = on!(conn, c => {
        sqlx::query(SQL)
            .bind(signed(checkpoint.size))
            .bind(&checkpoint.root)
            .bind(&checkpoint.note)
            .bind(checkpoint.at.0)
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("ledger_checkpoint", 1, rows)
}

/// The newest checkpoint, when anything was ever appended.
///
/// # Errors
/// When the database is away.
pub async fn checkpoint(conn: Conn<'_>) -> Result<Option<CheckpointRow>, CatalogError> {
    const SQL: &str = "select size, root, note, at_us from ledger_checkpoint where id = 1";
    let row: Option<(i64, Vec<u8>, String, i64)> = on!(conn, c => sqlx::query_as(SQL).fetch_optional(c).await?);
    Ok(row.map(|(size, root, note, at)| CheckpointRow { size: size.cast_unsigned(), root, note, at: Micros(at) }))
}
