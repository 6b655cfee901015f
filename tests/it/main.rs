//! Integration tests: the real binary and the real library, real files, a real database.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "tests rename files as docking tools do")]

mod api;
mod bad_input;
mod cluster;
mod corpus;
mod layers;
mod ledger_cli;
mod ledger_damage;
mod ledger_oracles;
mod main_job;
mod moved;
mod postgres;
mod probe_worker;
mod real_clips;
mod receipts_beside;
mod registers;
mod scrub;
mod statements;
mod support;
mod verify;
