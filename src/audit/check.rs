//! `zhilu check`: whether the invariants between vault, catalog and ledger hold, without reading an object's bytes. `zhilu verify`
//! does the same first.

use std::sync::Arc;

use serde::Serialize;

use super::finding::{Finding, Findings};
use super::holdings;
use super::ledger::{self, Conclusion};
use crate::catalog::engine::Db;
use crate::catalog::{CatalogError, incidents, uploads};
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::ledger::policy::{Policy, Vouched};
use crate::model::digest::to_hex;
use crate::model::fixity::FixityResult;
use crate::model::id::Id;
use crate::vault::LocalVault;

/// Rows read at a time.
const PAGE: u32 = 1000;

/// Against what it is checked, and how far.
#[derive(Debug)]
pub struct Scope<'a> {
    /// Whose signatures the ledger must have.
    pub policy: &'a Policy,
    /// A checkpoint that was kept earlier: the ledger must extend it.
    pub since: Option<&'a SignedCheckpoint>,
    /// The vault, when its names and sizes are to be compared too.
    pub vault: Option<&'a Arc<LocalVault>>,
}

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    /// Clips looked at.
    pub clips: u64,
    /// Ledger entries looked at.
    pub entries: u64,
    /// The root over them.
    pub root: Option<[u8; 32]>,
    /// Custody events, amendments and batches of looks.
    pub events: u64,
    /// Objects in the vault.
    pub objects: u64,
    /// Search documents compared with what they are made of.
    pub documents: u64,
    /// Search documents that are noted to be renewed, and were not compared.
    pub documents_due: u64,
    /// Who vouches for the ledger.
    pub vouched: Option<Vouched>,
    /// Why nobody vouches for it, though nothing is known to be altered.
    pub doubt: Option<String>,
    /// Everything that is wrong.
    pub findings: Findings,
    /// Objects that no clip names: litter of an interrupted intake, taken up when the file is received again.
    pub unclaimed: Vec<String>,
}

/// A report as scripts read it.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    clips: u64,
    entries: u64,
    root: Option<String>,
    events: u64,
    objects: u64,
    documents: u64,
    documents_due: u64,
    doubt: Option<&'a str>,
    findings: &'a [Finding],
    more: u64,
    unclaimed: &'a [String],
}

impl Report {
    /// Whether everything holds. A court that has taken nothing yet has signed nothing, and that holds.
    pub fn holds(&self) -> bool {
        self.findings.is_empty() && (self.doubt.is_none() || self.entries == 0)
    }

    /// What follows for what was looked at: that nothing was ever signed is no proof.
    pub fn conclusion(&self) -> Conclusion {
        let unreadable = |f: &Finding| matches!(f.code, "object_unreadable" | "vault_unreadable");
        match (&self.doubt, &self.vouched) {
            _ if !self.findings.list().iter().all(unreadable) => Conclusion::Altered,
            (None, Some(_)) if self.findings.is_empty() => Conclusion::Proved,
            _ => Conclusion::Unverifiable,
        }
    }

    /// The report as scripts read it.
    pub fn summary(&self) -> Summary<'_> {
        Summary {
            clips: self.clips,
            entries: self.entries,
            root: self.root.map(|root| to_hex(&root)),
            events: self.events,
            objects: self.objects,
            documents: self.documents,
            documents_due: self.documents_due,
            doubt: self.doubt.as_deref(),
            findings: self.findings.list(),
            more: self.findings.more(),
            unclaimed: &self.unclaimed,
        }
    }
}

/// The code of what was found of an object.
pub fn code(result: FixityResult) -> &'static str {
    match result {
        FixityResult::Equal => "object_equal",
        FixityResult::Altered => "object_altered",
        FixityResult::Truncated => "object_truncated",
        FixityResult::Missing => "object_missing",
        FixityResult::Unreadable => "object_unreadable",
    }
}

/// Checks that clips, entries, custody events and objects belong together. `progress` is told how many entries of how many are done.
///
/// # Errors
/// When the database is away. What is wrong is in the report.
pub async fn check(db: &Db, scope: Scope<'_>, progress: impl FnMut(u64, u64) + Send) -> Result<Report, CatalogError> {
    let log = ledger::verify(db, scope.policy, scope.since, progress).await?;
    let mut report = Report {
        clips: log.clips,
        entries: log.entries,
        root: log.root,
        events: log.records,
        vouched: log.vouched,
        doubt: log.doubt,
        findings: log.findings,
        ..Report::default()
    };
    check_incidents(db, &mut report.findings).await?;
    check_uploads(db, &mut report.findings).await?;
    if let Some(vault) = scope.vault {
        let holdings = holdings::compare(db, vault, &mut report.findings).await?;
        (report.objects, report.unclaimed) = (holdings.objects, holdings.unclaimed);
    }
    Ok(report)
}

/// Whether every incident is what its amendments made it: it has some, as many as its version says, and names the newest one's entry.
async fn check_incidents(db: &Db, findings: &mut Findings) -> Result<(), CatalogError> {
    let mut after = Id(0);
    loop {
        let mut reader = db.read().await?;
        let page = incidents::page_for_check(reader.conn(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Id(last.id);
        for row in page {
            let subject = format!("incident {}", row.id);
            match row.newest_entry {
                None => findings.add("amendment_missing", subject, "no change of it is recorded"),
                Some(newest) if newest != row.last_entry => {
                    let detail = format!("its newest entry is {newest}, its row says {}", row.last_entry);
                    findings.add("entry_differs", subject, detail);
                }
                Some(_) if row.version != row.amendments => {
                    let detail = format!("{} changes are recorded, its row says {}", row.amendments, row.version);
                    findings.add("row_altered", subject, detail);
                }
                Some(_) => {}
            }
        }
    }
    let mut reader = db.read().await?;
    for id in incidents::recorded_but_missing(reader.conn()).await? {
        findings.add("row_missing", format!("incident {id}"), "its changes are recorded, but it is not there");
    }
    Ok(())
}

async fn check_uploads(db: &Db, findings: &mut Findings) -> Result<(), CatalogError> {
    let mut reader = db.read().await?;
    let orphans = uploads::count_orphans(reader.conn()).await?;
    if orphans > 0 {
        findings.add("name_missing", "clips", format!("{orphans} clips have no upload"));
    }
    Ok(())
}
