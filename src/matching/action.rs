//! By the actions of a clip's officer or recorder at its time.
//!
//! A clip belongs to an action when it begins within the window, with the buffer at both ends, or began before and reaches into the
//! window itself. The officer is the one whom the clip names, or else the one who had the recorder then. Cancelled actions are none.

use super::Rules;
use super::footage::Footage;
use super::register::Registers;
use super::unfiled::UnfiledReason;
use crate::model::action::Window;
use crate::model::id::Id;
use crate::model::reason::Reason;
use crate::model::time::{DAY_US, Micros, SECOND_US};

/// How far away an action may lie to be named as the nearest one, in microseconds.
pub const NEAREST_US: i64 = DAY_US;
const MINUTE_US: i64 = 60 * SECOND_US;

/// What matching knows of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outing {
    /// The action.
    pub id: Id,
    /// What is done.
    pub kind: String,
    /// Where; empty: not said.
    pub place: String,
    /// The window that counts.
    pub window: Window,
    /// It did not take place.
    pub cancelled: bool,
    /// Officer numbers.
    pub officers: Vec<String>,
    /// Serials.
    pub recorders: Vec<String>,
    /// Its cases, with their canonical numbers.
    pub cases: Vec<(Id, String)>,
}

/// What some clips are matched against.
#[derive(Debug, Clone, Default)]
pub struct Grounds {
    /// The registers.
    pub registers: Registers,
    /// The actions of these clips' officers and recorders around their times.
    pub outings: Vec<Outing>,
}

/// A case by an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByAction {
    /// The case.
    pub case: Id,
    /// Its canonical number.
    pub number: String,
    /// The action.
    pub action: Id,
    /// Why.
    pub reason: Reason,
}

/// How a clip's time fits a window; the better first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Begins,
    Reaches,
}

/// Through whom a clip belongs to an action; in both languages.
type Through = (String, String);

/// The cases of every action that a clip belongs to, each case once, by the action that fits best.
pub fn cases_by_action(footage: &Footage, grounds: &Grounds, rules: &Rules) -> Vec<ByAction> {
    let mut fitting: Vec<(Fit, u64, &Outing, Through)> = fitting(footage, grounds, rules).collect();
    fitting.sort_by_key(|(fit, away, outing, _)| (*fit, *away, outing.id));
    let mut found: Vec<ByAction> = Vec::new();
    for (fit, _, outing, through) in fitting {
        for (case, number) in &outing.cases {
            if found.iter().all(|f| f.case != *case) {
                let reason = reason(outing, fit, &through, footage, rules);
                found.push(ByAction { case: *case, number: number.clone(), action: outing.id, reason });
            }
        }
    }
    found
}

/// Whether a clip belongs to an action.
pub fn belongs(footage: &Footage, outing: &Outing, registers: &Registers, rules: &Rules) -> bool {
    fit(footage, outing, rules).is_some() && through(footage, outing, registers).is_some()
}

/// What was missing for a link by an action, when there is none.
pub fn missing(footage: &Footage, grounds: &Grounds, rules: &Rules) -> Vec<UnfiledReason> {
    let mut missing = unregistered(footage, &grounds.registers);
    if footage.recorder.is_none() && footage.officer.is_none() {
        missing.push(UnfiledReason::NobodyKnown);
        return missing;
    }
    if let Some(doubt) = footage.doubt {
        missing.push(UnfiledReason::ClockDoubtful(doubt));
        return missing;
    }
    let mut fitting = fitting(footage, grounds, rules).map(|(_, _, outing, _)| outing).peekable();
    if fitting.peek().is_none() {
        let who = who(footage, &grounds.registers);
        missing.push(UnfiledReason::NoAction { who, nearest: nearest(footage, grounds, rules) });
        return missing;
    }
    let caseless = fitting.filter(|outing| outing.cases.is_empty());
    missing.extend(caseless.map(|outing| UnfiledReason::ActionWithoutCase { action: label(outing, rules) }));
    missing
}

fn fitting<'a>(
    footage: &'a Footage,
    grounds: &'a Grounds,
    rules: &'a Rules,
) -> impl Iterator<Item = (Fit, u64, &'a Outing, Through)> {
    grounds.outings.iter().filter_map(|outing| {
        let fit = fit(footage, outing, rules)?;
        let through = through(footage, outing, &grounds.registers)?;
        Some((fit, footage.start.0.abs_diff(outing.window.from.0), outing, through))
    })
}

