use std::sync::Arc;

use crate::cli::{Common, Failure, Outcome};
use crate::clock::SystemClock;
use crate::custody::loss;
use crate::store::Store;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Why the newer catalog is lost; everybody who may read the ledger reads it, for ever: name no person
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Declares that the newest catalog is lost for good, so that an older copy can go on.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Outcome, Failure> {
    if args.reason.trim().is_empty() {
        return Err(Failure::new("--reason 不能为空 --reason must say why"));
    }
    let custody = Store::after_loss(&common.config()?, Arc::new(SystemClock)).await?;
    let declared = loss::declare(&custody, args.reason.trim()).await;
    custody.db.close().await;
    let loss = declared.map_err(Failure::new)?;
    let lost = loss.signed.saturating_sub(loss.kept);
    say!("已在账本第 {} 条声明：曾签署 {} 条，现存 {} 条，丢失至少 {lost} 条。", loss.entry, loss.signed, loss.kept);
    say!("Entry {} declares it: {} entries were signed, {} are there.", loss.entry, loss.signed, loss.kept);
    say!("持有旧检查点者将看到账本不再延续；见证人须由其管理员重新接纳。");
    say!(
        "Whoever kept a newer checkpoint sees that the ledger does not extend it; witnesses refuse it until their keepers decide."
    );
    say!(
        "仓库中可能有目录未记载的剪辑：`zhilu check` 会列出。The vault may hold clips that the catalog does not name: `zhilu check` lists them."
    );
    Ok(Outcome::Done)
}
