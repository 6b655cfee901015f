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
use crate::custody::guard::{Forked, HeadGuard};
use crate::ledger::cosigner::CosignerKey;
use crate::ledger::key::{KeyError, KeyName, SignerKey};
use crate::ledger::log::{self, LogError};
use crate::ledger::prove::ProveError;
use crate::matching::Rules;
use crate::media::name::{NamePatterns, NameTemplateError};
use crate::model::id::IdGenerator;
use crate::model::time::SECOND_US;
use crate::vault::durable;
use crate::vault::{LocalVault, Opened, Recovered, VaultError};
use crate::witness::peers::{BadPeer, Peers};

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
    /// The catalog does not go on from what was signed last.
    #[error(transparent)]
    Forked(#[from] Forked),
    /// The key is missing although the log has entries.
    #[error(
        "账本已有条目，密钥文件却不在；请从备份恢复，或从共用此目录库的另一台复制 the ledger has entries, but its key {} is missing; restore \
         it from the backup, or copy it from another daemon of this catalog", .0.display()
    )]
    KeyMissing(PathBuf),
    /// The ledger's name was changed.
    #[error("the configuration names {configured}, but the key in {} is {found}'s; a key's name can't be changed", path.display())]
    Renamed {
        /// The key file.
        path: PathBuf,
        /// What the configuration says.
        configured: String,
        /// What the key says.
        found: String,
    },
    /// The section of witnesses.
    #[error(transparent)]
    Peer(#[from] BadPeer),
    /// The retention table.
    #[error("{0}")]
    Retention(String),
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

    /// Opens everything although the catalog is older than what was signed last, so that the loss can be declared.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn after_loss(config: &Config, clock: SharedClock) -> Result<Custody, OpenError> {
        let db = Db::open(&location(config)?).await?;
        log::load(db.read().await?.conn()).await?;
        let signer = open_key(&config.data_dir.join("keys"), &config.court.ledger_name, 1)?;
        let checkpoint = rows::checkpoint(db.read().await?.conn()).await?;
        log::check_signer(checkpoint.as_ref(), &signer)?;
        let vault = Arc::new(LocalVault::look(&config.vault.root(&config.data_dir))?);
        custody(config, clock, db, signer, open_guard(config)?, &vault)
    }

    async fn with(config: &Config, clock: SharedClock, opened: Opened) -> Result<Self, OpenError> {
        let Opened { vault, recovered } = opened;
        let vault = Arc::new(vault);
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
        let custody = custody(config, clock, db, signer, open_guard(config)?, &vault)?;
        check_guard(&custody).await?;
        Ok(Self { custody, vault, recovered })
    }
}

/// A data directory opened to be looked at, whatever its state: the checks of a start would end at the first damage.
pub struct Exhibit {
    /// The catalog.
    pub db: Db,
    /// The vault.
    pub vault: Arc<LocalVault>,
    /// Acts on evidence, where the ledger's key is at hand. Nothing may be written with it when the catalog is [`Self::forked`].
    pub custody: Result<Custody, OpenError>,
    /// Why the catalog does not go on from what was signed last, when that is so.
    pub forked: Option<Forked>,
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
        let custody = signer.and_then(|signer| custody(config, clock, db.clone(), signer, open_guard(config)?, &vault));
        let forked = match &custody {
            Ok(custody) => check_guard(custody).await.err(),
            Err(_) => None,
        };
        Ok(Self { db, vault, custody, forked })
    }
}

/// Whether the catalog goes on from what was signed last.
async fn check_guard(custody: &Custody) -> Result<(), Forked> {
    let Some(guard) = &custody.guard else { return Ok(()) };
    let mut reader = custody.db.read().await.map_err(ProveError::from)?;
    guard.check(reader.conn(), custody.signer.verifier()).await
}

fn open_guard(config: &Config) -> Result<HeadGuard, OpenError> {
    let path = config.data_dir.join("ledger.head");
    HeadGuard::open(&path).map_err(|error| OpenError::Path { path, error })
}

