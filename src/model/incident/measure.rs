use serde::Serialize;

use crate::model::fault::Fault;
use crate::model::time::Micros;

/// Most yuan that a person is fined (民诉法 118).
const MOST_FINE_PERSON: i64 = 100_000;
/// Least yuan that a unit is fined (民诉法 118).
const LEAST_FINE_UNIT: i64 = 50_000;
/// Most yuan that a unit is fined (民诉法 118).
const MOST_FINE_UNIT: i64 = 1_000_000;
/// Most days of a detention (民诉法 118).
const MOST_DAYS: i64 = 15;
/// Most characters of a name.
const MOST_WORDS: usize = 200;
/// Most characters of a reason or note.
const MOST_TEXT: usize = 2_000;

/// A kind of measure 处置措施.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum MeasureKind {
    /// 训诫.
    #[serde(rename = "训诫")]
    Admonition,
    /// 责令具结悔过.
    #[serde(rename = "责令具结悔过")]
    Repentance,
    /// 责令退出.
    #[serde(rename = "责令退出")]
    Removal,
    /// 约谈.
    #[serde(rename = "约谈")]
    Interview,
    /// 拘传.
    #[serde(rename = "拘传")]
    Summons,
    /// 罚款.
    #[serde(rename = "罚款")]
    Fine,
    /// 司法拘留.
    #[serde(rename = "司法拘留")]
    Detention,
    /// 移送公安.
    #[serde(rename = "移送公安")]
    Transfer,
    /// 自诉.
    #[serde(rename = "自诉")]
    PrivateProsecution,
}

impl MeasureKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Admonition,
        Self::Repentance,
        Self::Removal,
        Self::Interview,
        Self::Summons,
        Self::Fine,
        Self::Detention,
        Self::Transfer,
        Self::PrivateProsecution,
    ];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admonition => "训诫",
            Self::Repentance => "责令具结悔过",
            Self::Removal => "责令退出",
            Self::Interview => "约谈",
            Self::Summons => "拘传",
            Self::Fine => "罚款",
            Self::Detention => "司法拘留",
            Self::Transfer => "移送公安",
            Self::PrivateProsecution => "自诉",
        }
    }

    /// Whether the president 院长 has to approve it (民诉法 119).
    pub fn needs_approval(self) -> bool {
        matches!(self, Self::Summons | Self::Fine | Self::Detention)
    }

    /// Whether it answers the act itself, so that the same act bears it once only. An interview, a summons, a transfer or a private
    /// prosecution is a step of a procedure and may be repeated.
    pub fn is_punishment(self) -> bool {
        matches!(self, Self::Admonition | Self::Repentance | Self::Removal | Self::Fine | Self::Detention)
    }

    /// Whether 复议 may be asked for (民诉法 119).
    pub fn is_reviewable(self) -> bool {
        matches!(self, Self::Fine | Self::Detention)
    }
}

/// How far a measure has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Not decided.
    Proposed,
    /// In an emergency the detention came first; the president has not approved it yet.
    Urgent,
    /// Decided, and approved where that is needed.
    Decided,
    /// Decided and handed over.
    Served,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 4] = [Self::Proposed, Self::Urgent, Self::Decided, Self::Served];

    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Urgent => "urgent",
            Self::Decided => "decided",
            Self::Served => "served",
        }
    }
}

/// A measure against one person or unit. Personal data: never logged. The names of the fields are those of the API, and of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// What.
    pub kind: MeasureKind,
    /// Against whom.
    pub person: String,
    /// It is a unit, not a person.
    pub against_unit: bool,
    /// Of a fine, in yuan.
    pub amount_yuan: Option<i64>,
    /// Of a detention.
    pub days: Option<i64>,
    /// Who decided it; empty: not said.
    pub decided_by: String,
    /// When it was decided; of an urgent detention: when it began.
    #[serde(rename = "decided_at")]
    pub decided: Option<Micros>,
    /// The president who approved it; empty: nobody yet.
    pub approved_by: String,
    /// When it was approved.
    #[serde(rename = "approved_at")]
    pub approved: Option<Micros>,
    /// An emergency: the detention comes first and is reported at once.
    pub urgent: bool,
    /// When the decision was handed over.
    #[serde(rename = "served_at")]
    pub served: Option<Micros>,
    /// Of a detention: when the family was told.
    #[serde(rename = "family_told_at")]
    pub family_told: Option<Micros>,
    /// Of a detention: why the family could not be told; empty: not said.
    pub family_reason: String,
    /// When 复议 was asked for.
    #[serde(rename = "review_asked_at")]
    pub review_asked: Option<Micros>,
    /// When it was decided on 复议.
    #[serde(rename = "review_done_at")]
    pub review_done: Option<Micros>,
    /// Anything else; empty: nothing.
    pub note: String,
}

