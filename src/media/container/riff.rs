//! Chunks of RIFF files (Microsoft, *Multimedia Programming Interface and Data Specifications 1.0*), bounded.

use super::bytes::{array, read_up_to};
use super::codecs;
use super::reader::ReadAt;
use super::reader::slice::{u16_le, u32_le};
use crate::model::media::AudioFacts;

/// A chunk's header and place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Its four characters.
    pub id: [u8; 4],
    /// The type of a `RIFF` or `LIST` chunk.
    pub list: Option<[u8; 4]>,
    /// Offset of the header in the file.
    pub start: u64,
    /// Offset of the payload, behind a list's type.
    pub body: u64,
    /// Offset behind the payload as the header says, which may lie beyond the end of the file.
    pub end: u64,
}

impl Chunk {
    /// Whether it is a list of this type.
    pub fn is_list(&self, kind: &[u8; 4]) -> bool {
        self.list.as_ref() == Some(kind)
    }

    /// Up to `most` bytes of the payload.
    pub fn payload(&self, source: &dyn ReadAt, most: usize) -> Vec<u8> {
        let declared = usize::try_from(self.end.saturating_sub(self.body)).unwrap_or(usize::MAX);
        read_up_to(source, self.body, declared.min(most))
    }

    /// Its four characters as text.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(self.list.as_ref().unwrap_or(&self.id)).trim().to_owned()
    }
}

/// The chunks between two offsets. It ends at the second, at a header that is none, or when the budget is used up.
pub struct Chunks<'a> {
    source: &'a dyn ReadAt,
    at: u64,
    end: u64,
}

impl<'a> Chunks<'a> {
    /// The chunks from `at` to `end`, or to the end of the file.
    pub fn new(source: &'a dyn ReadAt, at: u64, end: u64) -> Self {
        Self { source, at, end: end.min(source.len()) }
    }

    /// Where the next header is expected.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// Makes the walk go on inside the chunk that was given last instead of behind it.
    pub fn enter(&mut self, chunk: &Chunk) {
        self.at = chunk.body;
    }

    /// The next chunk; `budget` counts the headers of the whole file.
    pub fn next(&mut self, budget: &mut u32) -> Option<Chunk> {
        *budget = budget.checked_sub(1)?;
        let head =
            read_up_to(self.source, self.at, usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(12).min(12));
        let id: [u8; 4] = array(&head, 0)?;
        let size = u64::from(u32_le(&head, 4)?);
        id.iter().all(|b| (0x20..0x7f).contains(b)).then_some(())?;
        let list = if matches!(&id, b"RIFF" | b"LIST" | b"RF64" | b"BW64") { array(&head, 8) } else { None };
        let start = self.at;
        let end = start.checked_add(8)?.checked_add(size)?;
        let body = start.checked_add(if list.is_some() { 12 } else { 8 })?;
        self.at = end.checked_add(size & 1)?;
        Some(Chunk { id, list, start, body, end })
    }
}

/// What a `WAVEFORMATEX` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WaveFormat {
    /// Codec, rate and channels; zeros are absent.
    pub facts: AudioFacts,
    /// The format tag, an extensible one resolved.
    pub tag: u16,
    /// Mean bytes per second.
    pub byte_rate: u32,
}

/// Reads a `WAVEFORMATEX` (or its shorter `WAVEFORMAT`); `None` when not even the rate is there.
pub fn wave_format(bytes: &[u8]) -> Option<WaveFormat> {
    let mut tag = u16_le(bytes, 0)?;
    if tag == 0xfffe {
        tag = u16_le(bytes, 24).unwrap_or(tag);
    }
    let facts = AudioFacts {
        codec: codecs::audio(tag),
        sample_rate: u32_le(bytes, 4).filter(|&r| r > 0),
        channels: u16_le(bytes, 2).filter(|&c| c > 0),
    };
    Some(WaveFormat { facts, tag, byte_rate: u32_le(bytes, 8).unwrap_or(0) })
}
