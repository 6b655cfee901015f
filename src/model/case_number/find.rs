//! Case numbers inside other text: file names, folder names, sidecars.

use std::ops::Range;

use super::cursor::Cursor;
use super::shape::{Shape, is_province};
use super::{CaseNumber, CaseNumberError};

/// Longest list of numbers after one type code (`执1、2、3号`) that is read.
const MOST_LISTED: usize = 64;

/// A case number and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The number.
    pub number: CaseNumber,
    /// Its place in the text, in bytes.
    pub range: Range<usize>,
}

/// Something that is a case number, or looks like one and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The number, or why it cannot be read.
    pub reading: Result<CaseNumber, CaseNumberError>,
    /// Its place in the text, in bytes.
    pub range: Range<usize>,
}

/// Every case number in `text`, in order, by the same rules as parsing; a list such as `执1、2号` gives each of its
/// numbers.
///
/// Digits are taken whole: 执1234 never gives 执123. Where the end of a number is uncertain nothing is found. In running
/// text a type code that is not known counts only with the year's bracket and 号 (`2022新12月3日` is a date). A number
/// does not go on over a line break. Time is linear in the text.
pub fn find_all(text: &str) -> Vec<Found> {
    let found = |c: Candidate| c.reading.ok().map(|number| Found { number, range: c.range });
    scan(text).into_iter().filter_map(found).collect()
}

/// As [`find_all`], with what looks like a case number and cannot be read as one, and why.
pub fn scan(text: &str) -> Vec<Candidate> {
    let mut scanner = Scanner { cursor: Cursor::new(text), before: None, found: Vec::new() };
    while let Some(c) = scanner.cursor.peek() {
        if c.is_ascii_digit() {
            scanner.at_digits();
        } else {
            scanner.pass(c);
        }
    }
    scanner.found
}

struct Scanner<'t> {
    cursor: Cursor<'t>,
    /// The last visible character passed and the cursor that stood before it.
    before: Option<(char, Cursor<'t>)>,
    found: Vec<Candidate>,
}

impl<'t> Scanner<'t> {
    fn pass(&mut self, c: char) {
        if c != ' ' {
            self.before = Some((c, self.cursor));
        }
        self.cursor.take();
    }

    /// At the first digit of a run: a year, a court code without a year before it, or something else.
    fn at_digits(&mut self) {
        let before = |test: fn(char) -> bool| self.before.filter(|(c, _)| test(*c)).map(|(_, cursor)| cursor);
        let (opening, province) = (before(|c| c == '('), before(is_province));
        let known = self.read_at(opening.unwrap_or(self.cursor).next_start(), self.cursor, opening.is_some())
            || province.is_some_and(|cursor| self.read_at(cursor.next_start(), cursor, false));
        if !known {
            self.cursor.digits();
        }
        self.before = None;
    }

    /// Records what stands at `cursor` if it is or resembles a case number, and passes over it.
    fn read_at(&mut self, start: usize, mut cursor: Cursor<'t>, opened: bool) -> bool {
        let shape = Shape::read(&mut cursor, opened);
        let reading = shape.judge();
        let counts = if reading.is_ok() { shape.is_certain() } else { shape.resembles() };
        if counts {
            self.cursor = cursor;
            let sound = reading.is_ok();
            self.found.push(Candidate { reading, range: start..cursor.at() });
            if sound {
                self.read_list(&shape);
            }
        }
        counts
    }

    /// `、2、3号` behind a number: further numbers of the same series, only when 号 ends the list.
    fn read_list(&mut self, series: &Shape) {
        let mut ahead = self.cursor;
        let mut listed = Vec::new();
        while listed.len() < MOST_LISTED && ahead.eat_spaced('、') {
            ahead.skip_spaces();
            let start = ahead.next_start();
            let number = ahead.digits();
            if number.count == 0 {
                return;
            }
            let closed = ahead.eat_spaced('号');
            listed.push(Candidate { reading: series.with_number(number), range: start..ahead.at() });
            if closed {
                self.cursor = ahead;
                self.found.append(&mut listed);
            }
        }
    }
}
