use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::entry::EntryKind;
use crate::ledger::key::SignerKey;
use crate::ledger::merkle::{inclusion_proof, inclusion_ranges};
use crate::ledger::tile::{LogState, Tile, TileSet};
use crate::model::time::Micros;

const ORIGIN: &str = "court.example/zhilu";

fn key(seed: u8) -> SignerKey {
    SignerKey::from_seed(ORIGIN.parse().unwrap(), &[seed; 32])
}

fn policy() -> Policy {
    Policy::of_log(key(1).verifier().clone())
}

fn line(index: u64) -> Vec<u8> {
    let public = json!({"sha256": "ab".repeat(32), "size": index}).as_object().unwrap().clone();
    let at = Micros(1_795_510_327_000_000);
    Entry { at, kind: EntryKind::Clip, prev: None, public, commit: [7; 32] }.to_line().unwrap()
}

/// The proof of entry `index` in a log of `size` entries with these lines, made of tiles.
fn proof_of(lines: &[Vec<u8>], index: u64) -> TlogProof {
    let size = lines.len() as u64;
    let mut state = LogState::new();
    let leaves: Vec<Hash> = lines.iter().map(|line| leaf_hash(line)).collect();
    let tiles = state.append(&leaves);
    let stored: BTreeMap<(u8, u64), Tile> = tiles.into_iter().map(|t| ((t.id().level, t.id().index), t)).collect();
    let mut set = TileSet::new(size);
    for id in set.missing(&inclusion_ranges(index, size).unwrap()) {
        set.insert(id, stored[&(id.level, id.index)].clone()).unwrap();
    }
    let hashes = inclusion_proof(&set, index, size).unwrap();
    let checkpoint = Checkpoint::new(ORIGIN.parse().unwrap(), size, state.root()).sign(&key(1)).unwrap();
    let line = usize::try_from(index).unwrap();
    TlogProof { index, extra: Some(lines[line].clone()), hashes, checkpoint }
}

fn proof(size: u64, index: u64) -> TlogProof {
    proof_of(&(0..size).map(line).collect::<Vec<_>>(), index)
}

#[test]
fn a_proof_reads_as_it_was_written_and_proves_its_entry() {
    for (size, index) in [(1, 0), (2, 1), (7, 6), (256, 255), (257, 256), (300, 17), (1000, 999)] {
        let proof = proof(size, index);
        let text = proof.to_string();
        assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra "));
        assert_eq!(TlogProof::parse(text.as_bytes()).as_ref(), Ok(&proof));
        let proven = proof.verify(&policy()).unwrap();
        assert_eq!((proven.index, proven.vouched.head.size), (index, size));
        assert_eq!(proven.entry.to_line().unwrap(), line(index));
    }
}

#[test]
fn it_proves_nothing_else() {
    let good = proof(300, 17);
    let refused = |change: &dyn Fn(&mut TlogProof)| {
        let mut proof = good.clone();
        change(&mut proof);
        proof.verify(&policy()).unwrap_err()
    };
    assert!(refused(&|p| p.extra = Some(line(18))).is_forgery());
    assert!(refused(&|p| p.index = 16).is_forgery());
    assert!(refused(&|p| p.index = 300).is_forgery());
    assert!(refused(&|p| p.hashes.truncate(3)).is_forgery());
    assert!(refused(&|p| p.hashes.push([0; 32])).is_forgery());
    assert!(refused(&|p| p.hashes.swap(0, 1)).is_forgery());
    assert!(refused(&|p| p.checkpoint = proof(299, 17).checkpoint).is_forgery());
    assert!(matches!(refused(&|p| p.extra = None), NotProven::NoEntry));
    assert!(!good.verify(&Policy::of_log(key(2).verifier().clone())).unwrap_err().is_forgery());
}

#[test]
fn what_is_in_the_log_and_no_entry_is_told_apart_from_what_is_not_in_it() {
    let proof = proof_of(&[b"no entry".to_vec(), line(1)], 0);
    let error = proof.verify(&policy()).unwrap_err();
    assert!(matches!(error, NotProven::Entry { index: 0, .. }) && !error.is_forgery(), "{error}");
}

