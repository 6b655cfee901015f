//! Search: how text is folded before it is compared, how search documents are made and kept in step with the catalog.

pub mod document;
pub mod fold;
pub mod index;
pub mod key;
pub mod packed;
pub mod token;
