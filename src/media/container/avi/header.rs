//! `hdrl` and `INFO`: the main header, the stream headers and formats, and the creation time.

use super::super::bytes::array;
use super::super::codecs;
use super::super::reader::ReadAt;
use super::super::reader::slice::{i32_le, u16_le, u32_le};
use super::super::riff::{Chunk, Chunks, WaveFormat, wave_format};
use super::{MOST_STREAMS, created};
use crate::model::media::MediaFacts;

/// `AVIF_HASINDEX`.
const HAS_INDEX: u32 = 0x10;
/// Deepest lists that are followed: `hdrl` / `strl` or `odml`.
const DEPTH: u32 = 2;
/// Longest chunk of a header that is looked at.
const MOST_BYTES: usize = 4096;

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum MediaType {
    Video,
    Audio,
    #[default]
    Other,
}

/// One `strl`.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) media: MediaType,
    pub(super) codec: Option<String>,
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    pub(super) wave: Option<WaveFormat>,
    scale: u32,
    rate: u32,
    length: u32,
    handler: [u8; 4],
}

impl Stream {
    /// `dwRate / dwScale`: frames, or blocks of sound, per second.
    pub(super) fn rate(&self) -> Option<f64> {
        (self.scale > 0 && self.rate > 0).then(|| f64::from(self.rate) / f64::from(self.scale))
    }

    fn ms(&self, length: u32) -> Option<u64> {
        let ms = u64::from(length).checked_mul(u64::from(self.scale))?.checked_mul(1000)?;
        ms.checked_add(u64::from(self.rate) / 2)?.checked_div(u64::from(self.rate)).filter(|&ms| ms > 0)
    }
}

/// Everything the headers say.
#[derive(Debug, Default)]
pub(super) struct Headers {
    pub(super) streams: Vec<Stream>,
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    pub(super) fps: Option<f64>,
    pub(super) has_index: bool,
    /// `dmlh`: frames in all RIFFs; `avih` counts those of the first alone.
    total_frames: Option<u32>,
    main_frames: Option<u32>,
}

impl Headers {
    pub(super) fn first(&self, media: MediaType) -> Option<&Stream> {
        self.streams.iter().find(|s| s.media == media)
    }

    /// No stream has a length: the recorder never came back to write it.
    pub(super) fn is_unfinished(&self) -> bool {
        self.streams.iter().all(|s| s.length == 0) && self.total_frames.or(self.main_frames).is_none()
    }

    /// The longest stream's duration, as players show it.
    pub(super) fn duration_ms(&self) -> Option<u64> {
        let declared = self.streams.iter().filter(|s| s.media != MediaType::Other).filter_map(|s| {
            let whole = if s.media == MediaType::Video { self.total_frames } else { None };
            s.ms(s.length.max(whole.unwrap_or(0)))
        });
        declared.max().or_else(|| self.frames_ms(self.total_frames.or(self.main_frames)?))
    }

    /// How long this many pictures last.
    pub(super) fn frames_ms(&self, frames: u32) -> Option<u64> {
        let video = self.first(MediaType::Video)?;
        let fps = video.rate().or(self.fps)?;
        let ms = (f64::from(frames) * 1000.0 / fps).round();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
        (ms > 0.0 && ms < 1e15).then_some(ms as u64)
    }

    /// Reads a list of the top level: `hdrl` and `INFO`.
    pub(super) fn read_list(&mut self, source: &dyn ReadAt, list: &Chunk, budget: &mut u32, facts: &mut MediaFacts) {
        self.descend(source, list, DEPTH, budget, facts);
    }

    fn descend(&mut self, source: &dyn ReadAt, list: &Chunk, depth: u32, budget: &mut u32, facts: &mut MediaFacts) {
        let mut chunks = Chunks::new(source, list.body, list.end);
        if list.is_list(b"strl") && self.streams.len() < MOST_STREAMS {
            self.streams.push(Stream::default());
        }
        while let Some(chunk) = chunks.next(budget) {
            match (&chunk.id, depth.checked_sub(1)) {
                (b"LIST", Some(depth)) => self.descend(source, &chunk, depth, budget, facts),
                (b"LIST", None) | (b"JUNK", _) => {}
                _ => self.read_chunk(&chunk.id, &chunk.payload(source, MOST_BYTES), facts),
            }
        }
    }

    fn read_chunk(&mut self, id: &[u8; 4], bytes: &[u8], facts: &mut MediaFacts) {
        match id {
            b"avih" => self.main_header(bytes),
            b"dmlh" => self.total_frames = u32_le(bytes, 0).filter(|&n| n > 0),
            b"IDIT" | b"ICRD" => created(facts, bytes),
            b"strh" => self.stream_header(bytes),
            b"strf" => self.stream_format(bytes),
            _ => {}
        }
    }

    fn main_header(&mut self, bytes: &[u8]) {
        let number = |at| u32_le(bytes, at).filter(|&n| n > 0);
        self.fps = number(0).map(|us| 1e6 / f64::from(us));
        self.has_index = number(12).is_some_and(|flags| flags & HAS_INDEX != 0);
        self.main_frames = number(16);
        self.width = number(32);
        self.height = number(36);
    }

    fn stream_header(&mut self, bytes: &[u8]) {
        let Some(stream) = self.streams.last_mut() else { return };
        stream.media = match array::<4>(bytes, 0).as_ref() {
            Some(b"vids" | b"iavs") => MediaType::Video,
            Some(b"auds") => MediaType::Audio,
            _ => MediaType::Other,
        };
        stream.handler = array(bytes, 4).unwrap_or_default();
        stream.scale = u32_le(bytes, 20).unwrap_or(0);
        stream.rate = u32_le(bytes, 24).unwrap_or(0);
        stream.length = u32_le(bytes, 32).unwrap_or(0);
        if stream.media == MediaType::Video {
            stream.codec = codecs::video(stream.handler);
            let side =
                |from, to| Some(u32::from(u16_le(bytes, to)?.checked_sub(u16_le(bytes, from)?)?)).filter(|&n| n > 0);
            (stream.width, stream.height) = (side(48, 52), side(50, 54));
        }
    }

    fn stream_format(&mut self, bytes: &[u8]) {
        let Some(stream) = self.streams.last_mut() else { return };
        match stream.media {
            MediaType::Video => {
                // A negative height is a picture stored from the top down.
                let side = |at| i32_le(bytes, at).map(i32::unsigned_abs).filter(|&n| n > 0);
                stream.width = side(4).or(stream.width);
                stream.height = side(8).or(stream.height);
                stream.codec = array(bytes, 16).and_then(codecs::video).or(stream.codec.take());
            }
            MediaType::Audio => stream.wave = wave_format(bytes),
            MediaType::Other => {}
        }
    }
}
