//! Declaring that entries which were signed are lost: the newest catalog is gone for good, and an older copy goes on.
//!
//! Whoever holds a newer checkpoint sees for ever that this ledger does not extend it; the entry says so openly, from which size on, and
//! what the lost head was, so that it is an admitted loss and no hidden one. Witnesses refuse the ledger from then on: their keepers
//! decide.

use serde_json::Map;

use super::act::Act;
use super::guard::Forked;
use super::{Actor, Custody, CustodyError};
use crate::model::digest::to_hex;

/// What was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Entries that were signed.
    pub signed: u64,
    /// Entries that are there.
    pub kept: u64,
    /// The entry that declares it.
    pub entry: u64,
}

/// A loss cannot be declared.
#[derive(Debug, thiserror::Error)]
pub enum NotDeclared {
    /// Nothing is lost.
    #[error(
        "账本延续了此处签署过的一切，并无丢失 the ledger extends everything that was signed here: nothing is lost, so there is nothing to declare"
    )]
    NothingLost,
    /// There is nothing that loss could be seen by.
    #[error("此处从未保存过签署记录 no head was ever kept here")]
    NoGuard,
    /// It cannot be told.
    #[error(transparent)]
    Guard(#[from] Forked),
    /// The act could not be done.
    #[error(transparent)]
    Custody(#[from] CustodyError),
}

/// Writes an entry that says which head was lost, and why; everybody may read it. Afterwards the ledger is written again.
///
/// # Errors
/// When nothing is lost, or the entry cannot be written.
pub async fn declare(custody: &Custody, reason: &str) -> Result<Loss, NotDeclared> {
    let guard = custody.guard.as_ref().ok_or(NotDeclared::NoGuard)?;
    let mut act = Act::begin(custody).await?;
    let lost = guard.lost(act.conn(), custody.signer.verifier()).await?.ok_or(NotDeclared::NothingLost)?;
    let lost = lost.claimed_head();
    let kept = act.next_index();
    let public = Map::from_iter([
        ("event".to_owned(), "loss".into()),
        ("lost_root".to_owned(), to_hex(&lost.root).into()),
        ("lost_size".to_owned(), lost.size.into()),
        ("reason".to_owned(), reason.into()),
    ]);
    let entry = act.state(&Actor::operator(), public)?;
    if let Some(note) = act.commit_signed().await? {
        guard.begin_anew(&note);
    }
    Ok(Loss { signed: lost.size, kept, entry })
}