fn custody(
    config: &Config,
    clock: SharedClock,
    db: Db,
    signer: SignerKey,
    guard: HeadGuard,
    vault: &Arc<LocalVault>,
) -> Result<Custody, OpenError> {
    let path = || config.data_dir.join("keys");
    let peers = Peers::of(&config.witness, &config.court.ledger_name)?;
    let seed = random_bytes::<8>().map_err(|error| OpenError::Path { path: path(), error })?;
    Ok(Custody {
        db,
        clock,
        ids: Arc::new(IdGenerator::new(u64::from_le_bytes(seed))),
        policy: Arc::new(peers.policy(signer.verifier())?),
        signer: Arc::new(signer),
        guard: Some(Arc::new(guard)),
        patterns: Arc::new(NamePatterns::new(&config.intake.names)?),
        utc_offset: config.court.utc_offset,
        incidents: Arc::new(config.incidents.settings()),
        rules: rules(config),
        vault: Arc::clone(vault),
        retention: Arc::new(config.retention.settings().map_err(OpenError::Retention)?),
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
    let make = |name, seed: &[u8; 32]| {
        let key = SignerKey::from_seed(name, seed);
        let text = key.to_text();
        (key, text)
    };
    let key = read_or_make(&path, ledger_name, SignerKey::from_text, (size == 0).then_some(make))?;
    named(&path, ledger_name, key.name()).map(|()| key)
}

/// Reads a key file, or makes one for `name` by `make`, which gives the key and its text; without that a missing one is an error.
fn read_or_make<K>(
    path: &Path,
    name: &str,
    read: impl FnOnce(&str) -> Result<K, KeyError>,
    make: Option<impl FnOnce(KeyName, &[u8; 32]) -> (K, Zeroizing<String>)>,
) -> Result<K, OpenError> {
    let failed = |error: io::Error| OpenError::Path { path: path.to_owned(), error };
    let bad = |error: KeyError| OpenError::Key { path: path.to_owned(), error };
    match (std::fs::read_to_string(path), make) {
        (Ok(text), _) => read(&Zeroizing::new(text)).map_err(bad),
        (Err(e), None) if e.kind() == io::ErrorKind::NotFound => Err(OpenError::KeyMissing(path.to_owned())),
        (Err(e), Some(make)) if e.kind() == io::ErrorKind::NotFound => {
            let name: KeyName = name.parse().map_err(bad)?;
            make_dir(path.parent().unwrap_or(Path::new(".")))?;
            let seed = Zeroizing::new(random_bytes::<32>().map_err(failed)?);
            let (key, text) = make(name, &seed);
            let line = Zeroizing::new(format!("{}\n", text.as_str()));
            durable::write_replace(path, line.as_bytes(), 0o600).map_err(failed)?;
            Ok(key)
        }
        (Err(e), _) => Err(failed(e)),
    }
}

/// Whether a key bears the name that the configuration gives it.
fn named(path: &Path, configured: &str, found: &KeyName) -> Result<(), OpenError> {
    if found.as_str() == configured {
        return Ok(());
    }
    let (configured, found) = (configured.to_owned(), found.as_str().to_owned());
    Err(OpenError::Renamed { path: path.to_owned(), configured, found })
}

/// The key by which this court cosigns others' checkpoints, below `keys`.
const WITNESS_KEY_FILE: &str = "witness.key";

/// Reads the court's key as a witness, or makes it.
///
/// # Errors
/// When it cannot be read or made, or is another name's.
pub fn open_witness_key(config: &Config) -> Result<CosignerKey, OpenError> {
    let peers = Peers::of(&config.witness, &config.court.ledger_name)?;
    let path = config.data_dir.join("keys").join(WITNESS_KEY_FILE);
    let make = |name, seed: &[u8; 32]| {
        let key = CosignerKey::from_seed(name, seed);
        let text = key.to_text();
        (key, text)
    };
    let key = read_or_make(&path, &peers.name, CosignerKey::from_text, Some(make))?;
    named(&path, &peers.name, key.public().name()).map(|()| key)
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