#[test]
fn the_specification_s_form_and_no_other() {
    let good = proof(7, 2).to_string();
    let error = |text: &str| TlogProof::parse(text.as_bytes()).unwrap_err();
    let extra = good.lines().nth(1).unwrap();
    let hash = good.lines().nth(3).unwrap();
    assert_eq!(error(""), ProofFormError::NoCheckpoint);
    assert_eq!(error(&good.replace("@v1", "@v2")), ProofFormError::Magic);
    assert_eq!(error(&good.replace(extra, "extra")), ProofFormError::Extra);
    assert_eq!(error(&good.replace(extra, "extra *")), ProofFormError::Extra);
    assert_eq!(error(&good.replace(extra, &format!("extra  {}", &extra[6..]))), ProofFormError::Extra);
    for index in
        ["index", "index ", "index 02", "index +2", "index -2", "index 2 ", "Index 2", "index 9223372036854775808"]
    {
        assert_eq!(error(&good.replace("index 2", index)), ProofFormError::Index, "{index}");
    }
    assert_eq!(error(&good.replace(hash, &hash[4..])), ProofFormError::Hash(1));
    assert_eq!(error(&good.replace(hash, &vec![hash; 64].join("\n"))), ProofFormError::Hash(64));
    assert_eq!(error(&good.replace('\n', "\r\n")), ProofFormError::NoCheckpoint);
    assert!(matches!(error(&good[..good.len() - 1]), ProofFormError::Checkpoint(_)));
    assert_eq!(TlogProof::parse(b"\xff\n\n").unwrap_err(), ProofFormError::Characters);
    assert!(matches!(TlogProof::parse(&vec![b'a'; MAX_PROOF_BYTES + 1]), Err(ProofFormError::TooLong(_))));
    // Without `extra`, as the specification has it for those who hold the entry themselves.
    let bare = TlogProof::parse(good.replace(&format!("{extra}\n"), "").as_bytes()).unwrap();
    assert_eq!((bare.index, bare.extra.is_none(), bare.hashes.len()), (2, true, 3));
}

#[test]
fn every_flipped_bit_is_refused() {
    let good = proof(300, 17).to_string().into_bytes();
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            let outcome = TlogProof::parse(&bad).map(|proof| proof.verify(&policy()));
            assert!(!matches!(outcome, Ok(Ok(_))), "bit {bit} of byte {at} was flipped unnoticed");
        }
    }
}

#[test]
fn a_set_of_tiles_takes_only_what_it_needs_and_cuts_what_grew() {
    let lines: Vec<Hash> = (0..600u64).map(|i| leaf_hash(&line(i))).collect();
    let (mut at_300, mut at_600) = (LogState::new(), LogState::new());
    let small = at_300.append(&lines[..300]);
    let large = at_600.append(&lines);
    let mut set = TileSet::new(300);
    let wanted = set.missing(&inclusion_ranges(290, 300).unwrap());
    assert_eq!(wanted.len(), 2, "the tile of the entry, and that of the root of the first 256");
    for id in wanted {
        let grown = large.iter().find(|t| (t.id().level, t.id().index) == (id.level, id.index)).unwrap();
        let other = small.iter().find(|t| t.id().index != id.index);
        assert!(other.is_none_or(|tile| set.insert(id, tile.clone()).is_err()));
        set.insert(id, grown.clone()).unwrap();
    }
    assert!(set.missing(&inclusion_ranges(290, 300).unwrap()).is_empty());
    let proof = inclusion_proof(&set, 290, 300).unwrap();
    assert_eq!(verify_inclusion(&lines[290], 290, 300, &proof, &at_300.root()), Ok(()));
    assert!(inclusion_proof(&set, 3, 300).is_err(), "its tile is not there");
    let mut narrow = TileSet::new(600);
    let id = *narrow.missing(&inclusion_ranges(599, 600).unwrap()).iter().find(|id| id.level == 0).unwrap();
    assert!(narrow.insert(id, large[0].clone()).is_err(), "another tile");
    assert!(large[1].clone().cut(0).is_none() && large[0].clone().cut(256).is_some());
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, text in "c2sp.org/tlog-proof@v1\n(extra [A-Za-z+=]{0,8}\n)?index [0-9]{0,3}\n([A-Za-z=]{0,44}\n){0,3}\n[a-z\n]{0,20}") {
        let _ = TlogProof::parse(&bytes).map(|p| p.verify(&policy()));
        let _ = TlogProof::parse(text.as_bytes());
    }
}
