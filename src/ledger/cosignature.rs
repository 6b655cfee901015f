//! Cosignatures: a witness says that it saw a checkpoint, and when (C2SP tlog-cosignature, `cosignature/v1`, Ed25519).
//!
//! What is signed is the checkpoint's text after two lines, so that it can never be taken for the log's own signature:
//!
//! ```text
//! cosignature/v1
//! time 1679315147
//! court.example/zhilu
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//! ```
//!
//! Keys and cosignatures of the post-quantum type (ML-DSA-44, 0x06) are refused, not ignored: whoever pins one is told.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

use super::checkpoint::SignedCheckpoint;
use super::key::{KeyError, KeyId, KeyName, parse_verifier, typed};

/// Signature type of a cosignature: Ed25519 over time and checkpoint.
pub(super) const COSIGNATURE: u8 = 0x04;
/// Seconds since 1970 that a cosignature can hold: 2^63 − 1.
const MAX_TIME: u64 = i64::MAX as u64;

/// The public half of a witness's key.
#[derive(Clone, PartialEq, Eq)]
pub struct WitnessKey {
    name: KeyName,
    id: KeyId,
    key: VerifyingKey,
}

/// A cosignature under a witness's name and id is not that witness's over this checkpoint.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("the cosignature by {name}+{id} is wrong: it or the checkpoint was altered or forged")]
pub struct BadCosignature {
    /// The witness's name.
    pub name: KeyName,
    /// Its key's id.
    pub id: KeyId,
}

impl WitnessKey {
    pub(super) fn new(name: KeyName, key: VerifyingKey) -> Self {
        Self { id: KeyId::of(&name, COSIGNATURE, &key), name, key }
    }

    /// The key's id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The key's name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The 32 bytes of the public key, which tell whether two texts wrap one key.
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// When this witness saw the checkpoint, in seconds since 1970; the earliest, when it cosigned more than once; none when it did not.
    ///
    /// # Errors
    /// When anything under the key's name and id is not its cosignature of this checkpoint: the note is then not to be used at all.
    pub fn saw(&self, note: &SignedCheckpoint) -> Result<Option<u64>, BadCosignature> {
        let times = note.signatures_of(&self.name, self.id).map(|bytes| self.time_of(note, bytes));
        let times = times.collect::<Option<Vec<u64>>>();
        let times = times.ok_or_else(|| BadCosignature { name: self.name.clone(), id: self.id })?;
        Ok(times.into_iter().min())
    }

    /// The time that a cosignature states, when it is right.
    fn time_of(&self, note: &SignedCheckpoint, cosignature: &[u8]) -> Option<u64> {
        let (time, signature) = cosignature.split_first_chunk::<8>()?;
        let signature = Signature::from_bytes(signature.try_into().ok()?);
        let time = u64::from_be_bytes(*time);
        let message = message(time, note.text());
        (time <= MAX_TIME && self.key.verify_strict(message.as_bytes(), &signature).is_ok()).then_some(time)
    }
}

/// What a witness signs.
pub(super) fn message(time_s: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

impl FromStr for WitnessKey {
    type Err = KeyError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (name, id, key) = parse_verifier(s, COSIGNATURE)?;
        Ok(Self { name, id, key })
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.name, self.id, STANDARD.encode(typed(COSIGNATURE, self.key.as_bytes())))
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessKey({self})")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ledger::checkpoint::Checkpoint;
    use crate::ledger::cosigner::CosignerKey;
    use crate::ledger::key::SignerKey;
    use crate::ledger::merkle::leaf_hash;

    const ORIGIN: &str = "court.example/zhilu";

    /// A witness that cosigns whatever it is given.
    pub(in crate::ledger) struct Witness {
        pub(in crate::ledger) key: WitnessKey,
        cosigner: CosignerKey,
    }

    impl Witness {
        pub(in crate::ledger) fn new(name: &str, seed: u8) -> Self {
            let cosigner = CosignerKey::from_seed(name.parse().unwrap(), &[seed; 32]);
            Self { key: cosigner.public().clone(), cosigner }
        }

        /// The note with one more line.
        pub(in crate::ledger) fn cosign(&self, note: &SignedCheckpoint, time_s: u64) -> SignedCheckpoint {
            note.with_signatures(&self.cosigner.cosign(note, time_s)).unwrap()
        }
    }

    pub(in crate::ledger) fn signed() -> SignedCheckpoint {
        let key = SignerKey::from_seed(ORIGIN.parse().unwrap(), &[1; 32]);
        Checkpoint::new(ORIGIN.parse().unwrap(), 7, leaf_hash(b"x")).sign(&key).unwrap()
    }

    // The key is that of a C2SP witness in use; name, id and key belong together by the specification's formula.
    #[test]
    fn a_published_witness_key_reads_and_writes_the_same() {
        let text = "witness.navigli.sunlight.geomys.org+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G";
        let key: WitnessKey = text.parse().unwrap();
        assert_eq!(key.to_string(), text);
        let log = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        assert!(matches!(log.parse::<WitnessKey>(), Err(KeyError::Type { found: 1, expected: 4, .. })));
    }

    #[test]
    fn the_earliest_of_right_cosignatures_counts() {
        let (one, two) = (Witness::new("w1.example", 2), Witness::new("w2.example", 3));
        let note = one.cosign(&two.cosign(&one.cosign(&signed(), 1_700_000_050), 1_700_000_060), 1_700_000_040);
        assert_eq!(one.key.saw(&note), Ok(Some(1_700_000_040)));
        assert_eq!(two.key.saw(&note), Ok(Some(1_700_000_060)));
        assert_eq!(Witness::new("w3.example", 4).key.saw(&note), Ok(None));
        assert_eq!(Witness::new("w1.example", 4).key.saw(&note), Ok(None), "another key of the same name");
    }

    #[test]
    fn a_moved_time_or_another_checkpoint_spoils_the_note() {
        let witness = Witness::new("w1.example", 2);
        let good = witness.cosign(&signed(), 1_700_000_050).to_string();
        let line = good.lines().last().unwrap();
        let bytes = STANDARD.decode(line.rsplit(' ').next().unwrap()).unwrap();
        for at in 4..bytes.len() {
            let mut moved = bytes.clone();
            moved[at] ^= 1;
            let note = good.replace(line, &format!("\u{2014} w1.example {}", STANDARD.encode(moved)));
            let note = SignedCheckpoint::parse(note.as_bytes()).unwrap();
            assert!(witness.key.saw(&note).is_err(), "byte {at}");
        }
        let other = SignedCheckpoint::parse(good.replace("\n7\n", "\n8\n").as_bytes()).unwrap();
        assert!(witness.key.saw(&other).is_err());
        assert!(witness.key.saw(&witness.cosign(&signed(), MAX_TIME + 1)).is_err());
        assert_eq!(witness.key.saw(&witness.cosign(&signed(), MAX_TIME)), Ok(Some(MAX_TIME)));
    }
}
