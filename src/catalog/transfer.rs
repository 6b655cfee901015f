//! Copies a whole catalog into another database, of either engine.
//!
//! Rows are copied as they are: same ids, same times, same bytes. What a database knows of itself (`meta`, the list of migrations) and
//! what is made from other rows (the tables of the search) is not copied.

use sqlx::{QueryBuilder, Row as _};

use super::CatalogError;
use super::engine::{Conn, on};

/// A table that is copied.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns of its primary key.
    key: &'static [&'static str],
    /// Conditions under which rows are copied one after the other; none: all at once. Rows that refer to rows of the same table come
    /// last.
    passes: &'static [&'static str],
}

const fn table(name: &'static str, key: &'static [&'static str]) -> Table {
    Table { name, key, passes: &["1 = 1"] }
}

/// Every table that is copied, each after those it refers to.
pub const TABLES: [Table; 34] = [
    Table { name: "clips", key: &["id"], passes: &["sidecar_of is null", "sidecar_of is not null"] },
    table("uploads", &["id"]),
    table("receipts", &["upload_id", "form"]),
    table("cases", &["id"]),
    table("parties", &["case_id", "position"]),
    table("case_relations", &["earlier_id", "later_id"]),
    table("actions", &["id"]),
    table("action_cases", &["action_id", "case_id"]),
    table("action_officers", &["action_id", "officer"]),
    table("action_recorders", &["action_id", "recorder"]),
    table("case_links", &["clip_id", "case_id"]),
    table("case_refusals", &["clip_id", "case_id"]),
    table("clip_notes", &["id"]),
    table("custody_events", &["id"]),
    table("amendments", &["id"]),
    table("fixity", &["clip_id"]),
    table("fixity_batches", &["id"]),
    table("courts", &["id"]),
    table("officers", &["id"]),
    table("recorders", &["id"]),
    table("recorder_holders", &["serial", "valid_from_us"]),
    table("conduct_codes", &["code", "valid_from_us"]),
    table("conduct_laws", &["code", "position", "valid_from_us"]),
    table("incidents", &["id"]),
    table("incident_codes", &["incident_id", "code"]),
    table("incident_cases", &["incident_id", "case_id"]),
    table("incident_clips", &["incident_id", "clip_id"]),
    table("incident_people", &["incident_id", "position"]),
    table("incident_measures", &["id"]),
    table("rematch_makers", &["what", "who"]),
    table("tokens", &["id"]),
    table("ledger_entries", &["entry_index"]),
    table("ledger_tiles", &["level", "tile_index"]),
    table("ledger_checkpoint", &["id"]),
];

/// Whether the table's primary key is an id that this program gave.
pub(super) fn has_ids(name: &str) -> bool {
    TABLES.iter().any(|t| t.name == name && t.key == ["id"])
}

/// Rows read and written at a time.
const PAGE: i64 = 256;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Text,
    Bytes,
    Real,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    name: String,
    kind: Kind,
}

/// A value as both engines hold it.
#[derive(Debug, Clone)]
enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Real(Option<f64>),
}

/// Pushes a value, with its type: PostgreSQL wants it.
macro_rules! push_value {
    ($row:expr, $value:expr) => {
        match $value {
            Value::Integer(v) => $row.push_bind(v),
            // PostgreSQL's text holds no NUL; nothing that people typed does.
            Value::Text(v) => $row.push_bind(v.map(|t| t.replace('\0', "\u{fffd}"))),
            Value::Bytes(v) => $row.push_bind(v),
            Value::Real(v) => $row.push_bind(v),
        }
    };
}

/// Number of rows of a table.
///
/// # Errors
/// When the database is away.
pub async fn count(conn: Conn<'_>, table: Table) -> Result<u64, CatalogError> {
    let (n,): (i64,) = on!(conn, c => {
        let mut q = QueryBuilder::new("select count(*) from ");
        q.push(table.name);
        q.build_query_as().fetch_one(c).await?
    });
    Ok(n.cast_unsigned())
}

