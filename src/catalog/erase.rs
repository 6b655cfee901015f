//! What is erased of a clip that is destroyed: everything but its digests, its size, what its own entry shows to everybody, and who did
//! what when.

use sqlx::QueryBuilder;

use super::clips::{INSERTED_AT_ONCE, signed};
use super::engine::{Conn, on};
use super::{CatalogError, one_row};
use crate::model::id::Id;
use crate::model::media::MediaFacts;

/// What stands where a detail was: no detail is ever empty, because each names its actor.
pub const NO_DETAIL: &[u8] = b"{}";
/// What stands where a salt was.
pub const NO_SALT: [u8; 32] = [0; 32];

/// Erases all but the tombstone of a clip and makes `entry` its newest entry. Its search document is the caller's to renew.
///
/// Kept are uploads whose source was left where it was, or beside which a receipt lies: as long as the file is there, its name is what
/// tells that it was taken already.
///
/// # Errors
/// When the database refuses or there is no such clip.
pub async fn erase(mut conn: Conn<'_>, clip: Id, entry: u64) -> Result<(), CatalogError> {
    const EVENTS: &str = "update custody_events set detail = $2, salt = $3 where clip_id = $1 and entry_index < $4";
    on!(conn.reborrow(), c => {
        let query = sqlx::query(EVENTS).bind(clip.0).bind(NO_DETAIL).bind(NO_SALT.to_vec()).bind(signed(entry));
        query.execute(c).await?.rows_affected()
    });
    const ROWS: [&str; 6] = [
        "delete from clip_notes where clip_id = $1",
        "delete from case_links where clip_id = $1",
        "delete from case_refusals where clip_id = $1",
        "delete from fixity where clip_id = $1",
        "delete from receipts where state <> 'placed' and upload_id in (select id from uploads where clip_id = $1)",
        "delete from uploads where clip_id = $1 and (outcome is null or outcome <> 'kept') \
         and not exists (select 1 from receipts r where r.upload_id = uploads.id)",
    ];
    for sql in ROWS {
        on!(conn.reborrow(), c => sqlx::query(sql).bind(clip.0).execute(c).await?.rows_affected());
    }
    const CLIP: &str = "update clips set state = 'disposed', kind = $2, health = $3, facts = $4, important = 0, marked = 0, \
        doubts = '[]', name_us = null, sidecar_us = null, container_us = null, file_us = null, duration_ms = null, lat = null, \
        lon = null, recorder = null, officer = null, sequence = null, sidecar_facts = null, unfiled = 0, unfiled_reason = null, \
        last_entry = $5 where id = $1";
    let media = MediaFacts::default();
    // Words and options always serialize.
    let facts = serde_json::to_string(&media).unwrap_or_default();
    let rows = on!(conn, c => {
        sqlx::query(CLIP)
            .bind(clip.0)
            .bind(media.kind.as_str())
            .bind(media.health.as_str())
            .bind(&facts)
            .bind(signed(entry))
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("clips", clip.0, rows)
}

/// Which of these clips are destroyed.
///
/// # Errors
/// When the database is away.
pub async fn disposed_among(mut conn: Conn<'_>, clips: &[Id]) -> Result<Vec<Id>, CatalogError> {
    let mut disposed = Vec::new();
    for some in clips.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<(i64,)> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select id from clips where state = 'disposed' and id in (null");
            for clip in some {
                q.push(", ").push_bind(clip.0);
            }
            q.push(")");
            q.build_query_as().persistent(false).fetch_all(c).await?
        });
        disposed.extend(rows.into_iter().map(|(id,)| Id(id)));
    }
    Ok(disposed)
}
