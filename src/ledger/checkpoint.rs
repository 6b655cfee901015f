//! Checkpoints: a log's size and root, signed (C2SP tlog-checkpoint over C2SP signed-note).
//!
//! ```text
//! court.example/zhilu
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — court.example/zhilu Az3grlgtzPICa5OS…
//! ```
//!
//! A log signs only what extends everything it signed before. This module cannot know that: the caller keeps the last
//! signed checkpoint and compares.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::{KeyError, KeyId, KeyName, SignerKey, VerifierKey};
use super::merkle::{Hash, MAX_SIZE, empty_root};

/// Bytes of the largest note that is read: room for sixteen signatures of any kind and more.
pub const MAX_NOTE_BYTES: usize = 1 << 20;
/// Signatures of the longest note that is read.
const MAX_SIGNATURES: usize = 100;
/// What a signature line starts with: em dash and space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// The head of a log: how many entries it has, and the root of the tree over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's identity, equal to its key's name.
    pub origin: KeyName,
    /// Entries in the log.
    pub size: u64,
    /// The tree's root at that size.
    pub root: Hash,
}

/// The key signs for another log.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the key of {key} cannot sign a checkpoint of {origin}: key name and origin must be equal")]
pub struct ForeignKey {
    /// The key's name.
    pub key: KeyName,
    /// The checkpoint's origin.
    pub origin: KeyName,
}

impl Checkpoint {
    /// The head of the log `origin`.
    pub fn new(origin: KeyName, size: u64, root: Hash) -> Self {
        Self { origin, size, root }
    }

    /// The text that is signed: three lines.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// The checkpoint with the log's signature. Ed25519 is deterministic: the same key gives the same bytes again.
    ///
    /// # Errors
    /// When the key's name is not the origin.
    pub fn sign(&self, key: &SignerKey) -> Result<SignedCheckpoint, ForeignKey> {
        if *key.name() != self.origin {
            return Err(ForeignKey { key: key.name().clone(), origin: self.origin.clone() });
        }
        let text = self.text();
        let signature = NoteSignature {
            name: key.name().clone(),
            id: key.verifier().id(),
            bytes: key.sign(text.as_bytes()).to_vec(),
        };
        Ok(SignedCheckpoint { text, head: self.clone(), signatures: vec![signature] })
    }
}

/// A signature line of a note, of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NoteSignature {
    name: KeyName,
    id: KeyId,
    bytes: Vec<u8>,
}

/// A note that has the form of a signed checkpoint. What it says counts only once [`Self::verify`] gave it out.
///
/// `Display` writes the note. Extension lines are kept and covered by the signature, and not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    text: String,
    head: Checkpoint,
    signatures: Vec<NoteSignature>,
}

/// A note is no signed checkpoint, or not of this log.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CheckpointError {
    /// The note is longer than any that is read.
    #[error("the note is {0} bytes long; the most that is read is {MAX_NOTE_BYTES}")]
    TooLong(usize),
    /// The note has more signatures than are read.
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// The bytes are not UTF-8, or hold control characters.
    #[error("not a signed note: it must be UTF-8 without control characters")]
    Characters,
    /// There is no blank line with signatures after it.
    #[error("not a signed note: expected text, a blank line and signature lines, each ended by a newline")]
    Form,
    /// A signature line cannot be read.
    #[error("signature line {0} of the note is malformed: expected an em dash, a key name and base64")]
    SignatureLine(usize),
    /// The origin is no name that this program gives or takes.
    #[error("the checkpoint's first line is no origin")]
    Origin(#[source] KeyError),
    /// The size is no plain decimal number in range.
    #[error("the checkpoint's second line is no size: expected a decimal number of at most {MAX_SIZE}")]
    Size,
    /// The root is no hash.
    #[error("the checkpoint's third line is no root: expected 32 bytes in base64")]
    Root,
    /// The log has no entries but its root is not that of the empty tree.
    #[error("the checkpoint of an empty log must have the empty tree's root")]
    EmptyRoot,
    /// A line after the third is empty.
    #[error("the checkpoint's text has an empty line")]
    EmptyLine,
    /// The checkpoint is of another log.
    #[error("the checkpoint is of {found}, the key is of {expected}")]
    OtherLog {
        /// The origin in the checkpoint.
        found: KeyName,
        /// The key's name.
        expected: KeyName,
    },
    /// The log's key did not sign it.
    #[error("the checkpoint is not signed by key {name}+{id}")]
    NotSigned {
        /// The key's name.
        name: KeyName,
        /// The key's id.
        id: KeyId,
    },
    /// The signature under the log's key is wrong: the note was altered or forged.
    #[error("the checkpoint's signature by key {name}+{id} is wrong: it was altered or forged")]
    BadSignature {
        /// The key's name.
        name: KeyName,
        /// The key's id.
        id: KeyId,
    },
}

