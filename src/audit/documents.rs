//! Whether what is found by a search is what the catalog holds: every clip, case and incident has its search document, no document is
//! without one of them, and each is what its rows make of it, in the table and in the index.

use std::collections::HashMap;

use super::check::Report;
use crate::catalog::CatalogError;
use crate::catalog::engine::Db;
use crate::catalog::search::compare;
use crate::catalog::search::docs::{self, Standing};
use crate::clock::random_bytes;
use crate::model::subject::Subject;
use crate::model::time::UtcOffset;
use crate::search::document::Document;
use crate::search::index;
use crate::search::query::every_document;

/// Most findings of a kind that are named.
const MOST_NAMED: u32 = 1000;
/// Documents compared at a time.
const PAGE: u32 = 100;
/// Places at which a sample looks, each at a page of documents.
const SAMPLED_PLACES: usize = 10;

/// Checks the search documents: a sample of them, or with `deep` all. Those that are noted to be renewed are passed over.
///
/// # Errors
/// When the database is away. What is wrong is in the report.
pub async fn check(db: &Db, offset: UtcOffset, deep: bool, report: &mut Report) -> Result<(), CatalogError> {
    check_pairs(db, report).await?;
    let mut reader = db.read().await?;
    let Some((first, last)) = compare::bounds(reader.conn()).await? else { return Ok(()) };
    drop(reader);
    if deep {
        let mut after = first.saturating_sub(1);
        while let Some(last) = compare_page(db, offset, after, report).await? {
            after = last;
        }
        // It reads the index as a whole, and is asked for by a statement that writes nothing.
        let mut tx = db.begin().await?;
        if let Err(error) = docs::check(tx.conn()).await {
            report.findings.add("index_damaged", "search_index", error.to_string());
        }
        return Ok(());
    }
    // In the order of keys, so that no document is looked at twice.
    let mut done = i64::MIN;
    for place in places(first, last) {
        if let Some(last) = compare_page(db, offset, place.max(done), report).await? {
            done = last;
        }
    }
    Ok(())
}

fn named(subject: Subject) -> String {
    format!("{} {}", subject.kind(), subject.id())
}

/// Whether subjects and documents belong together one by one.
async fn check_pairs(db: &Db, report: &mut Report) -> Result<(), CatalogError> {
    let mut reader = db.read().await?;
    report.documents_due = compare::noted(reader.conn()).await?;
    for subject in compare::lacking(reader.conn(), MOST_NAMED).await? {
        report.findings.add("document_missing", named(subject), "a search does not find it");
    }
    for subject in compare::stray(reader.conn(), MOST_NAMED).await? {
        report.findings.add("document_extra", named(subject), "a search finds what is not there");
    }
    for key in compare::indexed_without_document(reader.conn(), &every_document(), MOST_NAMED).await? {
        report.findings.add("document_extra", key, "the index holds the key, but there is no document");
    }
    Ok(())
}

/// Where a sample looks: behind keys chosen at random, the first among them.
fn places(first: i64, last: i64) -> Vec<i64> {
    let span = last.saturating_sub(first).unsigned_abs().max(1);
    let mut places = vec![first.saturating_sub(1)];
    while places.len() < SAMPLED_PLACES {
        // Without randomness the sample is what was drawn so far.
        let Ok(random) = random_bytes::<8>() else { break };
        places.push(first.saturating_add_unsigned(u64::from_le_bytes(random) % span));
    }
    places.sort_unstable();
    places
}

/// Compares a page of documents after the key `after` with what their rows make of them now; gives the last key.
async fn compare_page(
    db: &Db,
    offset: UtcOffset,
    after: i64,
    report: &mut Report,
) -> Result<Option<i64>, CatalogError> {
    let mut reader = db.read().await?;
    let page = docs::page_for_check(reader.conn(), after, PAGE).await?;
    let subjects: Vec<Subject> = page.iter().map(|(_, subject)| *subject).collect();
    let noted = compare::noted_among(reader.conn(), &subjects).await?;
    let standing = docs::standing(reader.conn(), &subjects).await?;
    let made = index::made_of_rows(reader.conn(), offset, &subjects).await?;
    let made: HashMap<Subject, Document> = made.into_iter().map(|document| (document.subject, document)).collect();
    for Standing { subject, key, digest, .. } in standing.into_iter().filter(|s| !noted.contains(&s.subject)) {
        // One without a subject was named already.
        let Some(document) = made.get(&subject) else { continue };
        report.documents += 1;
        if document.digest() != digest {
            report.findings.add(
                "document_outdated",
                named(subject),
                "its search document is not what its rows make of it",
            );
        } else if !compare::has_tokens(reader.conn(), key, &document.terms()).await? {
            report.findings.add("document_altered", named(subject), "the index holds other words than its texts");
        }
    }
    Ok(page.last().map(|(key, _)| *key))
}
