//! Keys of signed notes (C2SP signed-note, Ed25519), in the texts that Go's `note` package and C2SP tools read:
//! `<name>+<id>+<base64(0x01 ‖ public key)>` to verify, `PRIVATE+KEY+<name>+<id>+<base64(0x01 ‖ seed)>` to sign.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Signature type of C2SP signed-note: Ed25519 over the note's text.
pub(super) const ED25519: u8 = 0x01;
/// A signature type byte and 32 bytes of key, in base64.
const KEY_BASE64_CHARS: usize = 44;
/// What a signer key's text starts with.
const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";

/// The name of a key, which is also the origin of the log it signs: by custom a URL without its scheme, as
/// `court.example/zhilu`. Not empty; no white space, control character or plus sign.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(String);

/// A key, or the text of one, is not usable. Never holds any of a signer key's text.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// The name breaks the rules of signed notes.
    #[error("not a key name: {0:?}; it must not be empty or contain white space, control characters or '+'")]
    Name(String),
    /// A verifier key's text is not in three parts.
    #[error("not a verifier key: expected <name>+<8 hex digits>+<base64>")]
    VerifierForm,
    /// A signer key's text is not in five parts.
    #[error("not a signer key: expected PRIVATE+KEY+<name>+<8 hex digits>+<base64>")]
    SignerForm,
    /// The part after the last separator is no key.
    #[error("the key of {name} is damaged: its last part must be 44 characters of base64")]
    Base64 {
        /// The key's name.
        name: KeyName,
    },
    /// The key is for a kind of signature that is not supported here.
    #[error("the key of {name} is of signature type {found:#04x}; only Ed25519 ({expected:#04x}) is supported here")]
    Type {
        /// The key's name.
        name: KeyName,
        /// The type byte found.
        found: u8,
        /// The type byte of what is signed here.
        expected: u8,
    },
    /// The id does not belong to name and key: one of the three was changed.
    #[error("the key of {name} has id {found}, but name and key give {expected}: part of the text was changed")]
    Id {
        /// The key's name.
        name: KeyName,
        /// The id in the text.
        found: String,
        /// The id that name and key give.
        expected: KeyId,
    },
    /// The 32 bytes are no point of the curve, or one with which anybody can sign.
    #[error("the key of {name} is no usable Ed25519 public key")]
    Point {
        /// The key's name.
        name: KeyName,
    },
}

impl KeyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = KeyError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if s.is_empty() || s.contains(bad) {
            return Err(KeyError::Name(s.to_owned()));
        }
        Ok(Self(s.to_owned()))
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first four bytes of SHA-256 over name, newline, signature type and public key: tells keys of one name apart.
/// Anybody can make a key with a given id; it identifies, it proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 4]);

impl KeyId {
    pub(super) fn of(name: &KeyName, kind: u8, key: &VerifyingKey) -> Self {
        let hash = Sha256::new_with_prefix(name.as_str()).chain_update([b'\n', kind]).chain_update(key).finalize();
        let [a, b, c, d, ..]: [u8; 32] = hash.into();
        Self([a, b, c, d])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// The public half of a log's key: what an auditor pins.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    id: KeyId,
    key: VerifyingKey,
}

impl VerifierKey {
    fn new(name: KeyName, key: VerifyingKey) -> Self {
        Self { id: KeyId::of(&name, ED25519, &key), name, key }
    }

    /// The key's name, and the origin of the log it signs.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key's id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The 32 bytes of the public key, which tell whether two texts wrap one key.
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether `signature` is this key's over `text`. Refuses signatures that only lax verifiers take.
    pub fn verifies(&self, text: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(text, &Signature::from_bytes(signature)).is_ok()
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (name, id, key) = parse_verifier(s, ED25519)?;
        Ok(Self { name, id, key })
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.name, self.id, STANDARD.encode(typed(ED25519, self.key.as_bytes())))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

/// A log's key: whoever has it can speak as the log. Wiped from memory when dropped, never shown by `Debug`.
pub struct SignerKey {
    verifier: VerifierKey,
    key: SigningKey,
}

impl SignerKey {
    /// The key that 32 bytes from a secure generator make. The caller wipes its copy of `seed`.
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        Self { verifier: VerifierKey::new(name, key.verifying_key()), key }
    }

    /// Reads what [`Self::to_text`] wrote; white space around it, as a file's last newline, is ignored.
    ///
    /// # Errors
    /// When it is no signer key or was damaged; the error holds nothing of it but its name and id.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let read = parse_signer(text, ED25519)?;
        let signer = Self::from_seed(read.name, &read.seed);
        read.id.check(signer.name(), signer.verifier.id)?;
        Ok(signer)
    }

