//! Samples of a track: how many, how long, and whether their bytes are there. The tables are streamed side by side.

use crate::media::container::reader::slice;

use super::table::Rows;
use super::track::{Sizes, Tables};
use super::walk::Scan;

/// Chunks whose first sample is remembered, for the readers of positions.
const FIRST_CHUNKS: usize = 16;

/// A sample's place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) offset: u64,
    pub(super) size: u32,
}

/// What the tables of a track add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Samples that chunks give a place to.
    pub(super) placed: u64,
    /// Samples of which at least one byte lies past the end of the file.
    pub(super) beyond: u64,
    /// The first sample of each of the first chunks.
    pub(super) first: Vec<Sample>,
}

/// Samples and their ticks, summed over `stts` or over fragments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Timing {
    pub(super) samples: u64,
    pub(super) ticks: u64,
}

/// Sums `stts`. Durations with the sign bit set are corrections that some writers leave; they count as 0.
pub(super) fn timing(scan: &mut Scan<'_>, tables: &Tables) -> Timing {
    let mut sum = Timing::default();
    let Some(table) = tables.durations else { return sum };
    let mut rows = table.rows();
    while let Some(row) = rows.next(scan) {
        let count = u64::from(slice::u32_be(row, 0).unwrap_or(0));
        let ticks = slice::u32_be(row, 4).filter(|&t| i32::try_from(t).is_ok()).unwrap_or(0);
        sum.samples = sum.samples.saturating_add(count);
        sum.ticks = sum.ticks.saturating_add(count.saturating_mul(u64::from(ticks)));
    }
    sum
}

/// Places every sample and compares it with the end of the file.
pub(super) fn extent(scan: &mut Scan<'_>, tables: &Tables) -> Extent {
    let mut found = Extent::default();
    let (Some(chunks), Some(runs), Some(sizes)) = (tables.chunks, tables.runs, tables.sizes) else { return found };
    let mut places = Placer { runs: Runs::new(runs.rows(), scan), sizes: SizeRows::new(sizes), len: scan.window.len() };
    let wide = chunks.width == 8;
    let mut rows = chunks.rows();
    while let Some(row) = rows.next(scan) {
        let offset = if wide { slice::u64_be(row, 0) } else { slice::u32_be(row, 0).map(u64::from) };
        let Some(offset) = offset else { break };
        if !places.chunk(scan, offset, &mut found) {
            break;
        }
    }
    found
}

/// Walks chunks in order.
struct Placer {
    runs: Runs,
    sizes: SizeRows,
    len: u64,
}

impl Placer {
    /// Takes the next chunk's samples; `false` when no samples are left to place.
    fn chunk(&mut self, scan: &mut Scan<'_>, offset: u64, found: &mut Extent) -> bool {
        let samples = u64::from(self.runs.samples_in_next_chunk(scan)).min(self.sizes.left);
        if samples == 0 {
            return self.sizes.left > 0;
        }
        found.placed += samples;
        if let Some(size) = self.sizes.equal {
            self.sizes.left -= samples;
            remember(found, offset, size);
            found.beyond += samples - whole_samples(self.len, offset, size).min(samples);
            return true;
        }
        let mut at = offset;
        for i in 0..samples {
            let Some(size) = self.sizes.next(scan) else {
                found.placed -= samples - i;
                return false;
            };
            if i == 0 {
                remember(found, offset, size);
            }
            at = at.saturating_add(u64::from(size));
            found.beyond += u64::from(size > 0 && at > self.len);
        }
        true
    }
}

/// How many samples of `size` fit between `offset` and the end.
fn whole_samples(len: u64, offset: u64, size: u32) -> u64 {
    len.saturating_sub(offset).checked_div(u64::from(size)).unwrap_or(u64::MAX)
}

fn remember(found: &mut Extent, offset: u64, size: u32) {
    if found.first.len() < FIRST_CHUNKS {
        found.first.push(Sample { offset, size });
    }
}

/// `stsc`: samples per chunk, in runs of chunks.
struct Runs {
    rows: Rows,
    chunk: u64,
    samples: u32,
    next: Option<(u32, u32)>,
}

