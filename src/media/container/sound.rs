//! Sound notes: WAVE, AAC in ADTS frames, MPEG layer III, AMR.

pub mod ac3;
pub mod adts;
pub mod amr;
pub mod frames;
pub mod mpeg;
pub mod wav;

use self::frames::Frame;
use super::anomalies::note;
use crate::model::media::{AudioFacts, Container, Health, Kind, MediaFacts};

/// The facts every sound file starts with.
fn sound_facts(container: Container) -> MediaFacts {
    MediaFacts { kind: Kind::Audio, container: Some(container), tracks: Some(1), ..MediaFacts::default() }
}

/// Fills in what a walk over frames found.
fn from_frames(facts: &mut MediaFacts, codec: &str, walk: &frames::Walk) {
    let Some(frame) = walk.first else {
        note(facts, "no_tracks", None, Some("no frame".to_owned()));
        facts.health = Health::Damaged;
        return;
    };
    let Frame { sample_rate, channels, .. } = frame;
    facts.audio = Some(AudioFacts { codec: Some(codec.to_owned()), sample_rate: Some(sample_rate), channels });
    facts.duration_ms = milliseconds(walk.samples, sample_rate);
    facts.health = Health::Ok;
    if walk.estimated {
        note(facts, "duration_estimated", None, Some("from the frames of the first 4 MiB".to_owned()));
    }
    if let Some(at) = walk.lost {
        note(facts, "garbage", Some(at), Some("no frame where one should be".to_owned()));
    }
    if let Some(at) = walk.cut {
        note(facts, "overrun", Some(at), Some("the last frame is cut".to_owned()));
        facts.health = Health::Partial;
    }
}

/// How long this many samples last; `None` for no samples or no rate.
fn milliseconds(samples: u64, sample_rate: u32) -> Option<u64> {
    let rate = u128::from(sample_rate);
    let ms = (u128::from(samples) * 1000 + rate / 2).checked_div(rate)?;
    u64::try_from(ms).ok().filter(|&ms| ms > 0)
}

#[cfg(test)]
mod tests;
