//! A search's answer as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::id::Id;
use crate::model::time::Micros;

/// A page of hits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchPage {
    pub(crate) items: Vec<Hit>,
    /// How many there are, when that is known and at most 10,000; on first pages and with facets. See `exact_total`.
    #[schema(required = true)]
    pub(crate) total: Option<u64>,
    /// When it is not known exactly: at least so many.
    #[schema(required = true)]
    pub(crate) total_at_least: Option<u64>,
    /// The hits counted, when asked for.
    #[schema(required = true)]
    pub(crate) facets: Option<Facets>,
    /// False: the time was up; what was found until then is here.
    pub(crate) complete: bool,
    /// True: changes of many documents are still being worked in.
    pub(crate) renewing: bool,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
}

/// Something that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchHit)]
pub(crate) struct Hit {
    /// clip, case or incident.
    #[schema(value_type = String)]
    pub(crate) kind: &'static str,
    #[schema(value_type = String)]
    pub(crate) id: Id,
    /// When it happened; of a case a time by which its year's numbers are ordered.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Micros,
    /// A clip's name, a case's number, the beginning of what happened in an incident.
    pub(crate) title: String,
    /// Texts around what was found.
    pub(crate) snippets: Vec<Snippet>,
    /// Numbers of the cases it belongs to.
    pub(crate) cases: Vec<String>,
    /// Of a clip: the first name it arrived under.
    #[schema(required = true)]
    pub(crate) name: Option<String>,
    /// Of a clip.
    #[schema(required = true)]
    pub(crate) duration_ms: Option<u64>,
    /// Conduct codes of an incident, or of a clip's incidents.
    pub(crate) codes: Vec<String>,
    /// Of an incident or a case.
    #[schema(required = true)]
    pub(crate) status: Option<String>,
    /// Of an incident, 1 to 4.
    #[schema(required = true)]
    pub(crate) severity: Option<i64>,
    /// Of an incident: its clips, with where it begins in them.
    pub(crate) clips: Vec<Place>,
}

/// A part of a text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchSnippet)]
pub(crate) struct Snippet {
    /// Which text: number, party, person, narrative, weapons, injuries, note, cause, place, officer_name, judge, role, status_why, status,
    /// name, dir, officer or recorder.
    #[schema(value_type = String)]
    pub(crate) field: &'static str,
    /// At most 120 characters, as they were written.
    pub(crate) text: String,
    /// Pairs of the first character and the one after the last, counted from 0 in characters (Unicode scalar values).
    #[schema(value_type = Vec<Vec<u64>>)]
    pub(crate) marks: Vec<[usize; 2]>,
}

/// A clip of an incident.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchPlace)]
pub(crate) struct Place {
    #[schema(value_type = String)]
    pub(crate) id: Id,
    /// Where the incident begins in it.
    pub(crate) offset_ms: i64,
}

/// Hits, counted; of each facet the 200 most frequent values.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchFacets)]
pub(crate) struct Facets {
    /// How many hits were counted: the newest, at most 200,000.
    pub(crate) over: u64,
    /// Whether these are all hits.
    pub(crate) exact: bool,
    /// By court.
    pub(crate) court: Vec<Counted>,
    /// By conduct code.
    pub(crate) code: Vec<Counted>,
    /// By month, the newest first.
    pub(crate) month: Vec<Counted>,
    /// By officer number.
    pub(crate) officer: Vec<Counted>,
    /// By measure.
    pub(crate) measure: Vec<Counted>,
}

/// A value with its number of hits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchCount)]
pub(crate) struct Counted {
    /// What to filter by.
    pub(crate) value: String,
    /// What people call it now.
    pub(crate) label: String,
    pub(crate) count: u32,
}
