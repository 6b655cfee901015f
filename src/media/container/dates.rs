//! Times that devices write as text: RIFF `IDIT` and `ICRD`, Exif dates. Makers follow no one form.

use jiff::civil::DateTime;

use crate::model::time::{Micros, SECOND_US, UtcOffset};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Longest text that is looked at; the longest known form has 33 characters.
const MOST_CHARS: usize = 64;

/// The instant a text names, read as UTC unless it carries an offset of its own (`Z`, `+08:00`). Read are
/// `Wed Nov 24 08:52:07 2021`, `24 Nov 2021 08:52:07`, `2021-11-24 08:52:07` with any separators, with or without
/// seconds, and `20211124085207`. A date without a time of day is no instant.
pub fn instant(text: &str) -> Option<Micros> {
    let text: String = text.trim().chars().take(MOST_CHARS).collect();
    let (clock_text, offset_s) = split_offset(&text);
    let civil = civil(clock_text)?;
    let at = Micros::from_civil(civil, UtcOffset::UTC)?;
    Some(Micros(at.0.checked_sub(offset_s.checked_mul(SECOND_US)?)?))
}

/// Takes `Z` or `±HH:MM` off the end, when it follows a time of day.
fn split_offset(text: &str) -> (&str, i64) {
    if let Some(rest) = text.strip_suffix(['Z', 'z']) {
        return (rest, 0);
    }
    let at = text.len().saturating_sub(6);
    let (Some(rest), Some(tail)) = (text.get(..at), text.get(at..)) else { return (text, 0) };
    match tail.parse::<UtcOffset>() {
        Ok(offset) if rest.contains(':') => (rest, i64::from(offset.0.seconds())),
        _ => (text, 0),
    }
}

fn civil(text: &str) -> Option<DateTime> {
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let month = words.iter().find_map(|w| month_of(w));
    let mut numbers = Vec::new();
    for digits in words.iter().flat_map(|w| w.split(|c: char| !c.is_ascii_digit())).filter(|d| !d.is_empty()) {
        push_numbers(digits, &mut numbers)?;
    }
    let (y, mo, d, h, mi, s) = match (month, numbers.as_slice()) {
        (Some(mo), [d, h, mi, s, y]) if *y > 31 => (*y, mo, *d, *h, *mi, *s),
        (Some(mo), [d, y, h, mi, s, ..]) => (*y, mo, *d, *h, *mi, *s),
        (None, [y, mo, d, h, mi]) => (*y, *mo, *d, *h, *mi, 0),
        (None, [y, mo, d, h, mi, s, ..]) => (*y, *mo, *d, *h, *mi, *s),
        _ => return None,
    };
    let small = |n: i16| i8::try_from(n).ok();
    (y >= 1900).then_some(())?;
    DateTime::new(y, small(mo)?, small(d)?, small(h)?, small(mi)?, small(s)?, 0).ok()
}

fn month_of(word: &str) -> Option<i16> {
    let word = word.to_ascii_lowercase();
    let start = word.get(..3).filter(|_| word.bytes().all(|b| b.is_ascii_alphabetic()))?;
    (1..).zip(MONTHS).find(|(_, m)| *m == start).map(|(n, _)| n)
}

/// One number, or those of `YYYYMMDDhhmmss`, `YYYYMMDD` and `hhmmss`; `None` when it is longer than any of them.
fn push_numbers(digits: &str, numbers: &mut Vec<i16>) -> Option<()> {
    let lengths: &[usize] = match digits.len() {
        14 => &[4, 2, 2, 2, 2, 2],
        8 => &[4, 2, 2],
        6 => &[2, 2, 2],
        1..=4 => &[digits.len()],
        // A fraction of a second may follow; it is beyond what a recorder's clock can say.
        _ if numbers.len() >= 6 => return Some(()),
        _ => return None,
    };
    let mut at = 0;
    for length in lengths {
        numbers.push(digits.get(at..at + length)?.parse().ok()?);
        at += length;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        instant(text).map(|at| at.to_string())
    }

    #[test]
    fn forms_that_devices_write() {
        let want = Some("2021-11-24T08:52:07Z".to_owned());
        for text in [
            "Wed Nov 24 08:52:07 2021\n",
            "WED NOV 24 08:52:07 2021",
            "24 November 2021 08:52:07",
            "2021-11-24 08:52:07",
            "2021/11/24 08:52:07",
            "2021:11:24 08:52:07",
            "2021-11-24T08:52:07Z",
            "2021-11-24T16:52:07+08:00",
            "20211124085207",
            "20211124 085207",
            "2021-11-24 08:52:07.123456",
        ] {
            assert_eq!(read(text), want, "{text}");
        }
        assert_eq!(read("2005/08/17/ 11:42").as_deref(), Some("2005-08-17T11:42:00Z"));
    }

    #[test]
    fn what_is_no_instant() {
        for text in
            ["", "2021-11-24", "0000:00:00 00:00:00", "2021:13:24 08:52:07", "Wed Nov 24", "123456789012345", "é"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
