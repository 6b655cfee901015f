//! Which of a clip's times is believed. All of them are kept as they are; this only chooses and says what is doubtful.
//!
//! Precedence: name, sidecar, container, file, arrival. A time that was clearly never set or lies in the future is
//! passed over when a later source is plausible.
//!
//! Doubts, stable words, each about one source where one is named behind the colon:
//! * `before_2016:name`, `:sidecar`, `:container`, `:file`, `:arrived`: before 2016-01-01 local time, the clock was
//!   never set;
//! * `future:…`: more than a day after the arrival;
//! * `far_from:…`: a plausible other source is more than a day away from the chosen time (arrival excepted: a late
//!   hand-in is no fault of the clock);
//! * `container_local_time`: the container's time agrees with another source once it is read as local time instead of
//!   UTC;
//! * `container_is_end`: the container's time is the end of the recording.
//!
//! When the container itself is chosen, the two last doubts are proved against the file's time and the chosen time is
//! put right by them; the container's own time stays as it is in its own field.

use crate::model::clip::TimeSource;
use crate::model::time::{DAY_US, Micros, SECOND_US, UtcOffset};

/// How far two times of the same moment may lie apart: a recorder writes its file a few seconds late.
const SAME_MOMENT_US: i64 = 5 * SECOND_US;

/// The times of a clip, each already an instant.
#[derive(Debug, Clone, Copy)]
pub struct ClockInput {
    /// From the file's name, read at the court's offset.
    pub name: Option<Micros>,
    /// From a sidecar, read at the court's offset.
    pub sidecar: Option<Micros>,
    /// The container's creation time, read as UTC.
    pub container: Option<Micros>,
    /// The source file's modification time.
    pub file: Option<Micros>,
    /// When the file was received.
    pub arrived: Micros,
    /// Duration of the recording in milliseconds.
    pub duration_ms: Option<u64>,
    /// The court's distance from UTC.
    pub utc_offset: UtcOffset,
}

/// The time that is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The start of the recording.
    pub recorded: Micros,
    /// Where it comes from.
    pub source: TimeSource,
    /// What is doubtful, by the stable words of this module.
    pub doubts: Vec<String>,
}

/// Chooses the time of the recording.
pub fn choose(input: &ClockInput) -> Chosen {
    let times = input.times();
    let plausible: Vec<(TimeSource, Micros)> =
        times.iter().copied().filter(|(_, at)| input.fault(*at).is_none()).collect();
    let (source, at) = plausible.first().or(times.first()).copied().unwrap_or((TimeSource::Arrived, input.arrived));
    let mut doubts: Vec<String> = times
        .iter()
        .filter_map(|(source, at)| input.fault(*at).map(|word| format!("{word}:{}", source.as_str())))
        .collect();
    let reading = input.container_reading(source, at);
    doubts.extend(reading.doubts().map(str::to_owned));
    for (other, time) in plausible {
        let explained = other == TimeSource::Container && reading != ContainerReading::default();
        if !explained && is_far(source, at, other, time) {
            doubts.push(format!("far_from:{}", other.as_str()));
        }
    }
    let shift = if source == TimeSource::Container { input.shift(reading) } else { 0 };
    Chosen { recorded: Micros(at.0.saturating_sub(shift)), source, doubts }
}

fn is_far(source: TimeSource, at: Micros, other: TimeSource, time: Micros) -> bool {
    let compared = source != TimeSource::Arrived && other != TimeSource::Arrived;
    compared && at.0.abs_diff(time.0) > DAY_US.unsigned_abs()
}

/// How the container's time has to be read to agree with another source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct ContainerReading {
    local: bool,
    end: bool,
}

impl ContainerReading {
    fn doubts(self) -> impl Iterator<Item = &'static str> {
        let local = self.local.then_some("container_local_time");
        local.into_iter().chain(self.end.then_some("container_is_end"))
    }
}

impl ClockInput {
    /// The times that are there, the most trusted first.
    fn times(&self) -> Vec<(TimeSource, Micros)> {
        let all = [
            (TimeSource::Name, self.name),
            (TimeSource::Sidecar, self.sidecar),
            (TimeSource::Container, self.container),
            (TimeSource::File, self.file),
            (TimeSource::Arrived, Some(self.arrived)),
        ];
        all.into_iter().filter_map(|(source, at)| at.map(|at| (source, at))).collect()
    }

