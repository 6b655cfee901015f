//! Table `meta`: facts about the database itself.

use super::CatalogError;
use super::engine::{Conn, on};

/// The value of a key.
///
/// # Errors
/// When the database is away.
pub async fn get(conn: Conn<'_>, key: &str) -> Result<Option<String>, CatalogError> {
    const SQL: &str = "select value from meta where key = $1";
    let row: Option<(String,)> = on!(conn, c => sqlx::query_as(SQL).bind(key).fetch_optional(c).await?);
    Ok(row.map(|(value,)| value))
}

/// Sets the value of a key.
///
/// # Errors
/// When the database refuses.
pub async fn put(conn: Conn<'_>, key: &str, value: &str) -> Result<(), CatalogError> {
    const SQL: &str =
        "insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value";
    on!(conn, c => sqlx::query(SQL).bind(key).bind(value).execute(c).await?.rows_affected());
    Ok(())
}
