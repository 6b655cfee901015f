//! From what was read to the facts of a clip.

use crate::model::media::{AudioFacts, Container, Health, Kind, MediaFacts, VideoFacts};

use super::fragments::Fragments;
use super::movie::{MeasuredTrack, Movie};
use super::samples::Timing;
use super::tags::{MOST_SOURCES, Tags};
use super::track::TrackKind;
use super::walk::{FourCc, Scan};
use super::{TopLevel, crosscheck, headers};

/// Puts the facts together, and judges the file's health.
pub(super) fn assemble(mut scan: Scan<'_>, file: TopLevel) -> MediaFacts {
    let mut facts = MediaFacts { container: Some(Container::Isobmff), ..MediaFacts::default() };
    let still = file.meta && file.movie.is_none() && file.brand.is_some_and(is_still);
    match &file.movie {
        Some(movie) => movie_facts(&mut scan, movie, &file.fragments, &mut facts),
        None if still => {}
        None => scan.findings.note("no_moov", None, None),
    }
    facts.kind = if still { Kind::Photo } else { kind(&facts, file.brand) };
    tag_facts(file.movie.map(|m| m.tags).unwrap_or_default(), file.places, &mut facts);
    facts.health = match facts.tracks {
        None if still => Health::Ok,
        None | Some(0) => Health::Damaged,
        Some(_) if scan.findings.damaged => Health::Damaged,
        Some(_) if scan.findings.partial => Health::Partial,
        Some(_) => Health::Ok,
    };
    facts.anomalies = scan.findings.into_anomalies();
    facts
}

fn movie_facts(scan: &mut Scan<'_>, movie: &Movie, fragments: &Fragments, facts: &mut MediaFacts) {
    facts.tracks = Some(movie.track_count);
    if movie.track_count == 0 {
        scan.findings.note("no_tracks", None, None);
    }
    facts.duration_ms = movie.millis(fragments);
    facts.video = movie.first(TrackKind::Video).map(|t| video(scan, t, fragments));
    facts.audio = movie.first(TrackKind::Audio).map(audio);
    created(scan, movie, facts);
    samples_there(scan, movie, fragments);
    if movie.track_count > 0 {
        crosscheck::compare(scan, movie, facts.duration_ms);
    }
}

/// The creation time, and what is odd about it.
fn created(scan: &mut Scan<'_>, movie: &Movie, facts: &mut MediaFacts) {
    let apple = movie.tags.creation_date.as_ref();
    if let Some(header) = movie.header {
        let raw = header.created_raw;
        let (at, unix) = headers::created(raw);
        facts.created = at;
        facts.created_raw = Some(raw.to_string());
        let oddity = match at {
            _ if unix => Some("unix_epoch_time"),
            None if raw != 0 => Some("creation_out_of_range"),
            Some(at) if at.0 == 0 => Some("clock_unset"),
            _ => None,
        };
        if let Some(code) = oddity {
            scan.findings.note(code, Some(header.offset), raw.to_string());
        }
    }
    if let Some((date, offset)) = apple
        && apple_date(date) != facts.created
    {
        let ours = facts.created.map_or("none".to_owned(), |at| at.to_string());
        scan.findings.note("creation_date", Some(*offset), format!("{date}, mvhd {ours}"));
    }
}

/// Apple writes `2019-02-12T15:27:12+0800`, with or without the colon.
fn apple_date(text: &str) -> Option<crate::model::time::Micros> {
    text.parse().ok().or_else(|| {
        let (head, minutes) = text.split_at_checked(text.len().checked_sub(2)?)?;
        format!("{head}:{minutes}").parse().ok()
    })
}

/// Samples past the end of the file make it partial.
fn samples_there(scan: &mut Scan<'_>, movie: &Movie, fragments: &Fragments) {
    let sum = |of: fn(&MeasuredTrack) -> u64| movie.tracks.iter().map(of).fold(0, u64::saturating_add);
    let placed = sum(|t| t.extent.placed).saturating_add(fragments.placed);
    let beyond = sum(|t| t.extent.beyond).saturating_add(fragments.beyond);
    if beyond > 0 {
        scan.findings.partial = true;
        let detail = format!("{beyond} of {placed} samples");
        scan.findings.note("samples_beyond_eof", Some(scan.window.len()), detail);
    }
    if movie.track_count > 0 && placed == 0 {
        scan.findings.note("no_samples", None, None);
    }
}

fn video(scan: &mut Scan<'_>, measured: &MeasuredTrack, fragments: &Fragments) -> VideoFacts {
    let track = &measured.track;
    let entry = track.entry.as_ref();
    let size = |own: Option<u16>, presented: u32| {
        own.map(u32::from).filter(|&n| n != 0).or(Some(presented).filter(|&n| n != 0))
    };
    if track.header.mirrored {
        scan.findings.note("mirrored", Some(track.offset), None);
    }
    VideoFacts {
        codec: entry.map(|e| e.codec.clone()),
        width: size(entry.map(|e| e.width), track.header.width),
        height: size(entry.map(|e| e.height), track.header.height),
        rotation: track.header.rotation,
        fps: frames_per_second(measured, measured.total(fragments)),
    }
}

/// Mean frames per second to three decimals.
fn frames_per_second(measured: &MeasuredTrack, total: Timing) -> Option<f64> {
    let scale = f64::from(measured.track.timescale()?);
    let declared = measured.track.media.and_then(|m| m.duration);
    let ticks = Some(total.ticks).filter(|&t| t != 0).or(declared)?;
    #[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 occur in damaged files only")]
    let rate = total.samples as f64 * scale / ticks as f64;
    let rounded = (rate * 1000.0).round() / 1000.0;
    (rounded.is_finite() && rounded > 0.0).then_some(rounded)
}

fn audio(measured: &MeasuredTrack) -> AudioFacts {
    let entry = measured.track.entry.as_ref();
    AudioFacts {
        codec: entry.map(|e| e.codec.clone()),
        sample_rate: entry.and_then(|e| e.sample_rate),
        channels: entry.and_then(|e| e.channels),
    }
}

fn tag_facts(mut tags: Tags, mut outside: Tags, facts: &mut MediaFacts) {
    tags.gps.append(&mut outside.gps);
    tags.gps.truncate(MOST_SOURCES);
    (facts.gps, facts.make, facts.model) = (tags.gps, tags.make, tags.model);
}

/// What the file is, by its tracks; where there are none, a recorder's file is taken to be a film unless its brand
/// says that it is sound.
fn kind(facts: &MediaFacts, brand: Option<FourCc>) -> Kind {
    let sound_brand = matches!(brand.as_ref(), Some(b"M4A " | b"M4B "));
    match (&facts.video, &facts.audio, facts.tracks.unwrap_or(0)) {
        (Some(_), ..) => Kind::Video,
        (None, Some(_), _) => Kind::Audio,
        (None, None, 0) if sound_brand => Kind::Audio,
        (None, None, 0) => Kind::Video,
        (None, None, _) => Kind::Unknown,
    }
}

/// Brands of still pictures (HEIF, AVIF).
fn is_still(brand: FourCc) -> bool {
    matches!(&brand, b"heic" | b"heix" | b"heim" | b"heis" | b"mif1" | b"avif")
}
