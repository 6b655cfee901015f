//! This court asks others to cosign its newest checkpoint: at most once a minute, and at least once an hour, so that even while nothing
//! happens others know that nothing happened.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};

use super::client::{Answer, Client};
use super::peers::Peer;
use crate::catalog::CatalogError;
use crate::catalog::witness as rows;
use crate::custody::Custody;
use crate::ledger::prove::{ProveError, Prover};
use crate::ledger::witness::AddCheckpoint;
use crate::model::time::{Micros, SECOND_US};

/// The pause between two rounds.
const EVERY: Duration = Duration::from_secs(60);
/// After so long a round is made although nothing was appended.
const AT_LEAST_US: i64 = 3600 * SECOND_US;
/// Rounds that are looked through for what a witness cosigned last.
const LOOKED_BACK: u32 = 64;

/// A witness saw what this ledger does not have.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The ledger is older than what a witness cosigned.
    #[error(
        "见证人 {witness} 已见证 {seen} 条，账本现有 {size} 条：目录库是旧副本，或条目被删去；不再签署，请恢复最新的目录库 \
         the witness {witness} cosigned {seen} entries of this ledger, which has {size}: the catalog is an older copy, or its entries \
         were taken away. Nothing is signed any more. Put the newest catalog back"
    )]
    Behind {
        /// The witness.
        witness: String,
        /// Entries that it cosigned.
        seen: u64,
        /// Entries that are there.
        size: u64,
    },
    /// The ledger is another one than a witness cosigned.
    #[error(
        "见证人 {witness} 称本账本（{size} 条）与其见证过的不相延续：条目被替换，或旧副本被继续使用；不再签署，请运行 zhilu ledger verify \
         the witness {witness} says that this ledger of {size} entries does not extend what it cosigned: entries were exchanged, or an \
         older copy of the catalog was continued. Nothing is signed any more. Run `zhilu ledger verify`"
    )]
    Rewritten {
        /// The witness.
        witness: String,
        /// Entries that are there.
        size: u64,
    },
    /// The ledger cannot prove its newest checkpoint.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// What came cannot be kept.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl AskError {
    /// Whether this ledger is not the one that was witnessed: then nothing may be signed.
    pub fn is_fork(&self) -> bool {
        matches!(self, Self::Behind { .. } | Self::Rewritten { .. })
    }
}

/// What asks.
#[derive(Clone)]
pub struct Asker {
    custody: Custody,
    peers: Arc<[Peer]>,
    client: Client,
}

impl Asker {
    /// What asks those of `peers` that can be reached over the network; none when there are none.
    pub fn new(custody: Custody, peers: &[Peer]) -> Option<Self> {
        let peers: Arc<[Peer]> = peers.iter().filter(|peer| peer.url.is_some()).cloned().collect();
        (!peers.is_empty()).then(|| Self { custody, peers, client: Client::new() })
    }

    /// Asks each witness once and keeps what came; gives the size that was asked about and how many cosigned it. One that cannot be
    /// reached is told in the log.
    ///
    /// # Errors
    /// When a witness saw what this ledger does not have, or the ledger cannot prove itself.
    pub async fn round(&self) -> Result<(u64, usize), AskError> {
        let mut reader = self.custody.db.read().await?;
        let newest = Prover::newest(reader.conn(), self.custody.signer.verifier()).await?;
        let Some(mut prover) = newest else { return Ok((0, 0)) };
        let rounds = rows::cosigned(reader.conn(), 0, LOOKED_BACK).await?;
        let (size, mut note, mut cosigned) = (prover.head().size, prover.note().clone(), 0);
        for peer in self.peers.iter() {
            let mut old = peer.last_seen(&rounds).map(|(head, _)| head);
            // A witness that saw more than was kept here, as after a lost answer, says so once.
            for _ in 0..2 {
                let proof = match &old {
                    Some(head) => prover.extend(reader.conn(), head.size, &head.root).await?.unwrap_or_default(),
                    None => Vec::new(),
                };
                let request =
                    AddCheckpoint { old: old.as_ref().map_or(0, |h| h.size), proof, note: prover.note().clone() };
                match self.ask(peer, &request).await {
                    Reply::Cosigned(line) => {
                        match note.with_signatures(&line).map(|with| (peer.key.saw(&with), with)) {
                            Ok((Ok(Some(_)), with)) => (note, cosigned) = (with, cosigned + 1),
                            _ => tracing::error!(
                                "the witness {} answered with something else than its cosignature",
                                peer.name
                            ),
                        }
                        break;
                    }
                    Reply::Saw(seen) if seen > size => {
                        return Err(AskError::Behind { witness: peer.name.clone(), seen, size });
                    }
                    Reply::Saw(seen) if seen != request.old => {
                        old = match prover.head_at(reader.conn(), seen).await? {
                            Some(head) => Some(head),
                            None => break,
                        };
                    }
                    Reply::Saw(_) | Reply::Rewritten => {
                        return Err(AskError::Rewritten { witness: peer.name.clone(), size });
                    }
                    Reply::Nothing => break,
                }
            }
        }
        drop(reader);
        if cosigned > 0 {
            let mut tx = self.custody.db.begin().await?;
            rows::add_cosigned(tx.conn(), size, self.custody.clock.now(), &note.to_string()).await?;
            tx.commit().await?;
        }
        Ok((size, cosigned))
    }

