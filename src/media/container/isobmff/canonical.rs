//! A canonical `ftyp` + `moov`, rebuilt from what was read, for the `mp4` crate.
//!
//! That crate trusts what it reads: on damaged files it loops, panics and asks for gigabytes. What is written here is
//! made of the values found, not of the bytes: every size and count is recounted, a time scale of 0 becomes 1000, each
//! track has one sample entry, and boxes that are not needed are left out. Tracks that the crate has no type for are
//! left out too, and HEVC is always `hev1`, the only name it knows.

use super::movie::{MeasuredTrack, Movie};
use super::table::Table;
use super::track::{Sizes, TrackKind};
use super::walk::{FourCc, Scan};

/// Most tracks written.
const MOST_TRACKS: usize = 16;
/// Most rows of tables written, over all tracks: at most 3 MiB. A table that does not fit is written in short.
const MOST_ROWS: u64 = 262_144;
/// Longest duration written, in ticks; beyond it the crate's arithmetic overflows.
const LONGEST: u64 = u64::MAX / 1_000_000;

/// The bytes, and which track stands for which: the crate's track `i + 1` is `tracks[i]` of the movie.
#[derive(Debug)]
pub(super) struct Canonical {
    pub(super) bytes: Vec<u8>,
    pub(super) tracks: Vec<usize>,
}

/// Rebuilds the movie. `millis` is our duration, written when the movie header has none of its own.
pub(super) fn rebuild(scan: &mut Scan<'_>, movie: &Movie, millis: Option<u64>) -> Canonical {
    let written = movie.tracks.iter().enumerate().filter(|(_, t)| expressible(t)).map(|(i, _)| i);
    let tracks: Vec<usize> = written.take(MOST_TRACKS).collect();
    let mut out = Boxes { bytes: Vec::new(), rows_left: MOST_ROWS };
    out.boxed(b"ftyp", |out| out.put(b"isom\0\0\x02\0isommp42"));
    out.boxed(b"moov", |out| {
        movie_header(out, movie, millis);
        let chosen = tracks.iter().filter_map(|&i| movie.tracks.get(i));
        for (id, track) in (1u32..).zip(chosen) {
            out.boxed(b"trak", |out| track_boxes(out, scan, id, track));
        }
    });
    Canonical { bytes: out.bytes, tracks }
}

/// Whether the crate has a type for the track.
fn expressible(track: &MeasuredTrack) -> bool {
    let Some(entry) = &track.track.entry else { return false };
    match track.track.kind {
        TrackKind::Video => matches!(entry.codec.as_str(), "h264" | "hevc"),
        TrackKind::Audio => entry.codec == "aac",
        TrackKind::Text => &entry.format == b"tx3g",
        TrackKind::Other => false,
    }
}

/// Writes boxes whose sizes are filled in when they are done.
struct Boxes {
    bytes: Vec<u8>,
    rows_left: u64,
}

impl Boxes {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn word(&mut self, value: u32) {
        self.put(&value.to_be_bytes());
    }

    fn long(&mut self, value: u64) {
        self.put(&value.to_be_bytes());
    }

    fn zeros(&mut self, n: usize) {
        self.bytes.resize(self.bytes.len() + n, 0);
    }

    fn boxed(&mut self, kind: &FourCc, body: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.word(0);
        self.put(kind);
        body(self);
        let size = u32::try_from(self.bytes.len() - start).unwrap_or(u32::MAX);
        if let Some(field) = self.bytes.get_mut(start..start + 4) {
            field.copy_from_slice(&size.to_be_bytes());
        }
    }
}

fn movie_header(out: &mut Boxes, movie: &Movie, millis: Option<u64>) {
    let own = movie.header.and_then(|h| Some((h.timescale, h.duration?))).filter(|&(scale, _)| scale != 0);
    let (scale, ticks) = own.unwrap_or((1000, millis.unwrap_or(0)));
    out.boxed(b"mvhd", |out| {
        out.word(1 << 24);
        out.zeros(16);
        out.word(scale);
        out.long(ticks.min(LONGEST));
        out.word(0x1_0000);
        out.zeros(12);
        matrix(out);
        out.zeros(24);
        out.word(u32::MAX);
    });
}

fn matrix(out: &mut Boxes) {
    for value in [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000] {
        out.word(value);
    }
}

fn track_boxes(out: &mut Boxes, scan: &mut Scan<'_>, id: u32, measured: &MeasuredTrack) {
    let track = &measured.track;
    let ticks = track.media.and_then(|m| m.duration).unwrap_or(measured.timing.ticks).min(LONGEST);
    out.boxed(b"tkhd", |out| {
        out.word(1 << 24 | 7);
        out.zeros(16);
        out.word(id);
        out.word(0);
        out.long(ticks);
        out.zeros(16);
        matrix(out);
        out.word(track.header.width << 16);
        out.word(track.header.height << 16);
    });
    let (handler, media_header): (&FourCc, _) = match track.kind {
        TrackKind::Video => (b"vide", Some((b"vmhd", 8))),
        TrackKind::Audio => (b"soun", Some((b"smhd", 4))),
        TrackKind::Text | TrackKind::Other => (b"sbtl", None),
    };
    out.boxed(b"mdia", |out| {
        out.boxed(b"mdhd", |out| {
            out.word(1 << 24);
            out.zeros(16);
            out.word(track.timescale().unwrap_or(1000));
            out.long(ticks);
            out.word(0x55c4_0000);
        });
        out.boxed(b"hdlr", |out| {
            out.zeros(8);
            out.put(handler);
            out.zeros(13);
        });
        out.boxed(b"minf", |out| {
            if let Some((kind, rest)) = media_header {
                out.boxed(kind, |out| out.zeros(4 + rest));
            }
            data_reference(out);
            out.boxed(b"stbl", |out| sample_tables(out, scan, measured));
        });
    });
}

