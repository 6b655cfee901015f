//! Looks at everything and changes nothing.

pub mod check;
pub mod ledger;
