//! The chains: each entry about a thing names the one before, from the first to the newest, without a fork or a gap.

use std::collections::HashSet;

use super::{PAGE, Report};
use crate::catalog::CatalogError;
use crate::catalog::engine::Reader;
use crate::catalog::records::{self, HeadRow, NamingRow};
use crate::ledger::entry::{Entry, EntryKind};

/// Most things that are kept whose newest entry is beyond the log.
const MOST_BEYOND: usize = 1000;

/// What each entry so far is about. Ids of all kinds come from one generator, so an id is enough to tell things apart.
#[derive(Debug, Default)]
pub(super) struct Chains {
    /// The id of what each entry is about; 0: of nothing, or not known.
    subjects: Vec<i64>,
    /// Whether a later entry names it as the one before.
    followed: Vec<bool>,
    /// Things that are no clip whose first entry was met.
    begun: HashSet<i64>,
}

impl Chains {
    /// Adds an entry that cannot be read.
    pub(super) fn skip(&mut self, subject: Option<(&str, i64)>) {
        self.subjects.push(subject.map_or(0, |(_, id)| id));
        self.followed.push(false);
    }

    /// Adds an entry about `subject`, the row's word for it.
    pub(super) fn push(&mut self, index: u64, entry: &Entry, subject: Option<(&str, i64)>, report: &mut Report) {
        match (subject, entry.prev) {
            // A batch of looks is about no single thing: nothing comes before it.
            (None, _) | (Some((records::OBJECTS, _)), None) => {}
            (Some((_, id)), Some(before)) => self.follow(index, before, id, report),
            (Some((_, id)), None) => self.begin(index, entry.kind, id, report),
        }
        self.skip(subject);
    }

    fn follow(&mut self, index: u64, before: u64, id: i64, report: &mut Report) {
        let at = usize::try_from(before).unwrap_or(usize::MAX);
        let problem = match (self.subjects.get(at), self.followed.get_mut(at)) {
            (Some(subject), _) if *subject != id => "is about something else",
            (Some(_), Some(followed)) if !*followed => {
                *followed = true;
                return;
            }
            (Some(_), _) => "is followed by another entry already",
            (None, _) => "does not come before it",
        };
        report.findings.add("chain_broken", index, format!("it follows entry {before}, which {problem}"));
    }

    fn begin(&mut self, index: u64, kind: EntryKind, id: i64, report: &mut Report) {
        let right = match kind {
            EntryKind::Clip => true,
            EntryKind::Amend => self.begun.insert(id),
            _ => false,
        };
        if !right {
            report.findings.add(
                "chain_broken",
                index,
                format!("it follows nothing, though {id} has entries before it"),
            );
        }
    }

    /// Whether the newest entry of each thing is the last of its chain. What was added after `size` entries is not looked at; gives some
    /// of the things that say so of theirs.
    pub(super) async fn check_heads(
        &self,
        reader: &mut Reader,
        size: u64,
        report: &mut Report,
    ) -> Result<Vec<NamingRow>, CatalogError> {
        let mut after = (String::new(), i64::MIN);
        let mut beyond = Vec::new();
        loop {
            let page = records::heads(reader.conn(), (&after.0, after.1), PAGE).await?;
            let Some(last) = page.last() else { return Ok(beyond) };
            after = (last.subject.clone(), last.id);
            for row in page {
                if row.last_entry.cast_unsigned() < size {
                    self.check_head(&row, report);
                } else if beyond.len() < MOST_BEYOND {
                    beyond.push(NamingRow { entry_index: row.last_entry, subject: row.subject, id: row.id });
                }
            }
        }
    }

    fn check_head(&self, row: &HeadRow, report: &mut Report) {
        let at = usize::try_from(row.last_entry).unwrap_or(usize::MAX);
        let problem = match (self.subjects.get(at), self.followed.get(at)) {
            (Some(subject), _) if *subject != row.id => "is about something else",
            (_, Some(true)) => "is followed by another",
            (Some(_), Some(false)) => return,
            _ => "is not there",
        };
        let (name, entry) = (format!("{} {}", row.subject, row.id), row.last_entry);
        report.findings.add("head_differs", name, format!("its newest entry should be {entry}, which {problem}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::model::time::Micros;

    fn entry(kind: EntryKind, prev: Option<u64>) -> Entry {
        Entry { at: Micros(0), kind, prev, public: Map::new(), commit: [0; 32] }
    }

    fn found(entries: &[(EntryKind, Option<u64>, i64)], heads: &[(i64, i64)]) -> Vec<String> {
        let (mut chains, mut report) = (Chains::default(), Report::default());
        for (index, (kind, prev, id)) in (0..).zip(entries) {
            chains.push(index, &entry(*kind, *prev), Some(("x", *id)), &mut report);
        }
        for (id, last_entry) in heads {
            chains.check_head(&HeadRow { subject: "x".to_owned(), id: *id, last_entry: *last_entry }, &mut report);
        }
        report.findings.list().iter().map(|f| format!("{} {}", f.code, f.subject)).collect()
    }

    #[test]
    fn whole_chains_hold_and_every_break_is_named() {
        use EntryKind::{Amend, Clip, Event};
        let good = [
            (Clip, None, 7),
            (Clip, None, 8),
            (Event, Some(0), 7),
            (Amend, None, 9),
            (Event, Some(2), 7),
            (Amend, Some(3), 9),
        ];
        assert!(found(&good, &[(7, 4), (8, 1), (9, 5)]).is_empty());
        assert_eq!(found(&good, &[(7, 2)]), ["head_differs x 7"], "a hidden end");
        assert_eq!(found(&good, &[(7, 5)]), ["head_differs x 7"], "another's end");
        assert_eq!(found(&good, &[(7, 99)]), ["head_differs x 7"]);
        assert_eq!(found(&[(Clip, None, 7), (Clip, None, 8), (Event, Some(1), 7)], &[]), ["chain_broken 2"]);
        assert_eq!(
            found(&[(Clip, None, 7), (Event, Some(0), 7), (Event, Some(0), 7)], &[]),
            ["chain_broken 2"],
            "a fork"
        );
        assert_eq!(found(&[(Clip, None, 7), (Event, Some(1), 7)], &[]), ["chain_broken 1"], "itself");
        assert_eq!(found(&[(Clip, None, 7), (Event, Some(u64::MAX), 7)], &[]), ["chain_broken 1"]);
        assert_eq!(found(&[(Event, None, 7)], &[]), ["chain_broken 0"]);
        assert_eq!(found(&[(Amend, None, 9), (Amend, None, 9)], &[]), ["chain_broken 1"]);
    }
}
