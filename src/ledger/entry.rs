//! Entries: one canonical JSON line for each thing that happened, without personal data.
//!
//! ```text
//! {"at":"2026-11-24T08:52:07Z","commit":"<hex>","kind":"clip","prev":null,"pub":{…},"v":1}
//! ```
//!
//! Canonical means RFC 8785, held to what reads the same everywhere: no number but whole ones of at most 2^53 − 1. A line
//! is stored, hashed and served as these bytes, without a newline.

use std::fmt::Write as _;
use std::str::FromStr;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::model::digest::{from_hex, to_hex};
use crate::model::time::Micros;

/// Bytes of the longest line: C2SP entry bundles give a length 16 bits.
pub const MAX_LINE_BYTES: usize = u16::MAX as usize;
/// The version that this program writes and reads.
const VERSION: u64 = 1;
/// The largest whole number that every JSON reader keeps exact (RFC 7493 §2.2): 2^53 − 1.
const MAX_NUMBER: u64 = (1 << 53) - 1;
/// Arrays and objects within one another in the deepest value that is written.
const MAX_DEPTH: usize = 32;
/// The first instant after those that are written: 9999-12-30T22:00:00Z, where instants end.
const END_OF_TIME: Micros = Micros(253_402_207_200_000_000);

/// What an entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// The retention table as it is from now on.
    Rules,
    /// A recorder was docked: its file-number range and clock offset.
    Dock,
    /// A clip became evidence.
    Clip,
    /// Something was done with a clip, in the words of PREMIS.
    Event,
    /// What is known of a clip was corrected.
    Amend,
    /// A clip's object was destroyed under a rule.
    Dispose,
    /// The daemon itself: keys, start, version.
    Node,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Rules, Self::Dock, Self::Clip, Self::Event, Self::Amend, Self::Dispose, Self::Node];

    /// The word for it in the entry and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Dock => "dock",
            Self::Clip => "clip",
            Self::Event => "event",
            Self::Amend => "amend",
            Self::Dispose => "dispose",
            Self::Node => "node",
        }
    }
}

impl FromStr for EntryKind {
    type Err = EntryError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == s).ok_or_else(|| EntryError::Kind(s.to_owned()))
    }
}

/// One entry of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When it happened. The line holds whole seconds; what is below is cut off.
    pub at: Micros,
    /// What it records.
    pub kind: EntryKind,
    /// The index of the previous entry about the same clip; `None` for the first, and for what is about no clip.
    pub prev: Option<u64>,
    /// What everybody may read. The caller keeps personal data out of it: a line can never be erased.
    pub public: Map<String, Value>,
    /// The commitment to the private detail, see [`commitment`].
    pub commit: [u8; 32],
}

