//! Asks the index, within a limit of time.

use std::time::{Duration, Instant};

use super::docs::Doc;
use super::expr::Expr;
use crate::catalog::CatalogError;
use crate::catalog::engine::{Conn, Reader};

mod postgres;
mod sqlite;

/// A connection on which statements end when the time is up. Statements of other sessions on the same connection are not touched, also
/// when this one is dropped half-way.
pub struct Session<'r> {
    engine: Engine<'r>,
    until: Instant,
}

enum Engine<'r> {
    Sqlite(sqlite::Limited<'r>),
    Postgres(postgres::Limited<'r>),
}

/// Keys that were found, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The keys.
    pub keys: Vec<i64>,
    /// Whether the time was up before all were found that were asked for.
    pub out_of_time: bool,
}

/// Documents that were found, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Docs {
    /// The documents.
    pub docs: Vec<Doc>,
    /// Whether the time was up before all were found that were asked for.
    pub out_of_time: bool,
}

/// Keys that are asked for: from the first number on, below the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first key.
    pub from: i64,
    /// The first key that is too large.
    pub to: i64,
}

impl Span {
    /// Every key.
    pub const ALL: Self = Self { from: 0, to: i64::MAX };

    /// Whether there is no key in it.
    pub fn is_empty(self) -> bool {
        self.from >= self.to
    }
}

/// Limits of time, and what they are of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The keys that a document within the limits can have.
    pub span: Span,
    /// The keys whose documents are all within the limits.
    pub inner: Span,
    /// The first microsecond.
    pub from: i64,
    /// The first microsecond that is too late.
    pub to: i64,
}

impl Window {
    /// All of time.
    pub const ALL: Self = Self { span: Span::ALL, inner: Span::ALL, from: i64::MIN, to: i64::MAX };

    /// The part of it below a key.
    #[must_use]
    pub fn below(self, key: i64) -> Self {
        Self { span: Span { to: self.span.to.min(key), ..self.span }, ..self }
    }
}

impl<'r> Session<'r> {
    /// Begins a session that lasts as long as `limit`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn begin(reader: &'r mut Reader, limit: Duration) -> Result<Self, CatalogError> {
        let until = Instant::now() + limit;
        let engine = match reader.conn() {
            Conn::Sqlite(c) => Engine::Sqlite(sqlite::Limited::begin(c, until).await?),
            Conn::Postgres(c) => Engine::Postgres(postgres::Limited::begin(c, limit).await?),
        };
        Ok(Self { engine, until })
    }

    /// Whether the time is up.
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// The connection, for statements that are short.
    pub fn conn(&mut self) -> Conn<'_> {
        match &mut self.engine {
            Engine::Sqlite(limited) => Conn::Sqlite(limited.conn()),
            Engine::Postgres(limited) => Conn::Postgres(limited.conn()),
        }
    }

    /// The newest documents within `window` that `expr` holds for, at most `limit`; without `expr`, of all.
    ///
    /// # Errors
    /// When the database is away or a row undecodable.
    pub async fn newest(&mut self, expr: Option<&Expr>, window: &Window, limit: usize) -> Result<Docs, CatalogError> {
        if window.span.is_empty() {
            return Ok(Docs { docs: Vec::new(), out_of_time: false });
        }
        match &mut self.engine {
            Engine::Sqlite(limited) => limited.newest(expr, window, limit).await,
            Engine::Postgres(limited) => limited.newest(expr, window, limit).await,
        }
    }

    /// The keys alone, for thousands of them.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn gather(&mut self, expr: Option<&Expr>, span: Span, limit: usize) -> Result<Keys, CatalogError> {
        if span.is_empty() {
            return Ok(Keys { keys: Vec::new(), out_of_time: false });
        }
        match &mut self.engine {
            Engine::Sqlite(limited) => limited.gather(expr, span, limit).await,
            Engine::Postgres(limited) => limited.gather(expr, span, limit).await,
        }
    }

    /// How many documents within `window` `expr` holds for, counted up to `limit`; none when the time was up.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn count(
        &mut self,
        expr: Option<&Expr>,
        window: &Window,
        limit: usize,
    ) -> Result<Option<usize>, CatalogError> {
        if window.span.is_empty() {
            return Ok(Some(0));
        }
        match &mut self.engine {
            Engine::Sqlite(limited) => limited.count(expr, window, limit).await,
            Engine::Postgres(limited) => limited.count(expr, window, limit).await,
        }
    }
}

fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The value, or none when the statement was ended because the time was up.
fn in_time<T>(result: Result<T, sqlx::Error>, is_limit: fn(&str) -> bool) -> Result<Option<T>, CatalogError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(sqlx::Error::Database(e)) if e.code().is_some_and(|code| is_limit(&code)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
