//! Tables `cases` and `parties`.

use std::collections::HashMap;

use sqlx::{FromRow, QueryBuilder};

use super::clips::INSERTED_AT_ONCE;
use super::engine::{Conn, on};
use super::portions::{is_usual, padded};
use super::{CatalogError, one_row};
use crate::model::case_number::CaseNumber;
use crate::model::id::Id;
use crate::model::party::Party;
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
    /// 当事人 with their roles, in the order of the import.
    pub parties: Vec<Party>,
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

/// The cases with these canonical numbers that are there, without their parties, in no order.
///
/// # Errors
/// When the database is away.
pub async fn find_by_numbers(mut conn: Conn<'_>, numbers: &[String]) -> Result<Vec<Case>, CatalogError> {
    let mut cases = Vec::with_capacity(numbers.len());
    for some in numbers.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select ");
            q.push(COLUMNS).push(" from cases where number in (");
            let mut list = q.separated(", ");
            for number in padded(some) {
                list.push_bind(number.as_str());
            }
            q.push(")");
            q.build_query_as::<Row>().persistent(is_usual(some.len())).fetch_all(c).await?
        });
        cases.extend(rows.into_iter().map(Case::from));
    }
    Ok(cases)
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

/// A case's parties, in order.
///
/// # Errors
/// When the database is away.
pub async fn parties(conn: Conn<'_>, case: Id) -> Result<Vec<Party>, CatalogError> {
    const SQL: &str = "select name, role from parties where case_id = $1 order by position";
    let rows: Vec<(String, Option<String>)> = on!(conn, c => sqlx::query_as(SQL).bind(case.0).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(name, role)| Party { name, role }).collect())
}

/// The cases with these ids, without their parties, in no order.
///
/// # Errors
/// When the database is away.
pub async fn get_all(mut conn: Conn<'_>, ids: &[Id]) -> Result<Vec<Case>, CatalogError> {
    let mut cases = Vec::with_capacity(ids.len());
    for some in ids.chunks(INSERTED_AT_ONCE) {
        let rows = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select ");
            q.push(COLUMNS).push(" from cases where id in (");
            let mut list = q.separated(", ");
            for id in some {
                list.push_bind(id.0);
            }
            q.push(")");
            q.build_query_as::<Row>().persistent(false).fetch_all(c).await?
        });
        cases.extend(rows.into_iter().map(Case::from));
    }
    Ok(cases)
}

/// The cases with these canonical numbers, with their parties, in no order.
///
/// # Errors
/// When the database is away.
pub async fn of_numbers(mut conn: Conn<'_>, numbers: &[&str]) -> Result<Vec<Case>, CatalogError> {
    let mut cases = Vec::new();
    for some in numbers.chunks(INSERTED_AT_ONCE) {
        let (rows, parties) = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select ");
            q.push(COLUMNS).push(" from cases where number in (");
            numbers_in(&mut q, some);
            let rows = q.build_query_as::<Row>().persistent(false).fetch_all(&mut *c).await?;
            let mut q = QueryBuilder::new(
                "select p.case_id, p.name, p.role from parties p join cases k on k.id = p.case_id where k.number in (",
            );
            numbers_in(&mut q, some);
            q.push(" order by p.case_id, p.position");
            let parties: Vec<(i64, String, Option<String>)> =
                q.build_query_as().persistent(false).fetch_all(c).await?;
            (rows, parties)
        });
        let mut of: HashMap<i64, Vec<Party>> = HashMap::new();
        for (case, name, role) in parties {
            of.entry(case).or_default().push(Party { name, role });
        }
        cases.extend(rows.into_iter().map(|row| {
            let parties = of.remove(&row.id).unwrap_or_default();
            Case { parties, ..Case::from(row) }
        }));
    }
    Ok(cases)
}

fn numbers_in<D>(q: &mut QueryBuilder<D>, numbers: &[&str])
where
    D: sqlx::Database,
    String: for<'q> sqlx::Encode<'q, D> + sqlx::Type<D>,
{
    let mut list = q.separated(", ");
    for number in numbers {
        list.push_bind((*number).to_owned());
    }
    q.push(")");
}

/// Which cases to list; every condition that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// Only these cases.
    pub ids: Option<Vec<Id>>,
    /// Canonical number, exactly.
    pub number: Option<String>,
    /// The court code of the number, exactly.
    pub court: Option<String>,
    /// The type code of the number, exactly.
    pub case_type: Option<String>,
    /// The year of the number.
    pub year: Option<i64>,
    /// The name of a party, exactly.
    pub party: Option<String>,
    /// 承办人, exactly.
    pub judge: Option<String>,
    /// 状态, exactly.
    pub status: Option<String>,
    /// Known by name only, or registered.
    pub stub: Option<bool>,
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
        if let Some(ids) = &filter.ids {
            q.push(" and id in (null");
            for id in ids {
                q.push(", ").push_bind(id.0);
            }
            q.push(")");
        }
        if let Some(number) = &filter.number {
            q.push(" and number = ").push_bind(number.clone());
        }
        if let Some(court) = &filter.court {
            q.push(" and court = ").push_bind(court.clone());
        }
        if let Some(case_type) = &filter.case_type {
            q.push(" and type = ").push_bind(case_type.clone());
        }
        if let Some(year) = filter.year {
            q.push(" and year = ").push_bind(year);
        }
        if let Some(party) = &filter.party {
            q.push(" and id in (select case_id from parties where name = ").push_bind(party.clone()).push(")");
        }
        if let Some(judge) = &filter.judge {
            q.push(" and judge = ").push_bind(judge.clone());
        }
        if let Some(status) = &filter.status {
            q.push(" and status = ").push_bind(status.clone());
        }
        if let Some(stub) = filter.stub {
            q.push(" and stub = ").push_bind(i64::from(stub));
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
    insert_parties(conn, case.id, &case.parties).await
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

async fn replace_parties(mut conn: Conn<'_>, case: Id, parties: &[Party]) -> Result<(), CatalogError> {
    on!(conn.reborrow(), c => {
        sqlx::query("delete from parties where case_id = $1").bind(case.0).execute(c).await?.rows_affected()
    });
    insert_parties(conn, case, parties).await
}

async fn insert_parties(mut conn: Conn<'_>, case: Id, parties: &[Party]) -> Result<(), CatalogError> {
    let placed: Vec<(i64, &Party)> = (0_i64..).zip(parties).collect();
    for some in placed.chunks(INSERTED_AT_ONCE) {
        on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("insert into parties (case_id, position, name, role) ");
            q.push_values(some, |mut row, (position, party)| {
                row.push_bind(case.0)
                    .push_bind(*position)
                    .push_bind(party.name.as_str())
                    .push_bind(party.role.as_deref());
            });
            q.build().persistent(false).execute(c).await?.rows_affected()
        });
    }
    Ok(())
}
