//! Cases.

use sqlx::FromRow;

use super::{parties, rows_in};
use crate::catalog::CatalogError;
use crate::catalog::engine::Conn;
use crate::model::id::Id;

/// What a case's document is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSource {
    /// Its id.
    pub id: Id,
    /// Canonical number.
    pub number: String,
    /// The court code in its number.
    pub court: Option<String>,
    /// 案由.
    pub cause: Option<String>,
    /// 承办人.
    pub judge: Option<String>,
    /// 状态.
    pub status: Option<String>,
    /// 当事人.
    pub parties: Vec<String>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    number: String,
    court: Option<String>,
    cause: Option<String>,
    judge: Option<String>,
    status: Option<String>,
}

/// The cases with these ids.
///
/// # Errors
/// When the database is away.
pub async fn cases(mut conn: Conn<'_>, ids: &[i64]) -> Result<Vec<CaseSource>, CatalogError> {
    const SQL: &str = "select id, number, court, cause, judge, status from cases where id in (";
    let rows: Vec<Row> = rows_in!(conn, SQL, ids);
    let mut parties = parties(&mut conn, ids).await?;
    let case = |row: Row| CaseSource {
        parties: parties.remove(&row.id).unwrap_or_default(),
        id: Id(row.id),
        number: row.number,
        court: row.court,
        cause: row.cause,
        judge: row.judge,
        status: row.status,
    };
    Ok(rows.into_iter().map(case).collect())
}
