//! Actions 执行行动, from a file: one line an action, by the court's own number for it. Each change is on record, as one by hand is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::cases::number;
use super::change::{Change, Differences};
use super::file::{Column, Line};
use super::import::{Ground, Table};
use super::message::{Message, Note};
use super::value;
use crate::catalog::actions::{self, Action};
use crate::catalog::engine::Conn;
use crate::catalog::{CatalogError, officers, recorders};
use crate::custody::act::Act;
use crate::custody::{Actor, Custody, CustodyError, action, rematch};
use crate::model::action::{ActionFacts, ActionState, Window};
use crate::model::id::Id;
use crate::model::time::{Micros, UtcOffset};

const REFERENCE: usize = 0;
const KIND: usize = 1;
const PLACE: usize = 2;
const COURT: usize = 3;
const PLANNED_FROM: usize = 4;
const PLANNED_TO: usize = 5;
const ACTUAL_FROM: usize = 6;
const ACTUAL_TO: usize = 7;
const CASES: usize = 8;
const OFFICERS: usize = 9;
const RECORDERS: usize = 10;
const NEEDED: usize = 11;
const NOTE: usize = 12;
const STATE: usize = 13;
const COLUMNS: [Column; 14] = [
    Column::required("行动编号", "reference", &["编号", "行动号", "action", "action number"]),
    Column::optional("类别", "kind", &["行动类别", "行动类型", "类型"]),
    Column::optional("地点", "place", &["行动地点"]),
    Column::optional("法院", "court", &["法院代码", "法院代字", "court code"]),
    Column::optional("计划开始", "planned_from", &["计划开始时间", "开始时间", "planned begin"]),
    Column::optional("计划结束", "planned_to", &["计划结束时间", "结束时间", "planned end"]),
    Column::optional("实际开始", "actual_from", &["实际开始时间", "actual begin"]),
    Column::optional("实际结束", "actual_to", &["实际结束时间", "actual end"]),
    Column::optional("案号", "cases", &["案件", "case", "case number"]),
    Column::optional("警号", "officers", &["执行人员", "人员", "officer", "officer number"]),
    Column::optional("执法记录仪", "recorders", &["记录仪", "序列号", "recorder", "serial"]),
    Column::optional("所需台数", "recorders_needed", &["所需记录仪", "recorders needed"]),
    Column::optional("备注", "note", &["说明"]),
    Column::optional("状态", "state", &["行动状态", "status"]),
];

/// What a line says. Absent and empty are `None`.
pub(super) struct Record {
    reference: String,
    kind: Option<String>,
    place: Option<String>,
    court: Option<String>,
    planned_from: Option<Micros>,
    planned_to: Option<Micros>,
    actual_from: Option<Micros>,
    actual_to: Option<Micros>,
    cases: Option<BTreeSet<String>>,
    officers: Option<BTreeSet<String>>,
    recorders: Option<BTreeSet<String>>,
    needed: Option<u32>,
    note: Option<String>,
    state: Option<ActionState>,
}

impl Record {
    /// What an action is once the line is in. An empty field says nothing; it does not erase what is known.
    fn applied(&self, mut facts: ActionFacts) -> ActionFacts {
        fn set<T: Clone>(value: &mut T, new: Option<&T>) {
            if let Some(new) = new {
                *value = new.clone();
            }
        }
        facts.reference = Some(self.reference.clone());
        set(&mut facts.kind, self.kind.as_ref());
        set(&mut facts.place, self.place.as_ref());
        set(&mut facts.court, self.court.as_ref());
        set(&mut facts.planned_from, self.planned_from.as_ref());
        set(&mut facts.planned_to, self.planned_to.as_ref());
        facts.actual_from = self.actual_from.or(facts.actual_from);
        facts.actual_to = self.actual_to.or(facts.actual_to);
        set(&mut facts.cases, self.cases.as_ref());
        set(&mut facts.officers, self.officers.as_ref());
        set(&mut facts.recorders, self.recorders.as_ref());
        set(&mut facts.recorders_needed, self.needed.as_ref());
        set(&mut facts.note, self.note.as_ref());
        set(&mut facts.state, self.state.as_ref());
        facts
    }
}

/// Actions on their way into the catalog.
#[derive(Default)]
pub(super) struct Actions {
    /// What the catalog holds, and what the lines make of it.
    known: HashMap<String, (Option<Action>, Option<ActionFacts>)>,
    /// Those of `known` that wait to be written, and who changes them.
    changed: BTreeMap<String, Actor>,
    /// Those that were written and whose clips are still to be matched anew.
    written: Vec<Id>,
    /// The numbers that lines name, with the first of these lines. Kept for the end.
    officers: BTreeMap<String, u64>,
    recorders: BTreeMap<String, u64>,
}

