//! Opens what a court's data directory holds: catalog, vault, ledger key.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::catalog::engine::{Db, Location};
use crate::catalog::{CatalogError, ledger as rows};
use crate::clock::{SharedClock, random_bytes};
use crate::config::{Config, read_password};
use crate::custody::Custody;
use crate::ledger::key::{KeyError, KeyName, SignerKey};
use crate::ledger::log::{self, LogError};
use crate::matching::Rules;
use crate::media::name::{NamePatterns, NameTemplateError};
use crate::model::id::IdGenerator;
use crate::model::time::SECOND_US;
use crate::vault::durable;
use crate::vault::{LocalVault, Opened, Recovered, VaultError};

/// The data directory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file or directory.
    #[error("{}: {error}", path.display())]
    Path {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// The vault.
    #[error("vault: {0}")]
    Vault(#[from] VaultError),
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The log does not verify.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The ledger's key.
    #[error("ledger key {}: {error}", path.display())]
    Key {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        error: KeyError,
    },
    /// The key is missing although the log has entries.
    #[error("the ledger has {size} entries, but its key {} is missing; restore it from the backup, or copy it from another daemon of this catalog", path.display())]
    KeyMissing {
        /// Where it should be.
        path: PathBuf,
        /// Entries in the log.
        size: u64,
    },
    /// The ledger's name was changed.
    #[error("court.ledger_name is {configured}, but the key in {} is {found}'s; a ledger's name can't be changed", path.display())]
    Renamed {
        /// The key file.
        path: PathBuf,
        /// What the configuration says.
        configured: String,
        /// What the key says.
        found: String,
    },
    /// A template of file names.
    #[error("intake.names: {0}")]
    Template(#[from] NameTemplateError),
}

/// An opened data directory.
pub struct Store {
    /// Acts on evidence.
    pub custody: Custody,
    /// The vault.
    pub vault: Arc<LocalVault>,
    /// Moved sources that processes which ended did not finish; the intake takes them up.
    pub recovered: Vec<Recovered>,
}

impl Store {
    /// Opens everything and does the cheap checks: the log's right edge must hash to the signed root.
    ///
    /// # Errors
    /// When something cannot be opened or does not verify; the message says what and where.
    pub async fn open(config: &Config, clock: SharedClock) -> Result<Self, OpenError> {
        make_dir(&config.data_dir)?;
        let opened = LocalVault::open(&config.vault.root(&config.data_dir))?;
        Self::with(config, clock, opened).await
    }

    /// Opens everything as [`Store::open`] does, for a command that takes nothing in: what an intake that ended left in the vault stays
    /// for the next one.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn look(config: &Config, clock: SharedClock) -> Result<Self, OpenError> {
        let vault = LocalVault::look(&config.vault.root(&config.data_dir))?;
        Self::with(config, clock, Opened { vault, recovered: Vec::new() }).await
    }

    async fn with(config: &Config, clock: SharedClock, opened: Opened) -> Result<Self, OpenError> {
        let Opened { vault, recovered } = opened;
        let data_dir = &config.data_dir;
        let db = Db::open(&location(config)?).await?;
        let keys = data_dir.join("keys");
        // Where there is no key yet, one process of those that share the catalog and the data directory makes it.
        let first = if keys.join(KEY_FILE).exists() { None } else { Some(db.begin().await?) };
        let mut reader = db.read().await?;
        let checkpoint = rows::checkpoint(reader.conn()).await?;
        log::load(reader.conn()).await?;
        drop(reader);
        let signer = open_key(&keys, &config.court.ledger_name, checkpoint.as_ref().map_or(0, |c| c.size))?;
        log::check_signer(checkpoint.as_ref(), &signer)?;
        drop(first);
        let custody = custody(config, clock, db, signer)?;
        Ok(Self { custody, vault: Arc::new(vault), recovered })
    }
}

/// A data directory opened to be looked at, whatever its state: the checks of a start would end at the first damage.
pub struct Exhibit {
    /// The catalog.
    pub db: Db,
    /// The vault.
    pub vault: Arc<LocalVault>,
    /// Acts on evidence, where the ledger's key is at hand.
    pub custody: Result<Custody, OpenError>,
}

impl Exhibit {
    /// Opens what is there and makes nothing but the vault's directory for this process.
    ///
    /// # Errors
    /// When the catalog or the vault is not there or cannot be opened.
    pub async fn open(config: &Config, clock: SharedClock) -> Result<Self, OpenError> {
        let root = config.vault.root(&config.data_dir);
        if !LocalVault::exists(&root) {
            let error =
                io::Error::new(io::ErrorKind::NotFound, "there is no whole vault here; is its file system mounted?");
            return Err(OpenError::Path { path: root, error });
        }
        let vault = Arc::new(LocalVault::look(&root)?);
        let db = Db::open(&location(config)?).await?;
        // Some size but 0, so that no key is ever made here.
        let signer = open_key(&config.data_dir.join("keys"), &config.court.ledger_name, 1);
        let custody = signer.and_then(|signer| custody(config, clock, db.clone(), signer));
        Ok(Self { db, vault, custody })
    }
}

fn custody(config: &Config, clock: SharedClock, db: Db, signer: SignerKey) -> Result<Custody, OpenError> {
    let path = || config.data_dir.join("keys");
    let seed = random_bytes::<8>().map_err(|error| OpenError::Path { path: path(), error })?;
    Ok(Custody {
        db,
        clock,
        ids: Arc::new(IdGenerator::new(u64::from_le_bytes(seed))),
        signer: Arc::new(signer),
        patterns: Arc::new(NamePatterns::new(&config.intake.names)?),
        utc_offset: config.court.utc_offset,
        incidents: Arc::new(config.incidents.settings()),
        rules: rules(config),
    })
}

fn rules(config: &Config) -> Rules {
    Rules {
        buffer_us: i64::from(config.matching.buffer_s) * SECOND_US,
        segment_gap_us: i64::from(config.matching.segment_gap_s) * SECOND_US,
        utc_offset: config.court.utc_offset,
    }
}

/// Where the configuration says that the catalog is; the password is read from its file.
///
/// # Errors
/// When the URL does not do or the file cannot be read.
pub fn location(config: &Config) -> Result<Location, OpenError> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let url = config.database.url(&config.data_dir);
    let password = match config.database.password_path(credentials.as_deref()) {
        Some(path) if !url.starts_with("sqlite:") => {
            Some(read_password(&path).map_err(|error| OpenError::Path { path, error })?)
        }
        _ => None,
    };
    Ok(Location::parse(&url, password.as_ref().map(|p| p.as_str()))?)
}

