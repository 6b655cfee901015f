//! From an upload folder into the catalog: watch, settle, receive, accept, confirm, release.
//!
//! Only [`pipeline`] puts the stages in a row. Everything before the accepting transaction is harmless litter when the
//! process dies; everything after it is finished by the same code at the next start.

pub mod board;
pub mod confirm;
pub mod pipeline;
pub mod reason;
pub mod receipts;
pub mod receive;
pub mod release;
pub mod scan;
pub mod settle;
pub mod source;
pub mod watch;
