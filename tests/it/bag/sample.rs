//! A bag with everything in it that a bag may have.

use serde_json::json;
use zhilu::ledger::entry::EntryKind;

use super::court::Court;
use super::files::Files;

/// The bag, who made it, and where what is in it.
pub(crate) struct Sample {
    pub(crate) court: Court,
    pub(crate) files: Files,
    /// A clip with SM3 that was viewed and exported before.
    pub(crate) clip: u64,
    /// Another clip.
    pub(crate) other: u64,
    /// The entry of a look at `clip`.
    pub(crate) view: u64,
    /// The entry of the older export of `clip`.
    pub(crate) older: u64,
    /// The entries of an incident.
    pub(crate) incident: [u64; 3],
    /// A batch of looks.
    pub(crate) batch: u64,
    /// The table of rules.
    pub(crate) rules: u64,
    /// A clip that was disposed of.
    pub(crate) disposed: u64,
    /// Its last entry.
    pub(crate) disposal: u64,
    /// The entry of this export for `clip`.
    pub(crate) export: u64,
}

impl Sample {
    pub(crate) fn new(witnesses: usize, quorum: usize) -> Self {
        Self::of(Court::new(1, witnesses, quorum))
    }

    /// What happens at `court`.
    pub(crate) fn of(mut court: Court) -> Self {
        court.beside(EntryKind::Node, None, json!({"version": "0.1.0"}), false);
        let table = json!({"notice_days": 30, "rules": [{"applies_to": "ordinary", "id": "R1", "months": 6}]});
        let rules = court.beside(EntryKind::Rules, None, table, true);
        let disposed = court.take(b"was disposed of", None, false);
        court.event_with(disposed, json!({"event": "hold", "hold": "8001"}), "张三");
        court.event_with(disposed, json!({"event": "lift", "hold": "8001"}), "张三");
        let clip = court.take(&[7; 5000], Some("T8C-000123"), true);
        let sidecar = court.take(b"<Record><Sn>T8C-000123</Sn></Record>", Some("T8C-000123"), false);
        court.event(clip, "fixity_check", "scrub");
        let amend = |event: &str| json!({"event": event, "incident": "9001"});
        let first = court.beside(EntryKind::Amend, None, amend("create"), true);
        let view = court.event(clip, "view", "token:张三");
        let batch = json!({"event": "fixity_check", "objects": 2, "outcome": "success"});
        let batch = court.beside(EntryKind::Event, None, batch, true);
        let other = court.take(&[8; 5000], Some("T8C-000124"), true);
        court.event(sidecar, "link", "intake");
        let second = court.beside(EntryKind::Amend, Some(first), amend("change"), true);
        let elsewhere = json!({"sha256": "0".repeat(64), "size": 1});
        court.beside(EntryKind::Clip, None, elsewhere, false);
        let older = json!({"event": "export", "export": "6001", "manifest": "ab".repeat(32)});
        let older = court.event_with(clip, older, "李四");
        let third = court.beside(EntryKind::Amend, Some(second), amend("status"), true);
        court.dispose(disposed, rules, &json!({}));
        let disposal = court.lines.len() as u64 - 1;
        let files = court.export();
        let export = court.heads[&clip];
        let incident = [first, second, third];
        Self { court, files, clip, other, view, older, incident, batch, rules, disposed, disposal, export }
    }

    /// The entry before `index` in its chain, and the one after.
    pub(crate) fn line(&self, index: u64) -> String {
        self.files.text(&format!("log/{index}.json"))
    }
}
