//! Table `courts`: the names of courts, and from when to when.

use sqlx::{FromRow, QueryBuilder};

use super::clips::INSERTED_AT_ONCE;
use super::engine::{Conn, on};
use super::{CatalogError, one_row};
use crate::model::id::Id;
use crate::model::span::Span;
use crate::model::time::Micros;

/// A row of `courts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Court {
    /// Its id.
    pub id: Id,
    /// Court code, such as 吉0721.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The code of the court above it.
    pub parent: Option<String>,
    /// While it has this name.
    pub span: Span,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    code: String,
    name: String,
    parent: Option<String>,
    valid_from_us: i64,
    valid_to_us: Option<i64>,
}

impl From<Row> for Court {
    fn from(row: Row) -> Self {
        let span = Span { from: Micros(row.valid_from_us), to: row.valid_to_us.map(Micros) };
        Self { id: Id(row.id), code: row.code, name: row.name, parent: row.parent, span }
    }
}

const COLUMNS: &str = "id, code, name, parent, valid_from_us, valid_to_us";

/// Which courts to list; every condition that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct CourtFilter {
    /// Court code, exactly.
    pub code: Option<String>,
    /// Code of the court above, exactly.
    pub parent: Option<String>,
    /// Name, exactly.
    pub name: Option<String>,
    /// Valid at this instant.
    pub at: Option<Micros>,
    /// Only ids below this one.
    pub before: Option<Id>,
}

/// Rows that pass `filter`, newest first, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn list(conn: Conn<'_>, filter: &CourtFilter, limit: u32) -> Result<Vec<Court>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from courts where 1 = 1");
        if let Some(code) = &filter.code {
            q.push(" and code = ").push_bind(code.clone());
        }
        if let Some(parent) = &filter.parent {
            q.push(" and parent = ").push_bind(parent.clone());
        }
        if let Some(name) = &filter.name {
            q.push(" and name = ").push_bind(name.clone());
        }
        if let Some(at) = filter.at {
            q.push(" and (valid_from_us = 0 or valid_from_us <= ").push_bind(at.0);
            q.push(") and (valid_to_us is null or valid_to_us > ").push_bind(at.0).push(")");
        }
        if let Some(before) = filter.before {
            q.push(" and id < ").push_bind(before.0);
        }
        q.push(" order by id desc limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    Ok(rows.into_iter().map(Court::from).collect())
}

/// The row with this id.
///
/// # Errors
/// When the database is away.
pub async fn get(conn: Conn<'_>, id: Id) -> Result<Option<Court>, CatalogError> {
    let row = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from courts where id = ").push_bind(id.0);
        q.build_query_as::<Row>().fetch_optional(c).await?
    });
    Ok(row.map(Court::from))
}

/// All rows of these codes, in no order.
///
/// # Errors
/// When the database is away.
pub async fn of_codes(conn: Conn<'_>, codes: &[&str]) -> Result<Vec<Court>, CatalogError> {
    of(conn, "code", codes).await
}

/// All rows with these names, in no order.
///
/// # Errors
/// When the database is away.
pub async fn of_names(conn: Conn<'_>, names: &[&str]) -> Result<Vec<Court>, CatalogError> {
    of(conn, "name", names).await
}

async fn of(mut conn: Conn<'_>, column: &'static str, values: &[&str]) -> Result<Vec<Court>, CatalogError> {
    let mut courts = Vec::new();
    for some in values.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select ");
            q.push(COLUMNS).push(" from courts where ").push(column).push(" in (");
            let mut list = q.separated(", ");
            for value in some {
                list.push_bind((*value).to_owned());
            }
            q.push(")");
            q.build_query_as::<Row>().persistent(false).fetch_all(c).await?
        });
        courts.extend(rows.into_iter().map(Court::from));
    }
    Ok(courts)
}

/// Inserts a row.
///
/// # Errors
/// When the database refuses; a second row with the same code and start is a conflict.
pub async fn insert(conn: Conn<'_>, court: &Court) -> Result<(), CatalogError> {
    const SQL: &str = "insert into courts (id, code, name, parent, valid_from_us, valid_to_us) \
        values ($1, $2, $3, $4, $5, $6)";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(court.id.0)
            .bind(&court.code)
            .bind(&court.name)
            .bind(court.parent.as_deref())
            .bind(court.span.from.0)
            .bind(court.span.to.map(|t| t.0))
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// Writes everything of a row but its code.
///
/// # Errors
/// When the database refuses or there is no such row.
pub async fn update(conn: Conn<'_>, court: &Court) -> Result<(), CatalogError> {
    const SQL: &str = "update courts set name = $2, parent = $3, valid_from_us = $4, valid_to_us = $5 where id = $1";
    let rows = on!(conn, c => {
        sqlx::query(SQL)
            .bind(court.id.0)
            .bind(&court.name)
            .bind(court.parent.as_deref())
            .bind(court.span.from.0)
            .bind(court.span.to.map(|t| t.0))
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("courts", court.id.0, rows)
}
