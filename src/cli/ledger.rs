mod policy;
mod prove;
mod verify;
mod verify_proof;

use std::io::{IsTerminal as _, Read, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Common, Failure, Outcome};
use crate::catalog::ledger as rows;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// Print the newest signed checkpoint
    Checkpoint,
    /// Prove that an entry is part of the ledger (C2SP tlog-proof)
    Prove(prove::Args),
    /// Print what an auditor pins: the ledger's key, and that no witness is asked for (C2SP tlog-policy)
    Policy,
    /// Recompute the whole ledger and hold the catalog against it
    Verify(verify::Args),
    /// Check a receipt or proof against a policy, without any database
    VerifyProof(verify_proof::Args),
}

/// Shows, proves or verifies the ledger.
pub(super) async fn run(common: &Common, action: &Action) -> Result<Outcome, Failure> {
    match action {
        Action::Checkpoint => checkpoint(common).await,
        Action::Prove(args) => prove::run(common, args).await,
        Action::Policy => policy::run(common).await,
        Action::Verify(args) => verify::run(common, args).await,
        Action::VerifyProof(args) => verify_proof::run(args),
    }
}

async fn checkpoint(common: &Common) -> Result<Outcome, Failure> {
    let (_, store) = common.open().await?;
    let mut reader = store.custody.db.read().await?;
    let checkpoint = rows::checkpoint(reader.conn()).await?;
    drop(reader);
    store.custody.db.close().await;
    std::io::stdout().write_all(checkpoint.ok_or_else(empty)?.note.as_bytes())?;
    Ok(Outcome::Done)
}

fn empty() -> Failure {
    Failure::new("账本尚无条目 the ledger has no entries yet")
}

/// Reads a file of at most `most` bytes; a longer one is read up to one byte more, so that its reader refuses it.
pub(super) fn read_file(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Reads a policy.
pub(super) fn read_policy(path: &Path) -> Result<crate::ledger::policy::Policy, Failure> {
    let text = read_file(path, crate::ledger::policy::MAX_POLICY_BYTES)?;
    crate::ledger::policy::Policy::parse(&text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// A bar on standard error, when people look at it.
pub(super) fn bar(quiet: bool, template: &str) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    // Templates are constant and well formed; without one the bar is only plainer.
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
