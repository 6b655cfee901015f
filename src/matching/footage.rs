//! What matching goes by of a clip apart from its texts: who, when, and whether that time can be believed.

use std::collections::BTreeMap;

use super::Rules;
use crate::media::name::{FIRST_CREDIBLE_YEAR, is_never_set};
use crate::model::clip::TimeSource;
use crate::model::id::Id;
use crate::model::recording::{Recording, Segment, end_of, recordings};
use crate::model::time::{DAY_US, Micros, UtcOffset};

/// Who made a clip, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footage {
    /// The recorder's serial; none also when the device was never given one.
    pub recorder: Option<String>,
    /// The officer number; none also when the device was never given one.
    pub officer: Option<String>,
    /// The corrected start.
    pub start: Micros,
    /// How long it is.
    pub duration_ms: Option<u64>,
    /// The recorder's own file number.
    pub sequence: Option<u32>,
    /// Whether the start is the recorder's own, to the second; a file's time only says about when it was written or copied.
    pub exact: bool,
    /// Why the start cannot be believed.
    pub doubt: Option<ClockDoubt>,
}

/// Why a clip's time is not one to match by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockDoubt {
    /// The recorder's clock was never set: it shows a year before 2016.
    NeverSet,
    /// It lies more than a day after the arrival.
    Future,
    /// Nothing but the arrival is known.
    OnlyArrival,
}

/// The time of a clip with what is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Timing<'a> {
    /// The corrected start.
    pub recorded: Micros,
    /// Where it comes from.
    pub source: TimeSource,
    /// The clip's doubts, in the words of [`crate::media::clock`].
    pub doubts: &'a [String],
    /// When it was received.
    pub arrived: Micros,
    /// How long the clip is.
    pub duration_ms: Option<u64>,
    /// The distance from UTC that recorders show.
    pub utc_offset: UtcOffset,
}

impl Timing<'_> {
    /// Why the start cannot be believed. A file's own time is no witness once the recorder's clock was found unset: it may be the
    /// time of the copy.
    pub fn doubt(&self) -> Option<ClockDoubt> {
        let first = jiff::civil::date(FIRST_CREDIBLE_YEAR, 1, 1).at(0, 0, 0, 0);
        if Micros::from_civil(first, self.utc_offset).is_some_and(|first| self.recorded < first) {
            return Some(ClockDoubt::NeverSet);
        }
        if self.recorded.0.saturating_sub(self.arrived.0) > DAY_US {
            return Some(ClockDoubt::Future);
        }
        let device_unset = || self.doubts.iter().any(|d| d.starts_with("before_2016:") || d == "clock_never_set");
        match self.source {
            _ if self.is_of_device() => None,
            _ if device_unset() => Some(ClockDoubt::NeverSet),
            TimeSource::Arrived => Some(ClockDoubt::OnlyArrival),
            _ => None,
        }
    }

    fn is_of_device(&self) -> bool {
        matches!(self.source, TimeSource::Name | TimeSource::Sidecar | TimeSource::Container)
    }
}

impl Footage {
    /// What is known; ids that a device is delivered with say nothing.
    pub fn new(recorder: Option<&str>, officer: Option<&str>, sequence: Option<u32>, timing: &Timing<'_>) -> Self {
        let set = |id: Option<&str>| id.filter(|id| !is_never_set(id)).map(str::to_owned);
        Self {
            recorder: set(recorder),
            officer: set(officer),
            start: timing.recorded,
            duration_ms: timing.duration_ms,
            sequence,
            exact: timing.is_of_device(),
            doubt: timing.doubt(),
        }
    }

    /// Where it ends, when the duration is known.
    pub fn end(&self) -> Option<Micros> {
        end_of(self.start, self.duration_ms)
    }

    /// The clip as a segment of its recorder; none when recorder or time are not known exactly.
    pub fn segment(&self, clip: Id) -> Option<Segment> {
        let known = self.recorder.is_some() && self.exact && self.doubt.is_none();
        let (start, duration_ms, sequence) = (self.start, self.duration_ms, self.sequence);
        known.then_some(Segment { clip, start, duration_ms, sequence })
    }
}

/// The recordings that clips make up, those of each recorder in the order of time; clips that are no segments are in none.
pub fn recordings_of<'a>(clips: impl IntoIterator<Item = (Id, &'a Footage)>, rules: &Rules) -> Vec<Recording> {
    let mut by_recorder: BTreeMap<&str, Vec<Segment>> = BTreeMap::new();
    for (clip, footage) in clips {
        if let (Some(recorder), Some(segment)) = (&footage.recorder, footage.segment(clip)) {
            by_recorder.entry(recorder).or_default().push(segment);
        }
    }
    by_recorder.into_values().flat_map(|segments| recordings(segments, rules.segment_gap_us)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Micros {
        text.parse().unwrap()
    }

    fn doubt(recorded: &str, source: TimeSource, doubts: &[&str]) -> Option<ClockDoubt> {
        let doubts: Vec<String> = doubts.iter().map(|d| (*d).to_owned()).collect();
        Timing {
            recorded: at(recorded),
            source,
            doubts: &doubts,
            arrived: at("2026-11-24T08:00:00Z"),
            duration_ms: None,
            utc_offset: UtcOffset::CHINA,
        }
        .doubt()
    }

    #[test]
    fn what_time_is_believed() {
        assert_eq!(doubt("2026-11-24T01:00:00Z", TimeSource::Name, &["far_from:file"]), None);
        assert_eq!(doubt("2010-01-01T01:00:00Z", TimeSource::Name, &[]), Some(ClockDoubt::NeverSet));
        assert_eq!(doubt("2026-11-26T01:00:00Z", TimeSource::Name, &[]), Some(ClockDoubt::Future));
        assert_eq!(doubt("2026-11-24T01:00:00Z", TimeSource::File, &[]), None);
        assert_eq!(doubt("2026-11-24T01:00:00Z", TimeSource::File, &["before_2016:name"]), Some(ClockDoubt::NeverSet));
        assert_eq!(doubt("2026-11-24T01:00:00Z", TimeSource::Arrived, &[]), Some(ClockDoubt::OnlyArrival));
    }
}
