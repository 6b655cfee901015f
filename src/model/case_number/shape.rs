//! What stands in a text where a case number may be: read without judging, then judged.

use super::cursor::{Cursor, Digits, is_han};
use super::{CaseNumber, CaseNumberError, Words, type_code};

/// Years that can be a case's: the People's Republic's first, and no typing slip such as 2121. No clock decides.
pub(super) const YEARS: std::ops::RangeInclusive<u32> = 1949..=2099;
/// The first year of the new style.
const NEW_STYLE_FROM: u32 = 2016;
/// More digits than any court reaches in a year; eight are a date.
const MOST_NUMBER_DIGITS: usize = 7;
/// The longest type code accepted, in characters, 知 not counted.
const MOST_TYPE_CHARS: usize = 5;
/// The longest old-style wording accepted, in characters.
const MOST_OLD_CHARS: usize = 24;
const PROVINCES: &str = "京津冀晋内辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川黔云藏陕甘青宁新兵军";
/// Words of a type code would not hold these: they belong to dates, to the old style or to the end of the number.
const NEVER_IN_TYPE: &str = "年月日时分秒字第之号";

/// Whether a character is a province's abbreviation, or 兵 or 军.
pub(in crate::model) fn is_province(c: char) -> bool {
    PROVINCES.contains(c)
}

/// The parts that were found, from the year on.
#[derive(Debug)]
pub(super) struct Shape {
    year: Digits,
    /// A bracket stands before or behind the year.
    bracketed: bool,
    body: Body,
    number: Digits,
    /// 号 stands behind the number.
    closed: bool,
    document: Option<String>,
    broken_by: Option<char>,
}

#[derive(Debug)]
enum Body {
    New { court: String, digits: usize, type_code: String },
    Old { words: String },
    Nothing { found: String },
}

impl Shape {
    /// Reads the parts at the cursor, which stands before the year's digits, and leaves it behind what was read.
    pub(super) fn read(cursor: &mut Cursor<'_>, opened: bool) -> Self {
        let year = cursor.digits();
        let bracketed = cursor.eat_spaced(')') || opened;
        cursor.eat_spaced('年');
        cursor.skip_spaces();
        let body = read_old(cursor).unwrap_or_else(|| read_new(cursor));
        let mut shape =
            Self { year, bracketed, body, number: Digits::default(), closed: false, document: None, broken_by: None };
        if !matches!(shape.body, Body::Nothing { .. }) {
            shape.read_number(cursor);
        }
        shape
    }

    fn read_number(&mut self, cursor: &mut Cursor<'_>) {
        let mut ahead = *cursor;
        ahead.skip_spaces();
        self.number = ahead.digits();
        if self.number.count == 0 {
            self.closed = cursor.eat_spaced('号');
            return;
        }
        *cursor = ahead;
        self.document = read_document(cursor);
        self.closed = cursor.eat_spaced('号');
        if self.document.is_none() {
            self.document = read_document(cursor);
        }
        if !self.closed {
            self.broken_by = runs_on(*cursor);
        }
    }

    /// The series the number belongs to, to read further numbers of a list: `执1、2、3号`.
    pub(super) fn with_number(&self, number: Digits) -> Result<CaseNumber, CaseNumberError> {
        self.judge_with(number, None)
    }

    /// The case number, or the first thing wrong with it from left to right, the year's sense last.
    pub(super) fn judge(&self) -> Result<CaseNumber, CaseNumberError> {
        if let Some(by) = self.broken_by {
            return Err(CaseNumberError::NumberBroken { by });
        }
        self.judge_with(self.number, self.document.clone())
    }

    fn judge_with(&self, number: Digits, document: Option<String>) -> Result<CaseNumber, CaseNumberError> {
        match self.year.count {
            4 => {}
            0 => return Err(CaseNumberError::YearMissing),
            digits => return Err(CaseNumberError::YearDigits { digits }),
        }
        let (words, after) = match &self.body {
            Body::Nothing { found } => return Err(CaseNumberError::CourtMissing { found: found.clone() }),
            Body::Old { words } => (Words::Old { body: words.clone() }, words),
            Body::New { court, digits, type_code } => {
                judge_court(court, *digits)?;
                judge_type(type_code)?;
                (Words::New { court: court.clone(), type_code: type_code.clone() }, type_code)
            }
        };
        judge_number(number, after)?;
        let year = self.judge_year(matches!(words, Words::Old { .. }))?;
        Ok(CaseNumber { year, words, number: number.value, document })
    }

    fn judge_year(&self, old: bool) -> Result<u16, CaseNumberError> {
        let year = self.year.value;
        match u16::try_from(year) {
            Ok(_) if YEARS.contains(&year) && old && year >= NEW_STYLE_FROM => {
                Err(CaseNumberError::OldStyleTooLate { year })
            }
            Ok(_) if YEARS.contains(&year) && !old && year < NEW_STYLE_FROM => {
                Err(CaseNumberError::NewStyleTooEarly { year })
            }
            Ok(fits) if YEARS.contains(&year) => Ok(fits),
            _ => Err(CaseNumberError::YearOutOfRange { year }),
        }
    }

    /// Whether the parts are surely meant as a case number, in running text where a year and a word may stand by
    /// chance: an unknown type code needs the year's bracket and 号.
    pub(super) fn is_certain(&self) -> bool {
        match &self.body {
            Body::Nothing { .. } => false,
            Body::Old { .. } => true,
            Body::New { type_code, .. } => type_code::is_known(type_code) || (self.bracketed && self.closed),
        }
    }

