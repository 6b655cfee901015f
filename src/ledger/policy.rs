//! What an auditor pins: which log's checkpoints count, and whose cosignatures they need (C2SP tlog-policy).
//!
//! ```text
//! log court.example/zhilu+4f1f3a5e+AQ…
//! witness neighbour witness.court-2.example+…+BA…
//! quorum neighbour
//! ```
//!
//! Names of witnesses and groups are bytes: nothing but the file itself gives them a meaning. `quorum none` says that nobody but the
//! log vouches; a policy says so itself, it is never assumed.

mod read;

use std::fmt;

use super::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use super::cosignature::{BadCosignature, WitnessKey};
use super::key::{KeyName, VerifierKey};

pub use read::{Fault, MAX_POLICY_BYTES, PolicyError};

/// Which checkpoints count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    /// Witnesses and groups, in the order of the file: a group's members stand before it.
    members: Vec<Member>,
    /// Which of the members must have witnessed; none: nobody has to.
    quorum: Option<usize>,
}

/// A name that a quorum can be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    name: Vec<u8>,
    rule: Rule,
}

/// When a member has witnessed a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// When it cosigned.
    Witness(WitnessKey),
    /// When so many of these, which stand before it, have witnessed.
    Group {
        /// How many.
        least: usize,
        /// Which, as positions.
        of: Vec<usize>,
    },
}

/// A checkpoint that counts, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The checkpoint.
    pub head: Checkpoint,
    /// The log's key that signed it.
    pub log: VerifierKey,
    /// Witnesses that cosigned it, and when each says that it did: seconds since 1970.
    pub witnesses: Vec<(KeyName, u64)>,
    /// Whether the policy asked for any witness. When it did not, only the log's own key vouches.
    pub witnessed: bool,
}

/// A checkpoint does not count under the policy.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotVouched {
    /// The policy lists no log of that name.
    #[error("the checkpoint is of {0}, which the policy does not list; is it the right policy?")]
    UnknownLog(KeyName),
    /// The log's signature.
    #[error(transparent)]
    Log(#[from] CheckpointError),
    /// A witness's signature.
    #[error(transparent)]
    Witness(#[from] BadCosignature),
    /// Too few witnesses.
    #[error("the policy's quorum {quorum} is not reached: {}", witnessed_by(.witnesses))]
    Quorum {
        /// The name that stands in the quorum line.
        quorum: String,
        /// The witnesses whose cosignatures are right.
        witnesses: Vec<KeyName>,
    },
}

fn witnessed_by(names: &[KeyName]) -> String {
    match names {
        [] => "no witness of the policy cosigned the checkpoint".to_owned(),
        names => format!("cosigned only by {}", names.iter().map(KeyName::as_str).collect::<Vec<_>>().join(", ")),
    }
}

impl NotVouched {
    /// Whether something was altered or forged; otherwise it only cannot be told.
    pub fn is_forgery(&self) -> bool {
        matches!(self, Self::Log(CheckpointError::BadSignature { .. }) | Self::Witness(_))
    }
}

impl Policy {
    /// The policy that lists `log` and asks for no witness.
    pub fn of_log(log: VerifierKey) -> Self {
        Self { logs: vec![log], members: Vec::new(), quorum: None }
    }

    /// Reads a policy.
    ///
    /// # Errors
    /// The first line that is not as the specification says, and why.
    pub fn parse(text: &[u8]) -> Result<Self, PolicyError> {
        read::read(text)
    }

    /// Whether the policy asks for witnesses at all.
    pub fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// The checkpoint of the note, when a log that is listed signed it and enough witnesses cosigned it. Whatever stands under a listed
    /// key's name and id must be right, or the whole note counts for nothing.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn accept(&self, note: &SignedCheckpoint) -> Result<Vouched, NotVouched> {
        let (head, log) = self.signed_head(note)?;
        let mut seen = Vec::with_capacity(self.members.len());
        let mut witnesses = Vec::new();
        for member in &self.members {
            seen.push(match &member.rule {
                Rule::Group { least, of } => of.iter().filter(|at| seen.get(**at) == Some(&true)).count() >= *least,
                Rule::Witness(key) => {
                    let time = key.saw(note)?;
                    witnesses.extend(time.map(|time| (key.name().clone(), time)));
                    time.is_some()
                }
            });
        }
        match self.quorum {
            Some(at) if seen.get(at) != Some(&true) => Err(NotVouched::Quorum {
                quorum: self.members.get(at).map_or_else(String::new, |m| shown(&m.name)),
                witnesses: witnesses.into_iter().map(|(name, _)| name).collect(),
            }),
            quorum => Ok(Vouched { head, log, witnesses, witnessed: quorum.is_some() }),
        }
    }

    /// The head and the key of the log that signed it; a log may be listed with several keys, of which one is enough.
    fn signed_head(&self, note: &SignedCheckpoint) -> Result<(Checkpoint, VerifierKey), NotVouched> {
        let origin = note.claimed_origin();
        let mut outcome = Err(NotVouched::UnknownLog(origin.clone()));
        for log in self.logs.iter().filter(|log| log.name() == origin) {
            match note.verify(log) {
                Ok(head) => outcome = outcome.or_else(|_| Ok((head.clone(), log.clone()))),
                Err(CheckpointError::NotSigned { name, id }) if outcome.is_err() => {
                    outcome = Err(CheckpointError::NotSigned { name, id }.into());
                }
                Err(CheckpointError::NotSigned { .. }) => {}
                Err(forged) => return Err(forged.into()),
            }
        }
        outcome
    }
}

/// A name for people: bytes that are no text become U+FFFD.
fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for log in &self.logs {
            writeln!(f, "log {log}")?;
        }
        let name = |at: &usize| self.members.get(*at).map_or_else(String::new, |m| shown(&m.name));
        for member in &self.members {
            match &member.rule {
                Rule::Witness(key) => writeln!(f, "witness {} {key}", shown(&member.name))?,
                Rule::Group { least, of } => {
                    let members = of.iter().map(name).collect::<Vec<_>>().join(" ");
                    writeln!(f, "group {} {least} {members}", shown(&member.name))?;
                }
            }
        }
        writeln!(f, "quorum {}", self.quorum.as_ref().map_or_else(|| "none".to_owned(), name))
    }
}

#[cfg(test)]
mod tests;
