//! The one module with `unsafe`: Linux calls that rustix does not offer, and the signal that one of them can cause.
//!
//! Everything here takes a borrowed file and plain integers, so that no pointer crosses the boundary: a wrong argument
//! gets an error from the kernel and cannot break memory.
#![expect(
    unsafe_code,
    reason = "fcntl(F_SETLEASE), sync_file_range, signal, close of a bare number and the allocator's settings have no safe wrapper in rustix"
)]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};

/// What a read lease tells of a file's writers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// Granted: at this instant nobody had the file open for writing, nor mapped shared and writable.
    Free,
    /// Refused: somebody has it open for writing.
    Busy,
    /// The file system, the kernel or our rights give no leases here (network shares, a file of another user without
    /// `CAP_LEASE`): nothing is known.
    Unsupported,
}

/// Asks the kernel whether anyone can write `file`: takes a read lease and gives it back at once.
///
/// `file` must have been opened read-only; the caller's own writable descriptors count as writers. Whoever opens the
/// file for writing in that instant waits until it is given back, and the kernel sends this process SIGIO, which ends a
/// process by default: call [`ignore_lease_signal`] once at start-up.
///
/// # Errors
/// What `fcntl` says other than the answers of [`Lease`].
pub fn read_lease(file: &File) -> io::Result<Lease> {
    match set_lease(file, libc::F_RDLCK) {
        Ok(()) => set_lease(file, libc::F_UNLCK).map(|()| Lease::Free),
        Err(error) => match error.raw_os_error() {
            Some(libc::EAGAIN) => Ok(Lease::Busy),
            Some(libc::EINVAL | libc::EACCES | libc::EPERM | libc::ENOSYS | libc::ENOLCK | libc::EOPNOTSUPP) => {
                Ok(Lease::Unsupported)
            }
            _ => Err(error),
        },
    }
}

fn set_lease(file: &File, kind: libc::c_int) -> io::Result<()> {
    // SAFETY: F_SETLEASE takes an int and no pointer; `file` keeps the descriptor open during the call.
    let done = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Has the process ignore SIGIO, by which the kernel announces that a lease is wanted back. Nothing is lost by it: a
/// lease is given back before [`read_lease`] returns.
///
/// # Errors
/// When the kernel refuses; taking leases is not safe then.
pub fn ignore_lease_signal() -> io::Result<()> {
    // SAFETY: SIG_IGN installs no handler, so that no code of ours runs in signal context.
    let before = unsafe { libc::signal(libc::SIGIO, libc::SIG_IGN) };
    if before == libc::SIG_ERR { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Has the kernel begin to write the `len` bytes of `file` from `offset` to the device (0: all that follow), and does
/// not wait. A hint: it makes nothing durable, and a file system that knows no such call is no error.
pub fn start_writeback(file: &File, offset: u64, len: u64) {
    let (Ok(offset), Ok(len)) = (i64::try_from(offset), i64::try_from(len)) else { return };
    // SAFETY: integers only; `file` keeps the descriptor open during the call.
    let _ = unsafe { libc::sync_file_range(file.as_raw_fd(), offset, len, libc::SYNC_FILE_RANGE_WRITE) };
}

/// Has the C library's allocator keep little of what was freed: few arenas (by default up to eight a core, each of which keeps its own
/// free memory), and blocks of 128 KiB and more back to the kernel as soon as they are freed. Call it before the first thread starts.
/// Nothing where the C library is not glibc.
pub fn keep_little_memory() {
    #[cfg(target_env = "gnu")]
    for (setting, value) in
        [(libc::M_ARENA_MAX, 2), (libc::M_TRIM_THRESHOLD, 128 << 10), (libc::M_MMAP_THRESHOLD, 128 << 10)]
    {
        // SAFETY: integers only. A refusal leaves the default.
        let _ = unsafe { libc::mallopt(setting, value) };
    }
}

/// Gives freed memory back to the kernel, also from the middle of the heap. Less than a millisecond for a few MiB; any thread may
/// call it at any time. Nothing where the C library is not glibc.
pub fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes the allocator's own locks and touches only memory that is free.
    let _ = unsafe { libc::malloc_trim(0) };
}

/// Closes a descriptor that this process inherited and that no value in it owns. For a process with one thread that has just
/// started: a number that somebody owns must never be given.
pub fn close_inherited(number: RawFd) {
    // SAFETY: closing touches no memory; the caller vouches that no value owns the number.
    let _ = unsafe { libc::close(number) };
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::*;

    #[test]
    fn a_lease_sees_writers_and_lets_them_be() {
        ignore_lease_signal().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("clip.mp4");
        std::fs::write(&path, b"bytes").unwrap();
        let reader = File::open(&path).unwrap();
        if read_lease(&reader).unwrap() == Lease::Unsupported {
            println!("skipped: no leases on this file system");
            return;
        }
        assert_eq!(read_lease(&reader).unwrap(), Lease::Free);
        let writer = OpenOptions::new().append(true).open(&path).unwrap();
        assert_eq!(read_lease(&reader).unwrap(), Lease::Busy);
        start_writeback(&writer, 0, 0);
        drop(writer);
        assert_eq!(read_lease(&reader).unwrap(), Lease::Free, "the lease was given back and the writer is gone");
    }

    #[test]
    fn what_is_no_regular_file_has_no_lease() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read_lease(&File::open(dir.path()).unwrap()).unwrap(), Lease::Unsupported);
    }
}
