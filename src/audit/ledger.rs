//! `zhilu ledger verify`: recomputes the log from its entries, and holds the rows of the catalog against them.
//!
//! Everything is read up to one signed checkpoint, so a daemon may go on meanwhile. Memory: nine bytes an entry.

mod chain;
mod page;
mod tree;

use serde::Serialize;

use chain::Chains;
use page::Page;
use tree::Tree;

use super::finding::Findings;
use crate::catalog::engine::{Db, Reader};
use crate::catalog::records::{self, NamingRow};
use crate::catalog::{CatalogError, ledger as rows};
use crate::ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::ledger::policy::{Policy, Vouched};
use crate::ledger::prove::{ProveError, Prover};
use crate::model::digest::to_hex;

/// Entries read at a time; whole tiles.
const PAGE: u32 = 2048;

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Entries that were recomputed.
    pub entries: u64,
    /// The root over them.
    pub root: Option<[u8; 32]>,
    /// Custody events and amendments held against them.
    pub records: u64,
    /// Clips held against them.
    pub clips: u64,
    /// Who vouches for the checkpoint.
    pub vouched: Option<Vouched>,
    /// Why nobody vouches for it, though nothing is known to be altered.
    pub doubt: Option<String>,
    /// What is wrong.
    pub findings: Findings,
}

/// Recomputes the whole log and compares: tiles, root, signatures under `policy`, each entry's form and place in its chain, the rows
/// that each entry commits to. `progress` is told how many entries of how many are done.
///
/// # Errors
/// When the database is away. What is wrong is in the report.
pub async fn verify(
    db: &Db,
    policy: &Policy,
    since: Option<&SignedCheckpoint>,
    mut progress: impl FnMut(u64, u64),
) -> Result<Report, CatalogError> {
    let mut report = Report::default();
    let mut reader = db.read().await?;
    let head = head(&mut reader, policy, &mut report).await?;
    let size = match &head {
        Some(head) => head.size,
        None => records::last_entry(reader.conn()).await?.map_or(0, |last| last + 1),
    };
    let (mut tree, mut chains) = (Tree::default(), Chains::default());
    while tree.size() < size {
        let page = Page::read(&mut reader, tree.size(), size).await?;
        page.check(&mut tree, &mut chains, &mut report);
        tree.check_tiles(&mut reader, &mut report).await?;
        progress(tree.size(), size);
    }
    tree.check_edge(&mut reader, &mut report).await?;
    let root = tree.root();
    (report.entries, report.root) = (size, Some(root));
    if let Some(head) = head.filter(|head| head.root != root) {
        let detail = format!("signed {}, the entries hash to {}", to_hex(&head.root), to_hex(&root));
        report.findings.add("root_differs", size, detail);
    }
    let mut beyond = chains.check_heads(&mut reader, size, &mut report).await?;
    beyond.extend(records::beyond(reader.conn(), size).await?);
    check_unsigned(&mut reader, &mut report).await?;
    check_beyond(&mut reader, &beyond, &mut report).await?;
    if let Some(since) = since {
        check_extends(&mut reader, policy, since, &mut report).await?;
    }
    Ok(report)
}

/// The head that was signed last; none when there is none that can be read.
async fn head(reader: &mut Reader, policy: &Policy, report: &mut Report) -> Result<Option<Checkpoint>, CatalogError> {
    let Some(row) = rows::checkpoint(reader.conn()).await? else {
        report.doubt = Some("there is no checkpoint: nothing was signed".to_owned());
        return Ok(None);
    };
    let note = match SignedCheckpoint::parse(row.note.as_bytes()) {
        Ok(note) => note,
        Err(error) => {
            report.findings.add("checkpoint_altered", row.size, error);
            return Ok(None);
        }
    };
    match policy.accept(&note) {
        Ok(vouched) => report.vouched = Some(vouched),
        Err(error) if error.is_forgery() => report.findings.add("checkpoint_altered", row.size, error),
        Err(error) => report.doubt = Some(error.to_string()),
    }
    let head = note.claimed_head().clone();
    if (row.size, &row.root[..]) != (head.size, &head.root[..]) {
        let detail = format!("the row says {} entries with root {}", row.size, to_hex(&row.root));
        report.findings.add("checkpoint_altered", head.size, detail);
    }
    Ok(Some(head))
}

/// Entries are signed in the transaction that adds them: none may stand beyond the newest checkpoint.
async fn check_unsigned(reader: &mut Reader, report: &mut Report) -> Result<(), CatalogError> {
    // In this order: the checkpoint is at least as new as the entry.
    let last = records::last_entry(reader.conn()).await?;
    let signed = rows::checkpoint(reader.conn()).await?.map(|checkpoint| checkpoint.size);
    if let (Some(last), Some(signed)) = (last, signed)
        && last >= signed
    {
        report.findings.add("entry_unsigned", last, format!("the checkpoint covers {signed} entries"));
    }
    Ok(())
}

/// Rows may only name entries that are there. Those of acts since the verification began are by now: the log is at least as new as the
/// rows.
async fn check_beyond(reader: &mut Reader, beyond: &[NamingRow], report: &mut Report) -> Result<(), CatalogError> {
    if beyond.is_empty() {
        return Ok(());
    }
    let last = records::last_entry(reader.conn()).await?.map_or(-1, u64::cast_signed);
    for row in beyond.iter().filter(|row| !(0..=last).contains(&row.entry_index)) {
        let subject = format!("{} {}", row.subject, row.id);
        report.findings.add(
            "entry_missing",
            subject,
            format!("it names entry {}, which is not there", row.entry_index),
        );
    }
    Ok(())
}

/// Whether the log extends what it was at an earlier checkpoint that somebody kept.
async fn check_extends(
    reader: &mut Reader,
    policy: &Policy,
    since: &SignedCheckpoint,
    report: &mut Report,
) -> Result<(), CatalogError> {
    let old = match policy.accept(since) {
        Ok(vouched) => vouched.head,
        Err(error) => {
            report.doubt = Some(format!("the earlier checkpoint: {error}"));
            return Ok(());
        }
    };
    let Some(vouched) = &report.vouched else { return Ok(()) };
    let extended = match Prover::newest(reader.conn(), &vouched.log.clone()).await {
        Ok(Some(mut prover)) => prover.extend(reader.conn(), old.size, &old.root).await,
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    match extended {
        Ok(Some(_)) => {}
        Ok(None) => report.findings.add("log_cut", old.size, "the log has fewer entries than it had"),
        Err(ProveError::Catalog(error)) => return Err(error),
        Err(error) => report.findings.add("log_forked", old.size, error),
    }
    Ok(())
}

/// Why the report is not a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Everything holds.
    Proved,
    /// Something was altered or is missing.
    Altered,
    /// Nothing is known to be altered, but nobody vouches for it.
    Unverifiable,
}

impl Report {
    /// What follows from it.
    pub fn conclusion(&self) -> Conclusion {
        match (self.findings.is_empty(), &self.vouched, &self.doubt) {
            (false, _, _) => Conclusion::Altered,
            (true, Some(_), None) => Conclusion::Proved,
            _ => Conclusion::Unverifiable,
        }
    }
}
