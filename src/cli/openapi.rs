use super::{Failure, Outcome};

/// Prints the API's OpenAPI document.
pub(super) fn run() -> Result<Outcome, Failure> {
    print!("{}", crate::api::openapi::json());
    Ok(Outcome::Done)
}
