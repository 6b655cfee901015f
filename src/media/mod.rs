//! Facts from a file. Readers never trust what they read, never panic, and say where a fact comes from.

pub mod clock;
pub mod container;
pub mod gps;
pub mod name;
pub mod sidecar;
pub mod worker;
