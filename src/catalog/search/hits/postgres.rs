//! GIN over partitions by key, asked from the newest on in growing steps: a frequent term is found in the newest partition, a rare one
//! has few hits wherever they are, so no step sorts many.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres, Transaction};

use super::{Docs, Keys, Span, Window, bound, in_time};
use crate::catalog::CatalogError;
use crate::catalog::search::docs::Row;
use crate::catalog::search::expr::Expr;
use crate::catalog::search::spans::SPAN_BITS;

const ENDS: &str = "select coalesce(min(doc_key), 0), coalesce(max(doc_key), 0) from search_keys";
const INDEXED: &str = "select doc_key, kind, subject_id, at_us, body, filters from search_docs \
    where terms @@ $1::tsquery and doc_key >= $2 and doc_key < $3 and at_us >= $5 and at_us < $6 \
    order by doc_key desc limit $4";
const ALL: &str = "select doc_key, kind, subject_id, at_us, body, filters from search_docs \
    where $1 = '' and doc_key >= $2 and doc_key < $3 and at_us >= $5 and at_us < $6 order by doc_key desc limit $4";
const GATHER_INDEXED: &str = "select array_agg(k) from (select doc_key as k from search_docs \
    where terms @@ $1::tsquery and doc_key >= $2 and doc_key < $3 order by doc_key desc limit $4) as hits";
const GATHER_ALL: &str = "select array_agg(k) from (select doc_key as k from search_keys \
    where $1 = '' and doc_key >= $2 and doc_key < $3 order by doc_key desc limit $4) as hits";
const COUNT_INDEXED: &str = "select count(*) from (select 1 from search_docs \
    where terms @@ $1::tsquery and doc_key >= $2 and doc_key < $3 and at_us >= $5 and at_us < $6 limit $4) as hits";
const COUNT_ALL: &str = "select count(*) from (select 1 from search_keys \
    where $1 = '' and doc_key >= $2 and doc_key < $3 and at_us >= $5 and at_us < $6 limit $4) as hits";

/// A transaction that only reads and whose statements are ended by the server when they take too long.
pub(super) struct Limited<'c> {
    tx: Transaction<'c, Postgres>,
    /// A statement was ended: the index is asked nothing more.
    over: bool,
    /// The span from the oldest to the newest document, once it was asked for.
    all: Option<Span>,
}

fn is_limit(code: &str) -> bool {
    code == "57014"
}

impl<'c> Limited<'c> {
    pub(super) async fn begin(conn: &'c mut PgConnection, limit: Duration) -> Result<Self, CatalogError> {
        // One answer of the server for all three. 0 would be no limit.
        let sql = format!("begin; set local statement_timeout = {}; savepoint limited", limit.as_millis().max(1));
        let tx = conn.begin_with(AssertSqlSafe(sql)).await?;
        Ok(Self { tx, over: false, all: None })
    }

