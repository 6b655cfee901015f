//! The server: PostgreSQL 15 or later, reached directly or through a pooler that keeps sessions.
//!
//! The ledger is one chain over everything, so there is one writer at a time: each process has one connection that writes, and a
//! transaction on it first takes a lock that all processes share. Readers never wait for it.

use std::io;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Postgres, Transaction};

use super::Server;
use crate::catalog::{CatalogError, migrate};

/// The oldest version, as `server_version_num` has it.
const OLDEST_VERSION: i64 = 150_000;
/// Connections that read.
const READERS: u32 = 8;
/// How long a request waits for a connection that reads: a server that is away is said to be soon.
const READER_WAIT: Duration = Duration::from_secs(3);
/// How long a writer waits for the writers before it in this process.
const WRITER_WAIT: Duration = Duration::from_secs(10);
/// How long opening a connection may take.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// How long the server may take to answer that a returned connection is alive.
const PING_WAIT: Duration = Duration::from_secs(5);
/// What the server is told: most milliseconds of a statement.
const STATEMENT_MS: u64 = 120_000;
/// The same seen from here: a server that vanished without a word ends no statement. A little longer, so that the server's word comes
/// first.
const STATEMENT_WAIT: Duration = Duration::from_millis(STATEMENT_MS + 10_000);
/// Most milliseconds that a writer waits for the writers of other processes.
const LOCK_MS: u64 = 10_000;
/// Milliseconds after which the server ends a transaction whose process stalled, so that it does not hold up all others.
const STALLED_MS: u64 = 60_000;

/// Taken at the begin of each transaction that writes; "zhilu" in ASCII.
///
/// With it READ COMMITTED is the right level: from this statement to the commit nobody else writes, and each later statement sees all
/// that was committed before the lock was given. A snapshot that holds for the whole transaction would be older than the lock.
const LOCK: &str = "select pg_advisory_xact_lock(525737749621)";
const BEGIN: &str = "begin isolation level read committed read write";

/// Connects, looks whether the server will do, and brings the schema up to date. Gives the writer and the readers.
pub(super) async fn open(server: &Server) -> Result<(PgPool, PgPool), CatalogError> {
    let (mut conn, about) = connect(server).await?;
    about.check(server)?;
    migrate::postgres(&mut conn).await?;
    conn.close().await?;
    let options = with_limits(&server.options);
    let writer = pool(1, WRITER_WAIT).after_connect(|conn, _| Box::pin(make_durable(conn)));
    let writer = writer.connect_lazy_with(options.clone());
    let readers =
        pool(READERS, READER_WAIT).connect_lazy_with(options.options([("default_transaction_read_only", "on")]));
    Ok((writer, readers))
}

fn with_limits(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().options([
        ("statement_timeout", STATEMENT_MS),
        ("lock_timeout", LOCK_MS),
        ("idle_in_transaction_session_timeout", STALLED_MS),
        // A process whose machine vanished holds no lock for longer than a minute.
        ("tcp_keepalives_idle", 30),
        ("tcp_keepalives_interval", 10),
        ("tcp_keepalives_count", 3),
    ])
}

fn pool(connections: u32, wait: Duration) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(wait)
        // A connection that was cut meanwhile is replaced before anybody meets it.
        .test_before_acquire(true)
        .after_release(|conn, _| Box::pin(is_reusable(conn)))
}

/// Whether the server still answers on a returned connection. Without a limit one that fell silent would keep its place for ever.
async fn is_reusable(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    Ok(tokio::time::timeout(PING_WAIT, conn.ping()).await.is_ok_and(|answer| answer.is_ok()))
}

/// What is committed is durable, whatever the server's default. A stronger setting than the usual one stays.
async fn make_durable(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    const SQL: &str = "select set_config('synchronous_commit', 'on', false) \
        where current_setting('synchronous_commit') = 'off'";
    sqlx::query(SQL).execute(conn).await?;
    Ok(())
}

/// Begins a transaction that writes.
pub(super) async fn begin(writer: &PgPool) -> Result<Transaction<'static, Postgres>, CatalogError> {
    within(async {
        let mut tx = writer.begin_with(BEGIN).await?;
        sqlx::query(LOCK).execute(&mut *tx).await?;
        Ok(tx)
    })
    .await
}

/// Lifts the server's limits of time for this transaction.
pub(super) async fn lift_limits(conn: &mut PgConnection) -> Result<(), CatalogError> {
    let sql = "set local statement_timeout = 0; set local lock_timeout = 0; set local idle_in_transaction_session_timeout = 0";
    sqlx::raw_sql(sql).execute(conn).await?;
    Ok(())
}

/// Ends an answer that does not come.
///
/// # Errors
/// Those of `answer`, and that it took too long.
pub async fn within<T>(answer: impl Future<Output = Result<T, CatalogError>>) -> Result<T, CatalogError> {
    match tokio::time::timeout(STATEMENT_WAIT, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer")).into()),
    }
}

