//! Runs a search and puts its answer together.

use std::collections::HashMap;

use super::body::{Counted, Facets, Hit, Place, SearchPage, Snippet};
use crate::catalog::engine::{Db, Reader};
use crate::catalog::search::details::{self, ClipDetails, IncidentDetails};
use crate::catalog::search::docs::Doc;
use crate::catalog::search::hits::Session;
use crate::catalog::{CatalogError, courts, officers};
use crate::http::cursor;
use crate::http::language::Text;
use crate::model::subject::Subject;
use crate::search::document::{Facet, Field, fields};
use crate::search::find::{self, BestPlace, Count, Counting};
use crate::search::query::Plan;
use crate::search::{index, snippet};

/// The letter of cursors of the newest.
const NEWEST: u8 = b's';
/// The letter of cursors of the best.
const BEST: u8 = b'b';
/// Most values of a facet.
const MOST_VALUES: usize = 200;
/// Most characters of a title.
const TITLE_CHARS: usize = 60;

/// The order of hits, and behind which place the page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Newest first, below this key.
    Newest(Option<i64>),
    /// Best first.
    Best(Option<BestPlace>),
}

impl Order {
    /// The place of a cursor.
    pub(super) fn decode(text: &str, best: bool) -> Result<Self, Text> {
        if !best {
            return cursor::decode::<1>(NEWEST, text).map(|[key]| Self::Newest(Some(key)));
        }
        let [newest, score, key] = cursor::decode::<3>(BEST, text)?;
        Ok(Self::Best(Some(BestPlace { newest, score: u32::try_from(score).unwrap_or(0), key })))
    }

    fn is_first_page(self) -> bool {
        matches!(self, Self::Newest(None) | Self::Best(None))
    }
}

/// What is wanted of an answer.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The order, and where the page begins.
    pub(crate) order: Order,
    /// Hits of the page.
    pub(crate) limit: u32,
    /// Whether hits are counted by facets.
    pub(crate) facets: bool,
    /// How far hits are counted.
    pub(crate) counting: Counting,
}

/// Searches.
pub(crate) async fn answer(db: &Db, plan: &Plan, wanted: &Wanted) -> Result<SearchPage, CatalogError> {
    let mut reader = db.read().await?;
    let renewing = !index::is_settled(reader.conn()).await?;
    let mut session = Session::begin(&mut reader, find::TIME_LIMIT).await?;
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let (page, next_cursor) = match wanted.order {
        Order::Newest(before) => {
            let page = find::newest(&mut session, plan, before, limit).await?;
            let last = page.hits.last().filter(|_| page.more);
            let next = last.map(|doc| cursor::encode(NEWEST, [doc.key]));
            (page, next)
        }
        Order::Best(after) => {
            let (page, places) = find::best(&mut session, plan, after, limit).await?;
            let last = places.last().filter(|_| page.more);
            (page, last.map(|p| cursor::encode(BEST, [p.newest, i64::from(p.score), p.key])))
        }
    };
    let facets = match wanted.facets {
        true => Some(find::facets(&mut session, plan, MOST_VALUES).await?),
        false => None,
    };
    let count = match (&facets, wanted.order.is_first_page()) {
        (Some(facets), _) => Some(facets.over),
        // The page holds them all.
        (None, true) if !page.more && page.complete && matches!(wanted.order, Order::Newest(_)) => {
            Some(Count { hits: page.hits.len(), exact: true })
        }
        (None, true) if page.met.is_some_and(|met| met.exact || wanted.counting == Counting::Quick) => page.met,
        (None, true) => {
            let count = find::count(&mut session, plan, wanted.counting).await?;
            // Where the time is up before all are counted, those of the page are known.
            Some(Count { hits: count.hits.max(page.hits.len()), ..count })
        }
        (None, false) => None,
    };
    let complete = page.complete && facets.as_ref().is_none_or(|f| !f.out_of_time);
    drop(session);
    let items = describe(&mut reader, plan, &page.hits).await?;
    let facets = match facets {
        Some(facets) => Some(label(&mut reader, facets).await?),
        None => None,
    };
    let count = count.map(|c| if c.exact && c.hits > find::MOST_COUNTED { Count { exact: false, ..c } } else { c });
    let number = |count: Count| count.hits.min(find::MOST_COUNTED) as u64;
    Ok(SearchPage {
        items,
        total: count.filter(|c| c.exact).map(number),
        total_at_least: count.filter(|c| !c.exact).map(number),
        facets,
        complete,
        renewing,
        next_cursor,
    })
}

