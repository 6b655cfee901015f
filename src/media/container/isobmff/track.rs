//! A track: its headers, its first sample entry, and where its sample tables lie (ISO/IEC 14496-12 §8.3 to §8.7).

use crate::media::container::reader::slice;

use super::entry::{self, Entry};
use super::headers::{self, MediaHeader, TrackHeader};
use super::table::Table;
use super::tags::{self, Tags};
use super::walk::{BoxAt, FourCc, Place, Scan};

/// What a track holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum TrackKind {
    Video,
    Audio,
    /// Subtitles and text, where some recorders keep NMEA sentences.
    Text,
    /// Timed metadata, time codes, hints and whatever else.
    #[default]
    Other,
}

impl TrackKind {
    fn of(handler: FourCc) -> Self {
        match &handler {
            b"vide" => Self::Video,
            b"soun" => Self::Audio,
            b"text" | b"sbtl" | b"subt" | b"clcp" => Self::Text,
            _ => Self::Other,
        }
    }
}

/// Sizes of samples: one for all, or a table.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sizes {
    Equal {
        size: u32,
        count: u64,
    },
    /// Rows of four bytes, or of one (two four-bit sizes or one of eight) or two.
    Table {
        table: Table,
        bits: u8,
        count: u64,
    },
}

impl Sizes {
    /// Number of samples.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Equal { count, .. } | Self::Table { count, .. } => *count,
        }
    }
}

/// A track's tables.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tables {
    /// `stts`: rows of sample count and duration.
    pub(super) durations: Option<Table>,
    /// `stsc`: rows of first chunk, samples per chunk, sample entry.
    pub(super) runs: Option<Table>,
    /// `stsz` or `stz2`.
    pub(super) sizes: Option<Sizes>,
    /// `stco` (four bytes) or `co64` (eight): chunk offsets.
    pub(super) chunks: Option<Table>,
}

/// A track.
#[derive(Debug, Clone, Default)]
pub(super) struct Track {
    pub(super) offset: u64,
    pub(super) kind: TrackKind,
    pub(super) header: TrackHeader,
    pub(super) media: Option<MediaHeader>,
    pub(super) entry: Option<Entry>,
    pub(super) tables: Tables,
}

impl Track {
    /// Ticks in a second, when they can be divided by.
    pub(super) fn timescale(&self) -> Option<u32> {
        self.media.map(|m| m.timescale).filter(|&t| t != 0)
    }
}

/// Reads a `trak`; tags in it go to `tags`.
pub(super) fn read(scan: &mut Scan<'_>, trak: &BoxAt, tags: &mut Tags) -> Track {
    let mut track = Track { offset: trak.offset, ..Track::default() };
    let mut region = trak.inside(0, Place::Index);
    while let Some(b) = scan.next(&mut region) {
        match &b.kind {
            b"tkhd" => track.header = headers::track(scan, &b).unwrap_or_default(),
            b"mdia" => read_media(scan, &b, &mut track),
            b"udta" => tags::user_data(scan, &b, tags),
            b"meta" => tags::meta(scan, &b, tags),
            _ => {}
        }
    }
    if track.media.is_some_and(|m| m.timescale == 0) {
        scan.findings.damaged |= matches!(track.kind, TrackKind::Video | TrackKind::Audio);
        scan.findings.note("timescale_zero", Some(track.offset), format!("track {}", track.header.id));
    }
    track
}

fn read_media(scan: &mut Scan<'_>, mdia: &BoxAt, track: &mut Track) {
    let mut region = mdia.inside(0, Place::Index);
    let mut minf = None;
    while let Some(b) = scan.next(&mut region) {
        match &b.kind {
            b"mdhd" => track.media = headers::media(scan, &b),
            b"hdlr" => track.kind = headers::handler(scan, &b).map_or(track.kind, TrackKind::of),
            b"minf" => minf = Some(b),
            _ => {}
        }
    }
    // Last, because the handler decides how the sample entry reads, whichever comes first.
    if let Some(minf) = minf {
        read_information(scan, &minf, track);
    }
}

fn read_information(scan: &mut Scan<'_>, minf: &BoxAt, track: &mut Track) {
    let mut region = minf.inside(0, Place::Index);
    let mut stbl = None;
    while let Some(b) = scan.next(&mut region) {
        match &b.kind {
            b"vmhd" if track.kind == TrackKind::Other => track.kind = TrackKind::Video,
            b"smhd" if track.kind == TrackKind::Other => track.kind = TrackKind::Audio,
            b"stbl" => stbl = Some(b),
            _ => {}
        }
    }
    let Some(stbl) = stbl else { return };
    let mut region = stbl.inside(0, Place::Index);
    while let Some(b) = scan.next(&mut region) {
        match &b.kind {
            b"stsd" => track.entry = entry::read(scan, &b, track.kind),
            b"stts" => track.tables.durations = counted(scan, &b, 8),
            b"stsc" => track.tables.runs = counted(scan, &b, 12),
            b"stco" => track.tables.chunks = counted(scan, &b, 4),
            b"co64" => track.tables.chunks = counted(scan, &b, 8),
            b"stsz" => track.tables.sizes = sizes(scan, &b),
            b"stz2" => track.tables.sizes = compact_sizes(scan, &b),
            _ => {}
        }
    }
}

/// A table that begins with version, flags and a 32-bit count of rows. Fewer rows than that damage the index.
fn counted(scan: &mut Scan<'_>, b: &BoxAt, width: usize) -> Option<Table> {
    let declared = u64::from(slice::u32_be(&scan.body(b, 8), 4)?);
    let table = Table::clamped(scan, b, b.body + 8, declared, width);
    scan.findings.damaged |= table.rows < declared;
    Some(table)
}

fn sizes(scan: &mut Scan<'_>, b: &BoxAt) -> Option<Sizes> {
    let head = scan.body(b, 12);
    let (size, count) = (slice::u32_be(&head, 4)?, u64::from(slice::u32_be(&head, 8)?));
    if size != 0 {
        return Some(Sizes::Equal { size, count });
    }
    let table = Table::clamped(scan, b, b.body + 12, count, 4);
    scan.findings.damaged |= table.rows < count;
    Some(Sizes::Table { table, bits: 32, count: table.rows })
}

fn compact_sizes(scan: &mut Scan<'_>, b: &BoxAt) -> Option<Sizes> {
    let head = scan.body(b, 12);
    let (bits, count) = (slice::u8(&head, 7)?, u64::from(slice::u32_be(&head, 8)?));
    let (rows, width) = match bits {
        4 => (count.div_ceil(2), 1),
        8 => (count, 1),
        16 => (count, 2),
        _ => return None,
    };
    let table = Table::clamped(scan, b, b.body + 12, rows, width);
    scan.findings.damaged |= table.rows < rows;
    let there = if bits == 4 { table.rows * 2 } else { table.rows };
    Some(Sizes::Table { table, bits, count: count.min(there) })
}
