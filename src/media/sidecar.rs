//! What stands beside a clip: XML of the recorder, GPS tracks, notes; UTF-8, UTF-16 or GBK.
//!
//! A broken sidecar gives what was read before the break. Nothing in it is followed: no entities, no references.
//!
//! Doubts, stable words:
//! * `broken_xml`: the XML ends early or is malformed; what stood before was read;
//! * `unknown_entity`: an XML entity that is not one of the five predefined was left out;
//! * `undecodable_text`: some bytes fit no encoding and were replaced;
//! * `clock_never_set`, `impossible_time`, `recorder_never_set`, `officer_never_set`: as in [`super::name`];
//! * `end_before_begin`: the recording ends before it begins;
//! * `time_zone_ignored`: a time carries a zone; its digits were taken as local time;
//! * `duration_unit_assumed`: a bare number and no begin and end to tell seconds from milliseconds: seconds were taken.

mod encoding;
mod fields;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod xml;

use jiff::civil::DateTime;

use serde::{Deserialize, Serialize};

use crate::model::case_number::CaseNumber;
use crate::model::media::Position;

use super::name::SidecarKind;

pub use encoding::{Decoded, decode};

/// The most case numbers kept of one sidecar.
const MOST_CASE_NUMBERS: usize = 256;

/// What a sidecar says. Absent is `None`. Times are the recorder's local time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SidecarFacts {
    /// The officer number 警号 as written.
    pub officer: Option<String>,
    /// The officer's name. Personal data: never logged.
    pub officer_name: Option<String>,
    /// The recorder's number as written.
    pub recorder: Option<String>,
    /// Start of the recording.
    pub begin: Option<DateTime>,
    /// End of the recording.
    pub end: Option<DateTime>,
    /// Duration in milliseconds.
    pub duration_ms: Option<u64>,
    /// The first valid position. Sensitive: never logged.
    pub position: Option<Position>,
    /// Every case number in the text, each once, in order; at most 256.
    pub case_numbers: Vec<CaseNumber>,
    /// The sidecar marks the clip as important.
    pub important: bool,
    /// `utf-8`, `utf-16le`, `utf-16be` or `gbk`.
    pub encoding: String,
    /// What is doubtful, by the stable words of this module; each once.
    pub doubts: Vec<String>,
}

impl SidecarFacts {
    fn doubt(&mut self, word: &str) {
        if !self.doubts.iter().any(|d| d == word) {
            self.doubts.push(word.to_owned());
        }
    }

    fn add_case_numbers(&mut self, text: &str) {
        for found in crate::model::case_number::find_all(text) {
            if self.case_numbers.len() < MOST_CASE_NUMBERS && !self.case_numbers.contains(&found.number) {
                self.case_numbers.push(found.number);
            }
        }
    }
}

/// Reads a sidecar. The caller bounds `bytes` (4 MiB); time and memory are linear in them.
pub fn read(kind: SidecarKind, bytes: &[u8]) -> SidecarFacts {
    let decoded = decode(bytes);
    let mut facts = SidecarFacts { encoding: decoded.encoding.to_owned(), ..SidecarFacts::default() };
    if decoded.replaced {
        facts.doubt("undecodable_text");
    }
    match kind {
        SidecarKind::Xml => xml::read(&decoded.text, &mut facts),
        SidecarKind::Gps | SidecarKind::Nmea | SidecarKind::Srt | SidecarKind::Log | SidecarKind::Txt => {
            text::read(&decoded.text, &mut facts);
        }
    }
    fields::finish(&mut facts);
    facts
}
