//! The `mp4` crate's reading of the canonical movie, compared with ours. Ours stays; a difference is noted.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use mp4::{MediaType, Mp4Reader, TrackType};

use super::canonical::{self, Canonical};
use super::movie::{MeasuredTrack, Movie};
use super::track::TrackKind;
use super::walk::Scan;

/// Reads and seeks allowed: more than the canonical movie's largest tables need.
const OPERATIONS: u32 = 4_000_000;

/// Rebuilds the movie, has the crate read it, and notes where the two differ.
///
/// A panic in the crate is caught here; the program's panic hook still reports it on standard error.
pub(super) fn compare(scan: &mut Scan<'_>, movie: &Movie, millis: Option<u64>) {
    let canonical = canonical::rebuild(scan, movie, millis);
    let differences = match typed(&canonical) {
        Ok(typed) => differences(&typed, &canonical, movie, millis),
        Err(reason) => return scan.findings.note("mp4_refused", None, reason),
    };
    for (track, difference) in differences {
        scan.findings.note("mp4_disagrees", track, difference);
    }
}

/// What the crate says of a file.
struct Typed {
    millis: u64,
    tracks: Vec<TypedTrack>,
}

/// What the crate says of a track.
struct TypedTrack {
    kind: Option<TrackType>,
    codec: Option<MediaType>,
    width: u16,
    height: u16,
    fps: f64,
    samples: u32,
    timescale: u32,
}

fn typed(canonical: &Canonical) -> Result<Typed, String> {
    let reader = Counted { inner: Cursor::new(canonical.bytes.as_slice()), left: OPERATIONS };
    let size = canonical.bytes.len() as u64;
    let tracks = u32::try_from(canonical.tracks.len()).unwrap_or(0);
    let read = catch_unwind(AssertUnwindSafe(|| {
        let file = Mp4Reader::read_header(reader, size)?;
        let track = |id| file.tracks().get(&id).ok_or(mp4::Error::TrakNotFound(id)).map(TypedTrack::of);
        let tracks = (1..=tracks).map(track).collect::<Result<_, _>>()?;
        Ok(Typed { millis: u64::try_from(file.duration().as_millis()).unwrap_or(u64::MAX), tracks })
    }));
    match read {
        Ok(Ok(typed)) => Ok(typed),
        Ok(Err::<_, mp4::Error>(e)) => Err(e.to_string()),
        Err(_) => Err("panicked".to_owned()),
    }
}

impl TypedTrack {
    fn of(track: &mp4::Mp4Track) -> Self {
        Self {
            kind: track.track_type().ok(),
            codec: track.media_type().ok(),
            width: track.width(),
            height: track.height(),
            fps: track.frame_rate(),
            samples: track.sample_count(),
            timescale: track.timescale(),
        }
    }
}

/// A difference, with the offset of the track it is in.
type Difference = (Option<u64>, String);

fn differences(typed: &Typed, canonical: &Canonical, movie: &Movie, millis: Option<u64>) -> Vec<Difference> {
    let mut found = Vec::new();
    if let Some(ours) = millis.filter(|ours| ours.abs_diff(typed.millis) > 1) {
        found.push((None, format!("duration: {ours} ms, mp4 {} ms", typed.millis)));
    }
    for (theirs, &index) in typed.tracks.iter().zip(&canonical.tracks) {
        if let Some(ours) = movie.tracks.get(index) {
            let texts = track_differences(theirs, ours);
            found.extend(texts.into_iter().map(|text| (Some(ours.track.offset), text)));
        }
    }
    found
}

fn track_differences(theirs: &TypedTrack, ours: &MeasuredTrack) -> Vec<String> {
    let track = &ours.track;
    let Some(entry) = &track.entry else { return Vec::new() };
    let mut found = Vec::new();
    let mut differ = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            found.push(format!("{what}: {ours}, mp4 {theirs}"));
        }
    };
    differ("kind", format!("{:?}", track.kind), theirs.kind.map_or("none", kind_name).to_owned());
    differ("codec", entry.codec.clone(), theirs.codec.map_or("none", codec_name).to_owned());
    let scale = track.timescale().unwrap_or(0);
    differ("time scale", scale.to_string(), theirs.timescale.to_string());
    let samples = track.tables.sizes.map_or(0, |s| s.count());
    differ("samples", samples.to_string(), theirs.samples.to_string());
    if track.kind == TrackKind::Video {
        let size = format!("{}×{}", entry.width, entry.height);
        differ("picture", size, format!("{}×{}", theirs.width, theirs.height));
        found.extend(rate_difference(theirs, ours));
    }
    found
}

/// Frame rates are compared loosely: the crate divides whole frames by whole milliseconds.
fn rate_difference(theirs: &TypedTrack, ours: &MeasuredTrack) -> Option<String> {
    let scale = f64::from(ours.track.timescale()?);
    let seconds = (ours.timing.ticks != 0).then(|| count(ours.timing.ticks) / scale)?;
    let rate = count(ours.timing.samples) / seconds;
    let slack = 1.0 + rate * (0.01 + 0.001 / seconds);
    ((rate - theirs.fps).abs() > slack).then(|| format!("frame rate: {rate:.3}, mp4 {}", theirs.fps))
}

#[expect(clippy::cast_precision_loss, reason = "compared loosely")]
fn count(n: u64) -> f64 {
    n as f64
}

fn kind_name(kind: TrackType) -> &'static str {
    match kind {
        TrackType::Video => "Video",
        TrackType::Audio => "Audio",
        TrackType::Subtitle => "Text",
    }
}

fn codec_name(codec: MediaType) -> &'static str {
    match codec {
        MediaType::H264 => "h264",
        MediaType::H265 => "hevc",
        MediaType::VP9 => "vp9",
        MediaType::AAC => "aac",
        MediaType::TTXT => "tx3g",
    }
}

/// A reader that refuses after so many operations; the crate gives up on the first error.
struct Counted<R> {
    inner: R,
    left: u32,
}

impl<R> Counted<R> {
    fn spend(&mut self) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("too many reads"))?;
        Ok(())
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.spend()?;
        self.inner.read(buf)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.spend()?;
        self.inner.seek(to)
    }
}
