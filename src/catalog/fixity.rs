//! Tables `fixity` and `fixity_batches`: when each object was looked at last, and what was found.

use sqlx::{FromRow, QueryBuilder};

use super::CatalogError;
use super::clips::{INSERTED_AT_ONCE, find, signed};
use super::engine::{Conn, on};
use crate::model::digest::{Sha256Digest, Sm3Digest, to_hex};
use crate::model::fixity::{FixityResult, FixitySource};
use crate::model::id::Id;
use crate::model::time::Micros;

/// A row of `fixity`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixity {
    /// The clip whose object it is about.
    pub clip_id: Id,
    /// When it was looked at last.
    pub checked: Micros,
    /// What was found.
    pub result: FixityResult,
    /// What was found instead, when it is not equal.
    pub detail: Option<String>,
    /// When it was found equal last; none: never.
    pub verified: Option<Micros>,
    /// Who looked last.
    pub source: FixitySource,
    /// The ledger entry that records it: the clip's own, or that of a batch.
    pub entry_index: u64,
}

#[derive(FromRow)]
struct Row {
    clip_id: i64,
    checked_us: i64,
    result: String,
    detail: Option<String>,
    verified_us: Option<i64>,
    source: String,
    entry_index: i64,
}

const COLUMNS: &str = "clip_id, checked_us, result, detail, verified_us, source, entry_index";

impl TryFrom<Row> for Fixity {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let bad = |column, value: &str| CatalogError::Undecodable {
            table: "fixity",
            column,
            row: row.clip_id,
            value: value.to_owned(),
        };
        let result = find(FixityResult::ALL, FixityResult::as_str, &row.result);
        let source = find(FixitySource::ALL, FixitySource::as_str, &row.source);
        Ok(Self {
            clip_id: Id(row.clip_id),
            checked: Micros(row.checked_us),
            result: result.ok_or_else(|| bad("result", &row.result))?,
            detail: row.detail.clone(),
            verified: row.verified_us.map(Micros),
            source: source.ok_or_else(|| bad("source", &row.source))?,
            entry_index: row.entry_index.cast_unsigned(),
        })
    }
}

/// Writes what was found of objects, each once. When one was found equal last is kept where this time it is not.
///
/// # Errors
/// When the database refuses.
pub async fn put_all(mut conn: Conn<'_>, rows: &[Fixity]) -> Result<(), CatalogError> {
    const CONFLICT: &str = " on conflict (clip_id) do update set checked_us = excluded.checked_us, \
        result = excluded.result, detail = excluded.detail, \
        verified_us = coalesce(excluded.verified_us, fixity.verified_us), source = excluded.source, \
        entry_index = excluded.entry_index";
    for some in rows.chunks(INSERTED_AT_ONCE) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into fixity (");
            q.push(COLUMNS).push(") ");
            q.push_values(some, |mut values, row| {
                values
                    .push_bind(row.clip_id.0)
                    .push_bind(row.checked.0)
                    .push_bind(row.result.as_str())
                    .push_bind(row.detail.as_deref())
                    .push_bind(row.verified.map(|at| at.0))
                    .push_bind(row.source.as_str())
                    .push_bind(signed(row.entry_index));
            });
            q.push(CONFLICT);
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

/// The rows of these clips, in no order; those that were never looked at have none.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn get_all(mut conn: Conn<'_>, clips: &[Id]) -> Result<Vec<Fixity>, CatalogError> {
    let mut found = Vec::with_capacity(clips.len());
    for some in clips.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select ");
            q.push(COLUMNS).push(" from fixity where clip_id in (null");
            for clip in some {
                q.push(", ").push_bind(clip.0);
            }
            q.push(")");
            q.build_query_as::<Row>().persistent(false).fetch_all(c).await?
        });
        found.extend(rows);
    }
    found.into_iter().map(Fixity::try_from).collect()
}

/// A row of `fixity_batches`: objects that were found equal together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its id.
    pub id: Id,
    /// When it was recorded.
    pub at: Micros,
    /// By whom.
    pub actor: String,
    /// The private detail, canonical JSON.
    pub detail: Vec<u8>,
    /// The salt through which its ledger entry commits to the detail.
    pub salt: [u8; 32],
    /// Its ledger entry.
    pub entry_index: u64,
}