/// Whether an error of the server passes without anybody's doing: SQLSTATE, PostgreSQL's Appendix A.
pub(super) fn is_passing(error: &PgDatabaseError) -> bool {
    match error.code() {
        // Another process writes for long; the statement took too long; the transaction stalled.
        "55P03" | "57014" | "25P03" => true,
        // The server is being stopped, started or was ended; the old primary after a switch-over.
        "57P01" | "57P02" | "57P03" | "57P05" | "25006" => true,
        // Conflicts, and I/O errors of the server.
        "40001" | "40P01" | "58030" => true,
        // The connection is lost; no space, no memory, no connection left.
        code => code.starts_with("08") || code.starts_with("53"),
    }
}

/// What a server says of itself.
#[derive(Debug, Clone)]
pub struct About {
    /// Its version, as people write it.
    pub version: String,
    version_number: i64,
    encoding: String,
    /// It only follows another server and takes no writes.
    is_standby: bool,
    /// Settings that a court's catalog should not have, as `name=value`.
    pub unsafe_settings: Vec<String>,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
    /// Whether a catalog is there.
    pub has_catalog: bool,
    /// How long a statement that does nothing takes.
    pub latency: Duration,
}

impl About {
    /// Whether the server will do.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, server: &Server) -> Result<(), CatalogError> {
        let what = if self.version_number < OLDEST_VERSION {
            format!("it is version {}; Zhilu needs PostgreSQL 15 or later", self.version)
        } else if self.encoding != "UTF8" {
            let encoding = &self.encoding;
            format!(
                "the database's encoding is {encoding}; make one with `create database … encoding 'UTF8' template template0`"
            )
        } else if self.is_standby {
            "it is a standby, which takes no writes; give the primary's address".to_owned()
        } else {
            return Ok(());
        };
        Err(CatalogError::Server { server: server.to_string(), what })
    }
}

/// Asks a server about itself; changes nothing.
///
/// # Errors
/// When it cannot be reached.
pub async fn look(server: &Server) -> Result<About, CatalogError> {
    let (conn, about) = connect(server).await?;
    conn.close().await?;
    Ok(about)
}

async fn connect(server: &Server) -> Result<(PgConnection, About), CatalogError> {
    let failed = |error: sqlx::Error| CatalogError::Connect { server: server.to_string(), error };
    let connected = tokio::time::timeout(CONNECT_WAIT, async {
        // What the server only remarks is nothing for the log.
        let options = server.options.as_ref().clone().options([("client_min_messages", "warning")]);
        let mut conn = options.connect().await?;
        let about = ask(&mut conn).await?;
        Ok((conn, about))
    });
    match connected.await {
        Ok(connected) => connected.map_err(failed),
        Err(_) => Err(failed(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "it does not answer")))),
    }
}

async fn ask(conn: &mut PgConnection) -> Result<About, sqlx::Error> {
    const SQL: &str = "select current_setting('server_version'), current_setting('server_version_num')::bigint, \
        current_setting('server_encoding'), pg_is_in_recovery(), to_regclass('ledger_checkpoint') is not null, \
        coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false), \
        (select coalesce(string_agg(name || '=' || setting, ' '), '') from pg_settings \
         where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off')";
    type Row = (String, i64, String, bool, bool, bool, String);
    let row: Row = sqlx::query_as(SQL).fetch_one(&mut *conn).await?;
    let (version, version_number, encoding, is_standby, has_catalog, encrypted, settings) = row;
    let began = std::time::Instant::now();
    conn.ping().await?;
    let latency = began.elapsed();
    let unsafe_settings = settings.split_whitespace().map(str::to_owned).collect();
    Ok(About { version, version_number, encoding, is_standby, unsafe_settings, encrypted, has_catalog, latency })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::engine::Location;

    #[test]
    fn a_server_that_will_not_do_is_refused_with_the_reason() {
        let Location::Postgres(server) = Location::parse("postgres://u:s3cret@h/d", None).unwrap() else { panic!() };
        let good = About {
            version: "15.1".to_owned(),
            version_number: 150_001,
            encoding: "UTF8".to_owned(),
            is_standby: false,
            unsafe_settings: Vec::new(),
            encrypted: false,
            has_catalog: false,
            latency: Duration::ZERO,
        };
        assert!(good.check(&server).is_ok());
        let old = About { version: "14.9".to_owned(), version_number: 140_009, ..good.clone() };
        let latin = About { encoding: "LATIN1".to_owned(), ..good.clone() };
        let standby = About { is_standby: true, ..good };
        for (about, word) in [(old, "14.9"), (latin, "LATIN1"), (standby, "standby")] {
            let error = about.check(&server).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("postgres://u@h:5432/d"), "{error}");
        }
    }
}
