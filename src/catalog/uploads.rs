//! Table `uploads`: every name and place that a clip arrived under.

use std::collections::HashSet;

use sqlx::{FromRow, QueryBuilder};

use super::clips::{INSERTED_AT_ONCE, find, signed};
use super::engine::{Conn, on};
use super::portions::{is_usual, padded, portions};
use super::{CatalogError, one_row};
use crate::model::digest::{Sha256Digest, to_hex};
use crate::model::id::Id;
use crate::model::time::Micros;
use crate::model::upload::UploadState;

/// A row of `uploads`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: Id,
    /// The clip that these bytes are.
    pub clip_id: Id,
    /// The upload folder, bytes as the file system has them.
    pub folder: Vec<u8>,
    /// The path below the folder; empty: the folder itself.
    pub dir: Vec<u8>,
    /// The file's name.
    pub name: Vec<u8>,
    /// The folded stem that a sidecar and its clip share.
    pub pair_key: Vec<u8>,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Modification time, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Change time, nanoseconds since 1970.
    pub ctime_ns: i64,
    /// Inode number.
    pub inode: u64,
    /// The name carries the key mark.
    pub important: bool,
    /// `keep`, `move` or `delete`.
    pub policy: String,
    /// The file itself became the vault's object.
    pub adopted: bool,
    /// Accepted, confirmed or released.
    pub state: UploadState,
    /// Why it does not go on; JSON.
    pub reason: Option<String>,
    /// When it was seen.
    pub arrived: Micros,
    /// When it was accepted.
    pub accepted: Micros,
    /// When it was confirmed.
    pub confirmed: Option<Micros>,
    /// When it was released.
    pub released: Option<Micros>,
    /// `kept`, `moved`, `deleted`, `gone` or `changed`.
    pub outcome: Option<String>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    clip_id: i64,
    folder: Vec<u8>,
    dir: Vec<u8>,
    name: Vec<u8>,
    pair_key: Vec<u8>,
    size_bytes: i64,
    mtime_ns: i64,
    ctime_ns: i64,
    inode: i64,
    important: i64,
    policy: String,
    adopted: i64,
    state: String,
    reason: Option<String>,
    arrived_us: i64,
    accepted_us: i64,
    confirmed_us: Option<i64>,
    released_us: Option<i64>,
    outcome: Option<String>,
}

const COLUMNS: &str = "id, clip_id, folder, dir, name, pair_key, size_bytes, mtime_ns, ctime_ns, inode, important, \
    policy, adopted, state, reason, arrived_us, accepted_us, confirmed_us, released_us, outcome";

impl TryFrom<Row> for Upload {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let bad = |column, value| CatalogError::Undecodable { table: "uploads", column, row: row.id, value };
        let state = find(UploadState::ALL, UploadState::as_str, &row.state);
        Ok(Self {
            state: state.ok_or_else(|| bad("state", row.state.clone()))?,
            size_bytes: u64::try_from(row.size_bytes).map_err(|_| bad("size_bytes", row.size_bytes.to_string()))?,
            id: Id(row.id),
            clip_id: Id(row.clip_id),
            folder: row.folder,
            dir: row.dir,
            name: row.name,
            pair_key: row.pair_key,
            mtime_ns: row.mtime_ns,
            ctime_ns: row.ctime_ns,
            inode: row.inode.cast_unsigned(),
            important: row.important != 0,
            policy: row.policy,
            adopted: row.adopted != 0,
            reason: row.reason,
            arrived: Micros(row.arrived_us),
            accepted: Micros(row.accepted_us),
            confirmed: row.confirmed_us.map(Micros),
            released: row.released_us.map(Micros),
            outcome: row.outcome,
        })
    }
}

const INSERT: &str = "insert into uploads (id, clip_id, folder, dir, name, pair_key, size_bytes, mtime_ns, ctime_ns, \
    inode, important, policy, adopted, state, reason, arrived_us, accepted_us, confirmed_us, released_us, outcome) ";

