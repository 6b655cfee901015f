//! A place in a text that reads folded characters and remembers offsets of the original.

use std::iter;

use unicode_normalization::UnicodeNormalization;

/// What a character is to a case number.
enum Glyph {
    /// Cannot be seen and means nothing: zero-width characters, direction marks.
    Invisible,
    /// Any space that keeps to its line.
    Space,
    /// Everything else, folded.
    Char(char),
}

/// Reads one folded character after another without allocating; `at` is always behind the last one taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    /// A cursor at the start of `text`.
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The byte offset behind the last character taken.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn look(&self) -> Option<(char, usize, usize)> {
        let rest = self.text.get(self.at..)?;
        rest.char_indices().find_map(|(i, c)| {
            let (start, end) = (self.at + i, self.at + i + c.len_utf8());
            match fold(c) {
                Glyph::Invisible => None,
                Glyph::Space => Some((' ', start, end)),
                Glyph::Char(folded) => Some((folded, start, end)),
            }
        })
    }

    /// The next folded character; every space is `' '`, every bracket `'('` or `')'`.
    pub(super) fn peek(&self) -> Option<char> {
        self.look().map(|(c, ..)| c)
    }

    /// The byte offset where the next visible character starts; the end of what was taken when there is none.
    pub(super) fn next_start(&self) -> usize {
        self.look().map_or(self.at, |(_, start, _)| start)
    }

    /// Takes the next character: it and the offset where it starts.
    pub(super) fn take(&mut self) -> Option<(char, usize)> {
        let (c, start, end) = self.look()?;
        self.at = end;
        Some((c, start))
    }

    /// Takes the next character if it is `wanted`.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        self.take_if(|c| c == wanted).is_some()
    }

    /// Takes the next character if `test` says so.
    pub(super) fn take_if(&mut self, test: impl Fn(char) -> bool) -> Option<char> {
        let (c, _, end) = self.look()?;
        test(c).then(|| {
            self.at = end;
            c
        })
    }

    /// Takes `wanted` after spaces, or nothing at all.
    pub(super) fn eat_spaced(&mut self, wanted: char) -> bool {
        let mut ahead = *self;
        ahead.skip_spaces();
        let found = ahead.eat(wanted);
        if found {
            *self = ahead;
        }
        found
    }

    /// Passes over spaces.
    pub(super) fn skip_spaces(&mut self) {
        while self.eat(' ') {}
    }

    /// Takes the whole run of digits that stands here.
    pub(super) fn digits(&mut self) -> Digits {
        let mut run = Digits::default();
        while let Some(c) = self.take_if(|c| c.is_ascii_digit()) {
            run.push(c);
        }
        run
    }
}

/// A run of digits of any length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Digits {
    /// How many digits.
    pub(super) count: usize,
    /// How many are left when the zeros in front are dropped.
    pub(super) significant: usize,
    /// The value; meaningless when more than nine digits are significant.
    pub(super) value: u32,
}

impl Digits {
    fn push(&mut self, digit: char) {
        let value = digit.to_digit(10).unwrap_or(0);
        self.count += 1;
        if self.significant > 0 || value > 0 {
            self.significant += 1;
        }
        self.value = self.value.wrapping_mul(10).wrapping_add(value);
    }
}

/// Whether it is a Chinese character (CJK unified ideographs and extension A).
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}')
}

fn fold(c: char) -> Glyph {
    match c {
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => Glyph::Invisible,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => Glyph::Invisible,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Glyph::Char(c),
        '(' | '[' | '{' | '<' | '【' | '〔' | '〖' | '〘' | '《' | '〈' | '「' | '『' => Glyph::Char('('),
        ')' | ']' | '}' | '>' | '】' | '〕' | '〗' | '〙' | '》' | '〉' | '」' | '』' => Glyph::Char(')'),
        _ if c.is_whitespace() => Glyph::Space,
        _ if c.is_ascii() || is_han(c) => Glyph::Char(c),
        _ => compatible(c),
    }
}

/// NFKC of a character that has a compatibility form of one character. ①, ² and ⑴ stay what they are: as digits they
/// would lengthen a number they only stand beside.
fn compatible(c: char) -> Glyph {
    let mut forms = iter::once(c).nfkc();
    let (Some(form), None) = (forms.next(), forms.next()) else { return Glyph::Char(c) };
    let plain_digit = matches!(c, '\u{ff10}'..='\u{ff19}' | '\u{1d7ce}'..='\u{1d7ff}');
    if form == c || (form.is_ascii_digit() && !plain_digit) {
        return Glyph::Char(c);
    }
    fold_once(form)
}

/// What a compatibility form is: a full-width bracket becomes a plain one, an ideographic space a space.
fn fold_once(form: char) -> Glyph {
    match form {
        '[' | '(' | '{' | '<' => Glyph::Char('('),
        ']' | ')' | '}' | '>' => Glyph::Char(')'),
        _ if form.is_whitespace() => Glyph::Space,
        _ => Glyph::Char(form),
    }
}
