//! What is wrong or odd in a file, kept short however much of it there is.

use crate::model::media::Anomaly;

/// Most anomalies kept for one file (the limit of `MediaFacts::anomalies`).
const MOST: usize = 64;
/// Most of one code, so that one fault repeated a thousand times leaves room for the others.
const MOST_OF_A_CODE: usize = 8;
/// Most characters of a detail.
const DETAIL: usize = 200;

/// Anomalies, and what they mean for the file's health.
#[derive(Debug, Default)]
pub(super) struct Findings {
    anomalies: Vec<Anomaly>,
    /// The index itself is not whole.
    pub(super) damaged: bool,
    /// The index is whole as far as known, but something it stands beside or points at is cut.
    pub(super) partial: bool,
}

impl Findings {
    /// Notes an anomaly, unless the same one stands there or its code has been noted often enough.
    pub(super) fn note(&mut self, code: &str, offset: Option<u64>, detail: impl Into<Option<String>>) {
        let of_this_code = self.anomalies.iter().filter(|a| a.code == code);
        let (mut count, mut known) = (0, false);
        for anomaly in of_this_code {
            count += 1;
            known |= anomaly.offset == offset;
        }
        if known || count >= MOST_OF_A_CODE || self.anomalies.len() >= MOST {
            return;
        }
        let detail = detail.into().map(|d| d.chars().take(DETAIL).collect());
        self.anomalies.push(Anomaly { code: code.to_owned(), offset, detail });
    }

    /// The anomalies, in the order they were met.
    pub(super) fn into_anomalies(self) -> Vec<Anomaly> {
        self.anomalies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_fault_leaves_room_for_others() {
        let mut findings = Findings::default();
        for i in 0..1000 {
            findings.note("overrun", Some(i), "x".repeat(500));
        }
        findings.note("no_moov", None, None);
        findings.note("no_moov", None, None);
        let kept = findings.into_anomalies();
        assert_eq!(kept.len(), MOST_OF_A_CODE + 1);
        assert!(kept.iter().all(|a| a.detail.as_ref().is_none_or(|d| d.len() == DETAIL)));
    }
}
