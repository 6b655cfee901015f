//! Runs a query: pages of hits, counts, facets.

use std::collections::HashMap;
use std::time::Duration;

use super::document::Facet;
use super::key::{REACH, home};
use super::packed;
use super::query::Plan;
use super::snippet;
use crate::catalog::CatalogError;
use crate::catalog::engine::Reader;
use crate::catalog::search::docs::{self, Doc};
use crate::catalog::search::hits::{Session, Span, Window};
use crate::catalog::search::{blocks, expr::Expr};
use crate::model::id::Id;

/// How long a search may take.
pub const TIME_LIMIT: Duration = Duration::from_secs(2);
/// Hits are counted up to this number.
pub const MOST_COUNTED: usize = 10_000;
/// Facets are counted over at most so many hits, the newest.
pub const MOST_FACETED: usize = 200_000;
/// The best are looked for among so many hits, the newest.
pub const MOST_RANKED: usize = 1000;
/// Documents that are compared for a count that nobody asked for by name.
const MOST_COMPARED: usize = 300;
/// Keys gathered by one statement.
const GATHERED_AT_ONCE: usize = 20_000;
/// Documents read by one statement when many are compared.
const READ_AT_ONCE: usize = 256;

/// A page of hits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The hits, in order.
    pub hits: Vec<Doc>,
    /// Whether there are more, as far as is known.
    pub more: bool,
    /// Where texts were compared: the hits that were met, those of later pages too.
    pub met: Option<Count>,
    /// Whether the search came to its end within its time.
    pub complete: bool,
}

/// How many hits there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// So many were counted.
    pub hits: usize,
    /// There are no others.
    pub exact: bool,
}

/// Keys of hits, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Gathered {
    keys: Vec<i64>,
    exact: bool,
}

/// What hits are counted under, for each facet the most frequent values first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facets {
    /// The values with their numbers of hits.
    pub values: Vec<(Facet, Vec<(String, u32)>)>,
    /// Over how many hits.
    pub over: Count,
    /// Whether the time was up before all hits were counted.
    pub out_of_time: bool,
}

/// A query with what it asks the index for.
struct Search<'p> {
    plan: &'p Plan,
    expr: Option<Expr>,
    exact: bool,
}

impl<'p> Search<'p> {
    fn new(plan: &'p Plan) -> Self {
        Self { plan, expr: plan.expr(), exact: plan.is_exact() }
    }

    /// The keys that hits can have: those of the limits of time, and as far beyond as a document may stand from its second.
    fn span(&self) -> Span {
        let from = self.plan.from().map_or(0, |from| home(from).saturating_sub(REACH).max(0));
        let to = self.plan.to().map_or(i64::MAX, |to| home(to).saturating_add(REACH));
        Span { from, to }
    }

    /// The keys whose documents are within the limits of time whatever they say.
    fn inner(&self) -> Span {
        let from = self.plan.from().map_or(0, |from| home(from).saturating_add(REACH));
        let to = self.plan.to().map_or(i64::MAX, |to| home(to).saturating_sub(REACH));
        Span { from, to }
    }

    fn window(&self) -> Window {
        let (from, to) = (self.plan.from().map_or(i64::MIN, |t| t.0), self.plan.to().map_or(i64::MAX, |t| t.0));
        Window { span: self.span(), inner: self.inner(), from, to }
    }

    /// Whether the document must be read to know that it is a hit.
    fn must_read(&self, key: i64) -> bool {
        let inner = self.inner();
        !self.exact || key < inner.from || key >= inner.to
    }

    fn is_hit(&self, doc: &Doc) -> bool {
        self.plan.is_within(doc.at) && self.plan.holds(doc)
    }
}

