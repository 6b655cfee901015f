//! The register of recorders, from a file: one line a holder. A recorder that nobody has is a line without one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::change::{Change, Differences, key_with_start};
use super::court_ref::{CourtNames, CourtRef};
use super::file::{Column, Line};
use super::import::{Ground, KEYS_AT_ONCE, Table};
use super::known::Known;
use super::message::{Message, Note};
use super::value::{self, End};
use crate::catalog::engine::Conn;
use crate::catalog::recorders::{self, Holder, Recorder};
use crate::catalog::rematch_makers::MakerKind;
use crate::catalog::{CatalogError, officers};
use crate::custody::act::Act;
use crate::custody::{CustodyError, rematch};
use crate::model::span::Span;
use crate::model::time::{Micros, UtcOffset};
use crate::search::index;

const SERIAL: usize = 0;
const MODEL: usize = 1;
const COURT: usize = 2;
const HOLDER: usize = 3;
const FROM: usize = 4;
const TO: usize = 5;
const COLUMNS: [Column; 6] = [
    Column::required("序列号", "serial", &["执法记录仪", "设备编号", "执法记录仪编号", "recorder", "serial number"]),
    Column::optional("型号", "model", &["设备型号"]),
    Column::optional("法院", "court", &["法院代码", "法院代字", "所属法院", "court code"]),
    Column::optional("持有人警号", "holder", &["警号", "持有人", "officer", "officer number", "holder number"]),
    Column::optional("起始日期", "first_day", &["开始日期", "领用日期", "valid from", "from", "start date"]),
    Column::optional("截止日期", "last_day", &["结束日期", "归还日期", "valid to", "to", "end date"]),
];

/// What a line says.
pub(super) struct Record {
    serial: String,
    model: Option<String>,
    court: Option<CourtRef>,
    holder: Option<(String, Micros, End)>,
}

/// Recorders on their way into the catalog.
#[derive(Default)]
pub(super) struct Recorders {
    known: HashMap<String, Option<Recorder>>,
    /// The serials that were put since the last write, and whether the recorder is new.
    changed: BTreeMap<String, bool>,
    holders: Known<Holder>,
    courts: CourtNames,
    /// The officer numbers that lines name as holders, with the first of these lines. Kept for the end.
    officers: BTreeMap<String, u64>,
}

impl Recorders {
    async fn learn_holders(&mut self, conn: Conn<'_>, serials: &[&str]) -> Result<(), CatalogError> {
        let unknown = self.holders.unknown(serials.iter().copied());
        let rows = recorders::holders_of(conn, &unknown).await?;
        self.holders.learn(&unknown, rows);
        Ok(())
    }

    fn plan_holder(&mut self, record: &Record, line: u64) -> Result<Option<(Option<Holder>, Holder)>, Message> {
        let Some((officer, from, to)) = &record.holder else { return Ok(None) };
        let old = self.holders.get(&record.serial, *from).cloned();
        let span = value::span(*from, to.or(old.as_ref().and_then(|o| o.span.to)))?;
        let new = Holder { serial: record.serial.clone(), officer: officer.clone(), span };
        self.holders.name(&new.serial, span.from, line);
        self.officers.entry(officer.clone()).or_insert(line);
        if old.as_ref() != Some(&new) {
            self.holders.put(new.clone());
        }
        Ok(Some((old, new)))
    }
}

impl Table for Recorders {
    const COLUMNS: &'static [Column] = &COLUMNS;
    type Record = Record;

    fn read(line: &Line, offset: UtcOffset) -> Result<Record, Message> {
        let serial = line.get(SERIAL).ok_or_else(|| Message::new("序列号为空", "the serial is empty"))?;
        let holder = line.get(HOLDER).map(value::key).transpose()?;
        let (from, to) = (value::start(line.get(FROM), offset)?, value::end(line.get(TO), offset)?);
        if holder.is_none() && (from != Micros(0) || to != End::Unsaid) {
            return Err(Message::new("有日期而无持有人警号", "there are days, but no holder they are about"));
        }
        Ok(Record {
            serial: value::key(serial)?,
            model: line.get(MODEL).map(value::text).transpose()?,
            court: line.get(COURT).map(CourtRef::read).transpose()?,
            holder: holder.map(|officer| (officer, from, to)),
        })
    }

    async fn load(&mut self, mut conn: Conn<'_>, records: &[(u64, Record)]) -> Result<(), CatalogError> {
        let serials: HashSet<&str> = records.iter().map(|(_, record)| record.serial.as_str()).collect();
        let serials: Vec<&str> = serials.into_iter().collect();
        self.learn_holders(conn.reborrow(), &serials).await?;
        let unknown: Vec<&str> = serials.into_iter().filter(|serial| !self.known.contains_key(*serial)).collect();
        let rows = recorders::of_serials(conn.reborrow(), &unknown).await?;
        self.known.extend(unknown.into_iter().map(|serial| (serial.to_owned(), None)));
        self.known.extend(rows.into_iter().map(|recorder| (recorder.serial.clone(), Some(recorder))));
        let names = records.iter().filter_map(|(_, record)| record.court.as_ref()?.name());
        self.courts.load(conn, names).await
    }

