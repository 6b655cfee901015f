//! Line by line: GPS tracks, subtitles, logs, notes.

use super::SidecarFacts;
use super::fields::{Filler, field};
use crate::media::gps;

/// The longest line in which positions and fields are looked for, in bytes. Case numbers are found in any.
const MOST_LINE: usize = 4096;

/// Reads NMEA sentences, plain positions, `key: value` lines and case numbers.
pub(super) fn read(text: &str, facts: &mut SidecarFacts) {
    let mut filler = Filler::default();
    for line in text.split(['\n', '\r']) {
        facts.add_case_numbers(line);
        if line.len() > MOST_LINE {
            continue;
        }
        // A form's line left empty says nothing, not even a mark.
        if let Some((key, value)) = key_value(line)
            && !value.trim().is_empty()
            && let Some(field) = field(key)
        {
            filler.put(facts, field, value);
        }
        if facts.position.is_none() {
            facts.position = gps::nmea_position(line).or_else(|| gps::decimal_position(line));
        }
    }
    filler.finish(facts);
}

/// `警号：220721`, `devNum=7654321`.
fn key_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once([':', '：', '='])?;
    Some((key.trim_matches(|c: char| c.is_whitespace() || "[]【】\u{feff}*-".contains(c)), value))
}
