//! Search: how text is folded before it is compared, how search documents are made and kept in step with the catalog, the query
//! language, and how a query is run.

pub mod document;
pub mod find;
pub mod fold;
pub mod index;
pub mod key;
pub mod making;
pub mod packed;
pub mod query;
pub mod renewal;
pub mod snippet;
pub mod token;
