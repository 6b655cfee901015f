//! Parts of a document's texts around what was found, with marks on it.

use std::ops::Range;

use super::document::{Field, fields};
use super::fold::{fold, fold_with_origin};
use super::query::Plan;
use crate::catalog::search::docs::Doc;
use crate::model::case_number::mentions;

/// Most snippets of a document.
const MOST_SNIPPETS: usize = 3;
/// Longest snippet, in characters.
const MOST_CHARS: usize = 120;
/// Characters before the first mark.
const LEAD: usize = 30;

/// A part of a text with what was found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The field it is from.
    pub field: Field,
    /// The part, as it was written.
    pub text: String,
    /// First character and the one after the last of each place that was found, counted from the start of `text`.
    pub marks: Vec<(usize, usize)>,
}

/// The snippets of a document, those of the weightiest fields first.
pub fn of(plan: &Plan, doc: &Doc) -> Vec<Snippet> {
    let mut found: Vec<(Field, &str, Vec<Range<usize>>)> = Vec::new();
    for (field, text) in fields(&doc.body) {
        let places = places(plan, text);
        if !places.is_empty() {
            found.push((field, text, places));
        }
    }
    found.sort_by_key(|(field, ..)| *field);
    found.into_iter().take(MOST_SNIPPETS).map(|(field, text, places)| cut(field, text, &places)).collect()
}

/// What a hit is worth: the number of places, each weighed by its field.
pub fn score(plan: &Plan, doc: &Doc) -> u32 {
    let weigh = |(field, text): (Field, &str)| {
        let folded = fold(text);
        let texts: usize = plan.texts().into_iter().map(|t| folded.matches(t).count()).sum();
        field.weight().saturating_mul(u32::try_from(texts + numbers(plan, text).len()).unwrap_or(u32::MAX))
    };
    fields(&doc.body).map(weigh).fold(0, u32::saturating_add)
}

/// The case numbers in the text that the query asks for, in bytes.
fn numbers(plan: &Plan, text: &str) -> Vec<Range<usize>> {
    let wanted = plan.numbers();
    if wanted.is_empty() {
        return Vec::new();
    }
    let found = mentions(text).into_iter().filter(|f| wanted.iter().any(|w| w.covers(&f.part)));
    found.map(|f| f.range).collect()
}

/// What was found in the text, in characters, in order and not touching each other.
fn places(plan: &Plan, text: &str) -> Vec<Range<usize>> {
    let chars_before = |byte: usize| text.get(..byte).map_or(0, |t| t.chars().count());
    let numbers = numbers(plan, text).into_iter().map(|r| chars_before(r.start)..chars_before(r.end));
    let mut places: Vec<Range<usize>> = numbers.collect();
    let texts = plan.texts();
    let folded = fold(text);
    if texts.iter().any(|t| folded.contains(t)) {
        let folded = fold_with_origin(text);
        for wanted in texts {
            let length = wanted.chars().count();
            for (byte, _) in folded.text.match_indices(wanted) {
                let first = folded.text.get(..byte).map_or(0, |t| t.chars().count());
                let (start, end) = (folded.origin.get(first), folded.origin.get(first + length - 1));
                places.extend(start.zip(end).map(|(start, end)| start.start..end.end));
            }
        }
    }
    places.sort_unstable_by_key(|r| (r.start, r.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(places.len());
    for place in places {
        match joined.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => joined.push(place),
        }
    }
    joined
}

fn cut(field: Field, text: &str, places: &[Range<usize>]) -> Snippet {
    let length = text.chars().count();
    let first = places.first().map_or(0, |p| p.start);
    let start = if length <= MOST_CHARS { 0 } else { first.saturating_sub(LEAD).min(length - MOST_CHARS) };
    let part: String = text.chars().skip(start).take(MOST_CHARS).collect();
    let end = start + part.chars().count();
    let marks = places.iter().filter(|p| p.start < end && p.end > start);
    let marks = marks.map(|p| (p.start.max(start) - start, p.end.min(end) - start)).collect();
    Snippet { field, text: part, marks }
}
