//! Positions written as text: NMEA 0183 sentences, ISO 6709 strings, plain decimal degrees.

use crate::model::media::Position;

/// The first RMC or GGA sentence in a line that has a fix. Text may stand before it, as in a log. A checksum that is
/// there must be right; a sentence without one is believed.
///
/// NMEA 0183: `$--RMC,time,A,ddmm.mm,N,dddmm.mm,E,…*hh` and `$--GGA,time,ddmm.mm,N,dddmm.mm,E,quality,…*hh`.
pub fn nmea_position(line: &str) -> Option<Position> {
    line.split('$').skip(1).find_map(sentence_position)
}

fn sentence_position(text: &str) -> Option<Position> {
    let body = match text.split_once('*') {
        Some((body, checksum)) => checksum_fits(body, checksum).then_some(body)?,
        None => text.trim_end(),
    };
    let mut fields = body.split(',');
    let kind = fields.next()?;
    let fields: Vec<&str> = fields.take(7).map(str::trim).collect();
    let (fix, place) = match kind.get(kind.len().checked_sub(3)?..)? {
        "RMC" => (*fields.get(1)? == "A", fields.get(2..6)?),
        "GGA" => (matches!(fields.get(5)?.parse(), Ok(1..=8u8)), fields.get(1..5)?),
        _ => return None,
    };
    let [lat, north, lon, east] = place else { return None };
    let lat = signed(degrees_minutes(lat)?, north, "N", "S")?;
    let lon = signed(degrees_minutes(lon)?, east, "E", "W")?;
    if fix { Position::new(lat, lon) } else { None }
}

fn checksum_fits(body: &str, checksum: &str) -> bool {
    let expected = checksum.get(..2).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    let actual = body.bytes().fold(0u8, |sum, b| sum ^ b);
    expected.and_then(|hex| u8::from_str_radix(hex, 16).ok()) == Some(actual)
}

/// `dddmm.mmm`: the last two digits before the point begin the minutes.
fn degrees_minutes(text: &str) -> Option<f64> {
    let value = plain_number(text)?;
    let degrees = (value / 100.0).floor();
    let minutes = value - degrees * 100.0;
    (minutes < 60.0).then_some(degrees + minutes / 60.0)
}

fn signed(value: f64, letter: &str, positive: &str, negative: &str) -> Option<f64> {
    match letter {
        _ if letter.eq_ignore_ascii_case(positive) => Some(value),
        _ if letter.eq_ignore_ascii_case(negative) => Some(-value),
        _ => None,
    }
}

/// Digits with at most one point; no sign, exponent, `inf` or `NaN`.
fn plain_number(text: &str) -> Option<f64> {
    let plain = text.len() <= 24 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if plain { text.parse().ok() } else { None }
}

/// The position of an ISO 6709 string, as in `©xyz`: `+27.1281+100.2508+000.000/`. Degrees, degrees and minutes, or
/// degrees, minutes and seconds, told apart by the number of digits before the point; height and reference system are
/// passed over.
pub fn iso6709(text: &str) -> Option<Position> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let (lat, rest) = signed_run(text)?;
    let (lon, _) = signed_run(rest)?;
    Position::new(sexagesimal(lat, 2)?, sexagesimal(lon, 3)?)
}

/// A sign with the digits and the point behind it, and what follows.
fn signed_run(text: &str) -> Option<(&str, &str)> {
    let digits = text.strip_prefix(['+', '-'])?;
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    text.split_at_checked(end + 1)
}

/// `±DD.D`, `±DDMM.M` or `±DDMMSS.S`, with `width` digits for the degrees; fewer are read as degrees.
fn sexagesimal(text: &str, width: usize) -> Option<f64> {
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    let digits = text.get(1..)?;
    let value = plain_number(digits)?;
    let whole = digits.find('.').unwrap_or(digits.len());
    let degrees = match whole.checked_sub(width) {
        Some(2) => degrees_minutes(digits)?,
        Some(4) => {
            let minutes = degrees_minutes_of(value)?;
            minutes.0 + minutes.1
        }
        Some(0) | None => value,
        Some(_) => return None,
    };
    (whole > 0).then_some(sign * degrees)
}

/// `DDMMSS.S` as whole degrees and the rest in degrees.
fn degrees_minutes_of(value: f64) -> Option<(f64, f64)> {
    let degrees = (value / 10_000.0).floor();
    let minutes = ((value - degrees * 10_000.0) / 100.0).floor();
    let seconds = value - degrees * 10_000.0 - minutes * 100.0;
    (minutes < 60.0 && seconds < 60.0).then_some((degrees, minutes / 60.0 + seconds / 3600.0))
}

/// Two decimal numbers in a line that can be a position: `45.123456,124.567890`, `N45.1234 E124.5678`,
/// `[latitude: 45.123] [longitude: 124.567]`. Each has at least three decimals and they stand next to each other.
/// Latitude first, unless the first cannot be one (经度 is often written first). Numbers behind `:` are times of day.
pub fn decimal_position(line: &str) -> Option<Position> {
    let mut before = None;
    for token in line.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | ':'))) {
        let number = token_degrees(token);
        if let (Some(a), Some(b)) = (before, number)
            && let Some(position) = in_either_order(a, b)
        {
            return Some(position);
        }
        if number.is_some() || token.bytes().any(|b| b.is_ascii_digit()) {
            before = number;
        }
    }
    None
}

