//! The import of one file: lines in groups, each planned and written as a whole.

use std::io::Read;

use super::change::{Change, ChangeKind};
use super::file::{Column, FileError, Line, Lines};
use super::message::{Message, Note};
use super::{Register, actions, cases, courts, officers, parties, recorders};
use crate::catalog::CatalogError;
use crate::catalog::engine::Conn;
use crate::custody::act::Act;
use crate::custody::{Actor, Custody, CustodyError};
use crate::model::id::Id;
use crate::model::time::{Micros, UtcOffset};

/// Lines in one transaction.
const GROUP: usize = 500;
/// How often a group is planned anew when somebody else adds the same key meanwhile.
const TRIES: u32 = 3;
/// Keys that are looked at together in the end.
pub(super) const KEYS_AT_ONCE: usize = 1000;

/// Whether an import changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It says what would change.
    DryRun,
    /// It changes it.
    Apply,
}

/// A register's file, its header read.
#[derive(Debug)]
pub struct RegisterFile {
    register: Register,
    lines: Lines,
}

impl RegisterFile {
    /// Reads a file and its header.
    ///
    /// # Errors
    /// The file cannot be read, is too large, or is no such register.
    pub fn read(register: Register, bytes: impl Read) -> Result<Self, FileError> {
        let columns = match register {
            Register::Courts => courts::Courts::COLUMNS,
            Register::Officers => officers::Officers::COLUMNS,
            Register::Recorders => recorders::Recorders::COLUMNS,
            Register::Parties => parties::Parties::COLUMNS,
            Register::Cases => cases::Cases::COLUMNS,
            Register::Actions => actions::Actions::COLUMNS,
        };
        Ok(Self { register, lines: Lines::read(bytes, columns)? })
    }

    /// The register.
    pub fn register(&self) -> Register {
        self.register
    }

    /// The encoding found: `utf-8`, `gbk`, `utf-16le` or `utf-16be`.
    pub fn encoding(&self) -> &'static str {
        self.lines.encoding()
    }

    /// What is odd about the header.
    pub fn warnings(&self) -> &[Message] {
        self.lines.warnings()
    }
}

/// Lines by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines whose key is new.
    pub added: u64,
    /// Lines that change something.
    pub changed: u64,
    /// Lines that say what is known.
    pub unchanged: u64,
    /// Lines that are left out.
    pub bad: u64,
}

impl Tally {
    fn count(&mut self, group: &Group) {
        self.bad += group.faults.len() as u64;
        for change in &group.changes {
            match change.kind {
                ChangeKind::Added => self.added += 1,
                ChangeKind::Changed => self.changed += 1,
                ChangeKind::Unchanged => self.unchanged += 1,
            }
        }
    }
}

/// A group of lines that is done.
#[derive(Debug, Default)]
pub struct Group {
    /// What each good line changes, in the order of the lines.
    pub changes: Vec<Change>,
    /// The bad lines, in order.
    pub faults: Vec<Note>,
    /// Bytes of the text read so far.
    pub read_bytes: u64,
    /// Bytes of the text.
    pub total_bytes: u64,
}

/// What came of an import.
#[derive(Debug)]
pub struct Summary {
    /// The lines, by what became of them.
    pub tally: Tally,
    /// What is odd, and imported all the same.
    pub warnings: Vec<Note>,
}

/// An import ended before its end. What the groups before changed is there; the same file again goes on.
#[derive(Debug, thiserror::Error)]
#[error("stopped before line {line}; the lines before it are in, and the same file again goes on: {source}")]
pub struct ImportError {
    /// The first line of the group that could not be written.
    pub line: u64,
    /// What became of the lines before.
    pub tally: Tally,
    /// Why.
    pub source: CustodyError,
}

/// One register's way to read, plan and write its lines.
pub(super) trait Table: Default {
    /// Its columns; a line's fields are taken by their place here.
    const COLUMNS: &'static [Column];
    /// What a line says.
    type Record;

    /// Reads a line. Pure.
    fn read(line: &Line, offset: UtcOffset) -> Result<Self::Record, Message>;