/// Inserts uploads.
///
/// # Errors
/// When the database refuses.
pub async fn insert_all(mut conn: Conn<'_>, uploads: &[Upload]) -> Result<(), CatalogError> {
    for some in portions(uploads) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new(INSERT);
            q.push_values(some, |mut row, u| {
                row.push_bind(u.id.0)
                    .push_bind(u.clip_id.0)
                    .push_bind(&u.folder[..])
                    .push_bind(&u.dir[..])
                    .push_bind(&u.name[..])
                    .push_bind(&u.pair_key[..])
                    .push_bind(signed(u.size_bytes))
                    .push_bind(u.mtime_ns)
                    .push_bind(u.ctime_ns)
                    .push_bind(u.inode.cast_signed())
                    .push_bind(i64::from(u.important))
                    .push_bind(u.policy.as_str())
                    .push_bind(i64::from(u.adopted))
                    .push_bind(u.state.as_str())
                    .push_bind(u.reason.as_deref())
                    .push_bind(u.arrived.0)
                    .push_bind(u.accepted.0)
                    .push_bind(u.confirmed.map(|t| t.0))
                    .push_bind(u.released.map(|t| t.0))
                    .push_bind(u.outcome.as_deref());
            });
            q.build().execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

/// Which of these places (folder, directory, pair key) a clip or sidecar has arrived at already.
///
/// # Errors
/// When the database is away.
pub async fn pairs_at(mut conn: Conn<'_>, places: &[PairPlace<'_>]) -> Result<HashSet<OwnedPairPlace>, CatalogError> {
    let mut taken = HashSet::new();
    for some in places.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<OwnedPairPlace> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("with v (folder, dir, pair_key) as (");
            q.push_values(padded(some), |mut row, (folder, dir, pair_key)| {
                row.push_bind(*folder).push_bind(*dir).push_bind(*pair_key);
            });
            q.push(
                ") select distinct v.folder, v.dir, v.pair_key from v join uploads u \
                 on u.folder = v.folder and u.dir = v.dir and u.pair_key = v.pair_key",
            );
            q.build_query_as().persistent(is_usual(some.len())).fetch_all(c).await?
        });
        taken.extend(rows);
    }
    Ok(taken)
}

/// Folder, directory below it and pair key: what a sidecar and its clip share.
pub type PairPlace<'a> = (&'a [u8], &'a [u8], &'a [u8]);
/// A [`PairPlace`] as a row holds it.
pub type OwnedPairPlace = (Vec<u8>, Vec<u8>, Vec<u8>);

const UPDATE: &str = "update uploads set size_bytes = $2, mtime_ns = $3, ctime_ns = $4, inode = $5, policy = $6, \
    adopted = $7, state = $8, reason = $9, confirmed_us = $10, released_us = $11, outcome = $12 where id = $1";

/// Writes what may change of an upload.
///
/// # Errors
/// When the database refuses or there is no such upload.
pub async fn update(conn: Conn<'_>, u: &Upload) -> Result<(), CatalogError> {
    let rows = on!(conn, c => {
        sqlx::query(UPDATE)
            .bind(u.id.0)
            .bind(signed(u.size_bytes))
            .bind(u.mtime_ns)
            .bind(u.ctime_ns)
            .bind(u.inode.cast_signed())
            .bind(&u.policy)
            .bind(i64::from(u.adopted))
            .bind(u.state.as_str())
            .bind(u.reason.as_deref())
            .bind(u.confirmed.map(|t| t.0))
            .bind(u.released.map(|t| t.0))
            .bind(u.outcome.as_deref())
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("uploads", u.id.0, rows)
}

/// The uploads with these ids that are there, in no order.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn get_all(mut conn: Conn<'_>, ids: &[Id]) -> Result<Vec<Upload>, CatalogError> {
    let mut uploads = Vec::with_capacity(ids.len());
    for some in ids.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select ");
            q.push(COLUMNS).push(" from uploads where id in (");
            let mut list = q.separated(", ");
            for id in some {
                list.push_bind(id.0);
            }
            q.push(")");
            q.build_query_as::<Row>().persistent(false).fetch_all(c).await?
        });
        for row in rows {
            uploads.push(Upload::try_from(row)?);
        }
    }
    Ok(uploads)
}