    /// The secret text of the key, for a file that only the daemon can read. Wiped from memory when dropped.
    pub fn to_text(&self) -> Zeroizing<String> {
        signer_text(self.name(), self.verifier.id, ED25519, self.key.as_bytes())
    }

    /// The key's name, and the origin of the log it signs.
    pub fn name(&self) -> &KeyName {
        self.verifier.name()
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signature over `text`.
    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.key.sign(text).to_bytes()
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerKey({}+{}, secret)", self.verifier.name, self.verifier.id)
    }
}

/// Name, id and key of a verifier key's text, for signatures of type `kind`.
pub(super) fn parse_verifier(text: &str, kind: u8) -> Result<(KeyName, KeyId, VerifyingKey), KeyError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(stated), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::VerifierForm);
    };
    let name: KeyName = name.parse()?;
    let bytes = decode_key(&name, key, kind)?;
    let key = VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak());
    let key = key.ok_or_else(|| KeyError::Point { name: name.clone() })?;
    let id = KeyId::of(&name, kind, &key);
    StatedId(stated.to_owned()).check(&name, id)?;
    Ok((name, id, key))
}

/// The signature type and a key, as both texts encode them.
pub(super) fn typed(kind: u8, key: &[u8; 32]) -> Zeroizing<[u8; 33]> {
    let mut bytes = Zeroizing::new([kind; 33]);
    bytes[1..].copy_from_slice(key);
    bytes
}

/// The 32 bytes of the key in the last part of either text.
fn decode_key(name: &KeyName, base64: &str, kind: u8) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let damaged = || KeyError::Base64 { name: name.clone() };
    let mut bytes = Zeroizing::new([0u8; 33]);
    if base64.len() != KEY_BASE64_CHARS || STANDARD.decode_slice(base64, bytes.as_mut_slice()) != Ok(bytes.len()) {
        return Err(damaged());
    }
    let (found, key) = bytes.split_first_chunk::<1>().ok_or_else(damaged)?;
    if *found != [kind] {
        return Err(KeyError::Type { name: name.clone(), found: found[0], expected: kind });
    }
    Ok(Zeroizing::new(key.try_into().map_err(|_| damaged())?))
}

/// The parts of a signer key's text, of whatever is signed with it.
pub(super) struct SignerParts {
    pub(super) name: KeyName,
    pub(super) id: StatedId,
    pub(super) seed: Zeroizing<[u8; 32]>,
}

/// Reads a signer key's text, for signatures of type `kind`; the id is the caller's to check, once it has the public key.
pub(super) fn parse_signer(text: &str, kind: u8) -> Result<SignerParts, KeyError> {
    let rest = text.trim_ascii().strip_prefix(PRIVATE_PREFIX).ok_or(KeyError::SignerForm)?;
    let mut parts = rest.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::SignerForm);
    };
    let name: KeyName = name.parse().map_err(|_| KeyError::SignerForm)?;
    let seed = decode_key(&name, key, kind)?;
    Ok(SignerParts { name, id: StatedId(id.to_owned()), seed })
}

/// The secret text of a key that signs what `kind` says.
pub(super) fn signer_text(name: &KeyName, id: KeyId, kind: u8, seed: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    let name = name.as_str();
    // Room for all of it: a string that grows leaves copies behind that nobody wipes.
    text.reserve_exact(PRIVATE_PREFIX.len() + name.len() + "+01234567+".len() + KEY_BASE64_CHARS);
    for part in [PRIVATE_PREFIX, name, "+", &id.to_string(), "+"] {
        text.push_str(part);
    }
    STANDARD.encode_string(typed(kind, seed).as_slice(), &mut text);
    text
}

/// The id that a key's text states.
pub(super) struct StatedId(String);

