//! Keeps search documents in step with the rows they are made of.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::document::{self, Document};
use super::key;
use super::making::{Made, Making};
use super::packed::{self, Changes};
use crate::catalog::CatalogError;
use crate::catalog::engine::{Conn, Db};
use crate::catalog::meta;
use crate::catalog::search::docs::{NewDoc, Standing};
use crate::catalog::search::{blocks, dirty, docs, source};
use crate::model::span::Span;
use crate::model::subject::Subject;
use crate::model::time::UtcOffset;

/// Documents that are made and written together.
const GROUP: usize = 100;
/// More subjects than this are not renewed in the transaction that changed them; they are noted, and [`drain`] renews them.
const MOST_AT_ONCE: usize = 500;
/// The key in `meta` under which the analyzer stands that made the tokens, or that they are being made anew by.
const ANALYZER_KEY: &str = "search_analyzer";

/// Renews the documents of `subjects`, and those that hold something of them, within the transaction that changed them. Where they are
/// too many, they are noted for [`drain`].
///
/// # Errors
/// When the database refuses.
pub async fn renew(conn: Conn<'_>, offset: UtcOffset, subjects: &BTreeSet<Subject>) -> Result<(), CatalogError> {
    renew_with(conn, offset, subjects, Making::default()).await
}

/// As [`renew`], and writes the documents of the clips that `new` holds, which had none.
///
/// # Errors
/// When the database refuses.
pub async fn renew_with(
    mut conn: Conn<'_>,
    offset: UtcOffset,
    subjects: &BTreeSet<Subject>,
    new: Making,
) -> Result<(), CatalogError> {
    let mut all: Vec<Subject> = with_documents(subjects.iter().copied()).collect();
    let known: HashSet<Subject> = all.iter().copied().collect();
    let dependents = dependents(conn.reborrow(), &all).await?;
    all.extend(dependents.into_iter().filter(|s| !known.contains(s) && !new.holds(*s)));
    let mut made = new.finish(conn.reborrow(), offset).await?;
    if all.len() > MOST_AT_ONCE {
        dirty::add(conn.reborrow(), &all).await?;
        all.clear();
    }
    // What is new has no document to be compared with; it is written with the first of the others.
    for group in all.chunks(GROUP).chain(all.is_empty().then_some(&[][..])) {
        let loaded = load(conn.reborrow(), offset, group).await?;
        let documents = made.drain(..).chain(loaded.into_iter().map(Made::from));
        write(conn.reborrow(), group, documents.collect()).await?;
    }
    Ok(())
}

/// Notes subjects, and those that hold something of them, to be renewed by [`drain`]: within the transaction that changes them.
///
/// # Errors
/// When the database refuses.
pub async fn mark_dirty(mut conn: Conn<'_>, subjects: &BTreeSet<Subject>) -> Result<(), CatalogError> {
    let subjects: Vec<Subject> = with_documents(subjects.iter().copied()).collect();
    if subjects.is_empty() {
        return Ok(());
    }
    let dependents = dependents(conn.reborrow(), &subjects).await?;
    dirty::add(conn.reborrow(), &subjects).await?;
    dirty::add(conn, &dependents).await
}

/// Marks the clips that an officer recorded, and the incidents in which they were hurt, within `span`: what a register says of the
/// officer then has changed.
///
/// # Errors
/// When the database refuses.
pub async fn mark_officer_dirty(conn: Conn<'_>, number: &str, span: Span) -> Result<(), CatalogError> {
    dirty::add_of_officer(conn, number, span).await
}

/// Marks the clips of a recorder: what a register says of it has changed.
///
/// # Errors
/// When the database refuses.
pub async fn mark_recorder_dirty(conn: Conn<'_>, serial: &str) -> Result<(), CatalogError> {
    dirty::add_of_recorder(conn, serial).await
}

/// Marks everything.
///
/// # Errors
/// When the database refuses.
pub async fn mark_everything_dirty(mut conn: Conn<'_>) -> Result<(), CatalogError> {
    dirty::add_all(conn.reborrow()).await?;
    meta::put(conn, ANALYZER_KEY, document::ANALYZER).await
}

