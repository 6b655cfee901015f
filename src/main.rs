//! The `zhilu` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    zhilu::cli::run()
}
