//! A recording: segments of one recorder that follow each other, as a recorder cuts what it records into files.

use std::ops::RangeInclusive;

use super::id::Id;
use super::time::{Micros, SECOND_US};

/// Longest pause between two files with consecutive numbers that still are one recording, in microseconds.
const NUMBERED_GAP_US: i64 = 60 * SECOND_US;
/// A longer duration is a fault of the file, and not believed; in microseconds.
const MOST_DURATION_US: i64 = 86_400 * SECOND_US;

/// One file of a recorder whose time is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The clip.
    pub clip: Id,
    /// Its start.
    pub start: Micros,
    /// How long it is; none: not known, as of a file cut off by power loss.
    pub duration_ms: Option<u64>,
    /// The recorder's own file number.
    pub sequence: Option<u32>,
}

impl Segment {
    /// Where it ends; its start when the duration is not known.
    pub fn end(&self) -> Micros {
        end_of(self.start, self.duration_ms).unwrap_or(self.start)
    }
}

/// Where a clip of this duration ends; none when the duration is not known or not believed.
pub fn end_of(start: Micros, duration_ms: Option<u64>) -> Option<Micros> {
    let us = i64::try_from(duration_ms?).ok()?.checked_mul(1000).filter(|us| *us <= MOST_DURATION_US)?;
    start.0.checked_add(us).map(Micros)
}

/// Consecutive segments of one recorder, ordered by start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    segments: Vec<Segment>,
}

/// A pause between two segments, or a time that both show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seam {
    /// The segment before.
    pub before: Id,
    /// The segment after.
    pub after: Id,
    /// Where it begins.
    pub from: Micros,
    /// Where it ends.
    pub to: Micros,
}

impl Seam {
    fn new(before: &Segment, after: &Segment, from: Micros, to: Micros) -> Self {
        Self { before: before.clip, after: after.clip, from, to }
    }
}

impl Recording {
    /// Its segments, ordered by start; at least one.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether this clip is one of its segments.
    pub fn holds(&self, clip: Id) -> bool {
        self.segments.iter().any(|s| s.clip == clip)
    }

    /// Where it begins.
    pub fn start(&self) -> Micros {
        self.segments.first().map_or(Micros(0), |s| s.start)
    }

    /// Where it ends.
    pub fn end(&self) -> Micros {
        self.segments.iter().map(Segment::end).max().unwrap_or(Micros(0))
    }

    /// Time with pictures, in milliseconds; what two segments show counts once.
    pub fn recorded_ms(&self) -> i64 {
        covered_us(self.segments.iter().map(|s| (s.start, s.end()))) / 1000
    }

    /// Pauses between segments.
    pub fn gaps(&self) -> Vec<Seam> {
        let pairs = self.pairs().into_iter().filter(|(before, after)| after.start > before.end());
        pairs.map(|(before, after)| Seam::new(before, after, before.end(), after.start)).collect()
    }

    /// Times that a segment and one before it both show.
    pub fn overlaps(&self) -> Vec<Seam> {
        let both = |(before, after): (&Segment, &Segment)| {
            Seam::new(before, after, after.start, before.end().min(after.end()))
        };
        self.pairs().into_iter().map(both).filter(|seam| seam.to > seam.from).collect()
    }

    /// Each segment but the first, with the one before it that ends last.
    fn pairs(&self) -> Vec<(&Segment, &Segment)> {
        let mut segments = self.segments.iter();
        let Some(mut last) = segments.next() else { return Vec::new() };
        let mut pairs = Vec::with_capacity(self.segments.len());
        for segment in segments {
            pairs.push((last, segment));
            if segment.end() >= last.end() {
                last = segment;
            }
        }
        pairs
    }

    /// File numbers that are missing between its segments.
    pub fn missing_sequences(&self) -> Vec<RangeInclusive<u32>> {
        let mut numbers: Vec<u32> = self.segments.iter().filter_map(|s| s.sequence).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let pairs = numbers.iter().zip(numbers.iter().skip(1));
        pairs.filter(|(a, b)| **b - **a > 1).map(|(a, b)| a + 1..=b - 1).collect()
    }
}

/// The time that spans cover together, in microseconds; each instant counts once.
pub fn covered_us(spans: impl IntoIterator<Item = (Micros, Micros)>) -> i64 {
    let mut spans: Vec<(Micros, Micros)> = spans.into_iter().filter(|(from, to)| to > from).collect();
    spans.sort_unstable();
    let (mut covered, mut until) = (0_i64, Micros(i64::MIN));
    for (from, to) in spans {
        let from = from.max(until);
        if to > from {
            covered = covered.saturating_add(to.0.saturating_sub(from.0));
            until = to;
        }
    }
    covered
}

