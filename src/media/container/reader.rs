//! Bounded reading of untrusted files: a source of bytes, a small window over it, and a budget that always ends.
//!
//! Every container reader goes through [`Window`]: offsets are checked, nothing larger than [`WINDOW`] is held, and each
//! read is charged to a [`Budget`], so that no input can make a reader loop or take memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Most bytes a [`Window`] holds, and most that one call may ask for.
pub const WINDOW: usize = 64 * 1024;
/// Bytes fetched when the reader jumps; a run of neighbouring reads fetches [`WINDOW`].
const JUMP: usize = 4 * 1024;

/// Bytes at offsets, of a length that is fixed while they are read.
pub trait ReadAt {
    /// Length in bytes, as it was when the source was opened.
    fn len(&self) -> u64;

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads at most `buf.len()` bytes from `offset` and says how many; 0 means the end. May be short.
    ///
    /// # Errors
    /// What the file system says.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize>;
}

/// An open file, with the length it had when it was opened.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    len: u64,
}

impl FileSource {
    /// Takes an open file; its position is neither used nor moved.
    ///
    /// # Errors
    /// When the file's length cannot be asked.
    pub fn new(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { file, len })
    }
}

impl ReadAt for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read_at(buf, offset) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

impl ReadAt for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        let n = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }
}

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, buf)
    }
}

/// Why bytes could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Fewer bytes are there than the format says; the offset is where the read began.
    #[error("{wanted} bytes wanted at offset {offset}, but the file ends before")]
    PastEnd {
        /// Where the read began, in bytes.
        offset: u64,
        /// How many bytes were wanted.
        wanted: usize,
    },
    /// The budget is used up: the file asks for more work than any sound file does.
    #[error("gave up at offset {offset}: the file asks for more reading than a sound file needs")]
    Exhausted {
        /// Where the read would have begun, in bytes.
        offset: u64,
    },
    /// The operating system could not read.
    #[error("cannot read at offset {offset}: {source}")]
    Io {
        /// Where the read began, in bytes.
        offset: u64,
        /// What the operating system says.
        source: io::Error,
    },
}

impl ReadError {
    /// Where the read that failed began, in bytes.
    pub fn offset(&self) -> u64 {
        match self {
            Self::PastEnd { offset, .. } | Self::Exhausted { offset } | Self::Io { offset, .. } => *offset,
        }
    }
}

/// How much work one file may cause. Counts, not a clock, so that the same file always reads the same.
///
/// The default is far above what sound files need and is spent within about 1.5 s on one slow core.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    operations: u64,
    bytes: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { operations: 4_000_000, bytes: 256 << 20 }
    }
}

impl Budget {
    /// A budget of `operations` (small reads, boxes, table steps) and of `bytes` fetched from the source.
    pub fn new(operations: u64, bytes: u64) -> Self {
        Self { operations, bytes }
    }

    /// Operations left.
    pub fn operations(&self) -> u64 {
        self.operations
    }

    /// Spends; `false` when not enough was left, and then nothing is left.
    pub fn spend(&mut self, operations: u64, bytes: u64) -> bool {
        let left = self.operations.checked_sub(operations).zip(self.bytes.checked_sub(bytes));
        (self.operations, self.bytes) = left.unwrap_or((0, 0));
        left.is_some()
    }
}

/// A window of at most [`WINDOW`] bytes that moves over a source as it is read.
pub struct Window<'a> {
    source: &'a dyn ReadAt,
    len: u64,
    budget: Budget,
    start: u64,
    held: Vec<u8>,
}

impl<'a> Window<'a> {
    /// A window with the default budget.
    pub fn new(source: &'a dyn ReadAt) -> Self {
        Self::with_budget(source, Budget::default())
    }

    /// A window that gives up when `budget` is used up.
    pub fn with_budget(source: &'a dyn ReadAt, budget: Budget) -> Self {
        Self { source, len: source.len(), budget, start: 0, held: Vec::new() }
    }

    /// The source's length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the source has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What is left of the budget; readers charge their own loops to it.
    pub fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    /// The `n` bytes at `offset`. At most [`WINDOW`]; more counts as past the end.
    ///
    /// # Errors
    /// When they are not all there, the budget is used up, or the source cannot be read.
    pub fn bytes(&mut self, offset: u64, n: usize) -> Result<&[u8], ReadError> {
        if !self.budget.spend(1, 0) {
            return Err(ReadError::Exhausted { offset });
        }
        let past_end = ReadError::PastEnd { offset, wanted: n };
        if n > WINDOW || offset.checked_add(n as u64).is_none_or(|end| end > self.len) {
            return Err(past_end);
        }
        if !self.holds(offset, n) {
            self.fill(offset, n)?;
        }
        let at = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        at.checked_add(n).and_then(|end| self.held.get(at..end)).ok_or(past_end)
    }

    /// As many of `n` bytes at `offset` as are there, perhaps none.
    ///
    /// # Errors
    /// When the budget is used up or the source cannot be read.
    pub fn up_to(&mut self, offset: u64, n: usize) -> Result<&[u8], ReadError> {
        let there = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        self.bytes(offset.min(self.len), n.min(there).min(WINDOW))
    }

