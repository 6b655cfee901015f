//! What a client says of an incident or a measure: everything when it is entered, what changes afterwards.

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::schema;
use crate::custody::incident::{ClipEdit, Edit, MeasureEdit};
use crate::http::language::{Language, Text};
use crate::http::problem::{Field, Problem};
use crate::http::value;
use crate::model::case_number::CaseNumber;
use crate::model::court::CourtCode;
use crate::model::fault::Fault;
use crate::model::id::Id;
use crate::model::incident::{Code, MeasureKind, Resister, ResisterRole, Status, Victim, VictimRole};
use crate::model::time::Micros;
use crate::registers::edit::Given;

/// What is said of an incident. What is left out keeps its value; null takes one away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct IncidentValues {
    /// Court code.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "吉0721")]
    court: Given,
    /// 1 to 4.
    #[serde(default)]
    #[schema(value_type = Option<u8>)]
    severity: Given<i64>,
    /// RFC 3339.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime)]
    begin_at: Given,
    /// RFC 3339; not before the begin.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    end_at: Given,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    place: Given,
    /// What happened.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    narrative: Given,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    injuries: Given,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    weapons: Given,
    /// Conduct codes that are valid at the begin, instead of those before.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    codes: Given<Vec<String>>,
    /// 案号 in any spelling, instead of those before; a case that is not known yet becomes a stub.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    cases: Given<Vec<String>>,
    /// Where it is seen, instead of what was said before.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ClipValues>>)]
    clips: Given<Vec<ClipValues>>,
    /// Who did it, instead of those before.
    #[serde(default)]
    #[schema(value_type = Option<Vec<SubjectValues>>)]
    subjects: Given<Vec<SubjectValues>>,
    /// Against whom, instead of those before.
    #[serde(default)]
    #[schema(value_type = Option<Vec<VictimValues>>)]
    victims: Given<Vec<VictimValues>>,
    /// It was found that there was no victim.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    no_victims: Given<bool>,
    /// The action 执行行动 it happened in.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    action_id: Given,
    /// RFC 3339; when it was reported to the 法官权益保障委员会.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    committee_reported_at: Given,
    /// Of a change: the version it is based on.
    #[serde(default)]
    version: Option<u64>,
}

/// Where an incident is seen in a clip.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ClipValues {
    /// The clip.
    id: String,
    /// Milliseconds from the clip's start; left out: where the incident's begin lies in it.
    #[serde(default)]
    from_ms: Option<u64>,
    /// Milliseconds from the clip's start.
    #[serde(default)]
    to_ms: Option<u64>,
}

/// Somebody who resisted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct SubjectValues {
    /// Left out: not known.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = schema::ResisterRole)]
    role: Option<String>,
}

/// Somebody who was resisted or hurt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct VictimValues {
    #[serde(default)]
    name: Option<String>,
    /// It decides the charge.
    #[serde(default)]
    #[schema(value_type = schema::VictimRole)]
    role: Option<String>,
    /// 警号.
    #[serde(default)]
    officer: Option<String>,
}

/// What is said of a measure. What is left out keeps its value; null takes one away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct MeasureValues {
    #[serde(default)]
    #[schema(value_type = schema::MeasureKind)]
    kind: Given,
    /// Against whom.
    #[serde(default)]
    #[schema(value_type = String)]
    person: Given,
    /// It is a unit, not a person.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    against_unit: Given<bool>,
    /// Of a fine: at most 100,000; of a unit 50,000 to 1,000,000.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    amount_yuan: Given<i64>,
    /// Of a detention: 1 to 15.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    days: Given<i64>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    decided_by: Given,
    /// RFC 3339; of an urgent detention: when it began.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Given,
    /// The president 院长 who approved it: before a 拘传, 罚款 or 司法拘留 is decided, of an urgent detention afterwards.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    approved_by: Given,
    /// RFC 3339.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    approved_at: Given,
    /// The detention comes first and is reported at once.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    urgent: Given<bool>,
    /// RFC 3339; when the decision was handed over.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    served_at: Given,
    /// RFC 3339; when the family of somebody detained was told.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    family_told_at: Given,
    /// Why the family could not be told.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    family_reason: Given,
    /// RFC 3339; when 复议 was asked for.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    review_asked_at: Given,
    /// RFC 3339; when it was decided on 复议.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    review_done_at: Given,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    note: Given,
    /// The version of the incident that this is based on.
    #[serde(default)]
    version: Option<u64>,
}

