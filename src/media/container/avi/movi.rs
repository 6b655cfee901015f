//! Sample data: how far the index points, and how many pictures there are when no header says so.

use std::fmt;

use super::super::bytes::{array, read_up_to};
use super::super::reader::ReadAt;
use super::super::reader::slice::u32_le;
use super::super::riff::{Chunk, Chunks};
use super::Layout;
use super::header::MediaType;

/// Most sample headers that are counted; beyond them the rest is estimated by its size.
const MOST_SAMPLES: u32 = 30_000;
/// Bytes of an index entry.
const ENTRY: u64 = 16;
/// Entries looked at from the end of the index.
const LAST_ENTRIES: u64 = 64;

/// Pictures counted in an unfinished file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    /// Offset of the list.
    pub(super) movi: u64,
    /// Pictures, the uncounted rest estimated.
    pub(super) frames: u32,
    whole: bool,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.whole { "counted" } else { "counted in part, the rest estimated by size" };
        write!(f, "{} pictures {how}", self.frames)
    }
}

/// Counts the pictures of the first video stream; `None` when there is neither a list nor a stream.
pub(super) fn count(source: &dyn ReadAt, found: &Layout) -> Option<Counted> {
    let movi = found.movi?;
    let number = found.headers.streams.iter().position(|s| s.media == MediaType::Video)?;
    let end = if found.movi_is_open { u64::MAX } else { movi.end }.min(source.len());
    let mut chunks = Chunks::new(source, movi.body, end);
    let mut budget = MOST_SAMPLES;
    let mut frames = 0u32;
    while let Some(chunk) = chunks.next(&mut budget) {
        if chunk.is_list(b"rec ") {
            chunks.enter(&chunk);
        } else if is_picture_of(&chunk.id, number) && chunk.end <= source.len() && chunk.end > chunk.body {
            frames += 1;
        }
    }
    let whole = budget > 0;
    let (walked, all) = (chunks.position().saturating_sub(movi.body), end.saturating_sub(movi.body));
    if !whole && walked > 0 {
        frames = u32::try_from(u128::from(frames) * u128::from(all) / u128::from(walked)).unwrap_or(u32::MAX);
    }
    Some(Counted { movi: movi.start, frames, whole })
}

/// Whether a chunk holds a picture of stream `number`: `NNdc` or `NNdb`, the digits hexadecimal in some files.
fn is_picture_of(id: &[u8; 4], number: usize) -> bool {
    let [a, b, d, kind] = *id;
    let digits = [a, b];
    let stream = std::str::from_utf8(&digits).ok().and_then(|t| usize::from_str_radix(t, 16).ok());
    d == b'd' && matches!(kind, b'c' | b'b') && stream == Some(number)
}

/// The furthest end among the last entries of `idx1`; its offsets count from `movi`'s type, or in some files from the
/// file's start, which shows in the first entry.
pub(super) fn indexed_end(source: &dyn ReadAt, movi: &Chunk, index: &Chunk) -> Option<u64> {
    let base = movi.body.checked_sub(4)?;
    let first = u64::from(u32_le(&read_up_to(source, index.body, 16), 8)?);
    let base = if first >= movi.body { 0 } else { base };
    let entries = index.end.min(source.len()).checked_sub(index.body)? / ENTRY;
    let looked_at = entries.min(LAST_ENTRIES);
    let from = index.body + (entries - looked_at) * ENTRY;
    let bytes = read_up_to(source, from, usize::try_from(looked_at * ENTRY).unwrap_or(0));
    let ends = bytes.chunks_exact(16).filter_map(|entry| {
        let id: [u8; 4] = array(entry, 0)?;
        let (offset, size) = (u64::from(u32_le(entry, 8)?), u64::from(u32_le(entry, 12)?));
        (id != [0; 4]).then_some(base + offset + 8 + size)
    });
    ends.max()
}