/// Inserts a batch.
///
/// # Errors
/// When the database refuses.
pub async fn insert_batch(conn: Conn<'_>, batch: &Batch) -> Result<(), CatalogError> {
    const SQL: &str = "insert into fixity_batches (id, at_us, actor, detail, salt, entry_index) \
        values ($1, $2, $3, $4, $5, $6)";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(batch.id.0)
            .bind(batch.at.0)
            .bind(&batch.actor)
            .bind(&batch.detail)
            .bind(batch.salt.to_vec())
            .bind(signed(batch.entry_index))
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// An object that is to be looked at: what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The clip.
    pub clip_id: Id,
    /// Its clip entry in the ledger.
    pub entry_index: u64,
    /// Its digest.
    pub sha256: Sha256Digest,
    /// SM3 of its bytes, when it was computed.
    pub sm3: Option<Sm3Digest>,
    /// Its size in bytes.
    pub size_bytes: u64,
}

#[derive(FromRow)]
struct TargetRow {
    id: i64,
    entry_index: i64,
    sha256: Vec<u8>,
    sm3: Option<Vec<u8>>,
    size_bytes: i64,
}

/// Rows whose digests cannot be some are no targets: they differ from their entries, and are named for that.
const WHOLE: &str = " and length(c.sha256) = 32 and (c.sm3 is null or length(c.sm3) = 32)";
const TARGET: &str = "c.id, c.entry_index, c.sha256, c.sm3, c.size_bytes";

impl TryFrom<TargetRow> for Target {
    type Error = CatalogError;

    fn try_from(row: TargetRow) -> Result<Self, CatalogError> {
        let bad = |column, value| CatalogError::Undecodable { table: "clips", column, row: row.id, value };
        let digest = |column, bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| bad(column, to_hex(bytes)));
        Ok(Self {
            clip_id: Id(row.id),
            entry_index: row.entry_index.cast_unsigned(),
            sha256: Sha256Digest(digest("sha256", &row.sha256)?),
            sm3: row.sm3.as_deref().map(|bytes| digest("sm3", bytes).map(Sm3Digest)).transpose()?,
            size_bytes: row.size_bytes.cast_unsigned(),
        })
    }
}

/// Which objects are to be looked at; every condition that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetFilter {
    /// Only those that were not found equal at or after this.
    pub unverified_since: Option<Micros>,
    /// Only those that were not looked at at or after this.
    pub unchecked_since: Option<Micros>,
}

macro_rules! push_filter {
    ($q:expr, $filter:expr) => {
        if let Some(since) = $filter.unverified_since {
            $q.push(" and (f.clip_id is null or f.result <> 'equal' or f.checked_us < ").push_bind(since.0).push(")");
        }
        if let Some(since) = $filter.unchecked_since {
            $q.push(" and (f.clip_id is null or f.checked_us < ").push_bind(since.0).push(")");
        }
    };
}

/// A page of objects after the clip `after`, in the order of clips.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn targets(
    conn: Conn<'_>,
    filter: &TargetFilter,
    after: Id,
    limit: u32,
) -> Result<Vec<Target>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(TARGET).push(" from clips c left join fixity f on f.clip_id = c.id where c.id > ").push_bind(after.0);
        push_filter!(q, filter);
        q.push(WHOLE).push(" order by c.id limit ").push_bind(i64::from(limit));
        q.build_query_as::<TargetRow>().fetch_all(c).await?
    });
    rows.into_iter().map(Target::try_from).collect()
}

/// Number and bytes of the objects that pass `filter`.
///
/// # Errors
/// When the database is away.
pub async fn weigh(conn: Conn<'_>, filter: &TargetFilter) -> Result<(u64, u64), CatalogError> {
    let (objects, bytes): (i64, i64) = on!(conn, c => {
        let mut q = QueryBuilder::new("select count(*), cast(coalesce(sum(c.size_bytes), 0) as bigint)");
        q.push(" from clips c left join fixity f on f.clip_id = c.id where 1 = 1");
        push_filter!(q, filter);
        q.push(WHOLE);
        q.build_query_as().fetch_one(c).await?
    });
    Ok((objects.cast_unsigned(), bytes.cast_unsigned()))
}

/// The objects of these clips, in the order of clips.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn targets_of(mut conn: Conn<'_>, clips: &[Id]) -> Result<Vec<Target>, CatalogError> {
    let mut found = Vec::with_capacity(clips.len());
    for some in clips.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select ");
            q.push(TARGET).push(" from clips c where c.id in (null");
            for clip in some {
                q.push(", ").push_bind(clip.0);
            }
            q.push(")").push(WHOLE).push(" order by c.id");
            q.build_query_as::<TargetRow>().persistent(false).fetch_all(c).await?
        });
        found.extend(rows);
    }
    found.into_iter().map(Target::try_from).collect()
}

