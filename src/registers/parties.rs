//! The register of parties, from a file: one line a party of a case.

use std::collections::BTreeMap;

use super::cases::number;
use super::change::{Change, Differences};
use super::file::{Column, Line};
use super::import::{Ground, Table};
use super::known_cases::KnownCases;
use super::message::{Message, Note};
use super::value;
use crate::catalog::CatalogError;
use crate::catalog::cases::Case;
use crate::catalog::engine::Conn;
use crate::custody::CustodyError;
use crate::custody::act::Act;
use crate::model::case_number::CaseNumber;
use crate::model::party::Party;
use crate::model::time::UtcOffset;

const NUMBER: usize = 0;
const NAME: usize = 1;
const ROLE: usize = 2;
const COLUMNS: [Column; 3] = [
    Column::required("案号", "case", &["案件号", "case number", "number"]),
    Column::required("姓名", "name", &["当事人", "名称", "party", "party name"]),
    Column::optional("身份", "role", &["诉讼地位", "当事人身份", "地位"]),
];

/// What a line says.
pub(super) struct Record {
    number: CaseNumber,
    party: Party,
}

/// Parties on their way into the catalog.
#[derive(Default)]
pub(super) struct Parties {
    known: KnownCases,
    /// Cases that were in no register, with the first line that names them. Kept for the end.
    stubs: BTreeMap<CaseNumber, u64>,
}

impl Table for Parties {
    const COLUMNS: &'static [Column] = &COLUMNS;
    type Record = Record;

    fn read(line: &Line, _: UtcOffset) -> Result<Record, Message> {
        let name = line.get(NAME).ok_or_else(|| Message::new("姓名为空", "the name is empty"))?;
        let mut party = Party::read(&value::text(name)?);
        if let Some(role) = line.get(ROLE).map(value::text).transpose()? {
            party.role = Some(role);
        }
        Ok(Record { number: number(line.get(NUMBER).unwrap_or_default())?, party })
    }

    async fn load(&mut self, conn: Conn<'_>, records: &[(u64, Record)]) -> Result<(), CatalogError> {
        self.known.load(conn, records.iter().map(|(_, record)| &record.number)).await
    }

    fn plan(&mut self, ground: &Ground<'_>, line: u64, record: &Record) -> Result<Change, Message> {
        if self.known.get(&record.number).is_none() {
            self.stubs.entry(record.number.clone()).or_insert(line);
        }
        let case = self.known.find_or_stub(&record.number, ground);
        let mut parties = case.parties.clone();
        let old = parties.iter_mut().find(|party| party.name == record.party.name);
        let was = old.as_ref().map(|party| (**party).clone());
        match old {
            None => parties.push(record.party.clone()),
            Some(party) => party.role = record.party.role.clone().or_else(|| party.role.take()),
        }
        let new = parties.iter().find(|party| party.name == record.party.name).and_then(|party| party.role.clone());
        let mut differences = Differences::default();
        differences.compare(&COLUMNS[ROLE], was.as_ref().and_then(|party| party.role.clone()), new);
        let key = format!("{} {}", case.number, record.party.name);
        let change = differences.of(line, key, was.is_none());
        if parties != case.parties {
            self.known.put(&record.number, Case { parties, updated: ground.at, ..case });
        }
        Ok(change)
    }

    async fn write(&mut self, act: &mut Act<'_>) -> Result<(), CustodyError> {
        self.known.write(act).await
    }

    fn forget(&mut self) {
        self.known.forget();
    }

    fn keep_changed(&mut self) {
        self.known.keep_changed();
    }

    async fn finish(self, _: Conn<'_>, _: &Ground<'_>) -> Result<Vec<Note>, CatalogError> {
        let note = |(number, line): (CaseNumber, u64)| Note {
            line: Some(line),
            message: Message::new(
                format!("案件 {number} 不在案件登记中，先以案号建立"),
                format!("case {number} is in no register of cases; it is kept by its number until it is"),
            ),
        };
        Ok(self.stubs.into_iter().map(note).collect())
    }
}
