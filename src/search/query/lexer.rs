//! The parts of a query, each with its place.

use std::collections::HashMap;

use super::error::{QueryError, Why};
use super::field::Name;
use crate::model::case_number::find_all;

/// Longest query, in characters.
pub(super) const MOST_CHARS: usize = 500;

/// A part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Its first character, counted from 0.
    pub(super) position: usize,
    /// How many characters it has.
    pub(super) length: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    Or,
    And,
    Not,
    /// A text in quotation marks.
    Phrase(String),
    Word(String),
    /// A field with its value, and whether that stands in quotation marks.
    Field {
        name: Name,
        value: String,
        quoted: bool,
    },
}

/// Splits a query into its parts.
pub(super) fn split(text: &str) -> Result<Vec<Token>, QueryError> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > MOST_CHARS {
        return Err(QueryError {
            position: MOST_CHARS,
            length: chars.len() - MOST_CHARS,
            why: Why::TooLong(MOST_CHARS),
        });
    }
    let mut lexer = Lexer { numbers: numbers(text), chars, at: 0 };
    let mut tokens = Vec::new();
    while let Some(c) = lexer.peek(0) {
        if c.is_whitespace() {
            lexer.at += 1;
            continue;
        }
        let position = lexer.at;
        let kind = lexer.next(c)?;
        tokens.push(Token { kind, position, length: lexer.at - position });
    }
    Ok(tokens)
}

/// Case numbers that stand in the text: first character and the one after the last. Spaces may stand within them.
fn numbers(text: &str) -> HashMap<usize, usize> {
    let chars_before = |byte: usize| text.get(..byte).map_or(0, |t| t.chars().count());
    find_all(text).into_iter().map(|f| (chars_before(f.range.start), chars_before(f.range.end))).collect()
}

struct Lexer {
    chars: Vec<char>,
    numbers: HashMap<usize, usize>,
    at: usize,
}

impl Lexer {
    /// The character so far ahead, full-width punctuation as half-width.
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied().map(narrow)
    }

    fn next(&mut self, first: char) -> Result<Kind, QueryError> {
        if self.at_number() {
            return Ok(Kind::Word(self.number()));
        }
        match first {
            '(' if !self.at_year() => Ok(self.single(Kind::Open)),
            ')' => Ok(self.single(Kind::Close)),
            '"' => self.quoted().map(Kind::Phrase),
            '-' if self.peek(1).is_some_and(|c| !c.is_whitespace()) => Ok(self.single(Kind::Not)),
            _ => self.word(),
        }
    }

    fn single(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    /// The text up to the next quotation mark.
    fn quoted(&mut self) -> Result<String, QueryError> {
        let opening = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.chars.get(self.at) {
            self.at += 1;
            if narrow(*c) == '"' {
                return Ok(text);
            }
            text.push(*c);
        }
        Err(QueryError { position: opening, length: 1, why: Why::OpenQuote })
    }

    fn word(&mut self) -> Result<Kind, QueryError> {
        let start = self.at;
        let mut colon = None;
        while let Some(c) = self.peek(0).filter(|c| self.is_in_word(*c)) {
            if c == ':' && colon.is_none() && self.at > start {
                colon = Some(self.at);
                let name = self.text(start, self.at);
                if let Some(name) = Name::of(&name) {
                    self.at += 1;
                    return self.value(name);
                }
            }
            self.at += if c == '(' { YEAR_CHARS } else { 1 };
        }
        let text = self.text(start, self.at);
        if let Some(colon) = colon {
            let name = self.text(start, colon);
            // 10:30 is a time and no field; so is what nothing follows.
            if name.chars().all(char::is_alphabetic) && self.at > colon + 1 {
                return Err(QueryError { position: start, length: colon - start, why: Why::UnknownField(name) });
            }
        }
        Ok(match text.chars().map(narrow).collect::<String>().as_str() {
            "OR" => Kind::Or,
            "AND" => Kind::And,
            "NOT" => Kind::Not,
            _ => Kind::Word(text),
        })
    }

    /// The value behind a field's colon.
    fn value(&mut self, name: Name) -> Result<Kind, QueryError> {
        if self.peek(0) == Some('"') {
            let value = self.quoted()?;
            return Ok(Kind::Field { name, value, quoted: true });
        }
        let start = self.at;
        let value = if self.at_number() {
            self.number()
        } else {
            while let Some(c) = self.peek(0).filter(|c| self.is_in_word(*c)) {
                self.at += if c == '(' { YEAR_CHARS } else { 1 };
            }
            self.text(start, self.at)
        };
        if value.trim().is_empty() {
            return Err(QueryError { position: start, length: 0, why: Why::NoValue(name.as_str()) });
        }
        Ok(Kind::Field { name, value, quoted: false })
    }

    fn is_in_word(&self, c: char) -> bool {
        match c {
            '(' => self.at_year(),
            ')' | '"' => false,
            c => !c.is_whitespace(),
        }
    }

    /// Whether a year in brackets stands here, such as begins a case number, and something directly behind it.
    fn at_year(&self) -> bool {
        let digits = (1..5).all(|n| self.peek(n).is_some_and(|c| c.is_ascii_digit()));
        let behind = self.peek(YEAR_CHARS).is_some_and(|c| c.is_alphanumeric());
        self.peek(0) == Some('(') && digits && self.peek(5) == Some(')') && behind
    }

    /// Whether a whole case number stands here, and nothing directly behind it.
    fn at_number(&self) -> bool {
        let Some(end) = self.numbers.get(&self.at) else { return false };
        self.chars.get(*end).copied().map(narrow).is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
    }

    fn number(&mut self) -> String {
        let end = self.numbers.get(&self.at).copied().unwrap_or(self.at + 1);
        let text = self.text(self.at, end);
        self.at = end;
        text
    }

    fn text(&self, from: usize, to: usize) -> String {
        self.chars.iter().skip(from).take(to.saturating_sub(from)).collect()
    }
}

/// Characters of a year in brackets.
const YEAR_CHARS: usize = 6;

/// Punctuation, letters and digits of the query language in their half-width form.
fn narrow(c: char) -> char {
    match c {
        '“' | '”' | '„' | '‟' | '＂' => '"',
        '〔' | '［' | '[' | '【' => '(',
        '〕' | '］' | ']' | '】' => ')',
        '−' | '﹣' => '-',
        '︰' | '﹕' | '∶' => ':',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    }
}
