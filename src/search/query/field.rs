//! Fields of the query language, and what their values mean. The API's filters are read by the same rules.

use super::error::Expected;
use super::plan::Node;
use super::{Terms, date};
use crate::model::case_number::Partial;
use crate::model::time::Micros;
use crate::search::token::{Filter, filter};

/// Measures 处置措施, as `incident_measures` names them.
const MEASURES: [&str; 9] =
    ["训诫", "责令具结悔过", "责令退出", "约谈", "拘传", "罚款", "司法拘留", "移送公安", "自诉"];

/// Words for values, in both languages.
type Words = [(&'static str, &'static str)];

const KINDS: &Words = &[("clip", "视频"), ("case", "案件"), ("incident", "事件"), ("violent", "暴力抗法")];
const STATUSES: &Words =
    &[("suspected", "疑似"), ("confirmed", "已确认"), ("closed", "已办结"), ("dismissed", "已排除")];
const FLAGS: &Words = &[("true", "是"), ("false", "否"), ("yes", "有"), ("no", "无")];

/// A field of the query language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A case number or a part of one.
    Case,
    /// Officer number or name.
    Officer,
    /// Serial of the recorder.
    Recorder,
    /// Conduct code.
    Code,
    /// Measure.
    Measure,
    /// Court code.
    Court,
    /// Not before.
    From,
    /// Not after.
    To,
    /// Kind of subject, or violent.
    Kind,
    /// Status of an incident or a case.
    Status,
    /// Severity of an incident.
    Severity,
    /// Marked important.
    Important,
    /// Tied to no case.
    Unfiled,
    /// A clip's health.
    Health,
    /// A victim's role.
    Role,
}

/// Fields with their words, the first of which stands in messages.
const NAMES: &[(Name, &[&str], &str)] = &[
    (Name::Case, &["case", "案号", "案件"], "案号"),
    (Name::Officer, &["officer", "警号", "执行人员"], "警号"),
    (Name::Recorder, &["recorder", "记录仪"], "记录仪"),
    (Name::Code, &["code", "行为"], "行为"),
    (Name::Measure, &["measure", "措施"], "措施"),
    (Name::Court, &["court", "法院"], "法院"),
    (Name::From, &["from", "自"], "自"),
    (Name::To, &["to", "至"], "至"),
    (Name::Kind, &["kind", "类型"], "类型"),
    (Name::Status, &["status", "状态"], "状态"),
    (Name::Severity, &["severity", "等级"], "等级"),
    (Name::Important, &["important", "重点"], "重点"),
    (Name::Unfiled, &["unfiled", "未归案"], "未归案"),
    (Name::Health, &["health", "完好"], "完好"),
    (Name::Role, &["role", "身份"], "身份"),
];

/// The fields that there are, for messages.
pub(super) fn known(language: &str) -> String {
    let words: Vec<&str> = NAMES
        .iter()
        .map(|(_, words, zh)| if language == "zh" { *zh } else { words.first().copied().unwrap_or(zh) })
        .collect();
    words.join(if language == "zh" { "、" } else { ", " })
}

/// What a field and its value mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// A condition.
    Node(Node),
    /// Nothing that happened before.
    From(Micros),
    /// Nothing that happened at or after.
    To(Micros),
}

impl Name {
    /// The field with this word.
    pub fn of(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        NAMES.iter().find(|(_, words, _)| words.contains(&word.as_str())).map(|(name, ..)| *name)
    }

