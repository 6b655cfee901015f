//! FTS5 without content: tokens only, no positions. Deletes leave tombstones, which merges take away.
//!
//! Row numbers of the index fall as keys rise, so that the newest come first: the engine reads forwards and skips forwards more quickly
//! than backwards. Statements write [`FLIP`] as a number.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::NewDoc;
use crate::catalog::CatalogError;
use crate::catalog::clips::INSERTED_AT_ONCE;
use crate::catalog::portions::{is_usual, portions};
use crate::catalog::search::{kind_of, push_list};

/// The row number of a document in the index is this less its key. Keys reach it in 2106; then row numbers are negative, which is right too
/// but takes more room.
pub(in crate::catalog::search) const FLIP: i64 = 1 << 36;

/// Pages that a share of merging writes at most.
const MERGED_PAGES: i64 = 100;

pub(super) async fn remove(c: &mut SqliteConnection, keys: &[i64]) -> Result<(), CatalogError> {
    for some in keys.chunks(INSERTED_AT_ONCE) {
        let rows: Vec<i64> = some.iter().map(|key| FLIP - key).collect();
        for (sql, list) in [
            ("delete from search_index where rowid in (", rows.as_slice()),
            ("delete from search_docs where doc_key in (", some),
        ] {
            let mut q = QueryBuilder::<Sqlite>::new(sql);
            push_list!(q, list);
            q.build().persistent(is_usual(list.len())).execute(&mut *c).await?;
        }
    }
    Ok(())
}

pub(super) async fn insert(c: &mut SqliteConnection, docs: &[NewDoc]) -> Result<(), CatalogError> {
    const DOCS: &str = "insert into search_docs (doc_key, kind, subject_id, at_us, digest, body, filters) ";
    for some in portions(docs) {
        let mut q = QueryBuilder::<Sqlite>::new(DOCS);
        q.push_values(some, |mut row, doc| {
            row.push_bind(doc.standing.key)
                .push_bind(kind_of(doc.standing.subject))
                .push_bind(doc.standing.subject.id().0)
                .push_bind(doc.standing.at.0)
                .push_bind(doc.standing.digest)
                .push_bind(doc.body.as_str())
                .push_bind(doc.filters.as_str());
        });
        q.build().execute(&mut *c).await?;
    }
    // In the order of row numbers: a smaller one would make the engine write out what it has gathered.
    let rows: Vec<&NewDoc> = docs.iter().rev().collect();
    for some in portions(&rows) {
        let mut q = QueryBuilder::<Sqlite>::new("insert into search_index (rowid, terms) ");
        q.push_values(some, |mut row, doc| {
            row.push_bind(FLIP - doc.standing.key).push_bind(doc.terms.join(" "));
        });
        q.build().execute(&mut *c).await?;
    }
    Ok(())
}

pub(super) async fn merge(c: &mut SqliteConnection) -> Result<(), CatalogError> {
    const SQL: &str = "insert into search_index (search_index, rank) values ('merge', $1)";
    sqlx::query(SQL).bind(MERGED_PAGES).execute(c).await?;
    Ok(())
}

pub(super) async fn optimize(c: &mut SqliteConnection) -> Result<(), CatalogError> {
    sqlx::query("insert into search_index (search_index) values ('optimize')").execute(c).await?;
    Ok(())
}

pub(super) async fn check(c: &mut SqliteConnection) -> Result<(), CatalogError> {
    sqlx::query("insert into search_index (search_index) values ('integrity-check')").execute(c).await?;
    Ok(())
}
