//! Retention: how long a clip is kept by which rule, and why one may not be destroyed yet. Pure: what is found here of a clip, a
//! checker finds again from the ledger's entries alone.
//!
//! * A clip is kept from the entry that made it evidence (its clip entry, or the ingestion that brought it back after a disposal), for
//!   the term of the rule that keeps it longest. That entry's own time counts: no recorder's clock.
//! * **What counts is every table that was in force within the last [`NOTICE_DAYS`] days**, and of them the one that keeps the clip
//!   longest. A shortened term therefore begins to count [`NOTICE_DAYS`] days after the entry that announces it, a lengthened one at
//!   once, and before the first table has stood that long nothing may be destroyed at all.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::time::{DAY_US, Micros, SECOND_US, UtcOffset};

/// Days for which the tables before still count after a new one. A part of the format, no setting: a court that could change it could
/// shorten a term and destroy on the same day.
pub const NOTICE_DAYS: i64 = 30;
/// The longest term in months, a hundred years; what is kept longer is kept for ever.
pub const MOST_MONTHS: u32 = 1200;
/// Most rules of a table, so that its entry stays short.
pub const MOST_RULES: usize = 50;
/// Longest id of a rule, in bytes.
pub const MOST_ID_BYTES: usize = 32;

/// What a rule applies to. A clip is mostly several of these; it is always [`Class::Ordinary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Every clip.
    Ordinary,
    /// Marked important, by the device or a person, even where that was reviewed.
    Important,
    /// Used as evidence: it was handed over.
    Evidence,
    /// Seen in an incident that was not dismissed.
    Incident,
    /// Of a case that the court counts as major or difficult 重大疑难.
    Difficult,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 5] = [Self::Ordinary, Self::Important, Self::Evidence, Self::Incident, Self::Difficult];

    /// The word for it in the configuration, the ledger and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Important => "important",
            Self::Evidence => "evidence",
            Self::Incident => "incident",
            Self::Difficult => "difficult",
        }
    }
}

/// One rule of a retention table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What people call it, such as `R1`; of the table alone.
    pub id: String,
    /// What it applies to.
    pub applies_to: Class,
    /// For how many months; none: for ever.
    pub months: Option<u32>,
}

/// A retention table: every rule that applies is looked at, the longest wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Table(Vec<Rule>);

impl Table {
    /// A table of these rules.
    ///
    /// # Errors
    /// A sentence that says what is wrong with them.
    pub fn new(rules: Vec<Rule>) -> Result<Self, String> {
        if rules.len() > MOST_RULES {
            return Err(format!("{} rules are too many, the most is {MOST_RULES}", rules.len()));
        }
        let mut ids = BTreeSet::new();
        for rule in &rules {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if rule.id.is_empty() || rule.id.len() > MOST_ID_BYTES || !rule.id.chars().all(plain) {
                return Err(format!(
                    "the id {:?} must be 1 to {MOST_ID_BYTES} ASCII letters, digits, `-`, `_` or `.`",
                    rule.id
                ));
            }
            if !ids.insert(&rule.id) {
                return Err(format!("the id {:?} is given twice", rule.id));
            }
            if rule.months.is_some_and(|months| !(1..=MOST_MONTHS).contains(&months)) {
                return Err(format!("{}: a term is 1 to {MOST_MONTHS} months, or permanent", rule.id));
            }
        }
        if !rules.iter().any(|rule| rule.applies_to == Class::Ordinary) {
            return Err("a rule must apply to \"ordinary\", which every clip is".to_owned());
        }
        Ok(Self(rules))
    }

    /// Its rules.
    pub fn rules(&self) -> &[Rule] {
        &self.0
    }

    /// The rule that keeps something of these classes longest; of equal ones the first. None only when none applies.
    pub fn longest(&self, classes: &BTreeSet<Class>) -> Option<&Rule> {
        let length = |rule: &&Rule| rule.months.unwrap_or(u32::MAX);
        self.0.iter().rev().filter(|rule| classes.contains(&rule.applies_to)).max_by_key(length)
    }
}

impl Default for Table {
    /// What 公安机关现场执法视音频记录工作规定 13 asks of the police, for want of a rule of the courts' own: half a year, and for ever what was
    /// used as evidence, shows resistance, or belongs to a major or difficult case.
    fn default() -> Self {
        let rule = |id: &str, applies_to, months| Rule { id: id.to_owned(), applies_to, months };
        Self(vec![
            rule("R1", Class::Ordinary, Some(6)),
            rule("R2", Class::Evidence, None),
            rule("R3", Class::Incident, None),
            rule("R4", Class::Difficult, None),
        ])
    }
}

