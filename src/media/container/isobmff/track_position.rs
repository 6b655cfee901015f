//! Positions in metadata and text tracks. Their samples lie in `mdat`; of each track a few are read, and few bytes.

use super::movie::MeasuredTrack;
use super::samples::Sample;
use super::tags::Tags;
use super::track::TrackKind;
use super::walk::Scan;
use super::{gpmf, position};

/// Most bytes read of a GoPro sample, which holds one second.
const GPMF_SAMPLE: usize = 64 * 1024;
/// Most bytes read of a text sample.
const TEXT_SAMPLE: usize = 4 * 1024;

/// Adds what the track says of places, when it is of a kind that does.
pub(super) fn read(scan: &mut Scan<'_>, measured: &MeasuredTrack, tags: &mut Tags) {
    let Some(entry) = &measured.track.entry else { return };
    let text = measured.track.kind == TrackKind::Text || matches!(&entry.format, b"tx3g" | b"text" | b"nmea");
    let samples = &measured.extent.first;
    if &entry.format == b"gpmd" {
        let found = samples.iter().find_map(|s| gpmf::position(&sample(scan, s, GPMF_SAMPLE)));
        tags.add_place("gpmd", measured.track.offset, found);
    } else if text {
        let found = samples.iter().find_map(|s| position::nmea(&sample(scan, s, TEXT_SAMPLE)));
        // Most text tracks are subtitles; only one with a position is a source of positions.
        if found.is_some() {
            tags.add_place("text", measured.track.offset, found);
        }
    }
}

fn sample(scan: &mut Scan<'_>, sample: &Sample, most: usize) -> Vec<u8> {
    let n = usize::try_from(sample.size).unwrap_or(usize::MAX).min(most);
    let bytes = scan.window.up_to(sample.offset, n).map(<[u8]>::to_vec);
    scan.take(bytes).unwrap_or_default()
}
