//! Times, durations and marks as sidecars write them.

use jiff::civil::DateTime;

/// Words that deny a mark; everything else sets it, for a mark too many costs only room.
const NOT_MARKED: [&str; 14] =
    ["0", "00", "0000", "false", "no", "n", "none", "null", "off", "normal", "nor", "否", "无", "普通"];

/// A time, and whether a zone stood behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) at: DateTime,
    pub(super) zoned: bool,
}

/// A duration with or without a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Duration {
    Millis(u64),
    /// A bare whole number: seconds or milliseconds.
    Bare(u64),
}

/// Whether the value of a mark sets it. An empty one does: the element's presence is the mark.
pub(super) fn is_marked(value: &str) -> bool {
    !NOT_MARKED.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// `2024-05-08 13:29:20`, also with `/`, `.`, `T`, 年月日时分秒, a fraction (dropped), or as one run of 14 digits, or 8 and
/// 6.
pub(super) fn time(text: &str) -> Option<Time> {
    let mut rest = text.trim();
    if rest.len() > 64 {
        return None;
    }
    let mut digits = String::new();
    let mut parts = 0;
    while digits.len() < 14 {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (run, after) = rest.split_at_checked(end)?;
        // Parts after the year may have one digit (2024-5-8 9:05:00).
        if run.len() == 1 && parts > 0 {
            digits.push('0');
        }
        digits.push_str(run);
        parts += 1;
        if run.is_empty() || digits.len() >= 14 {
            rest = after;
            break;
        }
        rest = after.trim_start_matches(['-', '/', '.', ':', 'T', ' ', '\t', '_', '年', '月', '日', '时', '分']);
    }
    let zoned = rest.ends_with(['Z', 'z']) || rest.contains('+') || rest.contains('-');
    let at = from_digits(&digits)?;
    Some(Time { at, zoned })
}

fn from_digits(digits: &str) -> Option<DateTime> {
    if digits.len() != 14 {
        return None;
    }
    let small = |at: usize| digits.get(at..at + 2)?.parse::<i8>().ok();
    let year = digits.get(..4)?.parse().ok()?;
    DateTime::new(year, small(4)?, small(6)?, small(8)?, small(10)?, small(12)?, 0).ok()
}

/// `00:10:00`, `10:00`, `10分30秒`, `600.5`, `600s`, `600000ms`, `600`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim().to_lowercase();
    if text.len() > 32 {
        return None;
    }
    if let Some(ms) = text.strip_suffix("ms").or(text.strip_suffix("毫秒")) {
        return ms.trim().parse().ok().map(Duration::Millis);
    }
    if let Ok(bare) = text.parse::<u64>() {
        return Some(Duration::Bare(bare));
    }
    let seconds = if text.contains(':') { clock_seconds(&text)? } else { worded_seconds(&text)? };
    // Exact: below 2^53, for each part is below 1e9 seconds of at most an hour's weight.
    Some(Duration::Millis((seconds * 1000.0).round() as u64))
}

/// `10:00` and `00:10:00`.
fn clock_seconds(text: &str) -> Option<f64> {
    let parts = text.split(':').count();
    let sum = text.split(':').try_fold(0.0, |sum, part| Some(sum * 60.0 + number(part)?));
    sum.filter(|_| parts <= 3)
}

/// `1小时10分30秒`, any part left out; what has no unit is seconds.
fn worded_seconds(text: &str) -> Option<f64> {
    let text = text.replace("小时", "时").replace("分钟", "分").replace('s', "秒");
    let mut rest = text.as_str();
    let mut seconds = 0.0;
    for (unit, weight) in [('时', 3600.0), ('分', 60.0), ('秒', 1.0)] {
        if let Some((value, after)) = rest.split_once(unit) {
            seconds += number(value)? * weight;
            rest = after;
        }
    }
    Some(if rest.trim().is_empty() { seconds } else { seconds + number(rest)? })
}

/// Digits with at most one point, below 1e9.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let value: f64 = if plain { text.parse().ok()? } else { return None };
    (value < 1e9).then_some(value)
}
