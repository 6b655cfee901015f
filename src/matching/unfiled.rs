//! Why a clip is linked to no case: everything that was missing, one thing after the other.

use serde::{Deserialize, Serialize};

use super::footage::ClockDoubt;
use crate::model::case_number::CaseNumberError;
use crate::model::reason::Reason;

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the file's name.
    Name,
    /// In the name of a folder on its path.
    Folder,
}

/// One thing that was missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnfiledReason {
    /// Neither name, folders nor sidecar hold anything like a case number.
    NoNumberFound,
    /// Something looks like a case number and cannot be read as one.
    UnreadableNumber {
        /// Where it stands.
        place: Place,
        /// The text that looks like one.
        text: String,
        /// Why it is none.
        error: CaseNumberError,
    },
    /// Its time is none to look for actions by.
    ClockDoubtful(ClockDoubt),
    /// Neither officer nor recorder is known.
    NobodyKnown,
    /// The recorder is in no register.
    RecorderUnregistered(String),
    /// The officer is in no register.
    OfficerUnregistered(String),
    /// No action of its officer or recorder takes place at its time.
    NoAction {
        /// Officer or recorder, in both languages.
        who: (String, String),
        /// The nearest action of them with how much it misses, in both languages.
        nearest: Option<(String, String)>,
    },
    /// The action that it belongs to names no case.
    ActionWithoutCase {
        /// The action, in both languages.
        action: (String, String),
    },
    /// A person said that it has nothing to do with these cases, which would be linked otherwise.
    Refused(Vec<String>),
}

/// Words of what only names, folders and sidecars decide.
const OF_NUMBERS: [&str; 2] = ["no_number_found", "unreadable_number"];

impl UnfiledReason {
    /// A stable word for the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoNumberFound => "no_number_found",
            Self::UnreadableNumber { .. } => "unreadable_number",
            Self::ClockDoubtful(_) => "clock_doubtful",
            Self::NobodyKnown => "nobody_known",
            Self::RecorderUnregistered(_) => "recorder_unregistered",
            Self::OfficerUnregistered(_) => "officer_unregistered",
            Self::NoAction { .. } => "no_action",
            Self::ActionWithoutCase { .. } => "action_without_case",
            Self::Refused(_) => "refused",
        }
    }

    /// The reason in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::NoNumberFound => "文件名、文件夹名和附属文件中都没有案号".to_owned(),
            Self::UnreadableNumber { place, text, error } => {
                let place = match place {
                    Place::Name => "文件名",
                    Place::Folder => "文件夹名",
                };
                format!("{place}中的“{text}”不能识别为案号：{}", error.zh())
            }
            Self::ClockDoubtful(doubt) => {
                let why = match doubt {
                    ClockDoubt::NeverSet => "设备时钟未校准（早于2016年）",
                    ClockDoubt::Future => "录制时间晚于到达时间一天以上",
                    ClockDoubt::OnlyArrival => "只知道到达时间",
                };
                format!("录制时间不可信，未按执行行动匹配：{why}")
            }
            Self::NobodyKnown => "不知道是哪位执行人员、哪台执法记录仪".to_owned(),
            Self::RecorderUnregistered(serial) => format!("执法记录仪 {serial} 不在登记中"),
            Self::OfficerUnregistered(number) => format!("警号 {number} 不在登记中"),
            Self::NoAction { who: (who, _), nearest } => {
                let nearest = nearest.as_ref().map(|(zh, _)| format!("；最近的是{zh}")).unwrap_or_default();
                format!("{who} 此时没有执行行动{nearest}")
            }
            Self::ActionWithoutCase { action: (zh, _) } => format!("{zh}没有登记案号"),
            Self::Refused(numbers) => format!("已由人工排除：{}", numbers.join("、")),
        }
    }

    /// The reason in English.
    pub fn en(&self) -> String {
        match self {
            Self::NoNumberFound => "no case number in the file's name, its folders or a sidecar".to_owned(),
            Self::UnreadableNumber { place, text, error } => {
                let place = match place {
                    Place::Name => "file's name",
                    Place::Folder => "folder's name",
                };
                format!("{text:?} in the {place} is no case number: {error}")
            }
            Self::ClockDoubtful(doubt) => {
                let why = match doubt {
                    ClockDoubt::NeverSet => "the recorder's clock was never set (before 2016)",
                    ClockDoubt::Future => "it lies more than a day after the arrival",
                    ClockDoubt::OnlyArrival => "only the arrival is known",
                };
                format!("its time cannot be believed, so no action was looked for: {why}")
            }
            Self::NobodyKnown => "neither its officer nor its recorder is known".to_owned(),
            Self::RecorderUnregistered(serial) => format!("recorder {serial} is in no register"),
            Self::OfficerUnregistered(number) => format!("officer {number} is in no register"),
            Self::NoAction { who: (_, who), nearest } => {
                let nearest = nearest.as_ref().map(|(_, en)| format!("; the nearest is {en}")).unwrap_or_default();
                format!("no action of {who} at that time{nearest}")
            }
            Self::ActionWithoutCase { action: (_, en) } => format!("{en} names no case"),
            Self::Refused(numbers) => format!("excluded by a person: {}", numbers.join(", ")),
        }
    }

    fn reason(&self) -> Reason {
        Reason::new(self.code(), self.zh(), self.en())
    }
}

