//! What a check needs: whether documents, their subjects and the index belong together.

use std::collections::HashSet;

use sqlx::{QueryBuilder, SqliteConnection};

use super::docs::sqlite::FLIP;
use super::expr::Expr;
use super::{CASE, CLIP, INCIDENT, kind_of, push_list, subject_of};
use crate::catalog::CatalogError;
use crate::catalog::clips::INSERTED_AT_ONCE;
use crate::catalog::engine::{Conn, on};
use crate::model::subject::Subject;

/// Tokens that one statement asks the index for.
const TOKENS_AT_ONCE: usize = 40;

/// Subjects without a document that are not noted to get one; at most `limit` of each kind.
///
/// # Errors
/// When the database is away.
pub async fn lacking(conn: Conn<'_>, limit: u32) -> Result<Vec<Subject>, CatalogError> {
    const CLIPS: &str = "select s.id from clips s left join search_keys k on k.kind = 1 and k.subject_id = s.id \
        left join search_dirty d on d.kind = 1 and d.subject_id = s.id \
        where s.role = 'clip' and s.state <> 'disposed' and k.doc_key is null and d.subject_id is null order by s.id limit $1";
    const CASES: &str = "select s.id from cases s left join search_keys k on k.kind = 2 and k.subject_id = s.id \
        left join search_dirty d on d.kind = 2 and d.subject_id = s.id \
        where k.doc_key is null and d.subject_id is null order by s.id limit $1";
    const INCIDENTS: &str = "select s.id from incidents s left join search_keys k on k.kind = 3 and k.subject_id = s.id \
        left join search_dirty d on d.kind = 3 and d.subject_id = s.id \
        where k.doc_key is null and d.subject_id is null order by s.id limit $1";
    subjects(conn, [(CLIP, CLIPS), (CASE, CASES), (INCIDENT, INCIDENTS)], limit).await
}

/// Documents whose subject is not there, and that are not noted to be taken away; at most `limit` of each kind.
///
/// # Errors
/// When the database is away.
pub async fn stray(conn: Conn<'_>, limit: u32) -> Result<Vec<Subject>, CatalogError> {
    const CLIPS: &str = "select k.subject_id from search_keys k left join clips s on s.id = k.subject_id and s.role = 'clip' and s.state <> 'disposed' \
        left join search_dirty d on d.kind = k.kind and d.subject_id = k.subject_id \
        where k.kind = 1 and s.id is null and d.subject_id is null order by k.subject_id limit $1";
    const CASES: &str = "select k.subject_id from search_keys k left join cases s on s.id = k.subject_id \
        left join search_dirty d on d.kind = k.kind and d.subject_id = k.subject_id \
        where k.kind = 2 and s.id is null and d.subject_id is null order by k.subject_id limit $1";
    const INCIDENTS: &str = "select k.subject_id from search_keys k left join incidents s on s.id = k.subject_id \
        left join search_dirty d on d.kind = k.kind and d.subject_id = k.subject_id \
        where k.kind = 3 and s.id is null and d.subject_id is null order by k.subject_id limit $1";
    subjects(conn, [(CLIP, CLIPS), (CASE, CASES), (INCIDENT, INCIDENTS)], limit).await
}

