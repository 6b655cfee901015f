//! Reading an object back from the device: what a person may rely on before the recorder is cleared.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use rustix::fs::{Advice, Mode, OFlags, fadvise};
use rustix::io::Errno;

use super::VaultError;
use super::block::{ALIGN, Block};
use super::copy::set_direct;
use super::digester::Digester;
use super::local::LocalVault;
use crate::model::digest::{Sha256Digest, Sm3Digest};

/// Bytes read at a time. Nothing reads ahead here: only a large read keeps several requests in the device's queue.
const READ_BYTES: usize = 4 * 1024 * 1024;

/// What an object should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Its digest, and thereby its name.
    pub sha256: Sha256Digest,
    /// Its SM3 digest, if it was computed when it was taken.
    pub sm3: Option<Sm3Digest>,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadBack {
    /// Whether it is what was expected.
    pub verdict: Verdict,
    /// How it was read.
    pub path: ReadPath,
}

/// Whether an object is what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Size and digests are equal.
    Equal,
    /// They are not; this is what is stored.
    Differs {
        /// SHA-256 of the bytes on the device.
        sha256: Sha256Digest,
        /// SM3 of them, if expected.
        sm3: Option<Sm3Digest>,
        /// Their number.
        size_bytes: u64,
    },
    /// The caller ended it.
    Stopped,
}

/// Where the bytes that were hashed came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadPath {
    /// The device, past the page cache (`O_DIRECT`).
    Direct,
    /// The file system after it was told to forget the cached pages, which it may not do: it knows no direct reads.
    Uncached,
}

impl LocalVault {
    /// Reads the object back and compares it with what it should be. Its cached pages are given up first, so they are no
    /// witness. Constant memory (4 MiB).
    ///
    /// `throttle` is called with the number of bytes read, before each block: it may sleep to spare the disk, and may
    /// end the reading.
    ///
    /// # Errors
    /// `NotFound` when there is no such object, and what reading said: a device that cannot give the bytes back.
    pub fn read_back(
        &self,
        expected: &Expected,
        throttle: &dyn Fn(u64) -> ControlFlow<()>,
    ) -> Result<ReadBack, VaultError> {
        let path = self.object_path(expected.sha256);
        read_back(&path, expected, throttle).map_err(VaultError::at("read back", &path))
    }
}

fn read_back(path: &Path, expected: &Expected, throttle: &dyn Fn(u64) -> ControlFlow<()>) -> io::Result<ReadBack> {
    let mut file = DirectFile::open(path)?;
    let mut digester = Digester::new(expected.sm3.is_some());
    let mut block = Block::for_bytes(expected.size_bytes.saturating_add(1), READ_BYTES);
    let mut size_bytes = 0;
    loop {
        if throttle(size_bytes).is_break() {
            return Ok(ReadBack { verdict: Verdict::Stopped, path: file.path });
        }
        let read = file.read(&mut block, size_bytes)?;
        if read == 0 {
            break;
        }
        digester.update(block.bytes());
        size_bytes += read as u64;
    }
    let (sha256, sm3) = digester.finish();
    let equal = Expected { sha256, sm3, size_bytes } == *expected;
    let verdict = if equal { Verdict::Equal } else { Verdict::Differs { sha256, sm3, size_bytes } };
    Ok(ReadBack { verdict, path: file.path })
}

/// A file read past the page cache for as long as that is possible.
struct DirectFile {
    file: File,
    path: ReadPath,
}

impl DirectFile {
    fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        // The object was synced before it got its name: all its pages are clean, and go.
        fadvise(&file, 0, None, Advice::DontNeed)?;
        let path = if set_direct(&file, true).is_ok() { ReadPath::Direct } else { ReadPath::Uncached };
        Ok(Self { file, path })
    }

    /// Reads a block at `offset`; 0 only at the end of the file.
    fn read(&mut self, block: &mut Block, offset: u64) -> io::Result<usize> {
        if self.path == ReadPath::Direct {
            // A direct read is short, and so off the alignment, only at the end.
            let end = !offset.is_multiple_of(ALIGN as u64) && offset >= self.file.metadata()?.len();
            if end {
                return Ok(0);
            }
            match block.read_once(&self.file, offset) {
                Err(error) if Errno::from_io_error(&error) == Some(Errno::INVAL) => {
                    set_direct(&self.file, false)?;
                    self.path = ReadPath::Uncached;
                }
                other => return other,
            }
        }
        block.read_once(&self.file, offset)
    }
}
