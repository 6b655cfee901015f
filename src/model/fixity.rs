//! Fixity: whether an object still is what was accepted.

use serde::Serialize;

/// What a look at an object found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FixityResult {
    /// Its size and digests are what they were.
    Equal,
    /// Its bytes hash to something else.
    Altered,
    /// It is shorter than it was.
    Truncated,
    /// It is not there.
    Missing,
    /// The device or the system would not give its bytes: nothing is known.
    Unreadable,
}

impl FixityResult {
    /// Every result.
    pub const ALL: [Self; 5] = [Self::Equal, Self::Altered, Self::Truncated, Self::Missing, Self::Unreadable];

    /// The word for it in the database, the ledger and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Altered => "altered",
            Self::Truncated => "truncated",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Who looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FixitySource {
    /// The read-back that confirmed the clip: every object's first.
    Confirm,
    /// `zhilu verify`.
    Verify,
    /// The daemon's scrub.
    Scrub,
}

impl FixitySource {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Confirm, Self::Verify, Self::Scrub];

    /// The word for it in the database, the ledger and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Verify => "verify",
            Self::Scrub => "scrub",
        }
    }
}

/// Runs of whole numbers, each from its first to its last, as short as a list of many can be written: what a batch of checks names its
/// objects by.
pub fn runs(numbers: impl IntoIterator<Item = u64>) -> Vec<[u64; 2]> {
    let mut sorted: Vec<u64> = numbers.into_iter().collect();
    sorted.sort_unstable();
    let mut runs: Vec<[u64; 2]> = Vec::new();
    for number in sorted {
        match runs.last_mut() {
            Some([_, last]) if number <= last.saturating_add(1) => *last = number,
            _ => runs.push([number, number]),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_run() {
        assert_eq!(runs([]), Vec::<[u64; 2]>::new());
        assert_eq!(runs([7, 3, 4, 5, 9, 4]), [[3, 5], [7, 7], [9, 9]]);
        assert_eq!(runs([u64::MAX, u64::MAX - 1]), [[u64::MAX - 1, u64::MAX]]);
    }
}
