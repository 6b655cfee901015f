//! The embedded engine: one writer, so that writers queue here and not in SQLite, and readers that never wait for it.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection};

use crate::catalog::{CatalogError, migrate};

/// How long a writer waits for another process's transaction before it says that the database is locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Page cache of each SQLite connection, in KiB (negative, as the pragma wants it).
const CACHE_KIB: &str = "-4096";
/// Pages of the write-ahead log after which a commit carries them into the database: what many groups change is then written there once.
const CHECKPOINT_PAGES: &str = "4000";
/// Statements that the writer keeps prepared: those of accepting in each usual length, and those of all other acts.
const PREPARED: usize = 256;
/// Connections that read.
const READERS: u32 = 4;

/// Opens the file, which is made when there is none, and brings its schema up to date. Gives the writer and the readers.
pub(super) async fn open(path: &Path) -> Result<(SqlitePool, SqlitePool), CatalogError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("cache_size", CACHE_KIB)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        // What is deleted or overwritten is gone from the file, too: disposal promises that.
        .pragma("secure_delete", "on")
        .optimize_on_close(false, None);
    let migrating = pool(1).connect_with(options.clone()).await?;
    migrate::sqlite(&migrating).await?;
    migrating.close().await;
    // What undoes a single statement stays in memory: the writer's statements are short. A migration's may sort millions of rows.
    let writing = options.clone().pragma("temp_store", "memory").statement_cache_capacity(PREPARED);
    let writer = pool(1).after_release(|conn, _| Box::pin(is_reusable(conn))).connect_with(writing).await?;
    let readers = pool(READERS).connect_lazy_with(options.read_only(true).create_if_missing(false));
    Ok((writer, readers))
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

/// SQLite's primary codes of what passes by itself: 5 busy, 6 locked, 10 I/O, 13 full, 14 cannot open.
pub(super) fn is_passing(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14))
}
