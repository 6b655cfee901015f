//! The receipt 回执 of a clip that is Confirmed: what an officer keeps and parties sign (完整性校验值), checkable without this
//! program's database.
//!
//! It holds every entry of the ledger about the clip, from its `clip` entry to the fixity check that confirmed it, each with its proof
//! to one signed checkpoint. Digests, size, recorder, sequence and times are proved by these lines; names, officer and cases are
//! behind the entries' commitments and stand in the receipt as the court says them.

pub mod page;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::checkpoint::{CheckpointError, SignedCheckpoint};
use super::entry::{Entry, EntryKind};
use super::merkle::Hash;
use super::policy::{Policy, Vouched};
use super::proof::{Included, NotProven, TlogProof, verify_entry};
use crate::model::custody::EventKind;
use crate::model::digest::{Sha256Digest, Sm3Digest};
use crate::model::id::Id;
use crate::model::time::{Micros, UtcOffset};

/// The version that this program writes and reads.
const FORMAT: &str = "zhilu-receipt/1";
/// Bytes of the largest receipt that is read.
pub const MAX_RECEIPT_BYTES: usize = 64 << 20;

/// A receipt. What it says counts only once [`Self::verify`] gave it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// `zhilu-receipt/1`.
    format: String,
    clip: ReceiptClip,
    /// When it became evidence, to the second.
    #[schema(value_type = String, format = DateTime)]
    accepted_at: Micros,
    /// When it was read back from the device and found equal, to the second.
    #[schema(value_type = String, format = DateTime)]
    confirmed_at: Micros,
    /// The court's distance from UTC.
    #[schema(value_type = String, example = "+08:00")]
    utc_offset: UtcOffset,
    /// The log's key, as its owner says; trust only the one that a policy pins.
    key: String,
    /// The signed checkpoint (C2SP tlog-checkpoint).
    checkpoint: String,
    /// Every entry about the clip, from its `clip` entry to the one that confirmed it.
    entries: Vec<ReceiptEntry>,
}

/// The clip of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptClip {
    /// Its id.
    #[schema(value_type = String)]
    pub id: Id,
    /// SHA-256 of its bytes.
    #[schema(value_type = String)]
    pub sha256: Sha256Digest,
    /// SM3 of its bytes, when the court asks for it.
    #[schema(value_type = Option<String>, required = true)]
    pub sm3: Option<Sm3Digest>,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it was recorded, as far as is known.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Micros,
    /// The recorder's serial.
    #[schema(required = true)]
    pub recorder: Option<String>,
    /// The recorder's own file number.
    #[schema(required = true)]
    pub sequence: Option<u32>,
    /// The officer number. Not proved.
    #[schema(required = true)]
    pub officer: Option<String>,
    /// The numbers of its cases. Not proved.
    pub cases: Vec<String>,
    /// The names it arrived under, oldest first. Not proved.
    pub names: Vec<String>,
}

/// One entry of the ledger with its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptEntry {
    /// Its index.
    index: u64,
    /// Its canonical line.
    line: String,
    /// From the leaf's sibling up to the root's child, in base64.
    proof: Vec<String>,
}

/// A receipt that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The clip, as the receipt says it.
    pub clip: ReceiptClip,
    /// The index of its `clip` entry.
    pub index: u64,
    /// When it became evidence.
    pub accepted: Micros,
    /// When it was read back and found equal.
    pub confirmed: Micros,
    /// The checkpoint, and who vouches for it.
    pub vouched: Vouched,
}

/// The text is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptFormError {
    /// More bytes than any receipt has.
    #[error("the file is {0} bytes long; the longest receipt has {MAX_RECEIPT_BYTES}")]
    TooLong(usize),
    /// Not the JSON of a receipt.
    #[error("not a receipt: {0}")]
    Json(#[from] serde_json::Error),
    /// Of another version.
    #[error("the receipt's format is {0:?}; this program reads {FORMAT:?}")]
    Format(String),
}

/// A receipt does not hold.
#[derive(Debug, thiserror::Error)]
pub enum NotHeld {
    /// The checkpoint cannot be read.
    #[error("the receipt's checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A hash cannot be read.
    #[error("the receipt's proof of entry {0} is not made of 32 bytes in base64")]
    Hash(u64),
    /// An entry is not proved.
    #[error(transparent)]
    Proof(#[from] NotProven),
    /// The receipt says something else than the ledger, or the entries are not one unbroken chain.
    #[error("the receipt's {what} is not what the ledger says: expected {ledger}, found {receipt}")]
    Contradiction {
        /// What differs.
        what: &'static str,
        /// What the entries say.
        ledger: String,
        /// What the receipt says.
        receipt: String,
    },
}

impl NotHeld {
    /// Whether something was altered or forged; otherwise it only cannot be told.
    pub fn is_forgery(&self) -> bool {
        match self {
            Self::Checkpoint(_) | Self::Hash(_) => false,
            Self::Proof(error) => error.is_forgery(),
            Self::Contradiction { .. } => true,
        }
    }
}

impl Receipt {
    /// A receipt over `chain`, the entries from the clip's own to the one that confirmed it.
    pub fn new(
        clip: ReceiptClip,
        (accepted, confirmed): (Micros, Micros),
        utc_offset: UtcOffset,
        key: &super::key::VerifierKey,
        checkpoint: &SignedCheckpoint,
        chain: Vec<Included>,
    ) -> Self {
        Self {
            format: FORMAT.to_owned(),
            clip,
            accepted_at: to_second(accepted),
            confirmed_at: to_second(confirmed),
            utc_offset,
            key: key.to_string(),
            checkpoint: checkpoint.to_string(),
            entries: chain.into_iter().map(ReceiptEntry::from).collect(),
        }
    }

