//! What lies in the vault, held against what the catalog says should: names and sizes, no bytes.
//!
//! Directory by directory, so that memory is a 256th of the catalog's digests.

use std::collections::HashMap;
use std::sync::Arc;

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
    for stray in vault.strays() {
        take(stray, findings);
    }
    for first in 0..=u8::MAX {
        let listed = Arc::clone(vault);
        // A listing that died is an empty one: each object is asked for before it is called missing.
        let listed = tokio::task::spawn_blocking(move || listed.objects_of(first)).await.unwrap_or_default();
        let mut there: HashMap<Sha256Digest, u64> = listed.into_iter().filter_map(|f| take(f, findings)).collect();
        holdings.objects += there.len() as u64;
        // After the listing: an object is there before its row.
        let mut reader = db.read().await?;
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
    holdings.unclaimed.sort_unstable();
    Ok(holdings)
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