    /// The `N` bytes at `offset`.
    ///
    /// # Errors
    /// As [`Window::bytes`].
    pub fn array<const N: usize>(&mut self, offset: u64) -> Result<[u8; N], ReadError> {
        let bytes = self.bytes(offset, N)?;
        bytes.try_into().map_err(|_| ReadError::PastEnd { offset, wanted: N })
    }

    fn holds(&self, offset: u64, n: usize) -> bool {
        offset >= self.start && offset + n as u64 <= self.start + self.held.len() as u64
    }

    fn fill(&mut self, offset: u64, n: usize) -> Result<(), ReadError> {
        let end = self.start + self.held.len() as u64;
        let follows = !self.held.is_empty() && offset >= self.start && offset <= end + JUMP as u64;
        let there = usize::try_from(self.len - offset).unwrap_or(usize::MAX);
        let size = if follows { WINDOW } else { JUMP }.max(n).min(there);
        if !self.budget.spend(1, size as u64) {
            return Err(ReadError::Exhausted { offset });
        }
        self.start = offset;
        self.held.resize(size, 0);
        let mut filled = 0;
        while let Some(rest) = self.held.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.source.read_at(offset + filled as u64, rest) {
                Ok(0) => break,
                Ok(got) => filled += got.min(size - filled),
                // What was read before the bad place is kept; the caller learns of it when it gets there.
                Err(_) if filled >= n => break,
                Err(source) => {
                    self.held.clear();
                    return Err(ReadError::Io { offset, source });
                }
            }
        }
        self.held.truncate(filled);
        Ok(())
    }
}

macro_rules! integers {
    ($($name:ident, $type:ty, $from:ident, $text:literal;)*) => {
        impl Window<'_> {$(
            #[doc = concat!("The ", $text, " at `offset`.")]
            ///
            /// # Errors
            /// As [`Window::bytes`].
            pub fn $name(&mut self, offset: u64) -> Result<$type, ReadError> {
                self.array(offset).map(<$type>::$from)
            }
        )*}

        /// The same numbers out of bytes that are already held; `None` when they are not all there.
        pub mod slice {$(
            #[doc = concat!("The ", $text, " at index `at` of `bytes`.")]
            pub fn $name(bytes: &[u8], at: usize) -> Option<$type> {
                let end = at.checked_add(size_of::<$type>())?;
                bytes.get(at..end)?.try_into().ok().map(<$type>::$from)
            }
        )*}
    };
}

integers! {
    u8, u8, from_be_bytes, "byte";
    u16_be, u16, from_be_bytes, "big-endian 16-bit number";
    u32_be, u32, from_be_bytes, "big-endian 32-bit number";
    u64_be, u64, from_be_bytes, "big-endian 64-bit number";
    i32_be, i32, from_be_bytes, "big-endian signed 32-bit number";
    u16_le, u16, from_le_bytes, "little-endian 16-bit number";
    u32_le, u32, from_le_bytes, "little-endian 32-bit number";
    u64_le, u64, from_le_bytes, "little-endian 64-bit number";
    i32_le, i32, from_le_bytes, "little-endian signed 32-bit number";
    f32_le, f32, from_le_bytes, "little-endian 32-bit floating point number";
    f64_be, f64, from_be_bytes, "big-endian 64-bit floating point number";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_and_refuses_what_is_not_there() {
        let data: Vec<u8> = (0..200_000u32).map(|i| i as u8).collect();
        let mut w = Window::new(&data);
        assert_eq!(w.u32_be(1).unwrap(), 0x0102_0304);
        assert_eq!(w.u16_le(150_000).unwrap().to_le_bytes(), [(150_000 % 256) as u8, (150_001 % 256) as u8]);
        assert!(matches!(w.u32_be(199_997), Err(ReadError::PastEnd { offset: 199_997, wanted: 4 })));
        assert!(matches!(w.u8(u64::MAX), Err(ReadError::PastEnd { .. })));
        assert_eq!(w.up_to(199_998, 10).unwrap().len(), 2);
        assert_eq!(w.up_to(u64::MAX, 10).unwrap().len(), 0);
        assert_eq!(slice::u16_be(&[1, 2], 1), None);
        assert_eq!(slice::u16_be(&[1, 2], usize::MAX), None);
    }

    #[test]
    fn a_budget_ends_the_reading_for_good() {
        let data = vec![0u8; 1000];
        let mut w = Window::with_budget(&data, Budget::new(3, 10_000));
        assert!(w.u8(0).is_ok(), "one read and one fill");
        assert!(w.u8(1).is_ok());
        assert!(matches!(w.u8(2), Err(ReadError::Exhausted { offset: 2 })));
        let mut w = Window::with_budget(&data, Budget::new(100, 999));
        assert!(matches!(w.u8(0), Err(ReadError::Exhausted { .. })));
    }

    #[test]
    fn a_file_is_read_as_it_was_when_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("clip");
        std::fs::write(&path, b"0123456789").unwrap();
        let source = FileSource::new(File::open(&path).unwrap()).unwrap();
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(4).unwrap();
        let mut w = Window::new(&source);
        assert_eq!(w.len(), 10);
        assert_eq!(w.bytes(0, 4).unwrap(), b"0123");
        assert!(matches!(w.bytes(2, 4), Err(ReadError::PastEnd { .. })), "the file shrank under the reader");
    }
}
