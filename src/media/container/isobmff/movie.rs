//! `moov`: the movie's header, its tracks and its tags.

use super::fragments::Fragments;
use super::headers::{self, MovieHeader, millis};
use super::novatek;
use super::samples::{self, Extent, Timing};
use super::tags::{self, Tags};
use super::track::{self, Track, TrackKind};
use super::track_position;
use super::walk::{BoxAt, Place, Scan};

/// Most bytes of `moov` that are read.
const MOST_BYTES: u64 = 64 << 20;
/// Most tracks that are read; more are only counted.
const MOST_TRACKS: usize = 64;

/// A track with what its tables add up to.
#[derive(Debug, Default)]
pub(super) struct MeasuredTrack {
    pub(super) track: Track,
    /// Samples and ticks of `stts`.
    pub(super) timing: Timing,
    pub(super) extent: Extent,
}

impl MeasuredTrack {
    /// Samples and ticks of `stts` and of the fragments.
    pub(super) fn total(&self, fragments: &Fragments) -> Timing {
        let more = fragments.timing(self.track.header.id);
        Timing {
            samples: self.timing.samples.saturating_add(more.samples),
            ticks: self.timing.ticks.saturating_add(more.ticks),
        }
    }

    /// Duration in milliseconds: as `mdhd` says, or the sum where it says nothing or less than the fragments hold.
    fn millis(&self, fragments: &Fragments) -> Option<u64> {
        let scale = self.track.timescale()?;
        let declared = self.track.media.and_then(|m| m.duration);
        let summed = Some(self.total(fragments).ticks).filter(|&t| t != 0 && !fragments.incomplete);
        let ticks = if fragments.announced { declared.max(summed) } else { declared.or(summed) };
        millis(ticks?, scale)
    }
}

/// A movie.
#[derive(Debug, Default)]
pub(super) struct Movie {
    pub(super) header: Option<MovieHeader>,
    pub(super) tracks: Vec<MeasuredTrack>,
    /// Number of `trak` boxes.
    pub(super) track_count: u32,
    pub(super) tags: Tags,
}

impl Movie {
    /// The first track of a kind.
    pub(super) fn first(&self, kind: TrackKind) -> Option<&MeasuredTrack> {
        self.tracks.iter().find(|t| t.track.kind == kind)
    }

    fn timescale(&self) -> Option<u32> {
        self.header.map(|h| h.timescale).filter(|&t| t != 0)
    }

    /// Duration in milliseconds: the movie header's; where that says nothing the longest track's. In a fragmented file
    /// the longest of what header, `mehd` and fragments say, and what `sidx` says when they say nothing.
    pub(super) fn millis(&self, fragments: &Fragments) -> Option<u64> {
        let in_movie = |ticks: Option<u64>| millis(ticks?, self.timescale()?);
        let declared = in_movie(self.header.and_then(|h| h.duration));
        let longest = self.tracks.iter().filter_map(|t| t.millis(fragments)).max();
        if fragments.announced {
            let known = declared.max(in_movie(fragments.total)).max(longest);
            return known.or_else(|| fragments.indexed().and_then(|(ticks, scale)| millis(ticks, scale)));
        }
        let presented = || self.tracks.iter().filter_map(|t| in_movie(t.track.header.duration)).max();
        declared.or(longest).or_else(presented)
    }
}

/// Reads `moov`. Defaults for fragments go to `fragments`.
pub(super) fn read(scan: &mut Scan<'_>, moov: &BoxAt, fragments: &mut Fragments) -> Movie {
    let mut moov = *moov;
    if moov.len() > MOST_BYTES {
        scan.findings.note("limit", Some(moov.offset), format!("moov has {} bytes", moov.len()));
        moov.end = moov.body + MOST_BYTES;
    }
    let mut movie = Movie::default();
    let mut region = moov.inside(0, Place::Index);
    while let Some(b) = scan.next(&mut region) {
        match &b.kind {
            b"mvhd" => movie.header = headers::movie(scan, &b),
            b"trak" => read_track(scan, &b, &mut movie),
            b"udta" => tags::user_data(scan, &b, &mut movie.tags),
            b"meta" => tags::meta(scan, &b, &mut movie.tags),
            b"mvex" => fragments.extends(scan, &b),
            b"gps " => {
                let position = novatek::listed(scan, &b);
                movie.tags.add_place("novatek", b.offset, position);
            }
            b"cmov" => scan.findings.note("compressed_moov", Some(b.offset), None),
            _ => {}
        }
    }
    for measured in &mut movie.tracks {
        measured.timing = samples::timing(scan, &measured.track.tables);
        measured.extent = samples::extent(scan, &measured.track.tables);
        track_position::read(scan, measured, &mut movie.tags);
    }
    check_header(scan, &moov, &movie);
    movie
}

fn read_track(scan: &mut Scan<'_>, trak: &BoxAt, movie: &mut Movie) {
    movie.track_count += 1;
    if movie.tracks.len() < MOST_TRACKS {
        let track = track::read(scan, trak, &mut movie.tags);
        movie.tracks.push(MeasuredTrack { track, ..MeasuredTrack::default() });
    }
}

fn check_header(scan: &mut Scan<'_>, moov: &BoxAt, movie: &Movie) {
    match movie.header {
        None => scan.findings.note("no_mvhd", Some(moov.offset), None),
        Some(header) if header.timescale == 0 => {
            scan.findings.damaged = true;
            scan.findings.note("timescale_zero", Some(header.offset), "movie".to_owned());
        }
        Some(_) => {}
    }
}
