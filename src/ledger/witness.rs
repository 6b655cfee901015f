//! What a witness is asked, and what it answers (C2SP tlog-witness, `add-checkpoint`).
//!
//! ```text
//! old 20852014
//! NSWGuiLyYVbXSVdqQIYPnpPKQbiZ0zRMLMOS0BzFvVM=
//! …
//!
//! court.example/zhilu
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — court.example/zhilu Az3grlgtzPICa5OS…
//! ```
//!
//! A witness cosigns a checkpoint only when the log's key signed it and the proof shows that it extends the one that the witness saw
//! last. It keeps the new one durably before it answers. What it saw is the caller's to keep: [`judge`] is pure.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{Checkpoint, CheckpointError, MAX_NOTE_BYTES, SignedCheckpoint};
use super::key::VerifierKey;
use super::merkle::{Hash, MAX_SIZE, empty_root, verify_consistency};

/// Hashes of the longest proof that C2SP lets a log send.
const MOST_HASHES: usize = 63;
/// Bytes of the largest request that is read.
pub const MAX_REQUEST_BYTES: usize = MAX_NOTE_BYTES + 64 * 45;

/// A log asks for a cosignature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size up to which the witness saw the log, as the log believes; 0: never.
    pub old: u64,
    /// That the checkpoint extends the log at that size.
    pub proof: Vec<Hash>,
    /// The checkpoint.
    pub note: SignedCheckpoint,
}

/// The bytes are no request.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RequestError {
    /// More bytes than any request has.
    #[error("the request is {0} bytes long; the longest has {MAX_REQUEST_BYTES}")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the request is no text")]
    Characters,
    /// The first line is another.
    #[error("the first line is not `old N` with a plain decimal number of at most {MAX_SIZE}")]
    Old,
    /// A line that is no hash.
    #[error("hash {0} of the proof is not 32 bytes in base64, or there are more than {MOST_HASHES}")]
    Hash(usize),
    /// No blank line and checkpoint after the hashes.
    #[error("there is no blank line with a checkpoint after the proof")]
    NoCheckpoint,
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl AddCheckpoint {
    /// Reads a request; nothing is checked but its form.
    ///
    /// # Errors
    /// The first thing that is not as the protocol says.
    pub fn parse(bytes: &[u8]) -> Result<Self, RequestError> {
        if bytes.len() > MAX_REQUEST_BYTES {
            return Err(RequestError::TooLong(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| RequestError::Characters)?;
        let (head, note) = text.split_once("\n\n").ok_or(RequestError::NoCheckpoint)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(parse_old).ok_or(RequestError::Old)?;
        let proof = (1..).zip(lines).map(|(n, line)| parse_hash(n, line)).collect::<Result<_, _>>()?;
        Ok(Self { old, proof, note: SignedCheckpoint::parse(note.as_bytes())? })
    }
}

fn parse_old(line: &str) -> Option<u64> {
    let digits = line.strip_prefix("old ")?;
    let old: u64 = digits.parse().ok().filter(|old| *old <= MAX_SIZE)?;
    (old.to_string() == digits).then_some(old)
}

fn parse_hash(number: usize, line: &str) -> Result<Hash, RequestError> {
    let hash = STANDARD.decode(line).ok().and_then(|bytes| bytes.try_into().ok());
    hash.filter(|_| number <= MOST_HASHES).ok_or(RequestError::Hash(number))
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.note)
    }
}

/// The newest head of a log that a witness cosigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Entries.
    pub size: u64,
    /// The tree's root.
    pub root: Hash,
}

impl Seen {
    /// What has been seen of a log that never asked.
    pub fn nothing() -> Self {
        Self { size: 0, root: empty_root() }
    }
}

/// Why a checkpoint is not cosigned. The numbers of HTTP are those of C2SP tlog-witness.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// The log's key did not sign it (403).
    #[error(transparent)]
    Unsigned(CheckpointError),
    /// The request contradicts itself (400).
    #[error("the checkpoint has {size} entries, fewer than the {old} that the log says were seen before")]
    Shrinks {
        /// Entries of the checkpoint.
        size: u64,
        /// Entries that were seen before, as the log says.
        old: u64,
    },
    /// The witness saw another size last (409).
    #[error("{seen} entries were seen last, the log says {old}")]
    OtherSize {
        /// What the witness saw.
        seen: u64,
        /// What the log says.
        old: u64,
    },
    /// The same size with another root: the log was rewritten (409).
    #[error("with {size} entries the log had another root when it was seen last: it was rewritten")]
    Forked {
        /// Entries.
        size: u64,
    },
    /// The proof does not lead there (422).
    #[error("the proof from {old} to {size} entries is wrong: the log was rewritten, or the proof altered")]
    NotExtended {
        /// Entries seen before.
        old: u64,
        /// Entries of the checkpoint.
        size: u64,
    },
}

impl Refusal {
    /// Whether it shows a log that is not the one that was seen, whatever the reason.
    pub fn is_rewritten(&self) -> bool {
        matches!(self, Self::Forked { .. } | Self::NotExtended { .. })
    }
}

/// The head to keep and cosign, when `request` extends what was `seen` of the log with `key`.
///
/// # Errors
/// Why it is not cosigned.
pub fn judge(seen: &Seen, request: &AddCheckpoint, key: &VerifierKey) -> Result<Checkpoint, Refusal> {
    let head = request.note.verify(key).map_err(Refusal::Unsigned)?;
    let (old, size) = (request.old, head.size);
    if old > size {
        return Err(Refusal::Shrinks { size, old });
    }
    if old != seen.size {
        return Err(Refusal::OtherSize { seen: seen.size, old });
    }
    if size == seen.size && head.root != seen.root {
        return Err(Refusal::Forked { size });
    }
    verify_consistency(old, size, &request.proof, &seen.root, &head.root)
        .map_err(|_| Refusal::NotExtended { old, size })?;
    Ok(head.clone())
}

#[cfg(test)]
mod tests;
