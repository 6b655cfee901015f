//! Removes the objects of destroyed clips from the vault.
//!
//! An object is removed within a transaction that finds its tombstone still due: whoever brings the same bytes back looks for the object
//! in a transaction of their own, and there is only one writer at a time. So either they find it and it stays, or they do not and
//! receive the file again. When the process dies in between, the tombstone is still due and the next call finds the object gone.

use std::sync::Arc;

use super::{Custody, CustodyError};
use crate::catalog::tombstones;

/// What is said of an object that could not be removed.
const STILL_THERE: &str = "a destroyed object is still there, it is tried again";

/// Removes what is due; gives how many objects. One that cannot be removed now is left for the next call.
///
/// # Errors
/// When the database refuses or is away.
pub async fn remove_due(custody: &Custody) -> Result<u64, CustodyError> {
    let (mut removed, mut after) = (0, None);
    loop {
        let mut reader = custody.db.read().await?;
        let next = tombstones::due(reader.conn(), after, 1).await?.pop();
        drop(reader);
        let Some(stone) = next else { return Ok(removed) };
        after = Some(stone.entry_index);
        let mut tx = custody.db.begin().await?;
        let before = stone.entry_index.checked_sub(1);
        let still = tombstones::due(tx.conn(), before, 1).await?.pop();
        if still.is_none_or(|still| still.entry_index != stone.entry_index) {
            continue;
        }
        let (of, sha256) = (Arc::clone(&custody.vault), stone.sha256);
        let gone = tokio::task::spawn_blocking(move || of.remove_object(sha256)).await;
        match gone {
            Ok(Ok(_)) => {
                tombstones::set_removed(tx.conn(), stone.entry_index, custody.clock.now()).await?;
                tx.commit().await?;
                tracing::info!(clip = %stone.clip_id, "object {sha256} is removed");
                removed += 1;
            }
            Ok(Err(error)) => tracing::error!(clip = %stone.clip_id, "{STILL_THERE}: {error}"),
            Err(error) => tracing::error!(clip = %stone.clip_id, "{STILL_THERE}: {error}"),
        }
    }
}
