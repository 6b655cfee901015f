//! Table `tombstones`: what was destroyed, with its digest, for ever; and which objects are still to be removed.

use sqlx::{FromRow, QueryBuilder};

use super::clips::{INSERTED_AT_ONCE, find, signed};
use super::engine::{Conn, on};
use super::{CatalogError, one_row};
use crate::model::digest::{Sha256Digest, to_hex};
use crate::model::disposal::ObjectFate;
use crate::model::id::Id;
use crate::model::time::Micros;

/// A row of `tombstones`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// Its `dispose` entry in the ledger.
    pub entry_index: u64,
    /// The clip.
    pub clip_id: Id,
    /// The disposal.
    pub disposal_id: Id,
    /// SHA-256 of what was destroyed.
    pub sha256: Sha256Digest,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The rule's id.
    pub rule: String,
    /// The entry that announced the rule's table.
    pub rules_entry: u64,
    /// The entry from which the clip was kept.
    pub from_entry: u64,
    /// The first instant at which it might be destroyed.
    pub allowed_from: Micros,
    /// When it was.
    pub at: Micros,
    /// What became of its object.
    pub object: ObjectFate,
    /// When its object was removed.
    pub removed: Option<Micros>,
    /// The ingestion by which the same bytes came back, and when.
    pub revived: Option<(u64, Micros)>,
}

#[derive(FromRow)]
struct Row {
    entry_index: i64,
    clip_id: i64,
    disposal_id: i64,
    sha256: Vec<u8>,
    size_bytes: i64,
    rule: String,
    rules_entry: i64,
    from_entry: i64,
    allowed_from_us: i64,
    at_us: i64,
    object: String,
    object_us: Option<i64>,
    revived_entry: Option<i64>,
    revived_us: Option<i64>,
}

const COLUMNS: &str = "entry_index, clip_id, disposal_id, sha256, size_bytes, rule, rules_entry, from_entry, \
    allowed_from_us, at_us, object, object_us, revived_entry, revived_us";

impl TryFrom<Row> for Tombstone {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let bad =
            |column, value| CatalogError::Undecodable { table: "tombstones", column, row: row.entry_index, value };
        let digest = <[u8; 32]>::try_from(&row.sha256[..]).map_err(|_| bad("sha256", to_hex(&row.sha256)))?;
        let object = find(ObjectFate::ALL, ObjectFate::as_str, &row.object);
        Ok(Self {
            entry_index: row.entry_index.cast_unsigned(),
            clip_id: Id(row.clip_id),
            disposal_id: Id(row.disposal_id),
            sha256: Sha256Digest(digest),
            size_bytes: row.size_bytes.cast_unsigned(),
            rules_entry: row.rules_entry.cast_unsigned(),
            from_entry: row.from_entry.cast_unsigned(),
            allowed_from: Micros(row.allowed_from_us),
            at: Micros(row.at_us),
            object: object.ok_or_else(|| bad("object", row.object.clone()))?,
            removed: row.object_us.map(Micros),
            revived: row.revived_entry.map(i64::cast_unsigned).zip(row.revived_us.map(Micros)),
            rule: row.rule,
        })
    }
}

/// Inserts a tombstone whose object is to be removed.
///
/// # Errors
/// When the database refuses.
pub async fn insert(conn: Conn<'_>, stone: &Tombstone) -> Result<(), CatalogError> {
    const SQL: &str = "insert into tombstones (entry_index, clip_id, disposal_id, sha256, size_bytes, rule, rules_entry, \
        from_entry, allowed_from_us, at_us, object) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(signed(stone.entry_index))
            .bind(stone.clip_id.0)
            .bind(stone.disposal_id.0)
            .bind(stone.sha256.0.to_vec())
            .bind(signed(stone.size_bytes))
            .bind(&stone.rule)
            .bind(signed(stone.rules_entry))
            .bind(signed(stone.from_entry))
            .bind(stone.allowed_from.0)
            .bind(stone.at.0)
            .bind(stone.object.as_str())
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// The tombstones of these clips, in the order of entries; one clip may have several.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn of_clips(mut conn: Conn<'_>, clips: &[Id]) -> Result<Vec<Tombstone>, CatalogError> {
    let mut found = Vec::new();
    for some in clips.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select ");
            q.push(COLUMNS).push(" from tombstones where clip_id in (null");
            for clip in some {
                q.push(", ").push_bind(clip.0);
            }
            q.push(") order by entry_index");
            q.build_query_as::<Row>().persistent(false).fetch_all(c).await?
        });
        found.extend(rows);
    }
    found.into_iter().map(Tombstone::try_from).collect()
}

/// Tombstones whose objects are to be removed, oldest first, after the entry `after`.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn due(conn: Conn<'_>, after: Option<u64>, limit: u32) -> Result<Vec<Tombstone>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from tombstones where object = 'due' and entry_index > ");
        q.push_bind(after.map_or(-1, signed)).push(" order by entry_index limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(Tombstone::try_from).collect()
}

/// Writes that an object was removed.
///
/// # Errors
/// When the database refuses or the tombstone is not there.
pub async fn set_removed(conn: Conn<'_>, entry: u64, at: Micros) -> Result<(), CatalogError> {
    const SQL: &str = "update tombstones set object = 'removed', object_us = $2 where entry_index = $1";
    let rows = on!(conn, c => sqlx::query(SQL).bind(signed(entry)).bind(at.0).execute(c).await?.rows_affected());
    one_row("tombstones", signed(entry), rows)
}

/// Writes that the same bytes came back by the ingestion `by`; an object that was not removed yet stays.
///
/// # Errors
/// When the database refuses or the tombstone is not there.
pub async fn set_revived(conn: Conn<'_>, entry: u64, by: u64, at: Micros) -> Result<(), CatalogError> {
    const SQL: &str = "update tombstones set revived_entry = $2, revived_us = $3, \
        object = case when object = 'due' then 'kept' else object end where entry_index = $1";
    let rows = on!(conn, c => {
        sqlx::query(SQL).bind(signed(entry)).bind(signed(by)).bind(at.0).execute(c).await?.rows_affected()
    });
    one_row("tombstones", signed(entry), rows)
}

/// Digests of destroyed clips that begin with the byte `first`, whose objects must not be in the vault; with the word for what became of
/// each.
///
/// # Errors
/// When the database is away.
pub async fn digests_of(conn: Conn<'_>, first: u8) -> Result<Vec<(Vec<u8>, String)>, CatalogError> {
    Ok(on!(conn, c => {
        let mut q = QueryBuilder::new(
            "select t.sha256, t.object from tombstones t join clips c on c.id = t.clip_id \
             where c.state = 'disposed' and t.entry_index = c.last_entry and c.sha256 >= ",
        );
        q.push_bind(vec![first]);
        if let Some(next) = first.checked_add(1) {
            q.push(" and c.sha256 < ").push_bind(vec![next]);
        }
        q.build_query_as().fetch_all(c).await?
    }))
}
