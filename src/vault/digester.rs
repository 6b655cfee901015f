//! The digests of a stream of bytes.

use sha2::{Digest, Sha256};
use sm3::Sm3;

use crate::model::digest::{Sha256Digest, Sm3Digest};

/// SHA-256 (FIPS 180-4) and, when the court asks for it, SM3 (GB/T 32905-2016) of the same bytes.
#[derive(Default)]
pub(super) struct Digester {
    sha256: Sha256,
    sm3: Option<Sm3>,
}

impl Digester {
    /// Of no bytes so far.
    pub(super) fn new(sm3: bool) -> Self {
        Self { sha256: Sha256::new(), sm3: sm3.then(Sm3::new) }
    }

    /// Takes the next bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(sm3) = &mut self.sm3 {
            sm3.update(bytes);
        }
    }

    /// The digests of all bytes taken.
    pub(super) fn finish(self) -> (Sha256Digest, Option<Sm3Digest>) {
        (Sha256Digest(self.sha256.finalize().into()), self.sm3.map(|sm3| Sm3Digest(sm3.finalize().into())))
    }
}
