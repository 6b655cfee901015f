//! Integration tests: the real binary and the real library, real files, a real database.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

mod bad_input;
mod layers;
mod main_job;
mod probe_worker;
mod support;
