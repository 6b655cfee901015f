//! Who asks whom, read from the configuration.

use std::path::PathBuf;

use crate::config::Witness;
use crate::ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::ledger::cosignature::WitnessKey;
use crate::ledger::key::VerifierKey;
use crate::ledger::policy::Policy;
use crate::model::time::Micros;

/// A witness that is asked.
#[derive(Debug, Clone)]
pub struct Peer {
    /// What it is called in the policy.
    pub name: String,
    /// Its key.
    pub key: WitnessKey,
    /// Where it takes checkpoints; none: by files only.
    pub url: Option<String>,
}

impl Peer {
    /// The newest checkpoint that this witness cosigned among these rounds, the newest first, and when, in seconds since 1970.
    pub fn last_seen(&self, rounds: &[(Micros, String)]) -> Option<(Checkpoint, u64)> {
        rounds.iter().find_map(|(_, note)| {
            let note = SignedCheckpoint::parse(note.as_bytes()).ok()?;
            Some((note.claimed_head().clone(), self.key.saw(&note).ok()??))
        })
    }
}

/// A log that is witnessed.
#[derive(Debug, Clone)]
pub struct Watched {
    /// Its key; the name is its origin.
    pub key: VerifierKey,
    /// Where its daemon answers; none: it is not mirrored over the network.
    pub url: Option<String>,
    /// The file with a token of its API.
    pub token_file: PathBuf,
}

/// Who asks whom.
#[derive(Debug, Clone)]
pub struct Peers {
    /// The name of this court's key as a witness.
    pub name: String,
    /// Who is asked.
    pub asked: Vec<Peer>,
    /// Who may ask.
    pub watched: Vec<Watched>,
    quorum: u32,
}

/// The section cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("witness.{what}: {message}")]
pub struct BadPeer {
    /// Where: `ask[0].key`.
    pub what: String,
    /// What is wrong.
    pub message: String,
}

impl Peers {
    /// Reads the section.
    ///
    /// # Errors
    /// When a key cannot be read, or is there twice.
    pub fn of(section: &Witness, ledger_name: &str) -> Result<Self, BadPeer> {
        let bad = |list: &str, at: usize, message: String| BadPeer { what: format!("{list}[{at}].key"), message };
        let url = |url: &str| (!url.is_empty()).then(|| url.trim_end_matches('/').to_owned());
        let mut asked: Vec<Peer> = Vec::with_capacity(section.ask.len());
        for (at, ask) in section.ask.iter().enumerate() {
            let key: WitnessKey = ask.key.parse().map_err(|e| bad("ask", at, format!("{e}")))?;
            if asked.iter().any(|peer| peer.key.public_key() == key.public_key()) {
                return Err(bad("ask", at, "this key stands there twice; it would count once".to_owned()));
            }
            asked.push(Peer { name: ask.name.clone(), key, url: url(&ask.url) });
        }
        let mut watched: Vec<Watched> = Vec::with_capacity(section.logs.len());
        for (at, log) in section.logs.iter().enumerate() {
            let key: VerifierKey = log.key.parse().map_err(|e| bad("logs", at, format!("{e}")))?;
            if watched.iter().any(|w| w.key.name() == key.name()) {
                return Err(bad("logs", at, format!("{} stands there twice", key.name())));
            }
            watched.push(Watched { key, url: url(&log.url), token_file: log.token_file.clone() });
        }
        let name = if section.name.is_empty() { format!("{ledger_name}/witness") } else { section.name.clone() };
        Ok(Self { name, asked, watched, quorum: section.quorum })
    }

    /// What an auditor pins: the log's key and these witnesses.
    ///
    /// # Errors
    /// When a name cannot stand in a policy, or is there twice.
    pub fn policy(&self, log: &VerifierKey) -> Result<Policy, BadPeer> {
        let text = self.policy_text(&format!("log {log}"));
        Policy::parse(text.as_bytes())
            .map_err(|error| BadPeer { what: "ask".to_owned(), message: format!("the policy they give: {error}") })
    }

    fn policy_text(&self, log: &str) -> String {
        let mut text = format!("{log}\n");
        for peer in &self.asked {
            text += &format!("witness {} {}\n", peer.name, peer.key);
        }
        let names: Vec<&str> = self.asked.iter().map(|peer| peer.name.as_str()).collect();
        match (self.quorum, &names[..]) {
            (0, _) => text += "quorum none\n",
            (1, [only]) => text += &format!("quorum {only}\n"),
            (least, names) => text += &format!("group zhilu-quorum {least} {}\nquorum zhilu-quorum\n", names.join(" ")),
        }
        text
    }
}
