use std::path::PathBuf;

use super::case_file::{self, CaseRecord};
use super::{Common, Failure, Outcome};
use crate::catalog::CatalogError;
use crate::catalog::cases::{self, Case};
use crate::catalog::engine::Tx;
use crate::custody::Custody;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Register {
    /// Cases: 案号 number, 当事人 parties, 案由 cause, 承办人 judge, 状态 status; UTF-8 or GBK
    Cases {
        /// The CSV file
        file: PathBuf,
    },
}

/// Lines in one transaction.
const GROUP: usize = 500;

#[derive(Debug, Default)]
struct Tally {
    added: u64,
    changed: u64,
    same: u64,
    bad: u64,
}

/// Imports a register. A bad line is reported with its number, the rest goes in; the same file again changes nothing.
pub(super) async fn run(common: &Common, register: &Register) -> Result<Outcome, Failure> {
    let Register::Cases { file } = register;
    let (_, store) = common.open().await?;
    let input = std::fs::File::open(file).map_err(|e| Failure::new(format!("{}: {e}", file.display())))?;
    let table = case_file::read_cases(input).map_err(|e| Failure::new(format!("{}: {e}", file.display())))?;
    let mut tally = Tally::default();
    let mut group = Vec::with_capacity(GROUP);
    complain!("{}: read as {}", file.display(), table.encoding());
    for warning in table.warnings() {
        complain!("{}: {warning}", file.display());
    }
    for line in table {
        match line {
            Ok(record) => group.push(record),
            Err(error) => {
                tally.bad += 1;
                complain!("{}:{}: {}", file.display(), error.line, error.message);
            }
        }
        if group.len() == GROUP {
            store_group(&store.custody, &mut group, &mut tally).await?;
        }
    }
    store_group(&store.custody, &mut group, &mut tally).await?;
    store.custody.db.close().await;
    let Tally { added, changed, same, bad } = tally;
    say!("{added} cases added, {changed} changed, {same} unchanged, {bad} bad lines left out");
    Ok(if bad == 0 { Outcome::Done } else { Outcome::Found })
}

async fn store_group(custody: &Custody, group: &mut Vec<CaseRecord>, tally: &mut Tally) -> Result<(), CatalogError> {
    let mut tx = custody.db.begin().await?;
    for record in group.drain(..) {
        store(custody, &mut tx, record, tally).await?;
    }
    tx.commit().await
}

async fn store(custody: &Custody, tx: &mut Tx, record: CaseRecord, tally: &mut Tally) -> Result<(), CatalogError> {
    let now = custody.clock.now();
    let existing = cases::find_by_number(tx.conn(), &record.number).await?;
    let before = match existing {
        Some(case) => cases::get(tx.conn(), case.id).await?,
        None => None,
    };
    let base = before.clone().unwrap_or_else(|| Case::stub(custody.ids.next(now), &record.number, now));
    // An empty field says nothing; it does not erase what is known.
    let case = Case {
        cause: record.cause.or(base.cause),
        judge: record.judge.or(base.judge),
        status: record.status.or(base.status),
        parties: if record.parties.is_empty() { base.parties } else { record.parties },
        stub: false,
        ..base
    };
    match before {
        None => {
            tally.added += 1;
            cases::insert(tx.conn(), &case, &record.number).await
        }
        Some(before) if before == case => {
            tally.same += 1;
            Ok(())
        }
        Some(_) => {
            tally.changed += 1;
            cases::update(tx.conn(), &Case { updated: now, ..case }).await
        }
    }
}
