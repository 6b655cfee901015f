//! Facts from a file's content. Every reader is bounded in time, memory and what it reads, and never fails: what is
//! missing is absent, what is wrong is an anomaly with its place.

pub mod anomalies;
pub mod avi;
pub mod bits;
pub mod bytes;
pub mod codecs;
pub mod dates;
pub mod isobmff;
pub mod mpegts;
pub mod photo;
pub mod reader;
pub mod riff;
pub mod sniff;
pub mod sound;
pub mod sps;

use std::cell::Cell;
use std::io;

use self::reader::ReadAt;
use self::sniff::Format;
use crate::model::media::{Health, Kind, MediaFacts};

/// Sniffs the content and reads the facts of it. Text is no clip: what a sidecar says is read elsewhere.
pub fn probe(source: &dyn ReadAt) -> MediaFacts {
    let watched = Watched { source, failed: Cell::new(None) };
    let mut facts = match sniff::sniff(&watched) {
        Format::Isobmff => isobmff::read(&watched),
        Format::Avi => avi::read(&watched),
        Format::Wav => sound::wav::read(&watched),
        Format::Mpegts(grid) => mpegts::read(&watched, grid),
        Format::Jpeg => photo::jpeg(&watched),
        Format::Png => photo::png(&watched),
        Format::Adts => sound::adts::read(&watched),
        Format::Mp3 => sound::mpeg::read(&watched),
        Format::Amr => sound::amr::read(&watched),
        Format::Text => unsupported(Kind::Text, None),
        Format::Empty => unsupported(Kind::Empty, Some("empty")),
        Format::AllZero => unsupported(Kind::Unknown, Some("all_zero")),
        Format::Unknown => unsupported(Kind::Unknown, Some("unknown_format")),
    };
    if let Some((offset, error)) = watched.failed.take() {
        // First, because it explains whatever else seems to be missing.
        let detail = Some(format!("the file could not be read there: {error}"));
        facts.anomalies.insert(0, anomalies::anomaly("read_error", Some(offset), detail));
        facts.anomalies.truncate(anomalies::MOST);
    }
    facts
}

fn unsupported(kind: Kind, code: Option<&str>) -> MediaFacts {
    let mut facts = MediaFacts { kind, health: Health::Unsupported, ..MediaFacts::default() };
    if let Some(code) = code {
        anomalies::note(&mut facts, code, None, None);
    }
    facts
}

/// A source that remembers the first read that failed, so that a bad disk is not taken for a bad file.
struct Watched<'a> {
    source: &'a dyn ReadAt,
    failed: Cell<Option<(u64, io::Error)>>,
}

impl ReadAt for Watched<'_> {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.source.read_at(offset, buf).inspect_err(|e| {
            let first = self.failed.take().unwrap_or_else(|| (offset, io::Error::from(e.kind())));
            self.failed.set(Some(first));
        })
    }
}

#[cfg(test)]
mod tests;
