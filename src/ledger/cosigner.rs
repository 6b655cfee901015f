//! The secret half of a witness's key: whoever has it can cosign as the witness (C2SP tlog-cosignature, `cosignature/v1`).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use super::checkpoint::SignedCheckpoint;
use super::cosignature::{COSIGNATURE, WitnessKey, message};
use super::key::{KeyError, KeyName, parse_signer, signer_text};

/// A witness's key. Wiped from memory when dropped, never shown by `Debug`.
pub struct CosignerKey {
    public: WitnessKey,
    key: SigningKey,
}

impl CosignerKey {
    /// The key that 32 bytes from a secure generator make. The caller wipes its copy of `seed`.
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        Self { public: WitnessKey::new(name, key.verifying_key()), key }
    }

    /// Reads what [`Self::to_text`] wrote; white space around it is ignored.
    ///
    /// # Errors
    /// When it is no key of a witness or was damaged; the error holds nothing of it but its name and id.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let read = parse_signer(text, COSIGNATURE)?;
        let key = Self::from_seed(read.name, &read.seed);
        read.id.check(key.public.name(), key.public.id())?;
        Ok(key)
    }

    /// The secret text of the key, for a file that only the daemon can read. Wiped from memory when dropped.
    pub fn to_text(&self) -> Zeroizing<String> {
        signer_text(self.public.name(), self.public.id(), COSIGNATURE, self.key.as_bytes())
    }

    /// The public half: what an auditor and the witnessed log pin.
    pub fn public(&self) -> &WitnessKey {
        &self.public
    }

    /// The signature line by which the witness says that it saw the checkpoint at `time_s`, seconds since 1970 and before
    /// 2^63, with its newline. The caller has verified the checkpoint, and that it extends everything this key cosigned before.
    pub fn cosign(&self, note: &SignedCheckpoint, time_s: u64) -> String {
        let signature = self.key.sign(message(time_s, note.text()).as_bytes()).to_bytes();
        let bytes = [&self.public.id().0[..], &time_s.to_be_bytes(), &signature].concat();
        format!("\u{2014} {} {}\n", self.public.name(), STANDARD.encode(bytes))
    }
}

impl fmt::Debug for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosignerKey({}+{}, secret)", self.public.name(), self.public.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::cosignature::tests::signed;

    fn cosigner() -> CosignerKey {
        CosignerKey::from_seed("witness.example".parse().unwrap(), &[5; 32])
    }

    #[test]
    fn a_key_reads_and_writes_the_same_and_keeps_its_secret() {
        let text = cosigner().to_text();
        let again = CosignerKey::from_text(&format!("{}\n", text.as_str())).unwrap();
        assert_eq!(again.to_text(), text);
        assert_eq!(again.public(), cosigner().public());
        assert!(again.public().to_string().parse::<WitnessKey>().is_ok());
        let secret = text.rsplit('+').next().unwrap();
        assert!(!format!("{again:?}").contains(&secret[..8]));
        // A log's key is no witness's, and the other way round: what one signs can't be taken for the other's.
        let log = crate::ledger::key::SignerKey::from_seed("witness.example".parse().unwrap(), &[5; 32]);
        assert!(matches!(CosignerKey::from_text(&log.to_text()), Err(KeyError::Type { found: 1, expected: 4, .. })));
        assert!(crate::ledger::key::SignerKey::from_text(&text).is_err());
    }

    #[test]
    fn what_it_cosigns_its_public_half_sees() {
        let (key, note) = (cosigner(), signed());
        let cosigned = note.with_signatures(&key.cosign(&note, 1_700_000_000)).unwrap();
        assert_eq!(key.public().saw(&cosigned), Ok(Some(1_700_000_000)));
        assert_eq!(cosigned.text(), note.text());
    }
}
