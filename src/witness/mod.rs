//! Courts that vouch for one another: asking for cosignatures, cosigning, mirroring (C2SP tlog-witness).
//!
//! A court's own administrator has its key, and could write another history. What another court cosigned cannot be changed without
//! showing: it cosigns only what extends what it saw before.

pub mod answer;
pub mod ask;
mod client;
pub mod files;
pub mod mirror;
pub mod peers;