    /// Reads a receipt; nothing is checked but its form.
    ///
    /// # Errors
    /// When it is none, or one of another version.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptFormError> {
        if bytes.len() > MAX_RECEIPT_BYTES {
            return Err(ReceiptFormError::TooLong(bytes.len()));
        }
        let receipt: Self = serde_json::from_slice(bytes)?;
        if receipt.format == FORMAT { Ok(receipt) } else { Err(ReceiptFormError::Format(receipt.format)) }
    }

    /// The receipt as indented JSON with a newline at its end.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists always serialize.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The proof of the clip's own entry as a C2SP tlog-proof; none when a part cannot be read, which a receipt that was made here
    /// never has.
    pub fn tlog_proof(&self) -> Option<TlogProof> {
        let entry = self.entries.first()?;
        Some(TlogProof {
            index: entry.index,
            extra: Some(entry.line.as_bytes().to_vec()),
            hashes: entry.hashes().ok()?,
            checkpoint: SignedCheckpoint::parse(self.checkpoint.as_bytes()).ok()?,
        })
    }

    /// What the receipt says, when the policy's log says it too.
    ///
    /// # Errors
    /// Why it does not hold.
    pub fn verify(&self, policy: &Policy) -> Result<Checked, NotHeld> {
        let note = SignedCheckpoint::parse(self.checkpoint.as_bytes())?;
        let vouched = policy.accept(&note).map_err(NotProven::from)?;
        let mut chain = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            chain.push((entry.index, verify_entry(entry.line.as_bytes(), entry.index, &entry.hashes()?, &vouched)?));
        }
        check_chain(&chain)?;
        let ends = chain.first().zip(chain.last());
        let ((index, first), (_, last)) = ends.ok_or_else(|| contradiction("entries", "a chain", "none"))?;
        self.check_clip(first)?;
        same("accepted_at", &first.at, &self.accepted_at)?;
        same("confirmed_at", &last.at, &self.confirmed_at)?;
        let clip = self.clip.clone();
        Ok(Checked { clip, index: *index, accepted: first.at, confirmed: last.at, vouched })
    }

    /// Whether the clip's entry says what the receipt says of it.
    fn check_clip(&self, entry: &Entry) -> Result<(), NotHeld> {
        let clip = &self.clip;
        let text = |key| entry.public.get(key).and_then(|v| v.as_str()).map(str::to_owned);
        let number = |key| entry.public.get(key).and_then(serde_json::Value::as_u64);
        same_option("clip.sha256", text("sha256"), Some(clip.sha256.to_string()))?;
        same_option("clip.sm3", text("sm3"), clip.sm3.map(|d| d.to_string()))?;
        same_option("clip.size_bytes", number("size"), Some(clip.size_bytes))?;
        same_option("clip.recorder", text("recorder"), clip.recorder.clone())?;
        same_option("clip.sequence", number("seq"), clip.sequence.map(u64::from))?;
        same_option("clip.recorded_at", text("start"), Some(clip.recorded_at.to_rfc3339_seconds()))
    }
}

/// One unbroken chain, from the clip's entry to a fixity check that found the object equal.
fn check_chain(chain: &[(u64, Entry)]) -> Result<(), NotHeld> {
    let mut before = None;
    for (index, entry) in chain {
        let expected = if before.is_none() { EntryKind::Clip } else { EntryKind::Event };
        same("chain of entries (kind)", &expected.as_str(), &entry.kind.as_str())?;
        same_option("chain of entries (prev)", before, entry.prev)?;
        before = Some(*index);
    }
    let word = |entry: &Entry, key| entry.public.get(key).and_then(|v| v.as_str()).map(str::to_owned);
    let last = chain.last().map(|(_, entry)| (word(entry, "event"), word(entry, "outcome")));
    let (event, outcome) = last.unwrap_or_default();
    same_option("last entry", Some(EventKind::FixityCheck.as_str().to_owned()), event)?;
    same_option("last entry's outcome", Some("success".to_owned()), outcome)
}

fn contradiction(what: &'static str, ledger: impl ToString, receipt: impl ToString) -> NotHeld {
    NotHeld::Contradiction { what, ledger: ledger.to_string(), receipt: receipt.to_string() }
}

fn same<T: PartialEq + ToString>(what: &'static str, ledger: &T, receipt: &T) -> Result<(), NotHeld> {
    if ledger == receipt { Ok(()) } else { Err(contradiction(what, ledger.to_string(), receipt.to_string())) }
}

fn same_option<T: PartialEq + ToString>(
    what: &'static str,
    ledger: Option<T>,
    receipt: Option<T>,
) -> Result<(), NotHeld> {
    let shown = |value: Option<T>| value.map_or_else(|| "nothing".to_owned(), |v| v.to_string());
    if ledger == receipt { Ok(()) } else { Err(contradiction(what, shown(ledger), shown(receipt))) }
}

/// Entries hold whole seconds; so does what is compared with them.
fn to_second(at: Micros) -> Micros {
    Micros(at.0 - at.0.rem_euclid(crate::model::time::SECOND_US))
}

impl ReceiptEntry {
    fn hashes(&self) -> Result<Vec<Hash>, NotHeld> {
        let hash = |text: &String| STANDARD.decode(text).ok()?.try_into().ok();
        self.proof.iter().map(hash).collect::<Option<_>>().ok_or(NotHeld::Hash(self.index))
    }
}

impl From<Included> for ReceiptEntry {
    fn from(of: Included) -> Self {
        // A line is canonical JSON, which is UTF-8.
        let line = String::from_utf8_lossy(&of.line).into_owned();
        Self { index: of.index, line, proof: of.hashes.iter().map(|hash| STANDARD.encode(hash)).collect() }
    }
}

#[cfg(test)]
mod tests;
