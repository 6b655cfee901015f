//! The register of officers, from a file: one line a post. A transfer is a line of its own.

use std::collections::BTreeSet;

use super::change::{Change, Differences, key_with_start};
use super::court_ref::{CourtNames, CourtRef};
use super::file::{Column, Line};
use super::import::{Ground, KEYS_AT_ONCE, Table};
use super::known::Known;
use super::message::{Message, Note};
use super::value::{self, End};
use crate::catalog::CatalogError;
use crate::catalog::engine::Conn;
use crate::catalog::officers::{self, Officer};
use crate::catalog::rematch_makers::MakerKind;
use crate::custody::act::Act;
use crate::custody::{CustodyError, rematch};
use crate::model::span::Span;
use crate::model::time::{Micros, UtcOffset};
use crate::search::index;

const NUMBER: usize = 0;
const NAME: usize = 1;
const ROLE: usize = 2;
const COURT: usize = 3;
const FROM: usize = 4;
const TO: usize = 5;
const COLUMNS: [Column; 6] = [
    Column::required("警号", "number", &["人员编号", "officer number", "officer"]),
    Column::optional("姓名", "name", &["officer name"]),
    Column::optional("职务", "role", &["身份", "岗位", "title"]),
    Column::optional("法院", "court", &["法院代码", "法院代字", "所在法院", "court code"]),
    Column::optional("起始日期", "first_day", &["开始日期", "任职日期", "valid from", "from", "start date"]),
    Column::optional("截止日期", "last_day", &["结束日期", "离任日期", "valid to", "to", "end date"]),
];

/// What a line says.
pub(super) struct Record {
    number: String,
    name: Option<String>,
    role: Option<String>,
    court: Option<CourtRef>,
    from: Micros,
    to: End,
}

/// Posts on their way into the catalog.
#[derive(Default)]
pub(super) struct Officers {
    known: Known<Officer>,
    courts: CourtNames,
}

impl Officers {
    async fn learn(&mut self, conn: Conn<'_>, numbers: &[&str]) -> Result<(), CatalogError> {
        let unknown = self.known.unknown(numbers.iter().copied());
        let rows = officers::of_numbers(conn, &unknown).await?;
        self.known.learn(&unknown, rows);
        Ok(())
    }
}

impl Table for Officers {
    const COLUMNS: &'static [Column] = &COLUMNS;
    type Record = Record;

    fn read(line: &Line, offset: UtcOffset) -> Result<Record, Message> {
        let number = line.get(NUMBER).ok_or_else(|| Message::new("警号为空", "the officer number is empty"))?;
        Ok(Record {
            number: value::key(number)?,
            name: line.get(NAME).map(value::text).transpose()?,
            role: line.get(ROLE).map(value::text).transpose()?,
            court: line.get(COURT).map(CourtRef::read).transpose()?,
            from: value::start(line.get(FROM), offset)?,
            to: value::end(line.get(TO), offset)?,
        })
    }

    async fn load(&mut self, mut conn: Conn<'_>, records: &[(u64, Record)]) -> Result<(), CatalogError> {
        let numbers: Vec<&str> = records.iter().map(|(_, record)| record.number.as_str()).collect();
        self.learn(conn.reborrow(), &numbers).await?;
        let names = records.iter().filter_map(|(_, record)| record.court.as_ref()?.name());
        self.courts.load(conn, names).await
    }

    fn plan(&mut self, ground: &Ground<'_>, line: u64, record: &Record) -> Result<Change, Message> {
        let old = self.known.get(&record.number, record.from).cloned();
        let span = value::span(record.from, record.to.or(old.as_ref().and_then(|o| o.span.to)))?;
        let court = record.court.as_ref().map(|court| self.courts.code(court)).transpose()?;
        let name = record.name.clone().or_else(|| old.as_ref().map(|o| o.name.clone())).ok_or_else(|| {
            let number = &record.number;
            Message::new(
                format!("警号 {number} 的此任职尚未登记，须有姓名"),
                format!("this post of officer {number} is new and needs a name"),
            )
        })?;
        let kept = |new: Option<String>, old: Option<&String>| new.or_else(|| old.cloned()).unwrap_or_default();
        let new = Officer {
            id: old.as_ref().map_or_else(|| ground.new_id(), |o| o.id),
            number: record.number.clone(),
            name,
            role: kept(record.role.clone(), old.as_ref().map(|o| &o.role)),
            court: kept(court, old.as_ref().map(|o| &o.court)),
            span,
        };
        self.known.name(&new.number, span.from, line);
        let change = difference(old.as_ref(), &new, line, ground.offset());
        if old.as_ref() != Some(&new) {
            self.known.put(new);
        }
        Ok(change)
    }

    async fn write(&mut self, act: &mut Act<'_>) -> Result<(), CustodyError> {
        let (mut numbers, mut new) = (BTreeSet::new(), BTreeSet::new());
        for pending in self.known.take_changed() {
            if pending.old.is_some() {
                officers::update(act.conn(), &pending.row).await?;
            } else {
                officers::insert(act.conn(), &pending.row).await?;
                new.insert(pending.row.number.clone());
            }
            numbers.insert(pending.row.number);
        }
        let who: Vec<&str> = new.iter().map(String::as_str).collect();
        rematch::note(act, MakerKind::Officer, &who).await?;
        for number in &numbers {
            index::mark_officer_dirty(act.conn(), number, Span::ALWAYS).await?;
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.known.forget();
        self.courts.forget();
    }

    fn keep_changed(&mut self) {
        self.known.keep_changed();
        self.courts.forget();
    }

    async fn finish(mut self, mut conn: Conn<'_>, ground: &Ground<'_>) -> Result<Vec<Note>, CatalogError> {
        let (named, mut notes) = (self.known.named(), Vec::new());
        let numbers: Vec<&str> = named.iter().map(String::as_str).collect();
        for some in numbers.chunks(KEYS_AT_ONCE) {
            self.learn(conn.reborrow(), some).await?;
            notes.extend(self.known.overlaps(some, ("警号", "officer"), ground.offset()));
            self.known.keep_changed();
        }
        Ok(notes)
    }
}

fn difference(old: Option<&Officer>, new: &Officer, line: u64, offset: UtcOffset) -> Change {
    let [_, name, role, court, from, to] = &COLUMNS;
    let mut differences = Differences::default();
    differences.compare(name, old.map(|o| o.name.clone()), Some(new.name.clone()));
    differences.compare(role, old.map(|o| o.role.clone()), Some(new.role.clone()));
    differences.compare(court, old.map(|o| o.court.clone()), Some(new.court.clone()));
    differences.compare_days((from, to), old.map(|o| o.span), new.span, offset);
    differences.of(line, key_with_start(&new.number, new.span, offset), old.is_none())
}
