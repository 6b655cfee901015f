use std::path::PathBuf;

use serde::Deserialize;

/// `[witness]`: courts that vouch for one another's ledgers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Witness {
    /// This court's name as a witness; empty: the ledger's name and `/witness`.
    pub name: String,
    /// How many of those that are asked must cosign before an auditor who pins this court's policy accepts a proof; 0: none.
    pub quorum: u32,
    /// Who is asked to cosign this court's checkpoints.
    pub ask: Vec<Asked>,
    /// Whose checkpoints this court cosigns, and whose entries it mirrors.
    pub logs: Vec<WitnessedLog>,
}

/// `[[witness.ask]]`: a witness that is asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// What it is called in the policy; no white space.
    pub name: String,
    /// Its public key, as `zhilu witness key` prints it there.
    pub key: String,
    /// Where it takes checkpoints, before `/add-checkpoint`; empty: by files only.
    #[serde(default)]
    pub url: String,
}

/// `[[witness.logs]]`: a log that is witnessed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessedLog {
    /// Its public key, as `zhilu ledger policy` prints it there.
    pub key: String,
    /// Where its daemon answers, such as `http://10.0.0.2:8320`; empty: its entries are not mirrored over the network.
    #[serde(default)]
    pub url: String,
    /// The file with a token of its API, of the role auditor.
    #[serde(default)]
    pub token_file: PathBuf,
}

impl Witness {
    pub(super) fn validate(&self) -> Result<(), String> {
        if usize::try_from(self.quorum).is_ok_and(|quorum| quorum > self.ask.len()) {
            return Err(format!(
                "witness.quorum: {} of {} witnesses can't be; list more in witness.ask or ask for fewer",
                self.quorum,
                self.ask.len()
            ));
        }
        let http = |url: &str| url.is_empty() || url.starts_with("http://") || url.starts_with("https://");
        if let Some(url) = self.ask.iter().map(|a| &a.url).chain(self.logs.iter().map(|l| &l.url)).find(|u| !http(u)) {
            return Err(format!("witness: the url {url:?} must start with http:// or https://"));
        }
        Ok(())
    }
}
