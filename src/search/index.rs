//! Keeps search documents in step with the rows they are made of.

use std::collections::BTreeSet;

use crate::catalog::CatalogError;
use crate::catalog::engine::Conn;
use crate::model::span::Span;
use crate::model::subject::Subject;

/// Renews the documents of `subjects` within the transaction that changed them.
///
/// # Errors
/// When the database refuses.
pub async fn renew(_conn: Conn<'_>, _subjects: &BTreeSet<Subject>) -> Result<(), CatalogError> {
    Ok(())
}

/// Marks the clips that an officer recorded within `span`: what a register says of the officer then has changed.
///
/// # Errors
/// When the database refuses.
pub async fn mark_officer_dirty(_conn: Conn<'_>, _number: &str, _span: Span) -> Result<(), CatalogError> {
    Ok(())
}

/// Marks the clips of a recorder: what a register says of it has changed.
///
/// # Errors
/// When the database refuses.
pub async fn mark_recorder_dirty(_conn: Conn<'_>, _serial: &str) -> Result<(), CatalogError> {
    Ok(())
}