impl Table for Actions {
    const COLUMNS: &'static [Column] = &COLUMNS;
    type Record = Record;

    fn read(line: &Line, offset: UtcOffset) -> Result<Record, Message> {
        let text = |column| line.get(column).map(value::text).transpose();
        let instant = |column| line.get(column).map(|t| value::instant(t, offset)).transpose();
        let keys = |column| line.get(column).map(keys).transpose();
        let reference = text(REFERENCE)?.filter(|t| !t.is_empty());
        Ok(Record {
            reference: reference.ok_or_else(|| Message::new("行动编号为空", "the reference is empty"))?,
            kind: text(KIND)?,
            place: text(PLACE)?,
            court: line.get(COURT).map(value::court_code).transpose()?,
            planned_from: instant(PLANNED_FROM)?,
            planned_to: instant(PLANNED_TO)?,
            actual_from: instant(ACTUAL_FROM)?,
            actual_to: instant(ACTUAL_TO)?,
            cases: line.get(CASES).map(cases).transpose()?,
            officers: keys(OFFICERS)?,
            recorders: keys(RECORDERS)?,
            needed: line.get(NEEDED).map(count).transpose()?,
            note: line.get(NOTE).map(str::to_owned),
            state: line.get(STATE).map(state).transpose()?,
        })
    }

    async fn load(&mut self, conn: Conn<'_>, records: &[(u64, Record)]) -> Result<(), CatalogError> {
        let named: BTreeSet<&str> = records.iter().map(|(_, record)| record.reference.as_str()).collect();
        let unknown: Vec<&str> = named.into_iter().filter(|reference| !self.known.contains_key(*reference)).collect();
        let rows = actions::of_references(conn, &unknown).await?;
        self.known.extend(unknown.into_iter().map(|reference| (reference.to_owned(), (None, None))));
        for row in rows {
            if let Some(reference) = row.facts.reference.clone() {
                let facts = row.facts.clone();
                self.known.insert(reference, (Some(row), Some(facts)));
            }
        }
        Ok(())
    }

    fn plan(&mut self, ground: &Ground<'_>, line: u64, record: &Record) -> Result<Change, Message> {
        let (row, old) = self.known.get(&record.reference).cloned().unwrap_or_default();
        if old.is_none() && (record.kind.is_none() || record.planned_from.is_none() || record.planned_to.is_none()) {
            return Err(Message::new(
                "新的行动须有类别、计划开始和计划结束",
                "a new action needs its kind, planned_from and planned_to",
            ));
        }
        let nothing = Window { from: Micros(0), to: Micros(0) };
        let new = record.applied(old.clone().unwrap_or_else(|| ActionFacts::new("", nothing)));
        let faults = new.faults();
        if !faults.is_empty() {
            let zh: Vec<String> = faults.iter().map(|f| format!("{}：{}", chinese(&f.field), f.zh)).collect();
            let en: Vec<String> = faults.iter().map(|f| format!("{}: {}", f.field, f.en)).collect();
            return Err(Message::new(zh.join("；"), en.join("; ")));
        }
        let change = difference(old.as_ref(), &new, line, ground.offset());
        for officer in &new.officers {
            self.officers.entry(officer.clone()).or_insert(line);
        }
        for recorder in &new.recorders {
            self.recorders.entry(recorder.clone()).or_insert(line);
        }
        if old.as_ref() != Some(&new) {
            self.changed.insert(record.reference.clone(), ground.actor().clone());
            self.known.insert(record.reference.clone(), (row, Some(new)));
        }
        Ok(change)
    }

    async fn write(&mut self, act: &mut Act<'_>) -> Result<(), CustodyError> {
        for (reference, actor) in std::mem::take(&mut self.changed) {
            let Some((row, Some(facts))) = self.known.get(&reference).cloned() else { continue };
            let action = match row {
                None => action::enter(act, &actor, facts).await?,
                Some(row) if row.facts == facts => continue,
                Some(row) => action::amend(act, &actor, &row, facts).await?,
            };
            self.written.push(action.id);
        }
        Ok(())
    }

