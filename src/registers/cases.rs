//! The register of cases, from a file, with their parties and the cases they follow from.

use std::collections::{HashMap, HashSet};

use super::change::{Change, Differences};
use super::file::{Column, Line};
use super::import::{Ground, Table};
use super::known_cases::KnownCases;
use super::message::{Message, Note};
use crate::catalog::cases::{self, Case};
use crate::catalog::engine::Conn;
use crate::catalog::{CatalogError, chains};
use crate::custody::CustodyError;
use crate::custody::act::Act;
use crate::model::case_number::{CaseNumber, CaseNumberError};
use crate::model::chain::{Step, Steps};
use crate::model::id::Id;
use crate::model::party::Party;
use crate::model::time::UtcOffset;

const NUMBER: usize = 0;
const PARTIES: usize = 1;
const CAUSE: usize = 2;
const JUDGE: usize = 3;
const STATUS: usize = 4;
const PREDECESSORS: usize = 5;
const COLUMNS: [Column; 6] = [
    Column::required("案号", "number", &["案件号", "case number"]),
    Column::optional("当事人", "parties", &["party"]),
    Column::optional("案由", "cause", &[]),
    Column::optional("承办人", "judge", &["承办法官", "judge in charge"]),
    Column::optional("状态", "status", &["案件状态"]),
    Column::optional("前案", "predecessors", &["原案号", "原案", "前案案号", "predecessor"]),
];
/// What becomes different of a case that was known by its number only.
const REGISTERED: Column = Column::optional("已登记", "registered", &[]);

/// What a line says. Absent and empty are `None`.
pub(super) struct Record {
    number: CaseNumber,
    parties: Vec<Party>,
    cause: Option<String>,
    judge: Option<String>,
    status: Option<String>,
    predecessors: Vec<CaseNumber>,
}

/// Cases on their way into the catalog.
#[derive(Default)]
pub(super) struct Cases {
    known: KnownCases,
    /// Steps that are in the catalog or planned, as far as a circle can go along them.
    steps: Steps,
    /// The cases to which the catalog's steps were read.
    asked: HashSet<Id>,
    /// Those of `steps` that wait to be written.
    new_steps: Vec<Step>,
    numbers: HashMap<Id, String>,
}

/// Reads a case number of a file.
pub(super) fn number(text: &str) -> Result<CaseNumber, Message> {
    text.parse().map_err(|e: CaseNumberError| {
        let shown: String = text.chars().take(60).collect();
        Message::new(format!("案号“{shown}”：{}", e.zh()), format!("case number {shown:?}: {e}"))
    })
}

impl Table for Cases {
    const COLUMNS: &'static [Column] = &COLUMNS;
    type Record = Record;

    fn read(line: &Line, _: UtcOffset) -> Result<Record, Message> {
        let text = |column| line.get(column).map(str::to_owned);
        let predecessors = line.get(PREDECESSORS).unwrap_or_default().split(['、', ';', '；', ',', '，', '\n']);
        Ok(Record {
            number: number(line.get(NUMBER).unwrap_or_default())?,
            parties: line.get(PARTIES).map(Party::read_all).unwrap_or_default(),
            cause: text(CAUSE),
            judge: text(JUDGE),
            status: text(STATUS),
            predecessors: predecessors.filter(|t| !t.trim().is_empty()).map(number).collect::<Result<_, _>>()?,
        })
    }

    async fn load(&mut self, mut conn: Conn<'_>, records: &[(u64, Record)]) -> Result<(), CatalogError> {
        let chained = || records.iter().map(|(_, record)| record).filter(|record| !record.predecessors.is_empty());
        let numbers = records.iter().map(|(_, record)| &record.number);
        self.known.load(conn.reborrow(), numbers.chain(chained().flat_map(|record| &record.predecessors))).await?;
        let named = chained().flat_map(|record| record.predecessors.iter().chain([&record.number]));
        let ids: HashSet<Id> = named.filter_map(|number| Some(self.known.get(number)?.id)).collect();
        let ids: Vec<Id> = ids.into_iter().filter(|id| self.asked.insert(*id)).collect();
        let steps = chains::steps_to(conn.reborrow(), &ids).await?;
        let ids: HashSet<Id> = steps.iter().flat_map(|step| [step.earlier, step.later]).collect();
        let ids: Vec<Id> = ids.into_iter().collect();
        let rows = cases::get_all(conn, &ids).await?;
        self.numbers.extend(rows.into_iter().map(|case| (case.id, case.number)));
        self.steps.extend(steps);
        Ok(())
    }

