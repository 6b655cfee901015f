//! One pass over a source: every byte is read once, hashed while it is hot, and written while the next ones are hashed.
//!
//! Zeros of a sparse source are hashed and not written, so that it stays sparse. They are found by looking at the bytes:
//! what `SEEK_HOLE` says of a file that was just written has been wrong on more than one file system.
//!
//! Writes bypass the page cache where the file system allows it: nobody reads the object again soon, its pages need not
//! be found, filled and thrown away (that costs as much processor time as half of the hashing), and when the pass ends the bytes
//! are on their way already, so that the later sync is short. Elsewhere they are buffered and write-back is begun early.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use rustix::fs::{Advice, FallocateFlags, OFlags, fadvise, fallocate, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use super::block::{ALIGN, BLOCK_BYTES, Block};
use super::digester::Digester;
use crate::sys;

/// Blocks of one pass: one being filled, one being written, one between.
const BLOCKS: usize = 3;

/// Buffered bytes after which write-back is begun.
const WRITE_BEHIND_BYTES: u64 = 8 * 1024 * 1024;

/// Pieces of a sparse source that are all zeros are not written; smaller holes are filled.
const HOLE_BYTES: usize = 64 * 1024;
static ZEROS: [u8; HOLE_BYTES] = [0; HOLE_BYTES];

/// A source may grow by this much while it is read before the pass gives up. Where the size that the file system tells
/// lags behind the bytes (some network shares), they are still taken.
const GROWTH_BYTES: u64 = 64 * 1024 * 1024;

/// Why a pass did not reach the end.
#[derive(Debug)]
pub(super) enum CopyError {
    /// Reading the source failed.
    Source(io::Error),
    /// Writing the target failed.
    Target(io::Error),
    /// It was told to stop.
    Stopped,
    /// The source grows as fast as it is read.
    Growing {
        /// Its size at the start, in bytes.
        before: u64,
        /// Bytes read so far.
        read: u64,
    },
}

/// Who looks on during a pass.
pub(super) struct Watch<'a> {
    /// Told the number of bytes read, after each block.
    pub(super) progress: &'a dyn Fn(u64),
    /// Looked at before each block: ends the pass when true.
    pub(super) stop: Option<&'a AtomicBool>,
}

/// Hashes `source` from its beginning to its end; returns the number of bytes.
pub(super) fn hash(source: &File, digester: &mut Digester, watch: &Watch<'_>) -> Result<u64, CopyError> {
    let pass = Pass::begin(source, watch).map_err(CopyError::Source)?;
    let mut block = Block::for_bytes(pass.expected.saturating_add(1), BLOCK_BYTES);
    pass.run(digester, |digester, offset| {
        pass.fill(&mut block, offset, digester).map_err(CopyError::Source)?;
        Ok((block.bytes().len(), !block.is_full()))
    })
}

/// Copies `source` from its beginning to its end into the empty `target`, and hashes it; returns the number of bytes.
///
/// On return `target` has that size, is buffered again, and is not synced.
pub(super) fn copy(source: &File, target: &File, digester: &mut Digester, watch: &Watch<'_>) -> Result<u64, CopyError> {
    let pass = Pass::begin(source, watch).map_err(CopyError::Source)?;
    let mut sink = Sink::new(target, pass.sparse, pass.expected).map_err(CopyError::Target)?;
    let size = if pass.expected <= BLOCK_BYTES as u64 {
        copy_inline(&pass, &mut sink, digester)?
    } else {
        copy_overlapped(&pass, &mut sink, digester)?
    };
    sink.finish(size).map_err(CopyError::Target)?;
    Ok(size)
}

/// A small file: the reading thread writes too; a thread for it would cost more than it gains.
fn copy_inline(pass: &Pass<'_>, sink: &mut Sink<'_>, digester: &mut Digester) -> Result<u64, CopyError> {
    let mut block = Block::for_bytes(pass.expected.saturating_add(1), BLOCK_BYTES);
    pass.run(digester, |digester, offset| {
        pass.fill(&mut block, offset, digester).map_err(CopyError::Source)?;
        sink.write(block.bytes(), offset).map_err(CopyError::Target)?;
        Ok((block.bytes().len(), !block.is_full()))
    })
}