    async fn committed(&mut self, custody: &Custody) -> Result<(), CustodyError> {
        for id in std::mem::take(&mut self.written) {
            rematch::finish(custody, id).await?;
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.known.clear();
        self.changed.clear();
        self.written.clear();
    }

    fn keep_changed(&mut self) {
        let changed = &self.changed;
        self.known.retain(|reference, _| changed.contains_key(reference));
    }

    async fn finish(self, mut conn: Conn<'_>, _: &Ground<'_>) -> Result<Vec<Note>, CatalogError> {
        let numbers: Vec<&str> = self.officers.keys().map(String::as_str).collect();
        let officers = officers::of_numbers(conn.reborrow(), &numbers).await?;
        let officers: BTreeSet<&str> = officers.iter().map(|officer| officer.number.as_str()).collect();
        let serials: Vec<&str> = self.recorders.keys().map(String::as_str).collect();
        let recorders = recorders::of_serials(conn, &serials).await?;
        let recorders: BTreeSet<&str> = recorders.iter().map(|recorder| recorder.serial.as_str()).collect();
        let unknown = self.officers.iter().filter(|(number, _)| !officers.contains(number.as_str()));
        let officers = unknown.map(|(number, line)| Note {
            line: Some(*line),
            message: Message::new(
                format!("警号 {number} 不在执行人员登记中"),
                format!("officer {number} is in no register"),
            ),
        });
        let unknown = self.recorders.iter().filter(|(serial, _)| !recorders.contains(serial.as_str()));
        let recorders = unknown.map(|(serial, line)| Note {
            line: Some(*line),
            message: Message::new(
                format!("执法记录仪 {serial} 不在登记中"),
                format!("recorder {serial} is in no register"),
            ),
        });
        Ok(officers.chain(recorders).collect())
    }
}

/// What separates several things in a field.
const SEPARATORS: [char; 6] = ['、', ';', '；', ',', '，', '\n'];

fn cases(text: &str) -> Result<BTreeSet<String>, Message> {
    let parts = text.split(SEPARATORS).filter(|part| !part.trim().is_empty());
    parts.map(|part| Ok(number(part)?.canonical())).collect()
}

fn keys(text: &str) -> Result<BTreeSet<String>, Message> {
    let parts = text.split(|c: char| SEPARATORS.contains(&c) || c.is_whitespace() || c == '/');
    parts.filter(|part| !part.is_empty()).map(value::key).collect()
}

fn count(text: &str) -> Result<u32, Message> {
    let plain = value::key(text)?;
    let number = plain.strip_suffix('台').unwrap_or(&plain);
    number
        .parse()
        .map_err(|_| Message::new(format!("“{plain}”不是台数"), format!("{plain:?} is no number of recorders")))
}

fn state(text: &str) -> Result<ActionState, Message> {
    match text.trim() {
        "计划" | "计划中" | "未开始" | "planned" => Ok(ActionState::Planned),
        "完成" | "已完成" | "done" => Ok(ActionState::Done),
        "取消" | "已取消" | "cancelled" | "canceled" => Ok(ActionState::Cancelled),
        other => Err(Message::new(
            format!("“{other}”不是状态，应为 计划、完成 或 取消"),
            format!("{other:?} is no state: planned, done or cancelled"),
        )),
    }
}

fn state_zh(state: ActionState) -> &'static str {
    match state {
        ActionState::Planned => "计划",
        ActionState::Done => "完成",
        ActionState::Cancelled => "取消",
    }
}

/// The column that a fault is about; a client's field for a time ends in `_at`.
fn chinese(field: &str) -> &str {
    let field = field.strip_suffix("_at").unwrap_or(field);
    COLUMNS.iter().find(|column| column.en == field).map_or(field, |column| column.zh)
}

fn difference(old: Option<&ActionFacts>, new: &ActionFacts, line: u64, offset: UtcOffset) -> Change {
    let mut differences = Differences::default();
    let mut compare = |column: usize, text: &dyn Fn(&ActionFacts) -> Option<String>| {
        if let Some(column) = COLUMNS.get(column) {
            differences.compare(column, old.and_then(text), text(new));
        }
    };
    let time = |at: Micros| Some(at.to_civil(offset).strftime("%Y-%m-%d %H:%M:%S").to_string());
    let list = |of: &BTreeSet<String>| Some(of.iter().map(String::as_str).collect::<Vec<_>>().join("、"));
    compare(KIND, &|f| Some(f.kind.clone()));
    compare(PLACE, &|f| Some(f.place.clone()));
    compare(COURT, &|f| Some(f.court.clone()));
    compare(PLANNED_FROM, &|f| time(f.planned_from));
    compare(PLANNED_TO, &|f| time(f.planned_to));
    compare(ACTUAL_FROM, &|f| time(f.actual_from?));
    compare(ACTUAL_TO, &|f| time(f.actual_to?));
    compare(CASES, &|f| list(&f.cases));
    compare(OFFICERS, &|f| list(&f.officers));
    compare(RECORDERS, &|f| list(&f.recorders));
    compare(NEEDED, &|f| Some(f.recorders_needed.to_string()));
    compare(NOTE, &|f| Some(f.note.clone()));
    compare(STATE, &|f| Some(state_zh(f.state).to_owned()));
    let key = new.reference.clone().unwrap_or_default();
    differences.of(line, key, old.is_none())
}
