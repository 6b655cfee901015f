//! Positions as text and as fixed-point numbers: ISO 6709 strings, NMEA 0183 sentences, 3GPP `loci`.

use crate::media::container::reader::slice;
use crate::model::media::Position;

/// A position written as ISO 6709, such as `+27.1281+100.2508+000.000/`; degrees, degrees and minutes, or degrees,
/// minutes and seconds, told apart by their digits. Altitude and reference system are not read.
pub(super) fn iso6709(text: &str) -> Option<Position> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let (lat, rest) = angle(text, 2)?;
    let (lon, _) = angle(rest, 3)?;
    Position::new(lat, lon)
}

/// One signed angle of which `width` digits are whole degrees, and the text after it.
fn angle(text: &str, width: usize) -> Option<(f64, &str)> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1.0,
        b'-' => -1.0,
        _ => return None,
    };
    let unsigned = text.get(1..)?;
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, rest) = unsigned.split_at(end);
    let whole = number.find('.').unwrap_or(number.len());
    let value: f64 = number.parse().ok()?;
    let degrees = if whole <= width {
        value
    } else if whole == width + 2 {
        degrees_and_minutes(value)
    } else if whole == width + 4 {
        let minutes = (value / 100.0).trunc();
        degrees_and_minutes(minutes) + (value - minutes * 100.0) / 3600.0
    } else {
        return None;
    };
    Some((sign * degrees, rest))
}

/// Degrees of a number written DDDMM.mmmm, as NMEA and the recorders that copy it do.
pub(super) fn degrees_and_minutes(value: f64) -> f64 {
    let degrees = (value / 100.0).trunc();
    degrees + (value - degrees * 100.0) / 60.0
}

/// A signed angle from DDDMM.mmmm and its hemisphere; `None` when either is none.
pub(super) fn hemisphere(value: f64, letter: u8) -> Option<f64> {
    let sign = match letter {
        b'N' | b'E' => 1.0,
        b'S' | b'W' => -1.0,
        _ => return None,
    };
    let minutes = value - (value / 100.0).trunc() * 100.0;
    (value >= 0.0 && minutes < 60.0).then(|| sign * degrees_and_minutes(value))
}

/// The position of the first RMC or GGA sentence with a fix in `bytes`, whichever satellites it is from.
pub(super) fn nmea(bytes: &[u8]) -> Option<Position> {
    bytes.split(|&b| b == b'$').skip(1).find_map(|sentence| {
        let end = sentence.iter().position(|b| !b.is_ascii_graphic()).unwrap_or(sentence.len());
        sentence_position(std::str::from_utf8(sentence.get(..end)?).ok()?)
    })
}

fn sentence_position(sentence: &str) -> Option<Position> {
    let (body, sum) = sentence.split_once('*').map_or((sentence, None), |(body, sum)| (body, Some(sum)));
    if let Some(sum) = sum.and_then(|s| u8::from_str_radix(s.get(..2)?, 16).ok())
        && sum != body.bytes().fold(0, |x, b| x ^ b)
    {
        return None;
    }
    let fields: Vec<&str> = body.split(',').take(10).collect();
    let field = |i: usize| fields.get(i).copied().unwrap_or_default();
    let at = match field(0).get(2..)? {
        "RMC" if field(2) == "A" => 3,
        "GGA" if !matches!(field(6), "" | "0") => 2,
        _ => return None,
    };
    let part = |i: usize| hemisphere(field(i).parse().ok()?, *field(i + 1).as_bytes().first()?);
    Position::new(part(at)?, part(at + 2)?)
}

/// The position in a `loci` body (3GPP TS 26.244 §8.13): version, flags, language, place name, role, then longitude
/// and latitude as 16.16 fixed point.
pub(super) fn loci(body: &[u8]) -> Option<Position> {
    let name = body.get(6..)?;
    let name_len = if name.starts_with(&[0xfe, 0xff]) || name.starts_with(&[0xff, 0xfe]) {
        name.chunks_exact(2).position(|unit| unit == [0, 0])? * 2 + 2
    } else {
        name.iter().position(|&b| b == 0)? + 1
    };
    let at = 6 + name_len + 1;
    let fixed = |at| slice::i32_be(body, at).map(|v| f64::from(v) / 65_536.0);
    Position::new(fixed(at + 4)?, fixed(at)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: Option<Position>, lat: f64, lon: f64) {
        let got = got.unwrap();
        assert!((got.lat - lat).abs() < 1e-4 && (got.lon - lon).abs() < 1e-4, "{got:?}");
    }

    #[test]
    fn iso6709_in_its_three_forms() {
        near(iso6709("+27.1281+100.2508+000.000/"), 27.1281, 100.2508);
        near(iso6709("-0030.5-00130.25/"), -0.508_333, -1.504_166);
        near(iso6709("+401213.1-0750015.1"), 40.203_638, -75.004_194);
        near(iso6709("+9.05-7.1/\0"), 9.05, -7.1);
        for bad in ["", "+", "27.1+100.2", "+27.1", "+27.1+", "+91.0+10.0/", "+00.0000+000.0000/", "+1.2.3+4/", "＋1+2"]
        {
            assert_eq!(iso6709(bad), None, "{bad}");
        }
    }

    #[test]
    fn nmea_with_a_fix_only() {
        let lost = "$GPRMC,081836,V,,,,,,,130998,,*29\r\n";
        let fix = "$GNRMC,081836.0,A,3751.65,S,14507.36,E,000.0,360.0,130998,011.3,E*62\r\n";
        near(nmea(format!("\0\x20{lost}{fix}").as_bytes()), -37.860_833, 145.122_666);
        near(nmea(b"$GPGGA,170834,4124.8963,N,08151.6838,W,1,05,1.5,280.2,M,-34.0,M"), 41.414_938, -81.861_396);
        assert_eq!(nmea(lost.as_bytes()), None);
        assert_eq!(nmea(b"$GNRMC,081836,A,3751.65,S,14507.36,E,000.0,360.0,130998,011.3,E*00"), None, "wrong sum");
        assert_eq!(nmea(b"$GPRMC,1,A,3761.00,N,14507.36,E"), None, "61 minutes");
        assert_eq!(nmea(b"$G\xff$$,,$GPRMC"), None);
    }

    #[test]
    fn loci_with_both_kinds_of_name() {
        let role_and_place = [1, 0, 121, 0x40, 0, 0, 31, 0x80, 0, 0, 0, 0];
        let with = |name: &[u8]| [&[0, 0, 0, 0, 0x15, 0xc7], name, &role_and_place].concat();
        near(loci(&with(b"Shanghai\0")), 31.5, 121.25);
        near(loci(&with(&[0xfe, 0xff, 0x4e, 0x0a, 0, 0])), 31.5, 121.25);
        assert_eq!(loci(&with(b"Shanghai\0")[..20]), None);
        assert_eq!(loci(&with(b"no end")[..12]), None);
    }
}
