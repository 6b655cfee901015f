use crate::cli::{Common, Failure, Outcome};

/// Prints the policy that pins this court's key.
pub(super) async fn run(common: &Common) -> Result<Outcome, Failure> {
    let (_, store) = common.open().await?;
    store.custody.db.close().await;
    let policy = &store.custody.policy;
    say!("# 账本公钥；审计人员须经另外的渠道核对。");
    say!("# The ledger's public key; an auditor checks it by another way than this file came.");
    if !policy.asks_for_witnesses() {
        say!("# 无见证人：仅法院自己的密钥作保。No witness: only the court's own key vouches.");
    }
    std::io::Write::write_all(&mut std::io::stdout(), policy.to_string().as_bytes())?;
    Ok(Outcome::Done)
}
