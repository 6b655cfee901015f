//! Table `custody_events`: what was done with each clip.

use sqlx::{FromRow, QueryBuilder};

use super::CatalogError;
use super::clips::{find, signed};
use super::engine::{Conn, on};
use super::portions::portions;
use crate::model::custody::EventKind;
use crate::model::id::Id;
use crate::model::time::Micros;

/// A row of `custody_events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustodyEvent {
    /// Its id.
    pub id: Id,
    /// The clip it is about.
    pub clip_id: Id,
    /// When.
    pub at: Micros,
    /// What was done.
    pub kind: EventKind,
    /// By whom: a token's id and role, or a part of the daemon.
    pub actor: String,
    /// The private detail, canonical JSON.
    pub detail: Vec<u8>,
    /// The salt through which its ledger entry commits to the detail.
    pub salt: [u8; 32],
    /// Its ledger entry.
    pub entry_index: u64,
}

/// Inserts events.
///
/// # Errors
/// When the database refuses.
pub async fn insert_all(mut conn: Conn<'_>, events: &[CustodyEvent]) -> Result<(), CatalogError> {
    const SQL: &str = "insert into custody_events (id, clip_id, at_us, kind, actor, detail, salt, entry_index) ";
    for some in portions(events) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new(SQL);
            q.push_values(some, |mut row, event| {
                row.push_bind(event.id.0)
                    .push_bind(event.clip_id.0)
                    .push_bind(event.at.0)
                    .push_bind(event.kind.as_str())
                    .push_bind(event.actor.as_str())
                    .push_bind(&event.detail[..])
                    .push_bind(event.salt.to_vec())
                    .push_bind(signed(event.entry_index));
            });
            q.build().execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

#[derive(FromRow)]
struct Row {
    id: i64,
    clip_id: i64,
    at_us: i64,
    kind: String,
    actor: String,
    detail: Vec<u8>,
    salt: Vec<u8>,
    entry_index: i64,
}

impl TryFrom<Row> for CustodyEvent {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let bad = |column, value| CatalogError::Undecodable { table: "custody_events", column, row: row.id, value };
        let index = u64::try_from(row.entry_index).map_err(|_| bad("entry_index", row.entry_index.to_string()))?;
        let salt = <[u8; 32]>::try_from(&row.salt[..]).map_err(|_| bad("salt", "not 32 bytes".to_owned()))?;
        let kind = find(EventKind::ALL, EventKind::as_str, &row.kind);
        Ok(Self {
            kind: kind.ok_or_else(|| bad("kind", row.kind.clone()))?,
            id: Id(row.id),
            clip_id: Id(row.clip_id),
            at: Micros(row.at_us),
            actor: row.actor,
            detail: row.detail,
            salt,
            entry_index: index,
        })
    }
}

/// A page of events after `after`, in the order of ids; of one clip, or of all.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn page(conn: Conn<'_>, clip: Option<Id>, after: Id, limit: u32) -> Result<Vec<CustodyEvent>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new(
            "select id, clip_id, at_us, kind, actor, detail, salt, entry_index from custody_events where id > ",
        );
        q.push_bind(after.0);
        if let Some(clip) = clip {
            q.push(" and clip_id = ").push_bind(clip.0);
        }
        q.push(" order by id limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(CustodyEvent::try_from).collect()
}

/// A page of a clip's events from the entry `from` on, in the order of their ledger entries: the clip's chain.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn chain(conn: Conn<'_>, clip: Id, from: u64, limit: u32) -> Result<Vec<CustodyEvent>, CatalogError> {
    const SQL: &str = "select id, clip_id, at_us, kind, actor, detail, salt, entry_index from custody_events \
        where clip_id = $1 and entry_index >= $2 order by entry_index limit $3";
    let rows: Vec<Row> = on!(conn, c => {
        sqlx::query_as(SQL).bind(clip.0).bind(signed(from)).bind(i64::from(limit)).fetch_all(c).await?
    });
    rows.into_iter().map(CustodyEvent::try_from).collect()
}
