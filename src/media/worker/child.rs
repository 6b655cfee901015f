//! The child's side: limits on itself first, then file after file until its parent closes the socket.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::UnshareFlags;

use super::super::container;
use super::super::container::reader::FileSource;
use super::wire::{self, MOST_ANSWER, Request};
use super::{WALL_LIMIT, failed};
use crate::model::media::MediaFacts;
use crate::sys;

/// Memory for data beyond what the process has when it starts.
const DATA_BYTES: u64 = 56 << 20;
/// Standard input, output and error, and the file that is being probed: no room to open or connect to anything.
const DESCRIPTORS: u64 = 4;

/// Serves probes on a socket until the other end is closed; for the subcommand `probe-worker`, whose standard input is
/// the socket. It takes rights and resources from the whole process and gives none back, so the process must do nothing
/// else: every descriptor but the standard ones and the socket is closed.
///
/// # Errors
/// When a limit cannot be set, then nothing is served, or the socket fails.
pub fn serve(socket: impl AsFd) -> io::Result<()> {
    let socket = socket.as_fd();
    close_inherited(socket)?;
    confine()?;
    // Best effort: a datagram of the longest answer fits the usual buffer too.
    let _ = rustix::net::sockopt::set_socket_send_buffer_size(socket, 2 * MOST_ANSWER);
    std::panic::set_hook(Box::new(|_| {}));
    let mut clock = ProcessorTime::start()?;
    loop {
        let facts = match wire::receive_descriptor(socket)? {
            Request::End => return Ok(()),
            Request::Nothing => failed("no descriptor came with the request"),
            Request::File(file) => clock.limited(|| probe(file))?,
        };
        wire::send_answer(socket, facts)?;
    }
}

fn probe(file: OwnedFd) -> MediaFacts {
    let file = File::from(file);
    match file.metadata() {
        Ok(m) if m.is_file() => {}
        Ok(_) => return failed("it is no regular file"),
        Err(e) => return failed(&e.to_string()),
    }
    let source = match FileSource::new(file) {
        Ok(source) => source,
        Err(e) => return failed(&e.to_string()),
    };
    let probed = catch_unwind(AssertUnwindSafe(|| container::probe(&source)));
    probed.unwrap_or_else(|panic| failed(&format!("panic: {}", panic_text(&*panic))))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

/// Closes whatever the parent got from its own parent without close-on-exec, such as the sockets of a service manager:
/// it is not for this process, and would fill the few descriptors that are allowed.
fn close_inherited(socket: BorrowedFd<'_>) -> io::Result<()> {
    let numbers =
        std::fs::read_dir("/proc/self/fd")?.map(|entry| Ok(entry?.file_name().to_str().and_then(|n| n.parse().ok())));
    let numbers: Vec<Option<RawFd>> = numbers.collect::<io::Result<_>>()?;
    for number in numbers.into_iter().flatten().filter(|&n| n > 2 && n != socket.as_raw_fd()) {
        // The listing's own number fails: it is closed by now.
        sys::close_inherited(number);
    }
    Ok(())
}

/// Takes from the process what it does not need.
fn confine() -> io::Result<()> {
    let data = data_bytes()?;
    rustix::process::chdir("/")?;
    rustix::thread::set_no_new_privs(true)?;
    leave_networks();
    limit(Resource::Data, Some(data + DATA_BYTES), Some(data + DATA_BYTES))?;
    limit(Resource::Fsize, Some(0), Some(0))?;
    limit(Resource::Core, Some(0), Some(0))?;
    limit(Resource::Nofile, Some(DESCRIPTORS), Some(DESCRIPTORS))
}

/// Moves into a network of its own without any interface. Where the system does not allow it, the limit on descriptors
/// alone keeps the process from connecting.
#[expect(deprecated, reason = "unsafe only for shared descriptor tables, which are not touched here")]
fn leave_networks() {
    let _ = rustix::thread::unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNET);
}

/// Sets a limit, never above the hard one that is in force.
fn limit(resource: Resource, soft: Option<u64>, hard: Option<u64>) -> io::Result<()> {
    let most = getrlimit(resource).maximum;
    let lower = |wanted: Option<u64>| match (wanted, most) {
        (Some(wanted), Some(most)) => Some(wanted.min(most)),
        (wanted, most) => wanted.or(most),
    };
    Ok(setrlimit(resource, Rlimit { current: lower(soft), maximum: lower(hard) })?)
}

/// Bytes that count against `RLIMIT_DATA` now.
fn data_bytes() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmData:")?.trim().strip_suffix(" kB")?.parse().ok());
    kib.map(|kib: u64| kib << 10).ok_or_else(|| io::Error::other("/proc/self/status has no VmData"))
}

/// Keeps the limit on processor time [`WALL_LIMIT`] ahead of what was used. What was used is not asked but bounded: it
/// is at most the time that passed on the wall while probing, because the process has one thread.
struct ProcessorTime {
    used: Duration,
    limit_s: u64,
}

impl ProcessorTime {
    fn start() -> io::Result<Self> {
        let mut clock = Self { used: Duration::ZERO, limit_s: 0 };
        clock.renew()?;
        Ok(clock)
    }

    fn limited<T>(&mut self, work: impl FnOnce() -> T) -> io::Result<T> {
        self.renew()?;
        let start = Instant::now();
        let done = work();
        self.used += start.elapsed();
        Ok(done)
    }

    /// Sets the limit, when it is another one: it counts whole seconds, so one more for the part that was used.
    fn renew(&mut self) -> io::Result<()> {
        let limit_s = self.used.as_secs() + 1 + WALL_LIMIT.as_secs();
        if limit_s != self.limit_s {
            limit(Resource::Cpu, Some(limit_s), None)?;
            self.limit_s = limit_s;
        }
        Ok(())
    }
}
