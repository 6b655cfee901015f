//! Days, months, years and instants in queries.

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

use crate::model::time::{Micros, UtcOffset};

/// From the first instant to the first after it: of a year (`2021`), a month (`2021-05`), a day (`2021-05-08`) at the court, or an
/// RFC 3339 time, which is its own end.
pub(super) fn period(text: &str, offset: UtcOffset) -> Option<(Micros, Micros)> {
    let text: String = text.trim().nfkc().collect();
    if text.contains('T') {
        let at = text.parse().ok()?;
        return Some((at, at));
    }
    let plain = text.replace(['年', '月', '/', '.'], "-").replace('日', "");
    let parts: Vec<&str> = plain.trim_end_matches('-').split('-').collect();
    let first = |year: i16, month: i8, day: i8| Date::new(year, month, day).ok();
    let (from, to) = match parts.as_slice() {
        [year] => {
            let year = digits(year, 4)?;
            (first(year, 1, 1)?, first(year.checked_add(1)?, 1, 1)?)
        }
        [year, month] => {
            let from = first(digits(year, 4)?, i8::try_from(digits(month, 2)?).ok()?, 1)?;
            (from, from.last_of_month().tomorrow().ok()?)
        }
        [year, month, day] => {
            let (month, day) = (i8::try_from(digits(month, 2)?).ok()?, i8::try_from(digits(day, 2)?).ok()?);
            let from = first(digits(year, 4)?, month, day)?;
            (from, from.tomorrow().ok()?)
        }
        _ => return None,
    };
    let midnight = |date: Date| Micros::from_civil(date.at(0, 0, 0, 0), offset);
    Some((midnight(from)?, midnight(to)?))
}

/// A number of at most `most` digits; a year has all four.
fn digits(text: &str, most: usize) -> Option<i16> {
    let formed = text.bytes().all(|b| b.is_ascii_digit()) && (1..=most).contains(&text.len());
    let whole = most < 4 || text.len() == 4;
    if formed && whole { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods() {
        let at = |text: &str| text.parse::<Micros>().unwrap();
        let of = |text: &str| period(text, UtcOffset::CHINA);
        assert_eq!(of("2021"), Some((at("2020-12-31T16:00:00Z"), at("2021-12-31T16:00:00Z"))));
        assert_eq!(of("2021-05"), Some((at("2021-04-30T16:00:00Z"), at("2021-05-31T16:00:00Z"))));
        for day in ["2021-05-08", "2021-5-8", "2021年5月8日", "２０２１/05/08"] {
            assert_eq!(of(day), Some((at("2021-05-07T16:00:00Z"), at("2021-05-08T16:00:00Z"))), "{day}");
        }
        let instant = at("2021-05-08T00:00:00Z");
        assert_eq!(of("2021-05-08T08:00:00+08:00"), Some((instant, instant)));
        for none in ["", "21", "2021-13", "2021-02-30", "昨天", "2021-05-08-01", "20210508", "2021-05-08T08:00", "9999"]
        {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
