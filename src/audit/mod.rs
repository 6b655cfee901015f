//! Looks at what is kept and says what is wrong with it. Nothing is changed but what records the looks.

pub mod check;
pub mod coverage;
pub mod documents;
pub mod finding;
mod holdings;
pub mod ledger;
pub mod look;
pub mod scrub;
pub mod verify;
