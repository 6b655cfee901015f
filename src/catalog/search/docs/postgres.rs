//! A text vector without positions under GIN, partitioned by key.

use std::collections::BTreeSet;

use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::NewDoc;
use crate::catalog::CatalogError;
use crate::catalog::clips::INSERTED_AT_ONCE;
use crate::catalog::portions::is_usual;
use crate::catalog::search::spans::{FIRST_SPAN, PAST_SPAN, SPAN_BITS};
use crate::catalog::search::{kind_of, push_list};

pub(super) async fn remove(c: &mut PgConnection, keys: &[i64]) -> Result<(), CatalogError> {
    for some in keys.chunks(INSERTED_AT_ONCE) {
        for table in ["delete from search_docs where doc_key in (", "delete from search_keys where doc_key in ("] {
            let mut q = QueryBuilder::<Postgres>::new(table);
            push_list!(q, some);
            q.build().persistent(is_usual(some.len())).execute(&mut *c).await?;
        }
    }
    Ok(())
}

pub(super) async fn insert(c: &mut PgConnection, docs: &[NewDoc]) -> Result<(), CatalogError> {
    const DOCS: &str = "insert into search_docs (doc_key, kind, subject_id, at_us, body, filters, terms) ";
    const KEYS: &str = "insert into search_keys (kind, subject_id, doc_key, at_us, digest) ";
    let spans: BTreeSet<i64> = docs.iter().map(|d| d.standing.key >> SPAN_BITS).collect();
    make_partitions(c, &spans).await?;
    for some in docs.chunks(INSERTED_AT_ONCE) {
        let mut q = QueryBuilder::<Postgres>::new(KEYS);
        q.push_values(some, |mut row, doc| {
            row.push_bind(kind_of(doc.standing.subject))
                .push_bind(doc.standing.subject.id().0)
                .push_bind(doc.standing.key)
                .push_bind(doc.standing.at.0)
                .push_bind(doc.standing.digest);
        });
        q.build().persistent(false).execute(&mut *c).await?;
        let mut q = QueryBuilder::<Postgres>::new(DOCS);
        q.push_values(some, |mut row, doc| {
            row.push_bind(doc.standing.key)
                .push_bind(kind_of(doc.standing.subject))
                .push_bind(doc.standing.subject.id().0)
                .push_bind(doc.standing.at.0)
                // A text of this engine holds no NUL; it counts for nothing in a search.
                .push_bind(doc.body.replace('\0', " "))
                .push_bind(doc.filters.as_str())
                .push_bind(vector(&doc.terms))
                .push_unseparated("::tsvector");
        });
        q.build().persistent(false).execute(&mut *c).await?;
    }
    Ok(())
}

/// The text of a vector. Tokens hold neither quotes nor backslashes.
fn vector(terms: &[String]) -> String {
    let mut text = String::with_capacity(terms.iter().map(|t| t.len() + 3).sum());
    for term in terms {
        text.push('\'');
        text.push_str(term);
        text.push_str("' ");
    }
    text
}

/// Makes the partitions of spans that have none yet. Transactions that write are one at a time, so nobody else makes them.
async fn make_partitions(c: &mut PgConnection, spans: &BTreeSet<i64>) -> Result<(), CatalogError> {
    let wanted: Vec<i64> = spans.range(FIRST_SPAN..PAST_SPAN).copied().collect();
    let known: Vec<(i64,)> =
        sqlx::query_as("select span from search_spans where span = any($1)").bind(&wanted).fetch_all(&mut *c).await?;
    for span in wanted.into_iter().filter(|span| !known.contains(&(*span,))) {
        let (from, to) = (span << SPAN_BITS, (span + 1) << SPAN_BITS);
        // Attached and not made in place: readers of the other partitions need not wait.
        let make = format!("create table search_docs_{span} (like search_docs including all)");
        let attach =
            format!("alter table search_docs attach partition search_docs_{span} for values from ({from}) to ({to})");
        for sql in [make, attach] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *c).await?;
        }
        sqlx::query("insert into search_spans (span) values ($1)").bind(span).execute(&mut *c).await?;
    }
    Ok(())
}

pub(super) async fn optimize(c: &mut PgConnection) -> Result<(), CatalogError> {
    sqlx::query("analyze search_docs").execute(c).await?;
    Ok(())
}