fn data_reference(out: &mut Boxes) {
    out.boxed(b"dinf", |out| {
        out.boxed(b"dref", |out| {
            out.word(0);
            out.word(1);
            out.boxed(b"url ", |out| out.word(1));
        });
    });
}

fn sample_tables(out: &mut Boxes, scan: &mut Scan<'_>, measured: &MeasuredTrack) {
    let tables = &measured.track.tables;
    let samples = tables.sizes.map_or(0, |s| s.count());
    let count = u32::try_from(samples).unwrap_or(u32::MAX);
    out.boxed(b"stsd", |out| {
        out.word(0);
        out.word(1);
        sample_entry(out, measured);
    });
    let mean = measured.timing.ticks.checked_div(samples).and_then(|m| u32::try_from(m).ok()).unwrap_or(0);
    out.boxed(b"stts", |out| counted(out, scan, tables.durations, 8, &[count, mean]));
    out.boxed(b"stsc", |out| counted(out, scan, tables.runs, 12, &[1, count, 1]));
    out.boxed(b"stsz", |out| sizes(out, scan, tables.sizes, count));
    let kind = if tables.chunks.is_some_and(|t| t.width == 8) { b"co64" } else { b"stco" };
    let width = tables.chunks.map_or(4, |t| t.width);
    let nowhere: &[u32] = if width == 8 { &[0, 0] } else { &[0] };
    out.boxed(kind, |out| counted(out, scan, tables.chunks, width, nowhere));
}

/// Version, flags, count and rows; the single row `short` when there are too many to copy.
fn counted(out: &mut Boxes, scan: &mut Scan<'_>, table: Option<Table>, width: usize, short: &[u32]) {
    out.word(0);
    let count_at = out.bytes.len();
    out.word(0);
    let mut rows = 0u32;
    match table.filter(|t| t.width == width && t.rows <= out.rows_left) {
        Some(table) => {
            let mut reader = table.rows();
            while let Some(row) = reader.next(scan) {
                out.put(row);
                rows += 1;
            }
            out.rows_left -= u64::from(rows).min(out.rows_left);
        }
        None if table.is_some() => {
            for &value in short {
                out.word(value);
            }
            rows = 1;
        }
        None => {}
    }
    if let Some(field) = out.bytes.get_mut(count_at..count_at + 4) {
        field.copy_from_slice(&rows.to_be_bytes());
    }
}

/// `stsz`; sizes that are equal, compact or too many to copy are written as one size for all.
fn sizes(out: &mut Boxes, scan: &mut Scan<'_>, sizes: Option<Sizes>, count: u32) {
    out.word(0);
    match sizes {
        Some(Sizes::Table { table, bits: 32, .. }) if table.rows <= out.rows_left => {
            out.word(0);
            counted_sizes(out, scan, table);
        }
        Some(Sizes::Equal { size, .. }) => {
            out.word(size);
            out.word(count);
        }
        Some(Sizes::Table { .. }) => {
            out.word(1);
            out.word(count);
        }
        None => out.zeros(8),
    }
}

fn counted_sizes(out: &mut Boxes, scan: &mut Scan<'_>, table: Table) {
    let start = out.bytes.len();
    counted(out, scan, Some(table), 4, &[]);
    // `counted` begins with version and flags, which stand before the common size here.
    out.bytes.drain(start..start + 4);
}

fn sample_entry(out: &mut Boxes, measured: &MeasuredTrack) {
    let Some(entry) = &measured.track.entry else { return };
    match (measured.track.kind, entry.codec.as_str()) {
        (TrackKind::Video, codec) => {
            let (kind, config): (&FourCc, &FourCc) =
                if codec == "h264" { (b"avc1", b"avcC") } else { (b"hev1", b"hvcC") };
            out.boxed(kind, |out| {
                out.put(&[0, 0, 0, 0, 0, 0, 0, 1]);
                out.zeros(16);
                out.put(&entry.width.to_be_bytes());
                out.put(&entry.height.to_be_bytes());
                out.zeros(50);
                out.boxed(config, |out| {
                    // Version, profile, compatibility, level; then no parameter sets.
                    out.put(&entry.avc.unwrap_or([1, 0, 0, 0]));
                    out.put(&[3, 0, 0]);
                });
            });
        }
        (TrackKind::Audio, _) => sound_entry(out, measured),
        (TrackKind::Text | TrackKind::Other, _) => out.boxed(b"tx3g", |out| out.zeros(38)),
    }
}

fn sound_entry(out: &mut Boxes, measured: &MeasuredTrack) {
    let Some(entry) = &measured.track.entry else { return };
    let rate = entry.sample_rate.and_then(|r| u16::try_from(r).ok()).unwrap_or(0);
    out.boxed(b"mp4a", |out| {
        out.put(&[0, 0, 0, 0, 0, 0, 0, 1]);
        out.zeros(8);
        out.put(&entry.channels.unwrap_or(0).to_be_bytes());
        out.put(&[0, 16, 0, 0, 0, 0]);
        out.put(&rate.to_be_bytes());
        out.zeros(2);
        out.boxed(b"esds", |out| {
            let [a, b] = entry.stream.audio_config.unwrap_or_default();
            out.word(0);
            // The specific configuration is padded, because the crate may read three bytes past the first two.
            out.put(&[3, 25, 0, 0, 0, 4, 20, entry.stream.object_type.unwrap_or(0x40), 0x15]);
            out.zeros(11);
            out.put(&[5, 5, a, b, 0, 0, 0]);
        });
    });
}
