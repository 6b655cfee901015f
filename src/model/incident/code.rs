use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A conduct code 行为代码, such as `V2`; ordered by its number. What a code means is data, so not every code that can be written is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code {
    letter: char,
    number: u16,
}

/// The text is no conduct code.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a conduct code: expected a letter and a number, such as V2")]
pub struct InvalidCode;

impl Code {
    /// The code with the letter V.
    pub const fn v(number: u16) -> Self {
        Self { letter: 'V', number }
    }
}

impl FromStr for Code {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, InvalidCode> {
        let mut chars = s.trim().chars();
        let letter = chars.next().filter(char::is_ascii_alphabetic).ok_or(InvalidCode)?.to_ascii_uppercase();
        let digits = chars.as_str();
        if !(1..=3).contains(&digits.len()) || digits.starts_with('0') || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidCode);
        }
        Ok(Self { letter, number: digits.parse().map_err(|_| InvalidCode)? })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.letter, self.number)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