/// A decision about an incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct StatusValues {
    #[schema(value_type = schema::IncidentStatus)]
    status: String,
    /// Needed for a dismissal and a reopening.
    #[serde(default)]
    reason: Option<String>,
    /// The version of the incident that this is based on.
    #[serde(default)]
    version: Option<u64>,
}

impl StatusValues {
    /// Status, reason and version.
    pub(super) fn read(self) -> Result<(Status, String, Option<u64>), Problem> {
        let wrong = |message| Problem::unprocessable(vec![Field { name: "status".to_owned(), message }]);
        let status = value::word(&self.status, &Status::ALL, Status::as_str).map_err(wrong)?;
        Ok((status, self.reason.unwrap_or_default().trim().to_owned(), self.version))
    }
}

/// Reads values one by one and keeps what is wrong with each.
#[derive(Debug, Default)]
struct Reader(Vec<Fault>);

impl Reader {
    fn fault(&mut self, field: String, message: &Text) {
        let (zh, en) = (message.get(Language::Zh).to_owned(), message.get(Language::En).to_owned());
        self.0.push(Fault::new(field, zh, en));
    }

    fn take<T>(&mut self, field: impl Into<String>, read: Result<T, Text>) -> Option<T> {
        read.map_err(|message| self.fault(field.into(), &message)).ok()
    }

    fn time(&mut self, field: &str, given: Given) -> Option<Option<Micros>> {
        let wrong = || {
            Text::new(
                "应为 RFC 3339 时间（2026-11-24T16:52:07+08:00）",
                "expected an RFC 3339 time (2026-11-24T16:52:07+08:00)",
            )
        };
        match given {
            Given::Absent => None,
            Given::Null => Some(None),
            Given::Value(text) => self.take(field, text.trim().parse().map_err(|_| wrong())).map(Some),
        }
    }

    fn id(&mut self, field: &str, given: Given) -> Option<Option<Id>> {
        match given {
            Given::Absent => None,
            Given::Null => Some(None),
            Given::Value(text) => self.take(field, value::id(text.trim())).map(Some),
        }
    }

    /// A role or kind, which must be given.
    fn word<T: Copy>(
        &mut self,
        field: String,
        given: Option<&str>,
        all: &[T],
        as_str: fn(T) -> &'static str,
    ) -> Option<T> {
        self.take(field, value::word(given.unwrap_or_default().trim(), all, as_str))
    }

    /// Every part of a list that can be understood.
    fn list<T, V>(
        &mut self,
        field: &str,
        given: Given<Vec<T>>,
        read: impl Fn(&mut Self, String, T) -> Option<V>,
    ) -> Option<Vec<V>> {
        let parts = match given {
            Given::Absent => return None,
            Given::Null => Vec::new(),
            Given::Value(parts) => parts,
        };
        let named = parts.into_iter().enumerate();
        Some(named.filter_map(|(i, part)| read(self, format!("{field}[{i}]"), part)).collect())
    }
}

/// A text without the spaces around it; null is an empty one.
fn text(given: Given) -> Option<String> {
    match given {
        Given::Absent => None,
        Given::Null => Some(String::new()),
        Given::Value(text) => Some(text.trim().to_owned()),
    }
}

/// A value that may be taken away.
fn nullable<T>(given: Given<T>) -> Option<Option<T>> {
    match given {
        Given::Absent => None,
        Given::Null => Some(None),
        Given::Value(value) => Some(Some(value)),
    }
}

fn flag(given: Given<bool>) -> Option<bool> {
    nullable(given).map(Option::unwrap_or_default)
}

fn court(reader: &mut Reader, given: Given) -> Option<String> {
    let text = text(given)?;
    if text.is_empty() {
        return Some(text);
    }
    let read = text.parse::<CourtCode>().map_err(|e| Text::new(e.zh(), e.to_string()));
    reader.take("court", read).map(String::from)
}

