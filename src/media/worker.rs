//! Probing in a child process of the same binary, so that a hostile file can only end the child.
//!
//! The child has no more than a socket to its parent and, while it probes, one read-only descriptor of the file. It
//! limits its own memory, descriptors and processor time; the parent limits the time on the wall. One request is one
//! byte with a descriptor, one answer is one JSON datagram. The child ends when its parent's end of the socket is
//! closed, however that comes about.

mod child;
mod wire;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

pub use self::child::serve;
use super::container::anomalies;
use crate::model::media::{Health, MediaFacts};

/// The subcommand under which the binary calls [`serve`] on its standard input.
pub const SUBCOMMAND: &str = "probe-worker";
/// Longest time that a probe may take, on the wall.
pub const WALL_LIMIT: Duration = Duration::from_secs(2);
/// Longest time that a child may take to end when it is killed.
const END_LIMIT: Duration = Duration::from_millis(500);

/// Starts the child when it is first needed and hands it file after file.
#[derive(Debug)]
pub struct Prober {
    exe: PathBuf,
    running: Option<Running>,
}

/// A child and the parent's end of its socket. Dropping it ends the child.
#[derive(Debug)]
struct Running {
    child: Child,
    socket: OwnedFd,
}

/// Why a probe gave no facts.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot start the probe process {exe}: {source}")]
    Start { exe: PathBuf, source: io::Error },
    #[error("cannot open the file again for reading only: {0}")]
    Reopen(io::Error),
    #[error("cannot hand the file to the probe process: {0}")]
    Send(io::Error),
    #[error("timeout: no answer within {} s", WALL_LIMIT.as_secs())]
    Timeout,
    #[error("the probe process died: {0}")]
    Died(String),
    #[error("the probe process answered what is no answer: {0}")]
    Answer(String),
}

impl Prober {
    /// A prober that will start `exe probe-worker`; nothing is started yet.
    pub fn new(exe: PathBuf) -> Self {
        Self { exe, running: None }
    }

    /// The facts of an open file. Blocks for at most [`WALL_LIMIT`] and the start of a process. Never fails: a child
    /// that dies, hangs or cannot be started gives [`Health::ProbeFailed`] with the reason, and the next call starts a
    /// new one. The file's position is neither used nor moved.
    pub fn probe(&mut self, file: &File) -> MediaFacts {
        match self.ask(file) {
            Ok(facts) => facts,
            Err(failure) => {
                let died = self.end(&failure);
                failed(&died.unwrap_or_else(|| failure.to_string()))
            }
        }
    }

    /// Ends an idle child and so gives its memory back; the next probe starts a new one.
    pub fn rest(&mut self) {
        self.running = None;
    }

    /// The child's process id, while there is one.
    pub fn child_id(&self) -> Option<u32> {
        self.running.as_ref().map(|r| r.child.id())
    }

    fn ask(&mut self, file: &File) -> Result<MediaFacts, Failure> {
        let reopened = reopened_read_only(file).map_err(Failure::Reopen)?;
        let file = reopened.as_ref().map_or(file.as_fd(), AsFd::as_fd);
        // A child that died while it was idle is no fault of this file.
        if !self.running.as_mut().is_some_and(Running::is_alive) {
            self.start()?;
        }
        if let Err(e) = self.send(file) {
            if e.kind() != io::ErrorKind::BrokenPipe {
                return Err(Failure::Send(e));
            }
            self.start()?;
            // One that ends before it takes the file is dead, not unreachable: how it ended is what helps.
            self.send(file).map_err(|e| match e.kind() {
                io::ErrorKind::BrokenPipe => Failure::Died(e.to_string()),
                _ => Failure::Send(e),
            })?;
        }
        let socket = self.running.as_ref().map(|r| r.socket.as_fd());
        receive(socket.ok_or_else(|| Failure::Died("it is gone".to_owned()))?)
    }

    fn start(&mut self) -> Result<(), Failure> {
        self.running = None;
        let running = Running::start(&self.exe).map_err(|source| Failure::Start { exe: self.exe.clone(), source })?;
        self.running = Some(running);
        Ok(())
    }

    fn send(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        let running = self.running.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        wire::send_descriptor(running.socket.as_fd(), file)
    }

    /// Ends the child after a failure; says how it died, when it died by itself.
    fn end(&mut self, failure: &Failure) -> Option<String> {
        let mut running = self.running.take()?;
        matches!(failure, Failure::Died(_)).then(|| Failure::Died(running.cause()).to_string())
    }
}

