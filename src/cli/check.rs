use super::{Common, Failure, Outcome};
use crate::audit::{check, documents};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Also read and hash every object, and compare every search document instead of a sample
    #[arg(long)]
    deep: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Checks the invariants between vault, catalog and ledger.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Outcome, Failure> {
    let (_, store) = common.open().await?;
    let custody = &store.custody;
    let mut report = check::check(&custody.db, &store.vault, custody.signer.verifier(), args.deep).await?;
    documents::check(&custody.db, custody.utc_offset, args.deep, &mut report).await?;
    custody.db.close().await;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        let (clips, objects) = (report.clips, report.objects);
        say!("{clips} clips, {objects} objects, {} ledger entries, {} custody events", report.entries, report.events);
        say!("{} search documents compared, {} noted to be renewed", report.documents, report.documents_due);
        for digest in &report.unclaimed {
            say!("unclaimed object {digest}: of an interrupted intake; taken up when its file is received again");
        }
        for f in &report.findings {
            say!("WRONG {} {}: {}", f.code, f.subject, f.detail);
        }
        say!("{}", if report.findings.is_empty() { "everything holds" } else { "something is wrong" });
    }
    Ok(if report.findings.is_empty() { Outcome::Done } else { Outcome::Found })
}
