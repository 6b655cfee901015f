//! The vault: bytes by their digest, written once.
//!
//! # Contract
//! * [`LocalVault::stage`] takes a source's bytes in one pass and says their digest. Nothing is durable; dropping the
//!   [`Staged`] undoes it. [`LocalVault::adopt`] does the same by moving the source, when nobody can change it.
//! * [`Staged::sync`] puts the bytes on the device. It waits, so it belongs on other threads than those that hash.
//! * [`LocalVault::publish`] gives a group of staged files their names. **What it returned as [`Published`] is whole and
//!   durable**, and stays: no function here writes or removes an object. An object that exists already is compared byte
//!   by byte; a different one is an error, never replaced.
//! * [`LocalVault::read_back`] reads an object from the device and compares it with what it should be.
//!
//! Every call may be retried from the start: equal bytes become one object. All of it may be called from any number of
//! threads, and several processes may work on one vault. A crash at any instruction leaves whole objects and litter in
//! `staging/`, which the next [`LocalVault::open`] cleans; an adopted source is put back or reported, never lost.
//!
//! The vault knows no catalog: that an object has a clip row is the business of those above.

mod adopt;
mod block;
mod copy;
mod digester;
pub mod durable;
mod local;
mod origin;
mod readback;
mod recovery;
mod stage;
mod staging;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use crate::model::digest::{Sha256Digest, Sm3Digest};

pub use adopt::{Adopted, Adoption, Obstacle, Place};
pub use local::{Found, LocalVault, Opened};
pub use readback::{Expected, ReadBack, ReadFrom, ReadPath, Verdict};
pub use recovery::Recovered;
pub use stage::{PublishError, Published, StageError, StageOptions, Staged};

/// The operating system refused something in the vault.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", .path.display())]
pub struct VaultError {
    /// What was tried, as a verb.
    action: &'static str,
    /// On what.
    path: PathBuf,
    /// What the operating system said.
    source: io::Error,
}

impl VaultError {
    /// Makes the error of `action` on `path`.
    fn at<E: Into<io::Error>>(action: &'static str, path: &Path) -> impl Fn(E) -> Self + use<E> {
        let path = path.to_owned();
        move |source| Self { action, path: path.clone(), source: source.into() }
    }

    /// The kind of what the operating system said.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }

    /// What the operating system said.
    pub fn io_error(&self) -> &io::Error {
        &self.source
    }
}

/// SHA-256 and, if asked for, SM3 of a file from its beginning, whatever its position; constant memory.
///
/// # Errors
/// What reading says.
pub fn hash_file(file: &std::fs::File, sm3: bool) -> io::Result<(Sha256Digest, Option<Sm3Digest>)> {
    let mut digester = digester::Digester::new(sm3);
    let mut block = block::Block::for_bytes(1 << 18, 1 << 18);
    let mut at = 0;
    loop {
        match block.read_once(file, at)? {
            0 => return Ok(digester.finish()),
            read => {
                digester.update(block.bytes());
                at += read as u64;
            }
        }
    }
}
