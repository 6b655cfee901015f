//! Renews in the background what was noted to be renewed: after an upgrade everything, after a change to a register a part.

use std::time::Duration;

use super::index;
use crate::catalog::CatalogError;
use crate::catalog::engine::Db;
use crate::model::time::UtcOffset;

/// How often it looks for what was noted; the look reads and writes nothing.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Renews until `stop`; a group under way is ended. Failures are logged, and what failed is tried again.
pub async fn run(db: Db, offset: UtcOffset, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    let mut adopted = false;
    loop {
        let pause = match turn(&db, offset, &mut adopted).await {
            Ok(0) => LOOK_EVERY,
            // Others may write between two groups.
            Ok(_) => Duration::ZERO,
            Err(error) => {
                tracing::warn!("search documents are not renewed now: {error}");
                LOOK_EVERY * 3
            }
        };
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn turn(db: &Db, offset: UtcOffset, adopted: &mut bool) -> Result<usize, CatalogError> {
    if !*adopted {
        index::adopt(db).await?;
        *adopted = true;
    }
    if index::is_settled(db.read().await?.conn()).await? { Ok(0) } else { index::drain_group(db, offset).await }
}
