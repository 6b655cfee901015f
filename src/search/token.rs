//! Tokens of the index: overlapping bigrams of a folded field, its last character, and tokens of filters in a namespace of their own.
//!
//! Every token is made of letters and digits or of characters above U+007F, so the index's own tokenizer takes it whole. Tokens of
//! filters begin with U+E000, which is neither letter nor digit: no text produces them.

use std::collections::HashSet;

use crate::model::case_number::Partial;

/// What begins a filter's token.
pub const FILTER: char = '\u{e000}';
/// What begins the two hexadecimal digits of a character that may not stand in a token.
const ESCAPE: char = '\u{e001}';
/// What stands between the parts of a case number.
const PART: char = '\u{e002}';
/// More characters of a value than this do not count.
const MOST_VALUE_CHARS: usize = 64;

/// What a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Filter {
    /// clip, case or incident.
    Kind,
    /// Court code.
    Court,
    /// Month of the court's local time, `2021-05`.
    Month,
    /// An officer's number or name.
    Officer,
    /// A recorder's serial.
    Recorder,
    /// The id of a case.
    Case,
    /// Conduct code.
    Code,
    /// Measure.
    Measure,
    /// Status of an incident or a case.
    Status,
    /// Severity of an incident, 1 to 4.
    Severity,
    /// A victim's role.
    Role,
    /// `yes` when marked important.
    Important,
    /// `yes` when tied to no case.
    Unfiled,
    /// A clip's health.
    Health,
}

impl Filter {
    fn letter(self) -> char {
        match self {
            Self::Kind => 'k',
            Self::Court => 'c',
            Self::Month => 'm',
            Self::Officer => 'o',
            Self::Recorder => 'r',
            Self::Case => 'a',
            Self::Code => 'v',
            Self::Measure => 'z',
            Self::Status => 's',
            Self::Severity => 'e',
            Self::Role => 'p',
            Self::Important => 'i',
            Self::Unfiled => 'u',
            Self::Health => 'h',
        }
    }
}

/// The token of a filter's value. Width of spaces around it and case are no matter.
pub fn filter(of: Filter, value: &str) -> String {
    let mut token = String::from(FILTER);
    token.push(of.letter());
    push_value(&mut token, value);
    token
}

fn push_value(token: &mut String, value: &str) {
    for c in value.trim().chars().flat_map(char::to_lowercase).take(MOST_VALUE_CHARS) {
        if c.is_ascii_alphanumeric() || (!c.is_ascii() && !matches!(c, FILTER | ESCAPE | PART)) {
            token.push(c);
        } else {
            token.push(ESCAPE);
            token.push_str(&format!("{:02x}", u32::from(c) & 0xff));
        }
    }
}

/// The token of a case number or of a part of one.
pub fn number(partial: &Partial) -> String {
    let mut token = format!("{FILTER}n");
    let parts = [
        partial.year.map(|n| n.to_string()),
        partial.court.clone(),
        partial.series.clone(),
        partial.number.map(|n| n.to_string()),
    ];
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            token.push(PART);
        }
        push_value(&mut token, part.as_deref().unwrap_or_default());
    }
    token
}

/// The tokens by which a case number or a part of one is found, one for each part of it that people ask for.
pub fn numbers(partial: &Partial) -> impl Iterator<Item = String> {
    partial.parts().into_iter().map(|part| number(&part))
}

/// Adds the tokens of a folded field.
pub fn add_field(folded: &str, tokens: &mut HashSet<String>) {
    let mut last: Option<char> = None;
    for c in folded.chars() {
        if let Some(before) = last {
            let mut token = String::with_capacity(8);
            token.push(before);
            token.push(c);
            tokens.insert(token);
        }
        last = Some(c);
    }
    tokens.extend(last.map(String::from));
}

/// The bigrams of a folded text of two characters or more.
pub fn bigrams(folded: &str) -> Vec<String> {
    let chars: Vec<char> = folded.chars().collect();
    let mut pairs: Vec<String> = chars.windows(2).map(|pair| pair.iter().collect()).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_a_field() {
        let mut tokens = HashSet::new();
        add_field("张三张三a", &mut tokens);
        let mut tokens: Vec<_> = tokens.into_iter().collect();
        tokens.sort();
        assert_eq!(tokens, ["a", "三a", "三张", "张三"]);
        assert_eq!(bigrams("张三张三"), ["三张", "张三"]);
    }

    #[test]
    fn a_token_holds_nothing_that_ends_it() {
        let token = filter(Filter::Officer, " 00-12'\\ \u{0}号");
        assert!(token.chars().all(|c| c.is_ascii_alphanumeric() || !c.is_ascii()), "{token:?}");
        assert_ne!(filter(Filter::Officer, "00-12"), filter(Filter::Officer, "0012"));
        assert_eq!(filter(Filter::Code, "v2"), filter(Filter::Code, "V2"));
    }
}
