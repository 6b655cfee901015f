//! Some tiles of one log, enough for the proofs they were gathered for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{HASH_BYTES, Tile, TileError, TileId};
use crate::ledger::merkle::{Hash, HashReader, NodeId, nodes_of};

/// Tiles of a log of a fixed size. Proofs made of them are to be verified against the signed root before they are handed out: tiles
/// cannot vouch for themselves.
#[derive(Debug, Clone)]
pub struct TileSet {
    size: u64,
    tiles: BTreeMap<TileId, Tile>,
}

impl TileSet {
    /// No tiles yet, of a log of `size` entries.
    pub fn new(size: u64) -> Self {
        Self { size, tiles: BTreeMap::new() }
    }

    /// Number of tiles.
    pub fn len(&self) -> usize {
        self.tiles.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tiles.is_empty()
    }

    /// The tiles that are not there yet and hold the hashes of these ranges of entries; only those within the log.
    pub fn missing(&self, ranges: &[Range<u64>]) -> BTreeSet<TileId> {
        let nodes = ranges.iter().flat_map(|range| nodes_of(range.clone()));
        let tiles = nodes.filter_map(|node| TileId::of_node(node, self.size));
        tiles.filter(|id| !self.tiles.contains_key(id)).collect()
    }

    /// Adds a tile. One that grew since the log had this size is cut to what it was: tiles only grow.
    ///
    /// # Errors
    /// When `tile` is not the one that is `wanted`, or has fewer hashes.
    pub fn insert(&mut self, wanted: TileId, tile: Tile) -> Result<(), TileError> {
        let found = tile.id();
        if (found.level, found.index) != (wanted.level, wanted.index) {
            return Err(TileError::Unexpected { size: self.size, found });
        }
        let tile = tile.cut(wanted.width).ok_or(TileError::Missing { size: self.size, needed: wanted })?;
        self.tiles.insert(wanted, tile);
        Ok(())
    }
}

impl Tile {
    /// The tile as it was when it had `width` hashes; none when it never had so many.
    pub fn cut(mut self, width: u16) -> Option<Self> {
        let bytes = usize::from(width) * HASH_BYTES;
        if width == 0 || self.hashes.len() < bytes {
            return None;
        }
        self.hashes.truncate(bytes);
        Some(self)
    }
}

impl HashReader for TileSet {
    type Error = TileError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, TileError> {
        let node = NodeId { level, index };
        // A node outside the log is in no tile; the one of level and index names what was asked for.
        let outside = TileError::Outside { level, index };
        let needed = TileId::of_node(node, self.size).ok_or(outside)?;
        let tile = self.tiles.get(&needed).and_then(|tile| tile.node(node));
        tile.ok_or(TileError::Missing { size: self.size, needed })
    }
}