impl StatedId {
    /// Whether it is `expected`, the one that name and key give.
    pub(super) fn check(&self, name: &KeyName, expected: KeyId) -> Result<(), KeyError> {
        if expected.to_string() == self.0 {
            return Ok(());
        }
        let well_formed = self.0.len() == 8 && self.0.bytes().all(|b| b.is_ascii_hexdigit());
        let found = if well_formed { self.0.clone() } else { "of another form".to_owned() };
        Err(KeyError::Id { name: name.clone(), found, expected })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // The example key of Go's golang.org/x/mod/sumdb/note.
    const GO_SIGNER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const GO_VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    fn name(text: &str) -> KeyName {
        text.parse().unwrap()
    }

    #[test]
    fn go_example_key_reads_and_writes_the_same() {
        let signer = SignerKey::from_text(GO_SIGNER).unwrap();
        assert_eq!(signer.to_text().as_str(), GO_SIGNER);
        assert_eq!(signer.verifier().to_string(), GO_VERIFIER);
        assert_eq!(GO_VERIFIER.parse::<VerifierKey>().as_ref(), Ok(signer.verifier()));
        assert_eq!(SignerKey::from_text(&format!("{GO_SIGNER}\n")).unwrap().verifier(), signer.verifier());
    }

    // The example note of the same package. Ed25519 is deterministic, so the signature must come out the same.
    #[test]
    fn go_example_note_is_signed_the_same() {
        let text =
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let signer = SignerKey::from_text(GO_SIGNER).unwrap();
        let signature = signer.sign(text.as_bytes());
        assert_eq!(
            STANDARD.encode([&signer.verifier().id().0[..], &signature].concat()),
            "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
        );
        assert!(signer.verifier().verifies(text.as_bytes(), &signature));
    }

    #[test]
    fn rfc_8032_test_2() {
        let seed = crate::model::digest::from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let signer = SignerKey::from_seed(name("rfc8032.example"), &seed.unwrap());
        let signature = signer.sign(&[0x72]);
        assert_eq!(
            crate::model::digest::to_hex(&signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
        assert!(signer.verifier().verifies(&[0x72], &signature));
        assert!(!signer.verifier().verifies(&[0x73], &signature));
    }

    #[test]
    fn debug_and_errors_keep_the_secret() {
        let signer = SignerKey::from_text(GO_SIGNER).unwrap();
        assert_eq!(format!("{signer:?}"), "SignerKey(PeterNeumann+c74f20a3, secret)");
        let secret = GO_SIGNER.rsplit('+').next().unwrap();
        for damaged in [
            GO_SIGNER.replace("c74f20a3", "c74f20a4"),
            GO_SIGNER.replace("+AYEK", "+AoEK"),
            GO_SIGNER.replace("KEY+", ""),
            GO_SIGNER.replace("PeterNeumann+", ""),
            format!("{GO_SIGNER}A"),
        ] {
            let error = SignerKey::from_text(&damaged).unwrap_err();
            assert!(!format!("{error:?} {error}").contains(&secret[..8]), "{error}");
        }
    }

    #[test]
    fn each_damage_has_its_error() {
        let error = |text: &str| text.parse::<VerifierKey>().unwrap_err();
        assert_eq!(error(""), KeyError::VerifierForm);
        assert_eq!(error("PeterNeumann+c74f20a3"), KeyError::VerifierForm);
        assert!(matches!(error(&GO_VERIFIER.replace("Peter", "Peter ")), KeyError::Name(_)));
        assert!(matches!(error(&GO_VERIFIER.replace("Peter", "peter")), KeyError::Id { .. }));
        assert!(matches!(error(&GO_VERIFIER.replace("c74f", "C74F")), KeyError::Id { .. }));
        assert!(matches!(error(&GO_VERIFIER.replace("+AR", "+BB")), KeyError::Type { found: 4, .. }));
        assert!(matches!(error(&GO_VERIFIER.replace("10TW", "10T")), KeyError::Base64 { .. }));
        let zero_key = STANDARD.encode(typed(ED25519, &[0; 32]));
        assert!(matches!(error(&format!("a+00000000+{zero_key}")), KeyError::Point { .. }));
    }

    #[test]
    fn names() {
        for good in ["court.example/zhilu", "法院.example", "a"] {
            assert_eq!(name(good).as_str(), good);
        }
        for bad in ["", "a b", "a+b", "a\n", "a\u{3000}b", "a\u{85}", "a\0"] {
            assert_eq!(bad.parse::<KeyName>(), Err(KeyError::Name(bad.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn every_seed_round_trips(seed: [u8; 32], text in "[^\\s\\p{Cc}+]{1,40}") {
            let signer = SignerKey::from_seed(name(&text), &seed);
            let again = SignerKey::from_text(&signer.to_text()).unwrap();
            prop_assert_eq!(again.to_text(), signer.to_text());
            prop_assert_eq!(&signer.verifier().to_string().parse::<VerifierKey>().unwrap(), again.verifier());
        }

        #[test]
        fn no_text_panics(text in ".*", tail in "[A-Za-z0-9+/=]{40,48}") {
            let _ = text.parse::<VerifierKey>();
            let _ = SignerKey::from_text(&text);
            let _ = format!("a+00000000+{tail}").parse::<VerifierKey>();
            let _ = SignerKey::from_text(&format!("PRIVATE+KEY+a+00000000+{tail}"));
        }
    }
}