/// The recordings that segments of one recorder make up, in the order of time. Two segments follow each other when the second begins
/// before or at most `gap_us` after the end of all before, or within a minute with the next file number.
pub fn recordings(mut segments: Vec<Segment>, gap_us: i64) -> Vec<Recording> {
    segments.sort_unstable_by_key(|s| (s.start, s.sequence, s.clip));
    let mut recordings: Vec<Recording> = Vec::new();
    let mut end = Micros(i64::MIN);
    for segment in segments {
        let pause = segment.start.0.saturating_sub(end.0);
        match recordings.last_mut() {
            Some(open) if pause <= gap_us || (pause <= NUMBERED_GAP_US && is_next(open, &segment)) => {
                end = end.max(segment.end());
                open.segments.push(segment);
            }
            _ => {
                end = segment.end();
                recordings.push(Recording { segments: vec![segment] });
            }
        }
    }
    recordings
}

fn is_next(open: &Recording, segment: &Segment) -> bool {
    let last = open.segments.last().and_then(|s| s.sequence);
    last.zip(segment.sequence).is_some_and(|(a, b)| a.checked_add(1) == Some(b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GAP: i64 = 10 * SECOND_US;

    /// A segment at `start` seconds, `length` seconds long.
    fn segment(clip: i64, start: i64, length: u64, sequence: u32) -> Segment {
        let start = Micros(start * SECOND_US);
        Segment { clip: Id(clip), start, duration_ms: Some(length * 1000), sequence: Some(sequence) }
    }

    fn clips(recordings: &[Recording]) -> Vec<Vec<i64>> {
        recordings.iter().map(|r| r.segments.iter().map(|s| s.clip.0).collect()).collect()
    }

    #[test]
    fn segments_that_follow_each_other_are_one_recording() {
        let found = recordings(
            vec![segment(3, 1250, 300, 3), segment(1, 0, 600, 1), segment(2, 610, 600, 2), segment(4, 1700, 60, 5)],
            GAP,
        );
        assert_eq!(clips(&found), [vec![1, 2, 3], vec![4]]);
        let gaps = found[0].gaps();
        assert_eq!(gaps.len(), 2);
        assert_eq!((gaps[1].before, gaps[1].after), (Id(2), Id(3)));
        assert_eq!((gaps[1].from, gaps[1].to), (Micros(1210 * SECOND_US), Micros(1250 * SECOND_US)));
        assert_eq!(found[0].recorded_ms(), 1_500_000);
    }

    #[test]
    fn a_number_that_does_not_follow_needs_the_smaller_gap() {
        assert_eq!(clips(&recordings(vec![segment(1, 0, 60, 1), segment(2, 80, 60, 3)], GAP)), [vec![1], vec![2]]);
        let found = recordings(vec![segment(1, 0, 60, 1), segment(2, 65, 60, 4)], GAP);
        assert_eq!(found[0].missing_sequences(), [2..=3]);
    }

    #[test]
    fn a_piece_within_another_does_not_end_it() {
        // A pre-record piece lies within the first segment.
        let found = recordings(vec![segment(1, 0, 600, 1), segment(9, 5, 10, 9), segment(2, 600, 600, 2)], GAP);
        assert_eq!(clips(&found), [vec![1, 9, 2]]);
        assert_eq!(found[0].gaps(), []);
        let overlaps = found[0].overlaps();
        assert_eq!(
            (overlaps.len(), overlaps[0].from, overlaps[0].to),
            (1, Micros(5 * SECOND_US), Micros(15 * SECOND_US))
        );
        assert_eq!(found[0].recorded_ms(), 1_200_000);
    }

    #[test]
    fn a_duration_of_years_is_not_believed() {
        assert_eq!(segment(1, 0, 90_000, 1).end(), Micros(0));
    }

    proptest! {
        #[test]
        fn every_segment_is_in_one_recording(
            of in proptest::collection::vec((0_i64..5_000, 0_u64..700, 0_u32..20), 0..40)
        ) {
            let segments: Vec<Segment> =
                of.iter().zip(1..).map(|((start, length, number), id)| segment(id, *start, *length, *number)).collect();
            let found = recordings(segments.clone(), GAP);
            let mut ids: Vec<i64> = clips(&found).concat();
            ids.sort_unstable();
            prop_assert_eq!(ids, (1..=segments.len() as i64).collect::<Vec<_>>());
            for pair in found.windows(2) {
                prop_assert!(pair[1].start().0 - pair[0].end().0 > GAP);
            }
            for recording in &found {
                let span = recording.end().0 - recording.start().0;
                let gaps: i64 = recording.gaps().iter().map(|g| g.to.0 - g.from.0).sum();
                prop_assert_eq!(recording.recorded_ms() * 1000, span - gaps);
                prop_assert!(recording.gaps().iter().chain(&recording.overlaps()).all(|s| s.to > s.from));
            }
        }
    }
}
