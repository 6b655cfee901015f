//! Tables of witnessing: what this court cosigned and mirrors of other courts' logs, and what others cosigned of its own.

use sqlx::{FromRow, QueryBuilder};

use super::CatalogError;
use super::clips::signed;
use super::engine::{Conn, on};
use super::portions::portions;
use crate::model::time::Micros;

/// What is known of a log that this court witnesses.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct WitnessedRow {
    /// The log's origin.
    pub origin: String,
    /// Entries at the newest checkpoint that was cosigned.
    pub size: i64,
    /// The tree's root there.
    pub root: Vec<u8>,
    /// Entries that are kept here and hash to a cosigned root.
    pub mirrored: i64,
    /// The tree's right edge over the entries that are kept.
    pub frontier: Vec<u8>,
    /// Why the mirror does not go on.
    pub trouble: Option<String>,
}

/// What is known of the log `origin`, when it was ever cosigned.
///
/// # Errors
/// When the database is away.
pub async fn witnessed(conn: Conn<'_>, origin: &str) -> Result<Option<WitnessedRow>, CatalogError> {
    const SQL: &str = "select origin, size, root, mirrored, frontier, trouble from witnessed_logs where origin = $1";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(origin).fetch_optional(c).await?))
}

/// Writes what is known of a log.
///
/// # Errors
/// When the database refuses.
pub async fn put_witnessed(conn: Conn<'_>, row: &WitnessedRow) -> Result<(), CatalogError> {
    const SQL: &str = "insert into witnessed_logs (origin, size, root, mirrored, frontier, trouble) \
        values ($1, $2, $3, $4, $5, $6) on conflict (origin) do update set size = excluded.size, root = excluded.root, \
        mirrored = excluded.mirrored, frontier = excluded.frontier, trouble = excluded.trouble";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(&row.origin)
            .bind(row.size)
            .bind(&row.root)
            .bind(row.mirrored)
            .bind(&row.frontier)
            .bind(&row.trouble)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// Keeps a checkpoint of another log that was cosigned here.
///
/// # Errors
/// When the database refuses.
pub async fn add_witnessed_checkpoint(
    conn: Conn<'_>,
    origin: &str,
    size: u64,
    at: Micros,
    note: &str,
) -> Result<(), CatalogError> {
    const SQL: &str = "insert into witnessed_checkpoints (origin, size, at_us, note) values ($1, $2, $3, $4) \
        on conflict (origin, size, at_us) do nothing";
    on!(conn, c => {
        sqlx::query(SQL).bind(origin).bind(signed(size)).bind(at.0).bind(note).execute(c).await?.rows_affected()
    });
    Ok(())
}

/// The newest checkpoint of another log that was cosigned here.
///
/// # Errors
/// When the database is away.
pub async fn newest_witnessed(conn: Conn<'_>, origin: &str) -> Result<Option<String>, CatalogError> {
    const SQL: &str = "select note from witnessed_checkpoints where origin = $1 order by size desc, at_us desc limit 1";
    let row: Option<(String,)> = on!(conn, c => sqlx::query_as(SQL).bind(origin).fetch_optional(c).await?);
    Ok(row.map(|(note,)| note))
}

/// Keeps entries of another log, the first at `index`.
///
/// # Errors
/// When the database refuses.
pub async fn add_mirrored(mut conn: Conn<'_>, origin: &str, index: u64, lines: &[Vec<u8>]) -> Result<(), CatalogError> {
    let numbered: Vec<(i64, &[u8])> = (signed(index)..).zip(lines.iter().map(Vec::as_slice)).collect();
    for some in portions(&numbered) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into mirrored_entries (origin, entry_index, line) ");
            q.push_values(some, |mut row, (index, line)| {
                row.push_bind(origin).push_bind(*index).push_bind(*line);
            });
            q.build().execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

/// The lines of up to `limit` mirrored entries from `from` on, with their indices.
///
/// # Errors
/// When the database is away.
pub async fn mirrored(
    conn: Conn<'_>,
    origin: &str,
    from: u64,
    limit: u32,
) -> Result<Vec<(u64, Vec<u8>)>, CatalogError> {
    const SQL: &str = "select entry_index, line from mirrored_entries where origin = $1 and entry_index >= $2 \
        order by entry_index limit $3";
    let rows: Vec<(i64, Vec<u8>)> = on!(conn, c => {
        sqlx::query_as(SQL).bind(origin).bind(signed(from)).bind(i64::from(limit)).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(|(index, line)| (index.cast_unsigned(), line)).collect())
}

/// Keeps a checkpoint of this court's ledger with the cosignatures that came in one round.
///
/// # Errors
/// When the database refuses.
pub async fn add_cosigned(conn: Conn<'_>, size: u64, at: Micros, note: &str) -> Result<(), CatalogError> {
    const SQL: &str = "insert into cosigned_checkpoints (size, at_us, note) values ($1, $2, $3) \
        on conflict (size, at_us) do update set note = excluded.note";
    on!(conn, c => sqlx::query(SQL).bind(signed(size)).bind(at.0).bind(note).execute(c).await?.rows_affected());
    Ok(())
}

/// A page of the checkpoints of this court's ledger that witnesses cosigned, the newest first; those of more than `size` entries only.
///
/// # Errors
/// When the database is away.
pub async fn cosigned(conn: Conn<'_>, size: u64, limit: u32) -> Result<Vec<(Micros, String)>, CatalogError> {
    const SQL: &str =
        "select at_us, note from cosigned_checkpoints where size > $1 order by size desc, at_us desc limit $2";
    let rows: Vec<(i64, String)> = on!(conn, c => {
        sqlx::query_as(SQL).bind(signed(size)).bind(i64::from(limit)).fetch_all(c).await?
    });
    Ok(rows.into_iter().map(|(at, note)| (Micros(at), note)).collect())
}