fn fit(footage: &Footage, outing: &Outing, rules: &Rules) -> Option<Fit> {
    if outing.cancelled || footage.doubt.is_some() {
        return None;
    }
    let window = outing.window.widened(rules.buffer_us);
    if window.holds(footage.start) {
        return Some(Fit::Begins);
    }
    let reaches = footage.start < window.from && footage.end().is_some_and(|end| end > outing.window.from);
    reaches.then_some(Fit::Reaches)
}

/// The officer whom the clip names, or else the one who had the recorder then.
fn officer<'a>(footage: &'a Footage, registers: &'a Registers) -> Option<&'a str> {
    let holder = || registers.holder(footage.recorder.as_deref()?, footage.start);
    footage.officer.as_deref().or_else(holder)
}

fn through(footage: &Footage, outing: &Outing, registers: &Registers) -> Option<Through> {
    let officer = officer(footage, registers).filter(|o| outing.officers.iter().any(|of| of == o));
    if let (Some(officer), Some(_)) = (officer, &footage.officer) {
        return Some((format!("警号 {officer} 参加"), format!("officer {officer} took part in")));
    }
    let recorder = footage.recorder.as_ref()?;
    if outing.recorders.contains(recorder) {
        return Some((format!("执法记录仪 {recorder} 用于"), format!("recorder {recorder} was taken along to")));
    }
    let officer = officer?;
    Some((
        format!("执法记录仪 {recorder} 当时由警号 {officer} 使用，警号 {officer} 参加"),
        format!("recorder {recorder} was then officer {officer}'s, who took part in"),
    ))
}

fn reason(outing: &Outing, fit: Fit, through: &Through, footage: &Footage, rules: &Rules) -> Reason {
    let ((zh, en), (through_zh, through_en)) = (label(outing, rules), through);
    let start = clock_text(footage.start, rules);
    match fit {
        Fit::Begins => Reason::new(
            "action_window",
            format!("{through_zh}{zh}，录制始于 {start}"),
            format!("{through_en} {en}; it begins at {start}"),
        ),
        Fit::Reaches => Reason::new(
            "action_reached",
            format!("{through_zh}{zh}，录制始于 {start}，延续到行动开始之后"),
            format!("{through_en} {en}; it begins at {start} and lasts into it"),
        ),
    }
}

fn unregistered(footage: &Footage, registers: &Registers) -> Vec<UnfiledReason> {
    let recorder = footage.recorder.iter().filter(|r| !registers.recorders.contains(*r));
    let officer = footage.officer.iter().filter(|o| !registers.officers.contains(*o));
    let recorder = recorder.cloned().map(UnfiledReason::RecorderUnregistered);
    recorder.chain(officer.cloned().map(UnfiledReason::OfficerUnregistered)).collect()
}

fn who(footage: &Footage, registers: &Registers) -> (String, String) {
    let officer = officer(footage, registers).map(|o| (format!("警号 {o}"), format!("officer {o}")));
    let recorder = footage.recorder.as_ref().map(|r| (format!("执法记录仪 {r}"), format!("recorder {r}")));
    let (zh, en): (Vec<_>, Vec<_>) = officer.into_iter().chain(recorder).unzip();
    (zh.join("、"), en.join(" or "))
}

/// The action of these people that misses the clip by least, with by how much.
fn nearest(footage: &Footage, grounds: &Grounds, rules: &Rules) -> Option<(String, String)> {
    let theirs = |o: &&Outing| !o.cancelled && through(footage, o, &grounds.registers).is_some();
    let away = |o: &Outing| o.window.distance_us(footage.start);
    let near = grounds.outings.iter().filter(theirs).filter(|o| away(o) <= NEAREST_US);
    let outing = near.min_by_key(|o| (away(o), o.id))?;
    let (zh, en) = label(outing, rules);
    let minutes = away(outing).div_euclid(MINUTE_US) + i64::from(away(outing).rem_euclid(MINUTE_US) > 0);
    let (hours, rest) = (minutes / 60, minutes % 60);
    let (zh_by, en_by) = match hours {
        0 => (format!("{rest} 分钟"), format!("{rest} min")),
        _ => (format!("{hours} 小时 {rest} 分钟"), format!("{hours} h {rest} min")),
    };
    Some((format!("{zh}，相差 {zh_by}"), format!("{en}, missed by {en_by}")))
}

