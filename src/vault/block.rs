//! Buffers that can go to a device without the page cache, and the loop that fills them.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Address, offset and length of unbuffered reads and writes are multiples of this; no device in use wants more.
pub(super) const ALIGN: usize = 4096;

/// The largest block of a copy. Large enough for a disk to stream, small enough that a few of them are little memory.
pub(super) const BLOCK_BYTES: usize = 1024 * 1024;

/// Bytes read at a time, so that they are hashed while they are in the processor's second-level cache.
const PIECE_BYTES: usize = 256 * 1024;

/// A buffer that begins at a multiple of [`ALIGN`].
pub(super) struct Block {
    storage: Vec<u8>,
    start: usize,
    capacity: usize,
    /// Bytes filled, from the beginning.
    len: usize,
}

impl Block {
    /// A buffer for `wanted` bytes, at least one [`ALIGN`] and at most `most`.
    pub(super) fn for_bytes(wanted: u64, most: usize) -> Self {
        let wanted = usize::try_from(wanted).unwrap_or(most).clamp(1, most);
        let capacity = wanted.next_multiple_of(ALIGN);
        let storage = vec![0u8; capacity + ALIGN];
        // A Vec's memory does not move while it does not grow.
        let start = storage.as_ptr().align_offset(ALIGN).min(ALIGN);
        Self { storage, start, capacity, len: 0 }
    }

    /// What was read.
    pub(super) fn bytes(&self) -> &[u8] {
        self.storage.get(self.start..self.start + self.len).unwrap_or_default()
    }

    /// Whether it has no room left.
    pub(super) fn is_full(&self) -> bool {
        self.len == self.capacity
    }

    /// Forgets what was read.
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// Reads on until the block is full or `file` ends, and shows each piece to `seen`. The block begins at `offset` of
    /// `file`.
    ///
    /// # Errors
    /// What reading said; what was read before is in the block, was seen, and another call goes on behind it.
    pub(super) fn fill(&mut self, file: &File, offset: u64, mut seen: impl FnMut(&[u8])) -> io::Result<()> {
        while self.len < self.capacity {
            let from = self.start + self.len;
            let to = (from + PIECE_BYTES).min(self.start + self.capacity);
            let Some(piece) = self.storage.get_mut(from..to) else { break };
            let read = match file.read_at(piece, offset + self.len as u64) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if read == 0 {
                break;
            }
            seen(piece.get(..read).unwrap_or_default());
            self.len += read;
        }
        Ok(())
    }

    /// One unbuffered read of the whole block; returns the bytes read.
    ///
    /// # Errors
    /// What reading said; `InvalidInput` when the file system refuses unbuffered reads.
    pub(super) fn read_once(&mut self, file: &File, offset: u64) -> io::Result<usize> {
        let whole = self.start..self.start + self.capacity;
        let buffer = self.storage.get_mut(whole).unwrap_or_default();
        self.len = loop {
            match file.read_at(buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        Ok(self.len)
    }
}
