//! The two database engines behind one text. Only this module names an engine, and the few statements elsewhere that cannot be written
//! once.
//!
//! A function of the catalog takes a [`Conn`] and writes its statement once, inside `on!`, which compiles the body for
//! each engine. Placeholders are `$1`, `$2`, …; both engines know them.

mod location;
pub mod postgres;
mod sqlite;

use std::path::Path;

use sqlx::postgres::{PgDatabaseError, PgPool};
use sqlx::sqlite::SqlitePool;
use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction, pool::PoolConnection};

pub use location::{Location, Server};

use super::CatalogError;

/// One connection, of either engine.
#[derive(Debug)]
pub enum Conn<'c> {
    /// The embedded engine.
    Sqlite(&'c mut SqliteConnection),
    /// The server.
    Postgres(&'c mut PgConnection),
}

impl Conn<'_> {
    /// The same connection for one more statement.
    pub fn reborrow(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(c) => Conn::Sqlite(c),
            Self::Postgres(c) => Conn::Postgres(c),
        }
    }
}

/// Compiles `$body` once for each engine, with `$c` as its connection. A server that does not answer ends the body with an error.
macro_rules! on {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::catalog::engine::Conn::Sqlite($c) => $body,
            $crate::catalog::engine::Conn::Postgres($c) => {
                $crate::catalog::engine::postgres::within(async { Ok::<_, $crate::catalog::CatalogError>($body) })
                    .await?
            }
        }
    };
}
pub(crate) use on;

/// Whether there is a catalog; makes none.
///
/// # Errors
/// When a server cannot be reached.
pub async fn exists(location: &Location) -> Result<bool, CatalogError> {
    match location {
        Location::Sqlite(path) => Ok(path.exists()),
        Location::Postgres(server) => Ok(postgres::look(server).await?.has_catalog),
    }
}

#[derive(Debug, Clone)]
enum Pools {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres { writer: PgPool, readers: PgPool },
}

/// The catalog's database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db(Pools);

impl Db {
    /// Opens the database and brings its schema up to date; a file is made when there is none.
    ///
    /// # Errors
    /// When it cannot be opened or reached, is no database of this program, or was moved elsewhere.
    pub async fn open(location: &Location) -> Result<Self, CatalogError> {
        let db = Self::open_any(location).await?;
        let mut reader = db.read().await?;
        let moved = super::moved::find(reader.conn()).await?;
        drop(reader);
        match moved {
            None => Ok(db),
            Some(to) => {
                db.close().await;
                Err(CatalogError::Moved { location: location.to_string(), to })
            }
        }
    }

    /// Opens the database as [`Db::open`] does, also one that was moved elsewhere.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn open_any(location: &Location) -> Result<Self, CatalogError> {
        let db = match location {
            Location::Sqlite(path) => {
                let (writer, readers) = sqlite::open(path).await?;
                Self(Pools::Sqlite { writer, readers })
            }
            Location::Postgres(server) => {
                let (writer, readers) = postgres::open(server).await?;
                Self(Pools::Postgres { writer, readers })
            }
        };
        Ok(db)
    }

    /// Opens the SQLite database at `path`, as [`Db::open`] does.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn open_sqlite(path: &Path) -> Result<Self, CatalogError> {
        Self::open(&Location::Sqlite(path.to_owned())).await
    }

    /// Begins a transaction that may write. It is rolled back when dropped.
    ///
    /// # Errors
    /// When the database is away or locked.
    pub async fn begin(&self) -> Result<Tx, CatalogError> {
        Ok(Tx(match &self.0 {
            Pools::Sqlite { writer, .. } => AnyTx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres { writer, .. } => AnyTx::Postgres(postgres::begin(writer).await?),
        }))
    }

    /// A connection to read with; it sees what was committed.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn read(&self) -> Result<Reader, CatalogError> {
        Ok(match &self.0 {
            Pools::Sqlite { readers, .. } => Reader::Sqlite(readers.acquire().await?),
            Pools::Postgres { readers, .. } => Reader::Postgres(readers.acquire().await?),
        })
    }

    /// Closes all connections, after the statements under way.
    pub async fn close(&self) {
        match &self.0 {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }
}

/// Whether an error of either engine passes without anybody's doing: locked, away, or out of space.
pub(super) fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(e) => match e.try_downcast_ref::<PgDatabaseError>() {
            Some(e) => postgres::is_passing(e),
            None => e.code().is_some_and(|code| sqlite::is_passing(&code)),
        },
        _ => false,
    }
}

/// The table whose primary key a row was refused for, because another row has it.
pub(super) fn taken_key(error: &sqlx::Error) -> Option<String> {
    let sqlx::Error::Database(e) = error else { return None };
    if !e.is_unique_violation() {
        return None;
    }
    match e.try_downcast_ref::<PgDatabaseError>() {
        Some(e) => Some(e.constraint()?.strip_suffix("_pkey")?.to_owned()),
        // `UNIQUE constraint failed: clips.id`
        None => Some(e.message().rsplit(' ').next()?.strip_suffix(".id")?.to_owned()),
    }
}

#[derive(Debug)]
enum AnyTx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A transaction that may write.
#[derive(Debug)]
pub struct Tx(AnyTx);

impl Tx {
    /// The transaction's connection.
    pub fn conn(&mut self) -> Conn<'_> {
        match &mut self.0 {
            AnyTx::Sqlite(tx) => Conn::Sqlite(tx),
            AnyTx::Postgres(tx) => Conn::Postgres(tx),
        }
    }

    /// Lifts the limits of time, for a transaction that takes long and holds up nobody unknowingly.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn lift_limits(&mut self) -> Result<(), CatalogError> {
        match &mut self.0 {
            AnyTx::Sqlite(_) => Ok(()),
            AnyTx::Postgres(tx) => postgres::lift_limits(tx).await,
        }
    }

    /// Commits; durable when this returns.
    ///
    /// # Errors
    /// When the database refuses or is away. Whether it was committed is then not known: look before doing it again.
    pub async fn commit(self) -> Result<(), CatalogError> {
        match self.0 {
            AnyTx::Sqlite(tx) => tx.commit().await?,
            AnyTx::Postgres(tx) => postgres::within(async { Ok(tx.commit().await?) }).await?,
        }
        Ok(())
    }
}

/// A connection that reads.
#[derive(Debug)]
pub enum Reader {
    /// Of the embedded engine.
    Sqlite(PoolConnection<Sqlite>),
    /// Of the server.
    Postgres(PoolConnection<Postgres>),
}

impl Reader {
    /// The connection.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(c) => Conn::Sqlite(c),
            Self::Postgres(c) => Conn::Postgres(c),
        }
    }
}