    fn plan(&mut self, ground: &Ground<'_>, line: u64, record: &Record) -> Result<Change, Message> {
        let old = self.known.get(&record.number).cloned();
        let predecessors = self.new_predecessors(record, old.as_ref())?;
        let base = old.clone().unwrap_or_else(|| Case::stub(ground.new_id(), &record.number, ground.at));
        // An empty field says nothing; it does not erase what is known.
        let new = Case {
            cause: record.cause.clone().or(base.cause),
            judge: record.judge.clone().or(base.judge),
            status: record.status.clone().or(base.status),
            parties: merged(&record.parties, base.parties),
            stub: false,
            ..base
        };
        let change = difference(old.as_ref(), &new, &predecessors, line);
        self.numbers.insert(new.id, new.number.clone());
        for number in predecessors {
            let earlier = self.known.find_or_stub(&number, ground);
            let step = Step { earlier: earlier.id, later: new.id };
            self.numbers.insert(earlier.id, earlier.number);
            self.steps.insert(step);
            self.new_steps.push(step);
        }
        if old.as_ref() != Some(&new) {
            self.known.put(&record.number, Case { updated: ground.at, ..new });
        }
        Ok(change)
    }

    async fn write(&mut self, act: &mut Act<'_>) -> Result<(), CustodyError> {
        self.known.write(act).await?;
        let at = act.at();
        chains::insert_all(act.conn(), &std::mem::take(&mut self.new_steps), at).await?;
        Ok(())
    }

    fn forget(&mut self) {
        *self = Self::default();
    }

    fn keep_changed(&mut self) {
        self.known.keep_changed();
    }

    async fn finish(self, _: Conn<'_>, _: &Ground<'_>) -> Result<Vec<Note>, CatalogError> {
        Ok(Vec::new())
    }
}

impl Cases {
    /// The predecessors of a record that are none yet, each once.
    fn new_predecessors(&self, record: &Record, case: Option<&Case>) -> Result<Vec<CaseNumber>, Message> {
        let mut new = Vec::new();
        for number in &record.predecessors {
            if *number == record.number {
                return Err(Message::new("前案是案件本身", "the case is named as its own predecessor"));
            }
            // A circle, and a step that is there, need both cases to be there.
            if let (Some(case), Some(earlier)) = (case, self.known.get(number)) {
                if self.steps.contains(Step { earlier: earlier.id, later: case.id }) {
                    continue;
                }
                if let Some(way) = self.steps.path(case.id, earlier.id) {
                    return Err(circle(&way.iter().map(|id| self.name(*id)).collect::<Vec<_>>()));
                }
            }
            if !new.contains(number) {
                new.push(number.clone());
            }
        }
        Ok(new)
    }

    fn name(&self, id: Id) -> String {
        self.numbers.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}

/// The refusal of a step back to the first case of `way`.
pub(super) fn circle(way: &[String]) -> Message {
    let first = way.first().map_or("", String::as_str);
    let way = way.join(" → ");
    Message::new(
        format!("案件关系将成循环：{way} → {first}"),
        format!("the cases would follow from each other in a circle: {way} → {first}"),
    )
}

/// The parties of a line. A role that is not said does not erase the known one.
fn merged(given: &[Party], known: Vec<Party>) -> Vec<Party> {
    if given.is_empty() {
        return known;
    }
    let role_of = |name: &str| known.iter().find(|party| party.name == name).and_then(|party| party.role.clone());
    let party =
        |party: &Party| Party { name: party.name.clone(), role: party.role.clone().or_else(|| role_of(&party.name)) };
    given.iter().map(party).collect()
}

fn difference(old: Option<&Case>, new: &Case, predecessors: &[CaseNumber], line: u64) -> Change {
    let [_, parties, cause, judge, status, before] = &COLUMNS;
    let list = |parties: &[Party]| parties.iter().map(Party::to_string).collect::<Vec<_>>().join("、");
    let mut differences = Differences::default();
    if let Some(old) = old {
        let known = |stub: bool| Some((!stub).to_string());
        differences.compare(&REGISTERED, known(old.stub), known(new.stub));
    }
    differences.compare(parties, old.map(|o| list(&o.parties)), Some(list(&new.parties)));
    differences.compare(cause, old.and_then(|o| o.cause.clone()), new.cause.clone());
    differences.compare(judge, old.and_then(|o| o.judge.clone()), new.judge.clone());
    differences.compare(status, old.and_then(|o| o.status.clone()), new.status.clone());
    let added: Vec<String> = predecessors.iter().map(CaseNumber::canonical).collect();
    differences.compare(before, None, Some(added.join("、")));
    differences.of(line, new.number.clone(), old.is_none())
}
