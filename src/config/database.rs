use std::path::{Path, PathBuf};

use serde::Deserialize;

/// `[database]`: where the catalog is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:PATH`; empty: `catalog.sqlite` in the data directory.
    pub url: String,
}

impl Database {
    pub(super) fn validate(&self) -> Result<(), String> {
        if self.url.is_empty() || self.url.starts_with("sqlite:") {
            return Ok(());
        }
        let scheme = self.url.split(':').next().unwrap_or_default();
        Err(format!("database.url: the scheme `{scheme}` is not supported; give sqlite:PATH, or leave it empty"))
    }

    /// The database file.
    pub fn sqlite_path(&self, data_dir: &Path) -> PathBuf {
        match self.url.strip_prefix("sqlite:") {
            Some(path) => PathBuf::from(path.strip_prefix("//").unwrap_or(path)),
            None => data_dir.join("catalog.sqlite"),
        }
    }
}
