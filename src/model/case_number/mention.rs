//! Case numbers and parts of some inside other text: `执123案`, `移送吉0721`, `（2021）吉0721执1、2号`.

use std::ops::Range;

use super::cursor::{Cursor, Digits, is_han};
use super::partial::{MOST_NUMBER_DIGITS, Partial, is_enough, read_year};
use super::shape::{is_province, read_document, runs_on};
use super::{find_all, type_code};

/// Longest list of numbers after one type code (`执1、2、3号`) that is read.
const MOST_LISTED: usize = 64;

/// A case number or a part of one, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// What of a number stands there.
    pub part: Partial,
    /// Its place in the text, in bytes.
    pub range: Range<usize>,
}

/// Every case number in `text` and every part of one by the rules of [`Partial::parse`]: whole numbers first, then the parts that stand
/// outside of them, each in the order of the text.
///
/// Digits are taken whole: 执1234 never gives 执123. A type code counts only when it is known, and is taken as long as it can be: 执恢45
/// is no 恢45, 被执行123 is nothing. Time is linear in the text.
pub fn mentions(text: &str) -> Vec<Mention> {
    let whole = find_all(text).into_iter().map(|f| Mention { part: Partial::of(&f.number), range: f.range });
    let mut found: Vec<Mention> = whole.collect();
    let mut at = 0;
    let mut gaps = Vec::with_capacity(found.len() + 1);
    for mention in &found {
        gaps.push(at..mention.range.start);
        at = mention.range.end;
    }
    gaps.push(at..text.len());
    for gap in gaps {
        if let Some(part) = text.get(gap.clone()).filter(|part| !part.is_empty()) {
            scan(part, gap.start, &mut found);
        }
    }
    found
}

/// Adds the parts in `text`, which begins at `base` of the whole. Every one has a digit.
fn scan(text: &str, base: usize, found: &mut Vec<Mention>) {
    if !text.contains(char::is_numeric) {
        return;
    }
    let mut cursor = Cursor::new(text);
    while let Some(c) = cursor.peek() {
        let start = cursor.next_start();
        let mut ahead = cursor;
        if let Some(part) = may_begin(c).then(|| read(&mut ahead)).flatten() {
            cursor = ahead;
            found.push(Mention { part: part.clone(), range: base + start..base + cursor.at() });
            read_list(&mut cursor, base, &part, found);
        } else if c.is_ascii_digit() {
            cursor.digits();
        } else {
            cursor.take();
        }
    }
}

fn may_begin(c: char) -> bool {
    c == '(' || c == '最' || c.is_ascii_digit() || is_province(c) || type_code::begins(c)
}

/// Reads a part of a number that begins at the cursor, and leaves it behind what was read.
fn read(cursor: &mut Cursor<'_>) -> Option<Partial> {
    let mut part = Partial { year: read_bracketed_year(cursor)?, court: None, series: None, number: None };
    let (court, mut behind) = read_court(*cursor);
    part.court = court;
    *cursor = behind;
    if let Some((series, number)) = read_series(&mut behind) {
        (part.series, part.number) = (Some(series), number);
        *cursor = behind;
    }
    is_enough(&part).then_some(part)
}

/// A year with or without brackets, or none at all; no text that goes on with something else.
#[expect(clippy::option_option, reason = "no year and no part of a number are two things")]
fn read_bracketed_year(cursor: &mut Cursor<'_>) -> Option<Option<u16>> {
    let opened = cursor.eat('(');
    let year = cursor.digits();
    let closed = cursor.eat_spaced(')');
    if opened != closed || !matches!((year.count, opened), (4, _) | (0, false)) {
        return None;
    }
    if year.count == 0 {
        return Some(None);
    }
    cursor.eat_spaced('年');
    cursor.skip_spaces();
    read_year(year.value).map(Some)
}

/// A court code at the cursor, and the cursor behind it.
fn read_court(cursor: Cursor<'_>) -> (Option<String>, Cursor<'_>) {
    let mut ahead = cursor;
    if ahead.eat('最') {
        let known = ahead.eat('高') && ahead.eat('法');
        return if known { (Some("最高法".to_owned()), ahead) } else { (None, cursor) };
    }
    let Some(province) = ahead.take_if(is_province) else { return (None, cursor) };
    let mut court = String::from(province);
    let mut digits = ahead;
    digits.skip_spaces();
    while let Some(digit) = digits.take_if(|c| c.is_ascii_digit()) {
        court.push(digit);
    }
    match court.chars().count() {
        1 => (Some(court), ahead),
        3 | 5 => (Some(court), digits),
        _ => (None, cursor),
    }
}

