use std::path::{Path, PathBuf};

use serde::Deserialize;

/// `[vault]`: the write-once store.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Vault {
    /// The vault's folder; empty: `vault` in the data directory.
    pub path: PathBuf,
    /// Also compute SM3 (GB/T 32905-2016) of every clip.
    pub sm3: bool,
    /// Free space in MiB that intake leaves on the vault's file system for the database and for people.
    pub reserve_mib: u64,
}

impl Default for Vault {
    fn default() -> Self {
        Self { path: PathBuf::new(), sm3: false, reserve_mib: 64 }
    }
}

impl Vault {
    pub(super) fn validate(&self) -> Result<(), String> {
        if self.reserve_mib > 1 << 30 {
            return Err("vault.reserve_mib: more than a pebibyte".to_owned());
        }
        Ok(())
    }

    /// The vault's folder.
    pub fn root(&self, data_dir: &Path) -> PathBuf {
        if self.path.as_os_str().is_empty() { data_dir.join("vault") } else { self.path.clone() }
    }
}
