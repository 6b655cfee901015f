//! The catalog: the only SQL. Plain functions over a connection; they map rows and decide nothing.

pub mod amendments;
pub mod cases;
pub mod clips;
pub mod custody;
pub mod engine;
pub mod ledger;
mod migrate;
pub mod search;
pub mod tokens;
pub mod uploads;

/// The catalog could not do it.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The database said so.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("database schema: {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
    /// A row holds what this program never writes.
    #[error("table {table}, row {row}, column {column}: undecodable value {value:?}; run `zhilu check`")]
    Undecodable {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        row: i64,
        /// What stands there.
        value: String,
    },
    /// A statement touched another number of rows than it must.
    #[error("table {table}, row {row}: {found} rows changed where one must; run `zhilu check`")]
    RowCount {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: i64,
        /// Rows changed.
        found: u64,
    },
    /// No free key for a search document.
    #[error("search_docs: no free key within 250 years of a document's time; run `zhilu check`")]
    NoKey,
}

impl CatalogError {
    /// Whether the same statement may succeed later without anybody's doing: locked, away, or out of space.
    pub fn is_passing(&self) -> bool {
        let Self::Database(error) = self else { return false };
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::PoolClosed => true,
            // SQLite's primary codes: 5 busy, 6 locked, 10 I/O, 13 full, 14 cannot open.
            sqlx::Error::Database(e) => e
                .code()
                .and_then(|c| c.parse::<u32>().ok())
                .is_some_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14)),
            _ => false,
        }
    }
}

/// One row must have changed.
fn one_row(table: &'static str, row: i64, found: u64) -> Result<(), CatalogError> {
    if found == 1 { Ok(()) } else { Err(CatalogError::RowCount { table, row, found }) }
}
