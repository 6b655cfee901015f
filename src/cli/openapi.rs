use std::io::Write;

use super::{Failure, Outcome};

/// Prints the API's OpenAPI document.
pub(super) fn run() -> Result<Outcome, Failure> {
    std::io::stdout().write_all(crate::api::openapi::json().as_bytes())?;
    Ok(Outcome::Done)
}