/// Everything that was missing. The first thing's word stands for all; the sentences say all. A row keeps each thing for itself, from which
/// the rest follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfiled {
    /// The first thing's stable word.
    #[serde(default, skip_serializing)]
    pub code: String,
    /// Everything, in Chinese.
    #[serde(default, skip_serializing)]
    pub zh: String,
    /// Everything, in English.
    #[serde(default, skip_serializing)]
    pub en: String,
    /// Each thing for itself; not in rows from before there were several.
    #[serde(default)]
    pub missing: Vec<Reason>,
}

impl Unfiled {
    /// All of `reasons`; there is at least one when a clip is linked to nothing.
    pub fn new(reasons: &[UnfiledReason]) -> Self {
        Self::of(reasons.iter().map(UnfiledReason::reason).collect())
    }

    fn of(missing: Vec<Reason>) -> Self {
        let join = |pick: fn(&Reason) -> &str, by| missing.iter().map(pick).collect::<Vec<_>>().join(by);
        Self {
            code: missing.first().map(|r| r.code.clone()).unwrap_or_default(),
            zh: join(|r| &r.zh, "；"),
            en: join(|r| &r.en, "; "),
            missing,
        }
    }

    /// What numbers said, with `reasons` instead of everything else.
    #[must_use]
    pub fn with(self, reasons: &[UnfiledReason]) -> Self {
        let Self { mut missing, .. } = self;
        missing.retain(|r| OF_NUMBERS.contains(&r.code.as_str()));
        missing.extend(reasons.iter().map(UnfiledReason::reason));
        Self::of(missing)
    }

    /// The text that a row holds.
    pub fn to_stored(&self) -> String {
        // Strings always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what a row holds; none when it is nothing that was ever written.
    pub fn from_stored(text: &str) -> Option<Self> {
        let Self { code, zh, en, mut missing } = serde_json::from_str(text).ok()?;
        if missing.is_empty() && !code.is_empty() {
            missing.push(Reason { code, zh, en });
        }
        (!missing.is_empty()).then(|| Self::of(missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_row_is_read_and_keeps_what_numbers_said() {
        let old = r#"{"code":"no_number_found","zh":"没有案号","en":"no case number"}"#;
        let new = Unfiled::from_stored(old).unwrap().with(&[UnfiledReason::NobodyKnown]);
        assert_eq!(new.code, "no_number_found");
        assert_eq!(new.zh, "没有案号；不知道是哪位执行人员、哪台执法记录仪");
        let again = Unfiled::from_stored(&new.to_stored()).unwrap().with(&[UnfiledReason::NobodyKnown]);
        assert_eq!(again, new);
        let whole = serde_json::json!({"code": new.code, "zh": new.zh, "en": new.en, "missing": new.missing});
        assert_eq!(Unfiled::from_stored(&whole.to_string()), Some(new), "rows from before it followed");
        assert_eq!(Unfiled::from_stored("{}"), None);
        let other = again.with(&[UnfiledReason::Refused(vec!["（2021）吉0721执1号".to_owned()])]);
        assert_eq!(other.missing.iter().map(|r| r.code.as_str()).collect::<Vec<_>>(), ["no_number_found", "refused"]);
    }
}
