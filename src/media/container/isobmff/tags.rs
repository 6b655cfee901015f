//! Tags: maker, model and position in user data and metadata boxes (QuickTime File Format, "User Data Atoms" and
//! "Metadata"; 3GPP TS 26.244 §8).

use crate::media::container::reader::slice;
use crate::model::media::{GpsSource, Position};

use super::position;
use super::walk::{BoxAt, Place, Scan};

/// Most bytes of one tag's value.
const VALUE: usize = 512;
/// Most keys of one `keys` table that are looked at.
const MOST_KEYS: u64 = 256;
/// Most sources of position that are kept.
pub(super) const MOST_SOURCES: usize = 16;

/// What tags say.
#[derive(Debug, Default)]
pub(super) struct Tags {
    pub(super) make: Option<String>,
    pub(super) model: Option<String>,
    /// Apple's creation date, as text with an offset from UTC, and where it stands.
    pub(super) creation_date: Option<(String, u64)>,
    pub(super) gps: Vec<GpsSource>,
}

/// What a tag is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Make,
    Model,
    Place(&'static str),
    CreationDate,
}

impl Topic {
    fn of_key(key: &[u8]) -> Option<Self> {
        Some(match key {
            b"com.apple.quicktime.location.ISO6709" => Self::Place("apple"),
            b"com.apple.quicktime.make" | b"com.android.manufacturer" => Self::Make,
            b"com.apple.quicktime.model" | b"com.android.model" => Self::Model,
            b"com.apple.quicktime.creationdate" => Self::CreationDate,
            _ => return None,
        })
    }

    fn of_box(b: &BoxAt) -> Option<Self> {
        Some(match &b.kind {
            b"\xa9xyz" => Self::Place("©xyz"),
            b"\xa9mak" => Self::Make,
            b"\xa9mod" => Self::Model,
            _ => return None,
        })
    }
}

impl Tags {
    /// Adds a source of position, unless there are too many.
    pub(super) fn add_place(&mut self, kind: &str, offset: u64, position: Option<Position>) {
        if self.gps.len() < MOST_SOURCES {
            self.gps.push(GpsSource { kind: kind.to_owned(), offset: Some(offset), position });
        }
    }

    fn add(&mut self, topic: Topic, value: &str, offset: u64) {
        let text = Some(value.trim_matches(|c: char| c.is_whitespace() || c.is_control()).to_owned());
        let text = text.filter(|t| !t.is_empty());
        match topic {
            Topic::Make => self.make = self.make.take().or(text),
            Topic::Model => self.model = self.model.take().or(text),
            Topic::CreationDate => self.creation_date = self.creation_date.take().or(text.map(|t| (t, offset))),
            Topic::Place(kind) => self.add_place(kind, offset, position::iso6709(value)),
        }
    }
}

/// Reads `udta`.
pub(super) fn user_data(scan: &mut Scan<'_>, udta: &BoxAt, tags: &mut Tags) {
    let mut region = udta.inside(0, Place::Tags);
    while let Some(b) = scan.next(&mut region) {
        match &b.kind {
            b"meta" => meta(scan, &b, tags),
            b"loci" => {
                let body = scan.body(&b, VALUE);
                tags.add_place("loci", b.offset, position::loci(&body));
            }
            _ => {
                if let Some(topic) = Topic::of_box(&b) {
                    let value = international_text(&scan.body(&b, VALUE));
                    tags.add(topic, &value, b.offset);
                }
            }
        }
    }
}

/// Text of a `©…` box in user data: length, language, text. Some writers put an iTunes `data` box there instead.
fn international_text(body: &[u8]) -> String {
    let length = slice::u16_be(body, 0).map_or(0, usize::from);
    let text = match body.get(4..8) {
        Some(b"data") => body.get(16..),
        _ => body.get(4..4 + length).or_else(|| body.get(4..)),
    };
    String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
}

/// Reads `meta`, which has version and flags in ISO files and none in QuickTime's.
pub(super) fn meta(scan: &mut Scan<'_>, meta: &BoxAt, tags: &mut Tags) {
    let head = scan.body(meta, 12);
    let plain = head.get(4..8) == Some(b"hdlr");
    let full = !plain && (head.get(8..12) == Some(b"hdlr") || slice::u32_be(&head, 0) == Some(0));
    let mut region = meta.inside(if full { 4 } else { 0 }, Place::Tags);
    let (mut keys, mut list) = (None, None);
    while let Some(b) = scan.next(&mut region) {
        match &b.kind {
            b"keys" => keys = Some(b),
            b"ilst" => list = Some(b),
            _ => {}
        }
    }
    let Some(list) = list else { return };
    let topics = keys.map(|keys| key_topics(scan, &keys)).unwrap_or_default();
    let mut region = list.inside(0, Place::Tags);
    while let Some(item) = scan.next(&mut region) {
        let number = u32::from_be_bytes(item.kind);
        let keyed = topics.iter().find(|(key, _)| *key == number).map(|&(_, topic)| topic);
        let Some(topic) = keyed.or_else(|| Topic::of_box(&item)) else { continue };
        if let Some(data) = scan.find(item.inside(0, Place::Tags), b"data") {
            let body = scan.body(&data, VALUE);
            tags.add(topic, &String::from_utf8_lossy(body.get(8..).unwrap_or_default()), item.offset);
        }
    }
}

/// The keys that matter, by number; `ilst` names its items by these numbers, from 1.
fn key_topics(scan: &mut Scan<'_>, keys: &BoxAt) -> Vec<(u32, Topic)> {
    let declared = slice::u32_be(&scan.body(keys, 8), 4).unwrap_or(0);
    let mut topics = Vec::new();
    let mut region = keys.inside(8, Place::Tags);
    for number in 1..=declared {
        if u64::from(number) > MOST_KEYS {
            break;
        }
        // A key is shaped like a box: size, namespace, name.
        let Some(key) = scan.next(&mut region) else { break };
        let name = scan.body(&key, 64);
        if let Some(topic) = Topic::of_key(&name).filter(|_| &key.kind == b"mdta") {
            topics.push((number, topic));
        }
    }
    topics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_all_three_shapes() {
        assert_eq!(international_text(b"\0\x03\x15\xc7abcdef"), "abc");
        assert_eq!(international_text(b"\0\0\0\x17data\0\0\0\x01\0\0\0\0Make"), "Make");
        assert_eq!(international_text(b"\x7f\xff\x15\xc7cut"), "cut");
        assert_eq!(international_text(b"\0"), "");
    }

    #[test]
    fn the_first_value_stays() {
        let mut tags = Tags::default();
        for (topic, value) in [(Topic::Make, " \0"), (Topic::Make, "Apple\0"), (Topic::Make, "Other")] {
            tags.add(topic, value, 1);
        }
        assert_eq!(tags.make.as_deref(), Some("Apple"));
    }
}