/// Marks everything when the tokens in the index were made by another analyzer than this program's; for the start.
///
/// # Errors
/// When the database refuses or is away.
pub async fn adopt(db: &Db) -> Result<(), CatalogError> {
    let mut reader = db.read().await?;
    let made_by = meta::get(reader.conn(), ANALYZER_KEY).await?;
    drop(reader);
    if made_by.as_deref() == Some(document::ANALYZER) {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    mark_everything_dirty(tx.conn()).await?;
    tx.commit().await
}

/// Renews a group of what was noted, in a transaction of its own; gives how many. 0: nothing is left.
///
/// # Errors
/// When the database refuses or is away; the group is still noted.
pub async fn drain_group(db: &Db, offset: UtcOffset) -> Result<usize, CatalogError> {
    let mut tx = db.begin().await?;
    let subjects = dirty::first(tx.conn(), u32::try_from(GROUP).unwrap_or(u32::MAX)).await?;
    if subjects.is_empty() {
        return Ok(0);
    }
    renew_all(tx.conn(), offset, &subjects).await?;
    dirty::remove(tx.conn(), &subjects).await?;
    tx.commit().await?;
    Ok(subjects.len())
}

/// Renews all that was noted; gives how many.
///
/// # Errors
/// As [`drain_group`].
pub async fn drain(db: &Db, offset: UtcOffset) -> Result<usize, CatalogError> {
    if is_settled(db.read().await?.conn()).await? {
        return Ok(0);
    }
    let mut all = 0;
    loop {
        match drain_group(db, offset).await? {
            0 => return Ok(all),
            some => all += some,
        }
    }
}

/// Whether nothing is noted to be renewed. A look that only reads: a writer would have to wait for its turn.
///
/// # Errors
/// When the database is away.
pub async fn is_settled(conn: Conn<'_>) -> Result<bool, CatalogError> {
    Ok(dirty::first(conn, 1).await?.is_empty())
}

fn with_documents(subjects: impl Iterator<Item = Subject>) -> impl Iterator<Item = Subject> {
    // What people search for in an action stands in the documents of its clips; whoever changes the action touches those.
    // Holds and disposals are not searched for.
    subjects.filter(|s| matches!(s, Subject::Clip(_) | Subject::Case(_) | Subject::Incident(_)))
}

async fn dependents(conn: Conn<'_>, subjects: &[Subject]) -> Result<Vec<Subject>, CatalogError> {
    let incidents = ids(subjects, |s| matches!(s, Subject::Incident(_)));
    let cases = ids(subjects, |s| matches!(s, Subject::Case(_)));
    if incidents.is_empty() && cases.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = source::dependents(conn, &incidents, &cases).await?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn ids(subjects: &[Subject], is: impl Fn(&Subject) -> bool) -> Vec<i64> {
    subjects.iter().filter(|s| is(s)).map(|s| s.id().0).collect()
}

/// Renews documents in groups.
async fn renew_all(mut conn: Conn<'_>, offset: UtcOffset, subjects: &[Subject]) -> Result<(), CatalogError> {
    for group in subjects.chunks(GROUP) {
        let documents = load(conn.reborrow(), offset, group).await?;
        write(conn.reborrow(), group, documents.into_iter().map(Made::from).collect()).await?;
    }
    Ok(())
}

/// What the rows of these subjects make of their documents now, in no order; for checks.
///
/// # Errors
/// When the database is away or a row undecodable.
pub async fn made_of_rows(
    conn: Conn<'_>,
    offset: UtcOffset,
    subjects: &[Subject],
) -> Result<Vec<Document>, CatalogError> {
    load(conn, offset, subjects).await
}

async fn load(mut conn: Conn<'_>, offset: UtcOffset, subjects: &[Subject]) -> Result<Vec<Document>, CatalogError> {
    let clips = ids(subjects, |s| matches!(s, Subject::Clip(_)));
    let cases = ids(subjects, |s| matches!(s, Subject::Case(_)));
    let incidents = ids(subjects, |s| matches!(s, Subject::Incident(_)));
    let mut documents = Vec::with_capacity(subjects.len());
    if !clips.is_empty() {
        let clips = source::clips(conn.reborrow(), &clips).await?;
        documents.extend(clips.iter().map(|clip| document::of_clip(clip, offset)));
    }
    if !cases.is_empty() {
        let cases = source::cases(conn.reborrow(), &cases).await?;
        documents.extend(cases.iter().map(|case| document::of_case(case, offset)));
    }
    if !incidents.is_empty() {
        let incidents = source::incidents(conn, &incidents).await?;
        documents.extend(incidents.iter().map(|incident| document::of_incident(incident, offset)));
    }
    Ok(documents)
}

/// Writes what changed of the documents of `subjects`, one of which that is not among `documents` has none any more, and those of other
/// subjects, which have none yet.
async fn write(mut conn: Conn<'_>, subjects: &[Subject], documents: Vec<Made>) -> Result<(), CatalogError> {
    let standing = docs::standing(conn.reborrow(), subjects).await?;
    let mut old: HashMap<Subject, Standing> = standing.into_iter().map(|s| (s.subject, s)).collect();
    let mut gone = Vec::new();
    let mut new = Vec::new();
    for document in documents {
        let before = old.remove(&document.subject);
        if before.is_some_and(|b| b.digest == document.digest) {
            continue;
        }
        gone.extend(before.map(|b| b.key));
        let stays = before.filter(|b| key::home(b.at) == key::home(document.at)).map(|b| b.key);
        new.push((document, stays));
    }
    // What is left over here is documents of subjects that are no more.
    gone.extend(old.into_values().map(|s| s.key));
    if gone.is_empty() && new.is_empty() {
        return Ok(());
    }
    gone.sort_unstable();
    docs::remove(conn.reborrow(), &gone).await?;
    let keys = places(conn.reborrow(), &new).await?;
    let mut facets: BTreeMap<i64, Changes> = BTreeMap::new();
    for key in gone {
        facets.entry(packed::block_of(key)).or_default().insert(key, None);
    }
    let values = intern(conn.reborrow(), &new).await?;
    let mut rows = Vec::with_capacity(new.len());
    for ((document, _), key) in new.into_iter().zip(keys) {
        let counted = document.facets.iter().filter_map(|(facet, value)| {
            values.get(&(facet.as_str(), value.clone())).and_then(|id| u32::try_from(*id).ok())
        });
        facets.entry(packed::block_of(key)).or_default().insert(key, Some(counted.collect()));
        rows.push(NewDoc {
            standing: Standing { subject: document.subject, key, at: document.at, digest: document.digest },
            body: document.body,
            filters: document.filters,
            terms: document.terms,
        });
    }
    rows.sort_unstable_by_key(|row| row.standing.key);
    docs::insert(conn.reborrow(), &rows).await?;
    write_facets(conn.reborrow(), &facets).await?;
    docs::tend(conn).await
}

async fn intern(conn: Conn<'_>, new: &[(Made, Option<i64>)]) -> Result<HashMap<blocks::FacetValue, i64>, CatalogError> {
    let values: BTreeSet<blocks::FacetValue> =
        new.iter().flat_map(|(d, ..)| d.facets.iter().map(|(f, v)| (f.as_str(), v.clone()))).collect();
    blocks::intern(conn, &values.into_iter().collect::<Vec<_>>()).await
}

async fn write_facets(mut conn: Conn<'_>, changes: &BTreeMap<i64, Changes>) -> Result<(), CatalogError> {
    let numbers: Vec<i64> = changes.keys().copied().collect();
    let old: HashMap<i64, Vec<u8>> = blocks::read(conn.reborrow(), &numbers).await?.into_iter().collect();
    for (block, changes) in changes {
        let entries = packed::change(old.get(block).map(Vec::as_slice).unwrap_or_default(), changes);
        blocks::write(conn.reborrow(), *block, &entries).await?;
    }
    Ok(())
}

/// A free key for each document: the one it has, its home, or the first free place of the windows around it.
async fn places(mut conn: Conn<'_>, new: &[(Made, Option<i64>)]) -> Result<Vec<i64>, CatalogError> {
    let mut keys: Vec<Option<i64>> = new.iter().map(|(_, stays)| *stays).collect();
    let mut chosen: HashSet<i64> = keys.iter().flatten().copied().collect();
    let mut tries: Vec<_> = new
        .iter()
        .map(|(d, ..)| {
            let home = key::home(d.at);
            std::iter::once(vec![home]).chain(key::windows(home, d.subject))
        })
        .collect();
    while keys.contains(&None) {
        let open = keys.iter().zip(&mut tries).map(|(key, tries)| if key.is_none() { tries.next() } else { None });
        let candidates: Vec<Option<Vec<i64>>> = open.collect();
        let mut looked: Vec<i64> = candidates.iter().flatten().flatten().copied().collect();
        looked.sort_unstable();
        looked.dedup();
        let taken = docs::taken(conn.reborrow(), &looked).await?;
        for (key, candidates) in keys.iter_mut().zip(candidates).filter(|(key, _)| key.is_none()) {
            let Some(candidates) = candidates else { return Err(CatalogError::NoKey) };
            *key = candidates.into_iter().find(|k| !taken.contains(k) && !chosen.contains(k));
            chosen.extend(*key);
        }
    }
    Ok(keys.into_iter().flatten().collect())
}
