//! The tree and its proofs against two other implementations, in both directions: what one makes the others accept.
//!
//! `tlog_tiles` accepts forged tiles, so it is asked about hashes and proofs only, never to vouch for tiles.

use std::collections::BTreeMap;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use sha2::Sha256;
use tlog_tiles::{Hash as TlogHash, HashReader as TlogReader};
use zhilu::ledger::merkle::{
    Hash, consistency_proof, consistency_ranges, inclusion_proof, inclusion_ranges, leaf_hash, range_hash,
    verify_consistency, verify_inclusion,
};
use zhilu::ledger::tile::{LogState, Tile, TileId, TileSet};

const MOST: u64 = 300;

fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

/// One log in three implementations.
#[derive(Default)]
struct Logs {
    state: LogState,
    tiles: BTreeMap<(u8, u64), Tile>,
    ct: MemoryBackedTree<Sha256, Vec<u8>>,
    tlog: Vec<TlogHash>,
}

struct Stored<'a>(&'a [TlogHash]);

impl TlogReader for Stored<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<TlogHash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|i| self.0[usize::try_from(*i).unwrap()]).collect())
    }
}

impl Logs {
    fn grown(size: u64) -> Self {
        let mut logs = Self::default();
        (0..size).for_each(|_| logs.push());
        logs
    }

    fn push(&mut self) {
        let index = self.state.size();
        for tile in self.state.append(&[leaf_hash(&entry(index))]) {
            self.tiles.insert((tile.id().level, tile.id().index), tile);
        }
        self.ct.push(entry(index));
        let more = tlog_tiles::stored_hashes(index, &entry(index), &Stored(&self.tlog)).unwrap();
        self.tlog.extend(more);
    }

    fn size(&self) -> u64 {
        self.state.size()
    }

    /// The tiles that these ranges need, and no other.
    fn set(&self, size: u64, ranges: &[std::ops::Range<u64>]) -> TileSet {
        let mut set = TileSet::new(size);
        for id in set.missing(ranges) {
            set.insert(id, self.tiles[&(id.level, id.index)].clone()).unwrap();
        }
        set
    }

    fn root_of(&self, size: u64) -> Hash {
        range_hash(&self.set(size, std::slice::from_ref(&(0..size))), 0..size).unwrap()
    }

    fn check_root(&self) {
        let size = self.size();
        assert_eq!(self.state.root()[..], self.ct.root().as_bytes()[..], "{size}");
        if size > 0 {
            assert_eq!(self.state.root(), tlog_tiles::tree_hash(size, &Stored(&self.tlog)).unwrap().0, "{size}");
            assert_eq!(self.state.root(), self.root_of(size));
        }
    }

    fn check_inclusion(&self, index: u64) {
        let (size, root) = (self.size(), self.state.root());
        let at = usize::try_from(index).unwrap();
        let ours = inclusion_proof(&self.set(size, &inclusion_ranges(index, size).unwrap()), index, size).unwrap();
        let theirs = self.ct.prove_inclusion(at);
        assert_eq!(ours.concat(), theirs.as_bytes(), "{index} of {size}");
        let read: InclusionProof<Sha256> = InclusionProof::try_from_bytes(ours.concat()).unwrap();
        self.ct.root().verify_inclusion(&entry(index), index, &read).unwrap();
        let theirs = tlog_tiles::prove_record(size, index, &Stored(&self.tlog)).unwrap();
        assert_eq!(theirs.iter().map(|h| h.0).collect::<Vec<_>>(), ours);
        let leaf = leaf_hash(&entry(index));
        tlog_tiles::check_record(
            &ours.iter().map(|h| TlogHash(*h)).collect(),
            size,
            TlogHash(root),
            index,
            TlogHash(leaf),
        )
        .unwrap();
        assert_eq!(verify_inclusion(&leaf, index, size, &ours, &root), Ok(()));
    }

    fn check_consistency(&self, old: u64) {
        let (size, root, old_root) = (self.size(), self.state.root(), self.root_of(old));
        let ours = consistency_proof(&self.set(size, &consistency_ranges(old, size).unwrap()), old, size).unwrap();
        assert_eq!(verify_consistency(old, size, &ours, &old_root, &root), Ok(()));
        let theirs = tlog_tiles::prove_tree(size, old, &Stored(&self.tlog)).unwrap();
        assert_eq!(theirs.iter().map(|h| h.0).collect::<Vec<_>>(), ours, "{old} to {size}");
        tlog_tiles::check_tree(&theirs, size, TlogHash(root), old, TlogHash(old_root)).unwrap();
        if old == size {
            return;
        }
        let theirs = self.ct.prove_consistency(usize::try_from(size - old).unwrap());
        assert_eq!(theirs.as_bytes(), ours.concat());
        let read: ConsistencyProof<Sha256> = ConsistencyProof::try_from_bytes(ours.concat()).unwrap();
        let old_root: RootHash<Sha256> = RootHash::new(old_root.into(), old);
        self.ct.root().verify_consistency(&old_root, &read).unwrap();
    }
}

#[test]
fn proofs_of_every_size_to_300_are_theirs() {
    let mut logs = Logs::default();
    logs.check_root();
    for size in 1..=MOST {
        logs.push();
        logs.check_root();
        // Every pair up to 64; beyond, every size with both ends and every 13th, from another start each time. All pairs are compared
        // with the definition where the tree is.
        let chosen = |at: &u64| size <= 64 || [0, 1, size - 2, size - 1].contains(at) || (at + size).is_multiple_of(13);
        (0..size).filter(chosen).for_each(|index| logs.check_inclusion(index));
        (0..size).filter(chosen).for_each(|old| logs.check_consistency(old + 1));
    }
}

#[test]
fn powers_of_two_and_their_neighbours() {
    for power in [9, 10, 12, 16] {
        for size in [(1u64 << power) - 1, 1 << power, (1 << power) + 1] {
            let logs = Logs::grown(size);
            logs.check_root();
            for at in [0, 1, size / 2 - 1, size / 2, 255, 256, 257, size - 2, size - 1] {
                logs.check_inclusion(at);
                logs.check_consistency(at + 1);
            }
        }
    }
}

#[test]
fn tiles_and_their_paths_are_theirs() {
    for size in [1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000] {
        let logs = Logs::grown(size);
        let theirs = tlog_tiles::Tile::new_tiles(8, 0, size);
        assert!(!theirs.is_empty());
        for tile in theirs {
            let ours = &logs.tiles[&(tile.level(), tile.level_index())];
            assert_eq!(u32::from(ours.id().width), tile.width());
            assert_eq!(ours.hashes(), tile.read_data(&Stored(&logs.tlog)).unwrap(), "{}", tile.path());
            // Theirs starts with the height, which C2SP fixes to 8.
            assert_eq!(tile.path(), ours.id().path().replacen("tile/", "tile/8/", 1));
        }
    }
    let far = TileId { level: 3, index: 1_234_067, width: 5 };
    assert_eq!(tlog_tiles::Tile::new(8, 3, 1_234_067, 5, false).path(), far.path().replacen("tile/", "tile/8/", 1));
}

#[test]
fn the_checkpoint_text_reads_there_as_here() {
    let logs = Logs::grown(300);
    let head =
        zhilu::ledger::checkpoint::Checkpoint::new("court.example/zhilu".parse().unwrap(), 300, logs.state.root());
    let theirs = tlog_tiles::Checkpoint::from_bytes(head.text().as_bytes()).unwrap();
    assert_eq!((theirs.origin(), theirs.size(), theirs.hash().0), ("court.example/zhilu", 300, logs.state.root()));
}
