//! The daemon's scrub: every object is read again and compared within the days that were promised, while nothing is being received.
//!
//! What is due stands in the table of fixity, so a restart goes on where the last run was. While nothing is due it asks the catalog once
//! a minute and writes nothing. Several daemons on one catalog do not know of each other's scrub: they may read an object twice, and
//! record it once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::look::{Effort, Lookers, Seen};
use super::verify::record_patiently;
use crate::catalog::CatalogError;
use crate::catalog::fixity::{self, Target};
use crate::custody::fixity::Look;
use crate::custody::{Custody, CustodyError};
use crate::model::fixity::{FixityResult, FixitySource};
use crate::model::time::{DAY_US, Micros};
use crate::vault::{LocalVault, ReadFrom};

/// How often it asks what is due while nothing is.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How often it asks whether something is being received, while it reads.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// How long looks that found nothing wait to be recorded together.
const RECORD_AFTER: Duration = Duration::from_secs(600);
/// Objects that are chosen at a time: as many as one entry of the ledger stands for.
const CHOSEN: u32 = 1024;
/// How long confirming an upload is left to the intake, in days.
const CONFIRM_DAYS: i64 = 1;

/// What the scrub works with.
pub struct Deps {
    /// The catalog, the clock, and what records.
    pub custody: Custody,
    /// The objects.
    pub vault: Arc<LocalVault>,
    /// The promise: every object within so many days.
    pub every_days: u32,
    /// Most bytes that are read in a second; 0: as fast as it goes.
    pub rate_bytes: u64,
    /// Whether something is being received now.
    pub is_receiving: Box<dyn Fn() -> bool + Send + Sync>,
    /// What was done since the start.
    pub totals: Arc<Totals>,
}

/// What was done since the start.
#[derive(Debug, Default)]
pub struct Totals {
    /// Objects that were looked at.
    pub objects: AtomicU64,
    /// Bytes of them.
    pub bytes: AtomicU64,
    /// Objects that were not equal.
    pub failed: AtomicU64,
}

/// Starts the scrub; it ends soon after `stop`, and records what it found until then.
pub fn start(deps: Deps, stop: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
    tokio::spawn(run(deps, stop))
}

/// A turn of the scrub was not possible.
#[derive(Debug, thiserror::Error)]
enum ScrubError {
    #[error(transparent)]
    Custody(#[from] CustodyError),
    #[error("no thread can be made: {0}")]
    Thread(std::io::Error),
    #[error("the vault is not there: {0}")]
    Away(String),
}

impl From<CatalogError> for ScrubError {
    fn from(error: CatalogError) -> Self {
        Self::Custody(error.into())
    }
}

async fn run(deps: Deps, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    let effort = Arc::new(Effort::new(ReadFrom::Device, deps.rate_bytes));
    while !effort.is_stopping() {
        let turn = turn(&deps, &effort);
        tokio::pin!(turn);
        let turned = tokio::select! {
            turned = &mut turn => turned,
            () = &mut stop => {
                // The look under way ends at its next block; those before it are recorded.
                effort.stop();
                turn.await
            }
        };
        let pause = match turned {
            Ok(0) => LOOK_EVERY,
            Ok(_) => Duration::ZERO,
            Err(error) => {
                tracing::warn!("the scrub waits, it is tried again: {error}");
                LOOK_EVERY
            }
        };
        if effort.is_stopping() {
            return;
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Looks at some of what is due and records it; gives how many objects that were.
async fn turn(deps: &Deps, effort: &Arc<Effort>) -> Result<usize, ScrubError> {
    let Due { targets, is_late } = due(deps).await?;
    if targets.is_empty() {
        return Ok(0);
    }
    let mut lookers = Lookers::start(&deps.vault, &deps.custody.clock, effort, 1).map_err(ScrubError::Thread)?;
    let (began, mut looks, mut done) = (Instant::now(), Vec::new(), 0);
    for target in targets {
        lookers.give(target);
        match watch(deps, effort, &mut lookers, is_late).await {
            Some(Seen::Look(look)) => {
                let failed = tell(deps, &look);
                looks.push(look);
                done += 1;
                if failed {
                    record_patiently(&deps.custody, FixitySource::Scrub, &looks).await?;
                    looks.clear();
                }
            }
            Some(Seen::Away(error)) => {
                // What was read before the vault went away was read.
                record_patiently(&deps.custody, FixitySource::Scrub, &looks).await?;
                return Err(ScrubError::Away(error));
            }
            Some(Seen::Stopped) | None => break,
        }
        if began.elapsed() >= RECORD_AFTER {
            break;
        }
    }
    record_patiently(&deps.custody, FixitySource::Scrub, &looks).await?;
    Ok(done)
}

/// Objects to look at.
struct Due {
    targets: Vec<Target>,
    /// The promise is broken for one of them: receiving is not waited for any more.
    is_late: bool,
}

async fn due(deps: &Deps) -> Result<Due, CatalogError> {
    let now = deps.custody.clock.now();
    let before = |us: i64| Micros(now.0.saturating_sub(us));
    let promise_us = i64::from(deps.every_days) * DAY_US;
    let mut reader = deps.custody.db.read().await?;
    // The last quarter of the promise is for the work and for times in which the daemon does not run.
    let mut targets = fixity::due(reader.conn(), before(promise_us / 4 * 3), CHOSEN).await?;
    let is_late = !targets.is_empty() && !fixity::due(reader.conn(), before(promise_us), 1).await?.is_empty();
    if targets.is_empty() {
        targets = fixity::never_checked(reader.conn(), before(CONFIRM_DAYS * DAY_US), CHOSEN).await?;
    }
    Ok(Due { targets, is_late })
}

/// Waits for the look under way; holds it while something is being received.
async fn watch(deps: &Deps, effort: &Effort, lookers: &mut Lookers, is_late: bool) -> Option<Seen> {
    let mut every = tokio::time::interval(ASK_EVERY);
    let next = lookers.next();
    tokio::pin!(next);
    loop {
        tokio::select! {
            seen = &mut next => return seen,
            _ = every.tick() => effort.pause(!is_late && (deps.is_receiving)()),
        }
    }
}

/// Counts a look, and says what is wrong; whether something is.
fn tell(deps: &Deps, look: &Look) -> bool {
    deps.totals.objects.fetch_add(1, Ordering::Relaxed);
    deps.totals.bytes.fetch_add(look.target.size_bytes, Ordering::Relaxed);
    if look.result == FixityResult::Equal {
        return false;
    }
    deps.totals.failed.fetch_add(1, Ordering::Relaxed);
    let (clip, sha256, result) = (look.target.clip_id, look.target.sha256, look.result.as_str());
    let detail = look.detail.as_deref().unwrap_or_default();
    tracing::error!(%clip, %sha256, result, "the object of clip {clip} is {result}: {detail}");
    true
}
