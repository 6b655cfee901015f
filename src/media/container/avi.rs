//! RIFF AVI (Microsoft, *AVI RIFF File Reference*; Matrox, *OpenDML AVI File Format Extensions 1.02*).
//!
//! The headers are read whole; sample data (`movi`) is stepped over, and its chunk headers are counted only when the
//! file was never finished and its headers therefore name no length.

mod header;
mod movi;

use self::header::{Headers, MediaType};
use super::anomalies::note;
use super::bytes::{ascii_field, read_up_to};
use super::dates;
use super::reader::ReadAt;
use super::riff::{Chunk, Chunks};
use crate::model::media::{AudioFacts, Container, GpsSource, Health, Kind, MediaFacts, VideoFacts};

/// Most chunk headers read outside `movi`; a long OpenDML recording has a few dozen.
const MOST_CHUNKS: u32 = 4096;
/// Most streams looked at.
const MOST_STREAMS: usize = 32;

/// Reads the facts of an AVI file. Never fails: what is missing is absent, what is wrong is an anomaly.
pub fn read(source: &dyn ReadAt) -> MediaFacts {
    let mut facts = MediaFacts { kind: Kind::Video, container: Some(Container::Avi), ..MediaFacts::default() };
    let found = Layout::walk(source, &mut facts);
    let headers = &found.headers;
    streams(headers, &mut facts);
    health(source, &found, &mut facts);
    let counted = (headers.is_unfinished() || found.movi_is_open).then(|| movi::count(source, &found)).flatten();
    facts.duration_ms = match counted {
        Some(counted) => {
            note(&mut facts, "duration_estimated", Some(counted.movi), Some(counted.to_string()));
            headers.frames_ms(counted.frames)
        }
        None => headers.duration_ms(),
    };
    facts
}

/// What a walk over the file's chunks found.
#[derive(Debug, Default)]
struct Layout {
    headers: Headers,
    /// The first list of samples.
    movi: Option<Chunk>,
    /// A list of samples has no length yet, as while it is being recorded.
    movi_is_open: bool,
    index: Option<Chunk>,
    /// Where the last chunk ends that was found, as its header says.
    end: u64,
}

impl Layout {
    fn walk(source: &dyn ReadAt, facts: &mut MediaFacts) -> Self {
        let mut found = Self::default();
        let mut budget = MOST_CHUNKS;
        let mut chunks = Chunks::new(source, 0, u64::MAX);
        while let Some(chunk) = chunks.next(&mut budget) {
            found.end = found.end.max(chunk.end);
            match &chunk.id {
                // A RIFF's own length is only compared, because a recorder that loses power never writes it.
                b"RIFF" => chunks.enter(&chunk),
                b"LIST" if chunk.is_list(b"movi") => {
                    found.movi_is_open |= chunk.end <= chunk.body;
                    found.movi.get_or_insert(chunk);
                    if found.movi_is_open {
                        return found;
                    }
                }
                b"LIST" => found.headers.read_list(source, &chunk, &mut budget, facts),
                b"idx1" => found.index = Some(chunk),
                _ => remark(&chunk, facts),
            }
        }
        found.end = found.end.max(chunks.position());
        found.leftover(source, chunks.position(), facts);
        found
    }

    /// Bytes behind the last chunk: zeros are a file system's preallocation, others are foreign.
    fn leftover(&self, source: &dyn ReadAt, at: u64, facts: &mut MediaFacts) {
        let rest = source.len().saturating_sub(at);
        if rest > 1 {
            let zeros = read_up_to(source, at, 4096).iter().all(|&b| b == 0);
            note(facts, if zeros { "zero_tail" } else { "garbage" }, Some(at), Some(format!("{rest} bytes")));
        }
    }
}

/// Chunks outside the lists in which makers put position tracks.
fn remark(chunk: &Chunk, facts: &mut MediaFacts) {
    if chunk.id.to_ascii_lowercase().starts_with(b"gps") && facts.gps.len() < 16 {
        facts.gps.push(GpsSource { kind: chunk.name(), offset: Some(chunk.start), position: None });
    }
}

fn streams(headers: &Headers, facts: &mut MediaFacts) {
    facts.tracks = Some(u32::try_from(headers.streams.len()).unwrap_or(u32::MAX));
    facts.video = headers.first(MediaType::Video).map(|s| VideoFacts {
        codec: s.codec.clone(),
        width: s.width.or(headers.width),
        height: s.height.or(headers.height),
        rotation: None,
        fps: s.rate().or(headers.fps),
    });
    let sound = headers.first(MediaType::Audio);
    facts.audio = sound.map(|s| s.wave.as_ref().map_or_else(AudioFacts::default, |w| w.facts.clone()));
    if facts.video.is_none() && facts.audio.is_some() {
        facts.kind = Kind::Audio;
    }
}

fn health(source: &dyn ReadAt, found: &Layout, facts: &mut MediaFacts) {
    let file_end = source.len();
    if found.headers.streams.is_empty() {
        note(facts, "no_tracks", None, Some("no stream header".to_owned()));
        facts.health = Health::Damaged;
        return;
    }
    let mut whole = true;
    let mut fault = |code, offset, detail: String, facts: &mut MediaFacts| {
        note(facts, code, offset, Some(detail));
        whole = false;
    };
    match &found.movi {
        None => fault("no_movi", None, "no list of samples".to_owned(), facts),
        Some(movi) if found.movi_is_open => {
            fault("unfinished", Some(movi.start), "the list of samples was never closed".to_owned(), facts);
        }
        Some(_) if found.end > file_end.saturating_add(1) => {
            fault("overrun", Some(file_end), format!("chunks end at {}, the file at {file_end}", found.end), facts);
        }
        Some(movi) => match &found.index {
            Some(index) => {
                if let Some(end) = movi::indexed_end(source, movi, index).filter(|&end| end > file_end) {
                    fault("samples_beyond_eof", Some(index.start), format!("a sample ends at {end}"), facts);
                }
            }
            None if found.headers.has_index => fault("no_index", None, "idx1 is missing".to_owned(), facts),
            None => {}
        },
    }
    facts.health = if whole { Health::Ok } else { Health::Partial };
}

/// A creation time, the first one that reads winning; its raw text is kept even when it does not read.
fn created(facts: &mut MediaFacts, text: &[u8]) {
    let Some(raw) = ascii_field(text) else { return };
    let at = dates::instant(&raw);
    if facts.created.is_none() && (at.is_some() || facts.created_raw.is_none()) {
        facts.created = at;
        facts.created_raw = Some(raw);
    }
}

#[cfg(test)]
mod tests;
