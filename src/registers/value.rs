//! One value of a register, from a file or a request.

use jiff::civil::{Date, Time};
use unicode_normalization::UnicodeNormalization;

use super::message::Message;
use crate::model::court::{CourtCode, CourtCodeError};
use crate::model::span::{Span, end_of_day, start_of_day};
use crate::model::time::{Micros, UtcOffset};

/// Longest text of a field, in characters.
const MOST_CHARS: usize = 200;
/// Longest officer number or serial, in characters.
const MOST_KEY_CHARS: usize = 64;

/// A text of a field.
pub(super) fn text(text: &str) -> Result<String, Message> {
    let text = text.trim();
    match text.chars().count() {
        n if n > MOST_CHARS => Err(Message::new(
            format!("有 {n} 个字符，最多 {MOST_CHARS} 个"),
            format!("has {n} characters, at most {MOST_CHARS}"),
        )),
        _ if text.chars().any(char::is_control) => {
            Err(Message::new("含有控制字符", "holds control characters, such as a line break"))
        }
        _ => Ok(text.to_owned()),
    }
}

/// An officer number or a serial: in one width, without spaces.
pub(super) fn key(given: &str) -> Result<String, Message> {
    let plain: String = text(given)?.nfkc().filter(|c| !c.is_whitespace()).collect();
    match plain.chars().count() {
        0 => Err(Message::new("不能为空", "must not be empty")),
        n if n > MOST_KEY_CHARS => Err(Message::new(
            format!("有 {n} 个字符，最多 {MOST_KEY_CHARS} 个"),
            format!("has {n} characters, at most {MOST_KEY_CHARS}"),
        )),
        _ => Ok(plain),
    }
}

/// A court code.
pub(super) fn court_code(text: &str) -> Result<String, Message> {
    let code: CourtCode = text.parse().map_err(|e: CourtCodeError| Message::new(e.zh(), e.to_string()))?;
    Ok(code.into())
}

/// A day: `2024-06-30`, `2024/6/30`, `2024.6.30`, `20240630`, `2024年6月30日`.
pub(super) fn day(text: &str) -> Result<Date, Message> {
    let plain: String = text.nfkc().take(30).collect();
    // What spreadsheets write behind a day.
    let date = match plain.trim().split_once(char::is_whitespace) {
        Some((date, time)) if matches!(time.trim(), "0:00" | "00:00" | "0:00:00" | "00:00:00") => date.to_owned(),
        _ => plain.chars().filter(|c| !c.is_whitespace()).collect(),
    };
    read_day(&date).ok_or_else(|| {
        Message::new(
            format!("“{plain}”不是日期，应写作 2024-06-30"),
            format!("{plain:?} is no day: write it as 2024-06-30"),
        )
    })
}

/// A day with the time of day: `2024-06-30 13:00`, `2024/6/30 13:00:00`, `2024年6月30日13时30分`, at the court's distance from UTC; or
/// RFC 3339.
pub(super) fn instant(text: &str, offset: UtcOffset) -> Result<Micros, Message> {
    let plain: String = text.nfkc().take(40).collect();
    let plain = plain.trim();
    let civil = || {
        let day_ends = plain.find([' ', 'T']).or_else(|| plain.find('日').map(|at| at + '日'.len_utf8()))?;
        let (day, time) = plain.split_at_checked(day_ends)?;
        let date = read_day(day.trim())?;
        let time = read_time(time.trim_start_matches('T').trim())?;
        Micros::from_civil(date.to_datetime(time), offset)
    };
    plain.parse().ok().or_else(civil).ok_or_else(|| {
        Message::new(
            format!("“{plain}”不是时间，应写作 2024-06-30 13:00"),
            format!("{plain:?} is no time: write it as 2024-06-30 13:00"),
        )
    })
}

fn read_time(text: &str) -> Option<Time> {
    let text = text.strip_suffix(['分', '秒']).unwrap_or(text);
    let mut parts = text.split([':', '时', '点', '分']);
    let mut number = || -> Option<i8> {
        let part = parts.next()?;
        let formed = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        formed.then(|| part.parse().ok()).flatten()
    };
    let (hour, minute) = (number()?, number()?);
    let second = number();
    let rest = text.split([':', '时', '点', '分']).count();
    let whole = rest == 2 || (rest == 3 && second.is_some());
    whole.then(|| Time::new(hour, minute, second.unwrap_or(0), 0).ok()).flatten()
}

fn read_day(text: &str) -> Option<Date> {
    let number = |t: &str, most: usize| -> Option<i16> {
        let formed = (1..=most).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        formed.then(|| t.parse().ok()).flatten()
    };
    let (year, month, day) = if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        (text.get(..4)?, text.get(4..6)?, text.get(6..)?)
    } else {
        let text = text.strip_suffix('日').unwrap_or(text);
        let mut parts = text.split(['-', '/', '.', '年', '月']);
        let found = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        found
    };
    if year.len() != 4 {
        return None;
    }
    let (month, day) = (i8::try_from(number(month, 2)?).ok()?, i8::try_from(number(day, 2)?).ok()?);
    Date::new(number(year, 4)?, month, day).ok().filter(|d| d.year() >= 1900)
}

