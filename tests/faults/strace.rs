//! System calls counted and made to fail by strace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The calls that put something on a disk, or could fail to.
pub(crate) const CALLS: &str =
    "write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,ftruncate,openat";

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails and does nothing.
    Io,
    /// It fails and does nothing: the disk is full.
    Full,
    /// It is done, and the process is killed before it knows.
    Kill,
}

impl Fault {
    pub(crate) const ALL: [Self; 3] = [Self::Io, Self::Full, Self::Kill];

    fn option(self) -> &'static str {
        match self {
            Self::Io => "error=EIO",
            Self::Full => "error=ENOSPC",
            Self::Kill => "signal=KILL",
        }
    }
}

/// One fault: strace counts calls for each thread, so an error meets the `nth` call of every thread, a kill the first of them.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub(crate) call: String,
    pub(crate) nth: u32,
    pub(crate) fault: Fault,
}

/// Why strace cannot be used here; `None`: it can.
pub(crate) fn obstacle() -> Option<String> {
    let out = Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).output();
    match out {
        Ok(out) if out.status.success() => None,
        Ok(out) => Some(String::from_utf8_lossy(&out.stderr).into_owned()),
        Err(error) => Some(format!("strace: {error}; ./tests/run installs it")),
    }
}

/// strace's own arguments: what it traces, only on `paths` if there are any.
pub(crate) fn arguments(log: &Path, paths: &[PathBuf], point: Option<&Point>) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["-f", "-qq", "-y", "-s", "0", "-o", log.to_str().unwrap()].map(str::to_owned).into();
    arguments.extend(["-e".to_owned(), format!("trace={CALLS}")]);
    for path in paths {
        arguments.extend(["-P".to_owned(), path.to_str().unwrap().to_owned()]);
    }
    if let Some(Point { call, nth, fault }) = point {
        arguments.extend(["-e".to_owned(), format!("inject={call}:{}:when={nth}", fault.option())]);
    }
    arguments
}

/// `command` under strace. The process started is the command itself: strace is its grandchild, so signals and exit status are real.
pub(crate) fn traced(command: &Command, arguments: &[String]) -> Command {
    let mut strace = Command::new("strace");
    strace.arg("-D").args(["--seccomp-bpf"]).args(arguments).arg(command.get_program()).args(command.get_args());
    strace.stdin(Stdio::null());
    strace
}

/// What strace wrote.
pub(crate) struct Log(String);

impl Log {
    /// Reads it when `pid` has ended in it: strace writes on for a moment.
    pub(crate) fn read(path: &Path, pid: u32) -> Self {
        let began = Instant::now();
        loop {
            let text = String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
            let ended =
                text.lines().any(|l| l.split_whitespace().next() == Some(&pid.to_string()) && l.contains(" +++ "));
            if ended || began.elapsed() > Duration::from_secs(2) {
                return Self(text);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// For each call: the most that one thread did.
    pub(crate) fn most(&self) -> BTreeMap<String, u32> {
        let mut counts: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        for line in self.0.lines() {
            let Some((thread, rest)) = line.split_once(char::is_whitespace) else { continue };
            let Some((call, _)) = rest.trim_start().split_once('(') else { continue };
            if CALLS.split(',').any(|c| c == call) {
                *counts.entry((thread, call)).or_default() += 1;
            }
        }
        let mut most = BTreeMap::new();
        for ((_, call), count) in counts {
            let entry = most.entry(call.to_owned()).or_insert(0);
            *entry = count.max(*entry);
        }
        most
    }

    /// Calls that were made to fail.
    pub(crate) fn injected(&self) -> Vec<&str> {
        self.0.lines().filter(|l| l.contains("(INJECTED)")).collect()
    }

    /// Whether a call failed that no disk can make fail: the wake-up of the runtime's own threads, or a pipe.
    pub(crate) fn hit_no_file(&self) -> bool {
        let no_file = ["anon_inode", "pipe:[", "socket:[", "UNIX"];
        let mut open: BTreeMap<&str, bool> = BTreeMap::new();
        let mut hit = false;
        for line in self.0.lines() {
            let thread = line.split_whitespace().next().unwrap_or_default();
            let own = no_file.iter().any(|n| line.contains(n));
            if line.contains("<unfinished") {
                open.insert(thread, own);
            }
            if line.contains("(INJECTED)") {
                hit |= own || (line.contains("resumed>") && open.get(thread) == Some(&true));
            }
        }
        hit
    }
}
