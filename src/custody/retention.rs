//! The retention table in force, and what is due by it.

use std::collections::HashMap;

use super::act::Act;
use super::{Actor, Custody, CustodyError};
use crate::catalog::CatalogError;
use crate::catalog::engine::Conn;
use crate::catalog::retention::{self as rows, Known};
use crate::model::id::Id;
use crate::model::retention::{Announced, Settings, Standing, judge};
use crate::model::time::{DAY_US, Micros};

/// Announces the court's table in the ledger, when it is another than the one announced last. Gives its entry when it is new.
///
/// # Errors
/// When the database or the ledger refuses.
pub async fn announce(custody: &Custody) -> Result<Option<u64>, CustodyError> {
    let table = &custody.retention.table;
    // A look that only reads: mostly nothing changed.
    let mut reader = custody.db.read().await?;
    if is_in_force(&rows::announced(reader.conn()).await?, &custody.retention) {
        return Ok(None);
    }
    drop(reader);
    let mut act = Act::begin(custody).await?;
    if is_in_force(&rows::announced(act.conn()).await?, &custody.retention) {
        return Ok(None);
    }
    let entry = act.announce(&Actor::retention(), table).await?;
    act.commit().await?;
    tracing::warn!(entry, "a new retention table is announced; a shorter term counts in 30 days");
    Ok(Some(entry))
}

fn is_in_force(announced: &[Announced], settings: &Settings) -> bool {
    announced.last().is_some_and(|last| last.table == settings.table)
}

/// A clip with what retention says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What is known of it.
    pub known: Known,
    /// What follows.
    pub standing: Standing,
}

/// What retention says of these clips at `at`; those that are not there are left out.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn judge_all(
    mut conn: Conn<'_>,
    settings: &Settings,
    announced: &[Announced],
    clips: &[Id],
    at: Micros,
) -> Result<HashMap<Id, Judged>, CatalogError> {
    let known = rows::known(conn.reborrow(), settings, clips).await?;
    let judged = |(id, known): (Id, Known)| {
        let standing = judge(&known.facts, announced, at);
        (id, Judged { known, standing })
    };
    Ok(known.into_iter().map(judged).collect())
}

/// Clips looked at together.
const GROUP: u32 = 200;
/// Most groups that are looked at for one page: a page may be short, and the next goes on behind it.
const MOST_GROUPS: u32 = 50;

/// Clips that are due, in the order of ids.
#[derive(Debug, Default)]
pub struct DuePage {
    /// Those found.
    pub due: Vec<(Id, Standing)>,
    /// Behind which clip to go on; none: there are no more.
    pub next: Option<Id>,
}

/// A page of at most `limit` clips that are due at `at`, after the clip `after`.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn due(
    mut conn: Conn<'_>,
    settings: &Settings,
    after: Id,
    at: Micros,
    limit: usize,
) -> Result<DuePage, CatalogError> {
    let announced = rows::announced(conn.reborrow()).await?;
    let mut page = DuePage { next: Some(after), ..DuePage::default() };
    // No month is shorter than 28 days, so what arrived later is younger than every term.
    let shortest = announced.iter().flat_map(|a| a.table.rules()).filter_map(|rule| rule.months).min();
    let Some(shortest) = shortest else { return Ok(DuePage::default()) };
    let by = Micros(at.0.saturating_sub(i64::from(shortest) * 28 * DAY_US));
    for _ in 0..MOST_GROUPS {
        let from = page.next.unwrap_or(after);
        let ids = rows::candidates(conn.reborrow(), from, by, GROUP).await?;
        let judged = judge_all(conn.reborrow(), settings, &announced, &ids, at).await?;
        for id in &ids {
            page.next = Some(*id);
            let Some(Judged { standing, .. }) = judged.get(id).filter(|j| j.standing.is_due()) else { continue };
            page.due.push((*id, standing.clone()));
            if page.due.len() == limit {
                return Ok(page);
            }
        }
        if ids.len() < GROUP as usize {
            page.next = None;
            return Ok(page);
        }
    }
    Ok(page)
}