/// An action's name and window, in both languages.
fn label(outing: &Outing, rules: &Rules) -> (String, String) {
    let name = if outing.place.is_empty() { outing.kind.clone() } else { format!("{}·{}", outing.kind, outing.place) };
    let Window { from, to } = outing.window;
    let same_day = from.to_civil(rules.utc_offset).date() == to.to_civil(rules.utc_offset).date();
    let from = clock_text(from, rules);
    let to = if same_day { to.to_civil(rules.utc_offset).strftime("%H:%M").to_string() } else { clock_text(to, rules) };
    (format!("执行行动“{name}”（{from} 至 {to}）"), format!("the action \"{name}\" ({from} to {to})"))
}

fn clock_text(at: Micros, rules: &Rules) -> String {
    at.to_civil(rules.utc_offset).strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::super::footage::ClockDoubt;
    use super::super::register::Holder;
    use super::*;

    fn at(text: &str) -> Micros {
        format!("2024-05-08T{text}+08:00").parse().unwrap()
    }

    fn footage(start: &str) -> Footage {
        Footage {
            recorder: Some("0012345".to_owned()),
            officer: Some("001234".to_owned()),
            start: at(start),
            duration_ms: Some(600_000),
            sequence: None,
            exact: true,
            doubt: None,
        }
    }

    fn outing(id: i64, from: &str, to: &str) -> Outing {
        Outing {
            id: Id(id),
            kind: "强制迁出".to_owned(),
            place: "幸福路1号".to_owned(),
            window: Window { from: at(from), to: at(to) },
            cancelled: false,
            officers: vec!["001234".to_owned()],
            recorders: Vec::new(),
            cases: vec![(Id(id * 10), format!("（2021）吉0721执{id}号"))],
        }
    }

    fn grounds(outings: Vec<Outing>) -> Grounds {
        let mut registers = Registers::default();
        registers.recorders.insert("0012345".to_owned());
        registers.officers.insert("001234".to_owned());
        Grounds { registers, outings }
    }

    fn cases(footage: &Footage, grounds: &Grounds) -> Vec<i64> {
        cases_by_action(footage, grounds, &Rules::default()).iter().map(|c| c.case.0).collect()
    }

    #[test]
    fn the_start_counts_with_the_buffer_at_both_ends() {
        let grounds = grounds(vec![outing(1, "09:00:00", "11:00:00")]);
        for (start, found) in [
            ("08:44:59", false),
            ("08:55:00", true),
            ("10:00:00", true),
            ("11:05:00", true),
            ("11:05:00.000001", false),
        ] {
            assert_eq!(!cases(&footage(start), &grounds).is_empty(), found, "{start}");
        }
        let reason = &cases_by_action(&footage("10:00:00"), &grounds, &Rules::default())[0].reason;
        assert_eq!(
            reason.zh,
            "警号 001234 参加执行行动“强制迁出·幸福路1号”（2024-05-08 09:00 至 11:00），录制始于 2024-05-08 10:00"
        );
        assert!(
            reason.en.starts_with("officer 001234 took part in the action \"强制迁出·幸福路1号\""),
            "{}",
            reason.en
        );
    }

    #[test]
    fn what_began_before_and_reaches_into_the_window_belongs_to_it() {
        let grounds = grounds(vec![outing(1, "09:00:00", "11:00:00")]);
        let reaching = Footage { duration_ms: Some(15 * 60_000 + 1), ..footage("08:45:00") };
        assert_eq!(cases_by_action(&reaching, &grounds, &Rules::default())[0].reason.code, "action_reached");
        // Ending within the buffer is not enough, and an unknown end reaches nowhere.
        assert_eq!(cases(&Footage { duration_ms: Some(14 * 60_000), ..footage("08:45:00") }, &grounds), [0; 0]);
        assert_eq!(cases(&Footage { duration_ms: None, ..footage("08:45:00") }, &grounds), [0; 0]);
    }

    #[test]
    fn a_recorder_leads_to_its_holder_s_action_unless_the_clip_names_an_officer() {
        let mut grounds = grounds(vec![outing(1, "09:00:00", "11:00:00")]);
        grounds.registers.holders = vec![Holder {
            serial: "0012345".to_owned(),
            officer: "001234".to_owned(),
            from: Micros(0),
            to: Some(at("10:30:00")),
        }];
        let unnamed = |start| Footage { officer: None, ..footage(start) };
        let found = cases_by_action(&unnamed("10:00:00"), &grounds, &Rules::default());
        assert!(found[0].reason.zh.starts_with("执法记录仪 0012345 当时由警号 001234 使用"), "{}", found[0].reason.zh);
        assert_eq!(cases(&unnamed("10:40:00"), &grounds), [0; 0]);
        assert_eq!(cases(&Footage { officer: Some("009999".to_owned()), ..footage("10:00:00") }, &grounds), [0; 0]);
        grounds.outings[0].officers.clear();
        grounds.outings[0].recorders.push("0012345".to_owned());
        assert_eq!(cases(&unnamed("10:40:00"), &grounds), [10]);
    }

    #[test]
    fn each_case_once_by_the_action_that_fits_best() {
        let mut near = outing(2, "09:50:00", "11:00:00");
        near.cases.push((Id(10), "（2021）吉0721执1号".to_owned()));
        let cancelled = Outing { cancelled: true, ..outing(3, "10:00:00", "11:00:00") };
        let grounds = grounds(vec![outing(1, "08:00:00", "11:00:00"), near, cancelled]);
        let found = cases_by_action(&footage("10:00:00"), &grounds, &Rules::default());
        assert_eq!(found.iter().map(|f| (f.case.0, f.action.0)).collect::<Vec<_>>(), [(20, 2), (10, 2)]);
    }

    fn sentences(footage: &Footage, grounds: &Grounds) -> Vec<String> {
        missing(footage, grounds, &Rules::default()).iter().map(UnfiledReason::zh).collect()
    }

    #[test]
    fn what_was_missing_is_named() {
        let far = outing(1, "12:00:00", "13:00:00");
        let known = grounds(vec![far.clone(), outing(2, "06:00:00", "07:00:00")]);
        assert_eq!(
            sentences(&footage("10:25:30"), &known),
            ["警号 001234、执法记录仪 0012345 此时没有执行行动；最近的是执行行动“强制迁出·幸福路1号”\
              （2024-05-08 12:00 至 13:00），相差 1 小时 35 分钟"]
        );
        let nothing = Grounds::default();
        let said = sentences(&footage("10:00:00"), &nothing);
        assert_eq!(said[..2], ["执法记录仪 0012345 不在登记中", "警号 001234 不在登记中"]);
        assert_eq!(said[2], "警号 001234、执法记录仪 0012345 此时没有执行行动");
        let nobody = Footage { officer: None, recorder: None, ..footage("10:00:00") };
        assert_eq!(sentences(&nobody, &known), ["不知道是哪位执行人员、哪台执法记录仪"]);
        let doubtful = Footage { doubt: Some(ClockDoubt::NeverSet), ..footage("12:30:00") };
        assert_eq!(sentences(&doubtful, &known), ["录制时间不可信，未按执行行动匹配：设备时钟未校准（早于2016年）"]);
        assert_eq!(cases(&doubtful, &known), [0; 0]);
        let caseless = grounds(vec![Outing { cases: Vec::new(), ..far }]);
        assert_eq!(missing(&footage("12:30:00"), &caseless, &Rules::default())[0].code(), "action_without_case");
    }

    #[test]
    fn an_action_more_than_a_day_away_is_not_named() {
        let mut other = outing(1, "09:00:00", "11:00:00");
        other.window =
            Window { from: Micros(at("09:00:00").0 + 2 * DAY_US), to: Micros(at("11:00:00").0 + 2 * DAY_US) };
        let said = sentences(&footage("10:00:00"), &grounds(vec![other]));
        assert_eq!(said, ["警号 001234、执法记录仪 0012345 此时没有执行行动"]);
    }
}