async fn describe(reader: &mut Reader, plan: &Plan, docs: &[Doc]) -> Result<Vec<Hit>, CatalogError> {
    let ids = |is: fn(&Subject) -> bool| -> Vec<i64> {
        docs.iter().map(|d| d.subject).filter(is).map(|s| s.id().0).collect()
    };
    let (clips, incidents) = (ids(|s| matches!(s, Subject::Clip(_))), ids(|s| matches!(s, Subject::Incident(_))));
    let clips = match clips.is_empty() {
        true => ClipDetails::default(),
        false => details::of_clips(reader.conn(), &clips).await?,
    };
    let incidents = match incidents.is_empty() {
        true => IncidentDetails::default(),
        false => details::of_incidents(reader.conn(), &incidents).await?,
    };
    Ok(docs.iter().map(|doc| hit(plan, doc, &clips, &incidents)).collect())
}

fn hit(plan: &Plan, doc: &Doc, clips: &ClipDetails, incidents: &IncidentDetails) -> Hit {
    let id = doc.subject.id();
    let snippets = snippet::of(plan, doc).into_iter();
    let texts = |of: Field| fields(&doc.body).filter(move |(field, _)| *field == of).map(|(_, text)| text.to_owned());
    let mut hit = Hit {
        kind: doc.subject.kind(),
        id,
        at: doc.at,
        title: title(doc),
        snippets: snippets
            .map(|s| Snippet {
                field: s.field.as_str(),
                text: s.text,
                marks: s.marks.into_iter().map(|(from, to)| [from, to]).collect(),
            })
            .collect(),
        cases: texts(Field::Number).collect(),
        name: None,
        duration_ms: None,
        codes: Vec::new(),
        status: None,
        severity: None,
        clips: Vec::new(),
    };
    match doc.subject {
        Subject::Clip(id) => {
            hit.name = texts(Field::Name).next();
            hit.duration_ms = clips.duration_ms(id);
            hit.codes = clips.codes(id);
        }
        Subject::Incident(id) => {
            if let Some((status, severity)) = incidents.standing(id) {
                hit.status = Some(status.clone());
                hit.severity = *severity;
            }
            hit.codes = incidents.codes(id);
            hit.clips = incidents.clips(id).into_iter().map(|(id, offset_ms)| Place { id, offset_ms }).collect();
        }
        Subject::Case(_) => hit.status = texts(Field::Status).next(),
        Subject::Action(_) | Subject::Export(_) | Subject::Hold(_) | Subject::Disposal(_) => {}
    }
    hit
}

/// What people call it: a clip by its name, a case by its number, an incident by what happened.
fn title(doc: &Doc) -> String {
    let wanted: &[Field] = match doc.subject {
        Subject::Clip(_) => &[Field::Name],
        Subject::Case(_) => &[Field::Number],
        _ => &[Field::Narrative, Field::Place, Field::Number],
    };
    let text = wanted.iter().find_map(|w| fields(&doc.body).find(|(field, _)| field == w)).map_or("", |(_, text)| text);
    let mut title: String = text.chars().take(TITLE_CHARS).collect();
    if text.chars().nth(TITLE_CHARS).is_some() {
        title.push('…');
    }
    title
}

async fn label(reader: &mut Reader, facets: find::Facets) -> Result<Facets, CatalogError> {
    let exact = facets.over.exact;
    let over = facets.over.hits as u64;
    let mut values: HashMap<Facet, Vec<(String, u32)>> = facets.values.into_iter().collect();
    let mut take = |facet: Facet| values.remove(&facet).unwrap_or_default();
    let (court, code, mut month, officer, measure) =
        (take(Facet::Court), take(Facet::Code), take(Facet::Month), take(Facet::Officer), take(Facet::Measure));
    month.sort_unstable_by(|a, b| b.0.cmp(&a.0));
    let words = |of: &[(String, u32)]| of.iter().map(|(value, _)| value.clone()).collect::<Vec<String>>();
    let (codes, numbers) = (words(&court), words(&officer));
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut courts = courts::of_codes(reader.conn(), &codes).await?;
    courts.sort_unstable_by_key(|c| c.span);
    let courts: HashMap<String, String> = courts.into_iter().map(|c| (c.code, c.name)).collect();
    let mut officers = officers::of_numbers(reader.conn(), &numbers).await?;
    officers.sort_unstable_by_key(|o| o.span);
    let officers: HashMap<String, String> = officers.into_iter().map(|o| (o.number, o.name)).collect();
    let code_names = details::code_names(reader.conn()).await?;
    let own = HashMap::new();
    Ok(Facets {
        over,
        exact,
        court: counted(court, &courts),
        code: counted(code, &code_names),
        month: counted(month, &own),
        officer: counted(officer, &officers),
        measure: counted(measure, &own),
    })
}

fn counted(values: Vec<(String, u32)>, labels: &HashMap<String, String>) -> Vec<Counted> {
    let label = |value: &String| labels.get(value).unwrap_or(value).clone();
    values.into_iter().map(|(value, count)| Counted { label: label(&value), value, count }).collect()
}