/// The newest hits below the key `before`, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn newest(
    session: &mut Session<'_>,
    plan: &Plan,
    before: Option<i64>,
    limit: usize,
) -> Result<Page, CatalogError> {
    let search = Search::new(plan);
    let mut window = search.window();
    window = before.map_or(window, |before| window.below(before));
    let mut page = Page { hits: Vec::with_capacity(limit + 1), more: false, met: None, complete: true };
    let mut batch = match (search.exact, before) {
        (true, _) => limit + 1,
        // Where texts are compared some candidates drop out.
        (false, Some(_)) => limit + 17,
        // What is compared for the count serves the page too.
        (false, None) => MOST_COMPARED.max(limit + 17),
    };
    loop {
        let found = session.newest(search.expr.as_ref(), &window, batch).await?;
        let last = found.docs.last().map(|doc| doc.key).filter(|_| found.docs.len() == batch && !found.out_of_time);
        page.hits.extend(found.docs.into_iter().filter(|doc| search.is_hit(doc)));
        if !search.exact {
            page.met = Some(Count { hits: page.hits.len(), exact: last.is_none() && !found.out_of_time });
        }
        if page.hits.len() > limit {
            page.hits.truncate(limit);
            page.more = true;
            return Ok(page);
        }
        let Some(last) = last else {
            page.complete = !found.out_of_time;
            return Ok(page);
        };
        if session.is_over() {
            page.complete = false;
            return Ok(page);
        }
        window = window.below(last);
        batch = (batch * 4).min(2000);
    }
}

/// Runs a search for subjects of one kind and gives their documents' keys and ids, the newest first, at most `limit`, and whether there
/// are more: what a list needs that has a query among its filters. A key is the place for a cursor: the next page is below it.
///
/// # Errors
/// When the database is away.
pub async fn ids_of_kind(
    reader: &mut Reader,
    plan: &Plan,
    kind: &str,
    before: Option<i64>,
    limit: usize,
) -> Result<(Vec<(i64, Id)>, bool), CatalogError> {
    let mut plan = plan.clone();
    plan.of_kind(kind);
    let mut session = Session::begin(reader, TIME_LIMIT).await?;
    let page = newest(&mut session, &plan, before, limit).await?;
    Ok((page.hits.iter().map(|doc| (doc.key, doc.subject.id())).collect(), page.more))
}

/// A place in the list of the best: the newest key that was ranked, and score and key of the last hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BestPlace {
    /// Hits above this key came later than the first page.
    pub newest: i64,
    /// The score of the last hit.
    pub score: u32,
    /// The key of the last hit.
    pub key: i64,
}

/// The best of the newest hits after `after`, at most `limit`, with their scores.
///
/// # Errors
/// When the database is away.
pub async fn best(
    session: &mut Session<'_>,
    plan: &Plan,
    after: Option<BestPlace>,
    limit: usize,
) -> Result<(Page, Vec<BestPlace>), CatalogError> {
    let page = newest(session, plan, after.map(|a| a.newest.saturating_add(1)), MOST_RANKED).await?;
    let newest = page.hits.first().map_or(0, |doc| doc.key);
    let place = |doc: &Doc| BestPlace { newest, score: snippet::score(plan, doc), key: doc.key };
    let mut ranked: Vec<(BestPlace, Doc)> = page.hits.into_iter().map(|doc| (place(&doc), doc)).collect();
    ranked.sort_by_key(|(place, _)| std::cmp::Reverse((place.score, place.key)));
    ranked.retain(|(place, _)| after.is_none_or(|a| (place.score, place.key) < (a.score, a.key)));
    let more = ranked.len() > limit;
    ranked.truncate(limit);
    let (places, hits) = ranked.into_iter().unzip();
    Ok((Page { hits, more, ..page }, places))
}

/// How far hits are counted where texts must be compared, each of which is a document read: two to ten microseconds, so that ten thousand
/// of them are no page's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// As far as a few hundred comparisons go.
    Quick,
    /// All, as long as there is time.
    Exact,
}

/// How many hits there are, up to [`MOST_COUNTED`]. Where texts must be compared a first page has met a few hundred already.
///
/// # Errors
/// When the database is away.
pub async fn count(session: &mut Session<'_>, plan: &Plan, counting: Counting) -> Result<Count, CatalogError> {
    let search = Search::new(plan);
    if !search.exact {
        let (most, most_read) = match counting {
            Counting::Quick => (MOST_COMPARED, Some(MOST_COMPARED)),
            Counting::Exact => (MOST_COUNTED, None),
        };
        return Ok(gather(session, &search, most, most_read).await?.count());
    }
    Ok(match session.count(search.expr.as_ref(), &search.window(), MOST_COUNTED + 1).await? {
        Some(found) => Count { hits: found.min(MOST_COUNTED), exact: found <= MOST_COUNTED },
        None => Count { hits: 0, exact: false },
    })
}