fn make_dir(path: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o750).create(path);
    made.map_err(|error| OpenError::Path { path: path.to_owned(), error })
}

/// The ledger's key, below `keys`.
const KEY_FILE: &str = "ledger.key";

/// Reads the ledger's key below `keys`, or makes one when the log is empty (`size` is 0).
///
/// # Errors
/// When it cannot be read or made, is missing or another ledger's.
pub fn open_key(keys: &Path, ledger_name: &str, size: u64) -> Result<SignerKey, OpenError> {
    let path = keys.join(KEY_FILE);
    let failed = |error: io::Error| OpenError::Path { path: path.clone(), error };
    let key = match std::fs::read_to_string(&path) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            SignerKey::from_text(&text).map_err(|error| OpenError::Key { path: path.clone(), error })?
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound && size > 0 => {
            return Err(OpenError::KeyMissing { path, size });
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let name: KeyName = ledger_name.parse().map_err(|error| OpenError::Key { path: path.clone(), error })?;
            make_dir(keys)?;
            let seed = Zeroizing::new(random_bytes::<32>().map_err(failed)?);
            let key = SignerKey::from_seed(name, &seed);
            let text = Zeroizing::new(format!("{}\n", key.to_text().as_str()));
            durable::write_replace(&path, text.as_bytes(), 0o600).map_err(failed)?;
            key
        }
        Err(e) => return Err(failed(e)),
    };
    if key.name().as_str() != ledger_name {
        let (configured, found) = (ledger_name.to_owned(), key.name().as_str().to_owned());
        return Err(OpenError::Renamed { path, configured, found });
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Matching;

    #[test]
    fn matching_is_done_as_it_is_configured() {
        let matching = Matching { buffer_s: 7, segment_gap_s: 3 };
        let rules = rules(&Config { matching, ..Config::default() });
        assert_eq!((rules.buffer_us, rules.segment_gap_us), (7 * SECOND_US, 3 * SECOND_US));
    }
}
