//! Movie fragments: `mvex`, `moof`, `sidx` (ISO/IEC 14496-12 §8.8, §8.16.3). Recorders write them so that a power loss
//! costs seconds, not the file.

use crate::media::container::reader::slice;

use super::samples::Timing;
use super::table::Table;
use super::walk::{BoxAt, Place, Scan};

/// Most fragments read; more than five hours of one-second ones.
const MOST_FRAGMENTS: u32 = 20_000;
/// Most tracks told apart.
const MOST_TRACKS: usize = 64;

/// Defaults of a track's fragments, from `trex`.
#[derive(Debug, Clone, Copy, Default)]
struct Defaults {
    track: u32,
    duration: u32,
    size: u32,
}

/// What fragments hold of one track.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    track: u32,
    timing: Timing,
}

/// Everything known of a file's fragments.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    /// `mvex` says that there are fragments, or one was met.
    pub(super) announced: bool,
    /// Total duration in ticks of the movie, from `mehd`.
    pub(super) total: Option<u64>,
    /// Samples in fragments, and those whose bytes are cut off.
    pub(super) placed: u64,
    /// See `placed`.
    pub(super) beyond: u64,
    /// Some fragments were not read, so sums say too little.
    pub(super) incomplete: bool,
    fragments: u32,
    defaults: Vec<Defaults>,
    parts: Vec<Part>,
    /// Ticks and time scale of the segments `sidx` lists.
    indexed: Option<(u64, u32)>,
}

impl Fragments {
    /// Samples and ticks of a track, by its id.
    pub(super) fn timing(&self, track: u32) -> Timing {
        self.parts.iter().find(|p| p.track == track).map(|p| p.timing).unwrap_or_default()
    }

    /// Duration of the segments that `sidx` lists, in ticks and their scale.
    pub(super) fn indexed(&self) -> Option<(u64, u32)> {
        self.indexed.filter(|&(ticks, scale)| ticks != 0 && scale != 0)
    }

    /// Reads `mvex`.
    pub(super) fn extends(&mut self, scan: &mut Scan<'_>, mvex: &BoxAt) {
        self.announced = true;
        let mut region = mvex.inside(0, Place::Index);
        while let Some(b) = scan.next(&mut region) {
            let bytes = scan.body(&b, 24);
            match &b.kind {
                b"mehd" if bytes.first() == Some(&1) => {
                    self.total = slice::u64_be(&bytes, 4).filter(|&t| t != 0 && t != u64::MAX);
                }
                b"mehd" => self.total = slice::u32_be(&bytes, 4).filter(|&t| t != 0 && t != u32::MAX).map(u64::from),
                b"trex" if self.defaults.len() < MOST_TRACKS => {
                    let word = |at| slice::u32_be(&bytes, at).unwrap_or(0);
                    self.defaults.push(Defaults { track: word(4), duration: word(12), size: word(16) });
                }
                _ => {}
            }
        }
    }

    /// Reads `sidx`: adds the durations of the media it refers to.
    pub(super) fn index(&mut self, scan: &mut Scan<'_>, sidx: &BoxAt) {
        let head = scan.body(sidx, 32);
        let after = if head.first() == Some(&0) { 20 } else { 28 };
        let (Some(scale), Some(count)) = (slice::u32_be(&head, 8), slice::u16_be(&head, after + 2)) else { return };
        let first_row = sidx.body + after as u64 + 4;
        let mut rows = Table::clamped(scan, sidx, first_row, u64::from(count), 12).rows();
        let mut ticks = 0u64;
        while let Some(row) = rows.next(scan) {
            let to_media = row.first().is_some_and(|b| b & 0x80 == 0);
            let duration = slice::u32_be(row, 4).filter(|_| to_media).unwrap_or(0);
            ticks = ticks.saturating_add(u64::from(duration));
        }
        match &mut self.indexed {
            Some((sum, known)) if *known == scale => *sum = sum.saturating_add(ticks),
            Some(_) => {}
            None => self.indexed = Some((ticks, scale)),
        }
    }

    /// Reads `moof`.
    pub(super) fn fragment(&mut self, scan: &mut Scan<'_>, moof: &BoxAt) {
        self.announced = true;
        self.fragments += 1;
        if self.fragments > MOST_FRAGMENTS {
            if !self.incomplete {
                scan.findings.note("limit", Some(moof.offset), format!("more than {MOST_FRAGMENTS} fragments"));
            }
            self.incomplete = true;
            return;
        }
        let mut region = moof.inside(0, Place::Fragment);
        while let Some(b) = scan.next(&mut region) {
            if &b.kind == b"traf" {
                self.track_fragment(scan, moof, &b);
            }
        }
    }

    fn track_fragment(&mut self, scan: &mut Scan<'_>, moof: &BoxAt, traf: &BoxAt) {
        let mut region = traf.inside(0, Place::Fragment);
        let mut run = Run { base: moof.offset, at: moof.offset, ..Run::default() };
        while let Some(b) = scan.next(&mut region) {
            match &b.kind {
                b"tfhd" => self.fragment_header(scan, &b, &mut run),
                b"trun" => self.run(scan, &b, &mut run),
                _ => {}
            }
        }
        self.add(run.track, run.timing);
    }

