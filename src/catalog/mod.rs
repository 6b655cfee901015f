//! The catalog: the only SQL. Plain functions over a connection; they map rows and decide nothing.

pub mod actions;
pub mod amendments;
pub mod case_links;
pub mod cases;
pub mod chains;
pub mod clips;
pub mod courts;
pub mod custody;
pub mod disposals;
pub mod engine;
pub mod erase;
pub mod exports;
pub mod fixity;
pub mod footage;
pub mod holds;
pub mod incidents;
pub mod ledger;
pub mod meta;
mod migrate;
pub mod moved;
pub mod notes;
pub mod officers;
pub mod people;
mod portions;
pub mod receipts;
pub mod recorders;
pub mod records;
pub mod rematch_makers;
pub mod retention;
pub mod search;
pub mod tokens;
pub mod tombstones;
pub mod transfer;
pub mod uploads;
pub mod witness;

/// The catalog could not do it.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The database said so.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("database schema: {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
    /// `database.url`, or what was given in its place, is no location.
    #[error("database: {0}")]
    Location(String),
    /// The server cannot be reached.
    #[error(
        "cannot connect to {server}: {error}; is the server running, and may this user connect? `zhilu doctor` tells more"
    )]
    Connect {
        /// The server, without a password.
        server: String,
        /// What the driver says.
        error: sqlx::Error,
    },
    /// The catalog is elsewhere now.
    #[error(
        "the catalog {location} was moved to {to}; set database.url to that, or, when nothing was taken there yet and this one is to \
         be used again, run `zhilu migrate --undo --from {location}`"
    )]
    Moved {
        /// The old place.
        location: String,
        /// The new one.
        to: String,
    },
    /// The server will not do.
    #[error("{server}: {what}")]
    Server {
        /// The server, without a password.
        server: String,
        /// Why not, and what to do.
        what: String,
    },
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
    /// The thread that makes search documents ended without them.
    #[error("search documents were not made; the program is stopping, or has a fault that its log tells of; try again")]
    NotMade,
}

impl CatalogError {
    /// Whether the same statement may succeed later without anybody's doing: locked, away, or out of space.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Database(error) | Self::Connect { error, .. } => engine::is_passing(error) || self.is_id_taken(),
            _ => false,
        }
    }

    /// Whether a row with the same key is there already.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(e)) if e.is_unique_violation())
    }

    /// Whether a row was refused because its id is another row's already: two daemons gave the same one within a millisecond. New ids
    /// will do.
    pub fn is_id_taken(&self) -> bool {
        let Self::Database(error) = self else { return false };
        engine::taken_key(error).is_some_and(|table| transfer::has_ids(&table))
    }
}

/// One row must have changed.
fn one_row(table: &'static str, row: i64, found: u64) -> Result<(), CatalogError> {
    if found == 1 { Ok(()) } else { Err(CatalogError::RowCount { table, row, found }) }
}