impl SignedCheckpoint {
    /// Reads a note; no signature is checked.
    ///
    /// # Errors
    /// When the bytes have not the form of a signed checkpoint.
    pub fn parse(note: &[u8]) -> Result<Self, CheckpointError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(CheckpointError::TooLong(note.len()));
        }
        let note = std::str::from_utf8(note).map_err(|_| CheckpointError::Characters)?;
        if note.bytes().any(|b| b < b' ' && b != b'\n') {
            return Err(CheckpointError::Characters);
        }
        let blank = note.rfind("\n\n").ok_or(CheckpointError::Form)?;
        let (text, lines) = note.split_at(blank + 1);
        let lines = lines.strip_prefix('\n').and_then(|l| l.strip_suffix('\n')).ok_or(CheckpointError::Form)?;
        Ok(Self { head: parse_text(text)?, text: text.to_owned(), signatures: parse_signatures(lines)? })
    }

    /// The note with more signature lines, as a witness answers them; a line that it has already is not added. Nothing is checked but
    /// the form.
    ///
    /// # Errors
    /// When `lines` are no signature lines, or too many.
    pub fn with_signatures(&self, lines: &str) -> Result<Self, CheckpointError> {
        let lines = lines.strip_suffix('\n').ok_or(CheckpointError::Form)?;
        let mut note = self.clone();
        for signature in parse_signatures(lines)? {
            if !note.signatures.contains(&signature) {
                note.signatures.push(signature);
            }
        }
        if note.signatures.len() > MAX_SIGNATURES {
            return Err(CheckpointError::TooManySignatures);
        }
        Ok(note)
    }

    /// The origin that the note claims, to find the key to verify it with. Anybody can write it.
    pub fn claimed_origin(&self) -> &KeyName {
        &self.head.origin
    }

    /// The head that the note claims, to be shown as such. Anybody can write it.
    pub fn claimed_head(&self) -> &Checkpoint {
        &self.head
    }

    /// The text that is signed, extension lines and the last newline included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands under a key's name and id, key id left out. Nothing of it is checked.
    pub(super) fn signatures_of(&self, name: &KeyName, id: KeyId) -> impl Iterator<Item = &[u8]> {
        let mine = move |s: &&NoteSignature| s.name == *name && s.id == id;
        self.signatures.iter().filter(mine).map(|s| s.bytes.as_slice())
    }

    /// Name and id of the keys that the note claims to be signed by. Anybody can write them.
    pub fn claimed_signers(&self) -> Vec<String> {
        self.signatures.iter().map(|s| format!("{}+{}", s.name, s.id)).collect()
    }

    /// The head, when `key` is the log's and signed it. Signatures by other keys are ignored; a wrong one under this
    /// key's name and id spoils the note, whatever else it carries.
    ///
    /// # Errors
    /// When the note is of another log, or not or wrongly signed by the key.
    pub fn verify(&self, key: &VerifierKey) -> Result<&Checkpoint, CheckpointError> {
        if self.head.origin != *key.name() {
            return Err(CheckpointError::OtherLog { found: self.head.origin.clone(), expected: key.name().clone() });
        }
        let mut mine = self.signatures_of(key.name(), key.id()).peekable();
        if mine.peek().is_none() {
            return Err(CheckpointError::NotSigned { name: key.name().clone(), id: key.id() });
        }
        let good = |s: &[u8]| s.try_into().is_ok_and(|s| key.verifies(self.text.as_bytes(), s));
        if !mine.all(good) {
            return Err(CheckpointError::BadSignature { name: key.name().clone(), id: key.id() });
        }
        Ok(&self.head)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            let mut bytes = signature.id.0.to_vec();
            bytes.extend_from_slice(&signature.bytes);
            writeln!(f, "{SIGNATURE_MARK}{} {}", signature.name, STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

/// Reads the signed text, which ends in a newline.
fn parse_text(text: &str) -> Result<Checkpoint, CheckpointError> {
    let mut lines = text.lines();
    let origin = lines.next().unwrap_or_default().parse().map_err(CheckpointError::Origin)?;
    let size = lines.next().and_then(parse_size).ok_or(CheckpointError::Size)?;
    let root = lines.next().and_then(|l| STANDARD.decode(l).ok()).and_then(|root| Hash::try_from(root).ok());
    let root = root.ok_or(CheckpointError::Root)?;
    if lines.any(str::is_empty) {
        return Err(CheckpointError::EmptyLine);
    }
    if size == 0 && root != empty_root() {
        return Err(CheckpointError::EmptyRoot);
    }
    Ok(Checkpoint { origin, size, root })
}

/// A decimal number as this program writes it: no sign, no leading zero.
fn parse_size(line: &str) -> Option<u64> {
    line.parse().ok().filter(|size: &u64| *size <= MAX_SIZE && size.to_string() == line)
}

fn parse_signatures(lines: &str) -> Result<Vec<NoteSignature>, CheckpointError> {
    if lines.split('\n').count() > MAX_SIGNATURES {
        return Err(CheckpointError::TooManySignatures);
    }
    let parse = |(i, line)| parse_signature(line).ok_or(CheckpointError::SignatureLine(i + 1));
    lines.split('\n').enumerate().map(parse).collect()
}

fn parse_signature(line: &str) -> Option<NoteSignature> {
    let (name, base64) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
    let bytes = STANDARD.decode(base64).ok()?;
    let (id, signature) = bytes.split_first_chunk()?;
    if signature.is_empty() {
        return None;
    }
    Some(NoteSignature { name: name.parse().ok()?, id: KeyId(*id), bytes: signature.to_vec() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::merkle::leaf_hash;

    const ORIGIN: &str = "court.example/zhilu";

    fn signer(name: &str, seed: u8) -> SignerKey {
        SignerKey::from_seed(name.parse().unwrap(), &[seed; 32])
    }

    fn signed() -> SignedCheckpoint {
        Checkpoint::new(ORIGIN.parse().unwrap(), 7, leaf_hash(b"x")).sign(&signer(ORIGIN, 1)).unwrap()
    }

    fn parse(note: &str) -> Result<SignedCheckpoint, CheckpointError> {
        SignedCheckpoint::parse(note.as_bytes())
    }

    #[test]
    fn round_trip() {
        let key = signer(ORIGIN, 1);
        let note = signed();
        assert_eq!(parse(&note.to_string()).as_ref(), Ok(&note));
        let head = note.verify(key.verifier()).unwrap();
        assert_eq!((head.size, head.root), (7, leaf_hash(b"x")));
        assert!(note.to_string().starts_with(&format!("{ORIGIN}\n7\n")));
    }

    // The example of the C2SP tlog-checkpoint specification; its key is not published, so only its form is checked.
    #[test]
    fn the_specification_example_reads_and_writes_the_same() {
        let note = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
            \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGz\
            Gku9nTo+zyWE+xeMcTOAYQ8=\n";
        let parsed = parse(note).unwrap();
        assert_eq!(parsed.to_string(), note);
        assert_eq!((parsed.head.size, parsed.head.root[0]), (20_852_163, 0x0a));
    }

    #[test]
    fn other_signatures_are_ignored_but_a_wrong_one_of_the_key_is_not() {
        let key = signer(ORIGIN, 1);
        let good = signed().to_string();
        let line = good.lines().last().unwrap();
        let other = line.replace(ORIGIN, "witness.example/w1");
        assert!(parse(&format!("{good}{other}\n")).unwrap().verify(key.verifier()).is_ok());
        let mut wrong = signed();
        wrong.signatures[0].bytes[10] ^= 1;
        let wrong = wrong.to_string().lines().last().unwrap().to_owned();
        let spoilt = parse(&format!("{good}{wrong}\n")).unwrap();
        assert!(matches!(spoilt.verify(key.verifier()), Err(CheckpointError::BadSignature { .. })));
        let unsigned = parse(&good.replace(line, &other)).unwrap();
        assert!(matches!(unsigned.verify(key.verifier()), Err(CheckpointError::NotSigned { .. })));
    }

    #[test]
    fn the_key_must_be_the_log_s() {
        let note = signed();
        let same_name = note.verify(signer(ORIGIN, 2).verifier());
        assert!(matches!(same_name, Err(CheckpointError::NotSigned { .. })));
        let other_name = note.verify(signer("other.example", 1).verifier());
        assert!(matches!(other_name, Err(CheckpointError::OtherLog { .. })));
        assert!(Checkpoint::new(ORIGIN.parse().unwrap(), 0, empty_root()).sign(&signer("other.example", 1)).is_err());
    }

    #[test]
    fn malformed_notes_are_named() {
        let good = signed().to_string();
        let line = good.lines().last().unwrap();
        let error = |note: &str| parse(note).unwrap_err();
        assert_eq!(error(""), CheckpointError::Form);
        assert_eq!(error(good.trim_end()), CheckpointError::Form);
        assert_eq!(error(&good.replace(line, "")), CheckpointError::Form);
        assert_eq!(error(&good.replace('\u{2014}', "-")), CheckpointError::SignatureLine(1));
        assert_eq!(error(&good.replace("\n7\n", "\n07\n")), CheckpointError::Size);
        assert_eq!(error(&good.replace("\n7\n", "\n+7\n")), CheckpointError::Size);
        assert_eq!(error(&good.replace("\n7\n", "\n9223372036854775808\n")), CheckpointError::Size);
        assert_eq!(error(&good.replace("\n7\n", "\n0\n")), CheckpointError::EmptyRoot);
        assert_eq!(error(&good.replace("=\n\n", "\n\n")), CheckpointError::Root);
        assert_eq!(error(&good.replace('\n', "\r\n")), CheckpointError::Characters);
        assert_eq!(error(&good.replace("=\n\n", "=\n\nx\n\n")), CheckpointError::EmptyLine);
        assert_eq!(error(&"a".repeat(MAX_NOTE_BYTES + 1)), CheckpointError::TooLong(MAX_NOTE_BYTES + 1));
        assert_eq!(error(&format!("{good}{}", format!("{line}\n").repeat(100))), CheckpointError::TooManySignatures);
        assert!(matches!(error(&good.replacen(ORIGIN, "a b", 1)), CheckpointError::Origin(_)));
    }

    #[test]
    fn extension_lines_are_signed_too() {
        let key = signer(ORIGIN, 1);
        let good = signed().to_string();
        let extended = parse(&good.replace("=\n\n", "=\nextra\n\n")).unwrap();
        assert!(matches!(extended.verify(key.verifier()), Err(CheckpointError::BadSignature { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, text in "[a-z]{0,3}\n[0-9]{0,3}\n[A-Za-z=]{0,44}\n\n\u{2014} [a-z]? [A-Za-z+=]{0,12}\n") {
            let _ = SignedCheckpoint::parse(&bytes);
            let _ = parse(&text);
        }

        #[test]
        fn a_flipped_bit_never_verifies(at: prop::sample::Index, bit in 0..8u8) {
            let mut bytes = signed().to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let key = signer(ORIGIN, 1);
            prop_assert!(!SignedCheckpoint::parse(&bytes).is_ok_and(|n| n.verify(key.verifier()).is_ok()));
        }
    }
}
