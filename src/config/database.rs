use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::Zeroizing;

/// `[database]`: where the catalog is. `Debug` shows no password.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://USER@HOST:PORT/DATABASE`; empty: `catalog.sqlite` in the data directory.
    pub url: String,
    /// The file that holds the server's password; empty: systemd's credential `database-password` when there is one.
    pub password_file: PathBuf,
}

/// The name of the password among systemd's credentials (`LoadCredential=`).
pub(super) const CREDENTIAL: &str = "database-password";

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A password stands between the first colon after the slashes and the last at sign.
        let shown = match (self.url.find("://"), self.url.rfind('@')) {
            (Some(scheme), Some(at)) if scheme < at => format!("{}://…{}", &self.url[..scheme], &self.url[at..]),
            _ => self.url.clone(),
        };
        let shown = shown.split('?').next().unwrap_or_default();
        f.debug_struct("Database").field("url", &shown).field("password_file", &self.password_file).finish()
    }
}

impl Database {
    pub(super) fn validate(&self) -> Result<(), String> {
        let schemes = ["sqlite:", "postgres://", "postgresql://"];
        if self.url.is_empty() || schemes.iter().any(|s| self.url.starts_with(s)) {
            return Ok(());
        }
        Err("database.url: expected sqlite:PATH or postgres://USER@HOST:PORT/DATABASE, or leave it empty".to_owned())
    }

    /// The URL, with the default filled in.
    pub fn url(&self, data_dir: &Path) -> Zeroizing<String> {
        Zeroizing::new(match self.url.as_str() {
            "" => format!("sqlite:{}", data_dir.join("catalog.sqlite").display()),
            url => url.to_owned(),
        })
    }

    /// The file that holds the password, when there is one. `credentials` is systemd's directory of them.
    pub fn password_path(&self, credentials: Option<&Path>) -> Option<PathBuf> {
        if !self.password_file.as_os_str().is_empty() {
            return Some(self.password_file.clone());
        }
        credentials.map(|dir| dir.join(CREDENTIAL)).filter(|path| path.exists())
    }
}

/// The password that a file holds: its text without the line's end.
///
/// # Errors
/// When it cannot be read.
pub fn read_password(path: &Path) -> io::Result<Zeroizing<String>> {
    let text = Zeroizing::new(std::fs::read_to_string(path)?);
    Ok(Zeroizing::new(text.trim_end_matches(['\n', '\r']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_password() {
        for url in ["postgres://u:s3cr@t@h/d?password=s3cret", "postgres://h/d?password=s3cret&user=u@h"] {
            let database = Database { url: url.to_owned(), ..Database::default() };
            assert!(!format!("{database:?}").contains("s3cr"), "{database:?}");
        }
    }

    #[test]
    fn a_password_comes_from_its_file_or_from_systemd() {
        let dir = tempfile::tempdir().unwrap();
        let credential = dir.path().join(CREDENTIAL);
        let mut database = Database::default();
        assert_eq!(database.password_path(Some(dir.path())), None);
        std::fs::write(&credential, "a b\r\n").unwrap();
        assert_eq!(database.password_path(Some(dir.path())), Some(credential.clone()));
        assert_eq!(read_password(&credential).unwrap().as_str(), "a b");
        database.password_file = "/etc/zhilu/password".into();
        assert_eq!(database.password_path(Some(dir.path())), Some("/etc/zhilu/password".into()));
    }
}
