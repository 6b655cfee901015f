//! AAC in ADTS frames (ISO/IEC 14496-3 §1.A.2.2).

use super::super::bytes::read_up_to;
use super::super::reader::ReadAt;
use super::frames::{Frame, walk};
use super::{from_frames, mpeg, sound_facts};
use crate::model::media::{Container, MediaFacts};

const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// The frame that starts at the first byte.
pub fn frame(bytes: &[u8]) -> Option<Frame> {
    let [0xff, b1, b2, b3, b4, b5, b6, ..] = *bytes else { return None };
    (b1 & 0xf6 == 0xf0).then_some(())?;
    let length = u64::from(b3 & 3) << 11 | u64::from(b4) << 3 | u64::from(b5 >> 5);
    let header = if b1 & 1 == 1 { 7 } else { 9 };
    let channels = match u16::from(b2 & 1) << 2 | u16::from(b3 >> 6) {
        0 => None,
        7 => Some(8),
        n => Some(n),
    };
    Some(Frame {
        bytes: Some(length).filter(|&n| n >= header)?,
        samples: 1024 * (u32::from(b6 & 3) + 1),
        sample_rate: *RATES.get(usize::from(b2 >> 2 & 15))?,
        channels,
    })
}

/// Reads the facts of a file of ADTS frames, perhaps behind an ID3 tag.
pub fn read(source: &dyn ReadAt) -> MediaFacts {
    let mut facts = sound_facts(Container::Adts);
    let start = mpeg::id3_length(&read_up_to(source, 0, 10));
    from_frames(&mut facts, "aac", &walk(source, start, source.len(), frame));
    facts
}
