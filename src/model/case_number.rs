//! The case number 案号: parsed, normalised, compared as columns.
//!
//! New style (法〔2015〕137号, in force since 2016-01-01): `（`year`）` + court code, sometimes 知, type code + number + `号`.
//! Numbers run per court, year and type, so 执123, 执恢123 and 执保123 are three cases. Old style (up to 2015) has no court
//! code: its words are kept as written and the court is never guessed. `之一` names a document of a case: it is kept
//! beside the number and is no part of the case's identity.
//!
//! What people type is normalised: Unicode compatibility forms (NFKC), every kind of bracket, spaces, brackets or `号`
//! left out, zeros before the number, `字第` in a new-style number.

mod cursor;
mod error;
mod find;
mod mention;
mod parse;
mod partial;
mod shape;
#[cfg(test)]
mod tests;
mod type_code;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use error::CaseNumberError;
pub use find::{Candidate, Found, find_all, scan};
pub use mention::{Mention, mentions};
pub use partial::Partial;
pub(in crate::model) use shape::is_province;

/// A case number. Equality, order and hash are those of the case: [`Self::document`] does not count.
#[derive(Debug, Clone)]
pub struct CaseNumber {
    year: u16,
    words: Words,
    number: u32,
    document: Option<String>,
}

/// What stands between the year and the number.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Words {
    /// Since 2016. `type_code` holds the leading 知 of intellectual property cases: it is part of the series.
    New { court: String, type_code: String },
    /// Until 2015: everything before `字第`, as written.
    Old { body: String },
}

/// The identity of a case as columns. Of two cases one differs; of one case all are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CaseKey<'a> {
    /// The year in the brackets.
    pub year: u16,
    /// The court code, such as `吉0721`; empty for an old-style number.
    pub court: &'a str,
    /// The type code with the leading 知 if there is one, such as `执恢`; for an old-style number the words before `字第`.
    pub series: &'a str,
    /// The running number.
    pub number: u32,
}

impl CaseNumber {
    /// The year in the brackets: 2016–2099 in the new style, 1949–2015 in the old.
    pub fn year(&self) -> u16 {
        self.year
    }

    /// The court code, such as `吉0721`, `湘` or `最高法`; `None` for an old-style number.
    pub fn court_code(&self) -> Option<&str> {
        match &self.words {
            Words::New { court, .. } => Some(court),
            Words::Old { .. } => None,
        }
    }

    /// The type code without the leading 知, such as `执恢`; `None` for an old-style number.
    pub fn type_code(&self) -> Option<&str> {
        match &self.words {
            Words::New { type_code, .. } => Some(type_code.strip_prefix('知').unwrap_or(type_code)),
            Words::Old { .. } => None,
        }
    }

    /// Whether 知 stands before the type code: an intellectual property court or bench.
    pub fn is_intellectual_property(&self) -> bool {
        matches!(&self.words, Words::New { type_code, .. } if type_code.starts_with('知'))
    }

    /// The running number, 1–9,999,999.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The document of the case that was named with it, such as `之一`, or `-1` of the old style.
    pub fn document(&self) -> Option<&str> {
        self.document.as_deref()
    }

    /// Whether the number has the form used until 2015.
    pub fn is_old_style(&self) -> bool {
        matches!(self.words, Words::Old { .. })
    }

    /// Whether it is an enforcement case or one around it: a known type code, or 执 in the words of an old-style number.
    pub fn is_enforcement(&self) -> bool {
        match &self.words {
            Words::New { type_code, .. } => type_code::is_enforcement(type_code),
            Words::Old { body } => body.contains('执'),
        }
    }

    /// The one text of the case: `（2021）吉0721执123号`; old style: `（2004）执他字第19号`. The document is left out.
    pub fn canonical(&self) -> String {
        self.to_string()
    }

    /// The identity of the case as columns.
    pub fn key(&self) -> CaseKey<'_> {
        let (court, series) = match &self.words {
            Words::New { court, type_code } => (court.as_str(), type_code.as_str()),
            Words::Old { body } => ("", body.as_str()),
        };
        CaseKey { year: self.year, court, series, number: self.number }
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, words, number, .. } = self;
        match words {
            Words::New { court, type_code } => write!(f, "（{year}）{court}{type_code}{number}号"),
            Words::Old { body } => write!(f, "（{year}）{body}字第{number}号"),
        }
    }
}

impl FromStr for CaseNumber {
    type Err = CaseNumberError;

    /// Reads a text that is one case number and nothing else; spaces around it are no matter.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::whole(text)
    }
}

impl PartialEq for CaseNumber {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for CaseNumber {}

impl Hash for CaseNumber {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialOrd for CaseNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CaseNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Serialize for CaseNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CaseNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