    /// After a statement was ended: makes the transaction answer again.
    async fn end(&mut self) -> Result<(), CatalogError> {
        self.over = true;
        sqlx::query("rollback to savepoint limited").execute(&mut *self.tx).await?;
        sqlx::query("set local statement_timeout = 10000").execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(super) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    pub(super) async fn newest(
        &mut self,
        expr: Option<&Expr>,
        window: &Window,
        limit: usize,
    ) -> Result<Docs, CatalogError> {
        let mut found = Docs { docs: Vec::new(), out_of_time: self.over };
        let mut steps = self.steps(window.span).await?;
        while let Some(step) = steps.next().filter(|_| found.docs.len() < limit && !self.over) {
            let sql = if expr.is_some() { INDEXED } else { ALL };
            let query = sqlx::query_as::<_, Row>(sql).bind(expr.map(Expr::tsquery).unwrap_or_default());
            let query = query.bind(step.from).bind(step.to).bind(bound(limit - found.docs.len()));
            let query = query.bind(window.from).bind(window.to);
            // Planned anew each time: how many rows a term has decides the plan.
            match in_time(query.persistent(false).fetch_all(&mut *self.tx).await, is_limit)? {
                Some(rows) => {
                    for row in rows {
                        found.docs.push(row.try_into()?);
                    }
                }
                None => {
                    self.end().await?;
                    found.out_of_time = true;
                }
            }
        }
        Ok(found)
    }

    pub(super) async fn gather(&mut self, expr: Option<&Expr>, span: Span, limit: usize) -> Result<Keys, CatalogError> {
        let mut found = Keys { keys: Vec::new(), out_of_time: self.over };
        let mut steps = self.steps(span).await?;
        while let Some(step) = steps.next().filter(|_| found.keys.len() < limit && !self.over) {
            let sql = if expr.is_some() { GATHER_INDEXED } else { GATHER_ALL };
            let query = sqlx::query_as::<_, (Option<Vec<i64>>,)>(sql).bind(expr.map(Expr::tsquery).unwrap_or_default());
            let query = query.bind(step.from).bind(step.to).bind(bound(limit - found.keys.len()));
            match in_time(query.persistent(false).fetch_one(&mut *self.tx).await, is_limit)? {
                Some((keys,)) => found.keys.extend(keys.unwrap_or_default()),
                None => {
                    self.end().await?;
                    found.out_of_time = true;
                }
            }
        }
        Ok(found)
    }

    pub(super) async fn count(
        &mut self,
        expr: Option<&Expr>,
        window: &Window,
        limit: usize,
    ) -> Result<Option<usize>, CatalogError> {
        let mut count = 0;
        let mut steps = self.steps(window.span).await?;
        while let Some(step) = steps.next().filter(|_| count < limit && !self.over) {
            let sql = if expr.is_some() { COUNT_INDEXED } else { COUNT_ALL };
            let query = sqlx::query_as::<_, (i64,)>(sql).bind(expr.map(Expr::tsquery).unwrap_or_default());
            let query = query.bind(step.from).bind(step.to).bind(bound(limit - count));
            let query = query.bind(window.from).bind(window.to);
            match in_time(query.persistent(false).fetch_one(&mut *self.tx).await, is_limit)? {
                Some((some,)) => count += usize::try_from(some).unwrap_or(0),
                None => self.end().await?,
            }
        }
        Ok(Some(count).filter(|_| !self.over))
    }

    /// The steps from the end of `span` down to its start, as far as there are documents.
    async fn steps(&mut self, span: Span) -> Result<Steps, CatalogError> {
        if self.over {
            return Ok(Steps { from: 0, to: 0, width: 1 });
        }
        let all = match self.all {
            Some(all) => all,
            None => {
                let (oldest, newest): (i64, i64) = sqlx::query_as(ENDS).fetch_one(&mut *self.tx).await?;
                *self.all.insert(Span { from: oldest, to: newest.saturating_add(1) })
            }
        };
        Ok(Steps { from: span.from.max(all.from), to: span.to.min(all.to), width: 1 })
    }
}

/// Parts of a span from its end on, at the bounds of partitions, each of twice as many partitions as the one before.
struct Steps {
    from: i64,
    to: i64,
    width: i64,
}

impl Iterator for Steps {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        if self.from >= self.to {
            return None;
        }
        let last = (self.to - 1) >> SPAN_BITS;
        let from = ((last - self.width + 1) << SPAN_BITS).max(self.from);
        let step = Span { from, to: self.to };
        (self.to, self.width) = (from, self.width * 2);
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_cover_a_span_without_gap() {
        let span = 1 << SPAN_BITS;
        let steps: Vec<Span> = Steps { from: 5, to: 10 * span + 7, width: 1 }.collect();
        assert_eq!(steps.first(), Some(&Span { from: 10 * span, to: 10 * span + 7 }));
        assert_eq!(steps.get(1), Some(&Span { from: 8 * span, to: 10 * span }));
        assert_eq!(steps.last(), Some(&Span { from: 5, to: 4 * span }));
        assert!(steps.windows(2).all(|pair| pair[0].from == pair[1].to));
        assert_eq!(Steps { from: 5, to: 5, width: 1 }.next(), None);
    }
}
