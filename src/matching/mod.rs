//! Which case a clip belongs to, and why. Pure: no I/O, no clock.
//!
//! A clip is linked by, the strongest first: a person; the case number in its name, folders or sidecar; an action of its officer or
//! recorder at its time ([`action`]); another segment of its recording that is linked ([`plan`]). What a person set, a link or a
//! refusal, is an input here and never changed.

pub mod action;
pub mod coverage;
pub mod footage;
mod number;
pub mod plan;
pub mod register;
mod unfiled;

use crate::model::case::LinkMethod;
use crate::model::case_number::CaseNumber;
use crate::model::reason::Reason;
use crate::model::time::{SECOND_US, UtcOffset};

pub use number::match_by_number;
pub use unfiled::{Place, Unfiled, UnfiledReason};

/// The settings of matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How far outside an action's window a clip may begin, in microseconds.
    pub buffer_us: i64,
    /// Longest pause between two segments of one recording, in microseconds.
    pub segment_gap_us: i64,
    /// The distance from UTC in which sentences give times.
    pub utc_offset: UtcOffset,
}

impl Default for Rules {
    fn default() -> Self {
        Self { buffer_us: 300 * SECOND_US, segment_gap_us: 10 * SECOND_US, utc_offset: UtcOffset::CHINA }
    }
}

/// What is known of a clip that may name a case.
#[derive(Debug, Clone, Copy)]
pub struct MatchInput<'a> {
    /// The file's name.
    pub name: &'a str,
    /// The folders between the upload folder and the file, separated by `/`.
    pub relative_dir: &'a str,
    /// The case numbers its sidecars hold.
    pub sidecar_numbers: &'a [CaseNumber],
}

/// A case that a clip shall be linked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedLink {
    /// The case; the document (`之一`) it was named with is kept in it.
    pub number: CaseNumber,
    /// The strongest place that names it.
    pub method: LinkMethod,
    /// Which text named it.
    pub reason: Reason,
}

/// What came of matching by number. Several links are normal: one outing may serve a chain of cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchResult {
    /// The links, those by name first, each case once.
    pub links: Vec<ProposedLink>,
    /// Why nothing names a case; `None` exactly when there are links.
    pub unfiled_reason: Option<UnfiledReason>,
}
