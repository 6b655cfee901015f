//! A case number or a part of one, as people look for it: `执123`, `吉0721`, `2021吉0721执恢`.

use super::cursor::Cursor;
use super::shape::{YEARS, is_province, read_document, read_type};
use super::{CaseNumber, find_all, type_code};

/// Most digits of a running number.
pub(super) const MOST_NUMBER_DIGITS: usize = 7;

/// The parts of a case number that were given. A part that is not given may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Partial {
    /// The year.
    pub year: Option<u16>,
    /// The court code; of an old-style number, which has none, the empty text.
    pub court: Option<String>,
    /// The type code with the leading 知 if there is one; of an old-style number its words.
    pub series: Option<String>,
    /// The running number.
    pub number: Option<u32>,
}

impl Partial {
    /// All parts of a number.
    pub fn of(number: &CaseNumber) -> Self {
        let key = number.key();
        Self {
            year: Some(key.year),
            court: Some(key.court.to_owned()),
            series: Some(key.series.to_owned()),
            number: Some(key.number),
        }
    }

    /// Reads a text that is nothing but a case number or a part of one. A part names at least a court by its digits, or a type and
    /// a number, or a court with year and type; types that are not known count only in a whole number.
    pub fn parse(text: &str) -> Option<Self> {
        whole(text).or_else(|| part(text))
    }

    /// Whether `other`, a number or a part of one, has every part that is given, and the same.
    pub fn covers(&self, other: &Self) -> bool {
        fn same<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
            wanted.is_none() || wanted == found
        }
        same(self.year.as_ref(), other.year.as_ref())
            && same(self.court.as_ref(), other.court.as_ref())
            && same(self.series.as_ref(), other.series.as_ref())
            && same(self.number.as_ref(), other.number.as_ref())
    }

    /// Every part of it that [`Partial::parse`] can give, itself among them.
    pub fn parts(&self) -> Vec<Self> {
        let has = [self.year.is_some(), self.court.is_some(), self.series.is_some(), self.number.is_some()];
        let keep = |year: bool, court: bool, series: bool, number: bool| {
            let there = [year, court, series, number].into_iter().zip(has).all(|(wanted, there)| there || !wanted);
            there.then(|| Self {
                year: self.year.filter(|_| year),
                court: self.court.clone().filter(|_| court),
                series: self.series.clone().filter(|_| series),
                number: self.number.filter(|_| number),
            })
        };
        let mut parts = Vec::with_capacity(8);
        for year in [true, false] {
            let kept = [
                keep(year, true, true, true),
                keep(year, true, true, false),
                keep(year, true, false, false),
                keep(year, false, true, true),
            ];
            parts.extend(kept.into_iter().flatten());
        }
        parts
    }
}

fn whole(text: &str) -> Option<Partial> {
    let text = text.trim();
    let found = find_all(text);
    let [found] = found.as_slice() else { return None };
    (found.range == (0..text.len())).then(|| Partial::of(&found.number))
}

fn part(text: &str) -> Option<Partial> {
    let mut cursor = Cursor::new(text.trim());
    let opened = cursor.eat('(');
    let year = cursor.digits();
    let closed = cursor.eat_spaced(')');
    if opened != closed || !matches!((year.count, opened), (4, _) | (0, false)) {
        return None;
    }
    let year = if year.count == 0 { None } else { Some(read_year(year.value)?) };
    cursor.eat_spaced('年');
    cursor.skip_spaces();
    let court = read_court(&mut cursor)?;
    let series = read_type(&mut cursor);
    let series = if series.is_empty() { None } else { Some(series).filter(|s| type_code::is_known(s)).map(Some)? };
    cursor.skip_spaces();
    let number = cursor.digits();
    if number.significant > MOST_NUMBER_DIGITS || (number.count > 0 && number.significant == 0) {
        return None;
    }
    let number = (number.count > 0).then_some(number.value);
    if cursor.eat_spaced('号') || number.is_some() {
        read_document(&mut cursor);
        cursor.eat_spaced('号');
    }
    cursor.skip_spaces();
    let part = Partial { year, court, series, number };
    (cursor.peek().is_none() && is_enough(&part)).then_some(part)
}

