//! Every damage to the ledger's rows and to what they commit to is named, on both engines.

use zhilu::audit::ledger::{Conclusion, Report, verify};
use zhilu::ledger::policy::Policy;

use crate::api::world::World;

/// Three clips, entries 0 to 2, and their confirmations, 3 to 5.
async fn world() -> World {
    let world = World::new().await;
    let mut clips = Vec::new();
    for time in ["110000", "120000", "130000"] {
        clips.push(world.clip(time).await);
    }
    for clip in clips {
        world.confirm(clip).await;
    }
    world
}

async fn report(world: &World) -> Report {
    let custody = &world.app.custody;
    let policy = Policy::of_log(custody.signer.verifier().clone());
    verify(&custody.db, &policy, None, |_, _| {}).await.unwrap()
}

const DAMAGE: [(&str, &str); 21] = [
    ("delete from ledger_entries where entry_index = 1", "entry_missing"),
    (
        "update ledger_entries set line = (select salt from custody_events where entry_index = 1) where entry_index = 1",
        "entry_altered",
    ),
    (
        "update ledger_entries set line = (select line from ledger_entries where entry_index = 0) where entry_index = 1",
        "clip_differs",
    ),
    (
        "update ledger_entries set line = (select line from ledger_entries where entry_index = 5) where entry_index = 4",
        "chain_broken",
    ),
    ("insert into ledger_entries select 6, line from ledger_entries where entry_index = 0", "entry_unsigned"),
    ("update ledger_tiles set hashes = (select root from ledger_checkpoint)", "tile_altered"),
    ("update ledger_tiles set hashes = substr(hashes, 1, 32)", "tile_altered"),
    ("delete from ledger_tiles", "tile_missing"),
    (
        "update ledger_checkpoint set note = replace(note, substr(note, length(note) - 10, 4), 'AAAA')",
        "checkpoint_altered",
    ),
    ("update ledger_checkpoint set note = 'no note'", "checkpoint_altered"),
    (
        "update ledger_checkpoint set root = (select salt from custody_events where entry_index = 0)",
        "checkpoint_altered",
    ),
    ("update ledger_checkpoint set size = size - 1", "checkpoint_altered"),
    ("update custody_events set detail = salt where entry_index = 1", "detail_altered"),
    ("update custody_events set salt = (select root from ledger_checkpoint) where entry_index = 1", "detail_altered"),
    ("update custody_events set at_us = at_us - 86400000000 where entry_index = 1", "record_differs"),
    ("update custody_events set kind = 'view' where entry_index = 3", "record_differs"),
    ("delete from custody_events where entry_index = 3", "record_missing"),
    ("update custody_events set clip_id = (select max(id) from clips) where entry_index = 3", "chain_broken"),
    ("update clips set last_entry = entry_index", "head_differs"),
    ("update clips set size_bytes = size_bytes + 1 where entry_index = 0", "clip_differs"),
    ("update clips set sha256 = (select root from ledger_checkpoint) where entry_index = 0", "clip_differs"),
];

#[tokio::test]
async fn a_whole_ledger_is_proved() {
    let report = report(&world().await).await;
    assert_eq!((report.conclusion(), report.findings.list()), (Conclusion::Proved, &[][..]));
    assert_eq!((report.entries, report.records, report.clips), (6, 6, 3));
    let vouched = report.vouched.unwrap();
    assert_eq!((vouched.head.size, Some(vouched.head.root), vouched.witnessed), (6, report.root, false));
}

#[tokio::test]
async fn every_damage_is_named() {
    for (damage, expected) in DAMAGE {
        let world = world().await;
        world.meddle(damage).await;
        let report = report(&world).await;
        assert_eq!(report.conclusion(), Conclusion::Altered, "{damage}");
        let codes: Vec<&str> = report.findings.list().iter().map(|f| f.code).collect();
        assert!(codes.contains(&expected), "{damage}: {:?}", report.findings);
    }
}

#[tokio::test]
async fn nothing_to_verify_is_not_verified() {
    let report_of_nothing = report(&World::new().await).await;
    assert_eq!(report_of_nothing.conclusion(), Conclusion::Unverifiable);
    let unsigned = world().await;
    unsigned.meddle("delete from ledger_checkpoint").await;
    let report = report(&unsigned).await;
    assert!(report.conclusion() != Conclusion::Proved && report.doubt.is_some());
    assert_eq!(report.entries, 6, "the entries are looked at all the same");
}