    /// Why a time cannot be right.
    fn fault(&self, at: Micros) -> Option<&'static str> {
        let first = jiff::civil::date(super::name::FIRST_CREDIBLE_YEAR, 1, 1).at(0, 0, 0, 0);
        if Micros::from_civil(first, self.utc_offset).is_some_and(|first| at < first) {
            return Some("before_2016");
        }
        (at.0.saturating_sub(self.arrived.0) > DAY_US).then_some("future")
    }

    fn offset_us(&self) -> i64 {
        i64::from(self.utc_offset.0.seconds()) * SECOND_US
    }

    fn duration_us(&self) -> i64 {
        self.duration_ms.and_then(|ms| i64::try_from(ms).ok()).and_then(|ms| ms.checked_mul(1000)).unwrap_or(0)
    }

    /// What has to be taken from the container's time to get the start as UTC.
    fn shift(&self, reading: ContainerReading) -> i64 {
        let local = if reading.local { self.offset_us() } else { 0 };
        let end = if reading.end { self.duration_us() } else { 0 };
        local.saturating_add(end)
    }

    /// How the container is to be read so that it agrees with the chosen time: as it is, first of all. A chosen
    /// container is held against the file's time, which is the start or the end of the recording when the copy kept it.
    fn container_reading(&self, source: TimeSource, chosen: Micros) -> ContainerReading {
        let readings = [(false, false), (true, false), (false, true), (true, true)];
        let (Some(container), Some(anchors)) = (self.container, self.anchors(source, chosen)) else {
            return ContainerReading::default();
        };
        let agrees = |reading: &ContainerReading| {
            let at = container.0.saturating_sub(self.shift(*reading));
            anchors.iter().any(|anchor| at.abs_diff(anchor.0) <= SAME_MOMENT_US.unsigned_abs())
        };
        readings.into_iter().map(|(local, end)| ContainerReading { local, end }).find(agrees).unwrap_or_default()
    }

    /// The instants one of which is surely the start of the recording.
    fn anchors(&self, source: TimeSource, chosen: Micros) -> Option<Vec<Micros>> {
        match source {
            TimeSource::Name | TimeSource::Sidecar => Some(vec![chosen]),
            TimeSource::Container => {
                let file = self.file.filter(|at| self.fault(*at).is_none())?;
                Some(vec![file, Micros(file.0.saturating_sub(self.duration_us()))])
            }
            TimeSource::File | TimeSource::Arrived => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Option<Micros> {
        Some(text.parse().unwrap())
    }

    /// Arrived in the evening in China; everything else absent.
    fn input() -> ClockInput {
        ClockInput {
            name: None,
            sidecar: None,
            container: None,
            file: None,
            arrived: at("2024-05-08T12:00:00Z").unwrap(),
            duration_ms: Some(600_000),
            utc_offset: UtcOffset::CHINA,
        }
    }

    fn check(input: &ClockInput, recorded: &str, source: TimeSource, doubts: &[&str]) {
        let chosen = choose(input);
        assert_eq!((chosen.recorded.to_string(), chosen.source), (recorded.to_owned(), source));
        assert_eq!(chosen.doubts, doubts);
    }

    const START: &str = "2024-05-08T05:29:20Z";

    #[test]
    fn precedence() {
        let all = ClockInput {
            name: at(START),
            sidecar: at("2024-05-08T05:29:21Z"),
            container: at("2024-05-08T05:29:22Z"),
            file: at("2024-05-08T05:39:20Z"),
            ..input()
        };
        check(&all, START, TimeSource::Name, &[]);
        let all = ClockInput { name: None, ..all };
        check(&all, "2024-05-08T05:29:21Z", TimeSource::Sidecar, &[]);
        let all = ClockInput { sidecar: None, ..all };
        check(&all, "2024-05-08T05:29:22Z", TimeSource::Container, &[]);
        let all = ClockInput { container: None, ..all };
        check(&all, "2024-05-08T05:39:20Z", TimeSource::File, &[]);
        check(&input(), "2024-05-08T12:00:00Z", TimeSource::Arrived, &[]);
    }

    #[test]
    fn a_clock_never_set_is_passed_over() {
        let reset = ClockInput { name: at("2010-01-01T01:33:09Z"), ..input() };
        check(&reset, "2024-05-08T12:00:00Z", TimeSource::Arrived, &["before_2016:name"]);
        let reset = ClockInput { container: at("1904-01-01T00:00:00Z"), file: at(START), ..reset };
        check(&reset, START, TimeSource::File, &["before_2016:name", "before_2016:container"]);
        // The boundary is local: 2016 begins at 16:00 UTC in China.
        let new_year = ClockInput { name: at("2015-12-31T16:00:00Z"), ..input() };
        check(&new_year, "2015-12-31T16:00:00Z", TimeSource::Name, &[]);
        let before = ClockInput { name: at("2015-12-31T15:59:59Z"), ..input() };
        check(&before, "2024-05-08T12:00:00Z", TimeSource::Arrived, &["before_2016:name"]);
    }

    #[test]
    fn the_future_is_passed_over() {
        let late = ClockInput { name: at("2024-05-09T12:00:01Z"), sidecar: at(START), ..input() };
        check(&late, START, TimeSource::Sidecar, &["future:name"]);
        let allowed = ClockInput { name: at("2024-05-09T12:00:00Z"), ..input() };
        check(&allowed, "2024-05-09T12:00:00Z", TimeSource::Name, &[]);
    }

    #[test]
    fn nothing_plausible_takes_the_first() {
        let broken = ClockInput { arrived: at("1970-01-02T00:00:00Z").unwrap(), name: at(START), ..input() };
        check(&broken, START, TimeSource::Name, &["future:name", "before_2016:arrived"]);
    }

    #[test]
    fn sources_that_disagree() {
        let apart = ClockInput {
            name: at("2024-05-01T05:29:20Z"),
            container: at(START),
            file: at("2024-05-02T05:29:20Z"),
            ..input()
        };
        check(&apart, "2024-05-01T05:29:20Z", TimeSource::Name, &["far_from:container"]);
    }

    #[test]
    fn container_in_local_time_or_at_the_end() {
        let local = ClockInput { name: at(START), container: at("2024-05-08T13:29:22Z"), ..input() };
        check(&local, START, TimeSource::Name, &["container_local_time"]);
        let end = ClockInput { container: at("2024-05-08T05:39:20Z"), ..local };
        check(&end, START, TimeSource::Name, &["container_is_end"]);
        let both = ClockInput { container: at("2024-05-08T13:39:20Z"), ..local };
        check(&both, START, TimeSource::Name, &["container_local_time", "container_is_end"]);
        let neither = ClockInput { container: at("2024-05-08T09:00:00Z"), ..local };
        check(&neither, START, TimeSource::Name, &[]);
        let utc = ClockInput { utc_offset: UtcOffset::UTC, ..local };
        check(&utc, START, TimeSource::Name, &[]);
        let long = ClockInput {
            duration_ms: Some(90_000_000),
            name: at("2024-05-06T05:29:20Z"),
            container: at("2024-05-07T06:29:20Z"),
            ..input()
        };
        check(&long, "2024-05-06T05:29:20Z", TimeSource::Name, &["container_is_end"]);
    }

    #[test]
    fn a_chosen_container_is_put_right_by_the_file() {
        let local = ClockInput { container: at("2024-05-08T13:29:20Z"), file: at("2024-05-08T05:39:21Z"), ..input() };
        check(&local, START, TimeSource::Container, &["container_local_time"]);
        let unproved = ClockInput { file: at("2024-05-08T07:00:00Z"), ..local };
        check(&unproved, "2024-05-08T13:29:20Z", TimeSource::Container, &[]);
    }

    proptest! {
        #[test]
        fn any_times_are_chosen_from(times in prop::array::uniform4(any::<Option<i64>>()), arrived: i64, duration_ms: Option<u64>) {
            let [name, sidecar, container, file] = times.map(|t| t.map(Micros));
            let input = ClockInput { name, sidecar, container, file, arrived: Micros(arrived), duration_ms, ..input() };
            let chosen = choose(&input);
            let times = input.times();
            let said = times.iter().find(|(source, _)| *source == chosen.source).unwrap().1;
            prop_assert!(said == chosen.recorded || chosen.source == TimeSource::Container);
            if times.iter().any(|(_, at)| input.fault(*at).is_none()) {
                prop_assert_eq!(input.fault(said), None);
            }
        }
    }
}
