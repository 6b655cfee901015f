//! Sample entries: what a track's samples are (ISO/IEC 14496-12 §8.5.2; QuickTime File Format, "Sample Descriptions").

use crate::media::container::reader::slice;

use super::codec::{StreamDescriptor, common_name};
use super::track::TrackKind;
use super::walk::{BoxAt, FourCc, Place, Region, Scan};

/// The first sample entry of a track.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    /// The format, with encryption looked through.
    pub(super) format: FourCc,
    /// Common name of the codec.
    pub(super) codec: String,
    /// Width in pixels; 0 when not said.
    pub(super) width: u16,
    /// Height in pixels; 0 when not said.
    pub(super) height: u16,
    /// Samples per second.
    pub(super) sample_rate: Option<u32>,
    /// Channels.
    pub(super) channels: Option<u16>,
    /// What `esds` says, when there is one.
    pub(super) stream: StreamDescriptor,
    /// Version, profile, compatibility and level of `avcC`.
    pub(super) avc: Option<[u8; 4]>,
}

/// Reads the first entry of `stsd`. `None` when there is none.
pub(super) fn read(scan: &mut Scan<'_>, stsd: &BoxAt, kind: TrackKind) -> Option<Entry> {
    let iso_version = scan.body(stsd, 1).first().copied().unwrap_or(0);
    let b = scan.next(&mut stsd.inside(8, Place::Entry))?;
    let mut entry = Entry { format: b.kind, ..Entry::default() };
    match kind {
        TrackKind::Video => picture(scan, &b, &mut entry),
        TrackKind::Audio => sound(scan, &b, iso_version, &mut entry),
        TrackKind::Text | TrackKind::Other => {}
    }
    let wrapped = matches!(&entry.format, b"mp4v" | b"mp4a");
    entry.codec = match entry.stream.codec() {
        Some(codec) if wrapped => codec.to_owned(),
        _ => common_name(entry.format),
    };
    Some(entry)
}

fn picture(scan: &mut Scan<'_>, b: &BoxAt, entry: &mut Entry) {
    let bytes = scan.body(b, 78);
    entry.width = slice::u16_be(&bytes, 24).unwrap_or(0);
    entry.height = slice::u16_be(&bytes, 26).unwrap_or(0);
    extensions(scan, b.inside(78, Place::Entry), entry);
}

fn sound(scan: &mut Scan<'_>, b: &BoxAt, iso_version: u8, entry: &mut Entry) {
    let bytes = scan.body(b, 64);
    let (mut rate, mut channels) = (slice::u16_be(&bytes, 24).map(u32::from), slice::u16_be(&bytes, 16));
    let extra = match slice::u16_be(&bytes, 8) {
        Some(1) if iso_version == 0 => 16,
        Some(2) => {
            (rate, channels) = long_description(&bytes);
            36
        }
        _ => 0,
    };
    extensions(scan, b.inside(28 + extra, Place::Entry), entry);
    let fixed = match &entry.format {
        b"samr" => Some(8_000),
        b"sawb" | b"sawp" => Some(16_000),
        _ => None,
    };
    entry.sample_rate = rate.filter(|&r| r != 0).or_else(|| entry.stream.sample_rate()).or(fixed);
    // Many writers leave the template's 2 in the entry, whatever the stream holds.
    entry.channels = entry.stream.channels().or(channels.filter(|&c| c != 0));
}

/// Rate and channels of QuickTime's version 2 sound description, which has them as a 64-bit float and a 32-bit number.
fn long_description(bytes: &[u8]) -> (Option<u32>, Option<u16>) {
    let rate = slice::f64_be(bytes, 32).filter(|r| (1.0..=4e9).contains(r));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 1 to 4e9 by the line above")]
    let rate = rate.map(|r| r.round() as u32);
    (rate, slice::u32_be(bytes, 40).and_then(|c| u16::try_from(c).ok()))
}

/// Boxes after the fixed fields: `esds`, `avcC`, `wave` (QuickTime's wrapper around `esds`), `sinf` (encryption).
fn extensions(scan: &mut Scan<'_>, mut region: Region, entry: &mut Entry) {
    while let Some(b) = scan.next(&mut region) {
        match &b.kind {
            b"esds" => stream_descriptor(scan, &b, entry),
            b"avcC" => entry.avc = scan.body(&b, 4).try_into().ok(),
            b"wave" => {
                if let Some(esds) = scan.find(b.inside(0, Place::Entry), b"esds") {
                    stream_descriptor(scan, &esds, entry);
                }
            }
            b"sinf" => encryption(scan, &b, entry),
            _ => {}
        }
    }
}

fn stream_descriptor(scan: &mut Scan<'_>, esds: &BoxAt, entry: &mut Entry) {
    let bytes = scan.body(esds, 512);
    entry.stream = StreamDescriptor::parse(bytes.get(4..).unwrap_or_default());
}

/// An encrypted entry names its real format in `frma`.
fn encryption(scan: &mut Scan<'_>, sinf: &BoxAt, entry: &mut Entry) {
    scan.findings.note("encrypted", Some(sinf.offset), None);
    if let Some(frma) = scan.find(sinf.inside(0, Place::Entry), b"frma")
        && let Ok(format) = scan.body(&frma, 4).try_into()
    {
        entry.format = format;
    }
}
