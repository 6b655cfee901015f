//! Tiles: the tree's hashes in rows of up to 256, as C2SP tlog-tiles lays them out, and the state that appending needs.
//!
//! A tile at level *l* holds hashes of the tree's level *8·l*. A tile of 256 hashes is full and never changes again. At
//! each level at most one tile is partial: the right edge. The row of a partial tile is overwritten by the wider one.

mod path;
mod set;

use super::merkle::{Frontier, FrontierError, Hash, MAX_SIZE, NodeId, node_hash, nodes_of};

pub use path::{entries_path, parse_numbered, tile_path};
pub use set::TileSet;

/// Levels of the tree in one tile.
const HEIGHT: u8 = 8;
/// Hashes in a full tile.
pub const FULL_WIDTH: u16 = 1 << HEIGHT;
/// Tile levels that a log of [`MAX_SIZE`] entries has.
const LEVELS: u8 = 8;
/// Bytes of a hash.
const HASH_BYTES: usize = 32;

/// Which hashes a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    /// Tile level: 0 holds leaf hashes, 1 the roots of full tiles of level 0, and so on; at most 7.
    pub level: u8,
    /// Position within the level, from the left.
    pub index: u64,
    /// Hashes in it, 1 to 256.
    pub width: u16,
}

impl TileId {
    /// The tile of a log of `size` entries that a complete node's hash is in or is computed from; `None` when such a log
    /// has no such node.
    pub fn of_node(node: NodeId, size: u64) -> Option<Self> {
        let (level, within) = (node.level / HEIGHT, node.level % HEIGHT);
        if level >= LEVELS || node.index >= size >> node.level {
            return None;
        }
        let index = node.index >> (HEIGHT - within);
        let hashes = (size >> (level * HEIGHT)) - index * u64::from(FULL_WIDTH);
        let width = u16::try_from(hashes).map_or(FULL_WIDTH, |w| w.min(FULL_WIDTH));
        Some(Self { level, index, width })
    }

    /// Whether a log of `size` entries has this tile, or had it when it was smaller. What a log never has is not served.
    pub fn is_of(self, size: u64) -> bool {
        let end = self.index.checked_mul(u64::from(FULL_WIDTH)).and_then(|at| at.checked_add(u64::from(self.width)));
        self.level < LEVELS && self.width > 0 && end.is_some_and(|end| end <= size >> (self.level * HEIGHT))
    }

    /// The path that C2SP tlog-tiles serves it under: `tile/0/x001/234`, and `tile/0/x001/234.p/5` when it is partial.
    pub fn path(self) -> String {
        tile_path(self.level, self.index, self.width)
    }
}

/// The partial tiles of a log of `size` entries, the lowest level first: what [`LogState::from_tiles`] asks for.
pub fn edge_tiles(size: u64) -> Vec<TileId> {
    let at = |level: u8| {
        let hashes = size >> (level * HEIGHT);
        let width = u16::try_from(hashes % u64::from(FULL_WIDTH)).unwrap_or(0);
        (width > 0).then_some(TileId { level, index: hashes / u64::from(FULL_WIDTH), width })
    };
    (0..LEVELS).filter_map(at).collect()
}

/// One tile: a row of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    level: u8,
    index: u64,
    hashes: Vec<u8>,
}

/// Tiles do not make a log.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TileError {
    /// The bytes are no 1 to 256 hashes.
    #[error("tile {level}/{index} has {bytes} bytes: expected 1 to 256 hashes of 32 bytes")]
    Bytes {
        /// Tile level.
        level: u8,
        /// Position within the level.
        index: u64,
        /// Bytes found.
        bytes: usize,
    },
    /// No log that this program can hold has such a tile.
    #[error("tile {level}/{index} is outside any log: levels are 0 to 7, and a log ends at {MAX_SIZE} entries")]
    Outside {
        /// Tile level.
        level: u8,
        /// Position within the level.
        index: u64,
    },
    /// A tile of the right edge is not there.
    #[error("a log of {size} entries needs tile {} with {} hashes, which is missing", short(.needed), .needed.width)]
    Missing {
        /// Entries in the log.
        size: u64,
        /// The tile that is missing.
        needed: TileId,
    },
    /// A tile is there that is no part of the right edge.
    #[error("tile {} with {} hashes is no part of the right edge of a log of {size} entries", short(.found), .found.width)]
    Unexpected {
        /// Entries in the log.
        size: u64,
        /// The tile that was found.
        found: TileId,
    },
    /// The size is beyond what a log may hold.
    #[error(transparent)]
    Frontier(#[from] FrontierError),
}

fn short(id: &TileId) -> String {
    format!("{}/{}", id.level, id.index)
}

impl Tile {
    /// The tile at `level` and `index` with these hashes, one after another.
    ///
    /// # Errors
    /// When there are not 1 to 256 whole hashes, or no log has such a tile.
    pub fn new(level: u8, index: u64, hashes: Vec<u8>) -> Result<Self, TileError> {
        let width = hashes.len() / HASH_BYTES;
        if !hashes.len().is_multiple_of(HASH_BYTES) || !(1..=usize::from(FULL_WIDTH)).contains(&width) {
            return Err(TileError::Bytes { level, index, bytes: hashes.len() });
        }
        if level >= LEVELS || index > MAX_SIZE >> (HEIGHT * (level + 1)).min(63) {
            return Err(TileError::Outside { level, index });
        }
        Ok(Self { level, index, hashes })
    }

    /// Which hashes it holds.
    pub fn id(&self) -> TileId {
        TileId { level: self.level, index: self.index, width: width_of(&self.hashes) }
    }

