//! What is wrong, named.

use std::collections::HashSet;

use serde::Serialize;

/// Most findings that are kept; where everything was exchanged there is one for each thing.
const MOST: usize = 1000;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Finding {
    /// A stable word: `object_missing`, `object_truncated`, `object_altered`, `object_unreadable`, `object_extra`, `entry_missing`, …
    pub code: &'static str,
    /// What, named.
    pub subject: String,
    /// What was found, for people.
    pub detail: String,
}

/// Findings in the order in which they were made, each subject once for a code.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    more: u64,
    known: HashSet<(&'static str, String)>,
}

impl Findings {
    /// Adds a finding, unless the same is known of the subject.
    pub fn add(&mut self, code: &'static str, subject: impl ToString, detail: impl ToString) {
        self.push(Finding { code, subject: subject.to_string(), detail: detail.to_string() });
    }

    /// Adds a finding that was made elsewhere.
    pub fn push(&mut self, finding: Finding) {
        if self.list.len() >= MOST {
            self.more += 1;
        } else if self.known.insert((finding.code, finding.subject.clone())) {
            self.list.push(finding);
        }
    }

    /// Counts findings that were not kept where they were made.
    pub fn add_more(&mut self, count: u64) {
        self.more += count;
    }

    /// Those that are kept.
    pub fn list(&self) -> &[Finding] {
        &self.list
    }

    /// Number of those that are not.
    pub fn more(&self) -> u64 {
        self.more
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
