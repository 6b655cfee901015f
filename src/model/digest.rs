//! Digests: 32 bytes, written as 64 lower-case hexadecimal characters.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A SHA-256 digest of a clip's bytes: its identity in the vault.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256Digest(pub [u8; 32]);

/// An SM3 digest (GB/T 32905-2016) of a clip's bytes, kept beside SHA-256 when the court asks for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sm3Digest(pub [u8; 32]);

/// The text is no digest.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a digest: expected 64 hexadecimal characters")]
pub struct InvalidDigest;

/// Lower-case hexadecimal of `bytes`.
pub fn to_hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    let mut hex = String::with_capacity(bytes.len() * 2);
    hex.extend(bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]));
    hex
}

/// The 32 bytes that 64 hexadecimal characters (either case) stand for.
///
/// # Errors
/// When `text` is not exactly that.
pub fn from_hex(text: &str) -> Result<[u8; 32], InvalidDigest> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return Err(InvalidDigest);
    }
    let mut out = [0u8; 32];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| InvalidDigest)?;
        if !pair.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(InvalidDigest);
        }
        *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidDigest)?;
    }
    Ok(out)
}

macro_rules! digest {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&to_hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = InvalidDigest;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                from_hex(s).map($name)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

digest!(Sha256Digest);
digest!(Sm3Digest);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_rejects() {
        let d = Sha256Digest([0xab; 32]);
        assert_eq!(d.to_string().parse::<Sha256Digest>(), Ok(d));
        assert_eq!("AB".repeat(32).parse::<Sha256Digest>(), Ok(d));
        assert_eq!("+1".repeat(32).parse::<Sha256Digest>(), Err(InvalidDigest));
        assert_eq!("ab".parse::<Sha256Digest>(), Err(InvalidDigest));
    }
}