    /// The hashes, one after another, as they are stored and served.
    pub fn hashes(&self) -> &[u8] {
        &self.hashes
    }

    /// The hashes as they are stored and served, without a copy.
    pub fn into_hashes(self) -> Vec<u8> {
        self.hashes
    }

    /// A complete node's hash, read or computed from this tile; `None` when the tile does not hold all it needs.
    pub fn node(&self, node: NodeId) -> Option<Hash> {
        let within = node.level % HEIGHT;
        if node.level / HEIGHT != self.level || node.index >> (HEIGHT - within) != self.index {
            return None;
        }
        let start = usize::try_from((node.index << within) % u64::from(FULL_WIDTH)).ok()?;
        let (hashes, _) = self.hashes.as_chunks::<HASH_BYTES>();
        hashes.get(start..start + (1 << within)).map(perfect_root)
    }
}

/// Hashes in bytes that were checked to be at most 256 of them.
fn width_of(hashes: &[u8]) -> u16 {
    u16::try_from(hashes.len() / HASH_BYTES).unwrap_or(u16::MAX)
}

/// The root over a power of two of hashes.
fn perfect_root(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => [0; HASH_BYTES],
        [one] => *one,
        more => {
            let (left, right) = more.split_at(more.len() / 2);
            node_hash(&perfect_root(left), &perfect_root(right))
        }
    }
}

/// All that appending needs, and all that a transaction writes besides the entries: the size and the partial tiles.
///
/// The right edge of the tree is derived from them once and kept beside them. Cloning copies a few kilobytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogState {
    frontier: Frontier,
    /// The hashes of the partial tile at each level; empty where the level's last tile is full.
    edges: Vec<Vec<u8>>,
}

impl LogState {
    /// The state of an empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// The state of a log of `size` entries from the tiles of its right edge, exactly those that [`edge_tiles`] names,
    /// in any order.
    ///
    /// Tiles cannot vouch for themselves: compare [`Self::root`] with the last signed checkpoint before appending.
    ///
    /// # Errors
    /// When a tile is missing, has more or fewer hashes than the size asks for, or does not belong to the edge.
    pub fn from_tiles(size: u64, tiles: Vec<Tile>) -> Result<Self, TileError> {
        if size > MAX_SIZE {
            return Err(FrontierError::Size(size).into());
        }
        let mut tiles = tiles;
        tiles.sort_by_key(Tile::id);
        let needed = edge_tiles(size);
        if let Some(tile) = tiles.iter().find(|t| !needed.contains(&t.id())) {
            return Err(TileError::Unexpected { size, found: tile.id() });
        }
        if let Some(needed) = needed.iter().find(|id| !tiles.iter().any(|t| t.id() == **id)) {
            return Err(TileError::Missing { size, needed: *needed });
        }
        if let Some([twice, _]) = tiles.array_windows::<2>().find(|[a, b]| a.id() == b.id()) {
            return Err(TileError::Unexpected { size, found: twice.id() });
        }
        let hashes = nodes_of(0..size).into_iter().filter_map(|n| tiles.iter().find_map(|t| t.node(n))).collect();
        let frontier = Frontier::from_parts(size, hashes)?;
        let mut edges = Vec::new();
        for tile in tiles {
            let level = usize::from(tile.level);
            edges.resize(level, Vec::new());
            edges.push(tile.hashes);
        }
        Ok(Self { frontier, edges })
    }

    /// Entries in the log.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The tree's root.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Appends leaf hashes; gives the tiles to insert or overwrite, each once. The first leaf becomes entry number
    /// [`Self::size`] as it was before.
    ///
    /// When the transaction that writes them fails, this state is ahead of the disk and must be thrown away: append to a
    /// clone.
    #[must_use = "the tiles have to be written in the same transaction as the entries"]
    pub fn append(&mut self, leaves: &[Hash]) -> Vec<Tile> {
        let mut changed = Vec::new();
        let mut touched = 0;
        let Self { frontier, edges } = self;
        for leaf in leaves {
            let end = frontier.size() + 1;
            frontier.append_with(*leaf, |level, hash| {
                if !level.is_multiple_of(HEIGHT) {
                    return;
                }
                let level = level / HEIGHT;
                touched = touched.max(usize::from(level) + 1);
                changed.extend(push(edges, level, end, hash));
            });
        }
        for (level, edge) in edges.iter().enumerate().take(touched).filter(|(_, edge)| !edge.is_empty()) {
            let Ok(level) = u8::try_from(level) else { break };
            let index = (self.frontier.size() >> (level * HEIGHT)) / u64::from(FULL_WIDTH);
            changed.push(Tile { level, index, hashes: edge.clone() });
        }
        changed
    }
}

/// Adds a hash to the partial tile of a level; gives the tile when that fills it. `end` is the log's size with it.
fn push(edges: &mut Vec<Vec<u8>>, level: u8, end: u64, hash: &Hash) -> Option<Tile> {
    if edges.len() <= usize::from(level) {
        edges.resize(usize::from(level) + 1, Vec::new());
    }
    let edge = edges.get_mut(usize::from(level))?;
    if edge.is_empty() {
        edge.reserve_exact(usize::from(FULL_WIDTH) * HASH_BYTES);
    }
    edge.extend_from_slice(hash);
    if width_of(edge) < FULL_WIDTH {
        return None;
    }
    let index = (end >> (level * HEIGHT)) / u64::from(FULL_WIDTH) - 1;
    Some(Tile { level, index, hashes: std::mem::take(edge) })
}

#[cfg(test)]
mod tests;
