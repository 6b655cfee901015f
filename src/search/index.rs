//! Keeps search documents in step with the rows they are made of.

use std::collections::BTreeSet;

use crate::catalog::CatalogError;
use crate::catalog::engine::Conn;
use crate::model::subject::Subject;

/// Renews the documents of `subjects` within the transaction that changed them.
///
/// # Errors
/// When the database refuses.
pub async fn renew(_conn: Conn<'_>, _subjects: &BTreeSet<Subject>) -> Result<(), CatalogError> {
    Ok(())
}

/// Notes everything that an officer's name and court stand in.
///
/// # Errors
/// When the database refuses.
pub async fn mark_officer(_conn: Conn<'_>, _number: &str) -> Result<(), CatalogError> {
    Ok(())
}
