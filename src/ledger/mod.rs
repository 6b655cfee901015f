//! The ledger: what makes the catalog provable. All but [`log`] and [`prove`] is pure: no I/O, no clock, no randomness.
//!
//! An [`entry::Entry`] is encoded to one canonical line; its [`merkle::leaf_hash`] is appended to a
//! [`tile::LogState`], which says which tile rows changed and what the root is; the root is signed as a
//! [`checkpoint::Checkpoint`] with a [`key::SignerKey`].
//!
//! A state belongs to one transaction: read it there, append, and write the tiles with the entries. Keeping one in memory
//! across transactions needs a clone that takes the old one's place only after the commit, so that a commit that fails
//! leaves memory equal to disk. A signed checkpoint leaves the process only after the commit, never before.

pub mod bundle;
pub mod checkpoint;
pub mod cosignature;
pub mod cosigner;
pub mod disposal;
pub mod entry;
pub mod key;
pub mod log;
pub mod merkle;
pub mod paper;
pub mod policy;
pub mod proof;
pub mod prove;
pub mod receipt;
pub mod tile;
pub mod witness;
