//! Search: the rows that documents are made of, the documents and their index, and what is still to be renewed.
//!
//! The two engines index differently (FTS5, and a text vector under GIN), so each has its own statements in `docs` and `hits`; all
//! that is decided about documents is decided above, once for both.

pub mod blocks;
pub mod compare;
pub mod details;
pub mod dirty;
pub mod docs;
pub mod expr;
pub mod hits;
pub mod source;
mod spans;

use crate::model::id::Id;
use crate::model::subject::Subject;

/// The number of a subject's kind in these tables; none for what has no document.
fn kind_of(subject: Subject) -> Option<i64> {
    match subject {
        Subject::Clip(_) => Some(CLIP),
        Subject::Case(_) => Some(CASE),
        Subject::Incident(_) => Some(INCIDENT),
        Subject::Action(_) | Subject::Export(_) | Subject::Hold(_) | Subject::Disposal(_) => None,
    }
}

const CLIP: i64 = 1;
const CASE: i64 = 2;
const INCIDENT: i64 = 3;

/// The subject of a row; none when the kind's number is not one of ours.
fn subject_of(kind: i64, id: i64) -> Option<Subject> {
    match kind {
        CLIP => Some(Subject::Clip(Id(id))),
        CASE => Some(Subject::Case(Id(id))),
        INCIDENT => Some(Subject::Incident(Id(id))),
        _ => None,
    }
}

/// Pushes `$1, $2, …)` for the values, with what the list stands behind before it. The last value is repeated up to a usual length.
macro_rules! push_list {
    ($query:expr, $values:expr) => {{
        let mut list = $query.separated(", ");
        for value in $crate::catalog::portions::padded($values) {
            list.push_bind(*value);
        }
        $query.push(")");
    }};
}
use push_list;
