//! Table `amendments`: who changed what of an action or incident, with the old value.

use sqlx::{FromRow, QueryBuilder};

use super::CatalogError;
use super::clips::signed;
use super::engine::{Conn, on};
use crate::model::id::Id;
use crate::model::subject::Subject;
use crate::model::time::Micros;

/// A row of `amendments`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// Its id.
    pub id: Id,
    /// What was changed.
    pub subject: Subject,
    /// When.
    pub at: Micros,
    /// What was done, in a stable word.
    pub kind: String,
    /// By whom: a token's id and role, or a part of the daemon.
    pub actor: String,
    /// The private detail, canonical JSON.
    pub detail: Vec<u8>,
    /// The salt through which its ledger entry commits to the detail.
    pub salt: [u8; 32],
    /// Its ledger entry.
    pub entry_index: u64,
}

/// Inserts an amendment.
///
/// # Errors
/// When the database refuses.
pub async fn insert(conn: Conn<'_>, amendment: &Amendment) -> Result<(), CatalogError> {
    const SQL: &str = "insert into amendments (id, subject, subject_id, at_us, kind, actor, detail, salt, entry_index) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(amendment.id.0)
            .bind(amendment.subject.kind())
            .bind(amendment.subject.id().0)
            .bind(amendment.at.0)
            .bind(&amendment.kind)
            .bind(&amendment.actor)
            .bind(&amendment.detail)
            .bind(amendment.salt.to_vec())
            .bind(signed(amendment.entry_index))
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(())
}

#[derive(FromRow)]
struct Row {
    id: i64,
    subject: String,
    subject_id: i64,
    at_us: i64,
    kind: String,
    actor: String,
    detail: Vec<u8>,
    salt: Vec<u8>,
    entry_index: i64,
}

impl TryFrom<Row> for Amendment {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        let bad = |column, value| CatalogError::Undecodable { table: "amendments", column, row: row.id, value };
        let index = u64::try_from(row.entry_index).map_err(|_| bad("entry_index", row.entry_index.to_string()))?;
        let salt = <[u8; 32]>::try_from(&row.salt[..]).map_err(|_| bad("salt", "not 32 bytes".to_owned()))?;
        let subject =
            Subject::of(&row.subject, Id(row.subject_id)).ok_or_else(|| bad("subject", row.subject.clone()))?;
        Ok(Self {
            id: Id(row.id),
            subject,
            at: Micros(row.at_us),
            kind: row.kind,
            actor: row.actor,
            detail: row.detail,
            salt,
            entry_index: index,
        })
    }
}

/// A page of amendments after `after`, in the order of ids; of one subject, or of all.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn page(
    conn: Conn<'_>,
    subject: Option<Subject>,
    after: Id,
    limit: u32,
) -> Result<Vec<Amendment>, CatalogError> {
    let rows = on!(conn, c => {
        let mut q = QueryBuilder::new(
            "select id, subject, subject_id, at_us, kind, actor, detail, salt, entry_index from amendments where id > ",
        );
        q.push_bind(after.0);
        if let Some(subject) = subject {
            q.push(" and subject = ").push_bind(subject.kind());
            q.push(" and subject_id = ").push_bind(subject.id().0);
        }
        q.push(" order by id limit ").push_bind(i64::from(limit));
        q.build_query_as::<Row>().fetch_all(c).await?
    });
    rows.into_iter().map(Amendment::try_from).collect()
}
