use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::key::SignerKey;
use crate::ledger::merkle::{inclusion_proof, inclusion_ranges, leaf_hash};
use crate::ledger::tile::{LogState, TileSet};

const ORIGIN: &str = "court.example/zhilu";
const ACCEPTED: Micros = Micros(1_795_510_327_123_456);
const CONFIRMED: Micros = Micros(1_795_510_330_500_000);

fn key() -> SignerKey {
    SignerKey::from_seed(ORIGIN.parse().unwrap(), &[1; 32])
}

fn policy() -> Policy {
    Policy::of_log(key().verifier().clone())
}

fn clip() -> ReceiptClip {
    ReceiptClip {
        id: Id(7),
        sha256: Sha256Digest([0xab; 32]),
        sm3: Some(Sm3Digest([0xcd; 32])),
        size_bytes: 1_234_567,
        recorded_at: "2024-05-08T05:29:20Z".parse().unwrap(),
        recorder: Some("0012345".to_owned()),
        sequence: Some(1),
        officer: Some("001234".to_owned()),
        cases: vec!["（2021）吉0721执123号".to_owned()],
        names: vec!["0012345_00123420240508132920_0001.mp4".to_owned()],
    }
}

fn public(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn entry(at: Micros, kind: EntryKind, prev: Option<u64>, value: Value) -> Vec<u8> {
    Entry { at, kind, prev, public: public(value), commit: [3; 32] }.to_line().unwrap()
}

/// A log with another clip's entries among those of ours: 1, 3, 4.
fn lines() -> Vec<Vec<u8>> {
    let facts = json!({
        "sha256": clip().sha256, "sm3": clip().sm3, "size": 1_234_567, "recorder": "0012345", "seq": 1,
        "start": "2024-05-08T05:29:20Z",
    });
    let check = json!({"event": "fixity_check", "outcome": "success"});
    vec![
        entry(ACCEPTED, EntryKind::Clip, None, json!({"sha256": "00".repeat(32), "size": 1})),
        entry(ACCEPTED, EntryKind::Clip, None, facts),
        entry(CONFIRMED, EntryKind::Event, Some(0), check.clone()),
        entry(ACCEPTED, EntryKind::Event, Some(1), json!({"event": "link", "method": "path"})),
        entry(CONFIRMED, EntryKind::Event, Some(3), check),
        entry(CONFIRMED, EntryKind::Event, Some(4), json!({"event": "release"})),
    ]
}

fn receipt_of(lines: &[Vec<u8>], chain: &[u64]) -> Receipt {
    let size = lines.len() as u64;
    let mut state = LogState::new();
    let leaves: Vec<Hash> = lines.iter().map(|line| leaf_hash(line)).collect();
    let tile = state.append(&leaves).remove(0);
    let mut set = TileSet::new(size);
    let included = chain.iter().map(|index| {
        let missing = set.missing(&inclusion_ranges(*index, size).unwrap());
        missing.into_iter().for_each(|id| set.insert(id, tile.clone()).unwrap());
        let hashes = inclusion_proof(&set, *index, size).unwrap();
        Included { index: *index, line: lines[usize::try_from(*index).unwrap()].clone(), hashes }
    });
    let included = included.collect();
    let note = Checkpoint::new(ORIGIN.parse().unwrap(), size, state.root()).sign(&key()).unwrap();
    Receipt::new(clip(), (ACCEPTED, CONFIRMED), UtcOffset::CHINA, key().verifier(), &note, included)
}

fn receipt() -> Receipt {
    receipt_of(&lines(), &[1, 3, 4])
}

fn refused(change: impl FnOnce(&mut Receipt)) -> NotHeld {
    let mut receipt = receipt();
    change(&mut receipt);
    receipt.verify(&policy()).unwrap_err()
}

#[test]
fn a_receipt_reads_as_it_was_written_and_holds() {
    let receipt = receipt();
    assert_eq!(Receipt::parse(receipt.to_json().as_bytes()).unwrap(), receipt);
    let checked = receipt.verify(&policy()).unwrap();
    assert_eq!((checked.index, checked.clip), (1, clip()));
    assert_eq!(checked.accepted.to_string(), "2026-11-24T08:52:07Z");
    assert_eq!(checked.confirmed.to_string(), "2026-11-24T08:52:10Z");
    let proven = receipt.tlog_proof().unwrap().verify(&policy()).unwrap();
    assert_eq!(proven.index, 1);
}

#[test]
fn whatever_it_says_otherwise_than_the_ledger_is_found() {
    type Change = (&'static str, fn(&mut Receipt));
    let changes: [Change; 11] = [
        ("sha256", |r| r.clip.sha256 = Sha256Digest([0; 32])),
        ("sm3", |r| r.clip.sm3 = None),
        ("size", |r| r.clip.size_bytes += 1),
        ("recorder", |r| r.clip.recorder = None),
        ("sequence", |r| r.clip.sequence = Some(2)),
        ("recorded_at", |r| r.clip.recorded_at = Micros(r.clip.recorded_at.0 - 86_400_000_000)),
        ("accepted_at", |r| r.accepted_at = Micros(r.accepted_at.0 - 1_000_000)),
        ("confirmed_at", |r| r.confirmed_at = r.accepted_at),
        ("line", |r| r.entries[0].line = r.entries[0].line.replace("1234567", "1234568")),
        ("index", |r| r.entries[1].index = 2),
        ("proof", |r| drop(r.entries[2].proof.pop())),
    ];
    for (what, change) in changes {
        let error = refused(change);
        assert!(error.is_forgery(), "{what}: {error}");
    }
    assert!(!refused(|r| r.entries[0].proof[0] = "*".to_owned()).is_forgery());
    assert!(!refused(|r| r.checkpoint.clear()).is_forgery());
}

#[test]
fn the_chain_must_be_whole_and_end_in_a_success() {
    for (chain, what) in [
        (&[1, 4][..], "a hidden entry"),
        (&[1, 3], "no confirmation"),
        (&[3, 4], "no clip"),
        (&[1, 3, 4, 5], "an end that confirms nothing"),
        (&[1, 3, 2], "another clip's confirmation"),
        (&[1, 1, 3, 4], "one twice"),
        (&[], "nothing"),
    ] {
        let error = receipt_of(&lines(), chain).verify(&policy()).unwrap_err();
        assert!(matches!(error, NotHeld::Contradiction { .. }), "{what}: {error}");
    }
    let mut failed = lines();
    failed[4] = entry(CONFIRMED, EntryKind::Event, Some(3), json!({"event": "fixity_check", "outcome": "fail"}));
    assert!(receipt_of(&failed, &[1, 3, 4]).verify(&policy()).is_err());
}

#[test]
fn the_page_shows_it_and_loads_nothing() {
    let mut receipt = receipt();
    receipt.clip.names = vec!["<script>alert(1)</script>.mp4".to_owned()];
    let page = receipt.to_html();
    assert!(page.contains("abab abab abab") && page.contains("cdcd cdcd") && page.contains("1 234 567"));
    assert!(page.contains("（2021）吉0721执123号") && page.contains("2026年11月24日 16:52:07（UTC+08:00）"));
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
    for never in ["http:", "https:", "//", "url(", "src=", "href=", "{sha256}", "{sm3}"] {
        assert!(!page.contains(never), "{never}");
    }
    receipt.clip.sm3 = None;
    assert!(!receipt.to_html().contains("SM3"));
}

#[test]
fn what_is_no_receipt() {
    let text = receipt().to_json();
    let error = |text: &str| Receipt::parse(text.as_bytes()).unwrap_err();
    assert!(matches!(error("{}"), ReceiptFormError::Json(_)));
    assert!(matches!(error(&text.replace("receipt/1", "receipt/2")), ReceiptFormError::Format(_)));
    assert!(matches!(error(&text.replacen("{", "{\"more\":1,", 1)), ReceiptFormError::Json(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_flipped_bit_is_refused_or_changes_nothing_that_is_proved(at: prop::sample::Index, bit in 0..8u8) {
        let mut bytes = receipt().to_json().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let Ok(read) = Receipt::parse(&bytes) else { return Ok(()) };
        let Ok(checked) = read.verify(&policy()) else { return Ok(()) };
        let (now, before) = (checked.clip, clip());
        prop_assert_eq!((now.sha256, now.sm3, now.size_bytes), (before.sha256, before.sm3, before.size_bytes));
        prop_assert_eq!((now.recorder, now.sequence), (before.recorder, before.sequence));
    }
}