    async fn ask(&self, peer: &Peer, request: &AddCheckpoint) -> Reply {
        let (client, body) = (self.client.clone(), request.to_string());
        let url = format!("{}/add-checkpoint", peer.url.as_deref().unwrap_or_default());
        let answered = spawn_blocking(move || client.post(&url, &body)).await;
        let answer = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::warn!("the witness {} can't be asked: {error}", peer.name);
                return Reply::Nothing;
            }
            Err(error) => {
                tracing::error!("the witness {} was not asked: {error}", peer.name);
                return Reply::Nothing;
            }
        };
        Reply::of(&answer).unwrap_or_else(|| {
            let said: String = String::from_utf8_lossy(&answer.body).chars().take(200).collect();
            tracing::warn!("the witness {} did not cosign: {} {said}", peer.name, answer.status);
            Reply::Nothing
        })
    }
}

/// What a witness answered.
enum Reply {
    /// The line of its cosignature.
    Cosigned(String),
    /// It saw so many entries last.
    Saw(u64),
    /// The proof does not lead from what it saw to this.
    Rewritten,
    /// Nothing that helps; the log says what.
    Nothing,
}

impl Reply {
    fn of(answer: &Answer) -> Option<Self> {
        let text = || std::str::from_utf8(&answer.body).ok();
        match answer.status {
            200 => Some(Self::Cosigned(text()?.to_owned())),
            409 => Some(Self::Saw(text()?.trim_ascii_end().parse().ok()?)),
            422 => Some(Self::Rewritten),
            _ => None,
        }
    }
}

/// Starts asking; ends soon after `stop`, or for good when this ledger is not the one that was witnessed: the daemon then ends too.
pub fn start(asker: Asker, stop: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::pin!(stop);
        let mut last = None;
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            let now = asker.custody.clock.now();
            if !is_due(last, newest_size(&asker).await, now) {
                continue;
            }
            match asker.round().await {
                Ok((size, cosigned)) if cosigned > 0 => last = Some((size, now)),
                Ok(_) => {}
                Err(error) if error.is_fork() => {
                    tracing::error!("{error}");
                    return;
                }
                Err(error) => tracing::warn!("witnesses are not asked, it is tried again: {error}"),
            }
        }
    })
}

/// Whether a round is to be made: `last` says up to which size the last one went, and when; `newest` is the size now.
fn is_due(last: Option<(u64, Micros)>, newest: Option<u64>, now: Micros) -> bool {
    last.is_none_or(|(size, at)| newest != Some(size) || now.0.saturating_sub(at.0) >= AT_LEAST_US)
}

async fn newest_size(asker: &Asker) -> Option<u64> {
    let mut reader = asker.custody.db.read().await.ok()?;
    crate::catalog::ledger::checkpoint(reader.conn()).await.ok()?.map(|row| row.size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_made_for_what_is_new_and_at_least_once_an_hour() {
        let at = |minutes: i64| Micros(minutes * 60 * SECOND_US);
        assert!(is_due(None, None, at(0)) && is_due(None, Some(3), at(0)), "the first");
        assert!(is_due(Some((3, at(0))), Some(4), at(1)), "something was appended");
        assert!(!is_due(Some((3, at(0))), Some(3), at(59)));
        assert!(is_due(Some((3, at(0))), Some(3), at(60)));
    }
}