fn code(reader: &mut Reader, field: String, text: String) -> Option<Code> {
    reader.take(field, text.parse().map_err(|e| Text::new("不是行为代码：应为字母加数字，如 V2", format!("{e}"))))
}

fn case(reader: &mut Reader, field: String, text: String) -> Option<CaseNumber> {
    reader.take(field, value::case_number(&text))
}

fn clip(reader: &mut Reader, field: String, values: ClipValues) -> Option<ClipEdit> {
    let id = reader.take(format!("{field}.id"), value::id(&values.id))?;
    Some(ClipEdit { id, from_ms: values.from_ms, to_ms: values.to_ms })
}

fn name(given: Option<String>) -> String {
    given.unwrap_or_default().trim().to_owned()
}

fn subject(reader: &mut Reader, field: String, values: SubjectValues) -> Option<Resister> {
    let role = values.role.as_deref();
    let role = reader.word(format!("{field}.role"), role, &ResisterRole::ALL, ResisterRole::as_str)?;
    Some(Resister { name: name(values.name), role })
}

fn victim(reader: &mut Reader, field: String, values: VictimValues) -> Option<Victim> {
    let role = values.role.as_deref();
    let role = reader.word(format!("{field}.role"), role, &VictimRole::ALL, VictimRole::as_str)?;
    let officer = Some(name(values.officer)).filter(|number| !number.is_empty());
    Some(Victim { name: name(values.name), role, officer })
}

impl IncidentValues {
    /// What is said, with all that could not be understood; and the version it is based on.
    pub(super) fn into_edit(self) -> (Edit, Option<u64>) {
        let mut reader = Reader::default();
        let r = &mut reader;
        let severity = nullable(self.severity);
        let begin = r.time("begin_at", self.begin_at);
        if begin == Some(None) {
            r.fault("begin_at".to_owned(), &Text::new("不能没有开始时间", "an incident has a begin"));
        }
        let edit = Edit {
            court: court(r, self.court),
            // What is no number of one byte is beyond the limits that are checked.
            severity: severity.map(|s| s.map(|s| u8::try_from(s).unwrap_or(u8::MAX))),
            begin: begin.flatten(),
            end: r.time("end_at", self.end_at),
            place: text(self.place),
            narrative: text(self.narrative),
            injuries: text(self.injuries),
            weapons: text(self.weapons),
            codes: r.list("codes", self.codes, code).map(BTreeSet::from_iter),
            cases: r.list("cases", self.cases, case),
            clips: r.list("clips", self.clips, clip),
            subjects: r.list("subjects", self.subjects, subject),
            victims: r.list("victims", self.victims, victim),
            no_victims: flag(self.no_victims),
            action: r.id("action_id", self.action_id),
            committee_reported: r.time("committee_reported_at", self.committee_reported_at),
            wrong: Vec::new(),
        };
        (Edit { wrong: reader.0, ..edit }, self.version)
    }
}

impl MeasureValues {
    /// What is said, with all that could not be understood; and the version of the incident it is based on.
    pub(super) fn into_edit(self) -> (MeasureEdit, Option<u64>) {
        let mut reader = Reader::default();
        let r = &mut reader;
        let kind = match self.kind {
            Given::Absent => None,
            Given::Null => r.word("kind".to_owned(), None, &MeasureKind::ALL, MeasureKind::as_str),
            Given::Value(kind) => r.word("kind".to_owned(), Some(&kind), &MeasureKind::ALL, MeasureKind::as_str),
        };
        let edit = MeasureEdit {
            kind,
            person: text(self.person),
            against_unit: flag(self.against_unit),
            amount_yuan: nullable(self.amount_yuan),
            days: nullable(self.days),
            decided_by: text(self.decided_by),
            decided: r.time("decided_at", self.decided_at),
            approved_by: text(self.approved_by),
            approved: r.time("approved_at", self.approved_at),
            urgent: flag(self.urgent),
            served: r.time("served_at", self.served_at),
            family_told: r.time("family_told_at", self.family_told_at),
            family_reason: text(self.family_reason),
            review_asked: r.time("review_asked_at", self.review_asked_at),
            review_done: r.time("review_done_at", self.review_done_at),
            note: text(self.note),
            wrong: Vec::new(),
        };
        (MeasureEdit { wrong: reader.0, ..edit }, self.version)
    }
}