/// Whether so little of a number is enough to be looked for.
pub(super) fn is_enough(part: &Partial) -> bool {
    let numbered = part.series.is_some() && part.number.is_some();
    match &part.court {
        Some(_) if part.series.is_none() && part.number.is_some() => false,
        Some(code) if code.ends_with(|c: char| c.is_ascii_digit()) => true,
        Some(_) => part.series.is_some() && (part.year.is_some() || part.number.is_some()),
        None => numbered,
    }
}

pub(super) fn read_year(value: u32) -> Option<u16> {
    u16::try_from(value).ok().filter(|_| YEARS.contains(&value))
}

/// A court code, or nothing; none when what stands there is neither.
#[expect(clippy::option_option, reason = "no court and no fragment are two things")]
fn read_court(cursor: &mut Cursor<'_>) -> Option<Option<String>> {
    let mut ahead = *cursor;
    if ahead.eat('最') {
        let known = ahead.eat('高') && ahead.eat('法');
        *cursor = ahead;
        return known.then(|| Some("最高法".to_owned()));
    }
    let Some(province) = ahead.take_if(is_province) else { return Some(None) };
    let mut court = String::from(province);
    ahead.skip_spaces();
    while let Some(digit) = ahead.take_if(|c| c.is_ascii_digit()) {
        court.push(digit);
    }
    *cursor = ahead;
    matches!(court.chars().count(), 1 | 3 | 5).then_some(Some(court))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts = (Option<u16>, Option<String>, Option<String>, Option<u32>);

    fn parts(text: &str) -> Option<Parts> {
        Partial::parse(text).map(|p| (p.year, p.court, p.series, p.number))
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn what_is_a_part() {
        assert_eq!(parts("执123"), Some((None, None, some("执"), Some(123))));
        assert_eq!(parts("执恢０１２３号"), Some((None, None, some("执恢"), Some(123))));
        assert_eq!(parts("吉0721"), Some((None, some("吉0721"), None, None)));
        assert_eq!(parts("吉0721执"), Some((None, some("吉0721"), some("执"), None)));
        assert_eq!(parts("2021吉0721执恢"), Some((Some(2021), some("吉0721"), some("执恢"), None)));
        assert_eq!(parts("（2021）吉0721"), Some((Some(2021), some("吉0721"), None, None)));
        assert_eq!(parts("2021执123"), Some((Some(2021), None, some("执"), Some(123))));
        assert_eq!(parts("(2021)最高法执监"), Some((Some(2021), some("最高法"), some("执监"), None)));
        assert_eq!(parts("湘执复244"), Some((None, some("湘"), some("执复"), Some(244))));
        assert_eq!(parts("执123号之一"), Some((None, None, some("执"), Some(123))));
        let whole = Some((Some(2021), some("吉0721"), some("执"), Some(123)));
        for text in
            ["（2021）吉0721执123号", "2021吉0721执123", "（２０２１）吉０７２１ 执 １２３ 号", "2021吉0721执123号之一"]
        {
            assert_eq!(parts(text), whole, "{text}");
        }
        assert_eq!(parts("〔2004〕执他字第19号"), Some((Some(2004), some(""), some("执他"), Some(19))));
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "2021",
            "吉",
            "执",
            "执行",
            "执行123",
            "123",
            "吉072",
            "吉07211",
            "吉0721 123",
            "宁静",
            "新民",
            "最高法",
            "最好",
            "执0",
            "执12345678",
            "执123 执124",
            "（2021",
            "2021）吉0721",
            "张三",
            "2121吉0721执1",
            "执123号张三",
            "京A12345",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn a_part_matches_by_parts() {
        let number: CaseNumber = "（2021）吉0721执1234号".parse().unwrap();
        let matches = |text: &str| Partial::parse(text).unwrap().covers(&Partial::of(&number));
        assert!(matches("执1234") && matches("吉0721") && matches("2021吉0721执") && matches("2021执1234"));
        assert!(!matches("执123") && !matches("吉07") && !matches("执恢1234") && !matches("2020吉0721"));
        for part in Partial::of(&number).parts() {
            assert!(part.covers(&Partial::of(&number)), "{part:?}");
        }
        assert_eq!(Partial::of(&number).parts().len(), 8);
    }
}
