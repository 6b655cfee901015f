//! Where a catalog is: a file, or a database of a PostgreSQL server.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use crate::catalog::CatalogError;

/// Where a catalog is. Neither `Debug` nor `Display` shows a password.
#[derive(Clone)]
pub enum Location {
    /// A file of the embedded engine.
    Sqlite(PathBuf),
    /// A database of a server.
    Postgres(Server),
}

/// A database of a PostgreSQL server, and who connects to it.
#[derive(Clone)]
pub struct Server {
    /// With the password, when there is one.
    pub(super) options: Box<PgConnectOptions>,
}

/// Parameters of a URL that are understood; any other is refused, because the driver would pass over it.
const PARAMETERS: [&str; 9] =
    ["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port", "dbname", "user", "application_name"];

impl Location {
    /// Reads `sqlite:PATH`, `postgres://USER@HOST:PORT/DATABASE?PARAMETERS` or the same with `postgresql`. `password` is for a server,
    /// instead of one in the URL. What a URL leaves out comes from the variables and files that PostgreSQL's own programs read
    /// (`PGHOST`, `PGUSER`, `~/.pgpass`, …).
    ///
    /// # Errors
    /// When the text is none of these; the message holds no part of it, because it may hold a password.
    pub fn parse(url: &str, password: Option<&str>) -> Result<Self, CatalogError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Ok(Self::Sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path))));
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            let what = "expected sqlite:PATH or postgres://USER@HOST:PORT/DATABASE".to_owned();
            return Err(CatalogError::Location(what));
        }
        let query = url.split_once('?').map_or("", |(_, query)| query);
        for name in query.split('&').filter(|p| !p.is_empty()).map(|p| p.split('=').next().unwrap_or(p)) {
            if !PARAMETERS.contains(&name) {
                let known = PARAMETERS.join(", ");
                return Err(CatalogError::Location(format!("the parameter `{name}` is not known; there are {known}")));
            }
        }
        let options = PgConnectOptions::from_str(url).map_err(|_| {
            CatalogError::Location(
                "no URL of a PostgreSQL database; percent-encode special characters of user and password".to_owned(),
            )
        })?;
        let named = query.split('&').any(|p| p.starts_with("application_name="));
        let options = if named { options } else { options.application_name("zhilu") };
        let options = match password {
            Some(password) => options.password(password),
            None => options,
        };
        Ok(Self::Postgres(Server { options: Box::new(options) }))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(server) => server.fmt(f),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (o, user) = (&self.options, self.options.get_username());
        // Without a name the server takes the user's.
        let database = o.get_database().unwrap_or(user);
        match o.get_socket() {
            Some(socket) => write!(f, "postgres://{user}@{}:{}/{database}", socket.display(), o.get_port()),
            None => write!(f, "postgres://{user}@{}:{}/{database}", o.get_host(), o.get_port()),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

impl Server {
    /// Whether the server is on this machine: a socket or the loopback interface.
    pub fn is_local(&self) -> bool {
        let host = self.options.get_host();
        self.options.get_socket().is_some()
            || host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Whether a connection is refused unless the server proves to be the one that was asked for.
    pub fn is_verified(&self) -> bool {
        use sqlx::postgres::PgSslMode::{VerifyCa, VerifyFull};
        matches!(self.options.get_ssl_mode(), VerifyCa | VerifyFull)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_never_shows_its_password() {
        let url = "postgresql://zhilu:s3cr%40t@db.example:5433/court?sslmode=verify-full";
        for location in [Location::parse(url, None).unwrap(), Location::parse(url, Some("s3cr-other")).unwrap()] {
            let shown = format!("{location} {location:?}");
            assert!(!shown.contains("s3cr"), "{shown}");
            assert!(shown.starts_with("postgres://zhilu@db.example:5433/court "), "{shown}");
        }
    }

    #[test]
    fn what_is_no_location_is_refused_without_being_told() {
        for url in
            ["", "mysql://a:s3cret@b/c", "postgres://u:s3cret@h:port/d", "postgres://u:s3cret@h/d?pasword=s3cret"]
        {
            let error = Location::parse(url, None).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        let error = Location::parse("postgres://h/d?sslmod=require", None).unwrap_err().to_string();
        assert!(error.contains("sslmod"), "{error}");
    }

    #[test]
    fn a_file_may_be_written_with_slashes() {
        for url in ["sqlite:/a/b", "sqlite:///a/b"] {
            assert_eq!(Location::parse(url, None).unwrap().to_string(), "sqlite:/a/b");
        }
    }

    #[test]
    fn sockets_and_loopback_are_local() {
        let local = |url| match Location::parse(url, None).unwrap() {
            Location::Postgres(server) => server.is_local(),
            Location::Sqlite(_) => false,
        };
        assert!(local("postgres://u@127.0.0.1/d") && local("postgres://u@%2Frun%2Fpostgresql/d"));
        assert!(local("postgres://u@[::1]/d") && !local("postgres://u@10.0.0.1/d"));
    }
}