impl Measure {
    /// A measure that is proposed against a person.
    pub fn proposed(kind: MeasureKind, person: impl Into<String>) -> Self {
        Self {
            kind,
            person: person.into(),
            against_unit: false,
            amount_yuan: None,
            days: None,
            decided_by: String::new(),
            decided: None,
            approved_by: String::new(),
            approved: None,
            urgent: false,
            served: None,
            family_told: None,
            family_reason: String::new(),
            review_asked: None,
            review_done: None,
            note: String::new(),
        }
    }

    /// How far it has come.
    pub fn stage(&self) -> Stage {
        match (self.decided, self.served) {
            (None, _) => Stage::Proposed,
            (Some(_), _) if self.kind.needs_approval() && self.approved.is_none() => Stage::Urgent,
            (Some(_), None) => Stage::Decided,
            (Some(_), Some(_)) => Stage::Served,
        }
    }

    /// What cannot be at `now`, or is beyond the law's limits.
    pub fn faults(&self, now: Micros) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.check_texts(&mut faults);
        self.check_amount(&mut faults);
        self.check_days(&mut faults);
        self.check_decision(&mut faults);
        self.check_what_follows(&mut faults);
        self.check_times(now, &mut faults);
        faults
    }

    fn check_texts(&self, faults: &mut Vec<Fault>) {
        if self.person.is_empty() {
            faults.push(Fault::new("person", "应写明对谁采取措施", "say against whom"));
        }
        let texts = [
            ("person", &self.person, MOST_WORDS),
            ("decided_by", &self.decided_by, MOST_WORDS),
            ("approved_by", &self.approved_by, MOST_WORDS),
            ("family_reason", &self.family_reason, MOST_TEXT),
            ("note", &self.note, MOST_TEXT),
        ];
        faults.extend(texts.into_iter().filter_map(|(field, text, most)| Fault::of_text(field, text, most)));
    }

    fn check_amount(&self, faults: &mut Vec<Fault>) {
        let Some(amount) = self.amount_yuan else {
            if self.kind == MeasureKind::Fine && self.decided.is_some() {
                faults.push(Fault::new("amount_yuan", "罚款应有金额", "a fine that is decided has an amount"));
            }
            return;
        };
        if self.kind != MeasureKind::Fine {
            faults.push(Fault::new("amount_yuan", "只有罚款有金额", "only 罚款 (a fine) has an amount"));
        } else if self.against_unit && !(LEAST_FINE_UNIT..=MOST_FINE_UNIT).contains(&amount) {
            let zh = format!("对单位罚款应为 {LEAST_FINE_UNIT} 元以上 {MOST_FINE_UNIT} 元以下");
            let en = format!("a unit is fined {LEAST_FINE_UNIT} to {MOST_FINE_UNIT} yuan");
            faults.push(Fault::new("amount_yuan", zh, en));
        } else if !self.against_unit && !(1..=MOST_FINE_PERSON).contains(&amount) {
            let zh = format!("对个人罚款应为 {MOST_FINE_PERSON} 元以下");
            let en = format!("a person is fined {MOST_FINE_PERSON} yuan at most");
            faults.push(Fault::new("amount_yuan", zh, en));
        }
    }

    fn check_days(&self, faults: &mut Vec<Fault>) {
        let detention = self.kind == MeasureKind::Detention;
        match self.days {
            Some(_) if !detention => {
                faults.push(Fault::new("days", "只有司法拘留有天数", "only 司法拘留 (a detention) has days"));
            }
            Some(days) if !(1..=MOST_DAYS).contains(&days) => {
                let zh = format!("司法拘留应为 1 日以上 {MOST_DAYS} 日以下");
                faults.push(Fault::new("days", zh, format!("a detention lasts 1 to {MOST_DAYS} days")));
            }
            None if detention && self.decided.is_some() => {
                faults.push(Fault::new("days", "司法拘留应有天数", "a detention that is decided has days"));
            }
            _ => {}
        }
        if self.against_unit && matches!(self.kind, MeasureKind::Detention | MeasureKind::Summons) {
            let zh = format!("{}只能对个人采取", self.kind.as_str());
            faults.push(Fault::new("against_unit", zh, "a unit is neither detained nor summoned by force"));
        }
    }

    fn check_decision(&self, faults: &mut Vec<Fault>) {
        let (kind, detention) = (self.kind.as_str(), self.kind == MeasureKind::Detention);
        if self.urgent && !detention {
            let en = "only 司法拘留 (a detention) comes first in an emergency";
            faults.push(Fault::new("urgent", "只有司法拘留可以紧急先行", en));
        }
        if self.urgent && detention && self.decided.is_none() {
            let en = "say when the urgent detention began";
            faults.push(Fault::new("decided_at", "紧急先行拘留应写明何时采取", en));
        }
        if self.decided.is_some() && self.decided_by.is_empty() {
            faults.push(Fault::new("decided_by", "应写明由谁决定", "say who decided it"));
        }
        let approved = self.approved.is_some() && !self.approved_by.is_empty();
        if approved != (self.approved.is_some() || !self.approved_by.is_empty()) {
            let field = if self.approved.is_none() { "approved_at" } else { "approved_by" };
            let en = "give both `approved_by` and `approved_at`";
            faults.push(Fault::new(field, "approved_by 与 approved_at 应同时给出", en));
        }
        if !self.kind.needs_approval() {
            if approved {
                let zh = format!("{kind}不需院长批准");
                faults.push(Fault::new("approved_by", zh, format!("{kind} needs no approval")));
            }
            return;
        }
        if self.decided.is_some() && !approved && !(self.urgent && detention) {
            let zh = format!("{kind}须经院长批准方可决定");
            let en = format!("{kind} is not decided before the president (院长) approves it");
            faults.push(Fault::new("approved_by", zh, en));
        }
        let late = self.approved.zip(self.decided).is_some_and(|(approved, decided)| approved > decided);
        if late && !self.urgent {
            faults.push(Fault::new("approved_at", "批准不能晚于决定", "must not be after `decided_at`"));
        }
        if self.urgent && self.approved.zip(self.decided).is_some_and(|(approved, decided)| approved < decided) {
            let en = "an urgent detention comes before its approval";
            faults.push(Fault::new("approved_at", "紧急先行拘留的批准不能早于采取", en));
        }
    }

    fn check_what_follows(&self, faults: &mut Vec<Fault>) {
        let reviewable = self.kind.is_reviewable();
        let detention = self.kind == MeasureKind::Detention;
        for (field, given) in
            [("family_told_at", self.family_told.is_some()), ("family_reason", !self.family_reason.is_empty())]
        {
            if given && !detention {
                faults.push(Fault::new(
                    field,
                    "只有司法拘留须通知家属",
                    "only of 司法拘留 (a detention) the family is told",
                ));
            }
        }
        for (field, at) in [("review_asked_at", self.review_asked), ("review_done_at", self.review_done)] {
            if at.is_some() && !reviewable {
                let en = "only 罚款 and 司法拘留 are reviewed 复议";
                faults.push(Fault::new(field, "只有罚款和司法拘留可以申请复议", en));
            }
        }
    }

    /// Each time is there only after the one it follows, and not before it.
    fn check_times(&self, now: Micros, faults: &mut Vec<Fault>) {
        let follows = [
            ("served_at", self.served, "decided_at", self.decided),
            ("family_told_at", self.family_told, "decided_at", self.decided),
            ("review_asked_at", self.review_asked, "served_at", self.served),
            ("review_done_at", self.review_done, "review_asked_at", self.review_asked),
        ];
        for (field, at, first, after) in follows {
            let Some(at) = at else { continue };
            match after {
                None => faults.push(Fault::new(field, format!("应先有 {first}"), format!("needs `{first}` first"))),
                Some(after) if at < after => {
                    faults.push(Fault::new(
                        field,
                        format!("不能早于 {first}"),
                        format!("must not be before `{first}`"),
                    ));
                }
                Some(_) => {}
            }
        }
        for (field, at) in [
            ("decided_at", self.decided),
            ("approved_at", self.approved),
            ("served_at", self.served),
            ("family_told_at", self.family_told),
            ("review_asked_at", self.review_asked),
            ("review_done_at", self.review_done),
        ] {
            if at.is_some_and(|at| at > now) {
                faults.push(Fault::new(field, "不能晚于现在", "must not be in the future"));
            }
        }
    }
}
