//! Configuration: one TOML file, a type for each section, every key with a default, unknown keys refused.
//!
//! A variable of the environment named `ZHILU_<SECTION>_<KEY>` (such as `ZHILU_SERVER_LISTEN`) overrides the file,
//! an option of the command line overrides both.

mod court;
mod database;
mod incidents;
mod intake;
mod log;
mod matching;
mod scrub;
mod server;
mod vault;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

pub use court::Court;
pub use database::{Database, read_password};
pub use incidents::Incidents;
pub use intake::{Folder, Intake, SourcePolicy};
pub use log::{Log, LogFormat};
pub use matching::Matching;
pub use scrub::Scrub;
pub use server::Server;
pub use vault::Vault;

/// The annotated sample, as `zhilu check-config --sample` prints it; it holds every key at its default.
pub const SAMPLE: &str = include_str!("../../deploy/zhilu.toml");

/// All settings.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where Zhilu keeps everything of its own: database, vault, keys.
    pub data_dir: PathBuf,
    /// Whose court this is.
    pub court: Court,
    /// The listener of the API.
    pub server: Server,
    /// The catalog's database.
    pub database: Database,
    /// The write-once store.
    pub vault: Vault,
    /// The upload folders and how files are taken from them.
    pub intake: Intake,
    /// What the court decides itself about incidents.
    pub incidents: Incidents,
    /// How clips find their cases.
    pub matching: Matching,
    /// Looking at every object again.
    pub scrub: Scrub,
    /// The daemon's own log.
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./zhilu-data"),
            court: Court::default(),
            server: Server::default(),
            database: Database::default(),
            vault: Vault::default(),
            intake: Intake::default(),
            incidents: Incidents::default(),
            matching: Matching::default(),
            scrub: Scrub::default(),
            log: Log::default(),
        }
    }
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// The file or a variable of the environment does not fit.
    #[error("{origin}: {message}")]
    Invalid {
        /// The file, or the environment.
        origin: String,
        /// What is wrong, and where.
        message: String,
    },
}

impl Config {
    /// Reads `file` (none: the defaults), lays the variables of `environment` over it, and checks the relations.
    ///
    /// # Errors
    /// When the file cannot be read, a key is unknown, a value does not fit or two values contradict each other.
    pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let (mut table, origin) = match file {
            None => (Table::new(), "configuration".to_owned()),
            Some(path) => (read_table(path)?, path.display().to_string()),
        };
        for (name, value) in environment {
            overlay(&mut table, &name, value)?;
        }
        let invalid = |message: String| ConfigError::Invalid { origin: origin.clone(), message };
        let config: Self = table.try_into().map_err(|e: toml::de::Error| invalid(e.to_string()))?;
        config.validate().map_err(invalid)?;
        Ok(config)
    }

    /// Checks what a single key's type cannot.
    ///
    /// # Errors
    /// A sentence that names the keys and what they may be.
    pub fn validate(&self) -> Result<(), String> {
        self.database.validate()?;
        self.vault.validate()?;
        self.incidents.validate()?;
        self.intake.validate()?;
        self.matching.validate()?;
        self.scrub.validate()
    }

    /// The upload folders: those configured, or `uploads` in the data directory when there are none.
    pub fn folders(&self) -> Vec<Folder> {
        if self.intake.folders.is_empty() {
            return vec![Folder::at(self.data_dir.join("uploads"))];
        }
        self.intake.folders.clone()
    }
}

fn read_table(path: &Path) -> Result<Table, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
    text.parse().map_err(|e: toml::de::Error| ConfigError::Invalid {
        origin: path.display().to_string(),
        message: e.to_string(),
    })
}

/// The sections that a variable of the environment may name.
const SECTIONS: [&str; 9] = ["court", "server", "database", "vault", "intake", "incidents", "matching", "scrub", "log"];

/// Lays one variable over the table; variables that name no section are not Zhilu's settings.
fn overlay(table: &mut Table, name: &str, value: String) -> Result<(), ConfigError> {
    let Some(rest) = name.strip_prefix("ZHILU_").map(str::to_ascii_lowercase) else { return Ok(()) };
    if rest == "data_dir" {
        table.insert(rest, Value::String(value));
        return Ok(());
    }
    let Some((section, key)) = rest.split_once('_').filter(|(section, _)| SECTIONS.contains(section)) else {
        return Ok(());
    };
    let section_table = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    let Value::Table(section_table) = section_table else {
        return Err(ConfigError::Invalid { origin: name.to_owned(), message: format!("`{section}` is no section") });
    };
    section_table.insert(key.to_owned(), scalar(value));
    Ok(())
}

/// `true`, `5` and `["a"]` mean what they mean in TOML; everything else is text.
fn scalar(value: String) -> Value {
    let parsed = format!("v = {value}").parse::<Table>().ok().and_then(|mut t| t.remove("v"));
    match parsed {
        Some(v @ (Value::Boolean(_) | Value::Integer(_) | Value::Float(_) | Value::Array(_))) => v,
        _ => Value::String(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("zhilu.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(Some(&path), environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn the_sample_is_the_default() {
        assert_eq!(load(SAMPLE, &[]).unwrap(), Config::default());
    }

    #[test]
    fn unknown_keys_are_refused_with_their_name() {
        let error = load("[vault]\nsm4 = true\n", &[]).unwrap_err().to_string();
        assert!(error.contains("sm4"), "{error}");
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let environment =
            [("ZHILU_SERVER_LISTEN", "127.0.0.1:9"), ("ZHILU_VAULT_SM3", "true"), ("ZHILU_DATA", "elsewhere")];
        let config = load("[vault]\nsm3 = false\n", &environment).unwrap();
        assert_eq!(config.server.listen.port(), 9);
        assert!(config.vault.sm3);
        assert_eq!(config.data_dir, PathBuf::from("./zhilu-data"));
    }

    #[test]
    fn an_unknown_variable_of_a_section_is_refused() {
        let error = load("", &[("ZHILU_INTAKE_QUITE_S", "5")]).unwrap_err().to_string();
        assert!(error.contains("quite_s"), "{error}");
    }

    #[test]
    fn relations_are_checked() {
        let nested = "[[intake.folders]]\npath = \"/a\"\n[[intake.folders]]\npath = \"/a/b\"\n";
        let error = load(nested, &[]).unwrap_err().to_string();
        assert!(error.contains("/a/b"), "{error}");
        assert!(load("[database]\nurl = \"mysql://x\"\n", &[]).is_err());
    }
}
