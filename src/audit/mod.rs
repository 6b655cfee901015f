//! Looks at everything and changes nothing.

pub mod check;
pub mod documents;
pub mod ledger;
