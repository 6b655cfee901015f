//! Fault proof: the real binary is killed, and its system calls are made to fail; afterwards everything that was uploaded must be
//! there exactly once.
//!
//! `ZHILU_FAULTS_LONG=1` runs at full length. `ZHILU_FAULTS_SEED=n` repeats a run's random choices (not its timing).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

#[path = "../it/cluster.rs"]
#[expect(
    dead_code,
    clippy::expect_used,
    reason = "the other test binary uses it; these tests are of SQLite and its files"
)]
mod cluster;
mod court;
mod inject;
mod kills;
mod model;
mod random;
mod strace;
#[path = "../it/support.rs"]
#[expect(dead_code, clippy::expect_used, reason = "the other test binary uses all of it")]
mod support;

use std::io::Write;

/// Whether the long form is asked for.
fn is_long() -> bool {
    std::env::var("ZHILU_FAULTS_LONG").is_ok_and(|v| v == "1")
}

/// Says something even when the test passes: the harness captures only what the print macros write.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "faults: {line}");
}
