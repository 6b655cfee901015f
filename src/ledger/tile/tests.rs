use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::ledger::merkle::{
    HashReader, consistency_proof, inclusion_proof, leaf_hash, range_hash, verify_consistency, verify_inclusion,
};

fn leaf(i: u64) -> Hash {
    leaf_hash(&i.to_be_bytes())
}

fn leaves(range: std::ops::Range<u64>) -> Vec<Hash> {
    range.map(leaf).collect()
}

/// The rows of the database: what an upsert of changed tiles leaves, and a check that it only ever adds.
#[derive(Default)]
struct Rows {
    tiles: BTreeMap<(u8, u64), Tile>,
    size: u64,
}

impl Rows {
    fn upsert(&mut self, changed: Vec<Tile>) {
        for tile in changed {
            let id = tile.id();
            let Some(before) = self.tiles.insert((id.level, id.index), tile.clone()) else { continue };
            assert!(before.id().width < id.width, "{id:?} was written again");
            assert!(tile.hashes().starts_with(before.hashes()), "{id:?} changed");
        }
    }

    fn edge(&self) -> Vec<Tile> {
        edge_tiles(self.size).iter().map(|id| self.tiles[&(id.level, id.index)].clone()).collect()
    }
}

impl HashReader for Rows {
    type Error = NodeId;

    fn node(&self, level: u8, index: u64) -> Result<Hash, NodeId> {
        let node = NodeId { level, index };
        let id = TileId::of_node(node, self.size).ok_or(node)?;
        let tile = self.tiles.get(&(id.level, id.index)).filter(|t| t.id() == id).ok_or(node)?;
        tile.node(node).ok_or(node)
    }
}

/// A log grown in the given batches.
fn grown(batches: impl IntoIterator<Item = u64>) -> (LogState, Rows) {
    let (mut state, mut rows) = (LogState::new(), Rows::default());
    for batch in batches {
        let changed = state.append(&leaves(rows.size..rows.size + batch));
        rows.size += batch;
        assert_eq!(state.size(), rows.size);
        rows.upsert(changed);
    }
    (state, rows)
}

#[test]
fn paths() {
    assert_eq!(tile_path(0, 0, 256), "tile/0/000");
    assert_eq!(tile_path(0, 1234, 5), "tile/0/x001/234.p/5");
    assert_eq!(tile_path(7, 1_234_067, 256), "tile/7/x001/x234/067");
    assert_eq!(tile_path(1, 1000, 255), "tile/1/x001/000.p/255");
    assert_eq!(entries_path(999, 256), "tile/entries/999");
    assert_eq!(entries_path(u64::MAX, 1), "tile/entries/x018/x446/x744/x073/x709/x551/615.p/1");
    assert_eq!(TileId { level: 2, index: 3, width: 4 }.path(), "tile/2/003.p/4");
}

// The example of the C2SP tlog-tiles specification.
#[test]
fn a_log_of_70000() {
    let (_, rows) = grown([70_000]);
    let count = |level: u8, width| rows.tiles.values().filter(|t| t.level == level && t.id().width == width).count();
    assert_eq!((count(0, 256), count(0, 112), count(1, 256), count(1, 17), count(2, 1)), (273, 1, 1, 1, 1));
    assert_eq!(rows.tiles.len(), 277);
    let edge = [(0, 273, 112), (1, 1, 17), (2, 0, 1)].map(|(level, index, width)| TileId { level, index, width });
    assert_eq!(edge_tiles(70_000), edge);
    assert_eq!(edge_tiles(256), [TileId { level: 1, index: 0, width: 1 }]);
    assert_eq!(edge_tiles(0), []);
    assert_eq!(edge_tiles(MAX_SIZE).len(), 8);
    for (level, stride) in [(0u8, 1u64), (1, 256), (2, 65_536)] {
        let tiles = rows.tiles.values().filter(|t| t.level == level);
        let hashes = tiles.flat_map(|t| t.hashes().as_chunks::<32>().0.to_vec()).collect::<Vec<_>>();
        assert_eq!(hashes.len() as u64, 70_000 / stride);
        for (i, hash) in hashes.iter().enumerate() {
            let mut naive = Frontier::new();
            let start = i as u64 * stride;
            (start..start + stride).for_each(|entry| naive.append(leaf(entry)));
            assert_eq!(naive.root(), *hash);
        }
    }
}

#[test]
fn one_by_one_is_the_same_as_at_once() {
    let (state, rows) = grown(std::iter::repeat_n(1, 1000));
    let (at_once, rows_at_once) = grown([1000]);
    assert_eq!(state, at_once);
    assert_eq!(rows.tiles, rows_at_once.tiles);
    assert_eq!(state.clone().append(&[]), []);
}

