//! The vocabulary. Plain values, no I/O, no clock, no randomness.

pub mod action;
pub mod case;
pub mod case_number;
pub mod clip;
pub mod custody;
pub mod digest;
pub mod id;
pub mod media;
pub mod reason;
pub mod recording;
pub mod role;
pub mod subject;
pub mod time;
pub mod upload;