/// When something ends, as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Not said.
    Unsaid,
    /// It still holds.
    Still,
    /// The first instant after it.
    At(Micros),
}

impl End {
    /// What it is when nothing was said and `known` is known.
    pub(super) fn or(self, known: Option<Micros>) -> Option<Micros> {
        match self {
            Self::Unsaid => known,
            Self::Still => None,
            Self::At(at) => Some(at),
        }
    }
}

/// The instant a span begins; nothing said is since ever.
pub(super) fn start(given: Option<&str>, offset: UtcOffset) -> Result<Micros, Message> {
    let Some(text) = given else { return Ok(Micros(0)) };
    start_of_day(day(text)?, offset).ok_or_else(out_of_range)
}

/// The end of a span from its last day, which is in it; `至今` and the like say that it still holds.
pub(super) fn end(given: Option<&str>, offset: UtcOffset) -> Result<End, Message> {
    match given.map(str::trim) {
        None => Ok(End::Unsaid),
        Some("至今" | "现任" | "在用" | "长期" | "-" | "—") => Ok(End::Still),
        Some(text) if text.eq_ignore_ascii_case("present") => Ok(End::Still),
        Some(text) => end_of_day(day(text)?, offset).map(End::At).ok_or_else(out_of_range),
    }
}

fn out_of_range() -> Message {
    Message::new("日期超出范围", "the day is out of range")
}

/// A span that holds something.
pub(super) fn span(from: Micros, to: Option<Micros>) -> Result<Span, Message> {
    let span = Span { from, to };
    if span.is_empty() {
        return Err(Message::new("截止日期早于起始日期", "the last day lies before the first"));
    }
    Ok(span)
}

/// A span as people write it: `2024-01-01 至 2024-06-30`.
pub(super) fn days(span: Span, offset: UtcOffset) -> String {
    let (first, last) = (span.first_day(offset), span.last_day(offset));
    let text = |day: Option<Date>, none: &str| day.map_or_else(|| none.to_owned(), |d| d.to_string());
    format!("{}–{}", text(first, "…"), text(last, "…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_the_ways_people_write_them() {
        let expected: Date = "2024-06-03".parse().unwrap();
        for text in [
            "2024-06-03",
            "2024/6/3",
            "2024.6.3",
            "20240603",
            "2024年6月3日",
            " ２０２４-06-03 ",
            "2024/6/3 0:00",
            "2024/6/3 00:00",
            "2024-06-03 00:00:00",
        ] {
            assert_eq!(day(text).unwrap(), expected, "{text}");
        }
        for text in
            ["", "2024", "2024-13-01", "2024-02-30", "24-06-03", "3/6/2024", "45446", "2024-6-3-1", "0024-06-03"]
        {
            assert!(day(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_in_the_ways_people_write_them() {
        let expected: Micros = "2024-06-03T05:07:00Z".parse().unwrap();
        for text in [
            "2024-06-03 13:07",
            "2024/6/3 13:07:00",
            "2024-06-03T13:07",
            "2024年6月3日13时7分",
            "2024年6月3日 13:07",
            "２０２４-06-03 13：07",
            "2024-06-03T13:07:00+08:00",
            "2024-06-03T05:07:00Z",
        ] {
            assert_eq!(instant(text, UtcOffset::CHINA), Ok(expected), "{text}");
        }
        for text in [
            "",
            "2024-06-03",
            "13:07",
            "2024-06-03 13",
            "2024-06-03 24:00",
            "2024-06-03 13:07:00:00",
            "日",
            "明天 9:00",
        ] {
            assert!(instant(text, UtcOffset::CHINA).is_err(), "{text}");
        }
    }

    #[test]
    fn ends() {
        assert_eq!(end(None, UtcOffset::CHINA), Ok(End::Unsaid));
        assert_eq!(end(Some("至今"), UtcOffset::CHINA), Ok(End::Still));
        assert_eq!(end(Some("Present"), UtcOffset::CHINA), Ok(End::Still));
        let at: Micros = "2024-06-30T16:00:00Z".parse().unwrap();
        assert_eq!(end(Some("2024-06-30"), UtcOffset::CHINA), Ok(End::At(at)));
        assert_eq!(
            [End::Unsaid.or(Some(at)), End::Still.or(Some(at)), End::At(at).or(None)],
            [Some(at), None, Some(at)]
        );
        assert!(span(at, Some(at)).is_err());
    }

    #[test]
    fn keys_have_one_width() {
        assert_eq!(key(" ００12 34 ").unwrap(), "001234");
        assert!(key("  ").is_err() && key(&"1".repeat(65)).is_err() && text("a\nb").is_err());
    }
}
