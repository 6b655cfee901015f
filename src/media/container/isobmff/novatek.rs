//! Positions of Novatek-based recorders: a `gps ` box in `moov` lists offset and size of `free` boxes that begin with
//! `GPS ` and hold one second each. The layout is not published by its maker; it is the one that public converters
//! agree on, and the coordinates of variants that scramble them fail the checks here and are left out.

use crate::media::container::reader::slice;
use crate::model::media::Position;

use super::position::hemisphere;
use super::table::Table;
use super::walk::{BoxAt, Scan};

/// Blocks tried until one has a fix: 17 minutes of one a second.
const MOST_BLOCKS: u64 = 1024;
/// Bytes read of a block.
const BLOCK: usize = 112;
/// Where the six numbers of the time may begin in a block; the status follows them.
const TIMES: [usize; 2] = [0x10, 0x30];

/// The first position in the blocks that a `gps ` box lists.
pub(super) fn listed(scan: &mut Scan<'_>, gps: &BoxAt) -> Option<Position> {
    let rows = gps.len().saturating_sub(8) / 8;
    let mut rows = Table::clamped(scan, gps, gps.body + 8, rows.min(MOST_BLOCKS), 8).rows();
    loop {
        let row = rows.next(scan)?;
        let (offset, size) = (slice::u32_be(row, 0)?, slice::u32_be(row, 4)?);
        if offset == 0 || size == 0 {
            continue;
        }
        let bytes = scan.window.up_to(u64::from(offset), BLOCK).map(<[u8]>::to_vec);
        if let Some(position) = block(&scan.take(bytes)?) {
            return Some(position);
        }
    }
}

/// The position in a block that begins with its box header.
pub(super) fn block(bytes: &[u8]) -> Option<Position> {
    if bytes.get(4..12)? != b"freeGPS " {
        return None;
    }
    TIMES.into_iter().find_map(|at| fix(bytes, at))
}

fn fix(bytes: &[u8], at: usize) -> Option<Position> {
    let number = |i: usize| slice::u32_le(bytes, at + 4 * i);
    let (hour, minute, second, month, day) = (number(0)?, number(1)?, number(2)?, number(4)?, number(5)?);
    let clock = hour < 24 && minute < 60 && second < 61 && (1..=12).contains(&month) && (1..=31).contains(&day);
    let [b'A', ns, ew] = *bytes.get(at + 24..at + 27)? else { return None };
    if !clock || !matches!(ns, b'N' | b'S') || !matches!(ew, b'E' | b'W') {
        return None;
    }
    let lat = hemisphere(f64::from(slice::f32_le(bytes, at + 28)?), ns)?;
    let lon = hemisphere(f64::from(slice::f32_le(bytes, at + 32)?), ew)?;
    Position::new(lat, lon)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A block with the time at `at`.
    pub(in super::super) fn example(at: usize, status: u8) -> Vec<u8> {
        let mut block = b"\0\0\x40\0freeGPS \xf0\x03\0\0".to_vec();
        block.resize(at, 0);
        for n in [13u32, 29, 20, 24, 5, 8] {
            block.extend(n.to_le_bytes());
        }
        block.extend([status, b'N', b'E', 0]);
        block.extend(3113.5_f32.to_le_bytes());
        block.extend(12128.25_f32.to_le_bytes());
        block.resize(at + 64, 0);
        block
    }

    #[test]
    fn both_layouts_and_no_fix() {
        for at in TIMES {
            let p = block(&example(at, b'A')).unwrap();
            assert!((p.lat - 31.225).abs() < 1e-5 && (p.lon - 121.470_833).abs() < 1e-4, "{p:?}");
            assert_eq!(block(&example(at, b'V')), None);
            assert_eq!(block(&example(at, b'A')[..at + 30]), None);
        }
    }
}
