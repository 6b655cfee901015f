//! Search: how text is folded before it is compared, and how search documents are kept in step with the catalog.

pub mod fold;
pub mod index;
