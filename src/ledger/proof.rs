//! Proofs as files (C2SP tlog-proof): an entry's place in the log, the way up to the root, and the signed checkpoint.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra eyJhdCI6…
//! index 73894
//! gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//!
//! court.example/zhilu
//! 109482
//! sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=
//!
//! — court.example/zhilu hI2DJw…
//! ```
//!
//! `extra` holds the entry's line, so that the file can be checked without anything else but a policy. It counts only once the proof
//! verified: the line's hash is where the proof begins.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{CheckpointError, MAX_NOTE_BYTES, SignedCheckpoint};
use super::entry::{Entry, EntryError, MAX_LINE_BYTES};
use super::merkle::{Hash, MAX_SIZE, ProofError, leaf_hash, verify_inclusion};
use super::policy::{NotVouched, Policy, Vouched};

/// The first line.
const MAGIC: &str = "c2sp.org/tlog-proof@v1";
/// Hashes of the longest proof: one for each level of the largest log.
const MOST_HASHES: usize = 63;
/// Bytes of the largest file that is read: a note, an entry in base64, the hashes.
pub const MAX_PROOF_BYTES: usize = MAX_NOTE_BYTES + 2 * MAX_LINE_BYTES + 64 * 45;

/// That an entry is in a log. What it says counts only once [`Self::verify`] gave it out.
///
/// `Display` writes the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// The entry's index.
    pub index: u64,
    /// The entry's line.
    pub extra: Option<Vec<u8>>,
    /// From the leaf's sibling up to the root's child.
    pub hashes: Vec<Hash>,
    /// The checkpoint, with all its signatures.
    pub checkpoint: SignedCheckpoint,
}

/// An entry and the way from it to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Included {
    /// Its index.
    pub index: u64,
    /// Its line.
    pub line: Vec<u8>,
    /// From the leaf's sibling up to the root's child.
    pub hashes: Vec<Hash>,
}

/// The bytes are no proof.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProofFormError {
    /// More bytes than any proof has.
    #[error("the file is {0} bytes long; the longest proof has {MAX_PROOF_BYTES}")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the file is no text: a proof is UTF-8")]
    Characters,
    /// The first line is another.
    #[error("the first line is not `{MAGIC}`: this is no proof")]
    Magic,
    /// The line with the entry.
    #[error("the line after the first is no `extra` with at most {MAX_LINE_BYTES} bytes in base64")]
    Extra,
    /// The line with the index.
    #[error("there is no line `index N` with a plain decimal number of at most {MAX_SIZE}")]
    Index,
    /// A line that is no hash.
    #[error("hash {0} of the proof is not 32 bytes in base64, or there are more than {MOST_HASHES}")]
    Hash(usize),
    /// No blank line and checkpoint after the hashes.
    #[error("there is no blank line with a checkpoint after the hashes")]
    NoCheckpoint,
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// An entry that is proved to be in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Proven {
    /// Its index.
    pub index: u64,
    /// What it says.
    pub entry: Entry,
    /// The checkpoint that commits to it, and who vouches for that.
    pub vouched: Vouched,
}

/// A proof does not prove.
#[derive(Debug, thiserror::Error)]
pub enum NotProven {
    /// The checkpoint does not count.
    #[error(transparent)]
    Checkpoint(#[from] NotVouched),
    /// The entry is not where the proof says.
    #[error("entry {index}: {error}")]
    Inclusion {
        /// The entry's index.
        index: u64,
        /// What is wrong.
        error: ProofError,
    },
    /// There is no entry to check.
    #[error("the proof does not hold its entry (an `extra` line), so there is nothing that it could prove")]
    NoEntry,
    /// The entry is proved, but cannot be read here.
    #[error("entry {index} is in the log, but cannot be read: {error}")]
    Entry {
        /// The entry's index.
        index: u64,
        /// Why not.
        error: EntryError,
    },
}

impl NotProven {
    /// Whether something was altered or forged; otherwise it only cannot be told.
    pub fn is_forgery(&self) -> bool {
        match self {
            Self::Checkpoint(error) => error.is_forgery(),
            Self::Inclusion { .. } => true,
            Self::NoEntry | Self::Entry { .. } => false,
        }
    }
}

impl TlogProof {
    /// Reads a proof; nothing is checked but its form, which can be written in one way only.
    ///
    /// # Errors
    /// The first thing that is not as the format says.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofFormError> {
        if bytes.len() > MAX_PROOF_BYTES {
            return Err(ProofFormError::TooLong(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ProofFormError::Characters)?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ProofFormError::NoCheckpoint)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(MAGIC) {
            return Err(ProofFormError::Magic);
        }
        let extra = lines.next_if(|line| line.starts_with("extra")).map(parse_extra).transpose()?;
        let index = lines.next().and_then(parse_index).ok_or(ProofFormError::Index)?;
        let hashes = (1..).zip(lines).map(|(n, line)| parse_hash(n, line)).collect::<Result<_, _>>()?;
        Ok(Self { index, extra, hashes, checkpoint: SignedCheckpoint::parse(checkpoint.as_bytes())? })
    }

    /// The entry that it holds, when the policy's log has it at the index.
    ///
    /// # Errors
    /// Why nothing is proved.
    pub fn verify(&self, policy: &Policy) -> Result<Proven, NotProven> {
        let vouched = policy.accept(&self.checkpoint)?;
        let line = self.extra.as_deref().ok_or(NotProven::NoEntry)?;
        let entry = verify_entry(line, self.index, &self.hashes, &vouched)?;
        Ok(Proven { index: self.index, entry, vouched })
    }
}

/// The entry with this line, when it is in the tree of the checkpoint at `index`.
pub(super) fn verify_entry(line: &[u8], index: u64, proof: &[Hash], by: &Vouched) -> Result<Entry, NotProven> {
    verify_inclusion(&leaf_hash(line), index, by.head.size, proof, &by.head.root)
        .map_err(|error| NotProven::Inclusion { index, error })?;
    Entry::parse(line).map_err(|error| NotProven::Entry { index, error })
}

fn parse_extra(line: &str) -> Result<Vec<u8>, ProofFormError> {
    let bytes = line.strip_prefix("extra ").and_then(|base64| STANDARD.decode(base64).ok());
    bytes.filter(|b| b.len() <= MAX_LINE_BYTES).ok_or(ProofFormError::Extra)
}

fn parse_index(line: &str) -> Option<u64> {
    let digits = line.strip_prefix("index ")?;
    let index: u64 = digits.parse().ok().filter(|index| *index <= MAX_SIZE)?;
    (index.to_string() == digits).then_some(index)
}

fn parse_hash(number: usize, line: &str) -> Result<Hash, ProofFormError> {
    let hash = STANDARD.decode(line).ok().and_then(|bytes| bytes.try_into().ok());
    hash.filter(|_| number <= MOST_HASHES).ok_or(ProofFormError::Hash(number))
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{MAGIC}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests;
