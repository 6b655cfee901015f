//! Parameters of many lists: which page, and `q` in the query language.

use std::collections::HashMap;
use std::time::Instant;

use utoipa::IntoParams;

use super::schema;
use crate::http::cursor;
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::value;
use crate::model::id::Id;
use crate::search::find;
use crate::search::query::{Plan, QueryError, Terms, parse};

/// A query as it was given.
#[derive(Debug)]
pub(super) struct Asked {
    plan: Option<Plan>,
    error: Option<QueryError>,
}

impl Asked {
    /// Takes `q`, when it was given; what is wrong with it is kept for the answer.
    pub(super) fn take(params: &mut Params, terms: &Terms) -> Self {
        let mut error = None;
        let plan = params.take("q", |text| {
            parse(text, terms).map_err(|e| {
                let message = Text::new(e.zh(), e.en());
                error = Some(e);
                message
            })
        });
        Self { plan, error }
    }

    /// Whether there is one, right or wrong.
    pub(super) fn is_given(&self) -> bool {
        self.plan.is_some() || self.error.is_some()
    }

    /// The query, once every parameter was taken; none when none was given.
    pub(super) fn finish(self, params: Params) -> Result<Option<Plan>, Problem> {
        match (params.finish(), self.error) {
            (Ok(()), _) => Ok(self.plan),
            (Err(problem), Some(e)) => Err(problem.in_query(e.position, e.length)),
            (Err(problem), None) => Err(problem),
        }
    }
}

/// Where a page of a list begins that takes a query: behind a row of the list, or with a query behind a place of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<const N: usize> {
    /// What orders the list, of its last row.
    Row([i64; N]),
    /// A key of the index.
    Index(i64),
}

impl<const N: usize> Place<N> {
    /// Reads a cursor; `lists` are the letters of the list's cursors without a query and with one.
    ///
    /// # Errors
    /// When the text is no cursor of that list.
    pub(super) fn read(lists: (u8, u8), has_query: bool, text: &str) -> Result<Self, Text> {
        if has_query {
            cursor::decode(lists.1, text).map(|[key]| Self::Index(key))
        } else {
            cursor::decode(lists.0, text).map(Self::Row)
        }
    }

    /// The place in the list.
    pub(super) fn row(self) -> Option<[i64; N]> {
        if let Self::Row(row) = self { Some(row) } else { None }
    }

    /// The place in the index.
    pub(super) fn index(self) -> Option<i64> {
        if let Self::Index(key) = self { Some(key) } else { None }
    }
}

/// Which page of a list that takes nothing else.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery<const N: usize> {
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    pub(super) cursor: Option<[i64; N]>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    pub(super) limit: u32,
}

impl<const N: usize> PageQuery<N> {
    /// Reads the parameters; `list` is the letter of the list's cursors.
    pub(super) fn read(list: u8, mut params: Params) -> Result<Self, Problem> {
        let cursor = params.take("cursor", |t| cursor::decode(list, t));
        let limit = params.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS);
        params.finish()?;
        Ok(Self { cursor, limit })
    }
}

/// Things that the index is asked for at a time.
pub(super) const FOUND_AT_ONCE: usize = 250;

/// A page of a list that has a query among its filters, as it fills: the index gives ids, the catalog's own filter lets some pass.
#[derive(Debug)]
pub(super) struct Filling<T> {
    rows: Vec<T>,
    limit: usize,
    began: Instant,
    /// The place in the index behind which to go on.
    pub(super) before: Option<i64>,
}

/// A page, and the place in the index behind which the next begins.
pub(super) type Filled<T> = (Vec<T>, Option<i64>);

impl<T> Filling<T> {
    /// An empty page that begins behind `before`.
    pub(super) fn new(before: Option<i64>, limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { rows: Vec::new(), limit, began: Instant::now(), before }
    }

    /// Takes up what passed of `ids`, behind which the index has `more`; gives the page when it is done: full, at the end of the list, or
    /// when the time is up.
    pub(super) fn take(&mut self, ids: &[(i64, Id)], more: bool, mut passed: HashMap<Id, T>) -> Option<Filled<T>> {
        for (key, id) in ids {
            if self.rows.len() == self.limit {
                return Some((std::mem::take(&mut self.rows), self.before));
            }
            self.rows.extend(passed.remove(id));
            self.before = Some(*key);
        }
        let next = self.before.filter(|_| more);
        let done = !more || self.rows.len() == self.limit || self.began.elapsed() > find::TIME_LIMIT;
        done.then(|| (std::mem::take(&mut self.rows), next))
    }
}
