use proptest::prelude::*;

use super::*;
use crate::ledger::key::SignerKey;
use crate::ledger::merkle::{consistency_proof, consistency_ranges, leaf_hash};
use crate::ledger::tile::{LogState, Tile, TileSet};

const ORIGIN: &str = "court.example/zhilu";

fn key(seed: u8) -> SignerKey {
    SignerKey::from_seed(ORIGIN.parse().unwrap(), &[seed; 32])
}

/// A log whose entries from `other` on are not those that it usually has.
struct Log {
    state: LogState,
    tiles: Vec<Tile>,
}

impl Log {
    fn of(size: u64, other: u64) -> Self {
        let leaf = |n| leaf_hash(format!("{n}{}", if n < other { "" } else { "'" }).as_bytes());
        let mut state = LogState::new();
        let tiles = state.append(&(0..size).map(leaf).collect::<Vec<_>>());
        Self { state, tiles }
    }

    fn seen(&self) -> Seen {
        Seen { size: self.state.size(), root: self.state.root() }
    }

    fn asks(&self, old: u64, key: &SignerKey) -> AddCheckpoint {
        let size = self.state.size();
        let note = Checkpoint::new(ORIGIN.parse().unwrap(), size, self.state.root()).sign(key).unwrap();
        let mut tiles = TileSet::new(size);
        for wanted in tiles.missing(&consistency_ranges(old, size).unwrap_or_default()) {
            let tile = self.tiles.iter().find(|t| (t.id().level, t.id().index) == (wanted.level, wanted.index));
            tiles.insert(wanted, tile.unwrap().clone()).unwrap();
        }
        let proof = consistency_proof(&tiles, old, size).unwrap_or_default();
        AddCheckpoint { old, proof, note }
    }
}

const SAME: u64 = u64::MAX;

#[test]
fn only_what_extends_what_was_seen_is_cosigned() {
    let (key, verifier) = (key(1), key(1).verifier().clone());
    let judged = |seen: &Seen, request: &AddCheckpoint| judge(seen, request, &verifier);
    let (small, large) = (Log::of(5, SAME), Log::of(300, SAME));
    assert!(judged(&Seen::nothing(), &small.asks(0, &key)).is_ok(), "the first time");
    assert_eq!(judged(&small.seen(), &large.asks(5, &key)).map(|head| head.size), Ok(300));
    assert!(judged(&small.seen(), &small.asks(5, &key)).is_ok(), "nothing new is cosigned anew");
    let refused = |seen: &Log, request: AddCheckpoint| judged(&seen.seen(), &request).unwrap_err();
    assert_eq!(refused(&large, small.asks(5, &key)), Refusal::OtherSize { seen: 300, old: 5 }, "a restored backup");
    assert_eq!(refused(&large, large.asks(0, &key)), Refusal::OtherSize { seen: 300, old: 0 });
    let lying = AddCheckpoint { old: 300, ..small.asks(5, &key) };
    assert_eq!(refused(&large, lying), Refusal::Shrinks { size: 5, old: 300 });
    assert_eq!(refused(&large, Log::of(300, 7).asks(300, &key)), Refusal::Forked { size: 300 });
    assert_eq!(refused(&large, Log::of(301, 7).asks(300, &key)), Refusal::NotExtended { old: 300, size: 301 });
    let foreign = judge(&small.seen(), &large.asks(5, &self::key(2)), &verifier).unwrap_err();
    assert!(matches!(foreign, Refusal::Unsigned(CheckpointError::NotSigned { .. })), "{foreign}");
}

#[test]
fn a_request_can_be_written_in_one_way_only() {
    let request = Log::of(300, SAME).asks(5, &key(1));
    let text = request.to_string();
    assert_eq!(AddCheckpoint::parse(text.as_bytes()), Ok(request));
    let error = |text: &str| AddCheckpoint::parse(text.as_bytes()).unwrap_err();
    assert_eq!(error(&text.replacen("old 5", "old 05", 1)), RequestError::Old);
    assert_eq!(error(&text.replacen("old 5", "old +5", 1)), RequestError::Old);
    assert_eq!(error(&text.replacen("old 5\n", "old 5\nAAAA\n", 1)), RequestError::Hash(1));
    assert_eq!(error("old 5\n"), RequestError::NoCheckpoint);
    assert!(matches!(error("old 5\n\nx"), RequestError::Checkpoint(_)));
    let hash = format!("{}\n", STANDARD.encode([7; 32]));
    let long = text.replacen("old 5\n", &format!("old 5\n{}", hash.repeat(64)), 1);
    assert!(matches!(error(&long), RequestError::Hash(_)));
}

proptest! {
    #[test]
    fn a_log_is_refused_exactly_when_an_entry_that_was_seen_is_another(
        old in 0u64..600, more in 0u64..600, other in 0u64..1200,
    ) {
        let (seen, grown) = (Log::of(old, SAME), Log::of(old + more, other));
        let judged = judge(&seen.seen(), &grown.asks(old, &key(1)), key(1).verifier());
        prop_assert_eq!(judged.is_ok(), other >= old, "{:?}", judged);
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, text in "old [0-9]{1,20}\n([A-Za-z0-9+/=]{44}\n)?\n.*") {
        let _ = AddCheckpoint::parse(&bytes);
        let _ = AddCheckpoint::parse(text.as_bytes());
    }
}
