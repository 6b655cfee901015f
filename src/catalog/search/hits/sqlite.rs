//! FTS5: newest first is its own order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use futures_util::TryStreamExt as _;
use sqlx::SqliteConnection;

use super::{Docs, Keys, Span, Window, bound, in_time};
use crate::catalog::CatalogError;
use crate::catalog::search::docs::Row;
use crate::catalog::search::docs::sqlite::FLIP;
use crate::catalog::search::expr::Expr;

/// Instructions of the engine between two looks at the clock.
const STEPS: i32 = 1000;

// The index leads: its own order is the one that is wanted.
const INDEXED: &str = "select d.doc_key, d.kind, d.subject_id, d.at_us, d.body, d.filters from search_index as i \
    cross join search_docs as d on d.doc_key = 68719476736 - i.rowid \
    where i.search_index match $1 and i.rowid > $2 and i.rowid <= $3 and d.at_us >= $4 and d.at_us < $5 \
    order by i.rowid limit $6";
const ALL: &str = "select doc_key, kind, subject_id, at_us, body, filters from search_docs \
    where $1 = '' and doc_key >= $2 and doc_key < $3 and at_us >= $4 and at_us < $5 order by doc_key desc limit $6";
const GATHER_INDEXED: &str = "select group_concat(k) from (select 68719476736 - rowid as k from search_index \
    where search_index match $1 and rowid > $2 and rowid <= $3 order by rowid limit $4)";
const GATHER_ALL: &str = "select group_concat(k) from (select doc_key as k from search_docs \
    where $1 = '' and doc_key >= $2 and doc_key < $3 order by doc_key desc limit $4)";
// Without bounds, which the engine would compare with every row.
const COUNT_EVERYWHERE: &str = "select count(*) from (select 1 from search_index where search_index match $1 limit $2)";
// Documents are read only where they must be asked for their time.
const COUNT_INDEXED: &str = "select count(*) from (select 1 from search_index as i \
    where i.search_index match $1 and i.rowid > $2 and i.rowid <= $3 and (i.rowid > $7 and i.rowid <= $8 or exists \
    (select 1 from search_docs as d where d.doc_key = 68719476736 - i.rowid and d.at_us >= $4 and d.at_us < $5)) \
    limit $6)";
const COUNT_ALL: &str = "select count(*) from (select 1 from search_docs where $1 = '' \
    and doc_key >= $2 and doc_key < $3 and (doc_key >= $7 and doc_key < $8 or at_us >= $4 and at_us < $5) limit $6)";

/// A connection whose statements are interrupted when the time is up.
pub(super) struct Limited<'c> {
    conn: &'c mut SqliteConnection,
    /// Whether statements are limited now. The handler stays on the connection when the session ends; as this is gone then, it
    /// interrupts nobody who gets the connection next.
    limiting: Arc<AtomicBool>,
}

fn is_limit(code: &str) -> bool {
    code == "9"
}

impl<'c> Limited<'c> {
    pub(super) async fn begin(conn: &'c mut SqliteConnection, until: Instant) -> Result<Self, CatalogError> {
        let limiting = Arc::new(AtomicBool::new(false));
        let ours: Weak<AtomicBool> = Arc::downgrade(&limiting);
        conn.lock_handle().await?.set_progress_handler(STEPS, move || {
            let limited = ours.upgrade().is_some_and(|limiting| limiting.load(Ordering::Relaxed));
            !limited || Instant::now() < until
        });
        Ok(Self { conn, limiting })
    }

    /// The connection, for statements without limit.
    pub(super) fn conn(&mut self) -> &mut SqliteConnection {
        self.limiting.store(false, Ordering::Relaxed);
        self.conn
    }

    fn limited(&mut self) -> &mut SqliteConnection {
        self.limiting.store(true, Ordering::Relaxed);
        self.conn
    }

    pub(super) async fn newest(
        &mut self,
        expr: Option<&Expr>,
        window: &Window,
        limit: usize,
    ) -> Result<Docs, CatalogError> {
        let sql = if expr.is_some() { INDEXED } else { ALL };
        let query = sqlx::query_as::<_, Row>(sql).bind(expr.map(Expr::fts5).unwrap_or_default());
        let (from, to) = bounds(expr, window.span);
        let query = query.bind(from).bind(to).bind(window.from).bind(window.to);
        let mut rows = query.bind(bound(limit)).fetch(self.limited());
        let mut docs = Vec::with_capacity(limit.min(256));
        loop {
            match in_time(rows.try_next().await, is_limit)? {
                // What was found before the time was up is kept.
                None => return Ok(Docs { docs, out_of_time: true }),
                Some(None) => return Ok(Docs { docs, out_of_time: false }),
                Some(Some(row)) => docs.push(row.try_into()?),
            }
        }
    }

    /// One row for all keys: the driver takes a microsecond for a row, the engine a tenth of that for a key.
    pub(super) async fn gather(&mut self, expr: Option<&Expr>, span: Span, limit: usize) -> Result<Keys, CatalogError> {
        let sql = if expr.is_some() { GATHER_INDEXED } else { GATHER_ALL };
        let query = sqlx::query_as::<_, (Option<String>,)>(sql).bind(expr.map(Expr::fts5).unwrap_or_default());
        let (from, to) = bounds(expr, span);
        let found = query.bind(from).bind(to).bind(bound(limit)).fetch_one(self.limited()).await;
        let Some((list,)) = in_time(found, is_limit)? else {
            return Ok(Keys { keys: Vec::new(), out_of_time: true });
        };
        let list = list.unwrap_or_default();
        let keys = list.split(',').filter_map(|key| key.parse().ok()).collect();
        Ok(Keys { keys, out_of_time: false })
    }

    pub(super) async fn count(
        &mut self,
        expr: Option<&Expr>,
        window: &Window,
        limit: usize,
    ) -> Result<Option<usize>, CatalogError> {
        let found = match expr {
            Some(expr) if *window == Window::ALL => {
                let query = sqlx::query_as::<_, (i64,)>(COUNT_EVERYWHERE).bind(expr.fts5()).bind(bound(limit));
                query.fetch_one(self.limited()).await
            }
            _ => {
                let sql = if expr.is_some() { COUNT_INDEXED } else { COUNT_ALL };
                let query = sqlx::query_as::<_, (i64,)>(sql).bind(expr.map(Expr::fts5).unwrap_or_default());
                let ((from, to), (inner_from, inner_to)) = (bounds(expr, window.span), bounds(expr, window.inner));
                let query = query.bind(from).bind(to).bind(window.from).bind(window.to);
                let query = query.bind(bound(limit)).bind(inner_from).bind(inner_to);
                query.fetch_one(self.limited()).await
            }
        };
        Ok(in_time(found, is_limit)?.map(|(count,)| usize::try_from(count).unwrap_or(0)))
    }
}

/// What bounds a span in a statement: row numbers of the index, of which the first is outside and the last inside, or keys.
fn bounds(expr: Option<&Expr>, span: Span) -> (i64, i64) {
    match expr {
        Some(_) => (FLIP.saturating_sub(span.to), FLIP.saturating_sub(span.from)),
        None => (span.from, span.to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_know_the_number() {
        for sql in [INDEXED, GATHER_INDEXED, COUNT_INDEXED] {
            assert!(sql.contains(&format!("{FLIP} - ")), "{sql}");
        }
    }
}
