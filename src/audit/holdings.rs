//! What lies in the vault, held against what the catalog says should: names and sizes, no bytes.
//!
//! Directory by directory, so that memory is a 256th of the catalog's digests.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::finding::Findings;
use crate::catalog::CatalogError;
use crate::catalog::clips;
use crate::catalog::engine::Db;
use crate::model::digest::Sha256Digest;
use crate::vault::{Found, LocalVault, VaultError};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    /// Objects in the vault.
    pub(super) objects: u64,
    /// Objects that no clip names: litter of an interrupted intake, taken up when the file is received again.
    pub(super) unclaimed: Vec<String>,
}

/// Compares the whole vault; what is missing, too short, too long or was not put there by the vault is a finding.
///
/// # Errors
/// When the database is away.
pub(super) async fn compare(
    db: &Db,
    vault: &Arc<LocalVault>,
    findings: &mut Findings,
) -> Result<Holdings, CatalogError> {
    let mut holdings = Holdings::default();
    let mut directories = 0;
    for stray in vault.strays() {
        take(stray, findings);
    }
    let mut listings = list(Arc::clone(vault));
    let mut reader = db.read().await?;
    while let Some((first, listed)) = listings.recv().await {
        let mut there: HashMap<Sha256Digest, u64> = listed.into_iter().filter_map(|f| take(f, findings)).collect();
        directories += 1;
        holdings.objects += there.len() as u64;
        // After the listing: an object is there before its row.
        for row in clips::with_digests_of(reader.conn(), first).await? {
            let Ok(digest) = row.sha256[..].try_into().map(Sha256Digest) else {
                findings.add("row_altered", "clips", format!("a digest has {} bytes", row.sha256.len()));
                continue;
            };
            let size = there.remove(&digest);
            compare_one(vault, digest, row.size_bytes.cast_unsigned(), size, findings);
        }
        holdings.unclaimed.extend(there.into_keys().map(|digest| digest.to_string()));
    }
    if directories != 256 {
        // The listing thread died: what it did not list was not compared.
        findings.add("vault_unreadable", "vault", format!("{directories} of 256 directories could be listed"));
    }
    holdings.unclaimed.sort_unstable();
    Ok(holdings)
}

/// What a directory of the vault holds, with the byte that its digests begin with.
type Listing = (u8, Vec<Result<Found, VaultError>>);

/// Lists one directory after the other on a thread of its own, as fast as they are compared.
fn list(vault: Arc<LocalVault>) -> mpsc::Receiver<Listing> {
    let (listed, listings) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        for first in 0..=u8::MAX {
            if listed.blocking_send((first, vault.objects_of(first))).is_err() {
                return;
            }
        }
    });
    listings
}

fn take(found: Result<Found, VaultError>, findings: &mut Findings) -> Option<(Sha256Digest, u64)> {
    match found {
        Ok(Found::Object { sha256, size_bytes }) => return Some((sha256, size_bytes)),
        Ok(Found::Stray(path)) => findings.add("object_extra", path.display(), "the vault did not put it there"),
        Err(error) => findings.add("vault_unreadable", "vault", error),
    }
    None
}

/// An object of which `listed` is the size, if it was listed.
fn compare_one(
    vault: &LocalVault,
    digest: Sha256Digest,
    expected_bytes: u64,
    listed: Option<u64>,
    findings: &mut Findings,
) {
    // What was published since the listing is asked for by its name.
    let found = listed.map_or_else(|| vault.object_len(digest), |size| Ok(Some(size)));
    match found {
        Ok(Some(size)) if size == expected_bytes => {}
        Ok(Some(size)) => {
            let code = if size < expected_bytes { "object_truncated" } else { "object_altered" };
            findings.add(code, digest, format!("{size} bytes, the catalog says {expected_bytes}"));
        }
        Ok(None) => findings.add("object_missing", digest, "it is not in the vault"),
        Err(error) => findings.add("object_altered", digest, error),
    }
}
