//! What a file is, from its bytes and never from its name.

mod text;

use super::bytes::{array, read_up_to};
use super::mpegts::packet::{Grid, PACKET};
use super::photo::PNG;
use super::reader::ReadAt;
use super::reader::slice::u32_be;
use super::sound::{adts, amr, mpeg, wav};

/// Bytes of the front that are looked at.
const HEAD: usize = 16 << 10;
/// Sync bytes that must lie a stride apart when the first is in the first packet, and further behind.
const SYNCS: usize = 5;
const SYNCS_BEHIND: usize = 10;
/// A file up to this length is read whole to say that it is all zeros; a longer one is sampled.
const READ_WHOLE: u64 = 8 << 20;
/// Places sampled of a longer file, and bytes at each.
const SAMPLES: u64 = 128;
const SAMPLE: usize = 4 << 10;

/// A format that some reader knows, or the reason why none does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// ISO base media and QuickTime.
    Isobmff,
    /// RIFF AVI.
    Avi,
    /// RIFF WAVE.
    Wav,
    /// MPEG-2 transport stream and how its packets lie.
    Mpegts(Grid),
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// AAC in ADTS frames.
    Adts,
    /// MPEG layer III.
    Mp3,
    /// AMR.
    Amr,
    /// Text, as sidecars are.
    Text,
    /// No bytes.
    Empty,
    /// Zeros and nothing else, as after a loss of power on a file system that had only allocated the space.
    AllZero,
    /// None of these.
    Unknown,
}

/// Looks at the content.
pub fn sniff(source: &dyn ReadAt) -> Format {
    if source.is_empty() {
        return Format::Empty;
    }
    let head = read_up_to(source, 0, HEAD);
    signature(&head)
        .or_else(|| text::is_text(&head, source.len()).then_some(Format::Text))
        .or_else(|| boxes(&head, source.len()).then_some(Format::Isobmff))
        .or_else(|| grid(&head).map(Format::Mpegts))
        .or_else(|| frames(source, &head))
        .or_else(|| is_all_zero(source, &head).then_some(Format::AllZero))
        .unwrap_or(Format::Unknown)
}

/// Formats that start with bytes of their own.
fn signature(head: &[u8]) -> Option<Format> {
    match head {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ' | b'X' | 0x19, ..] => Some(Format::Avi),
        _ if wav::is_wave(head) => Some(Format::Wav),
        [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
        _ if head.starts_with(PNG) => Some(Format::Png),
        _ if head.starts_with(amr::NARROW) || head.starts_with(amr::WIDE) => Some(Format::Amr),
        _ => None,
    }
}

/// Whether the file starts with a box. A recorder that loses power leaves files that start with `mdat` alone, its
/// length still 0 or not believable; for names that could stand in other data the length must be.
fn boxes(head: &[u8], len: u64) -> bool {
    let (Some(size), Some(name)) = (u32_be(head, 0), array::<4>(head, 4)) else { return false };
    match &name {
        b"ftyp" | b"moov" | b"mdat" | b"styp" => true,
        b"free" | b"skip" | b"wide" | b"pnot" | b"moof" | b"sidx" | b"uuid" | b"udta" | b"PICT" | b"junk" | b"meta"
        | b"prfl" | b"mvhd" => size <= 1 || (size >= 8 && u64::from(size) <= len.saturating_mul(4)),
        // Zero-size boxes or preallocated zeros in front: the box may follow at once.
        [0, 0, 0, 0] if size == 0 => head.get(8..).is_some_and(starts_with_core_box),
        _ => false,
    }
}

/// Whether, behind further zeros in steps of four, a file type or movie box starts.
fn starts_with_core_box(bytes: &[u8]) -> bool {
    let zeros = bytes.iter().take_while(|&&b| b == 0).count();
    let at = zeros / 4 * 4;
    (at.saturating_sub(4)..=at).step_by(4).any(|at| {
        let name = at.checked_add(4).and_then(|n| array::<4>(bytes, n));
        matches!(name.as_ref(), Some(b"ftyp" | b"moov" | b"mdat"))
    })
}

/// Finds the grid of transport packets, the first one that starts soonest; other bytes may stand before it.
fn grid(head: &[u8]) -> Option<Grid> {
    let starts = |stride: usize| {
        let places = head.iter().enumerate().filter(|(_, b)| **b == 0x47).map(|(at, _)| at);
        let mut grids = places.filter(move |&first| {
            let syncs = if first < stride + 4 { SYNCS } else { SYNCS_BEHIND };
            (1..syncs).all(|n| head.get(first + n * stride) == Some(&0x47))
        });
        grids.next().map(|first| Grid { stride, first: first as u64 })
    };
    [PACKET, 192, 204].into_iter().filter_map(starts).min_by_key(|grid| grid.first)
}

/// Frames of sound: two that follow each other, or one that is the whole file.
fn frames(source: &dyn ReadAt, head: &[u8]) -> Option<Format> {
    let start = mpeg::id3_length(head);
    let moved = (start > 0).then(|| read_up_to(source, start, HEAD));
    let bytes = moved.as_deref().unwrap_or(head);
    let left = source.len().saturating_sub(start);
    let twice = |length: Option<u64>, again: &dyn Fn(&[u8]) -> bool| {
        let next = length.and_then(|n| usize::try_from(n).ok());
        next.is_some_and(|next| next as u64 == left || bytes.get(next..).is_some_and(again))
    };
    if twice(adts::frame(bytes).map(|f| f.bytes), &|b| adts::frame(b).is_some()) {
        return Some(Format::Adts);
    }
    let is_mp3 = twice(mpeg::frame(bytes).map(|f| f.bytes), &|b| mpeg::frame(b).is_some());
    (is_mp3 || start > 0).then_some(Format::Mp3)
}

/// Whether there are only zeros. A file longer than [`READ_WHOLE`] is judged by evenly spread samples and its end.
fn is_all_zero(source: &dyn ReadAt, head: &[u8]) -> bool {
    let zero = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(|&b| b == 0);
    if !zero(head) {
        return false;
    }
    let len = source.len();
    if len <= READ_WHOLE {
        let step = 64 << 10;
        return (0..len.div_ceil(step)).all(|n| zero(&read_up_to(source, n * step, 64 << 10)));
    }
    let last = len - SAMPLE as u64;
    (0..=SAMPLES).all(|n| zero(&read_up_to(source, last / SAMPLES * n, SAMPLE)))
        && zero(&read_up_to(source, last, SAMPLE))
}

#[cfg(test)]
mod tests;
