mod declare_loss;
mod policy;
mod prove;
mod verify;
mod verify_proof;

pub(super) use verify::witnessed_at;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::vault::durable;

use super::{Common, Failure, Outcome};
use crate::catalog::ledger as rows;
use crate::ledger::checkpoint::{MAX_NOTE_BYTES, SignedCheckpoint};
use crate::ledger::key::VerifierKey;
use crate::ledger::policy::{MAX_POLICY_BYTES, Policy};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// Print the newest signed checkpoint
    Checkpoint,
    /// Declare that entries which were signed are lost for good, so that an older copy of the catalog can go on
    DeclareLoss(declare_loss::Args),
    /// Prove that an entry is part of the ledger (C2SP tlog-proof)
    Prove(prove::Args),
    /// Print what an auditor pins: the ledger's key, and whose cosignatures are asked for (C2SP tlog-policy)
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
        Action::DeclareLoss(args) => declare_loss::run(common, args).await,
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

/// Writes a file that must not be there.
pub(super) fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", path.display()));
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Failure::new(format!("{} 不是文件名 is no file name", path.display())))?;
    let dir = path.parent().filter(|dir| *dir != Path::new("")).unwrap_or(Path::new("."));
    durable::write_new(dir, name, text.as_bytes()).map_err(failed)
}

/// Reads a policy.
pub(super) fn read_policy(path: &Path) -> Result<Policy, Failure> {
    let text = read_file(path, MAX_POLICY_BYTES)?;
    Policy::parse(&text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// What the ledger is held against.
#[derive(Debug, clap::Args)]
pub(super) struct Pinned {
    /// The policy that an auditor pinned; without one the court's own key is taken
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// A checkpoint that was kept earlier: the ledger must extend it
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
}

impl Pinned {
    /// The policy; without one that of the court's own key, which `own` gives.
    pub(super) fn policy(&self, own: impl FnOnce() -> Result<VerifierKey, Failure>) -> Result<Policy, Failure> {
        self.policy.as_deref().map_or_else(|| Ok(Policy::of_log(own()?)), read_policy)
    }

    /// The earlier checkpoint.
    pub(super) fn since(&self) -> Result<Option<SignedCheckpoint>, Failure> {
        let Some(path) = &self.since else { return Ok(None) };
        let note = SignedCheckpoint::parse(&read_file(path, MAX_NOTE_BYTES)?);
        note.map(Some).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
    }
}
