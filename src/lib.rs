//! Zhilu 执录 takes the clips of a court's body-worn recorders into a write-once vault, catalogs them against the
//! court's execution cases, and proves that nothing was lost or changed.
//!
//! The life of a clip is that of [`intake::pipeline`]; everything that touches evidence afterwards goes through [`custody`].

pub mod api;
pub mod audit;
pub mod auth;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
pub mod custody;
pub mod http;
pub mod intake;
pub mod ledger;
pub mod lifecycle;
pub mod matching;
pub mod media;
pub mod model;
pub mod registers;
pub mod search;
pub mod store;
pub mod sys;
pub mod telemetry;
pub mod vault;
pub mod witness;