    /// Reads what the catalog holds of the records' keys and is not known yet.
    async fn load(&mut self, conn: Conn<'_>, records: &[(u64, Self::Record)]) -> Result<(), CatalogError>;

    /// What a record changes in what is known; from then on it is known. Pure, but for the ids it takes.
    fn plan(&mut self, ground: &Ground<'_>, line: u64, record: &Self::Record) -> Result<Change, Message>;

    /// Writes what was planned.
    async fn write(&mut self, act: &mut Act<'_>) -> Result<(), CustodyError>;

    /// Goes on once what was written is committed.
    async fn committed(&mut self, _: &Custody) -> Result<(), CustodyError> {
        Ok(())
    }

    /// Forgets what is known, because others may change it; what it keeps for the end it keeps.
    fn forget(&mut self);

    /// Forgets what is known and was not changed, so that a dry run holds no more of the catalog than it must.
    fn keep_changed(&mut self);

    /// What is odd in the end, with all lines in. After a dry run what is known counts before what the catalog holds.
    async fn finish(self, conn: Conn<'_>, ground: &Ground<'_>) -> Result<Vec<Note>, CatalogError>;
}

/// What a plan stands on.
pub(super) struct Ground<'a> {
    custody: &'a Custody,
    actor: &'a Actor,
    /// When the import happens.
    pub(super) at: Micros,
}

impl Ground<'_> {
    /// A new id.
    pub(super) fn new_id(&self) -> Id {
        self.custody.ids.next(self.at)
    }

    /// Who imports.
    pub(super) fn actor(&self) -> &Actor {
        self.actor
    }

    /// The court's distance from UTC.
    pub(super) fn offset(&self) -> UtcOffset {
        self.custody.utc_offset
    }
}

/// Imports a file because `actor` says so, or says what that would change; `each` is told of every group that is done.
///
/// # Errors
/// When the catalog refuses; the groups before are in.
pub async fn import(
    custody: &Custody,
    actor: &Actor,
    file: RegisterFile,
    mode: Mode,
    each: impl FnMut(Group) + Send,
) -> Result<Summary, ImportError> {
    let RegisterFile { register, lines } = file;
    match register {
        Register::Courts => run::<courts::Courts>(custody, actor, lines, mode, each).await,
        Register::Officers => run::<officers::Officers>(custody, actor, lines, mode, each).await,
        Register::Recorders => run::<recorders::Recorders>(custody, actor, lines, mode, each).await,
        Register::Parties => run::<parties::Parties>(custody, actor, lines, mode, each).await,
        Register::Cases => run::<cases::Cases>(custody, actor, lines, mode, each).await,
        Register::Actions => run::<actions::Actions>(custody, actor, lines, mode, each).await,
    }
}

async fn run<T: Table>(
    custody: &Custody,
    actor: &Actor,
    mut lines: Lines,
    mode: Mode,
    mut each: impl FnMut(Group) + Send,
) -> Result<Summary, ImportError> {
    let (mut table, mut tally) = (T::default(), Tally::default());
    loop {
        let (records, faults) = next_group::<T>(&mut lines, custody.utc_offset);
        let Some(line) = first_line(&records, &faults) else { break };
        let mut group = match mode {
            Mode::DryRun => dry_run(custody, actor, &mut table, &records).await,
            Mode::Apply => apply(custody, actor, &mut table, &records).await,
        }
        .map_err(|source| ImportError { line, tally, source })?;
        group.faults.extend(faults);
        group.faults.sort_by_key(|fault| fault.line);
        (group.read_bytes, group.total_bytes) = lines.position();
        tally.count(&group);
        each(group);
    }
    let warnings = finish(custody, actor, table).await;
    let end = |source: CatalogError| ImportError { line: u64::MAX, tally, source: source.into() };
    Ok(Summary { tally, warnings: warnings.map_err(end)? })
}

async fn finish<T: Table>(custody: &Custody, actor: &Actor, table: T) -> Result<Vec<Note>, CatalogError> {
    let mut reader = custody.db.read().await?;
    let ground = Ground { custody, actor, at: custody.clock.now() };
    let mut warnings = table.finish(reader.conn(), &ground).await?;
    warnings.sort_by_key(|note| note.line);
    Ok(warnings)
}

fn next_group<T: Table>(lines: &mut Lines, offset: UtcOffset) -> (Vec<(u64, T::Record)>, Vec<Note>) {
    let (mut records, mut faults) = (Vec::new(), Vec::new());
    for (line, fields) in lines.take(GROUP) {
        match fields.and_then(|fields| T::read(&fields, offset)) {
            Ok(record) => records.push((line, record)),
            Err(message) => faults.push(Note { line: Some(line), message }),
        }
    }
    (records, faults)
}

fn first_line<R>(records: &[(u64, R)], faults: &[Note]) -> Option<u64> {
    let fault = faults.first().and_then(|fault| fault.line);
    let record = records.first().map(|(line, _)| *line);
    record.into_iter().chain(fault).min()
}

async fn dry_run<T: Table>(
    custody: &Custody,
    actor: &Actor,
    table: &mut T,
    records: &[(u64, T::Record)],
) -> Result<Group, CustodyError> {
    let mut reader = custody.db.read().await?;
    table.load(reader.conn(), records).await?;
    let group = plan(&Ground { custody, actor, at: custody.clock.now() }, table, records);
    table.keep_changed();
    Ok(group)
}

async fn apply<T: Table>(
    custody: &Custody,
    actor: &Actor,
    table: &mut T,
    records: &[(u64, T::Record)],
) -> Result<Group, CustodyError> {
    let mut tries = 1;
    loop {
        match apply_once(custody, actor, table, records).await {
            Err(CustodyError::Catalog(e)) if e.is_conflict() && tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

async fn apply_once<T: Table>(
    custody: &Custody,
    actor: &Actor,
    table: &mut T,
    records: &[(u64, T::Record)],
) -> Result<Group, CustodyError> {
    table.forget();
    if records.is_empty() {
        return Ok(Group::default());
    }
    let mut act = Act::begin(custody).await?;
    table.load(act.conn(), records).await?;
    let group = plan(&Ground { custody, actor, at: act.at() }, table, records);
    if group.changes.iter().all(|change| change.kind == ChangeKind::Unchanged) {
        return Ok(group);
    }
    table.write(&mut act).await?;
    act.commit().await?;
    table.committed(custody).await?;
    table.forget();
    Ok(group)
}

fn plan<T: Table>(ground: &Ground<'_>, table: &mut T, records: &[(u64, T::Record)]) -> Group {
    let mut group = Group::default();
    for (line, record) in records {
        match table.plan(ground, *line, record) {
            Ok(change) => group.changes.push(change),
            Err(message) => group.faults.push(Note { line: Some(*line), message }),
        }
    }
    group
}