    fn plan(&mut self, ground: &Ground<'_>, line: u64, record: &Record) -> Result<Change, Message> {
        let court = record.court.as_ref().map(|court| self.courts.code(court)).transpose()?;
        // The holder first: when it is refused, nothing of the line is put.
        let held = self.plan_holder(record, line)?;
        let old = self.known.get(&record.serial).cloned().flatten();
        let kept = |new: Option<String>, old: Option<&String>| new.or_else(|| old.cloned()).unwrap_or_default();
        let new = Recorder {
            id: old.as_ref().map_or_else(|| ground.new_id(), |o| o.id),
            serial: record.serial.clone(),
            model: kept(record.model.clone(), old.as_ref().map(|o| &o.model)),
            court: kept(court, old.as_ref().map(|o| &o.court)),
        };
        let change = difference((old.as_ref(), &new), held.as_ref(), line, ground.offset());
        if old.as_ref() != Some(&new) {
            self.changed.entry(new.serial.clone()).or_insert(old.is_none());
            self.known.insert(new.serial.clone(), Some(new));
        }
        Ok(change)
    }

    async fn write(&mut self, act: &mut Act<'_>) -> Result<(), CustodyError> {
        let mut rematched = BTreeSet::new();
        for (serial, new) in std::mem::take(&mut self.changed) {
            let Some(Some(recorder)) = self.known.get(&serial) else { continue };
            index::mark_recorder_dirty(act.conn(), &serial).await?;
            if new {
                recorders::insert(act.conn(), recorder).await?;
                rematched.insert(serial);
            } else {
                recorders::update(act.conn(), recorder).await?;
            }
        }
        for pending in self.holders.take_changed() {
            recorders::put_holder(act.conn(), &pending.row).await?;
            rematched.insert(pending.row.serial);
        }
        let who: Vec<&str> = rematched.iter().map(String::as_str).collect();
        rematch::note(act, MakerKind::Recorder, &who).await
    }

    fn forget(&mut self) {
        self.known.clear();
        self.changed.clear();
        self.holders.forget();
        self.courts.forget();
    }

    fn keep_changed(&mut self) {
        let changed = &self.changed;
        self.known.retain(|serial, _| changed.contains_key(serial));
        self.holders.keep_changed();
        self.courts.forget();
    }

    async fn finish(mut self, mut conn: Conn<'_>, ground: &Ground<'_>) -> Result<Vec<Note>, CatalogError> {
        let (named, mut notes) = (self.holders.named(), Vec::new());
        let serials: Vec<&str> = named.iter().map(String::as_str).collect();
        for some in serials.chunks(KEYS_AT_ONCE) {
            self.learn_holders(conn.reborrow(), some).await?;
            notes.extend(self.holders.overlaps(some, ("执法记录仪", "recorder"), ground.offset()));
            self.holders.keep_changed();
        }
        let numbers: Vec<&str> = self.officers.keys().map(String::as_str).collect();
        let rows = officers::of_numbers(conn, &numbers).await?;
        let registered: HashSet<&str> = rows.iter().map(|officer| officer.number.as_str()).collect();
        let unknown = self.officers.iter().filter(|(number, _)| !registered.contains(number.as_str()));
        notes.extend(unknown.map(|(number, line)| Note {
            line: Some(*line),
            message: Message::new(
                format!("持有人警号 {number} 不在执行人员登记中"),
                format!("the holder {number} is in no register of officers"),
            ),
        }));
        Ok(notes)
    }
}

fn difference(
    (old, new): (Option<&Recorder>, &Recorder),
    held: Option<&(Option<Holder>, Holder)>,
    line: u64,
    offset: UtcOffset,
) -> Change {
    let [_, model, court, holder, from, to] = &COLUMNS;
    let mut differences = Differences::default();
    differences.compare(model, old.map(|o| o.model.clone()), Some(new.model.clone()));
    differences.compare(court, old.map(|o| o.court.clone()), Some(new.court.clone()));
    let mut is_new = old.is_none();
    let mut span = Span::ALWAYS;
    if let Some((before, after)) = held {
        differences.compare(holder, before.as_ref().map(|b| b.officer.clone()), Some(after.officer.clone()));
        differences.compare_days((from, to), before.as_ref().map(|b| b.span), after.span, offset);
        is_new |= before.is_none();
        span = after.span;
    }
    differences.of(line, key_with_start(&new.serial, span, offset), is_new)
}
