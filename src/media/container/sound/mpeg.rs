//! MPEG-1/2/2.5 layer III (ISO/IEC 11172-3, 13818-3), with ID3 tags around and a Xing or Info header inside.

use super::super::bytes::{array, read_up_to};
use super::super::reader::ReadAt;
use super::super::reader::slice::{u16_be, u32_be};
use super::frames::{Frame, Walk, walk};
use super::{from_frames, sound_facts};
use crate::model::media::{AudioFacts, Container, MediaFacts};

const KBITS_1: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBITS_2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const RATES: [u32; 3] = [44_100, 48_000, 32_000];
/// Bytes of an ID3v1 tag, at the end of a file.
const ID3_1: u64 = 128;

/// The layer III frame that starts at the first byte; free format has no length and is not read.
pub fn frame(bytes: &[u8]) -> Option<Frame> {
    let [0xff, b1, b2, b3, ..] = *bytes else { return None };
    (b1 & 0xe6 == 0xe2).then_some(())?;
    let (table, shift, samples) = match b1 >> 3 & 3 {
        3 => (&KBITS_1, 0, 1152),
        2 => (&KBITS_2, 1, 576),
        0 => (&KBITS_2, 2, 576),
        _ => return None,
    };
    let bits = table.get(usize::from(b2 >> 4)).filter(|&&kbit| kbit > 0)? * 1000;
    let sample_rate = RATES.get(usize::from(b2 >> 2 & 3))? >> shift;
    let bytes = samples / 8 * bits / sample_rate + u32::from(b2 >> 1 & 1);
    let channels = if b3 >> 6 == 3 { 1 } else { 2 };
    Some(Frame { bytes: bytes.into(), samples, sample_rate, channels: Some(channels) })
}

/// Codec, rate and channels of a frame of any layer, as transport streams carry them.
pub fn describe(bytes: &[u8]) -> Option<AudioFacts> {
    let [0xff, b1, b2, b3, ..] = *bytes else { return None };
    (b1 & 0xe0 == 0xe0).then_some(())?;
    let codec = match b1 >> 1 & 3 {
        1 => "mp3",
        2 => "mp2",
        3 => "mp1",
        _ => return None,
    };
    let shift = match b1 >> 3 & 3 {
        3 => 0,
        2 => 1,
        0 => 2,
        _ => return None,
    };
    let sample_rate = RATES.get(usize::from(b2 >> 2 & 3))? >> shift;
    let channels = if b3 >> 6 == 3 { 1 } else { 2 };
    Some(AudioFacts { codec: Some(codec.to_owned()), sample_rate: Some(sample_rate), channels: Some(channels) })
}

/// Bytes of the ID3v2 tag that a file starts with; 0 without one.
pub fn id3_length(bytes: &[u8]) -> u64 {
    match *bytes {
        [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] if (a | b | c | d) & 0x80 == 0 => {
            let size = [a, b, c, d].iter().fold(0, |sum, &part| sum << 7 | u64::from(part));
            10 + size + if flags & 0x10 != 0 { 10 } else { 0 }
        }
        _ => 0,
    }
}

/// Reads the facts of a layer III file.
pub fn read(source: &dyn ReadAt) -> MediaFacts {
    let mut facts = sound_facts(Container::Mp3);
    let start = id3_length(&read_up_to(source, 0, 10));
    let mut end = source.len();
    if end >= start.saturating_add(ID3_1) && read_up_to(source, end - ID3_1, 3) == b"TAG" {
        end -= ID3_1;
    }
    let found = counted(source, start, end).unwrap_or_else(|| walk(source, start, end, frame));
    from_frames(&mut facts, "mp3", &found);
    facts
}

/// What a Xing, Info or VBRI header in the first frame counts; that frame itself is silent. A header that counts other
/// frames than are there is not believed: the file was cut.
fn counted(source: &dyn ReadAt, start: u64, end: u64) -> Option<Walk> {
    let bytes = read_up_to(source, start, 256);
    let first = frame(&bytes)?;
    let mpeg_1 = first.samples == 1152;
    let side = match (mpeg_1, first.channels) {
        (true, Some(2)) => 32,
        (true, _) | (false, Some(2)) => 17,
        (false, _) => 9,
    };
    let at = 4 + side;
    let (frames, size) = if matches!(array::<4>(&bytes, at).as_ref(), Some(b"Xing" | b"Info")) {
        let flags = u32_be(&bytes, at + 4)?;
        (flags & 1 == 1).then_some(())?;
        (u32_be(&bytes, at + 8)?, (flags & 2 == 2).then(|| u32_be(&bytes, at + 12)).flatten())
    } else if array(&bytes, 36) == Some(*b"VBRI") && u16_be(&bytes, 40).is_some() {
        (u32_be(&bytes, 50)?, u32_be(&bytes, 46))
    } else {
        return None;
    };
    let size = u64::from(size?);
    (size <= end.saturating_sub(start) && size > 0).then_some(())?;
    Some(Walk { first: Some(first), samples: u64::from(frames) * u64::from(first.samples), ..Walk::default() })
}
