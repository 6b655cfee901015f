//! The promise that every object is looked at within so many days, in figures.

use serde::Serialize;

use crate::catalog::CatalogError;
use crate::catalog::engine::Db;
use crate::catalog::fixity;
use crate::model::time::{DAY_US, Micros};

/// How far the promise is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The promise, in days.
    pub every_days: u32,
    /// Objects that clips name.
    pub objects: u64,
    /// Of them, those that were found equal within the promise, and not found otherwise since.
    pub within_promise: u64,
    /// Those that were not: never, longer ago, or found otherwise since.
    pub beyond_promise: u64,
    /// Those that were never found equal.
    pub never_verified: u64,
    /// Those that were not found equal when they were looked at last.
    pub failing: u64,
    /// When the one that waits longest was found equal.
    pub oldest_at: Option<Micros>,
    /// When that one is due again.
    pub next_due_at: Option<Micros>,
}

/// Counts; reads the whole table of fixity.
///
/// # Errors
/// When the database is away.
pub async fn coverage(db: &Db, every_days: u32, now: Micros) -> Result<Coverage, CatalogError> {
    let promise_us = i64::from(every_days) * DAY_US;
    let mut reader = db.read().await?;
    let found = fixity::figures(reader.conn(), Micros(now.0.saturating_sub(promise_us))).await?;
    let oldest_at = found.oldest_us.map(Micros);
    Ok(Coverage {
        every_days,
        objects: found.objects.cast_unsigned(),
        within_promise: found.recent.cast_unsigned(),
        beyond_promise: (found.objects - found.recent).cast_unsigned(),
        never_verified: found.never.cast_unsigned(),
        failing: found.failing.cast_unsigned(),
        oldest_at,
        next_due_at: oldest_at.map(|at| Micros(at.0.saturating_add(promise_us))),
    })
}
