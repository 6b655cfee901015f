//! One elementary stream: its times and the bytes that describe it.

use std::collections::BTreeMap;

use super::super::anomalies::note;
use super::super::sound::{ac3, adts, mpeg};
use super::super::sps::{self, Picture};
use super::clock::{self, TICKS};
use super::packet::{Packet, Packets};
use super::psi::{Carries, Tables};
use crate::model::media::{AudioFacts, MediaFacts, VideoFacts};

/// Most times kept of one read.
const MOST_TIMES: usize = 4096;
/// Most bytes of the stream kept while looking for its first header.
const MOST_BYTES: usize = 4 << 20;
/// Pictures in which the earliest time is looked for; they are not stored in the order they are shown.
const REORDER: usize = 32;
/// PES packets from which a picture rate is believed although the sequence header says another.
const SURE: usize = 8;

/// What a track holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    Video,
    Audio,
}

/// A stream that is being read.
#[derive(Debug)]
pub(super) struct Track {
    pid: u16,
    pub(super) media: Media,
    codec: Option<&'static str>,
    pub(super) times: Vec<u64>,
    /// The stream's bytes: of pictures from the first start on, of sound since the last start.
    bytes: Vec<u8>,
    pub(super) picture: Option<Picture>,
    sound: AudioFacts,
}

/// The first track of pictures and the first of sound; guessed from the PES headers when there are no tables.
pub(super) fn choose(tables: &Tables, bytes: &[u8], stride: usize) -> (Option<Track>, Option<Track>) {
    if tables.streams.is_empty() {
        return guess(bytes, stride);
    }
    let mut streams = tables.streams.iter();
    let video = streams.clone().find_map(|s| match s.carries {
        Carries::Video(codec) => Some(Track::new(s.pid, Media::Video, Some(codec))),
        _ => None,
    });
    let audio = streams.find_map(|s| match s.carries {
        Carries::Audio(codec) => Some(Track::new(s.pid, Media::Audio, Some(codec))),
        _ => None,
    });
    (video, audio)
}

fn guess(bytes: &[u8], stride: usize) -> (Option<Track>, Option<Track>) {
    let mut media = BTreeMap::new();
    for packet in Packets::new(bytes, 0, stride).filter(|p| p.start) {
        match packet.payload {
            [0, 0, 1, 0xe0..=0xef, ..] => media.entry(Media::Video as u8).or_insert(packet.pid),
            [0, 0, 1, 0xc0..=0xdf, ..] => media.entry(Media::Audio as u8).or_insert(packet.pid),
            _ => continue,
        };
    }
    let found = |kind: Media| media.get(&(kind as u8)).map(|&pid| Track::new(pid, kind, None));
    (found(Media::Video), found(Media::Audio))
}

impl Track {
    fn new(pid: u16, media: Media, codec: Option<&'static str>) -> Self {
        let (times, bytes, sound) = (Vec::new(), Vec::new(), AudioFacts::default());
        Self { pid, media, codec, times, bytes, picture: None, sound }
    }

    /// The same track, to be read at another place.
    pub(super) fn again(&self) -> Self {
        Self::new(self.pid, self.media, self.codec)
    }

    /// Takes the next packet of the file.
    pub(super) fn push(&mut self, packet: &Packet<'_>) {
        if packet.pid != self.pid {
            return;
        }
        let mut payload = packet.payload;
        if packet.start {
            let Some((time, from)) = clock::pes(payload) else { return };
            if self.times.len() < MOST_TIMES {
                self.times.extend(time);
            } else if let (Some(slot), Some(time)) = (self.times.last_mut(), time) {
                *slot = time;
            }
            payload = payload.get(from..).unwrap_or_default();
            if self.media == Media::Audio {
                self.bytes.clear();
            }
        }
        let room = MOST_BYTES.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(payload.get(..room.min(payload.len())).unwrap_or_default());
    }

    /// Looks for the header that describes the stream in the bytes gathered.
    pub(super) fn inspect(&mut self) {
        match self.media {
            Media::Video => self.inspect_video(),
            Media::Audio => self.inspect_audio(),
        }
    }

    fn inspect_video(&mut self) {
        let candidates: &[&'static str] = match &self.codec {
            Some(known) => std::slice::from_ref(known),
            None => &["hevc", "h264"],
        };
        for &codec in candidates {
            let picture = match codec {
                "h264" => sps::h264(&self.bytes),
                "hevc" => sps::hevc(&self.bytes),
                "mpeg1" | "mpeg2" => sps::mpeg2(&self.bytes),
                _ => None,
            };
            if picture.is_some() {
                (self.picture, self.codec) = (picture, Some(codec));
                return;
            }
        }
    }

    fn inspect_audio(&mut self) {
        let described = match self.codec {
            Some("aac") => adts::frame(&self.bytes).map(|frame| AudioFacts {
                codec: None,
                sample_rate: Some(frame.sample_rate),
                channels: frame.channels,
            }),
            Some("mp3") => mpeg::describe(&self.bytes),
            Some("ac3") => ac3::describe(&self.bytes),
            _ => None,
        };
        self.sound = described.unwrap_or_default();
        if self.sound.codec.is_none() {
            self.sound.codec = self.codec.map(str::to_owned);
        }
    }

    /// Whether all is known that the stream can say.
    pub(super) fn is_clear(&self) -> bool {
        match self.media {
            Media::Video => self.picture.is_some() && self.times.len() >= SURE,
            Media::Audio => !self.times.is_empty(),
        }
    }

    /// The earliest time among the first pictures.
    pub(super) fn first_time(&self) -> Option<u64> {
        let &start = self.times.first()?;
        self.times.iter().take(REORDER).copied().min_by_key(|&t| clock::distance(start, t))
    }

    /// How long the sound in the last PES packet lasts, in ticks; `None` for formats whose frames are not known.
    pub(super) fn last_packet_ticks(&self) -> Option<f64> {
        let mut rest = self.bytes.as_slice();
        let mut ticks = 0.0;
        while self.codec == Some("aac")
            && let Some(frame) = adts::frame(rest)
        {
            ticks += f64::from(frame.samples) * TICKS / f64::from(frame.sample_rate.max(1));
            rest = rest.get(usize::try_from(frame.bytes).unwrap_or(usize::MAX)..).unwrap_or_default();
        }
        (ticks > 0.0).then_some(ticks)
    }

    pub(super) fn video_facts(&self, facts: &mut MediaFacts) -> VideoFacts {
        let declared = self.picture.and_then(|p| p.fps);
        let measured = clock::spacing(&self.times).map(|gap| TICKS / gap);
        let fps = match (declared, measured) {
            // Encoders that count ticks as pictures are common; what the times say is what is played.
            (Some(d), Some(m)) if self.times.len() >= SURE && (d / m - 1.0).abs() > 0.1 => {
                note(facts, "fps_disagrees", None, Some(format!("sequence header {d:.3}, times {m:.3}")));
                Some(m)
            }
            _ => declared.or(measured),
        };
        VideoFacts {
            codec: self.codec.map(str::to_owned),
            width: self.picture.map(|p| p.width),
            height: self.picture.map(|p| p.height),
            rotation: None,
            // Times hours apart in a damaged stream would round to 0, which is no rate.
            fps: fps.map(|fps| (fps * 1000.0).round() / 1000.0).filter(|&fps| fps > 0.0),
        }
    }

    pub(super) fn audio_facts(&self) -> AudioFacts {
        self.sound.clone()
    }
}
