//! RIFF WAVE, RF64 and the Broadcast Wave date (EBU Tech 3285).

use super::super::anomalies::note;
use super::super::bytes::{array, ascii_field};
use super::super::dates;
use super::super::reader::ReadAt;
use super::super::reader::slice::{u16_le, u32_le, u64_le};
use super::super::riff::{Chunk, Chunks, WaveFormat, wave_format};
use super::{milliseconds, sound_facts};
use crate::model::media::{Container, Health, MediaFacts};

const MOST_CHUNKS: u32 = 1024;
/// A size that stands in a `ds64` chunk instead, or was never written.
const ELSEWHERE: u64 = u32::MAX as u64;

/// What the chunks say.
#[derive(Default)]
struct Found {
    format: Option<WaveFormat>,
    block: u16,
    /// Samples per channel of a compressed file.
    fact: Option<u64>,
    data: Option<Chunk>,
    long_size: Option<u64>,
}

/// Reads the facts of a WAVE file.
pub fn read(source: &dyn ReadAt) -> MediaFacts {
    let mut facts = sound_facts(Container::Wav);
    let found = walk(source, &mut facts);
    let Some(format) = &found.format else {
        note(&mut facts, "no_tracks", None, Some("no fmt chunk".to_owned()));
        facts.health = Health::Damaged;
        return facts;
    };
    facts.audio = Some(format.facts.clone());
    let Some(data) = found.data else {
        note(&mut facts, "no_data", None, Some("no data chunk".to_owned()));
        facts.health = Health::Partial;
        return facts;
    };
    let there = source.len().saturating_sub(data.body);
    let (bytes, whole) = data_bytes(&found, &data, there, &mut facts);
    facts.health = if whole { Health::Ok } else { Health::Partial };
    facts.duration_ms = duration_ms(&found, format, bytes, whole);
    facts
}

fn walk(source: &dyn ReadAt, facts: &mut MediaFacts) -> Found {
    let mut found = Found::default();
    let mut budget = MOST_CHUNKS;
    let mut chunks = Chunks::new(source, 0, u64::MAX);
    while let Some(chunk) = chunks.next(&mut budget) {
        match &chunk.id {
            b"RIFF" | b"RF64" | b"BW64" => chunks.enter(&chunk),
            b"LIST" if chunk.is_list(b"INFO") => chunks.enter(&chunk),
            b"fmt " => {
                let bytes = chunk.payload(source, 64);
                found.block = u16_le(&bytes, 12).unwrap_or(0);
                found.format = wave_format(&bytes);
            }
            b"ds64" => found.long_size = u64_le(&chunk.payload(source, 24), 8),
            b"fact" => found.fact = u32_le(&chunk.payload(source, 4), 0).map(u64::from),
            b"bext" => broadcast_date(&chunk.payload(source, 352), facts),
            b"ICRD" | b"IDIT" => created(&chunk.payload(source, 64), facts),
            b"data" => {
                found.data.get_or_insert(chunk);
            }
            _ => {}
        }
    }
    found
}

/// The samples' length in bytes, and whether all that the header promises is there.
fn data_bytes(found: &Found, data: &Chunk, there: u64, facts: &mut MediaFacts) -> (u64, bool) {
    let declared = match data.end - data.body {
        ELSEWHERE => found.long_size.unwrap_or(0),
        n => n,
    };
    if declared == 0 && there > 0 {
        note(facts, "unfinished", Some(data.start), Some("the data chunk has no length".to_owned()));
        return (there, false);
    }
    if declared > there {
        note(facts, "overrun", Some(data.start), Some(format!("data has {there} of {declared} bytes")));
        return (there, false);
    }
    (declared, true)
}

fn duration_ms(found: &Found, format: &WaveFormat, bytes: u64, whole: bool) -> Option<u64> {
    let rate = format.facts.sample_rate?;
    if matches!(format.tag, 1 | 3 | 6 | 7) && found.block > 0 {
        return milliseconds(bytes / u64::from(found.block), rate);
    }
    let counted = found.fact.filter(|&n| n > 0 && whole).and_then(|samples| milliseconds(samples, rate));
    counted.or_else(|| milliseconds(bytes, format.byte_rate))
}

/// `OriginationDate` and `OriginationTime`, any separator between their parts.
fn broadcast_date(bytes: &[u8], facts: &mut MediaFacts) {
    let (Some(date), Some(time)) = (array::<10>(bytes, 320), array::<8>(bytes, 330)) else { return };
    let mut text = date.to_vec();
    text.push(b' ');
    text.extend(time);
    created(&text, facts);
}

fn created(text: &[u8], facts: &mut MediaFacts) {
    let Some(raw) = ascii_field(text).filter(|_| facts.created.is_none()) else { return };
    facts.created = dates::instant(&raw);
    facts.created_raw = Some(raw);
}

/// Whether the file starts as a WAVE file does.
pub fn is_wave(head: &[u8]) -> bool {
    matches!(array::<4>(head, 0).as_ref(), Some(b"RIFF" | b"RF64" | b"BW64")) && array(head, 8) == Some(*b"WAVE")
}