/// An entry cannot be written, or a line is none.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// A value cannot be written canonically.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// The line is longer than the log can serve.
    #[error("the entry is {0} bytes long, the most is {MAX_LINE_BYTES}: put details behind the commitment")]
    TooLong(usize),
    /// The instant is before 1970 or after 9999.
    #[error("the entry's time {0} is outside the years 1970 to 9999: check the machine's clock")]
    Time(Micros),
    /// The line is no JSON object.
    #[error("the entry is no JSON object")]
    Json(#[source] Option<serde_json::Error>),
    /// A member is missing or of the wrong type.
    #[error("the entry's {name:?} is missing or wrong: expected {expected}")]
    Member {
        /// The member's key.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The kind is not known.
    #[error("the entry's kind {0:?} is not known here")]
    Kind(String),
    /// The version is not known.
    #[error("the entry has version {0}, this program reads version {VERSION}")]
    Version(String),
    /// The bytes are not the one way to write this entry.
    #[error("the entry is not canonical: byte {0} is not the one expected there")]
    NotCanonical(usize),
}

impl Entry {
    /// The entry's canonical line.
    ///
    /// # Errors
    /// When the time or a value of the public part cannot be written, or the line would be too long.
    pub fn to_line(&self) -> Result<Vec<u8>, EntryError> {
        if !(Micros(0)..END_OF_TIME).contains(&self.at) {
            return Err(EntryError::Time(self.at));
        }
        let mut line = String::with_capacity(512);
        let (at, commit, kind) = (self.at.to_rfc3339_seconds(), to_hex(&self.commit), self.kind.as_str());
        let _ = write!(line, r#"{{"at":"{at}","commit":"{commit}","kind":"{kind}","prev":"#);
        match self.prev {
            None => line.push_str("null"),
            Some(index) if index <= MAX_NUMBER => _ = write!(line, "{index}"),
            Some(_) => {
                return Err(Fault::new("a number beyond 2^53 − 1").under(|p| member(p, "prev")).into_error().into());
            }
        }
        line.push_str(r#","pub":"#);
        write_object(&mut line, &self.public, 1).map_err(|f| f.under(|p| member(p, "pub")).into_error())?;
        let _ = write!(line, r#","v":{VERSION}}}"#);
        if line.len() > MAX_LINE_BYTES {
            return Err(EntryError::TooLong(line.len()));
        }
        Ok(line.into_bytes())
    }

    /// Reads a line; takes only the bytes that [`Self::to_line`] writes.
    ///
    /// # Errors
    /// When the bytes are no entry, one of another version, or written in any other way.
    pub fn parse(line: &[u8]) -> Result<Self, EntryError> {
        if line.len() > MAX_LINE_BYTES {
            return Err(EntryError::TooLong(line.len()));
        }
        let Value::Object(mut members) = serde_json::from_slice(line).map_err(|e| EntryError::Json(Some(e)))? else {
            return Err(EntryError::Json(None));
        };
        let entry = Self::from_members(&mut members)?;
        let canonical = entry.to_line()?;
        if canonical != line {
            let same = canonical.iter().zip(line).take_while(|(a, b)| a == b).count();
            return Err(EntryError::NotCanonical(same));
        }
        Ok(entry)
    }

    fn from_members(members: &mut Map<String, Value>) -> Result<Self, EntryError> {
        let wrong = |name, expected| EntryError::Member { name, expected };
        match members.get("v") {
            Some(v) if v.as_u64() == Some(VERSION) => {}
            Some(v) => return Err(EntryError::Version(v.to_string())),
            None => return Err(wrong("v", "a version")),
        }
        let text = |name| members.get(name).and_then(Value::as_str);
        let at =
            text("at").and_then(|t| t.parse().ok()).ok_or(wrong("at", "an RFC 3339 time in UTC, to the second"))?;
        let commit = text("commit").and_then(|t| from_hex(t).ok());
        let commit = commit.ok_or(wrong("commit", "64 hexadecimal characters"))?;
        let kind = text("kind").ok_or(wrong("kind", "a word"))?.parse()?;
        let prev = match members.get("prev") {
            Some(Value::Null) => None,
            Some(Value::Number(index)) if index.is_u64() => index.as_u64(),
            _ => return Err(wrong("prev", "null or the index of an entry")),
        };
        let Some(Value::Object(public)) = members.remove("pub") else {
            return Err(wrong("pub", "an object"));
        };
        Ok(Self { at, kind, prev, public, commit })
    }
}

/// What an entry says of its private detail: HMAC-SHA256 keyed with a random salt over the detail's canonical bytes.
///
/// Whoever is shown salt and detail can check them; once both are erased, nobody can find out what they were. The salt
/// must come from a secure generator and be used for one entry only.
pub fn commitment(salt: &[u8; 32], detail: &[u8]) -> [u8; 32] {
    // HMAC fills a key up to its block with zeros; doing it here leaves nothing that can fail.
    let mut key = [0u8; 64];
    key[..32].copy_from_slice(salt);
    Hmac::<Sha256>::new(&key.into()).chain_update(detail).finalize().into_bytes().into()
}

/// A value cannot be written canonically.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{path} holds {what}, which has no canonical form here: {advice}")]
pub struct CanonicalError {
    /// Where, from the root `$`: `$.gps[2].lat`.
    pub path: String,
    /// What was found.
    pub what: &'static str,
    /// What to do instead.
    pub advice: &'static str,
}

/// The canonical bytes of a value: RFC 8785, without fractions and without whole numbers beyond ±(2^53 − 1).
///
/// # Errors
/// When the value holds such a number, or arrays and objects more than 32 deep; the error names where.
pub fn canonical(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    let mut out = String::new();
    write_value(&mut out, value, 0).map_err(Fault::into_error)?;
    Ok(out.into_bytes())
}

/// A value that cannot be written, and the steps down to it, the last first.
struct Fault {
    what: &'static str,
    steps: Vec<String>,
}

impl Fault {
    fn new(what: &'static str) -> Self {
        Self { what, steps: Vec::new() }
    }

    fn under(mut self, step: impl FnOnce(&mut String)) -> Self {
        let mut text = String::new();
        step(&mut text);
        self.steps.push(text);
        self
    }

    fn into_error(self) -> CanonicalError {
        let steps = self.steps.into_iter().rev().collect::<String>();
        let advice = "write a whole number of at most 2^53 − 1, a text, or a flatter value";
        CanonicalError { path: format!("${steps}"), what: self.what, advice }
    }
}

/// One step of a path into an object.
fn member(path: &mut String, key: &str) {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_');
    let _ = if plain { write!(path, ".{key}") } else { write!(path, "[{key:?}]") };
}

fn write_value(out: &mut String, value: &Value, depth: usize) -> Result<(), Fault> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => write_number(out, number)?,
        Value::String(text) => write_string(out, text),
        Value::Array(items) => write_array(out, items, depth)?,
        Value::Object(members) => write_object(out, members, depth)?,
    }
    Ok(())
}

fn write_number(out: &mut String, number: &serde_json::Number) -> Result<(), Fault> {
    let whole = number.as_i64().ok_or_else(|| match number.as_u64() {
        Some(_) => Fault::new("a number beyond 2^53 − 1"),
        None => Fault::new("a fraction"),
    })?;
    if whole.unsigned_abs() > MAX_NUMBER {
        return Err(Fault::new("a number beyond 2^53 − 1"));
    }
    let _ = write!(out, "{whole}");
    Ok(())
}

/// RFC 8785 §3.2.2.2: short escapes where JSON has them, `\u00xx` for other control characters, everything else as it is.
fn write_string(out: &mut String, text: &str) {
    out.push('"');
    // Almost no text holds anything to be escaped; such a one is copied whole.
    if !text.bytes().any(|b| b < b' ' || matches!(b, b'"' | b'\\')) {
        out.push_str(text);
        out.push('"');
        return;
    }
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => _ = write!(out, "\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn write_array(out: &mut String, items: &[Value], depth: usize) -> Result<(), Fault> {
    let depth = deeper(depth)?;
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_value(out, item, depth).map_err(|f| f.under(|p| _ = write!(p, "[{i}]")))?;
    }
    out.push(']');
    Ok(())
}

/// RFC 8785 §3.2.3: members in the order of their keys' UTF-16 code units, which is not the order of UTF-8 bytes.
fn write_object(out: &mut String, members: &Map<String, Value>, depth: usize) -> Result<(), Fault> {
    let depth = deeper(depth)?;
    let mut sorted = members.iter().collect::<Vec<_>>();
    sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push('{');
    for (i, (key, value)) in sorted.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_string(out, key);
        out.push(':');
        write_value(out, value, depth).map_err(|f| f.under(|p| member(p, key)))?;
    }
    out.push('}');
    Ok(())
}

fn deeper(depth: usize) -> Result<usize, Fault> {
    if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(Fault::new("values nested more than 32 deep")) }
}

#[cfg(test)]
mod tests;
