//! Reading an object back from the device: what a person may rely on before the recorder is cleared, and what is asked again and again
//! as long as the object is kept.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use rustix::fs::{Advice, Mode, OFlags, fadvise};
use rustix::io::Errno;

use super::VaultError;
use super::block::{ALIGN, Block};
use super::copy::set_direct;
use super::digester::Digester;
use super::local::LocalVault;
use crate::model::digest::{Sha256Digest, Sm3Digest};

/// Bytes read from the device at a time. Nothing reads ahead there: only a large read keeps several requests in its queue.
const READ_BYTES: usize = 2 * 1024 * 1024;
/// Blocks of a large object: one being read, one being hashed, one between.
const BLOCKS: usize = 3;
/// Bytes read from the page cache at a time, so that they are hashed while they are in the processor's second-level cache.
const CACHED_BYTES: usize = 256 * 1024;

/// Where the bytes are to come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadFrom {
    /// The device: cached pages are given up first, so they are no witness.
    #[default]
    Device,
    /// Wherever they are. Quick for what was just written or read, and says nothing of the device then.
    Cache,
}

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
    /// The page cache, where it had them.
    Cached,
}

impl ReadPath {
    /// The word for it in the records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Uncached => "uncached",
            Self::Cached => "cached",
        }
    }
}

impl LocalVault {
    /// Reads the object back from the device and compares it with what it should be. Its cached pages are given up first, so they are
    /// no witness. Constant memory (6 MiB).
    ///
    /// `throttle` is called with the number of bytes hashed, before each block: it may sleep to spare the disk, and may
    /// end the reading.
    ///
    /// # Errors
    /// `NotFound` when there is no such object, and what reading said: a device that cannot give the bytes back.
    pub fn read_back(
        &self,
        expected: &Expected,
        throttle: &dyn Fn(u64) -> ControlFlow<()>,
    ) -> Result<ReadBack, VaultError> {
        self.read_back_from(ReadFrom::Device, expected, throttle)
    }

    /// Reads the object back as [`LocalVault::read_back`] does, from where the caller wants.
    ///
    /// # Errors
    /// As [`LocalVault::read_back`].
    pub fn read_back_from(
        &self,
        from: ReadFrom,
        expected: &Expected,
        throttle: &dyn Fn(u64) -> ControlFlow<()>,
    ) -> Result<ReadBack, VaultError> {
        let path = self.object_path(expected.sha256);
        read_back(&path, from, expected, throttle).map_err(VaultError::at("read back", &path))
    }
}

fn read_back(
    path: &Path,
    from: ReadFrom,
    expected: &Expected,
    throttle: &dyn Fn(u64) -> ControlFlow<()>,
) -> io::Result<ReadBack> {
    let mut file = ObjectFile::open(path, from)?;
    let mut digester = Digester::new(expected.sm3.is_some());
    let pass = Pass { digester: &mut digester, throttle, size_bytes: 0 };
    let read = if from == ReadFrom::Cache || expected.size_bytes <= READ_BYTES as u64 {
        pass.run_inline(&mut file, expected.size_bytes)?
    } else {
        pass.run_overlapped(&mut file)?
    };
    let verdict = match read {
        None => Verdict::Stopped,
        Some(size_bytes) => {
            let (sha256, sm3) = digester.finish();
            let equal = Expected { sha256, sm3, size_bytes } == *expected;
            if equal { Verdict::Equal } else { Verdict::Differs { sha256, sm3, size_bytes } }
        }
    };
    Ok(ReadBack { verdict, path: file.path })
}

/// One pass over an object. Its ends give the number of bytes, or none when the caller ended it.
struct Pass<'a> {
    digester: &'a mut Digester,
    throttle: &'a dyn Fn(u64) -> ControlFlow<()>,
    size_bytes: u64,
}

impl Pass<'_> {
    /// Hashes a block.
    fn take(&mut self, block: &Block) -> ControlFlow<()> {
        (self.throttle)(self.size_bytes)?;
        self.digester.update(block.bytes());
        self.size_bytes += block.bytes().len() as u64;
        ControlFlow::Continue(())
    }

    /// This thread reads and hashes in turn: for a small object a second thread would cost more than it gains, and what the page cache
    /// holds is copied out faster than hashed.
    fn run_inline(mut self, file: &mut ObjectFile, expected_bytes: u64) -> io::Result<Option<u64>> {
        let most = if file.path == ReadPath::Cached { CACHED_BYTES } else { READ_BYTES };
        let mut block = Block::for_bytes(expected_bytes.saturating_add(1), most);
        loop {
            if file.read(&mut block, self.size_bytes)? == 0 {
                return Ok(Some(self.size_bytes));
            }
            if self.take(&block).is_break() {
                return Ok(None);
            }
        }
    }

    /// A second thread reads while this one hashes; [`BLOCKS`] blocks go round between them.
    fn run_overlapped(self, file: &mut ObjectFile) -> io::Result<Option<u64>> {
        let (full, to_hash) = sync_channel::<Block>(BLOCKS);
        let (hashed, empty) = channel::<Block>();
        for _ in 0..BLOCKS {
            let _ = hashed.send(Block::for_bytes(READ_BYTES as u64, READ_BYTES));
        }
        std::thread::scope(|scope| {
            let reader = std::thread::Builder::new().spawn_scoped(scope, move || read_blocks(file, &full, &empty))?;
            let size = self.hash_blocks(to_hash, &hashed);
            // The reader waits for blocks until nobody can give any.
            drop(hashed);
            match reader.join() {
                Ok(read) => read.map(|()| size),
                Err(_) => Err(io::Error::other("the reading thread died")),
            }
        })
    }

    fn hash_blocks(mut self, to_hash: Receiver<Block>, hashed: &Sender<Block>) -> Option<u64> {
        while let Ok(block) = to_hash.recv() {
            if self.take(&block).is_break() {
                return None;
            }
            let _ = hashed.send(block);
        }
        Some(self.size_bytes)
    }
}

/// Reads to the end, or until nobody hashes any more.
fn read_blocks(file: &mut ObjectFile, full: &SyncSender<Block>, empty: &Receiver<Block>) -> io::Result<()> {
    let mut offset = 0;
    while let Ok(mut block) = empty.recv() {
        let read = file.read(&mut block, offset)?;
        if read == 0 || full.send(block).is_err() {
            break;
        }
        offset += read as u64;
    }
    Ok(())
}

/// An object's file, read past the page cache for as long as that is wanted and possible.
struct ObjectFile {
    file: File,
    path: ReadPath,
}

impl ObjectFile {
    fn open(path: &Path, from: ReadFrom) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        if from == ReadFrom::Cache {
            fadvise(&file, 0, None, Advice::Sequential)?;
            return Ok(Self { file, path: ReadPath::Cached });
        }
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
