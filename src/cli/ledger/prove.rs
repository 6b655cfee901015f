use std::path::PathBuf;

use super::{empty, write_new};
use crate::catalog::clips;
use crate::catalog::engine::Reader;
use crate::cli::{Common, Failure, Outcome};
use crate::custody::Custody;
use crate::ledger::proof::TlogProof;
use crate::ledger::prove::Prover;
use crate::model::id::Id;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The clip whose own entry is proved
    #[arg(long, value_name = "ID", conflicts_with = "index", required_unless_present = "index")]
    clip: Option<Id>,
    /// The entry that is proved
    #[arg(long, value_name = "N")]
    index: Option<u64>,
    /// Write the proof there instead of printing it; a file that exists is left alone
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes the proof of an entry.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Outcome, Failure> {
    let (_, store) = common.open().await?;
    let mut reader = store.custody.db.read().await?;
    let proof = prove(&store.custody, &mut reader, args).await;
    drop(reader);
    store.custody.db.close().await;
    let text = proof?.to_string();
    match &args.out {
        None => std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?,
        Some(path) => write_new(path, &text)?,
    }
    Ok(Outcome::Done)
}

async fn prove(custody: &Custody, reader: &mut Reader, args: &Args) -> Result<TlogProof, Failure> {
    let index = match (args.clip, args.index) {
        (Some(id), _) => {
            let clip = clips::get(reader.conn(), id).await?;
            clip.ok_or_else(|| Failure::new(format!("没有编号为 {id} 的视频 there is no clip {id}")))?.entry_index
        }
        (None, Some(index)) => index,
        (None, None) => return Err(Failure::new("--clip 或 --index 应给出其一 give --clip or --index")),
    };
    let mut prover =
        Prover::witnessed(reader.conn(), custody.signer.verifier(), &custody.policy, index).await?.ok_or_else(empty)?;
    let proof = prover.prove(reader.conn(), index).await?;
    proof.ok_or_else(|| Failure::new(format!("账本没有第 {index} 条 the ledger has no entry {index}")))
}