impl Gathered {
    fn count(&self) -> Count {
        Count { hits: self.keys.len(), exact: self.exact }
    }
}

/// The newest hits, at most `most`; reads at most `most_read` documents.
async fn gather(
    session: &mut Session<'_>,
    search: &Search<'_>,
    most: usize,
    most_read: Option<usize>,
) -> Result<Gathered, CatalogError> {
    let mut span = search.span();
    let mut gathered = Gathered { keys: Vec::new(), exact: true };
    let mut read = 0;
    loop {
        let batch = GATHERED_AT_ONCE.min(most - gathered.keys.len() + 1).min(most_read.map_or(usize::MAX, |m| m + 1));
        let found = session.gather(search.expr.as_ref(), span, batch).await?;
        for some in found.keys.chunks(READ_AT_ONCE) {
            if session.is_over() || most_read.is_some_and(|most| read >= most) {
                gathered.exact = false;
                return Ok(gathered);
            }
            read += hits_among(session, search, some, &mut gathered.keys).await?;
        }
        if gathered.keys.len() > most {
            gathered.keys.truncate(most);
            gathered.exact = false;
            return Ok(gathered);
        }
        let Some(last) = found.keys.last().filter(|_| found.keys.len() == batch && !found.out_of_time) else {
            gathered.exact = !found.out_of_time;
            return Ok(gathered);
        };
        span.to = *last;
    }
}

/// Adds those of the keys that are hits; gives how many documents were read.
async fn hits_among(
    session: &mut Session<'_>,
    search: &Search<'_>,
    keys: &[i64],
    hits: &mut Vec<i64>,
) -> Result<usize, CatalogError> {
    let unsure: Vec<i64> = keys.iter().copied().filter(|key| search.must_read(*key)).collect();
    if unsure.is_empty() {
        hits.extend_from_slice(keys);
        return Ok(0);
    }
    let docs = docs::get(session.conn(), &unsure).await?;
    let docs: HashMap<i64, Doc> = docs.into_iter().map(|doc| (doc.key, doc)).collect();
    let is_hit = |key: &&i64| !search.must_read(**key) || docs.get(*key).is_some_and(|doc| search.is_hit(doc));
    hits.extend(keys.iter().filter(is_hit));
    Ok(unsure.len())
}

/// Counts the newest hits, at most [`MOST_FACETED`], under their facets; at most `most_values` of each, the most frequent first.
///
/// # Errors
/// When the database is away.
pub async fn facets(session: &mut Session<'_>, plan: &Plan, most_values: usize) -> Result<Facets, CatalogError> {
    let gathered = gather(session, &Search::new(plan), MOST_FACETED, None).await?;
    let over = gathered.count();
    let mut keys = gathered.keys;
    keys.reverse();
    let groups: HashMap<i64, &[i64]> = keys
        .chunk_by(|a, b| packed::block_of(*a) == packed::block_of(*b))
        .filter_map(|g| Some((packed::block_of(*g.first()?), g)))
        .collect();
    let mut numbers: Vec<i64> = groups.keys().copied().collect();
    numbers.sort_unstable();
    let mut counts = Vec::new();
    for (block, entries) in blocks::read(session.conn(), &numbers).await? {
        packed::count(&entries, groups.get(&block).copied().unwrap_or_default(), &mut counts);
    }
    let met: Vec<i64> = (0_i64..).zip(&counts).filter(|(_, n)| **n > 0).map(|(id, _)| id).collect();
    let mut values: Vec<(Facet, Vec<(String, u32)>)> = Facet::ALL.map(|facet| (facet, Vec::new())).into();
    for (id, facet, value) in blocks::values(session.conn(), &met).await? {
        let count = usize::try_from(id).ok().and_then(|id| counts.get(id)).copied().unwrap_or(0);
        if let Some((_, of)) = values.iter_mut().find(|(f, _)| f.as_str() == facet) {
            of.push((value, count));
        }
    }
    for (_, of) in &mut values {
        of.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        of.truncate(most_values);
    }
    Ok(Facets { values, over, out_of_time: session.is_over() })
}
