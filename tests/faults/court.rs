//! A process of the binary that a fault may end, and what is seen of its data from outside.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Court;

/// A running process whose output goes to a file; killed when dropped.
pub(crate) struct Process {
    pub(crate) child: Child,
    what: String,
}

impl Process {
    /// Starts `command`; its standard error is appended to `log`.
    pub(crate) fn start(mut command: Command, log: &Path) -> Self {
        let what = format!("{command:?}");
        let output = if log.starts_with("/dev") { log.to_owned() } else { log.with_extension("out") };
        let output = File::create(output).unwrap();
        let log = File::options().create(true).append(true).open(log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(output).stderr(log).spawn().unwrap();
        Self { child, what }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end; `None` when it has not ended by then.
    pub(crate) fn wait(&mut self, most: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            if began.elapsed() > most {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// kill -9.
    pub(crate) fn kill(mut self) -> ExitStatus {
        self.child.kill().unwrap();
        self.child.wait().unwrap()
    }

    /// Asks to end; it must within `most`.
    pub(crate) fn stop(&mut self, most: Duration) -> ExitStatus {
        self.ask_to_end(most).unwrap_or_else(|| panic!("does not end within {most:?} of SIGTERM: {}", self.what))
    }

    /// Asks to end; killed, which the status says, when it does not within `most`.
    pub(crate) fn end(&mut self, most: Duration) -> ExitStatus {
        self.ask_to_end(most).unwrap_or_else(|| {
            self.child.kill().unwrap();
            self.child.wait().unwrap()
        })
    }

    fn ask_to_end(&mut self, most: Duration) -> Option<ExitStatus> {
        // Once it was waited for, its number may be another process's.
        if let Some(status) = self.child.try_wait().unwrap() {
            return Some(status);
        }
        let _ = Command::new("kill").arg("-TERM").arg(self.pid().to_string()).stderr(Stdio::null()).status().unwrap();
        self.wait(most)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The daemon of a court, which may be killed before it says anything.
pub(crate) fn serve(court: &Court) -> Process {
    Process::start(court.command(&["serve", "--listen", "127.0.0.1:0"]), &court.path().join("log"))
}

/// Waits until the daemon says its address: then it listens, and heeds signals.
pub(crate) fn wait_until_ready(court: &Court, daemon: &mut Process) {
    let began = Instant::now();
    while !std::fs::read_to_string(court.path().join("log.out")).is_ok_and(|t| t.contains("http://")) {
        let ended = daemon.wait(Duration::from_millis(20));
        let waits = ended.is_none() && began.elapsed() < Duration::from_secs(60);
        assert!(waits, "the daemon does not start ({ended:?}): {}", court.log());
    }
}

/// The catalog's file.
pub(crate) fn database(court: &Court) -> PathBuf {
    court.data().join("catalog.sqlite")
}

/// Asks a copy of the catalog, so that nothing of a crashed one is touched; empty when there are no tables yet.
pub(crate) fn ask(court: &Court, sql: &str) -> Vec<Value> {
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("catalog.sqlite");
    for end in ["", "-wal", "-journal"] {
        let from = court.data().join(format!("catalog.sqlite{end}"));
        if let Err(error) = std::fs::copy(&from, copies.path().join(format!("catalog.sqlite{end}"))) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{}: {error}", from.display());
        }
    }
    // Not read-only: a copied write-ahead log without its index must be recovered, or nothing of it is seen.
    match query(&copy, &[], sql) {
        Ok(rows) => rows,
        Err(error) => {
            assert!(error.contains("no such table"), "{}: {error}", copy.display());
            Vec::new()
        }
    }
}

/// Asks the catalog while the daemon works on it; `None` when it is busy or has no tables yet.
pub(crate) fn ask_live(court: &Court, sql: &str) -> Option<Vec<Value>> {
    match query(&database(court), &["-readonly"], sql) {
        Ok(rows) => Some(rows),
        Err(error) => {
            let expected = ["no such table", "locked", "busy", "unable to open"].iter().any(|e| error.contains(e));
            assert!(expected, "{error}");
            None
        }
    }
}

fn query(database: &Path, options: &[&str], sql: &str) -> Result<Vec<Value>, String> {
    if !database.exists() {
        return Ok(Vec::new());
    }
    let out = Command::new("sqlite3").args(options).arg("-json").arg(database).arg(sql).output().unwrap();
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into_owned());
    }
    Ok(if out.stdout.is_empty() { Vec::new() } else { serde_json::from_slice(&out.stdout).unwrap() })
}
