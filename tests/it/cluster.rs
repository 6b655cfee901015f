//! Throw-away PostgreSQL clusters: one for a test process, and one more for each test that stops its own.
//!
//! A cluster lives in a temporary directory on a free port of the loopback interface and never runs as root. A watchdog holds the
//! reading end of a pipe: when this process ends, however it does, the pipe closes and the watchdog stops and removes the cluster.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use zhilu::catalog::engine::{Db, Location};

/// What a cluster does to be quick: it need not outlive a power failure.
const FAST: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 \
    -c shared_buffers=64MB -c max_connections=200 -c jit=off";
/// The one role that needs a password.
pub(crate) const GUARDED: &str = "guarded";
/// Stops a cluster (`$1` data directory, `$2` directory with everything, the rest how to run as its user) when standard input ends.
const WATCHDOG: &str =
    "cat >/dev/null; data=$1; all=$2; shift 2; \"$@\" pg_ctl -D \"$data\" -m immediate -w stop; rm -rf \"$all\"";

/// A running cluster; stopped and removed when dropped.
pub(crate) struct Cluster {
    dir: PathBuf,
    /// More settings, as options of the server.
    more: String,
    port: u16,
    watchdog: Child,
    admin: mpsc::Sender<Order>,
}

/// What the thread that administers a cluster is asked for.
struct Order {
    sql: String,
    done: mpsc::Sender<Result<(), String>>,
}

/// A database of its own, made from the template that holds the schema; removed when dropped.
pub(crate) struct Database {
    name: String,
    port: u16,
    admin: mpsc::Sender<Order>,
}

/// A database in the cluster of this test process, which the first one starts.
pub(crate) fn database() -> Database {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(Cluster::start).database()
}

/// A program of the newest installed server; Debian keeps them apart by version.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|v| v.path().join("bin").join(name)).filter(|p| p.exists()).max();
    found.unwrap_or_else(|| PathBuf::from(name))
}

/// How to run something as the cluster's user: root may not.
fn as_user() -> &'static [&'static str] {
    if rustix::process::geteuid().is_root() { &["runuser", "-u", "postgres", "--"] } else { &["env", "--"] }
}

fn run(program_name: &str, arguments: &[&str]) {
    let (first, rest) = as_user().split_first().unwrap();
    let out = Command::new(first).args(rest).arg(program(program_name)).args(arguments).current_dir("/").output();
    let out = out.expect("runuser is not installed; ./tests/run installs it");
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{program_name}: {text}; is PostgreSQL installed? ./tests/run installs it");
}

impl Cluster {
    /// Makes a cluster and starts it.
    pub(crate) fn start() -> Self {
        Self::start_with(|_| String::new())
    }

    /// Makes a cluster and starts it with more settings, which may name files that `prepare` makes in the given directory.
    pub(crate) fn start_with(prepare: impl FnOnce(&Path) -> String) -> Self {
        let dir = tempfile::Builder::new().prefix("zhilu-postgres-").tempdir().unwrap().keep();
        if rustix::process::geteuid().is_root() {
            assert!(Command::new("chown").arg("postgres").arg(&dir).status().unwrap().success());
        }
        let data = dir.join("data");
        run(
            "initdb",
            &[
                "-D",
                data.to_str().unwrap(),
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
                "--locale=C.UTF-8",
            ],
        );
        let rules = format!("host all {GUARDED} samehost scram-sha-256\nhost all all samehost trust\n");
        std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
        let more = prepare(&dir);
        if rustix::process::geteuid().is_root() {
            assert!(Command::new("chown").args(["-R", "postgres"]).arg(&dir).status().unwrap().success());
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let watchdog = watch(&data, &dir);
        let (admin, orders) = mpsc::channel();
        let cluster = Self { dir, more, port, watchdog, admin };
        cluster.begin();
        std::thread::spawn(move || administer(port, &orders));
        cluster
    }

    fn data(&self) -> String {
        self.dir.join("data").display().to_string()
    }

    /// Starts it again.
    pub(crate) fn begin(&self) {
        let (dir, port, more) = (self.dir.display(), self.port, &self.more);
        let options =
            format!("-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={dir} {FAST} {more}");
        let log = self.dir.join("log").display().to_string();
        run("pg_ctl", &["-D", &self.data(), "-w", "-t", "60", "-l", &log, "-o", &options, "start"]);
    }

    /// Stops it: its connections are cut.
    pub(crate) fn end(&self) {
        run("pg_ctl", &["-D", &self.data(), "-m", "fast", "-w", "stop"]);
    }

    /// A database of its own in it.
    pub(crate) fn database(&self) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}", COUNT.fetch_add(1, Ordering::SeqCst));
        let database = Database { name, port: self.port, admin: self.admin.clone() };
        database.order(format!("create database {} template zhilu", database.name));
        database
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}

