//! Keeping the entries of witnessed logs: what a court loses can be given back to it, and what it signed is recomputed by another.

use std::path::Path;
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};

use super::client::Client;
use super::peers::Watched;
use crate::catalog::CatalogError;
use crate::catalog::engine::Db;
use crate::catalog::witness::{self as rows, WitnessedRow};
use crate::ledger::bundle;
use crate::ledger::merkle::{Frontier, leaf_hash};
use crate::ledger::tile::{FULL_WIDTH, entries_path};

/// The pause between two looks.
const EVERY: Duration = Duration::from_secs(60);
/// Bundles that are fetched before they are kept.
const BUNDLES: usize = 16;

/// The mirror does not go on.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The other court does not give its entries.
    #[error("{url}: {message}")]
    Away {
        /// What was asked for.
        url: String,
        /// What came instead.
        message: String,
    },
    /// The entries are not those that were signed.
    #[error("{0}")]
    Rewritten(String),
}

/// Fetches what is missing of `watched` up to the newest checkpoint that was cosigned here; gives how many entries came.
///
/// # Errors
/// When they do not come, or do not hash to what was cosigned.
pub async fn follow(db: &Db, watched: &Watched) -> Result<u64, MirrorError> {
    let Some(url) = &watched.url else { return Ok(0) };
    let origin = watched.key.name().as_str();
    let client = Client::new();
    let mut came = 0;
    loop {
        let row = rows::witnessed(db.read().await?.conn(), origin).await?;
        let Some(row) = row.filter(|row| row.trouble.is_none() && row.mirrored < row.size) else { return Ok(came) };
        let Ok(mut frontier) = Frontier::from_bytes(&row.frontier) else {
            return Err(MirrorError::Rewritten(format!("what is kept of {origin} is damaged: table witnessed_logs")));
        };
        let from = frontier.size();
        let fetched = fetch(&client, url, &watched.token_file, from, row.size.cast_unsigned()).await?;
        for line in &fetched {
            frontier.append(leaf_hash(line));
        }
        came += fetched.len() as u64;
        keep(db, row, &frontier, from, &fetched).await?;
    }
}

/// Entries from `from` on, some bundles of them, none beyond `size`.
async fn fetch(
    client: &Client,
    url: &str,
    token_file: &Path,
    from: u64,
    size: u64,
) -> Result<Vec<Vec<u8>>, MirrorError> {
    let away = |url: &str, message: String| MirrorError::Away { url: url.to_owned(), message };
    let token =
        std::fs::read_to_string(token_file).map_err(|e| away(&token_file.display().to_string(), e.to_string()))?;
    let full = u64::from(FULL_WIDTH);
    let mut lines = Vec::new();
    let mut at = from;
    for _ in 0..BUNDLES {
        if at >= size {
            break;
        }
        let index = at / full;
        let width = (size - index * full).min(full);
        let path = entries_path(index, u16::try_from(width).unwrap_or(FULL_WIDTH));
        let asked = format!("{url}/api/v1/ledger/{path}");
        let (client, token, request) = (client.clone(), token.trim().to_owned(), asked.clone());
        let answered = spawn_blocking(move || client.get(&request, Some(&token))).await;
        let answer = answered.map_err(|e| away(&asked, e.to_string()))?.map_err(|e| away(&asked, e))?;
        if answer.status != 200 {
            return Err(away(&asked, format!("answered {}", answer.status)));
        }
        let found = bundle::lines(&answer.body).filter(|lines| lines.len() as u64 == width);
        let found = found.ok_or_else(|| away(&asked, format!("is no bundle of {width} entries")))?;
        let known = usize::try_from(at - index * full).unwrap_or(usize::MAX);
        lines.extend(found.into_iter().skip(known).map(<[u8]>::to_vec));
        at = index * full + width;
    }
    Ok(lines)
}

/// Keeps the lines; when they reach the checkpoint that was cosigned, they must hash to it.
async fn keep(
    db: &Db,
    mut row: WitnessedRow,
    frontier: &Frontier,
    from: u64,
    lines: &[Vec<u8>],
) -> Result<(), MirrorError> {
    let reached = frontier.size() == row.size.cast_unsigned();
    let trouble = (reached && frontier.root()[..] != row.root[..]).then(|| {
        format!("the entries of {} up to {} do not hash to the checkpoint that it signed", row.origin, row.size)
    });
    let mut tx = db.begin().await?;
    // It may have been cosigned further meanwhile; what is mirrored is this process's alone.
    if let Some(now) = rows::witnessed(tx.conn(), &row.origin).await? {
        (row.size, row.root) = (now.size, now.root);
    }
    match &trouble {
        Some(trouble) => row.trouble = Some(trouble.clone()),
        None => {
            rows::add_mirrored(tx.conn(), &row.origin, from, lines).await?;
            row.frontier = frontier.to_bytes();
            if reached {
                row.mirrored = frontier.size().cast_signed();
            }
        }
    }
    rows::put_witnessed(tx.conn(), &row).await?;
    tx.commit().await?;
    trouble.map_or(Ok(()), |trouble| Err(MirrorError::Rewritten(trouble)))
}

/// Starts following the logs; ends soon after `stop`.
pub fn start(db: Db, watched: Vec<Watched>, stop: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::pin!(stop);
        loop {
            for log in &watched {
                let followed = tokio::select! {
                    () = &mut stop => return,
                    followed = follow(&db, log) => followed,
                };
                match followed {
                    Ok(0) => {}
                    Ok(came) => tracing::info!("{came} entries of {} came into the mirror", log.key.name()),
                    Err(error @ MirrorError::Rewritten(_)) => tracing::error!("{error}"),
                    Err(error) => tracing::warn!("the mirror of {} waits: {error}", log.key.name()),
                }
            }
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    })
}
