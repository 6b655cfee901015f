//! The vocabulary. Plain values, no I/O, no clock, no randomness.

pub mod action;
pub mod case;
pub mod case_number;
pub mod chain;
pub mod clip;
pub mod court;
pub mod custody;
pub mod digest;
pub mod fault;
pub mod fixity;
pub mod id;
pub mod incident;
pub mod media;
pub mod party;
pub mod reason;
pub mod receipt;
pub mod recording;
pub mod role;
pub mod span;
pub mod subject;
pub mod time;
pub mod upload;
