//! How well an action is recorded: by how many recorders, for how long, with which gaps.

use std::collections::BTreeMap;

use super::footage::Footage;
use crate::model::action::Window;
use crate::model::recording::covered_us;
use crate::model::time::Micros;

/// What was recorded of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The window that counts.
    pub window: Window,
    /// Recorders that recorded within it.
    pub present: u64,
    /// Time within it that at least one clip shows, in milliseconds.
    pub recorded_ms: i64,
    /// Each recorder, also one that was taken along and recorded nothing; clips whose recorder is not known stand together at the end.
    pub recorders: Vec<RecorderCoverage>,
}

/// What one recorder recorded of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecorderCoverage {
    /// Its serial; none: not known.
    pub recorder: Option<String>,
    /// Its clips of the action.
    pub clips: u64,
    /// Time within the window that they show, in milliseconds; each instant counts once.
    pub recorded_ms: i64,
    /// Times within the window that they do not show.
    pub gaps: Vec<Window>,
}

/// The coverage of a window by its action's clips; `taken_along` are the serials that the action names. Pauses of at most `gap_us` are
/// none: that is how recorders cut their files.
pub fn coverage<'a>(
    window: Window,
    taken_along: impl IntoIterator<Item = &'a String>,
    clips: &[&Footage],
    gap_us: i64,
) -> Coverage {
    let mut by_recorder: BTreeMap<&str, Vec<&Footage>> = BTreeMap::new();
    by_recorder.extend(taken_along.into_iter().map(|serial| (serial.as_str(), Vec::new())));
    let (known, unknown): (Vec<&Footage>, Vec<&Footage>) = clips.iter().partition(|clip| clip.recorder.is_some());
    for clip in known {
        by_recorder.entry(clip.recorder.as_deref().unwrap_or_default()).or_default().push(clip);
    }
    let one = |recorder: Option<&str>, clips: &[&Footage]| {
        let spans = spans_within(window, clips);
        RecorderCoverage {
            recorder: recorder.map(str::to_owned),
            clips: clips.len() as u64,
            recorded_ms: covered_us(spans.iter().copied()) / 1000,
            gaps: gaps(window, spans, gap_us),
        }
    };
    let mut recorders: Vec<RecorderCoverage> =
        by_recorder.iter().map(|(recorder, clips)| one(Some(recorder), clips)).collect();
    if !unknown.is_empty() {
        recorders.push(one(None, &unknown));
    }
    Coverage {
        window,
        present: recorders.iter().filter(|r| r.recorder.is_some() && r.recorded_ms > 0).count() as u64,
        recorded_ms: covered_us(spans_within(window, clips)) / 1000,
        recorders,
    }
}

fn spans_within(window: Window, clips: &[&Footage]) -> Vec<(Micros, Micros)> {
    let spans = clips.iter().filter_map(|clip| Some((clip.start.max(window.from), clip.end()?.min(window.to))));
    spans.filter(|(from, to)| to > from).collect()
}

fn gaps(window: Window, mut spans: Vec<(Micros, Micros)>, gap_us: i64) -> Vec<Window> {
    spans.sort_unstable();
    let (mut gaps, mut until) = (Vec::new(), window.from);
    for (from, to) in spans.into_iter().chain([(window.to, window.to)]) {
        if from.0.saturating_sub(until.0) > gap_us {
            gaps.push(Window { from: until, to: from });
        }
        until = until.max(to);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND_US;

    const GAP: i64 = 10 * SECOND_US;

    fn second(n: i64) -> Micros {
        Micros(n * SECOND_US)
    }

    fn clip(recorder: Option<&str>, start: i64, length: u64) -> Footage {
        Footage {
            recorder: recorder.map(str::to_owned),
            officer: None,
            start: second(start),
            duration_ms: Some(length * 1000),
            sequence: None,
            exact: true,
            doubt: None,
        }
    }

    #[test]
    fn each_recorder_with_its_gaps() {
        let window = Window { from: second(100), to: second(1100) };
        let clips =
            [clip(Some("a"), 0, 400), clip(Some("a"), 405, 295), clip(Some("b"), 900, 900), clip(None, 800, 100)];
        let taken = ["a".to_owned(), "c".to_owned()];
        let found = coverage(window, &taken, &clips.iter().collect::<Vec<_>>(), GAP);
        assert_eq!((found.present, found.recorded_ms), (2, 895_000));
        let by: Vec<_> = found.recorders.iter().map(|r| (r.recorder.as_deref(), r.clips, r.recorded_ms)).collect();
        assert_eq!(by, [(Some("a"), 2, 595_000), (Some("b"), 1, 200_000), (Some("c"), 0, 0), (None, 1, 100_000)]);
        assert_eq!(found.recorders[0].gaps, [Window { from: second(700), to: second(1100) }]);
        assert_eq!(found.recorders[1].gaps, [Window { from: second(100), to: second(900) }]);
        assert_eq!(found.recorders[2].gaps, [window]);
    }
}
