//! Tables `search_docs` and `search_keys`, and the index over them.

use std::collections::HashSet;

use sqlx::{FromRow, QueryBuilder};

use super::{kind_of, push_list, subject_of};
use crate::catalog::CatalogError;
use crate::catalog::clips::INSERTED_AT_ONCE;
use crate::catalog::engine::{Conn, on};
use crate::catalog::portions::is_usual;
use crate::model::id::Id;
use crate::model::subject::Subject;
use crate::model::time::Micros;

mod postgres;
pub(super) mod sqlite;

/// Where a document stands, and which version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its subject.
    pub subject: Subject,
    /// Its key.
    pub key: i64,
    /// When its subject happened.
    pub at: Micros,
    /// Of the document as it was indexed.
    pub digest: i64,
}

/// A document to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDoc {
    /// Where it goes.
    pub standing: Standing,
    /// Its fields as they are stored.
    pub body: String,
    /// Its filters as they are stored.
    pub filters: String,
    /// Every token of the index: letters, digits and characters above U+007F only.
    pub terms: Vec<String>,
}

/// A stored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doc {
    /// Its key.
    pub key: i64,
    /// Its subject.
    pub subject: Subject,
    /// When its subject happened.
    pub at: Micros,
    /// Its fields as they are stored.
    pub body: String,
    /// Its filters as they are stored.
    pub filters: String,
}

/// A row of `search_docs`, without what only writers need.
#[derive(FromRow)]
pub(super) struct Row {
    doc_key: i64,
    kind: i64,
    subject_id: i64,
    at_us: i64,
    body: String,
    filters: String,
}

fn subject(table: &'static str, row: i64, kind: i64, id: i64) -> Result<Subject, CatalogError> {
    subject_of(kind, id).ok_or_else(|| CatalogError::Undecodable {
        table,
        column: "kind",
        row,
        value: kind.to_string(),
    })
}

impl TryFrom<Row> for Doc {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self, CatalogError> {
        Ok(Self {
            key: row.doc_key,
            subject: subject("search_docs", row.doc_key, row.kind, row.subject_id)?,
            at: Micros(row.at_us),
            body: row.body,
            filters: row.filters,
        })
    }
}

/// Where the documents of these subjects stand, as far as they have one.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn standing(mut conn: Conn<'_>, subjects: &[Subject]) -> Result<Vec<Standing>, CatalogError> {
    let mut found = Vec::with_capacity(subjects.len());
    for kind in [super::CLIP, super::CASE, super::INCIDENT] {
        let ids: Vec<i64> = subjects.iter().filter(|s| kind_of(**s) == Some(kind)).map(|s| s.id().0).collect();
        for some in ids.chunks(INSERTED_AT_ONCE) {
            let rows: Vec<(i64, i64, i64, i64)> = on!(conn.reborrow(), c => {
                let mut q = QueryBuilder::new("select subject_id, doc_key, at_us, digest from search_keys where kind = ");
                q.push_bind(kind).push(" and subject_id in (");
                push_list!(q, some);
                q.build_query_as().persistent(is_usual(some.len())).fetch_all(c).await?
            });
            for (id, key, at, digest) in rows {
                let subject = subject("search_keys", key, kind, id)?;
                found.push(Standing { subject, key, at: Micros(at), digest });
            }
        }
    }
    Ok(found)
}

/// Which of these keys are taken.
///
/// # Errors
/// When the database is away.
pub async fn taken(mut conn: Conn<'_>, keys: &[i64]) -> Result<HashSet<i64>, CatalogError> {
    let mut taken = HashSet::new();
    for some in keys.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<(i64,)> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new("select doc_key from search_keys where doc_key in (");
            push_list!(q, some);
            q.build_query_as().persistent(is_usual(some.len())).fetch_all(c).await?
        });
        taken.extend(rows.into_iter().map(|(key,)| key));
    }
    Ok(taken)
}

/// The documents with these keys, the newest first.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn get(mut conn: Conn<'_>, keys: &[i64]) -> Result<Vec<Doc>, CatalogError> {
    let mut docs = Vec::with_capacity(keys.len());
    for some in keys.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<Row> = on!(conn.reborrow(), c => {
            let mut q = QueryBuilder::new(
                "select doc_key, kind, subject_id, at_us, body, filters from search_docs where doc_key in (",
            );
            push_list!(q, some);
            q.build_query_as().persistent(is_usual(some.len())).fetch_all(c).await?
        });
        for row in rows {
            docs.push(Doc::try_from(row)?);
        }
    }
    docs.sort_unstable_by_key(|d| std::cmp::Reverse(d.key));
    Ok(docs)
}

/// Removes the documents with these keys from table and index.
///
/// # Errors
/// When the database refuses.
pub async fn remove(conn: Conn<'_>, keys: &[i64]) -> Result<(), CatalogError> {
    match conn {
        Conn::Sqlite(c) => sqlite::remove(c, keys).await,
        Conn::Postgres(c) => postgres::remove(c, keys).await,
    }
}

/// Adds documents, given in ascending order of their keys, which are free.
///
/// # Errors
/// When the database refuses.
pub async fn insert(conn: Conn<'_>, docs: &[NewDoc]) -> Result<(), CatalogError> {
    match conn {
        Conn::Sqlite(c) => sqlite::insert(c, docs).await,
        Conn::Postgres(c) => postgres::insert(c, docs).await,
    }
}

/// Does a share of the index's own upkeep after a group of writes, so that it never falls due all at once.
///
/// # Errors
/// When the database refuses.
pub async fn tend(conn: Conn<'_>) -> Result<(), CatalogError> {
    match conn {
        Conn::Sqlite(c) => sqlite::merge(c).await,
        Conn::Postgres(_) => Ok(()),
    }
}

/// Makes the index as small and as quick as it can be; after a bulk load. It may take minutes, in which nobody else writes.
///
/// # Errors
/// When the database refuses.
pub async fn optimize(conn: Conn<'_>) -> Result<(), CatalogError> {
    match conn {
        Conn::Sqlite(c) => sqlite::optimize(c).await,
        Conn::Postgres(c) => postgres::optimize(c).await,
    }
}

/// Compares the index with itself.
///
/// # Errors
/// When it is damaged, or the database is away.
pub async fn check(conn: Conn<'_>) -> Result<(), CatalogError> {
    match conn {
        Conn::Sqlite(c) => sqlite::check(c).await,
        Conn::Postgres(_) => Ok(()),
    }
}

/// Keys and subjects of documents after `after`, in the order of keys.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn page_for_check(conn: Conn<'_>, after: i64, limit: u32) -> Result<Vec<(i64, Subject)>, CatalogError> {
    const SQL: &str = "select doc_key, kind, subject_id from search_keys where doc_key > $1 order by doc_key limit $2";
    let rows: Vec<(i64, i64, i64)> =
        on!(conn, c => sqlx::query_as(SQL).bind(after).bind(i64::from(limit)).fetch_all(c).await?);
    rows.into_iter().map(|(key, kind, id)| Ok((key, subject("search_keys", key, kind, Id(id).0)?))).collect()
}
