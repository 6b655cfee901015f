//! The API as its callers meet it: the real router over a real database and vault, on a clock that stands still. Every answer is
//! held against the published description.

mod cases;
mod chains;
mod clips;
mod contract;
mod edge;
mod ledger;
mod listener;
mod matrix;
mod media;
mod openapi;
mod receipts;
mod registers;
mod uploads;
pub(crate) mod world;