/// The upload of `clip` under this name and place, when it already arrived there.
///
/// # Errors
/// When the database is away or the row undecodable.
pub async fn find_at(
    conn: Conn<'_>,
    folder: &[u8],
    dir: &[u8],
    name: &[u8],
    clip: Id,
) -> Result<Option<Upload>, CatalogError> {
    on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from uploads where folder = ").push_bind(folder.to_vec());
        q.push(" and dir = ").push_bind(dir.to_vec()).push(" and name = ").push_bind(name.to_vec());
        q.push(" and clip_id = ").push_bind(clip.0).push(" order by id desc limit 1");
        q.build_query_as::<Row>().fetch_optional(c).await?
    })
    .map(Upload::try_from)
    .transpose()
}

/// Every arrival of a clip, oldest first.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn of_clip(conn: Conn<'_>, clip: Id) -> Result<Vec<Upload>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from uploads where clip_id = ").push_bind(clip.0).push(" order by id");
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(Upload::try_from).collect()
}

/// A name and place that a clip arrived under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// The clip.
    pub clip_id: Id,
    /// The upload folder, bytes as the file system has them.
    pub folder: Vec<u8>,
    /// The path below the folder; empty: the folder itself.
    pub dir: Vec<u8>,
    /// The file's name.
    pub name: Vec<u8>,
    /// When it was seen.
    pub at: Micros,
}

#[derive(FromRow)]
struct ArrivedRow {
    clip_id: i64,
    folder: Vec<u8>,
    dir: Vec<u8>,
    name: Vec<u8>,
    arrived_us: i64,
}

impl From<ArrivedRow> for Arrived {
    fn from(row: ArrivedRow) -> Self {
        let ArrivedRow { clip_id, folder, dir, name, arrived_us } = row;
        Self { clip_id: Id(clip_id), folder, dir, name, at: Micros(arrived_us) }
    }
}

/// The names and places of several clips; those of one clip oldest first.
///
/// # Errors
/// When the database is away.
pub async fn names_of_all(conn: Conn<'_>, clips: &[Id]) -> Result<Vec<Arrived>, CatalogError> {
    if clips.is_empty() {
        return Ok(Vec::new());
    }
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select clip_id, folder, dir, name, arrived_us from uploads where clip_id in (");
        let mut list = q.separated(", ");
        for clip in clips {
            list.push_bind(clip.0);
        }
        q.push(") order by clip_id, id");
        q.build_query_as::<ArrivedRow>().fetch_all(c).await?
    });
    Ok(rows.into_iter().map(Arrived::from).collect())
}

/// A sidecar under its first name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedSidecar {
    /// The clip it belongs to.
    pub clip_id: Id,
    /// The sidecar's own id.
    pub id: Id,
    /// Its digest.
    pub sha256: Sha256Digest,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The name it first arrived under.
    pub name: Vec<u8>,
}

#[derive(FromRow)]
struct SidecarRow {
    sidecar_of: i64,
    id: i64,
    sha256: Vec<u8>,
    size_bytes: i64,
    name: Vec<u8>,
}

impl TryFrom<SidecarRow> for AttachedSidecar {
    type Error = CatalogError;

    fn try_from(row: SidecarRow) -> Result<Self, CatalogError> {
        let bad = |column, value| CatalogError::Undecodable { table: "clips", column, row: row.id, value };
        let digest = <[u8; 32]>::try_from(&row.sha256[..]).map_err(|_| bad("sha256", to_hex(&row.sha256)))?;
        let size_bytes = u64::try_from(row.size_bytes).map_err(|_| bad("size_bytes", row.size_bytes.to_string()))?;
        let (clip_id, id) = (Id(row.sidecar_of), Id(row.id));
        Ok(Self { clip_id, id, sha256: Sha256Digest(digest), size_bytes, name: row.name })
    }
}

