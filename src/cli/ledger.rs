use std::io::Write;

use super::{Common, Failure, Outcome};
use crate::catalog::ledger as rows;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// Print the newest signed checkpoint
    Checkpoint,
}

/// Shows the ledger.
pub(super) async fn run(common: &Common, action: &Action) -> Result<Outcome, Failure> {
    let (_, store) = common.open().await?;
    let Action::Checkpoint = action;
    let mut reader = store.custody.db.read().await?;
    let checkpoint = rows::checkpoint(reader.conn()).await?;
    drop(reader);
    store.custody.db.close().await;
    let Some(checkpoint) = checkpoint else {
        return Err(Failure::new("the ledger has no entries yet"));
    };
    std::io::stdout().write_all(checkpoint.note.as_bytes())?;
    Ok(Outcome::Done)
}
