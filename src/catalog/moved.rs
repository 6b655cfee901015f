//! The mark of a catalog that was moved to another database: nobody may take anything into the old one by mistake.

use super::CatalogError;
use super::engine::{Conn, on};

/// The key in `meta`.
const KEY: &str = "moved_to";

/// Tables that take no new row any more, from the processes either that had the catalog open when it was moved.
const CLOSED: [&str; 4] = ["cases", "ledger_entries", "tokens", "uploads"];

/// Where the catalog was moved to.
///
/// # Errors
/// When the database is away.
pub async fn find(conn: Conn<'_>) -> Result<Option<String>, CatalogError> {
    const SQL: &str = "select value from meta where key = $1";
    let row: Option<(String,)> = on!(conn, c => sqlx::query_as(SQL).bind(KEY).fetch_optional(c).await?);
    Ok(row.map(|(to,)| to))
}

/// Marks the catalog as moved `to` another place. Whoever has it open gets an error from then on.
///
/// # Errors
/// When the database refuses.
pub async fn mark(mut conn: Conn<'_>, to: &str) -> Result<(), CatalogError> {
    const SQL: &str = "insert into meta (key, value) values ($1, $2)";
    on!(conn.reborrow(), c => sqlx::query(SQL).bind(KEY).bind(to).execute(c).await?.rows_affected());
    if let Conn::Postgres(c) = conn.reborrow() {
        let sql = "create function moved_away() returns trigger language plpgsql as $$ begin \
            raise exception 'the catalog was moved to another database; restart Zhilu to see where'; end $$";
        sqlx::raw_sql(sql).execute(c).await?;
    }
    for table in CLOSED {
        match conn.reborrow() {
            Conn::Sqlite(c) => {
                let sql = format!(
                    "create trigger moved_{table} before insert on {table} begin \
                     select raise(abort, 'the catalog was moved to another database; restart Zhilu to see where'); end"
                );
                sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(c).await?;
            }
            Conn::Postgres(c) => {
                let sql = format!(
                    "create trigger moved_{table} before insert on {table} for each row execute function moved_away()"
                );
                sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(c).await?;
            }
        }
    }
    Ok(())
}

/// Takes the mark back; says whether there was one.
///
/// # Errors
/// When the database refuses.
pub async fn unmark(mut conn: Conn<'_>) -> Result<bool, CatalogError> {
    const SQL: &str = "delete from meta where key = $1";
    let rows = on!(conn.reborrow(), c => sqlx::query(SQL).bind(KEY).execute(c).await?.rows_affected());
    if rows == 0 {
        return Ok(false);
    }
    for table in CLOSED {
        match conn.reborrow() {
            Conn::Sqlite(c) => {
                let sql = format!("drop trigger moved_{table}");
                sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(c).await?;
            }
            Conn::Postgres(c) => {
                let sql = format!("drop trigger moved_{table} on {table}");
                sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(c).await?;
            }
        }
    }
    if let Conn::Postgres(c) = conn {
        sqlx::raw_sql("drop function moved_away()").execute(c).await?;
    }
    Ok(true)
}
