//! Table `officers`: one row a post of an officer. A transfer is a new row, and moves no old clip.

use sqlx::{FromRow, QueryBuilder};

use super::clips::INSERTED_AT_ONCE;
use super::engine::{Conn, on};
use super::{CatalogError, one_row};
use crate::model::id::Id;
use crate::model::span::Span;
use crate::model::time::Micros;

/// A row of `officers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    /// Its id.
    pub id: Id,
    /// Officer number 警号.
    pub number: String,
    /// The officer's name.
    pub name: String,
    /// 职务: 法官, 司法警察, …; empty: not said.
    pub role: String,
    /// Court code; empty: not said.
    pub court: String,
    /// While the officer has this post.
    pub span: Span,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    number: String,
    name: String,
    role: String,
    court: String,
    valid_from_us: i64,
    valid_to_us: Option<i64>,
}

impl From<Row> for Officer {
    fn from(row: Row) -> Self {
        let span = Span { from: Micros(row.valid_from_us), to: row.valid_to_us.map(Micros) };
        Self { id: Id(row.id), number: row.number, name: row.name, role: row.role, court: row.court, span }
    }
}

const COLUMNS: &str = "id, number, name, role, court, valid_from_us, valid_to_us";

/// Which posts to list; every condition that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct OfficerFilter {
    /// Officer number, exactly.
    pub number: Option<String>,
    /// Name, exactly.
    pub name: Option<String>,
    /// 职务, exactly.
    pub role: Option<String>,
    /// Court code, exactly.
    pub court: Option<String>,
    /// Held at this instant.
    pub at: Option<Micros>,
    /// Only ids below this one.
    pub before: Option<Id>,
}

/// Posts that pass `filter`, newest first, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn list(conn: Conn<'_>, filter: &OfficerFilter, limit: u32) -> Result<Vec<Officer>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from officers where 1 = 1");
        if let Some(number) = &filter.number {
            q.push(" and number = ").push_bind(number.clone());
        }
        if let Some(name) = &filter.name {
            q.push(" and name = ").push_bind(name.clone());
        }
        if let Some(role) = &filter.role {
            q.push(" and role = ").push_bind(role.clone());
        }
        if let Some(court) = &filter.court {
            q.push(" and court = ").push_bind(court.clone());
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
    Ok(rows.into_iter().map(Officer::from).collect())
}

/// The post with this id.
///
/// # Errors
/// When the database is away.
pub async fn get(conn: Conn<'_>, id: Id) -> Result<Option<Officer>, CatalogError> {
    let row = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from officers where id = ").push_bind(id.0);
        q.build_query_as::<Row>().fetch_optional(c).await?
    });
    Ok(row.map(Officer::from))
}

/// The post that the officer with this number held at `at`; of two that overlap the one that began last.
///
/// # Errors
/// When the database is away.
pub async fn at(conn: Conn<'_>, number: &str, at: Micros) -> Result<Option<Officer>, CatalogError> {
    const SQL: &str = "select id, number, name, role, court, valid_from_us, valid_to_us from officers \
        where number = $1 and (valid_from_us = 0 or valid_from_us <= $2) and (valid_to_us is null or valid_to_us > $3) \
        order by valid_from_us desc limit 1";
    let row = on!(conn, c => {
        sqlx::query_as::<_, Row>(SQL).bind(number).bind(at.0).bind(at.0).fetch_optional(c).await?
    });
    Ok(row.map(Officer::from))
}

/// All posts of the officers with these numbers, in no order; [`crate::model::span::latest`] picks.
///
/// # Errors
/// When the database is away.
pub async fn of_numbers(mut conn: Conn<'_>, numbers: &[&str]) -> Result<Vec<Officer>, CatalogError> {
    let mut officers = Vec::new();
    for some in numbers.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select ");
            q.push(COLUMNS).push(" from officers where number in (");
            let mut list = q.separated(", ");
            for number in some {
                list.push_bind((*number).to_owned());
            }
            q.push(")");
            q.build_query_as::<Row>().persistent(false).fetch_all(c).await?
        });
        officers.extend(rows.into_iter().map(Officer::from));
    }
    Ok(officers)
}

/// Inserts a post.
///
/// # Errors
/// When the database refuses; a second post with the same number and start is a conflict.
pub async fn insert(conn: Conn<'_>, officer: &Officer) -> Result<(), CatalogError> {
    const SQL: &str = "insert into officers (id, number, name, role, court, valid_from_us, valid_to_us) \
        values ($1, $2, $3, $4, $5, $6, $7)";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(officer.id.0)
            .bind(&officer.number)
            .bind(&officer.name)
            .bind(&officer.role)
            .bind(&officer.court)
            .bind(officer.span.from.0)
            .bind(officer.span.to.map(|t| t.0))
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// Writes everything of a post but its officer number.
///
/// # Errors
/// When the database refuses or there is no such post.
pub async fn update(conn: Conn<'_>, officer: &Officer) -> Result<(), CatalogError> {
    const SQL: &str = "update officers set name = $2, role = $3, court = $4, valid_from_us = $5, valid_to_us = $6 \
        where id = $1";
    let rows = on!(conn, c => {
        sqlx::query(SQL)
            .bind(officer.id.0)
            .bind(&officer.name)
            .bind(&officer.role)
            .bind(&officer.court)
            .bind(officer.span.from.0)
            .bind(officer.span.to.map(|t| t.0))
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("officers", officer.id.0, rows)
}