    /// Whether the parts look like a case number that somebody got wrong.
    pub(super) fn resembles(&self) -> bool {
        let numbered = self.number.count > 0 || self.closed;
        match &self.body {
            Body::Nothing { .. } => false,
            Body::Old { .. } => numbered && (self.year.count == 4 || self.bracketed),
            Body::New { type_code, .. } if type_code::is_enforcement(type_code) => numbered,
            Body::New { type_code, .. } => self.bracketed && self.closed && !type_code.is_empty(),
        }
    }
}

/// `words字第` or `words字` before a digit, with no court code's digits: brackets may stand among the words
/// (浦民一（民）初字第1号). The cursor moves only when that is what stands here.
fn read_old(cursor: &mut Cursor<'_>) -> Option<Body> {
    let mut ahead = *cursor;
    let mut words = String::new();
    for _ in 0..MOST_OLD_CHARS {
        ahead.skip_spaces();
        let Some(c) = ahead.take_if(|c| is_han(c) || c == '(' || c == ')') else { break };
        words.push(match c {
            '(' => '（',
            ')' => '）',
            c => c,
        });
    }
    ahead.skip_spaces();
    let numbered = ahead.peek().is_some_and(|c| c.is_ascii_digit());
    let body = words.strip_suffix('第').unwrap_or(&words).strip_suffix('字')?;
    let sound = numbered && body.starts_with(is_han) && !body.contains(['字', '号']);
    sound.then(|| {
        *cursor = ahead;
        Body::Old { words: body.to_owned() }
    })
}

fn read_new(cursor: &mut Cursor<'_>) -> Body {
    let mut ahead = *cursor;
    let mut court = String::new();
    match ahead.take() {
        Some(('最', _)) if ahead.eat_spaced('高') && ahead.eat_spaced('法') => court.push_str("最高法"),
        Some((c, _)) if is_province(c) => court.push(c),
        other => {
            let found = other.map(|(c, _)| c.to_string()).unwrap_or_default();
            return Body::Nothing { found };
        }
    }
    *cursor = ahead;
    ahead.skip_spaces();
    let mut digits = 0;
    while let Some(c) = ahead.take_if(|c| c.is_ascii_digit()) {
        digits += 1;
        if digits <= 4 {
            court.push(c);
        }
    }
    if digits > 0 {
        *cursor = ahead;
    }
    let type_code = read_type(cursor);
    Body::New { court, digits, type_code }
}

/// The Chinese characters before the number. `字第` or `第` is dropped: people write it in new-style numbers too.
pub(super) fn read_type(cursor: &mut Cursor<'_>) -> String {
    let mut code = String::new();
    let mut ahead = *cursor;
    // 知, the code, one too many, and 字第.
    for _ in 0..MOST_TYPE_CHARS + 4 {
        ahead.skip_spaces();
        let Some(c) = ahead.take_if(|c| is_han(c) && c != '号') else { break };
        code.push(c);
        *cursor = ahead;
    }
    let plain = code.strip_suffix('第').unwrap_or(&code);
    plain.strip_suffix('字').unwrap_or(plain).to_owned()
}

/// `之一`, `之1`, or `-1` where 号 follows (执字第175-1号).
pub(super) fn read_document(cursor: &mut Cursor<'_>) -> Option<String> {
    let mut ahead = *cursor;
    if ahead.eat_spaced('之') {
        let ordinal = read_ordinal(&mut ahead)?;
        *cursor = ahead;
        return Some(format!("之{ordinal}"));
    }
    if ahead.take_if(|c| c == '-').is_some() {
        let number = ahead.digits();
        if (1..=4).contains(&number.count) && ahead.clone().eat_spaced('号') {
            *cursor = ahead;
            return Some(format!("-{}", number.value));
        }
    }
    None
}

fn read_ordinal(cursor: &mut Cursor<'_>) -> Option<String> {
    let is_part = |c: char| "一二三四五六七八九十百".contains(c) || c.is_ascii_digit();
    let ordinal: String = std::iter::from_fn(|| cursor.take_if(is_part)).take(4).collect();
    (!ordinal.is_empty()).then_some(ordinal)
}

/// What makes the end of a number that 号 does not close uncertain: digits of another kind (①), more digits behind a
/// space or comma that 号 closes (`12 3号`, `1,234号`), another number glued on (`执12021吉0721执2`).
pub(super) fn runs_on(mut cursor: Cursor<'_>) -> Option<char> {
    let by = cursor.take_if(|c| c.is_numeric() || is_province(c) || matches!(c, ' ' | ',' | '.' | '\''))?;
    if by.is_numeric() {
        return Some(by);
    }
    cursor.skip_spaces();
    let more = cursor.digits().count > 0;
    (more && (is_province(by) || cursor.eat_spaced('号'))).then_some(by)
}

fn judge_court(court: &str, digits: usize) -> Result<(), CaseNumberError> {
    let fits = if court.starts_with('最') { digits == 0 } else { matches!(digits, 0 | 2 | 4) };
    if fits { Ok(()) } else { Err(CaseNumberError::CourtDigits { digits }) }
}

fn judge_type(code: &str) -> Result<(), CaseNumberError> {
    let plain = code.strip_prefix('知').unwrap_or(code);
    if plain.is_empty() {
        return Err(CaseNumberError::TypeMissing);
    }
    if plain.chars().count() > MOST_TYPE_CHARS || plain.contains(|c| NEVER_IN_TYPE.contains(c)) {
        return Err(CaseNumberError::TypeInvalid { found: plain.to_owned() });
    }
    Ok(())
}

fn judge_number(number: Digits, after: &str) -> Result<(), CaseNumberError> {
    match number.significant {
        _ if number.count == 0 => Err(CaseNumberError::NumberMissing { after: after.to_owned() }),
        0 => Err(CaseNumberError::NumberZero),
        digits if digits > MOST_NUMBER_DIGITS => Err(CaseNumberError::NumberTooLong { digits }),
        _ => Ok(()),
    }
}
