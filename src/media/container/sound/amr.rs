//! AMR and AMR-WB storage format (RFC 4867 §5): a line that names the format, then frames of 20 ms.

use super::super::bytes::read_up_to;
use super::super::reader::ReadAt;
use super::frames::{Frame, walk};
use super::{from_frames, sound_facts};
use crate::model::media::{Container, MediaFacts};

/// How a narrow-band file starts.
pub const NARROW: &[u8] = b"#!AMR\n";
/// How a wide-band file starts.
pub const WIDE: &[u8] = b"#!AMR-WB\n";

/// Bytes of a frame behind its header, by frame type (3GPP TS 26.101 and TS 26.201).
const NARROW_BYTES: [u8; 9] = [12, 13, 15, 17, 19, 20, 26, 31, 5];
const WIDE_BYTES: [u8; 10] = [17, 23, 32, 36, 40, 46, 50, 58, 60, 5];
/// "No data": a header alone. "Speech lost" of the wide band is 14.
const NO_DATA: u8 = 15;

/// Reads the facts of an AMR file.
pub fn read(source: &dyn ReadAt) -> MediaFacts {
    let mut facts = sound_facts(Container::Amr);
    let wide = read_up_to(source, 0, WIDE.len()) == WIDE;
    let walked = if wide {
        walk(source, WIDE.len() as u64, source.len(), wide_frame)
    } else {
        walk(source, NARROW.len() as u64, source.len(), narrow_frame)
    };
    from_frames(&mut facts, if wide { "amr_wb" } else { "amr" }, &walked);
    facts
}

fn narrow_frame(bytes: &[u8]) -> Option<Frame> {
    speech(*bytes.first()?, &NARROW_BYTES, 8_000)
}

fn wide_frame(bytes: &[u8]) -> Option<Frame> {
    speech(*bytes.first()?, &WIDE_BYTES, 16_000)
}

fn speech(header: u8, sizes: &[u8], sample_rate: u32) -> Option<Frame> {
    // The padding bits are zero.
    (header & 0x83 == 0).then_some(())?;
    let kind = header >> 3 & 15;
    let size = match sizes.get(usize::from(kind)) {
        Some(&size) => size,
        None if kind == NO_DATA || (kind == 14 && sample_rate == 16_000) => 0,
        None => return None,
    };
    Some(Frame { bytes: u64::from(size) + 1, samples: sample_rate / 50, sample_rate, channels: Some(1) })
}