/// Objects that were looked at last before `before`, those that waited longest first.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn due(conn: Conn<'_>, before: Micros, limit: u32) -> Result<Vec<Target>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(TARGET).push(" from fixity f join clips c on c.id = f.clip_id where f.checked_us < ");
        q.push_bind(before.0).push(WHOLE).push(" order by f.checked_us, f.clip_id limit ").push_bind(i64::from(limit));
        q.build_query_as::<TargetRow>().fetch_all(c).await?
    });
    rows.into_iter().map(Target::try_from).collect()
}

/// Objects that were never looked at though they arrived before `before`, oldest first: what the intake could not confirm.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn never_checked(conn: Conn<'_>, before: Micros, limit: u32) -> Result<Vec<Target>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        // Every clip that was confirmed has a row; the others have an index of their own.
        q.push(TARGET).push(" from clips c where c.state in ('accepted', 'matched') and c.arrived_us < ");
        q.push_bind(before.0).push(" and not exists (select 1 from fixity f where f.clip_id = c.id)");
        q.push(WHOLE).push(" order by c.id limit ").push_bind(i64::from(limit));
        q.build_query_as::<TargetRow>().fetch_all(c).await?
    });
    rows.into_iter().map(Target::try_from).collect()
}

/// How far the objects are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Figures {
    /// Objects that clips name.
    pub objects: i64,
    /// Of them, those that were found equal at or after the instant that was asked for, and not found otherwise since.
    pub recent: i64,
    /// Those that were never found equal.
    pub never: i64,
    /// Those that were not found equal when they were looked at last.
    pub failing: i64,
    /// The object that waits longest was found equal then, in microseconds since 1970.
    pub oldest_us: Option<i64>,
}

/// Counts; reads the whole table.
///
/// # Errors
/// When the database is away.
pub async fn figures(conn: Conn<'_>, since: Micros) -> Result<Figures, CatalogError> {
    const SQL: &str = "select k.objects, f.recent, k.objects - f.ever as never, f.failing, f.oldest_us from \
        (select count(*) as objects from clips) k cross join \
        (select count(case when result = 'equal' and checked_us >= $1 then 1 end) as recent, \
            count(verified_us) as ever, count(case when result <> 'equal' then 1 end) as failing, \
            min(case when result = 'equal' then checked_us end) as oldest_us from fixity) f";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(since.0).fetch_one(c).await?))
}

/// Number of objects that were not found equal when they were looked at last.
///
/// # Errors
/// When the database is away.
pub async fn count_failing(conn: Conn<'_>) -> Result<u64, CatalogError> {
    const SQL: &str = "select count(*) from fixity where result <> 'equal'";
    let (n,): (i64,) = on!(conn, c => sqlx::query_as(SQL).fetch_one(c).await?);
    Ok(n.cast_unsigned())
}

/// Objects that were not found equal when they were looked at last, newest first, before the place `before` of that order; with
/// `since`, only those that were looked at at or after it.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn failing(
    conn: Conn<'_>,
    since: Option<Micros>,
    before: Option<(Micros, Id)>,
    limit: u32,
) -> Result<Vec<(Fixity, Sha256Digest)>, CatalogError> {
    #[derive(FromRow)]
    struct Joined {
        #[sqlx(flatten)]
        row: Row,
        sha256: Vec<u8>,
    }
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push("f.clip_id, f.checked_us, f.result, f.detail, f.verified_us, f.source, f.entry_index, c.sha256");
        q.push(" from fixity f join clips c on c.id = f.clip_id where f.result <> 'equal'");
        if let Some(since) = since {
            q.push(" and f.checked_us >= ").push_bind(since.0);
        }
        if let Some((at, clip)) = before {
            q.push(" and (f.checked_us, f.clip_id) < (").push_bind(at.0).push(", ").push_bind(clip.0).push(")");
        }
        q.push(" order by f.checked_us desc, f.clip_id desc limit ").push_bind(i64::from(limit));
        q.build_query_as::<Joined>().fetch_all(c).await?
    });
    let read = |joined: Joined| {
        let bad = |bytes: &[u8]| CatalogError::Undecodable {
            table: "clips",
            column: "sha256",
            row: joined.row.clip_id,
            value: to_hex(bytes),
        };
        let digest = joined.sha256[..].try_into().map_err(|_| bad(&joined.sha256))?;
        Ok((Fixity::try_from(joined.row)?, Sha256Digest(digest)))
    };
    rows.into_iter().map(read).collect()
}
