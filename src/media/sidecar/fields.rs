//! The fields that sidecars name, whatever the spelling, and what is done with their values.

use crate::model::media::Position;

use super::{SidecarFacts, values};
use crate::media::name::{FIRST_CREDIBLE_YEAR, is_never_set};

/// The longest value kept, in characters.
const MOST_CHARS: usize = 64;

/// A field, by what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Officer,
    OfficerName,
    Recorder,
    Begin,
    End,
    Duration,
    Longitude,
    Latitude,
    Important,
}

/// The field of an attribute's, element's or line's name. Case, `_`, `-` and spaces are no matter. `usrName policeNum
/// devNum videoDuration beginTime endTime` are the ones seen in recorders' files; the others are what such files may
/// as well say.
pub(super) fn field(name: &str) -> Option<Field> {
    let plain: String = name.chars().filter(|c| !matches!(c, '_' | '-') && !c.is_whitespace()).take(24).collect();
    Some(match plain.to_lowercase().as_str() {
        "policenum" | "policeno" | "policenumber" | "policeid" | "officernum" | "officerno" | "officer" | "警号"
        | "警员编号" => Field::Officer,
        "usrname" | "username" | "policename" | "officername" | "姓名" | "警员姓名" => Field::OfficerName,
        "devnum" | "devno" | "devid" | "devicenum" | "deviceno" | "deviceid" | "recorder" | "设备编号" | "设备号"
        | "执法仪编号" | "记录仪编号" => Field::Recorder,
        "begintime" | "starttime" | "开始时间" | "录制开始时间" => Field::Begin,
        "endtime" | "stoptime" | "结束时间" | "录制结束时间" => Field::End,
        "videoduration" | "duration" | "时长" | "录制时长" => Field::Duration,
        "longitude" | "lon" | "lng" | "经度" => Field::Longitude,
        "latitude" | "lat" | "纬度" => Field::Latitude,
        "important" | "imp" | "mark" | "重点" | "重点标记" | "重点文件" => Field::Important,
        _ => return None,
    })
}

/// Fills the facts; the first value of each field stays.
#[derive(Debug, Default)]
pub(super) struct Filler {
    longitude: Option<f64>,
    latitude: Option<f64>,
    /// A bare number: seconds or milliseconds.
    bare_duration: Option<u64>,
}

impl Filler {
    /// A new point begins: half of another is no part of it.
    pub(super) fn begin_point(&mut self) {
        self.longitude = None;
        self.latitude = None;
    }

    /// Puts a value where it belongs.
    pub(super) fn put(&mut self, facts: &mut SidecarFacts, field: Field, value: &str) {
        let value = value.trim();
        if field == Field::Important {
            facts.important |= values::is_marked(value);
        }
        if value.is_empty() {
            return;
        }
        match field {
            Field::Officer => keep(&mut facts.officer, value),
            Field::OfficerName => keep(&mut facts.officer_name, value),
            Field::Recorder => keep(&mut facts.recorder, value),
            Field::Begin if facts.begin.is_none() => facts.begin = read_time(facts, value),
            Field::End if facts.end.is_none() => facts.end = read_time(facts, value),
            Field::Duration => self.put_duration(facts, value),
            Field::Longitude => self.longitude = value.parse().ok(),
            Field::Latitude => self.latitude = value.parse().ok(),
            Field::Begin | Field::End | Field::Important => {}
        }
        self.put_point(facts);
    }

    fn put_duration(&mut self, facts: &mut SidecarFacts, value: &str) {
        if facts.duration_ms.is_some() || self.bare_duration.is_some() {
            return;
        }
        match values::duration(value) {
            Some(values::Duration::Millis(ms)) => facts.duration_ms = Some(ms),
            Some(values::Duration::Bare(n)) => self.bare_duration = Some(n),
            None => {}
        }
    }

    fn put_point(&mut self, facts: &mut SidecarFacts) {
        if let (None, Some(lat), Some(lon)) = (facts.position, self.latitude, self.longitude) {
            facts.position = Position::new(lat, lon);
            self.begin_point();
        }
    }

    /// Settles what needs the whole file: the unit of a bare duration.
    pub(super) fn finish(self, facts: &mut SidecarFacts) {
        let Some(n) = self.bare_duration else { return };
        let span =
            facts.begin.zip(facts.end).and_then(|(begin, end)| end.duration_since(begin).as_millis().try_into().ok());
        let seconds = n.saturating_mul(1000);
        facts.duration_ms = Some(match span {
            Some(span) if n.abs_diff(span) < seconds.abs_diff(span) => n,
            Some(_) => seconds,
            None => {
                facts.doubt("duration_unit_assumed");
                seconds
            }
        });
    }
}

fn keep(slot: &mut Option<String>, value: &str) {
    if slot.is_none() {
        *slot = Some(value.chars().filter(|c| !c.is_control()).take(MOST_CHARS).collect());
    }
}

fn read_time(facts: &mut SidecarFacts, value: &str) -> Option<jiff::civil::DateTime> {
    let Some(time) = values::time(value) else {
        facts.doubt("impossible_time");
        return None;
    };
    if time.zoned {
        facts.doubt("time_zone_ignored");
    }
    Some(time.at)
}

/// Doubts that follow from the facts themselves.
pub(super) fn finish(facts: &mut SidecarFacts) {
    let before = |at: Option<jiff::civil::DateTime>| at.is_some_and(|at| at.year() < FIRST_CREDIBLE_YEAR);
    if before(facts.begin) || before(facts.end) {
        facts.doubt("clock_never_set");
    }
    if facts.begin.zip(facts.end).is_some_and(|(begin, end)| end < begin) {
        facts.doubt("end_before_begin");
    }
    if facts.recorder.as_deref().is_some_and(is_never_set) {
        facts.doubt("recorder_never_set");
    }
    if facts.officer.as_deref().is_some_and(is_never_set) {
        facts.doubt("officer_never_set");
    }
}