/// A table as an entry of the ledger put it in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// The `rules` entry.
    pub entry: u64,
    /// Its time, to the second.
    pub at: Micros,
    /// The table.
    pub table: Table,
}

/// The tables that count at `at`, out of all that were announced, in the order of their entries: the one in force when the notice began,
/// and every later one. None: no table has stood that long.
pub fn counting(announced: &[Announced], at: Micros) -> Option<&[Announced]> {
    let notice = Micros(at.0.saturating_sub(NOTICE_DAYS * DAY_US));
    let first = announced.iter().rposition(|a| a.at <= notice)?;
    announced.get(first..)
}

/// The term that follows from the tables for one clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Term {
    /// The rule's id.
    pub rule: String,
    /// The `rules` entry whose rule it is.
    pub rules: u64,
    /// The first instant at which it may be destroyed; none: never.
    pub allowed_from: Option<Micros>,
}

/// The longest term that these tables give a clip that is kept since `from`; none without a table.
pub fn term(tables: &[Announced], from: Micros, classes: &BTreeSet<Class>) -> Option<Term> {
    let of = |announced: &Announced| {
        let rule = announced.table.longest(classes)?;
        let allowed_from = rule.months.and_then(|months| after_months(from, months));
        Some(Term { rule: rule.id.clone(), rules: announced.entry, allowed_from })
    };
    // Of equal terms that of the newest table.
    tables.iter().filter_map(of).max_by_key(|term| term.allowed_from.unwrap_or(Micros(i64::MAX)))
}

/// `at` cut to the second, as the ledger writes it: whoever has only the ledger finds the same.
pub fn to_second(at: Micros) -> Micros {
    Micros(at.0.div_euclid(SECOND_US) * SECOND_US)
}

/// `from`, cut to the second, and `months` calendar months of UTC later: on the same day of the month, or on the
/// month's last. None: beyond the year 9999.
pub fn after_months(from: Micros, months: u32) -> Option<Micros> {
    let civil: DateTime = to_second(from).to_civil(UtcOffset::UTC);
    let then = civil.checked_add(i64::from(months).months()).ok()?;
    Micros::from_civil(then, UtcOffset::UTC)
}

/// Why a clip is not to be destroyed, whatever its term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// 保全: the clip, its case or its incident is held.
    Held,
    /// It was not read back and found equal yet, or a source of it waits to be released.
    Unconfirmed,
    /// 未归案: tied to no case.
    Unfiled,
    /// Marked important, and nobody has decided what it shows.
    Unreviewed,
    /// A case it is tied to is not closed.
    OpenCase,
    /// Seen in an incident that was not dismissed.
    InIncident,
    /// No table has been announced for long enough.
    NoRules,
    /// The rule keeps it for ever.
    Permanent,
    /// Its term has not ended.
    Young,
    /// It is no clip of its own: it goes with the clip that it belongs to.
    Sidecar,
    /// It was destroyed already.
    Disposed,
}

impl Block {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Held,
        Self::Unconfirmed,
        Self::Unfiled,
        Self::Unreviewed,
        Self::OpenCase,
        Self::InIncident,
        Self::NoRules,
        Self::Permanent,
        Self::Young,
        Self::Sidecar,
        Self::Disposed,
    ];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Unconfirmed => "unconfirmed",
            Self::Unfiled => "unfiled",
            Self::Unreviewed => "unreviewed",
            Self::OpenCase => "open_case",
            Self::InIncident => "in_incident",
            Self::NoRules => "no_rules",
            Self::Permanent => "permanent",
            Self::Young => "young",
            Self::Sidecar => "sidecar",
            Self::Disposed => "disposed",
        }
    }

    /// A sentence in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Held => "已保全",
            Self::Unconfirmed => "尚未回读确认，或来源文件尚未处理",
            Self::Unfiled => "未归案",
            Self::Unreviewed => "有重点标记，尚未有人认定",
            Self::OpenCase => "所属案件尚未结案",
            Self::InIncident => "涉及暴力抗法事件",
            Self::NoRules => "保管期限表公布未满 30 日",
            Self::Permanent => "永久保存",
            Self::Young => "保管期限未满",
            Self::Sidecar => "随所属视频一并处理",
            Self::Disposed => "已销毁",
        }
    }

    /// A sentence in English.
    pub fn en(self) -> &'static str {
        match self {
            Self::Held => "it is under a legal hold",
            Self::Unconfirmed => "it is not confirmed, or a source of it waits to be released",
            Self::Unfiled => "it is tied to no case",
            Self::Unreviewed => "it is marked important and nobody has decided what it shows",
            Self::OpenCase => "a case it is tied to is not closed",
            Self::InIncident => "it is seen in an incident",
            Self::NoRules => "no retention table has been announced for 30 days",
            Self::Permanent => "its rule keeps it for ever",
            Self::Young => "its term has not ended",
            Self::Sidecar => "it goes with the clip it belongs to",
            Self::Disposed => "it was destroyed",
        }
    }
}