#[test]
fn one_append_writes_one_tile_of_each_touched_level() {
    let (mut state, _) = grown([254]);
    let ids = |tiles: Vec<Tile>| tiles.iter().map(|t| (t.level, t.index, t.id().width)).collect::<Vec<_>>();
    assert_eq!(ids(state.append(&[leaf(254)])), [(0, 0, 255)]);
    assert_eq!(ids(state.append(&[leaf(255)])), [(0, 0, 256), (1, 0, 1)]);
    assert_eq!(ids(state.append(&leaves(256..600))), [(0, 1, 256), (0, 2, 88), (1, 0, 2)]);
    let (mut state, _) = grown([65_535]);
    assert_eq!(ids(state.append(&[leaf(65_535)])), [(0, 255, 256), (1, 0, 256), (2, 0, 1)]);
}

#[test]
fn proofs_from_tiles_verify() {
    let (state, rows) = grown([300, 700, 1, 65_000]);
    let (size, root) = (state.size(), state.root());
    for index in [0, 1, 255, 256, 999, 1000, 65_535, 65_536, size - 1] {
        let proof = inclusion_proof(&rows, index, size).unwrap();
        assert_eq!(verify_inclusion(&leaf(index), index, size, &proof, &root), Ok(()), "{index}");
    }
    for old in [1, 255, 256, 257, 1000, 65_536, size] {
        let proof = consistency_proof(&rows, old, size).unwrap();
        let old_root = range_hash(&rows, 0..old).unwrap();
        assert_eq!(old_root, grown([old]).0.root());
        assert_eq!(verify_consistency(old, size, &proof, &old_root, &root), Ok(()), "{old}");
    }
}

#[test]
fn a_wrong_edge_is_refused() {
    let (_, rows) = grown([700]);
    let load = |tiles| LogState::from_tiles(700, tiles);
    let edge = rows.edge();
    assert_eq!(edge.len(), 2);
    let needed = TileId { level: 0, index: 2, width: 188 };
    assert_eq!(load(edge[1..].to_vec()), Err(TileError::Missing { size: 700, needed }));
    assert_eq!(load([&edge[..], &edge[..1]].concat()), Err(TileError::Unexpected { size: 700, found: needed }));
    let full = rows.tiles[&(0, 0)].clone();
    assert!(matches!(load([&edge[..], &[full]].concat()), Err(TileError::Unexpected { .. })));
    assert!(
        matches!(LogState::from_tiles(701, edge.clone()), Err(TileError::Unexpected { found, .. }) if found == needed)
    );
    assert!(matches!(LogState::from_tiles(MAX_SIZE + 1, edge), Err(TileError::Frontier(_))));
}

#[test]
fn tiles_are_checked() {
    for bytes in [0, 31, 33, 257 * 32] {
        assert_eq!(Tile::new(0, 0, vec![0; bytes]), Err(TileError::Bytes { level: 0, index: 0, bytes }));
    }
    assert_eq!(Tile::new(8, 0, vec![0; 32]), Err(TileError::Outside { level: 8, index: 0 }));
    assert!(Tile::new(7, 1, vec![0; 32]).is_err());
    assert!(Tile::new(0, MAX_SIZE >> 8, vec![0; 32]).is_ok());
    assert!(Tile::new(0, (MAX_SIZE >> 8) + 1, vec![0; 32]).is_err());
    let tile = Tile::new(0, 1, leaves(256..260).concat()).unwrap();
    let node = |level, index| tile.node(NodeId { level, index });
    assert_eq!(node(0, 259), Some(leaf(259)));
    assert_eq!(node(2, 64).unwrap(), node_hash(&node(1, 128).unwrap(), &node(1, 129).unwrap()));
    for (level, index) in [(0, 255), (0, 260), (2, 65), (3, 32), (8, 1), (0, u64::MAX), (255, 0)] {
        assert_eq!(node(level, index), None, "{level}/{index}");
    }
}

#[test]
fn a_changed_bit_changes_the_root() {
    let (state, rows) = grown([700]);
    for (tile, bit) in [(0, 0), (0, 188 * 256 - 1), (1, 511)] {
        let mut edge = rows.edge();
        edge[tile].hashes[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(LogState::from_tiles(700, edge).unwrap().root(), state.root());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_batches_give_the_same_log(batches in prop::collection::vec(0..400u64, 1..12)) {
        let total = batches.iter().sum::<u64>();
        let (state, rows) = grown(batches);
        let mut naive = Frontier::new();
        leaves(0..total).into_iter().for_each(|l| naive.append(l));
        prop_assert_eq!(state.root(), naive.root());
        prop_assert_eq!(&rows.tiles, &grown([total]).1.tiles);
        let mut edge = rows.edge();
        edge.reverse();
        prop_assert_eq!(LogState::from_tiles(total, edge).unwrap(), state);
    }

    #[test]
    fn tiles_of_any_numbers_do_not_panic(level: u8, index: u64, width: u16, size: u64) {
        let _ = tile_path(level, index, width);
        let _ = Tile::new(level, index, vec![0; 32]);
        let _ = edge_tiles(size);
        let _ = TileId::of_node(NodeId { level, index }, size);
    }
}