/// A large file: this thread reads and hashes, a second one writes; [`BLOCKS`] blocks go round between them.
fn copy_overlapped(pass: &Pass<'_>, sink: &mut Sink<'_>, digester: &mut Digester) -> Result<u64, CopyError> {
    let (full, to_write) = sync_channel::<(Block, u64)>(BLOCKS);
    let (written, empty) = channel::<Block>();
    for _ in 0..BLOCKS {
        let _ = written.send(Block::for_bytes(BLOCK_BYTES as u64, BLOCK_BYTES));
    }
    std::thread::scope(|scope| {
        let writer = std::thread::Builder::new()
            .spawn_scoped(scope, move || write_blocks(sink, &to_write, &written))
            .map_err(CopyError::Target)?;
        let read = read_blocks(pass, digester, full, &empty);
        // The writer ends when `full` is gone; where it failed, its error is the cause of the reader's early end.
        match writer.join() {
            Ok(Ok(())) => read,
            Ok(Err(error)) => Err(CopyError::Target(error)),
            Err(_) => Err(CopyError::Target(io::Error::other("the writing thread died"))),
        }
    })
}

fn write_blocks(sink: &mut Sink<'_>, full: &Receiver<(Block, u64)>, empty: &Sender<Block>) -> io::Result<()> {
    while let Ok((block, offset)) = full.recv() {
        sink.write(block.bytes(), offset)?;
        let _ = empty.send(block);
    }
    Ok(())
}

fn read_blocks(
    pass: &Pass<'_>,
    digester: &mut Digester,
    full: SyncSender<(Block, u64)>,
    empty: &Receiver<Block>,
) -> Result<u64, CopyError> {
    let writer_gone = || CopyError::Target(io::Error::from(io::ErrorKind::BrokenPipe));
    pass.run(digester, |digester, offset| {
        let mut block = empty.recv().map_err(|_| writer_gone())?;
        pass.fill(&mut block, offset, digester).map_err(CopyError::Source)?;
        let (len, ended) = (block.bytes().len(), !block.is_full());
        full.send((block, offset)).map_err(|_| writer_gone())?;
        Ok((len, ended))
    })
}

/// What a pass over a source knows from its start.
struct Pass<'a> {
    source: &'a File,
    /// The source's size when the pass began, in bytes.
    expected: u64,
    /// Whether it occupied less than that.
    sparse: bool,
    /// Whether it is read past the page cache. Only a sparse source is: its holes would fill the cache with zeros, which
    /// takes four times as long as to hash them.
    direct: Cell<bool>,
    watch: &'a Watch<'a>,
}

impl<'a> Pass<'a> {
    fn begin(source: &'a File, watch: &'a Watch<'a>) -> io::Result<Self> {
        let facts = source.metadata()?;
        let _ = fadvise(source, 0, None, Advice::Sequential);
        let expected = facts.len();
        // In units of 512 bytes whatever the file system's block is, see stat(2).
        let sparse = facts.blocks().saturating_mul(512) < expected;
        let direct = Cell::new(sparse && set_direct(source, true).is_ok());
        Ok(Self { source, expected, sparse, direct, watch })
    }

    /// Fills `block` with what the source has at `offset`, and hashes it.
    fn fill(&self, block: &mut Block, offset: u64, digester: &mut Digester) -> io::Result<()> {
        block.clear();
        loop {
            match block.fill(self.source, offset, |piece| digester.update(piece)) {
                // The file system refuses such reads after all, or only behind a piece off the alignment.
                Err(error) if Errno::from_io_error(&error) == Some(Errno::INVAL) && self.direct.replace(false) => {
                    set_direct(self.source, false)?;
                }
                done => return done,
            }
        }
    }

    /// Calls `step` for one block after the other until it says that the source ended. `step` gets the block's offset
    /// and returns its length and whether the source ended with it.
    fn run(
        &self,
        digester: &mut Digester,
        mut step: impl FnMut(&mut Digester, u64) -> Result<(usize, bool), CopyError>,
    ) -> Result<u64, CopyError> {
        let mut size = 0u64;
        loop {
            if self.watch.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                return Err(CopyError::Stopped);
            }
            let (len, ended) = step(digester, size)?;
            size += len as u64;
            (self.watch.progress)(size);
            if ended {
                return Ok(size);
            }
            if size > self.expected.saturating_add(GROWTH_BYTES) {
                return Err(CopyError::Growing { before: self.expected, read: size });
            }
        }
    }
}

