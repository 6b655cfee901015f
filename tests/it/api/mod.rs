//! The API as its callers meet it: the real router over a real database and vault, on a clock that stands still. Every answer is
//! held against the published description.

mod action_import;
mod actions;
mod cases;
mod chains;
mod clips;
mod continuity;
mod contract;
mod edge;
mod exports;
mod incidents;
mod ledger;
mod linking;
mod listener;
mod matrix;
mod media;
mod openapi;
mod receipts;
mod registers;
mod retention;
mod search;
mod uploads;
pub(crate) mod world;
