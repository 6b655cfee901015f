//! The headers of a movie, a track and its media: `mvhd`, `tkhd`, `mdhd`, `hdlr` (ISO/IEC 14496-12 §8.2, §8.3, §8.4).

use crate::media::container::reader::slice;
use crate::model::time::Micros;

use super::walk::{BoxAt, FourCc, Scan};

/// Seconds from 1904-01-01, where these containers count from, to 1970-01-01.
pub(super) const EPOCH_1904: u64 = 2_082_844_800;
/// Seconds from 1970-01-01 to the end of the year 9999, the last that can be written.
const LAST_SECOND: u64 = 253_402_300_799;

/// `mvhd`.
#[derive(Debug, Clone, Copy)]
pub(super) struct MovieHeader {
    pub(super) offset: u64,
    /// The creation time as it stands there.
    pub(super) created_raw: u64,
    /// Ticks in a second; 0 is a fault.
    pub(super) timescale: u32,
    /// Duration in ticks; `None` when it is 0 or all ones, which both stand for unknown.
    pub(super) duration: Option<u64>,
}

/// `mdhd`.
#[derive(Debug, Clone, Copy)]
pub(super) struct MediaHeader {
    /// Ticks in a second; 0 is a fault.
    pub(super) timescale: u32,
    /// Duration in ticks, when known.
    pub(super) duration: Option<u64>,
}

/// `tkhd`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TrackHeader {
    pub(super) id: u32,
    /// Width of the presentation in whole pixels.
    pub(super) width: u32,
    /// Height of the presentation in whole pixels.
    pub(super) height: u32,
    /// Duration in ticks of the movie, when known.
    pub(super) duration: Option<u64>,
    /// Degrees a player turns the picture by, clockwise; `None` when the matrix is no rotation by quarters.
    pub(super) rotation: Option<u16>,
    /// The matrix mirrors the picture.
    pub(super) mirrored: bool,
}

/// Creation time, time scale and duration, which `mvhd` and `mdhd` begin with.
fn times(bytes: &[u8]) -> Option<(u64, u32, Option<u64>)> {
    if bytes.first() == Some(&1) {
        let duration = slice::u64_be(bytes, 24).filter(|&d| d != 0 && d != u64::MAX && d != u64::from(u32::MAX));
        Some((slice::u64_be(bytes, 4)?, slice::u32_be(bytes, 20)?, duration))
    } else {
        let duration = slice::u32_be(bytes, 16).filter(|&d| d != 0 && d != u32::MAX).map(u64::from);
        Some((u64::from(slice::u32_be(bytes, 4)?), slice::u32_be(bytes, 12)?, duration))
    }
}

/// Reads `mvhd`; `None` when it is too short to say anything.
pub(super) fn movie(scan: &mut Scan<'_>, b: &BoxAt) -> Option<MovieHeader> {
    let (created_raw, timescale, duration) = times(&scan.body(b, 112))?;
    Some(MovieHeader { offset: b.offset, created_raw, timescale, duration })
}

/// Reads `mdhd`; `None` when it is too short to say anything.
pub(super) fn media(scan: &mut Scan<'_>, b: &BoxAt) -> Option<MediaHeader> {
    let (_, timescale, duration) = times(&scan.body(b, 48))?;
    Some(MediaHeader { timescale, duration })
}

/// Reads `tkhd`; `None` when it is too short to say anything.
pub(super) fn track(scan: &mut Scan<'_>, b: &BoxAt) -> Option<TrackHeader> {
    let bytes = scan.body(b, 104);
    let long = bytes.first() == Some(&1);
    let id = slice::u32_be(&bytes, if long { 20 } else { 12 })?;
    let duration = if long {
        slice::u64_be(&bytes, 28).filter(|&d| d != 0 && d != u64::MAX)
    } else {
        slice::u32_be(&bytes, 20).filter(|&d| d != 0 && d != u32::MAX).map(u64::from)
    };
    let matrix = if long { 52 } else { 40 };
    let entry = |i: usize| slice::i32_be(&bytes, matrix + 4 * i);
    let (rotation, mirrored) = match (entry(0), entry(1), entry(3), entry(4)) {
        (Some(a), Some(b), Some(c), Some(d)) => (rotation(a, b, c, d), mirrors(a, b, c, d)),
        _ => (None, false),
    };
    let whole = |at: usize| slice::u32_be(&bytes, at).map_or(0, |fixed| fixed >> 16);
    Some(TrackHeader { id, width: whole(matrix + 36), height: whole(matrix + 40), duration, rotation, mirrored })
}