impl Drop for Pass<'_> {
    /// The descriptor is the caller's: it gets its flag back.
    fn drop(&mut self) {
        if self.direct.get() {
            let _ = set_direct(self.source, false);
        }
    }
}

/// Where the bytes go.
struct Sink<'a> {
    target: &'a File,
    /// Writes bypass the page cache.
    direct: bool,
    /// Zeros need not be written.
    sparse: bool,
    /// Bytes reserved on the device.
    reserved: u64,
    /// Up to here write-back was begun.
    begun: u64,
}

impl<'a> Sink<'a> {
    /// Reserves the room that a source without holes will need, so that a full disk is known at once.
    fn new(target: &'a File, sparse: bool, expected: u64) -> io::Result<Self> {
        let direct = set_direct(target, true).is_ok();
        let reserve = expected > BLOCK_BYTES as u64 && !sparse;
        let reserved = if reserve { reserve_room(target, expected)? } else { 0 };
        Ok(Self { target, direct, sparse, reserved, begun: 0 })
    }

    fn write(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if !self.sparse {
            return self.write_run(bytes, offset);
        }
        let mut at = offset;
        for piece in bytes.chunks(HOLE_BYTES) {
            if ZEROS.get(..piece.len()) != Some(piece) {
                self.write_run(piece, at)?;
            }
            at += piece.len() as u64;
        }
        Ok(())
    }

    /// Only the last run of a file may end off [`ALIGN`]: what is beyond goes through the page cache.
    fn write_run(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if !self.direct {
            return self.write_buffered(bytes, offset);
        }
        let (aligned, tail) = bytes.split_at(bytes.len() - bytes.len() % ALIGN);
        match self.target.write_all_at(aligned, offset) {
            Ok(()) if tail.is_empty() => Ok(()),
            Ok(()) => {
                self.leave_direct()?;
                self.write_buffered(tail, offset + aligned.len() as u64)
            }
            // The file system takes the flag but not these writes (or a short one left it off the alignment).
            Err(error) if error.raw_os_error() == Some(Errno::INVAL.raw_os_error()) => {
                self.leave_direct()?;
                self.write_buffered(bytes, offset)
            }
            Err(error) => Err(error),
        }
    }

    fn write_buffered(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.target.write_all_at(bytes, offset)?;
        let end = offset + bytes.len() as u64;
        if end.saturating_sub(self.begun) >= WRITE_BEHIND_BYTES {
            sys::start_writeback(self.target, self.begun, end - self.begun);
            self.begun = end;
        }
        Ok(())
    }

    fn leave_direct(&mut self) -> io::Result<()> {
        self.direct = false;
        set_direct(self.target, false)
    }

    /// Sets the final size (a hole at the end is a size, not a write), gives unused room back and begins write-back.
    fn finish(mut self, size: u64) -> io::Result<()> {
        if self.direct {
            self.leave_direct()?;
        }
        if self.sparse || self.reserved > size {
            self.target.set_len(size)?;
        }
        sys::start_writeback(self.target, self.begun, 0);
        Ok(())
    }
}

/// Reserves `bytes` without changing the file's size; returns how many were reserved, 0 where the file system cannot.
fn reserve_room(target: &File, bytes: u64) -> io::Result<u64> {
    match fallocate(target, FallocateFlags::KEEP_SIZE, 0, bytes) {
        Ok(()) => Ok(bytes),
        Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG | Errno::IO)) => Err(error.into()),
        Err(_) => Ok(0),
    }
}

/// Turns unbuffered reads and writes of `file` on or off.
pub(super) fn set_direct(file: &File, on: bool) -> io::Result<()> {
    let mut flags = fcntl_getfl(file)?;
    flags.set(OFlags::DIRECT, on);
    Ok(fcntl_setfl(file, flags)?)
}