impl Running {
    fn start(exe: &PathBuf) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC;
        let (socket, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        let mut command = Command::new(exe);
        command.arg(SUBCOMMAND).env_clear();
        command.stdin(Stdio::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
        // `command` holds the child's end, which must be closed here for the child's death to show.
        let child = command.spawn();
        drop(command);
        Ok(Self { child: child?, socket })
    }

    fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for a child whose socket is closed, and says how it ended.
    fn cause(&mut self) -> String {
        match self.wait() {
            Ok(Some(status)) => status.signal().map_or_else(|| status.to_string(), |s| format!("signal {s}")),
            Ok(None) => "it closed its socket".to_owned(),
            Err(e) => e.to_string(),
        }
    }

    /// Waits for the child to end, but not longer than [`END_LIMIT`].
    fn wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + END_LIMIT;
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || Instant::now() >= deadline {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the child is already gone and reaped. One that hangs in a read of a dead disk or share
        // does not even end when it is killed; it is left to the system then.
        let _ = self.child.kill();
        let _ = self.wait();
    }
}

/// The same file opened for reading only, when `file` could be written to; `None` when it can be handed on as it is.
fn reopened_read_only(file: &File) -> io::Result<Option<File>> {
    let mode = rustix::fs::fcntl_getfl(file)? & OFlags::RWMODE;
    if mode == OFlags::RDONLY {
        return Ok(None);
    }
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd())).map(Some)
}

fn receive(socket: BorrowedFd<'_>) -> Result<MediaFacts, Failure> {
    let deadline = Instant::now() + WALL_LIMIT;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs().try_into().unwrap_or(0), tv_nsec: left.subsec_nanos().into() };
        let mut fds = [PollFd::new(&socket, PollFlags::IN)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) => return Err(Failure::Timeout),
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(Failure::Answer(e.to_string())),
        }
    }
    let answer = wire::receive_answer(socket).map_err(|e| Failure::Died(e.to_string()))?;
    if answer.is_empty() {
        return Err(Failure::Died("its socket is closed".to_owned()));
    }
    serde_json::from_slice(&answer).map_err(|e| Failure::Answer(e.to_string()))
}

/// The facts of a file whose probe failed.
fn failed(detail: &str) -> MediaFacts {
    let mut facts = MediaFacts { health: Health::ProbeFailed, ..MediaFacts::default() };
    anomalies::note(&mut facts, "probe_failed", None, Some(detail.to_owned()));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(facts: &MediaFacts) -> &str {
        assert_eq!((facts.health, facts.anomalies.len()), (Health::ProbeFailed, 1));
        assert_eq!(facts.anomalies[0].code, "probe_failed");
        facts.anomalies[0].detail.as_deref().unwrap()
    }

    fn prober(exe: &str) -> (Prober, File) {
        (Prober::new(exe.into()), tempfile::tempfile().unwrap())
    }

    #[test]
    fn a_program_that_is_not_there() {
        let (mut prober, file) = prober("/nonexistent/zhilu");
        assert!(detail(&prober.probe(&file)).starts_with("cannot start the probe process /nonexistent/zhilu"));
        assert_eq!(prober.child_id(), None);
    }

    #[test]
    fn a_child_that_ends_at_once() {
        let (mut prober, file) = prober("/bin/false");
        for _ in 0..3 {
            assert_eq!(detail(&prober.probe(&file)), "the probe process died: exit status: 1");
        }
    }

    #[test]
    fn a_child_that_never_answers_is_ended_in_time() {
        let (mut prober, file) = prober("/usr/bin/yes");
        let start = Instant::now();
        assert_eq!(detail(&prober.probe(&file)), "timeout: no answer within 2 s");
        assert!((WALL_LIMIT..WALL_LIMIT * 2).contains(&start.elapsed()), "{:?}", start.elapsed());
        assert_eq!(prober.child_id(), None);
    }

    #[test]
    fn what_is_handed_on_cannot_be_written() {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, b"bytes").unwrap();
        let mut reopened = reopened_read_only(&file).unwrap().expect("it was open for writing");
        assert_eq!(io::Read::read_to_end(&mut reopened, &mut Vec::new()).unwrap(), 5, "its position is its own");
        assert!(io::Write::write(&mut reopened, b"x").is_err());
        assert!(reopened_read_only(&reopened).unwrap().is_none());
    }
}
