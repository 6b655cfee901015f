//! What was read in a file, each fact with where it was read. Absent is `None`, never 0, and not written.

use serde::{Deserialize, Serialize};

use super::time::Micros;

/// Whether the file can be read as what it is. Every value is accepted as evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Readable, and everything it points at is there.
    Ok,
    /// Its index is whole, but samples are cut off.
    Partial,
    /// No index, no tracks, or boxes that run past the end.
    Damaged,
    /// No known container, photo or sound format.
    #[default]
    Unsupported,
    /// The probe died or ran out of its limits on it.
    ProbeFailed,
}

impl Health {
    /// Every value.
    pub const ALL: [Self; 5] = [Self::Ok, Self::Partial, Self::Damaged, Self::Unsupported, Self::ProbeFailed];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Damaged => "damaged",
            Self::Unsupported => "unsupported",
            Self::ProbeFailed => "probe_failed",
        }
    }
}

/// What the content is, sniffed from the bytes and never from the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Moving pictures.
    Video,
    /// Sound alone.
    Audio,
    /// A still picture.
    Photo,
    /// Text, as sidecars are.
    Text,
    /// No bytes at all.
    Empty,
    /// Anything else.
    #[default]
    Unknown,
}

impl Kind {
    /// Every value.
    pub const ALL: [Self; 6] = [Self::Video, Self::Audio, Self::Photo, Self::Text, Self::Empty, Self::Unknown];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Photo => "photo",
            Self::Text => "text",
            Self::Empty => "empty",
            Self::Unknown => "unknown",
        }
    }
}

/// The container format, sniffed from the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Container {
    /// ISO base media (ISO/IEC 14496-12) and QuickTime: MP4, MOV, M4A, 3GP.
    Isobmff,
    /// RIFF AVI.
    Avi,
    /// MPEG-2 transport stream (ISO/IEC 13818-1).
    Mpegts,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// RIFF WAVE.
    Wav,
    /// AAC in ADTS frames.
    Adts,
    /// MPEG-1/2 layer III.
    Mp3,
    /// AMR narrow or wide band.
    Amr,
}

impl Container {
    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Isobmff => "isobmff",
            Self::Avi => "avi",
            Self::Mpegts => "mpegts",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Wav => "wav",
            Self::Adts => "adts",
            Self::Mp3 => "mp3",
            Self::Amr => "amr",
        }
    }
}

/// The first picture track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct VideoFacts {
    /// `h264`, `hevc`, `mpeg4`, `mjpeg`, …; the sample entry's four characters when it has no common name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// Width in pixels, before rotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height in pixels, before rotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Clockwise degrees a player turns the picture by: 0, 90, 180 or 270.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<u16>,
    /// Mean frames per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
}

/// The first sound track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct AudioFacts {
    /// `aac`, `pcm`, `g711a`, `g711u`, `amr`, `mp3`, …; the format's own code when it has no common name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// Samples per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<u32>,
    /// Channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<u16>,
}

/// A position on earth, WGS-84 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Latitude, north positive.
    pub lat: f64,
    /// Longitude, east positive.
    pub lon: f64,
}

impl Position {
    /// A position, when both are finite and on the globe; (0, 0) is a receiver without a fix and is refused.
    pub fn new(lat: f64, lon: f64) -> Option<Self> {
        let on_globe = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        (on_globe && (lat != 0.0 || lon != 0.0)).then_some(Self { lat, lon })
    }
}

/// Position data in a file: which kind, where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GpsSource {
    /// `©xyz`, `loci`, `apple`, `novatek`, `gpmd`, `text`, `sidecar`, …
    pub kind: String,
    /// Offset in the file, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The start position, when the format is public and holds one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// Something wrong or odd, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anomaly {
    /// A stable word: `no_moov`, `overrun`, `samples_beyond_eof`, `garbage`, `no_mvhd`, `zero_tail`, …
    pub code: String,
    /// Offset in the file, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Short detail, such as the box's name or two values that disagree; at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// All that a probe read in a file's content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct MediaFacts {
    /// What the content is.
    pub kind: Kind,
    /// The container, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Container>,
    /// Whether it can be read.
    pub health: Health,
    /// Duration in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Creation time as the container says, read as UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Micros>,
    /// The creation time's raw value in the container, such as seconds since 1904 or `IDIT`'s text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_raw: Option<String>,
    /// The first picture track.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoFacts>,
    /// The first sound track.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<AudioFacts>,
    /// Number of tracks of any kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracks: Option<u32>,
    /// Every source of position found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gps: Vec<GpsSource>,
    /// Maker of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub make: Option<String>,
    /// Model of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What is wrong or odd; at most 64 are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anomalies: Vec<Anomaly>,
}

impl MediaFacts {
    /// The first position any source gave.
    pub fn position(&self) -> Option<Position> {
        self.gps.iter().find_map(|g| g.position)
    }
}
