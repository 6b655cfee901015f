//! GoPro's metadata: nested key, type, size, count and value (the GPMF introduction that GoPro publishes with its
//! parser). Read here only for the first position with a fix.

use crate::media::container::reader::slice;
use crate::model::media::Position;

/// What of a stream has been read so far; a new `STRM` starts afresh.
#[derive(Debug, Default)]
struct Stream {
    /// Divisors of latitude and longitude.
    scale: Option<(f64, f64)>,
    /// `GPSF`: 0 is no fix, 2 and 3 are one in two or three dimensions.
    fix: Option<u32>,
}

/// The first position with a fix in a sample.
pub(super) fn position(sample: &[u8]) -> Option<Position> {
    let mut stream = Stream::default();
    let mut at = 0usize;
    // Stepping into every container visits all values in order without recursion; each step moves at least eight bytes.
    while let Some(head) = sample.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let [k0, k1, k2, k3, kind, size, c0, c1] = *head;
        let body = at + 8;
        let length = usize::from(size) * usize::from(u16::from_be_bytes([c0, c1]));
        let key = [k0, k1, k2, k3];
        if kind == 0 {
            if &key == b"STRM" {
                stream = Stream::default();
            }
            at = body;
            continue;
        }
        let value = sample.get(body..body.saturating_add(length)).unwrap_or_default();
        if let Some(found) = stream.take(key, kind, usize::from(size), value) {
            return Some(found);
        }
        at = body.saturating_add(length.next_multiple_of(4));
    }
    None
}

impl Stream {
    fn take(&mut self, key: [u8; 4], kind: u8, size: usize, value: &[u8]) -> Option<Position> {
        match &key {
            b"GPSF" => self.fix = slice::u32_be(value, 0),
            b"SCAL" => self.scale = scale(kind, size, value),
            b"GPS5" if self.fix != Some(0) => return self.row(value),
            // Nine values a row, the last of which is the fix.
            b"GPS9" => {
                let mut rows = value.chunks_exact(size.max(1));
                return rows.find_map(|row| {
                    let fix = slice::u16_be(row, row.len().checked_sub(2)?)?;
                    if fix > 0 { self.row(row) } else { None }
                });
            }
            _ => {}
        }
        None
    }

    fn row(&self, value: &[u8]) -> Option<Position> {
        let (lat_by, lon_by) = self.scale?;
        let (lat, lon) = (slice::i32_be(value, 0)?, slice::i32_be(value, 4)?);
        Position::new(f64::from(lat) / lat_by, f64::from(lon) / lon_by)
    }
}

/// The first two divisors; one stands for all.
fn scale(kind: u8, size: usize, value: &[u8]) -> Option<(f64, f64)> {
    let number = |i: usize| match kind {
        b'l' | b'L' => slice::i32_be(value, i * size).map(f64::from),
        b's' | b'S' => slice::u16_be(value, i * size).map(f64::from),
        _ => None,
    };
    let first = number(0)?;
    let second = number(1).unwrap_or(first);
    (first != 0.0 && second != 0.0).then_some((first, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn klv(key: &[u8; 4], kind: u8, size: u8, count: u16, value: &[u8]) -> Vec<u8> {
        let mut out = key.to_vec();
        out.extend([kind, size]);
        out.extend(count.to_be_bytes());
        out.extend(value);
        out.resize(out.len().next_multiple_of(4), 0);
        out
    }

    fn sample(fix: u32) -> Vec<u8> {
        let scales: Vec<u8> = [10_000_000i32, 10_000_000, 1000].iter().flat_map(|n| n.to_be_bytes()).collect();
        let place: Vec<u8> = [331_268_000i32, -1_173_273_000, 5].iter().flat_map(|n| n.to_be_bytes()).collect();
        let stream = [
            klv(b"STNM", b'c', 1, 3, b"GPS"),
            klv(b"GPSF", b'L', 4, 1, &fix.to_be_bytes()),
            klv(b"SCAL", b'l', 4, 3, &scales),
            klv(b"GPS5", b'l', 12, 1, &place),
        ]
        .concat();
        let stream = klv(b"STRM", 0, 1, u16::try_from(stream.len()).unwrap(), &stream);
        klv(b"DEVC", 0, 1, u16::try_from(stream.len()).unwrap(), &stream)
    }

    #[test]
    fn the_first_position_with_a_fix() {
        assert_eq!(position(&sample(3)), Position::new(33.1268, -117.3273));
        assert_eq!(position(&sample(0)), None);
        for cut in 0..sample(3).len() {
            let _ = position(&sample(3)[..cut]);
        }
        assert_eq!(position(&[0; 4096]), None);
    }
}