/// What retention needs to know of a clip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The latest instant from which it, or one of its sidecars, is kept.
    pub from: Option<Micros>,
    /// A hold is on it, on one of its cases or on one of its incidents.
    pub held: bool,
    /// It was read back and found equal, and so were its sidecars; every source is released.
    pub confirmed: bool,
    /// Of each case it is tied to: whether it is closed.
    pub cases_closed: Vec<bool>,
    /// The device's mark.
    pub device_mark: bool,
    /// A person's mark.
    pub person_mark: bool,
    /// Of each incident it is seen in: whether it was dismissed.
    pub incidents_dismissed: Vec<bool>,
    /// It was handed over, or is about to be.
    pub handed_over: bool,
    /// One of its cases counts as major or difficult.
    pub difficult: bool,
    /// It is a sidecar.
    pub sidecar: bool,
    /// It was destroyed.
    pub disposed: bool,
}

impl Facts {
    /// What rules can apply to it.
    pub fn classes(&self) -> BTreeSet<Class> {
        let mut classes = BTreeSet::from([Class::Ordinary]);
        let others = [
            (Class::Important, self.device_mark || self.person_mark),
            (Class::Evidence, self.handed_over),
            (Class::Incident, self.incidents_dismissed.contains(&false)),
            (Class::Difficult, self.difficult),
        ];
        classes.extend(others.into_iter().filter(|(_, is)| *is).map(|(class, _)| class));
        classes
    }

    /// Whether somebody has decided what an important clip shows: its incidents were all dismissed. A person's own mark is taken back by a
    /// person, or it stands.
    fn is_reviewed(&self) -> bool {
        let dismissed = !self.incidents_dismissed.is_empty() && self.incidents_dismissed.iter().all(|d| *d);
        !self.person_mark && (!self.device_mark || dismissed)
    }

    fn blocks(&self) -> BTreeSet<Block> {
        let blocks = [
            (Block::Held, self.held),
            (Block::Unconfirmed, !self.confirmed),
            (Block::Unfiled, self.cases_closed.is_empty()),
            (Block::Unreviewed, !self.is_reviewed()),
            (Block::OpenCase, self.cases_closed.contains(&false)),
            (Block::InIncident, self.incidents_dismissed.contains(&false)),
            (Block::Sidecar, self.sidecar),
            (Block::Disposed, self.disposed),
        ];
        blocks.into_iter().filter(|(_, is)| *is).map(|(block, _)| block).collect()
    }
}

/// Whether a clip is due, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The term that counts now; none before a table has stood long enough.
    pub term: Option<Term>,
    /// What rules could apply.
    pub classes: BTreeSet<Class>,
    /// Why it is not due; empty: it is.
    pub blocks: BTreeSet<Block>,
}

impl Standing {
    /// Whether it may be destroyed now.
    pub fn is_due(&self) -> bool {
        self.blocks.is_empty()
    }
}

/// Judges a clip at `at` by the tables that were announced, in the order of their entries.
pub fn judge(facts: &Facts, announced: &[Announced], at: Micros) -> Standing {
    let at = to_second(at);
    let (classes, mut blocks) = (facts.classes(), facts.blocks());
    // Nothing else is to be said of these.
    if let Some(only) = [Block::Disposed, Block::Sidecar].into_iter().find(|only| blocks.contains(only)) {
        return Standing { term: None, classes, blocks: BTreeSet::from([only]) };
    }
    let tables = counting(announced, at).unwrap_or_default();
    let term = facts.from.and_then(|from| term(tables, from, &classes));
    match &term {
        None => _ = blocks.insert(Block::NoRules),
        Some(Term { allowed_from: None, .. }) => _ = blocks.insert(Block::Permanent),
        Some(Term { allowed_from: Some(from), .. }) if *from > at => _ = blocks.insert(Block::Young),
        Some(_) => {}
    }
    Standing { term, classes, blocks }
}

/// What the court decides itself about retention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The table to be in force.
    pub table: Table,
    /// The statuses of a case that count as closed.
    pub closed: BTreeSet<String>,
    /// Type codes, causes or statuses that make a case a major or difficult one.
    pub difficult: BTreeSet<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let closed = ["已结案", "结案", "已归档", "归档", "执行完毕", "终结执行"];
        Self {
            table: Table::default(),
            closed: closed.into_iter().map(str::to_owned).collect(),
            difficult: BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests;