fn in_either_order(a: f64, b: f64) -> Option<Position> {
    if a.abs() > 90.0 { Position::new(b, a) } else { Position::new(a, b) }
}

fn token_degrees(token: &str) -> Option<f64> {
    let letters = |c: char| matches!(c.to_ascii_uppercase(), 'N' | 'S' | 'E' | 'W');
    let bare = token.trim_matches(letters);
    let negative = token.starts_with(['S', 'W', 's', 'w']) || token.ends_with(['S', 'W', 's', 'w']);
    let unsigned = bare.strip_prefix(['+', '-']).unwrap_or(bare);
    let (_, decimals) = unsigned.split_once('.')?;
    let value = if decimals.len() >= 3 { plain_number(unsigned)? } else { return None };
    Some(if negative || bare.starts_with('-') { -value } else { value })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(position: Option<Position>, lat: f64, lon: f64) -> bool {
        position.is_some_and(|p| (p.lat - lat).abs() < 1e-6 && (p.lon - lon).abs() < 1e-6)
    }

    #[test]
    fn sentences() {
        let rmc = "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A";
        let gga = "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47";
        let (lat, lon) = (48.0 + 7.038 / 60.0, 11.0 + 31.0 / 60.0);
        assert!(near(nmea_position(rmc), lat, lon));
        assert!(near(nmea_position(gga), lat, lon));
        assert!(near(nmea_position(&format!("2024-05-08 13:29:20 gps: {rmc}\r\n")), lat, lon));
        assert!(near(nmea_position("$BDRMC,1,A,4507.2,S,12430.0,W\r\n"), -45.12, -124.5));
        for bad in [
            &rmc.replace("*6A", "*6B"),
            &rmc.replace("*6A", "*"),
            "$GPRMC,123519,V,4807.038,N,01131.000,E",
            "$GPGGA,123519,4807.038,N,01131.000,E,0,08",
            "$GPRMC,123519,A,4867.038,N,01131.000,E",
            "$GPRMC,123519,A,4807.038,E,01131.000,N",
            "$GPRMC,123519,A,,,,",
            "$GPRMC,1,A,NaN,N,inf,E",
            "$GPRMC,1,A,0000.0,N,00000.0,E",
            "$GPGSV,3,1,11",
            "GPRMC",
            "$",
            "",
        ] {
            assert_eq!(nmea_position(bad), None, "{bad}");
        }
    }

    #[test]
    fn strings_of_containers() {
        assert!(near(iso6709("+27.1281+100.2508+000.000/"), 27.1281, 100.2508));
        assert!(near(iso6709("+12.3456-098.7654+010.500/"), 12.3456, -98.7654));
        assert!(near(iso6709("+33.1268-117.3273/\0"), 33.1268, -117.3273));
        assert!(near(iso6709("+4507.2+12430.0/"), 45.12, 124.5));
        assert!(near(iso6709("-450712.0+1243000.0CRSWGS_84/"), -45.12, 124.5));
        assert!(near(iso6709("+5.5+24.5"), 5.5, 24.5));
        for bad in
            ["", "+27.1281", "27.1281+100.2508", "+91+100", "+00.0+000.0/", "+4567.0+12430.0", "+.5+100", "++", "+é+é"]
        {
            assert_eq!(iso6709(bad), None, "{bad}");
        }
    }

    #[test]
    fn plain_degrees() {
        assert!(near(decimal_position("45.123456,124.567890"), 45.123456, 124.56789));
        assert!(near(decimal_position("124.567890,45.123456"), 45.123456, 124.56789));
        assert!(near(decimal_position("2024-05-08 13:29:20.123,45.1234,124.5678,180.5"), 45.1234, 124.5678));
        assert!(near(decimal_position("N45.1234 E124.5678"), 45.1234, 124.5678));
        assert!(near(decimal_position("45.1234S;124.5678W"), -45.1234, -124.5678));
        assert!(near(decimal_position("GPS(124.5678, 45.1234, 18)"), 45.1234, 124.5678));
        assert!(near(decimal_position("[latitude: 45.123] [longitude: 124.567]"), 45.123, 124.567));
        for bad in [
            "",
            "45.1,124.5",
            "45.1234",
            "45.1234 7 124.5678",
            "00:00:01.000 --> 00:00:02.000",
            "0.0000,0.0000",
            "v1.234",
        ] {
            assert_eq!(decimal_position(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>(), near in "[$GPRMCA,.*+0-9NSEW:/-]{0,80}") {
            for t in [&text, &near] {
                let _ = (nmea_position(t), iso6709(t), decimal_position(t));
            }
        }

        #[test]
        fn written_degrees_are_read(lat in -89.9..89.9f64, lon in -179.9..179.9f64) {
            prop_assume!(lat.abs() > 0.001);
            let text = format!("{lat:+09.5}{lon:+010.5}/");
            let p = iso6709(&text).unwrap();
            prop_assert!((p.lat - lat).abs() < 1e-4 && (p.lon - lon).abs() < 1e-4);
        }
    }
}