    /// Its first word.
    pub fn as_str(self) -> &'static str {
        NAMES
            .iter()
            .find(|(name, ..)| *name == self)
            .and_then(|(_, words, _)| words.first())
            .copied()
            .unwrap_or_default()
    }

    /// What the field means with this value; values separated by commas are alternatives, unless `whole`.
    ///
    /// # Errors
    /// What the value must be.
    pub fn meaning(self, value: &str, whole: bool, terms: &Terms) -> Result<Meaning, Expected> {
        match self {
            Self::From | Self::To => {
                let (from, to) = date::period(value, terms.offset).ok_or_else(|| {
                    Expected::new(
                        "应为年（2026）、月（2026-11）、日（2026-11-24）或 RFC 3339 时间（2026-11-24T08:52:07Z）",
                        "expected a year (2026), month (2026-11), date (2026-11-24) or RFC 3339 time (2026-11-24T08:52:07Z)",
                    )
                })?;
                Ok(if self == Self::From { Meaning::From(from) } else { Meaning::To(to) })
            }
            _ => self.node(value, whole, terms).map(Meaning::Node),
        }
    }

    /// The condition of a field that is no limit of time.
    ///
    /// # Errors
    /// What the value must be.
    pub fn node(self, value: &str, whole: bool, terms: &Terms) -> Result<Node, Expected> {
        let separators: &[char] = if whole { &[] } else { &[',', '，', '、'] };
        let values: Vec<&str> = value.split(separators).map(str::trim).filter(|v| !v.is_empty()).collect();
        if values.is_empty() {
            return Err(Expected::new("缺少值", "needs a value"));
        }
        let nodes = values.into_iter().map(|value| self.one(value, terms)).collect::<Result<Vec<Node>, Expected>>()?;
        Ok(Node::any(nodes))
    }

    fn one(self, value: &str, terms: &Terms) -> Result<Node, Expected> {
        let token = |of: Filter, value: &str| Ok(Node::Filter(filter(of, value)));
        match self {
            Self::Case => Partial::parse(value).map(Node::Number).ok_or_else(|| {
                Expected::new(
                    "应为案号或其一部分，如 （2021）吉0721执123号、执123、吉0721",
                    "expected a case number or a part of one, such as （2021）吉0721执123号, 执123, 吉0721",
                )
            }),
            Self::Officer => token(Filter::Officer, value),
            Self::Recorder => token(Filter::Recorder, value),
            Self::Code => token(Filter::Code, value),
            Self::Measure => measure(value),
            Self::Court => token(Filter::Court, value),
            Self::Kind => match word(value, KINDS)? {
                "violent" => {
                    Ok(Node::any(terms.violent.iter().map(|c| Node::Filter(filter(Filter::Code, c))).collect()))
                }
                kind => token(Filter::Kind, kind),
            },
            // Statuses of incidents are words of ours; those of cases are the court's.
            Self::Status => token(Filter::Status, word(value, STATUSES).unwrap_or(value)),
            Self::Severity if matches!(value, "1" | "2" | "3" | "4") => token(Filter::Severity, value),
            Self::Severity => Err(Expected::new("应为 1 到 4", "expected 1 to 4")),
            Self::Important => flag(value, Filter::Important),
            Self::Unfiled => flag(value, Filter::Unfiled),
            Self::Health => token(Filter::Health, value),
            Self::Role => token(Filter::Role, value),
            Self::From | Self::To => Err(Expected::new("不能用于此处", "can't be used here")),
        }
    }
}

/// The word of ours for a value in either language.
fn word(value: &str, words: &Words) -> Result<&'static str, Expected> {
    let lower = value.to_lowercase();
    words.iter().find(|(en, zh)| *en == lower || *zh == value).map(|(en, _)| *en).ok_or_else(|| {
        let zh: Vec<String> = words.iter().map(|(en, zh)| format!("{zh}（{en}）")).collect();
        let en: Vec<&str> = words.iter().map(|(en, _)| *en).collect();
        Expected::new(format!("应为 {} 之一", zh.join("、")), format!("expected one of {}", en.join(", ")))
    })
}

/// A measure, or those whose name holds the value: 拘留 is 司法拘留.
fn measure(value: &str) -> Result<Node, Expected> {
    let exact: Vec<&str> = MEASURES.into_iter().filter(|m| *m == value).collect();
    let holding: Vec<&str> = MEASURES.into_iter().filter(|m| m.contains(value)).collect();
    let found = if exact.is_empty() { holding } else { exact };
    if found.is_empty() {
        let all = MEASURES.join("、");
        return Err(Expected::new(format!("应为 {all} 之一"), format!("expected one of {all}")));
    }
    Ok(Node::any(found.into_iter().map(|m| Node::Filter(filter(Filter::Measure, m))).collect()))
}

fn flag(value: &str, of: Filter) -> Result<Node, Expected> {
    let yes = Node::Filter(filter(of, "yes"));
    Ok(match word(value, FLAGS)? {
        "true" | "yes" => yes,
        _ => Node::Not(Box::new(yes)),
    })
}