    fn fragment_header(&self, scan: &mut Scan<'_>, tfhd: &BoxAt, run: &mut Run) {
        let bytes = scan.body(tfhd, 32);
        let flags = slice::u32_be(&bytes, 0).unwrap_or(0);
        run.track = slice::u32_be(&bytes, 4).unwrap_or(0);
        let defaults = self.defaults.iter().find(|d| d.track == run.track).copied().unwrap_or_default();
        (run.duration, run.size) = (defaults.duration, defaults.size);
        let mut at = 8;
        if flags & 0x01 != 0 {
            run.base = slice::u64_be(&bytes, at).unwrap_or(run.base);
            run.at = run.base;
            at += 8;
        }
        at += if flags & 0x02 != 0 { 4 } else { 0 };
        if flags & 0x08 != 0 {
            run.duration = slice::u32_be(&bytes, at).unwrap_or(run.duration);
            at += 4;
        }
        if flags & 0x10 != 0 {
            run.size = slice::u32_be(&bytes, at).unwrap_or(run.size);
        }
    }

    fn run(&mut self, scan: &mut Scan<'_>, trun: &BoxAt, run: &mut Run) {
        let head = scan.body(trun, 12);
        let (Some(flags), Some(count)) = (slice::u32_be(&head, 0), slice::u32_be(&head, 4)) else { return };
        let mut first_row = trun.body + 8;
        if flags & 0x01 != 0 {
            let offset = slice::i32_be(&head, 8).unwrap_or(0);
            run.at = run.base.saturating_add_signed(i64::from(offset));
            first_row += 4;
        }
        first_row += if flags & 0x04 != 0 { 4 } else { 0 };
        let fields = (flags >> 8 & 0xf).count_ones() as usize;
        let sizes_given = flags & 0x200 != 0;
        let before = run.timing.samples;
        if fields == 0 {
            run.equal_samples(u64::from(count), scan.window.len(), &mut self.beyond);
        } else {
            let table = Table::clamped(scan, trun, first_row, u64::from(count), 4 * fields);
            scan.findings.partial |= table.rows < u64::from(count);
            let columns = (flags & 0x100 != 0, sizes_given);
            run.listed_samples(scan, table, columns, &mut self.beyond);
            self.incomplete |= run.timing.samples - before < table.rows;
        }
        self.placed = self.placed.saturating_add(run.timing.samples - before);
    }

    fn add(&mut self, track: u32, more: Timing) {
        if !self.parts.iter().any(|p| p.track == track) && self.parts.len() < MOST_TRACKS {
            self.parts.push(Part { track, timing: Timing::default() });
        }
        if let Some(part) = self.parts.iter_mut().find(|p| p.track == track) {
            part.timing.samples = part.timing.samples.saturating_add(more.samples);
            part.timing.ticks = part.timing.ticks.saturating_add(more.ticks);
        }
    }
}

/// One track's runs in one fragment, as far as they have been read.
#[derive(Debug, Default)]
struct Run {
    track: u32,
    /// Duration and size of a sample when its row does not say.
    duration: u32,
    size: u32,
    /// What data offsets count from.
    base: u64,
    /// Where the next sample's bytes begin.
    at: u64,
    timing: Timing,
}

impl Run {
    /// Samples that are all alike, and take no bytes in the index.
    fn equal_samples(&mut self, count: u64, len: u64, beyond: &mut u64) {
        let there = len.saturating_sub(self.at).checked_div(u64::from(self.size)).unwrap_or(u64::MAX);
        *beyond = beyond.saturating_add(count - there.min(count));
        self.at = self.at.saturating_add(count.saturating_mul(u64::from(self.size)));
        self.timing.samples = self.timing.samples.saturating_add(count);
        self.timing.ticks = self.timing.ticks.saturating_add(count.saturating_mul(u64::from(self.duration)));
    }

    /// Samples with a row each; `columns` says whether rows begin with a duration and whether a size follows.
    fn listed_samples(&mut self, scan: &mut Scan<'_>, table: Table, columns: (bool, bool), beyond: &mut u64) {
        let len = scan.window.len();
        let mut rows = table.rows();
        while let Some(row) = rows.next(scan) {
            let duration = if columns.0 { slice::u32_be(row, 0) } else { None }.unwrap_or(self.duration);
            let size_at = if columns.0 { 4 } else { 0 };
            let size = if columns.1 { slice::u32_be(row, size_at) } else { None }.unwrap_or(self.size);
            self.at = self.at.saturating_add(u64::from(size));
            *beyond += u64::from(size > 0 && self.at > len);
            self.timing.samples = self.timing.samples.saturating_add(1);
            self.timing.ticks = self.timing.ticks.saturating_add(u64::from(duration));
        }
    }
}