impl Runs {
    fn new(rows: Rows, scan: &mut Scan<'_>) -> Self {
        let mut runs = Self { rows, chunk: 0, samples: 0, next: None };
        runs.advance(scan);
        runs
    }

    fn advance(&mut self, scan: &mut Scan<'_>) {
        let row = self.rows.next(scan);
        self.next = row.and_then(|row| Some((slice::u32_be(row, 0)?, slice::u32_be(row, 4)?)));
    }

    fn samples_in_next_chunk(&mut self, scan: &mut Scan<'_>) -> u32 {
        self.chunk += 1;
        while let Some((_, samples)) = self.next.filter(|&(first, _)| u64::from(first) <= self.chunk) {
            self.samples = samples;
            self.advance(scan);
        }
        self.samples
    }
}

/// `stsz` and `stz2`: one size after the other.
struct SizeRows {
    equal: Option<u32>,
    left: u64,
    rows: Option<Rows>,
    bits: u8,
    /// The second of two four-bit sizes in a byte.
    half: Option<u32>,
}

impl SizeRows {
    fn new(sizes: Sizes) -> Self {
        match sizes {
            Sizes::Equal { size, count } => Self { equal: Some(size), left: count, rows: None, bits: 0, half: None },
            Sizes::Table { table, bits, count } => {
                Self { equal: None, left: count, rows: Some(table.rows()), bits, half: None }
            }
        }
    }

    fn next(&mut self, scan: &mut Scan<'_>) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        if let Some(size) = self.half.take() {
            return Some(size);
        }
        let row = self.rows.as_mut()?.next(scan)?;
        match self.bits {
            4 => {
                let both = slice::u8(row, 0)?;
                self.half = Some(u32::from(both & 15));
                Some(u32::from(both >> 4))
            }
            8 => slice::u8(row, 0).map(u32::from),
            16 => slice::u16_be(row, 0).map(u32::from),
            _ => slice::u32_be(row, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::container::isobmff::table::Table;
    use crate::media::container::reader::Window;

    /// Three chunks at 100, 200, 300 with 2, 2 and 1 samples of 10, 20, … bytes, in a file of `len` bytes.
    fn extent_in(len: u64) -> Extent {
        let mut data = Vec::new();
        for word in [1u32, 2, 1, 3, 1, 1, 100, 200, 300, 10, 20, 30, 40, 50] {
            data.extend(word.to_be_bytes());
        }
        data.resize(usize::try_from(len).unwrap(), 0);
        let table = |at, rows, width| Table { at, rows, width };
        let tables = Tables {
            durations: None,
            runs: Some(table(0, 2, 12)),
            chunks: Some(table(24, 3, 4)),
            sizes: Some(Sizes::Table { table: table(36, 5, 4), bits: 32, count: 5 }),
        };
        extent(&mut Scan::new(Window::new(&data)), &tables)
    }

    #[test]
    fn samples_are_placed_by_chunk() {
        let whole = extent_in(350);
        assert_eq!((whole.placed, whole.beyond), (5, 0));
        let firsts: Vec<_> = whole.first.iter().map(|s| (s.offset, s.size)).collect();
        assert_eq!(firsts, [(100, 10), (200, 30), (300, 50)]);
        assert_eq!(extent_in(349).beyond, 1);
        assert_eq!(extent_in(231).beyond, 2);
        assert_eq!(extent_in(100).beyond, 5);
    }

    #[test]
    fn equal_sizes_are_counted_not_walked() {
        let mut data = Vec::new();
        for word in [1u32, u32::MAX, 1, 50] {
            data.extend(word.to_be_bytes());
        }
        data.resize(250, 0);
        let tables = Tables {
            durations: None,
            runs: Some(Table { at: 0, rows: 1, width: 12 }),
            chunks: Some(Table { at: 12, rows: 1, width: 4 }),
            sizes: Some(Sizes::Equal { size: 7, count: u64::from(u32::MAX) }),
        };
        let found = extent(&mut Scan::new(Window::new(&data)), &tables);
        assert_eq!((found.placed, found.placed - found.beyond), (u64::from(u32::MAX), 28));
    }
}