/// The sidecars of several clips; those of one clip oldest first.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn sidecars_of_all(conn: Conn<'_>, clips: &[Id]) -> Result<Vec<AttachedSidecar>, CatalogError> {
    if clips.is_empty() {
        return Ok(Vec::new());
    }
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new(
            "select s.sidecar_of, s.id, s.sha256, s.size_bytes, u.name from clips s join uploads u on u.id = \
             (select min(f.id) from uploads f where f.clip_id = s.id) where s.sidecar_of in (",
        );
        let mut list = q.separated(", ");
        for clip in clips {
            list.push_bind(clip.0);
        }
        q.push(") order by s.sidecar_of, s.id");
        q.build_query_as::<SidecarRow>().fetch_all(c).await?
    });
    rows.into_iter().map(AttachedSidecar::try_from).collect()
}

/// What tells a known file from a new or changed one.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct KnownFile {
    /// The id of its upload.
    pub id: i64,
    /// The file's name.
    pub name: Vec<u8>,
    /// Size in bytes, as stored.
    pub size_bytes: i64,
    /// Modification time, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Change time, nanoseconds since 1970.
    pub ctime_ns: i64,
}

/// Most files that [`known_in`] holds at a time.
const KNOWN_PAGE: usize = 2_048;

/// Calls `each` for every file that was accepted from one directory; constant memory, however many there are.
///
/// # Errors
/// When the database is away.
pub async fn known_in(
    mut conn: Conn<'_>,
    folder: &[u8],
    dir: &[u8],
    each: &mut dyn FnMut(&KnownFile),
) -> Result<(), CatalogError> {
    // In the order of the index `uploads_place`; a name may have several rows.
    const SQL: &str = "select id, name, size_bytes, mtime_ns, ctime_ns from uploads \
        where folder = $1 and dir = $2 and (name, id) > ($3, $4) order by name, id limit $5";
    let (mut name, mut id) = (Vec::new(), i64::MIN);
    loop {
        let page = on!(conn.reborrow(), c => {
            let query = sqlx::query_as::<_, KnownFile>(SQL).bind(folder).bind(dir).bind(&name).bind(id);
            query.bind(KNOWN_PAGE as i64).fetch_all(c).await?
        });
        page.iter().for_each(&mut *each);
        match page.into_iter().nth(KNOWN_PAGE - 1) {
            Some(last) => (name, id) = (last.name, last.id),
            None => return Ok(()),
        }
    }
}

/// Uploads that are not released yet, after `after`, in the order of ids.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn open_after(conn: Conn<'_>, after: Id, limit: u32) -> Result<Vec<Upload>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from uploads where state <> 'released' and id > ").push_bind(after.0);
        q.push(" order by id limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(Upload::try_from).collect()
}

/// Number of uploads from one upload folder that are not released and are held up by nothing.
///
/// # Errors
/// When the database is away.
pub async fn count_open(conn: Conn<'_>, folder: &[u8]) -> Result<u64, CatalogError> {
    const SQL: &str = "select count(*) from uploads where state <> 'released' and folder = $1 and reason is null";
    let (n,): (i64,) = on!(conn, c => sqlx::query_as(SQL).bind(folder).fetch_one(c).await?);
    Ok(n.cast_unsigned())
}

/// Which uploads to list.
#[derive(Debug, Clone, Default)]
pub struct UploadFilter {
    /// Only this state.
    pub state: Option<UploadState>,
    /// Only ids below this one.
    pub before: Option<Id>,
}

/// Accepted uploads, newest first, each with its clip's digest.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn list(conn: Conn<'_>, filter: &UploadFilter, limit: u32) -> Result<Vec<Upload>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from uploads where 1 = 1");
        if let Some(state) = filter.state {
            q.push(" and state = ").push_bind(state.as_str());
        }
        if let Some(before) = filter.before {
            q.push(" and id < ").push_bind(before.0);
        }
        q.push(" order by id desc limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(Upload::try_from).collect()
}

/// Number of clips that have no upload; none ever should.
///
/// # Errors
/// When the database is away.
pub async fn count_orphans(conn: Conn<'_>) -> Result<u64, CatalogError> {
    const SQL: &str = "select count(*) from clips c where c.state <> 'disposed' \
        and not exists (select 1 from uploads u where u.clip_id = c.id)";
    let (n,): (i64,) = on!(conn, c => sqlx::query_as(SQL).fetch_one(c).await?);
    Ok(n.cast_unsigned())
}
