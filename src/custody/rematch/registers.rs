//! Matching anew after a register changed, in the background: a recorder may have had another holder, and what was in no register may
//! be in one now.

use std::time::Duration;

use super::pending::resume;
use super::{GROUP, Look, settle};
use crate::catalog::footage::{self, Makers};
use crate::catalog::rematch_makers::{self, MakerKind};
use crate::catalog::{CatalogError, actions};
use crate::custody::act::Act;
use crate::custody::{Actor, Custody, CustodyError};
use crate::model::time::Micros;

/// How often [`keep_up`] looks for what was noted; the look reads and writes nothing.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Notes, within the act that changes a register, that the clips of these are to be matched anew.
///
/// # Errors
/// When the database refuses.
pub async fn note(act: &mut Act<'_>, kind: MakerKind, who: &[&str]) -> Result<(), CustodyError> {
    Ok(rematch_makers::add(act.conn(), kind, who).await?)
}

/// Matches a group of what was noted in a transaction of its own. Gives whether something may be left.
async fn group(custody: &Custody) -> Result<bool, CustodyError> {
    let mut act = Act::begin(custody).await?;
    let Some(maker) = rematch_makers::first(act.conn()).await? else { return Ok(false) };
    let who = vec![maker.who.clone()];
    let makers = match maker.kind {
        MakerKind::Officer => Makers { officers: who, ..Makers::default() },
        MakerKind::Recorder => Makers { recorders: who, ..Makers::default() },
    };
    let from = maker.after.map_or(Micros(i64::MIN), |(at, _)| at);
    let span = (from, Micros(i64::MAX));
    let clips = footage::by_makers(act.conn(), &makers, span, maker.after, custody.utc_offset, GROUP).await?;
    match clips.last().filter(|_| clips.len() == GROUP as usize) {
        Some(last) => rematch_makers::advance(act.conn(), &maker, (last.footage.start, last.id)).await?,
        None => rematch_makers::remove(act.conn(), &maker).await?,
    }
    // What an officer is called never ties a clip; only what an unfiled one says of its officer may be otherwise.
    let concerned = clips.into_iter().filter(|clip| maker.kind == MakerKind::Recorder || clip.unfiled);
    settle(&mut act, Look::anew(concerned.map(|clip| clip.id).collect()), &Actor::matching()).await?;
    act.commit().await?;
    Ok(true)
}

/// Matches all that was noted.
///
/// # Errors
/// When the database or the ledger refuses; what is left stays noted.
pub async fn drain(custody: &Custody) -> Result<(), CustodyError> {
    while group(custody).await? {}
    Ok(())
}

/// Whether nothing is noted. A look that only reads: a writer would have to wait for its turn.
async fn is_settled(custody: &Custody) -> Result<bool, CatalogError> {
    let mut reader = custody.db.read().await?;
    let actions = actions::to_rematch(reader.conn(), 1).await?;
    Ok(actions.is_empty() && rematch_makers::first(reader.conn()).await?.is_none())
}

/// Matches what was noted, and what a process that ended left of changed actions, until `stop`; a group under way is ended. Failures are
/// logged, and what failed is tried again.
pub async fn keep_up(custody: Custody, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    loop {
        let pause = match turn(&custody).await {
            Ok(false) => LOOK_EVERY,
            // Others may write between two groups.
            Ok(true) => Duration::ZERO,
            Err(error) => {
                tracing::warn!("clips are not matched anew now: {error}");
                LOOK_EVERY * 3
            }
        };
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn turn(custody: &Custody) -> Result<bool, CustodyError> {
    if is_settled(custody).await? {
        return Ok(false);
    }
    // Neither keeps the other from its turn.
    let (actions, makers) = (resume(custody).await, group(custody).await);
    actions.and(makers)
}