/// Removes every row, so that what migrations put into a new database is not there beside what is copied.
///
/// # Errors
/// When the database refuses.
pub async fn clear(mut conn: Conn<'_>) -> Result<(), CatalogError> {
    for table in TABLES.iter().rev() {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("delete from ");
            q.push(table.name);
            q.build().execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

/// Copies the rows of a table; calls `copied` with the number of each page. Gives the number of all.
///
/// # Errors
/// When a database refuses, or the tables differ.
pub async fn copy(
    mut from: Conn<'_>,
    mut to: Conn<'_>,
    table: Table,
    copied: &dyn Fn(u64),
) -> Result<u64, CatalogError> {
    let columns = columns(from.reborrow(), table.name).await?;
    let mut theirs = self::columns(to.reborrow(), table.name).await?;
    theirs.sort_by(|a, b| a.name.cmp(&b.name));
    let mut ours = columns.clone();
    ours.sort_by(|a, b| a.name.cmp(&b.name));
    if ours != theirs || columns.is_empty() {
        return Err(CatalogError::Location(format!("the table {} is not the same on both sides", table.name)));
    }
    let mut all = 0;
    for pass in table.passes {
        let mut after = None;
        loop {
            let page = read_page(from.reborrow(), table, &columns, pass, after.take()).await?;
            let Some(last) = page.last() else { break };
            after = Some(key_of(table, &columns, last));
            let rows = page.len() as u64;
            write_page(to.reborrow(), table, &columns, page).await?;
            all += rows;
            copied(rows);
        }
    }
    Ok(all)
}

fn key_of(table: Table, columns: &[Column], row: &[Value]) -> Vec<Value> {
    let at = |key: &&str| columns.iter().zip(row).find(|(c, _)| c.name == **key).map(|(_, v)| v.clone());
    table.key.iter().filter_map(at).collect()
}

async fn columns(conn: Conn<'_>, table: &str) -> Result<Vec<Column>, CatalogError> {
    const SQLITE: &str = "select name, lower(type) from pragma_table_info($1) order by cid";
    const POSTGRES: &str = "select column_name::text, data_type::text from information_schema.columns \
        where table_schema = current_schema() and table_name = $1 order by ordinal_position";
    let rows: Vec<(String, String)> = match conn {
        Conn::Sqlite(c) => sqlx::query_as(SQLITE).bind(table).fetch_all(c).await?,
        Conn::Postgres(c) => sqlx::query_as(POSTGRES).bind(table).fetch_all(c).await?,
    };
    let column = |(name, kind): (String, String)| {
        let kind = match kind.as_str() {
            "integer" | "bigint" => Kind::Integer,
            "text" => Kind::Text,
            "blob" | "bytea" => Kind::Bytes,
            "real" | "double precision" => Kind::Real,
            other => return Err(CatalogError::Location(format!("{table}.{name} is of the unknown type {other}"))),
        };
        Ok(Column { name, kind })
    };
    rows.into_iter().map(column).collect()
}

/// A page of rows after a key, in the order of keys.
async fn read_page(
    conn: Conn<'_>,
    table: Table,
    columns: &[Column],
    pass: &str,
    after: Option<Vec<Value>>,
) -> Result<Vec<Vec<Value>>, CatalogError> {
    let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    let (names, keys) = (names.join(", "), table.key.join(", "));
    on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(names).push(" from ").push(table.name).push(" where ").push(pass);
        if let Some(after) = after {
            q.push(" and (").push(&keys).push(") > (");
            let mut list = q.separated(", ");
            for value in after {
                push_value!(list, value);
            }
            q.push(")");
        }
        q.push(" order by ").push(keys).push(" limit ").push_bind(PAGE);
        let rows = q.build().fetch_all(c).await?;
        let mut page = Vec::with_capacity(rows.len());
        for row in rows {
            let mut values = Vec::with_capacity(columns.len());
            for (at, column) in columns.iter().enumerate() {
                values.push(match column.kind {
                    Kind::Integer => Value::Integer(row.try_get(at)?),
                    Kind::Text => Value::Text(row.try_get(at)?),
                    Kind::Bytes => Value::Bytes(row.try_get(at)?),
                    Kind::Real => Value::Real(row.try_get(at)?),
                });
            }
            page.push(values);
        }
        Ok(page)
    })
}

async fn write_page(
    conn: Conn<'_>,
    table: Table,
    columns: &[Column],
    page: Vec<Vec<Value>>,
) -> Result<(), CatalogError> {
    let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    let names = names.join(", ");
    on!(conn, c => {
        let mut q = QueryBuilder::new("insert into ");
        q.push(table.name).push(" (").push(names).push(") ");
        q.push_values(page, |mut row, values| {
            for value in values {
                push_value!(row, value);
            }
        });
        q.build().persistent(false).execute(c).await?.rows_affected()
    });
    Ok(())
}
