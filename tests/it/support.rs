//! Starts the real binary on a data directory of its own, and asks it over HTTP.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;
use zhilu::catalog::engine::{Db, Location, Tx};

use crate::cluster::{self, Database};

/// The binary under test.
pub(crate) const ZHILU: &str = env!("CARGO_BIN_EXE_zhilu");

/// A court's machine: data directory and upload folder in one temporary directory.
pub(crate) struct Court {
    dir: tempfile::TempDir,
    pub(crate) config: String,
    /// None: the file in the data directory.
    pub(crate) database: Option<Database>,
}

impl Court {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("uploads")).unwrap();
        Self { dir, config: String::new(), database: cluster::is_chosen().then(cluster::database) }
    }

    /// A court whose folder has this source policy, and quick timings.
    pub(crate) fn with(source: &str, more: &str) -> Self {
        let mut court = Self::new();
        let uploads = court.uploads();
        court.config = format!(
            "[intake]\nquiet_s = 1\nrescan_s = 1\n{more}\n[[intake.folders]]\npath = {uploads:?}\nsource = \"{source}\"\n"
        );
        court
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn uploads(&self) -> PathBuf {
        self.dir.path().join("uploads")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The URL of the catalog.
    pub(crate) fn database_url(&self) -> String {
        match &self.database {
            Some(database) => database.url(),
            None => format!("sqlite:{}", self.data().join("catalog.sqlite").display()),
        }
    }

    /// Keeps everybody else from writing to the catalog, for as long as what it gives lives.
    pub(crate) fn lock_catalog(&self) -> CatalogLock {
        let location = Location::parse(&self.database_url(), None).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let tx = runtime.block_on(async { Db::open(&location).await.unwrap().begin().await.unwrap() });
        CatalogLock { tx: Some(tx), runtime }
    }

    /// A command of the binary on this court's data.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(ZHILU);
        command.args(arguments).arg("--data-dir").arg(self.data());
        let config = self.dir.path().join("zhilu.toml");
        std::fs::write(&config, &self.config).unwrap();
        command.arg("--config").arg(config);
        if let Some(database) = &self.database {
            command.env("ZHILU_DATABASE_URL", database.url());
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts the daemon on a free port.
    pub(crate) fn serve(&self) -> Daemon {
        self.serve_as(self.command(&["serve", "--listen", "127.0.0.1:0"]))
    }

    pub(crate) fn serve_as(&self, mut command: Command) -> Daemon {
        if self.config.is_empty() {
            command.arg("--uploads").arg(self.uploads());
        }
        let log = std::fs::File::options().create(true).append(true).open(self.dir.path().join("log")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = None;
        let token_file = self.dir.path().join("token");
        for line in lines.by_ref().map_while(Result::ok) {
            if let Some(rest) = line.split("http://").nth(1) {
                address = Some(rest.trim().to_owned());
            }
            if line.starts_with("zhilu_") {
                std::fs::write(&token_file, line.trim()).unwrap();
            }
            if address.is_some() && token_file.exists() {
                break;
            }
        }
        // The pipe stays open: the daemon may have more to say.
        std::thread::spawn(move || lines.for_each(drop));
        let Some(address) = address else { panic!("the daemon did not start: {}", self.log()) };
        let token = std::fs::read_to_string(&token_file).unwrap();
        Daemon { child, address, token, log: self.dir.path().join("log") }
    }

    /// Changes rows behind the program's back.
    pub(crate) fn meddle(&self, sql: &str) {
        match &self.database {
            Some(database) => database.execute(sql),
            None => {
                let done = Command::new("sqlite3").arg(self.data().join("catalog.sqlite")).arg(sql).output().unwrap();
                assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
            }
        }
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// `zhilu check --deep`: everything must hold, and nothing may be unclaimed.
    pub(crate) fn check(&self) -> Value {
        let out = self.run(&["check", "--deep", "--json"]);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success(), "check found: {text}{}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_str(&text).unwrap()
    }
}

/// See [`Court::lock_catalog`].
pub(crate) struct CatalogLock {
    tx: Option<Tx>,
    runtime: tokio::runtime::Runtime,
}

impl Drop for CatalogLock {
    fn drop(&mut self) {
        // Given back within a runtime, which rolls it back.
        let _within = self.runtime.enter();
        drop(self.tx.take());
    }
}

/// A running daemon; killed when dropped.
pub(crate) struct Daemon {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) token: String,
    log: PathBuf,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let found = self.head.lines().find_map(|l| l.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)));
        found.map(|(_, v)| v.to_owned())
    }
}

impl Daemon {
    /// `GET` with the token and more header lines.
    pub(crate) fn get_with(&self, path: &str, headers: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let (host, token) = (&self.address, &self.token);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("no end of the head");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut body = bytes[end + 4..].to_vec();
        if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            body = dechunk(&body);
        }
        Answer { status, head, body }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.get_with(path, "")
    }

    /// All items of a list.
    pub(crate) fn items(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()["items"].as_array().unwrap().clone()
    }

    /// Asks until `path` lists `count` items.
    pub(crate) fn wait_for(&self, path: &str, count: usize) -> Vec<Value> {
        self.wait_until(path, |items| items.len() == count)
    }

    /// Asks until the items of `path` are as wanted.
    pub(crate) fn wait_until(&self, path: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let began = Instant::now();
        loop {
            let items = self.items(path);
            if wanted(&items) {
                return items;
            }
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            assert!(began.elapsed() < Duration::from_secs(60), "{path} stays at {items:#?}\n{log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let done = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(done.success());
    }

    /// Ends softly; gives the exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }

    /// Power failure.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn dechunk(mut body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = body.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap().trim(), 16).unwrap();
        out.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 4 + size..];
        if size == 0 {
            break;
        }
    }
    out
}

/// A short clip made by ffmpeg, once a test run: `ext` names the container.
pub(crate) fn clip(ext: &str) -> Vec<u8> {
    static MADE: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());
    MADE.lock().unwrap().entry(ext.to_owned()).or_insert_with(|| make_clip(ext)).clone()
}

fn make_clip(ext: &str) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(format!("clip.{ext}"));
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc=d=2:s=320x240:r=25", "-f", "lavfi", "-i", "sine=d=2"])
        .args(["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"])
        .args(["-metadata", "creation_time=2024-05-08T05:29:20Z"])
        .arg(&path)
        .status()
        .expect("ffmpeg is not installed; ./tests/run installs it");
    assert!(done.success());
    std::fs::read(path).unwrap()
}

/// The clip with other bytes at its end, so that it is another clip.
pub(crate) fn another_clip(n: u32) -> Vec<u8> {
    let mut bytes = clip("mp4");
    bytes.extend_from_slice(&[0, 0, 0, 12, b'f', b'r', b'e', b'e']);
    bytes.extend_from_slice(&n.to_be_bytes());
    bytes
}

/// Writes a file as a docking tool does that renames at the end.
pub(crate) fn dock(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let partial = path.with_file_name("transfer.part");
    std::fs::write(&partial, bytes).unwrap();
    rustix::fs::rename(&partial, &path).unwrap();
    path
}
