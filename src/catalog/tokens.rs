//! Table `tokens`: bearer tokens, by the digest of their secret.

use sqlx::FromRow;

use super::engine::{Conn, on};
use super::{CatalogError, one_row};
use crate::model::id::Id;
use crate::model::role::Role;
use crate::model::time::Micros;

/// A row of `tokens`. The secret itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: Id,
    /// What its maker calls it.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// When it was made.
    pub created: Micros,
    /// When it stopped to work.
    pub revoked: Option<Micros>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    name: String,
    role: String,
    created_us: i64,
    revoked_us: Option<i64>,
}

impl TryFrom<Row> for Token {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let role = row.role.parse().map_err(|_| CatalogError::Undecodable {
            table: "tokens",
            column: "role",
            row: row.id,
            value: row.role.clone(),
        })?;
        Ok(Self {
            id: Id(row.id),
            name: row.name,
            role,
            created: Micros(row.created_us),
            revoked: row.revoked_us.map(Micros),
        })
    }
}

/// Inserts a token by the digest of its secret.
///
/// # Errors
/// When the database refuses.
pub async fn insert(conn: Conn<'_>, token: &Token, hash: [u8; 32]) -> Result<(), CatalogError> {
    const SQL: &str = "insert into tokens (id, name, role, hash, created_us) values ($1, $2, $3, $4, $5)";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(token.id.0)
            .bind(&token.name)
            .bind(token.role.as_str())
            .bind(hash.to_vec())
            .bind(token.created.0)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// The token whose secret has this digest, when it still works. The index compares digests, never secrets.
///
/// # Errors
/// When the database is away or the row undecodable.
pub async fn find(conn: Conn<'_>, hash: [u8; 32]) -> Result<Option<Token>, CatalogError> {
    const SQL: &str =
        "select id, name, role, created_us, revoked_us from tokens where hash = $1 and revoked_us is null";
    on!(conn, c => sqlx::query_as::<_, Row>(SQL).bind(hash.to_vec()).fetch_optional(c).await?)
        .map(Token::try_from)
        .transpose()
}

/// Every token, oldest first.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn list(conn: Conn<'_>) -> Result<Vec<Token>, CatalogError> {
    const SQL: &str = "select id, name, role, created_us, revoked_us from tokens order by id";
    let rows = on!(conn, c => sqlx::query_as::<_, Row>(SQL).fetch_all(c).await?);
    rows.into_iter().map(Token::try_from).collect()
}

/// Ends a token.
///
/// # Errors
/// When the database refuses or there is no such token that still works.
pub async fn revoke(conn: Conn<'_>, id: Id, at: Micros) -> Result<(), CatalogError> {
    const SQL: &str = "update tokens set revoked_us = $2 where id = $1 and revoked_us is null";
    let rows = on!(conn, c => sqlx::query(SQL).bind(id.0).bind(at.0).execute(c).await?.rows_affected());
    one_row("tokens", id.0, rows)
}