/// The rotation in a matrix's upper left corner; mirrored, skewed and empty matrices are none.
fn rotation(a: i32, b: i32, c: i32, d: i32) -> Option<u16> {
    match (a.signum(), b.signum(), c.signum(), d.signum()) {
        (1, 0, 0, 1) => Some(0),
        (0, 1, -1, 0) => Some(90),
        (-1, 0, 0, -1) => Some(180),
        (0, -1, 1, 0) => Some(270),
        _ => None,
    }
}

/// Whether the determinant is negative.
fn mirrors(a: i32, b: i32, c: i32, d: i32) -> bool {
    i64::from(a) * i64::from(d) < i64::from(b) * i64::from(c)
}

/// The handler in `hdlr`: `vide`, `soun`, `meta`, ….
pub(super) fn handler(scan: &mut Scan<'_>, b: &BoxAt) -> Option<FourCc> {
    scan.body(b, 12).get(8..12)?.try_into().ok()
}

/// The instant a creation time stands for; `None` for 0, which is what a writer without a clock leaves, and for years
/// after 9999. The second value is true when it can only be a Unix time: as seconds since 1904 it would lie before 1970.
pub(super) fn created(raw: u64) -> (Option<Micros>, bool) {
    let unix = raw != 0 && raw < EPOCH_1904;
    let seconds = if unix { raw } else { raw.wrapping_sub(EPOCH_1904) };
    let seconds = Some(seconds).filter(|&s| raw != 0 && s <= LAST_SECOND);
    (seconds.and_then(|s| Micros::from_seconds(i64::try_from(s).ok()?)), unix)
}

/// Ticks of a time scale in milliseconds, rounded; `None` when the scale is 0 or the result does not fit.
pub(super) fn millis(ticks: u64, timescale: u32) -> Option<u64> {
    let scale = u128::from(timescale);
    let rounded = (u128::from(ticks) * 1000 + scale / 2).checked_div(scale)?;
    u64::try_from(rounded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creation_times() {
        let text = |raw| created(raw).0.map(|t| t.to_string());
        assert_eq!(text(0), None);
        assert_eq!(text(EPOCH_1904).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(text(0xe1e2_53d5).as_deref(), Some("2024-02-02T08:09:57Z"));
        assert_eq!(created(1_715_146_160).0.unwrap().to_string(), "2024-05-08T05:29:20Z");
        assert!(created(1_715_146_160).1 && !created(0xe1e2_53d5).1 && !created(0).1);
        assert_eq!(text(u64::MAX), None);
    }

    #[test]
    fn quarter_turns_only() {
        let one = 0x1_0000;
        assert_eq!(rotation(one, 0, 0, one), Some(0));
        assert_eq!(rotation(0, one, -one, 0), Some(90));
        assert_eq!(rotation(-one, 0, 0, -one), Some(180));
        assert_eq!(rotation(0, -one, one, 0), Some(270));
        assert_eq!(rotation(-one, 0, 0, one), None, "mirrored");
        assert!(mirrors(-one, 0, 0, one) && !mirrors(0, one, -one, 0));
        assert_eq!(rotation(0, 0, 0, 0), None);
    }

    #[test]
    fn milliseconds_are_rounded_and_never_overflow() {
        assert_eq!(millis(1640, 600), Some(2733));
        assert_eq!(millis(515, 44_100), Some(12));
        assert_eq!(millis(1, 0), None);
        assert_eq!(millis(u64::MAX, 1), None);
    }
}
