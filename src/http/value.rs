//! One value of a request, read strictly: what is wrong is said with what would be right.

use jiff::civil::Date;

use super::language::Text;
use crate::model::case_number::CaseNumber;
use crate::model::digest::Sha256Digest;
use crate::model::id::Id;
use crate::model::time::{Micros, UtcOffset};

/// Longest text of a parameter, in characters.
const MOST_CHARS: usize = 200;
/// Most rows of one page.
pub const MOST_ROWS: u32 = 200;
/// Rows of a page when nothing is asked for.
pub const DEFAULT_ROWS: u32 = 50;

/// Rows of a page.
///
/// # Errors
/// When it is no number from 1 to [`MOST_ROWS`].
pub fn limit(text: &str) -> Result<u32, Text> {
    let number = text.parse().ok().filter(|n| (1..=MOST_ROWS).contains(n) && text.bytes().all(|b| b.is_ascii_digit()));
    number.ok_or_else(|| {
        Text::new(format!("应为 1 到 {MOST_ROWS} 的整数"), format!("expected a whole number from 1 to {MOST_ROWS}"))
    })
}

/// `true` or `false`.
///
/// # Errors
/// When it is neither.
pub fn flag(text: &str) -> Result<bool, Text> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Text::new("应为 true 或 false", "expected true or false")),
    }
}

/// One of the words that `as_str` gives for `all`.
///
/// # Errors
/// When it is none of them; they are named.
pub fn word<T: Copy>(text: &str, all: &[T], as_str: fn(T) -> &'static str) -> Result<T, Text> {
    all.iter().copied().find(|v| as_str(*v) == text).ok_or_else(|| {
        let words: Vec<&str> = all.iter().map(|v| as_str(*v)).collect();
        Text::new(format!("应为 {} 之一", words.join("、")), format!("expected one of {}", words.join(", ")))
    })
}

/// An id.
///
/// # Errors
/// When it is none.
pub fn id(text: &str) -> Result<Id, Text> {
    text.parse().map_err(|e| Text::new("不是编号：应为不超过 19 位的正整数", format!("{e}")))
}

/// A SHA-256 digest in hexadecimal.
///
/// # Errors
/// When it is none.
pub fn sha256(text: &str) -> Result<Sha256Digest, Text> {
    text.parse().map_err(|e| Text::new("不是摘要：应为 64 个十六进制字符", format!("{e}")))
}

/// A text that is not empty and not too long.
///
/// # Errors
/// When it is.
pub fn text(text: &str) -> Result<String, Text> {
    match text.trim() {
        "" => Err(Text::new("不能为空", "must not be empty; leave the parameter out")),
        t if t.chars().count() > MOST_CHARS => {
            Err(Text::new(format!("最多 {MOST_CHARS} 个字符"), format!("at most {MOST_CHARS} characters")))
        }
        t => Ok(t.to_owned()),
    }
}

/// A case number in any spelling.
///
/// # Errors
/// Why it is none.
pub fn case_number(text: &str) -> Result<CaseNumber, Text> {
    text.parse().map_err(|e: crate::model::case_number::CaseNumberError| Text::new(e.zh(), e.to_string()))
}

/// A day or an instant that a client gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// Its first instant.
    pub start: Micros,
    /// The first instant after it; of an instant, the instant itself.
    pub end: Micros,
}

impl When {
    /// Whether nothing that lies in `later` can lie at or after this one's start.
    pub fn is_after(self, later: Self) -> bool {
        self.start > later.start && self.start >= later.end
    }
}

/// A date, which is that day at the court's distance from UTC, or an RFC 3339 time.
///
/// # Errors
/// When it is neither.
pub fn when(text: &str, offset: UtcOffset) -> Result<When, Text> {
    let found = if text.contains('T') { instant(text) } else { day(text, offset) };
    found.ok_or_else(|| {
        Text::new(
            "应为日期（2026-11-24）或 RFC 3339 时间（2026-11-24T08:52:07Z）",
            "expected a date (2026-11-24) or an RFC 3339 time (2026-11-24T08:52:07Z)",
        )
    })
}

fn instant(text: &str) -> Option<When> {
    // A `+` that was not escaped arrives as a space; before an offset it can mean nothing else.
    let at = text.replace(' ', "+").parse().ok()?;
    Some(When { start: at, end: at })
}

fn day(text: &str, offset: UtcOffset) -> Option<When> {
    let formed = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date: Date = formed.then(|| text.parse().ok()).flatten()?;
    let midnight = |date: Date| Micros::from_civil(date.at(0, 0, 0, 0), offset);
    Some(When { start: midnight(date)?, end: midnight(date.tomorrow().ok()?)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clip::ClipState;

    fn at(text: &str) -> Micros {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_the_court_s_day() {
        let day = when("2026-11-24", UtcOffset::CHINA).unwrap();
        assert_eq!((day.start, day.end), (at("2026-11-23T16:00:00Z"), at("2026-11-24T16:00:00Z")));
        for text in ["2026-11-24T08:00:00+08:00", "2026-11-24T08:00:00 08:00", "2026-11-24T00:00:00Z"] {
            assert_eq!(when(text, UtcOffset::CHINA).unwrap().start, at("2026-11-24T00:00:00Z"), "{text}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in
            ["", "2026", "2026-13-01", "2026-02-30", "20261124", "2026-11-24T08:00", "-026-11-24", "昨天", "9999-12-31"]
        {
            assert!(when(text, UtcOffset::CHINA).is_err(), "{text}");
        }
    }

    #[test]
    fn an_empty_span_is_noticed() {
        let day = |text| when(text, UtcOffset::CHINA).unwrap();
        assert!(day("2026-11-25").is_after(day("2026-11-24")));
        assert!(!day("2026-11-24").is_after(day("2026-11-24")));
        assert!(!day("2026-11-24T15:59:59Z").is_after(day("2026-11-24")));
        assert!(day("2026-11-24T16:00:00Z").is_after(day("2026-11-24")));
        assert!(!day("2026-11-24T16:00:00Z").is_after(day("2026-11-24T16:00:00Z")));
    }

    #[test]
    fn values_are_read_strictly() {
        for text in ["0", "201", "", "+5", "5.0", "abc", "99999999999"] {
            assert!(limit(text).is_err(), "{text}");
        }
        assert_eq!((limit("1"), limit("200")), (Ok(1), Ok(200)));
        assert!(flag("1").is_err() && flag("TRUE").is_err() && flag("true").unwrap());
        assert!(text("  ").is_err() && text(&"长".repeat(201)).is_err());
        let error = word("x", &ClipState::ALL, ClipState::as_str).unwrap_err();
        assert_eq!(
            error.get(crate::http::language::Language::En),
            "expected one of accepted, matched, confirmed, released, disposed"
        );
    }
}
