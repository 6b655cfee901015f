//! The register of courts, from a file.

use std::collections::BTreeMap;

use super::change::{Change, Differences, key_with_start};
use super::file::{Column, Line};
use super::import::{Ground, Table};
use super::known::Known;
use super::message::{Message, Note};
use super::value::{self, End};
use crate::catalog::CatalogError;
use crate::catalog::courts::{self, Court};
use crate::catalog::engine::Conn;
use crate::custody::CustodyError;
use crate::custody::act::Act;
use crate::model::time::{Micros, UtcOffset};

const CODE: usize = 0;
const NAME: usize = 1;
const PARENT: usize = 2;
const FROM: usize = 3;
const TO: usize = 4;
const COLUMNS: [Column; 5] = [
    Column::required("法院代码", "code", &["法院代字", "代码", "代字", "court code"]),
    Column::optional("法院名称", "name", &["名称", "法院", "court name", "court"]),
    Column::optional("上级法院", "parent", &["上级法院代码", "上级", "parent code", "higher court"]),
    Column::optional("启用日期", "first_day", &["起始日期", "开始日期", "valid from", "from", "start date"]),
    Column::optional("停用日期", "last_day", &["截止日期", "结束日期", "valid to", "to", "end date"]),
];

/// What a line says.
pub(super) struct Record {
    code: String,
    name: Option<String>,
    parent: Option<String>,
    from: Micros,
    to: End,
}

/// Courts on their way into the catalog.
#[derive(Default)]
pub(super) struct Courts {
    known: Known<Court>,
    /// The courts that lines name as the one above, with the first of these lines. Kept for the end.
    parents: BTreeMap<String, u64>,
}

impl Courts {
    async fn learn(&mut self, conn: Conn<'_>, codes: &[&str]) -> Result<(), CatalogError> {
        let unknown = self.known.unknown(codes.iter().copied());
        let rows = courts::of_codes(conn, &unknown).await?;
        self.known.learn(&unknown, rows);
        Ok(())
    }
}

impl Table for Courts {
    const COLUMNS: &'static [Column] = &COLUMNS;
    type Record = Record;

    fn read(line: &Line, offset: UtcOffset) -> Result<Record, Message> {
        let code = line.get(CODE).ok_or_else(|| Message::new("法院代码为空", "the court code is empty"))?;
        Ok(Record {
            code: value::court_code(code)?,
            name: line.get(NAME).map(value::text).transpose()?,
            parent: line.get(PARENT).map(value::court_code).transpose()?,
            from: value::start(line.get(FROM), offset)?,
            to: value::end(line.get(TO), offset)?,
        })
    }

    async fn load(&mut self, conn: Conn<'_>, records: &[(u64, Record)]) -> Result<(), CatalogError> {
        let codes: Vec<&str> = records.iter().map(|(_, record)| record.code.as_str()).collect();
        self.learn(conn, &codes).await
    }

    fn plan(&mut self, ground: &Ground<'_>, line: u64, record: &Record) -> Result<Change, Message> {
        let old = self.known.get(&record.code, record.from).cloned();
        let span = value::span(record.from, record.to.or(old.as_ref().and_then(|o| o.span.to)))?;
        let known_name = old.as_ref().map(|o| o.name.clone());
        let name = record.name.clone().or(known_name).ok_or_else(|| {
            Message::new(
                format!("法院 {} 尚未登记，须有法院名称", record.code),
                format!("court {} is new and needs a name", record.code),
            )
        })?;
        let new = Court {
            id: old.as_ref().map_or_else(|| ground.new_id(), |o| o.id),
            code: record.code.clone(),
            name,
            parent: record.parent.clone().or_else(|| old.as_ref().and_then(|o| o.parent.clone())),
            span,
        };
        self.known.name(&new.code, span.from, line);
        if let Some(parent) = &new.parent {
            self.parents.entry(parent.clone()).or_insert(line);
        }
        let change = difference(old.as_ref(), &new, line, ground.offset());
        if old.as_ref() != Some(&new) {
            self.known.put(new);
        }
        Ok(change)
    }

    async fn write(&mut self, act: &mut Act<'_>) -> Result<(), CustodyError> {
        for pending in self.known.take_changed() {
            match pending.old {
                None => courts::insert(act.conn(), &pending.row).await?,
                Some(_) => courts::update(act.conn(), &pending.row).await?,
            }
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.known.forget();
    }

    fn keep_changed(&mut self) {
        self.known.keep_changed();
    }

    async fn finish(mut self, mut conn: Conn<'_>, ground: &Ground<'_>) -> Result<Vec<Note>, CatalogError> {
        let parents = std::mem::take(&mut self.parents);
        let named = self.known.named();
        let codes: Vec<&str> = named.iter().chain(parents.keys()).map(String::as_str).collect();
        self.learn(conn.reborrow(), &codes).await?;
        let mut notes = self.known.overlaps(&codes, ("法院", "court"), ground.offset());
        let unknown = parents.iter().filter(|(parent, _)| self.known.of(parent).is_empty());
        notes.extend(unknown.map(|(parent, line)| Note {
            line: Some(*line),
            message: Message::new(
                format!("上级法院 {parent} 不在法院登记中"),
                format!("the court above, {parent}, is in no register of courts"),
            ),
        }));
        Ok(notes)
    }
}

/// What becomes different of a court.
pub(super) fn difference(old: Option<&Court>, new: &Court, line: u64, offset: UtcOffset) -> Change {
    let [_, name, parent, from, to] = &COLUMNS;
    let mut differences = Differences::default();
    differences.compare(name, old.map(|o| o.name.clone()), Some(new.name.clone()));
    differences.compare(parent, old.and_then(|o| o.parent.clone()), new.parent.clone());
    differences.compare_days((from, to), old.map(|o| o.span), new.span, offset);
    differences.of(line, key_with_start(&new.code, new.span, offset), old.is_none())
}
