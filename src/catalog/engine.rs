//! The two database engines behind one text. Only this file names an engine.
//!
//! A function of the catalog takes a [`Conn`] and writes its statement once, inside `on!`, which compiles the body for
//! each engine. Placeholders are `$1`, `$2`, …; both engines know them.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, PgConnection, Postgres, Sqlite, SqliteConnection, Transaction, pool::PoolConnection};

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

/// Compiles `$body` once for each engine, with `$c` as its connection.
macro_rules! on {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::catalog::engine::Conn::Sqlite($c) => $body,
            $crate::catalog::engine::Conn::Postgres($c) => $body,
        }
    };
}
pub(crate) use on;

#[derive(Debug, Clone)]
enum Pools {
    /// One writer, so that writers queue here and not in SQLite, and readers that never wait for it.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// The catalog's database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db(Pools);

/// How long a writer waits for another process's transaction before it says that the database is locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Page cache of each SQLite connection, in KiB (negative, as the pragma wants it).
const CACHE_KIB: &str = "-4096";
/// Connections that read.
const READERS: u32 = 4;

impl Db {
    /// Opens the SQLite database at `path` and brings its schema up to date; it is created when there is none.
    ///
    /// # Errors
    /// When the file cannot be opened or is no database of this program.
    pub async fn open_sqlite(path: &Path) -> Result<Self, CatalogError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("cache_size", CACHE_KIB)
            .optimize_on_close(false, None);
        let writer = pool(1).after_release(|conn, _| Box::pin(is_reusable(conn))).connect_with(options.clone()).await?;
        super::migrate::sqlite(&writer).await?;
        let readers = pool(READERS).connect_lazy_with(options.read_only(true).create_if_missing(false));
        Ok(Self(Pools::Sqlite { writer, readers }))
    }

    /// Opens the PostgreSQL database at `url` and brings its schema up to date.
    ///
    /// # Errors
    /// When the server cannot be reached or the schema is not this program's.
    pub async fn open_postgres(url: &str) -> Result<Self, CatalogError> {
        let pool = PgPool::connect(url).await?;
        super::migrate::postgres(&pool).await?;
        Ok(Self(Pools::Postgres(pool)))
    }

    /// Begins a transaction that may write. It is rolled back when dropped.
    ///
    /// # Errors
    /// When the database is away or locked.
    pub async fn begin(&self) -> Result<Tx, CatalogError> {
        Ok(Tx(match &self.0 {
            Pools::Sqlite { writer, .. } => AnyTx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => AnyTx::Postgres(pool.begin().await?),
        }))
    }

    /// A connection to read with; it sees what was committed.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn read(&self) -> Result<Reader, CatalogError> {
        Ok(match &self.0 {
            Pools::Sqlite { readers, .. } => Reader::Sqlite(readers.acquire().await?),
            Pools::Postgres(pool) => Reader::Postgres(pool.acquire().await?),
        })
    }

    /// Closes all connections, after the statements under way.
    pub async fn close(&self) {
        match &self.0 {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(30))
}

/// Whether the writer's connection may be used again. After an I/O error SQLite rolls back by itself; the `ROLLBACK` that follows then
/// fails, and the connection would count as in a transaction for ever and refuse every new one.
async fn is_reusable(conn: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Answered after everything that was asked before, the rollback of a dropped transaction too.
    conn.ping().await?;
    Ok(!conn.is_in_transaction())
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

    /// Commits; durable when this returns.
    ///
    /// # Errors
    /// When the database refuses or is away. Whether it was committed is then not known: look before doing it again.
    pub async fn commit(self) -> Result<(), CatalogError> {
        match self.0 {
            AnyTx::Sqlite(tx) => tx.commit().await?,
            AnyTx::Postgres(tx) => tx.commit().await?,
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