/// The subjects whose ids the statements give, each for its kind and with `limit` as `$1`.
async fn subjects(
    mut conn: Conn<'_>,
    statements: [(i64, &'static str); 3],
    limit: u32,
) -> Result<Vec<Subject>, CatalogError> {
    let mut found = Vec::new();
    for (kind, sql) in statements {
        let rows: Vec<(i64,)> =
            on!(conn.reborrow(), c => sqlx::query_as(sql).bind(i64::from(limit)).fetch_all(c).await?);
        found.extend(rows.into_iter().filter_map(|(id,)| subject_of(kind, id)));
    }
    Ok(found)
}

/// How many subjects are noted to be renewed.
///
/// # Errors
/// When the database is away.
pub async fn noted(conn: Conn<'_>) -> Result<u64, CatalogError> {
    let (count,): (i64,) = on!(conn, c => sqlx::query_as("select count(*) from search_dirty").fetch_one(c).await?);
    Ok(count.unsigned_abs())
}

/// Those of these subjects that are noted to be renewed.
///
/// # Errors
/// When the database is away.
pub async fn noted_among(mut conn: Conn<'_>, subjects: &[Subject]) -> Result<HashSet<Subject>, CatalogError> {
    let mut found = HashSet::new();
    for kind in [CLIP, CASE, INCIDENT] {
        let ids: Vec<i64> = subjects.iter().filter(|s| kind_of(**s) == Some(kind)).map(|s| s.id().0).collect();
        for some in ids.chunks(INSERTED_AT_ONCE) {
            let rows: Vec<(i64,)> = on!(conn.reborrow(), c => {
                let mut q = QueryBuilder::new("select subject_id from search_dirty where kind = ");
                q.push_bind(kind).push(" and subject_id in (");
                push_list!(q, some);
                q.build_query_as().persistent(false).fetch_all(c).await?
            });
            found.extend(rows.into_iter().filter_map(|(id,)| subject_of(kind, id)));
        }
    }
    Ok(found)
}

/// Keys from the first to the last: from where to where documents stand; none when there is no document.
///
/// # Errors
/// When the database is away.
pub async fn bounds(conn: Conn<'_>) -> Result<Option<(i64, i64)>, CatalogError> {
    const SQL: &str = "select min(doc_key), max(doc_key) from search_keys";
    let (first, last): (Option<i64>, Option<i64>) = on!(conn, c => sqlx::query_as(SQL).fetch_one(c).await?);
    Ok(first.zip(last))
}

/// Whether the index holds these tokens for the document with this key. One engine keeps the tokens of a document together and tells of
/// others too; the other can only be asked for each, and its own check tells of others.
///
/// # Errors
/// When the database is away.
pub async fn has_tokens(conn: Conn<'_>, key: i64, tokens: &[String]) -> Result<bool, CatalogError> {
    match conn {
        Conn::Sqlite(c) => has_each(c, key, tokens).await,
        Conn::Postgres(c) => {
            let found: Option<(Vec<String>,)> =
                sqlx::query_as("select tsvector_to_array(terms) from search_docs where doc_key = $1")
                    .bind(key)
                    .fetch_optional(c)
                    .await?;
            let found: HashSet<String> = found.map(|(tokens,)| tokens).unwrap_or_default().into_iter().collect();
            Ok(found.len() == tokens.len() && tokens.iter().all(|token| found.contains(token)))
        }
    }
}

async fn has_each(c: &mut SqliteConnection, key: i64, tokens: &[String]) -> Result<bool, CatalogError> {
    const SQL: &str = "select count(*) from search_index where search_index match $1 and rowid = $2";
    for some in tokens.chunks(TOKENS_AT_ONCE) {
        let all = Expr::And(some.iter().cloned().map(Expr::Term).collect());
        let (count,): (i64,) = sqlx::query_as(SQL).bind(all.fts5()).bind(FLIP - key).fetch_one(&mut *c).await?;
        if count != 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Keys in the index that no document has, at most `limit`; `every` is what holds for every document. Where the index is made of the
/// documents' own rows there are none.
///
/// # Errors
/// When the database is away.
pub async fn indexed_without_document(conn: Conn<'_>, every: &Expr, limit: u32) -> Result<Vec<i64>, CatalogError> {
    const SQL: &str = "select $3 - i.rowid from search_index i left join search_docs d on d.doc_key = $3 - i.rowid \
        where i.search_index match $1 and d.doc_key is null limit $2";
    let Conn::Sqlite(c) = conn else { return Ok(Vec::new()) };
    let rows: Vec<(i64,)> =
        sqlx::query_as(SQL).bind(every.fts5()).bind(i64::from(limit)).bind(FLIP).fetch_all(c).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}