fn watch(data: &Path, dir: &Path) -> Child {
    let path = program("pg_ctl").parent().unwrap_or(Path::new("")).display().to_string();
    let path = format!("{path}:{}", std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    command.args(["-c", WATCHDOG, "sh"]).arg(data).arg(dir).args(as_user());
    // In a group of its own: what is typed to end the tests must not end it first.
    command.env("PATH", path).current_dir("/").process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Makes the template, then does what it is asked for. The collation is one of words and not of bytes, as a court's database may have it.
fn administer(port: u16, orders: &mpsc::Receiver<Order>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = |name: &str| format!("postgres://postgres@127.0.0.1:{port}/{name}");
    let made = runtime.block_on(async {
        let mut conn = PgConnection::connect(&url("postgres")).await.unwrap();
        let sql = "create database zhilu template template0 locale_provider icu icu_locale 'zh'";
        sqlx::query(sql).execute(&mut conn).await.unwrap();
        let made = Db::open(&Location::parse(&url("zhilu"), None).unwrap()).await;
        made.map(|db| async move { db.close().await }).map_err(|e| e.to_string())
    });
    let made = made.map(|close| runtime.block_on(close));
    for order in orders {
        let result = made.clone().and_then(|()| {
            runtime.block_on(async {
                // A connection each time: the cluster may have been stopped meanwhile.
                let mut conn = PgConnection::connect(&url("postgres")).await.map_err(|e| e.to_string())?;
                let done = sqlx::query(sqlx::AssertSqlSafe(order.sql)).execute(&mut conn).await;
                done.map(drop).map_err(|e| e.to_string())
            })
        });
        let _ = order.done.send(result);
    }
}

impl Database {
    /// Its URL.
    pub(crate) fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// Its URL through another port.
    pub(crate) fn url_at(&self, port: u16) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/{}", self.name)
    }

    /// The cluster's port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Has the cluster's administrator execute a statement, in the database `postgres`.
    pub(crate) fn order(&self, sql: String) {
        let (done, answer) = mpsc::channel();
        self.admin.send(Order { sql, done }).unwrap();
        answer.recv().unwrap().unwrap();
    }

    /// Executes statements in this database.
    pub(crate) fn execute(&self, sql: &str) {
        let (url, sql) = (self.url(), sql.to_owned());
        // Tests may be within a runtime already.
        let work = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut conn = PgConnection::connect(&url).await.unwrap();
                sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
            });
        });
        work.join().unwrap();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (done, answer) = mpsc::channel();
        let sql = format!("drop database if exists {} with (force)", self.name);
        // A cluster that was stopped takes it along.
        if self.admin.send(Order { sql, done }).is_ok() {
            let _ = answer.recv();
        }
    }
}

/// The engine that the suite runs on.
pub(crate) fn is_chosen() -> bool {
    match std::env::var("ZHILU_TEST_ENGINE").as_deref() {
        Err(_) | Ok("sqlite") => false,
        Ok("postgres") => true,
        Ok(other) => panic!("ZHILU_TEST_ENGINE is {other}; there are sqlite and postgres"),
    }
}
