//! Which case a clip belongs to, and why. Pure: no I/O, no clock; what a person set is not known here and never
//! overwritten.

mod number;
mod unfiled;

use crate::model::case::LinkMethod;
use crate::model::case_number::CaseNumber;

pub use number::match_by_number;
pub use unfiled::{Place, UnfiledReason};

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
    /// Which text named it, as a Chinese sentence for people.
    pub reason: String,
}

/// What came of matching. Several links are normal: one outing may serve a chain of cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchResult {
    /// The links, those by name first, each case once.
    pub links: Vec<ProposedLink>,
    /// Why the clip is 未归案; `None` exactly when there are links.
    pub unfiled_reason: Option<UnfiledReason>,
}