/// The longest known type code with a number behind it; or a known one that nothing follows, without a number.
fn read_series(cursor: &mut Cursor<'_>) -> Option<(String, Option<u32>)> {
    cursor.skip_spaces();
    let mut bare = None;
    for (code, behind) in type_codes(*cursor) {
        let mut ahead = behind;
        ahead.eat_spaced('字');
        ahead.eat_spaced('第');
        ahead.skip_spaces();
        if let Some(number) = read_number(&mut ahead) {
            *cursor = ahead;
            return Some((code, Some(number)));
        }
        if bare.is_none() && !behind.peek().is_some_and(char::is_alphanumeric) {
            bare = Some((code, behind));
        }
    }
    let (code, behind) = bare?;
    *cursor = behind;
    Some((code, None))
}

/// The known type codes that begin at the cursor, the longest first, each with the cursor behind it.
fn type_codes(mut cursor: Cursor<'_>) -> Vec<(String, Cursor<'_>)> {
    let mut codes = Vec::new();
    let mut code = String::new();
    // 知 and the code.
    for _ in 0..=type_code::MOST_KNOWN_CHARS {
        let Some(c) = cursor.take_if(is_han) else { break };
        code.push(c);
        if type_code::is_known(&code) {
            codes.insert(0, (code.clone(), cursor));
        }
    }
    codes
}

/// A running number with its 号 and what names a document of the case.
fn read_number(cursor: &mut Cursor<'_>) -> Option<u32> {
    let digits = cursor.digits();
    let value = sound(&digits)?;
    let mut closed = cursor.eat_spaced('号');
    if read_document(cursor).is_some() && !closed {
        closed = cursor.eat_spaced('号');
    }
    (closed || runs_on(*cursor).is_none()).then_some(value)
}

fn sound(digits: &Digits) -> Option<u32> {
    (1..=MOST_NUMBER_DIGITS).contains(&digits.significant).then_some(digits.value)
}

/// `、2、3号` behind a number: further numbers of the same series, only when 号 ends the list.
fn read_list(cursor: &mut Cursor<'_>, base: usize, first: &Partial, found: &mut Vec<Mention>) {
    let mut ahead = *cursor;
    let mut listed = Vec::new();
    while first.number.is_some() && listed.len() < MOST_LISTED && ahead.eat_spaced('、') {
        ahead.skip_spaces();
        let start = ahead.next_start();
        let Some(number) = sound(&ahead.digits()) else { return };
        let closed = ahead.eat_spaced('号');
        let part = Partial { number: Some(number), ..first.clone() };
        listed.push(Mention { part, range: base + start..base + ahead.at() });
        if closed {
            *cursor = ahead;
            found.append(&mut listed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in a text, each as it stands there.
    fn found(text: &str) -> Vec<&str> {
        mentions(text).into_iter().map(|m| &text[m.range]).collect()
    }

    fn finds(query: &str, text: &str) -> bool {
        let query = Partial::parse(query).unwrap();
        mentions(text).iter().any(|m| query.covers(&m.part))
    }

    #[test]
    fn parts_stand_in_running_text() {
        for (text, expected) in [
            ("执123案当事人到场", &["执123"][..]),
            ("见执１２３号、执恢45号", &["执１２３号", "执恢45号"]),
            ("本院执字第7号", &["执字第7号"]),
            ("移送吉0721法院", &["吉0721"]),
            ("吉0721执123的被执行人", &["吉0721执123"]),
            ("〔2021〕吉0721执", &["〔2021〕吉0721执"]),
            ("（2021）执123", &["（2021）执123"]),
            ("（2021）吉0721执123号，另有执9号", &["（2021）吉0721执123号", "执9号"]),
            ("执1、2、3号", &["执1", "2", "3号"]),
            ("执7号之一", &["执7号之一"]),
            ("湘执复244", &["湘执复244"]),
            ("司救执12号", &["司救执12号"]),
            ("最高法执监3", &["最高法执监3"]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_none_is_none() {
        for text in [
            "",
            "被执行123元",
            "执行123",
            "执0",
            "执12345678",
            "执1,234号",
            "吉072",
            "吉A12345",
            "2021年5月",
            "（2021）年报",
            "12021",
            "新民",
            "执",
            "吉林",
            "恢45",
        ] {
            assert_eq!(found(text), [] as [&str; 0], "{text}");
        }
    }

    #[test]
    fn numbers_are_compared_whole() {
        assert!(finds("执123", "执123号") && finds("执123", "吉0721执０１２３") && finds("吉0721", "吉0721执9"));
        assert!(finds("吉0721执123", "（2021）吉0721执123号之二") && finds("2021执123", "2021执123"));
        assert!(finds("执2", "执1、2号"));
        assert!(!finds("执123", "执1234") && !finds("执123", "执恢123") && !finds("执123", "吉0721"));
        assert!(!finds("吉0721执123", "执123"), "the court is not said");
        assert!(!finds("（2021）吉0721执123号", "吉0721执123号"), "nor is the year");
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[（(〔\\])年0-9２吉新最高法执恢行字第号之、一 ,a]{0,24}") {
            for mention in mentions(&text) {
                proptest::prop_assert!(text.get(mention.range.clone()).is_some_and(|part| !part.is_empty()));
                for part in mention.part.parts() {
                    proptest::prop_assert!(part.covers(&mention.part));
                }
            }
        }
    }
}
