//! Adding to the list of what is wrong or odd in a file, within its bounds.

use crate::model::media::{Anomaly, MediaFacts};

/// Most anomalies kept for a file.
pub const MOST: usize = 64;
/// Most characters of a detail.
const DETAIL_CHARS: usize = 200;

/// An anomaly, its detail cut to what the model allows.
pub fn anomaly(code: &str, offset: Option<u64>, detail: Option<String>) -> Anomaly {
    let detail = detail.map(|d| d.chars().take(DETAIL_CHARS).collect());
    Anomaly { code: code.to_owned(), offset, detail }
}

/// Adds an anomaly; what comes after the first 64 is dropped, they are the ones that explain the rest.
pub fn note(facts: &mut MediaFacts, code: &str, offset: Option<u64>, detail: Option<String>) {
    if facts.anomalies.len() < MOST {
        facts.anomalies.push(anomaly(code, offset, detail));
    }
}
