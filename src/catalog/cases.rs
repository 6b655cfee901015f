//! Tables `cases` and `parties`.

use sqlx::{FromRow, QueryBuilder};

use super::engine::{Conn, on};
use super::{CatalogError, one_row};
use crate::model::case_number::CaseNumber;
use crate::model::id::Id;
use crate::model::time::Micros;

/// A row of `cases`, with its parties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: Id,
    /// Canonical case number.
    pub number: String,
    /// The year of its number; none for a number of the old style.
    pub year: Option<i64>,
    /// The court code of its number.
    pub court: Option<String>,
    /// The type code of its number.
    pub case_type: Option<String>,
    /// 案由.
    pub cause: Option<String>,
    /// 承办人.
    pub judge: Option<String>,
    /// 状态, as the court writes it.
    pub status: Option<String>,
    /// Known only because a clip names it.
    pub stub: bool,
    /// When it was first heard of.
    pub created: Micros,
    /// When it last changed.
    pub updated: Micros,
    /// 当事人, in the order of the import.
    pub parties: Vec<String>,
}

impl Case {
    /// A case of which only the number is known, because a clip names it.
    pub fn stub(id: Id, number: &CaseNumber, at: Micros) -> Self {
        Self {
            id,
            number: number.canonical(),
            year: (!number.is_old_style()).then(|| i64::from(number.year())),
            court: number.court_code().map(str::to_owned),
            case_type: number.type_code().map(str::to_owned),
            cause: None,
            judge: None,
            status: None,
            stub: true,
            created: at,
            updated: at,
            parties: Vec::new(),
        }
    }
}

#[derive(FromRow)]
struct Row {
    id: i64,
    number: String,
    year: Option<i64>,
    court: Option<String>,
    #[sqlx(rename = "type")]
    case_type: Option<String>,
    cause: Option<String>,
    judge: Option<String>,
    status: Option<String>,
    stub: i64,
    created_us: i64,
    updated_us: i64,
}

impl From<Row> for Case {
    fn from(row: Row) -> Self {
        Self {
            id: Id(row.id),
            number: row.number,
            year: row.year,
            court: row.court,
            case_type: row.case_type,
            cause: row.cause,
            judge: row.judge,
            status: row.status,
            stub: row.stub != 0,
            created: Micros(row.created_us),
            updated: Micros(row.updated_us),
            parties: Vec::new(),
        }
    }
}

const COLUMNS: &str = "id, number, year, court, type, cause, judge, status, stub, created_us, updated_us";

/// The case with this number, without its parties.
///
/// # Errors
/// When the database is away.
pub async fn find_by_number(conn: Conn<'_>, number: &CaseNumber) -> Result<Option<Case>, CatalogError> {
    let row = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from cases where number = ").push_bind(number.canonical());
        q.build_query_as::<Row>().fetch_optional(c).await?
    });
    Ok(row.map(Case::from))
}

/// The case with this id, with its parties.
///
/// # Errors
/// When the database is away.
pub async fn get(mut conn: Conn<'_>, id: Id) -> Result<Option<Case>, CatalogError> {
    let row = on!(conn.reborrow(), c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from cases where id = ").push_bind(id.0);
        q.build_query_as::<Row>().fetch_optional(c).await?
    });
    let Some(mut case) = row.map(Case::from) else { return Ok(None) };
    case.parties = parties(conn, id).await?;
    Ok(Some(case))
}

/// The names of a case's parties, in order.
///
/// # Errors
/// When the database is away.
pub async fn parties(conn: Conn<'_>, case: Id) -> Result<Vec<String>, CatalogError> {
    const SQL: &str = "select name from parties where case_id = $1 order by position";
    let rows: Vec<(String,)> = on!(conn, c => sqlx::query_as(SQL).bind(case.0).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Which cases to list.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// Canonical number, exactly.
    pub number: Option<String>,
    /// Only ids below this one.
    pub before: Option<Id>,
}

/// Cases, newest first, without their parties, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn list(conn: Conn<'_>, filter: &CaseFilter, limit: u32) -> Result<Vec<Case>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new("select ");
        q.push(COLUMNS).push(" from cases where 1 = 1");
        if let Some(number) = &filter.number {
            q.push(" and number = ").push_bind(number.clone());
        }
        if let Some(before) = filter.before {
            q.push(" and id < ").push_bind(before.0);
        }
        q.push(" order by id desc limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    Ok(rows.into_iter().map(Case::from).collect())
}

/// Inserts a case with its parties; `number` gives the columns to compare by.
///
/// # Errors
/// When the database refuses.
pub async fn insert(mut conn: Conn<'_>, case: &Case, number: &CaseNumber) -> Result<(), CatalogError> {
    const SQL: &str = "insert into cases (id, number, year, court, type, serial, cause, judge, status, stub, \
        created_us, updated_us) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    on!(conn.reborrow(), c => {
        sqlx::query(SQL)
            .bind(case.id.0)
            .bind(number.canonical())
            .bind(case.year)
            .bind(case.court.as_deref())
            .bind(case.case_type.as_deref())
            .bind((!number.is_old_style()).then(|| i64::from(number.number())))
            .bind(case.cause.as_deref())
            .bind(case.judge.as_deref())
            .bind(case.status.as_deref())
            .bind(i64::from(case.stub))
            .bind(case.created.0)
            .bind(case.updated.0)
            .execute(c)
            .await?
            .rows_affected()
    });
    replace_parties(conn, case.id, &case.parties).await
}

/// Writes a case's particulars and parties.
///
/// # Errors
/// When the database refuses or there is no such case.
pub async fn update(mut conn: Conn<'_>, case: &Case) -> Result<(), CatalogError> {
    const SQL: &str = "update cases set cause = $2, judge = $3, status = $4, stub = $5, updated_us = $6 where id = $1";
    let rows = on!(conn.reborrow(), c => {
        sqlx::query(SQL)
            .bind(case.id.0)
            .bind(case.cause.as_deref())
            .bind(case.judge.as_deref())
            .bind(case.status.as_deref())
            .bind(i64::from(case.stub))
            .bind(case.updated.0)
            .execute(c)
            .await?
            .rows_affected()
    });
    one_row("cases", case.id.0, rows)?;
    replace_parties(conn, case.id, &case.parties).await
}

async fn replace_parties(mut conn: Conn<'_>, case: Id, names: &[String]) -> Result<(), CatalogError> {
    on!(conn.reborrow(), c => {
        sqlx::query("delete from parties where case_id = $1").bind(case.0).execute(c).await?.rows_affected()
    });
    for (position, name) in (0_i64..).zip(names) {
        on!(conn.reborrow(), c => {
            sqlx::query("insert into parties (case_id, position, name) values ($1, $2, $3)")
                .bind(case.0)
                .bind(position)
                .bind(name)
                .execute(c)
                .await?
                .rows_affected()
        });
    }
    Ok(())
}
