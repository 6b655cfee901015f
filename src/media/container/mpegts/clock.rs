//! Presentation times: 33 bits of 90 kHz that wrap after 26.5 hours.

/// Ticks in a second.
pub const TICKS: f64 = 90_000.0;
const WRAP: u64 = 1 << 33;

/// Ticks from `from` to `to` across a wrap; negative when `to` is earlier by less than half the range.
pub fn distance(from: u64, to: u64) -> i64 {
    let forward = to.wrapping_sub(from) % WRAP;
    let signed = i64::try_from(forward).unwrap_or(0);
    if forward > WRAP / 2 { signed - (1 << 33) } else { signed }
}

/// The PES header's presentation time (ISO/IEC 13818-1 §2.4.3.7) and where the payload begins. `None` when the bytes
/// start no PES packet with a header.
pub fn pes(bytes: &[u8]) -> Option<(Option<u64>, usize)> {
    let [0, 0, 1, stream, _, _, marks, flags, length, ..] = *bytes else { return None };
    let headless = matches!(stream, 0xbc | 0xbe | 0xbf | 0xf0..=0xf2 | 0xf8 | 0xff);
    (!headless && marks >> 6 == 2).then_some(())?;
    let time = if flags & 0x80 != 0 { bytes.get(9..14).and_then(time) } else { None };
    Some((time, 9 + usize::from(length)))
}

fn time(field: &[u8]) -> Option<u64> {
    let [a, b, c, d, e] = <[u8; 5]>::try_from(field).ok()?.map(u64::from);
    // The first four bits are 0010 or 0011 and each part ends with a 1: what does not is no time.
    (a >> 5 == 1 && a & c & e & 1 == 1).then_some((a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1)
}

/// The usual distance between pictures, in ticks: the mean of the distances that are near the median one, so that
/// pictures missing at the edges and gaps do not count. `None` for fewer than two different times.
pub fn spacing(times: &[u64]) -> Option<f64> {
    let &first = times.first()?;
    let mut ordered: Vec<i64> = times.iter().map(|&t| distance(first, t)).collect();
    ordered.sort_unstable();
    ordered.dedup();
    let mut gaps: Vec<i64> = ordered.iter().zip(ordered.iter().skip(1)).map(|(a, b)| b - a).collect();
    gaps.sort_unstable();
    let &median = gaps.get(gaps.len() / 2)?;
    let near: Vec<i64> = gaps.into_iter().filter(|gap| (gap - median).abs() <= median / 10).collect();
    #[expect(clippy::cast_precision_loss, reason = "at most some thousand gaps of at most 2³³ ticks")]
    let mean = near.iter().sum::<i64>() as f64 / near.len().max(1) as f64;
    (mean > 0.0).then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_cross_the_wrap() {
        assert_eq!(distance((1 << 33) - 10, 20), 30);
        assert_eq!(distance(20, (1 << 33) - 10), -30);
        assert_eq!(distance(5, 5), 0);
    }

    #[test]
    fn a_time_is_read_from_its_five_bytes() {
        let t: u64 = 0x1_2345_6789;
        let part = |v: u64| v as u8;
        let field = [part(0x21 | (t >> 30 & 7) << 1), part(t >> 22), part(t >> 14 | 1), part(t >> 7), part(t << 1 | 1)];
        let mut bytes = vec![0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5];
        bytes.extend(field);
        assert_eq!(pes(&bytes), Some((Some(t), 14)));
        bytes[13] &= 0xfe;
        assert_eq!(pes(&bytes), Some((None, 14)), "a marker bit is wrong");
        bytes[2] = 0;
        assert_eq!(pes(&bytes), None);
    }

    #[test]
    fn spacing_ignores_order_edges_and_gaps() {
        let times = [0, 9009, 3003, 6006, 21021, 12012, 90090];
        assert_eq!(spacing(&times), Some(3003.0));
        assert_eq!(spacing(&[7, 7]), None);
    }
}
