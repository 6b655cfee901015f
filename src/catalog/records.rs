//! What the rows say of each ledger entry, entry by entry; for those who check the one against the other.

use sqlx::{FromRow, QueryBuilder};

use super::CatalogError;
use super::clips::signed;
use super::engine::{Conn, on};

/// The word for the subject of a batch of looks at objects, which is none of a single thing.
pub const OBJECTS: &str = "objects";

/// What an entry commits to, and what it is about: a custody event, an amendment or a batch of looks at objects.
#[derive(Debug, Clone, FromRow)]
pub struct SealedRow {
    /// Its ledger entry.
    pub entry_index: i64,
    /// `clip`, `action`, `incident`, [`OBJECTS`], …: the kind of what it is about.
    pub subject: String,
    /// The id of what it is about; of a batch: its own.
    pub subject_id: i64,
    /// When, in microseconds since 1970.
    pub at_us: i64,
    /// What was done, in a stable word.
    pub kind: String,
    /// The private detail.
    pub detail: Vec<u8>,
    /// The salt through which the entry commits to the detail.
    pub salt: Vec<u8>,
}

/// The events, amendments and batches of the entries from `from` up to, not with, `to`, in their order.
///
/// # Errors
/// When the database is away.
pub async fn sealed(conn: Conn<'_>, from: u64, to: u64) -> Result<Vec<SealedRow>, CatalogError> {
    const SQL: &str = "select entry_index, 'clip' as subject, clip_id as subject_id, at_us, kind, detail, salt \
        from custody_events where entry_index >= $1 and entry_index < $2 \
        union all select entry_index, subject, subject_id, at_us, kind, detail, salt \
        from amendments where entry_index >= $1 and entry_index < $2 \
        union all select entry_index, 'objects', id, at_us, 'fixity_check', detail, salt \
        from fixity_batches where entry_index >= $1 and entry_index < $2 order by entry_index";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(signed(from)).bind(signed(to)).fetch_all(c).await?))
}

/// What a clip's own entry must say.
#[derive(Debug, Clone, FromRow)]
pub struct ClipRow {
    /// Its ledger entry.
    pub entry_index: i64,
    /// The clip's id.
    pub id: i64,
    /// Its digest.
    pub sha256: Vec<u8>,
    /// SM3 of its bytes, when the court asks for it.
    pub sm3: Option<Vec<u8>>,
    /// Its size in bytes.
    pub size_bytes: i64,
}

/// The clips whose own entries lie from `from` up to, not with, `to`, in the order of the entries.
///
/// # Errors
/// When the database is away.
pub async fn clips(conn: Conn<'_>, from: u64, to: u64) -> Result<Vec<ClipRow>, CatalogError> {
    const SQL: &str = "select entry_index, id, sha256, sm3, size_bytes from clips \
        where entry_index >= $1 and entry_index < $2 order by entry_index";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(signed(from)).bind(signed(to)).fetch_all(c).await?))
}

/// What a row of `fixity` claims.
#[derive(Debug, Clone, FromRow)]
pub struct FixityRow {
    /// The ledger entry that records the look.
    pub entry_index: i64,
    /// The clip.
    pub clip_id: i64,
    /// The clip's own entry.
    pub clip_entry: i64,
    /// When its object was looked at, in microseconds since 1970.
    pub checked_us: i64,
    /// What was found, in a word.
    pub result: String,
    /// When it was found equal last.
    pub verified_us: Option<i64>,
}

/// The rows of `fixity` that name the entries from `from` up to, not with, `to`.
///
/// # Errors
/// When the database is away.
pub async fn fixity(conn: Conn<'_>, from: u64, to: u64) -> Result<Vec<FixityRow>, CatalogError> {
    const SQL: &str = "select f.entry_index, f.clip_id, c.entry_index as clip_entry, f.checked_us, f.result, f.verified_us \
        from fixity f join clips c on c.id = f.clip_id where f.entry_index >= $1 and f.entry_index < $2";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(signed(from)).bind(signed(to)).fetch_all(c).await?))
}

/// A row that names an entry.
#[derive(Debug, Clone, FromRow)]
pub struct NamingRow {
    /// The entry.
    pub entry_index: i64,
    /// What kind of row it is.
    pub subject: String,
    /// Its id.
    pub id: i64,
}

/// Rows that name entries from `size` on, some of each kind: those with the highest.
///
/// # Errors
/// When the database is away.
pub async fn beyond(mut conn: Conn<'_>, size: u64) -> Result<Vec<NamingRow>, CatalogError> {
    const MOST: i64 = 100;
    const NAMING: [(&str, &str); 5] = [
        ("clip", "id, entry_index from clips"),
        ("custody_event", "id, entry_index from custody_events"),
        ("amendment", "id, entry_index from amendments"),
        ("fixity_batch", "id, entry_index from fixity_batches"),
        ("fixity", "clip_id as id, entry_index from fixity"),
    ];
    let mut found = Vec::new();
    for (subject, columns) in NAMING {
        let rows: Vec<NamingRow> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select '");
            q.push(subject).push("' as subject, ").push(columns).push(" where entry_index >= ").push_bind(signed(size));
            q.push(" order by entry_index desc limit ").push_bind(MOST);
            q.build_query_as().fetch_all(c).await?
        });
        found.extend(rows);
    }
    Ok(found)
}

/// Something with a chain of entries, and the newest of them.
#[derive(Debug, Clone, FromRow)]
pub struct HeadRow {
    /// `clip`, `action` or `incident`.
    pub subject: String,
    /// Its id.
    pub id: i64,
    /// Its newest entry.
    pub last_entry: i64,
}

/// Everything with a chain of entries, after `after` (subject and id), in that order.
///
/// # Errors
/// When the database is away.
pub async fn heads(conn: Conn<'_>, after: (&str, i64), limit: u32) -> Result<Vec<HeadRow>, CatalogError> {
    // In the order of the words, one after another, so that each page is a walk along one primary key.
    const SUBJECTS: [(&str, &str); 3] = [
        ("action", "select 'action' as subject, id, last_entry from actions where id > $1 order by id limit $2"),
        ("clip", "select 'clip' as subject, id, last_entry from clips where id > $1 order by id limit $2"),
        ("incident", "select 'incident' as subject, id, last_entry from incidents where id > $1 order by id limit $2"),
    ];
    let mut conn = conn;
    for (subject, sql) in SUBJECTS.into_iter().filter(|(subject, _)| *subject >= after.0) {
        let id = if subject == after.0 { after.1 } else { i64::MIN };
        let rows: Vec<HeadRow> = on!(conn.reborrow(), c => {
            sqlx::query_as(sql).bind(id).bind(i64::from(limit)).fetch_all(c).await?
        });
        if !rows.is_empty() {
            return Ok(rows);
        }
    }
    Ok(Vec::new())
}

/// The highest entry, signed or not.
///
/// # Errors
/// When the database is away.
pub async fn last_entry(conn: Conn<'_>) -> Result<Option<u64>, CatalogError> {
    const SQL: &str = "select max(entry_index) from ledger_entries";
    let (last,): (Option<i64>,) = on!(conn, c => sqlx::query_as(SQL).fetch_one(c).await?);
    Ok(last.map(i64::cast_unsigned))
}
