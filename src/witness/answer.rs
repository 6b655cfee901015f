//! This court as a witness: what it is asked over the network or by a file is judged, kept, and then cosigned.

use crate::catalog::CatalogError;
use crate::catalog::engine::{Conn, Db};
use crate::catalog::witness::{self as rows, WitnessedRow};
use crate::clock::Clock;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::cosigner::CosignerKey;
use crate::ledger::merkle::{Frontier, Hash};
use crate::ledger::witness::{AddCheckpoint, Refusal, RequestError, Seen, judge};
use crate::model::time::SECOND_US;

use super::peers::Watched;

/// Why nothing is cosigned.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The bytes are no request.
    #[error(transparent)]
    Form(#[from] RequestError),
    /// The log is not one that this court witnesses.
    #[error("this witness does not know the log {0}")]
    UnknownLog(String),
    /// The checkpoint is not one to cosign.
    #[error(transparent)]
    Judged(#[from] Refusal),
    /// It cannot be kept.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// What was kept cannot be read.
    #[error("what is kept of the log {0} is damaged; look at the table witnessed_logs")]
    Damaged(String),
}

/// What a witness works with.
pub struct Witness<'a> {
    /// The catalog.
    pub db: &'a Db,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// The key that cosigns.
    pub key: &'a CosignerKey,
    /// The logs that are witnessed.
    pub watched: &'a [Watched],
}

impl Witness<'_> {
    /// Answers a request with the line of the cosignature. What was cosigned is durable before this returns.
    ///
    /// # Errors
    /// Why nothing is cosigned.
    pub async fn add_checkpoint(&self, body: &[u8]) -> Result<String, Refused> {
        let request = AddCheckpoint::parse(body)?;
        let origin = request.note.claimed_origin();
        let known = self.watched.iter().find(|watched| watched.key.name() == origin);
        let watched = known.ok_or_else(|| Refused::UnknownLog(origin.to_string()))?;
        // Nobody but the log makes this court write.
        request.note.verify(&watched.key).map_err(Refusal::Unsigned)?;
        let mut tx = self.db.begin().await?;
        let row = rows::witnessed(tx.conn(), origin.as_str()).await?;
        let head = judge(&seen(row.as_ref(), origin.as_str())?, &request, &watched.key).inspect_err(|refusal| {
            if refusal.is_rewritten() {
                tracing::error!("the log {origin} is not the one that was cosigned here before: {refusal}");
            }
        })?;
        let now = self.clock.now();
        let line = self.key.cosign(&request.note, now.0.div_euclid(SECOND_US).cast_unsigned());
        let note = request.note.with_signatures(&line).map_err(RequestError::Checkpoint)?.to_string();
        keep(tx.conn(), row, &head).await?;
        rows::add_witnessed_checkpoint(tx.conn(), origin.as_str(), head.size, now, &note).await?;
        tx.commit().await?;
        Ok(line)
    }
}

/// What was seen of the log last.
fn seen(row: Option<&WitnessedRow>, origin: &str) -> Result<Seen, Refused> {
    let Some(row) = row else { return Ok(Seen::nothing()) };
    let root = Hash::try_from(&row.root[..]).map_err(|_| Refused::Damaged(origin.to_owned()))?;
    Ok(Seen { size: row.size.cast_unsigned(), root })
}

async fn keep(conn: Conn<'_>, row: Option<WitnessedRow>, head: &Checkpoint) -> Result<(), CatalogError> {
    let mut row = row.unwrap_or_else(|| WitnessedRow {
        origin: head.origin.to_string(),
        size: 0,
        root: Vec::new(),
        mirrored: 0,
        frontier: Frontier::new().to_bytes(),
        trouble: None,
    });
    (row.size, row.root) = (head.size.cast_signed(), head.root.to_vec());
    rows::put_witnessed(conn, &row).await
}
