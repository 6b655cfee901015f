//! The Merkle tree of RFC 6962 §2.1 with SHA-256, and its proofs (RFC 9162 §2.1.3 and §2.1.4).
//!
//! A node is named by its level (0 = leaf hashes) and its index within the level; it stands for the perfect subtree over
//! the entries `index · 2^level .. (index + 1) · 2^level`. Such a node never changes once it is complete.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash of the tree.
pub type Hash = [u8; 32];

/// The most entries a log may hold: the row ids of the database end there. 2^63 − 1.
pub const MAX_SIZE: u64 = i64::MAX as u64;

/// The hash of an entry's bytes: SHA-256(0x00 ‖ data).
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new_with_prefix([0x00]).chain_update(data).finalize().into()
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut input = [1u8; 65];
    input[1..33].copy_from_slice(left);
    input[33..].copy_from_slice(right);
    Sha256::digest(input).into()
}

/// The root of a tree without entries: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Where a complete node stands in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    /// Height above the leaf hashes, 0 to 63.
    pub level: u8,
    /// Position within the level, from the left.
    pub index: u64,
}

/// The fewest complete nodes that cover the entries of `range`, from the left.
///
/// In every range that a proof names, sizes fall to the right, so that folding the nodes from the right gives the
/// range's tree hash.
pub fn nodes_of(range: Range<u64>) -> Vec<NodeId> {
    let (mut at, mut nodes) = (range.start, Vec::new());
    while at < range.end {
        let level = at.trailing_zeros().min((range.end - at).ilog2());
        nodes.push(NodeId { level: u8::try_from(level).unwrap_or(u8::MAX), index: at >> level });
        at += 1 << level;
    }
    nodes
}

/// The right edge of a tree: its size, and the roots of the perfect subtrees that it consists of, the largest first.
///
/// This is all that is needed to append and to compute the root; one hash for each bit set in the size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

/// Bytes or hashes are no right edge of a tree.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FrontierError {
    /// Not even a size.
    #[error("a frontier starts with 8 bytes of size, found {0} bytes in all")]
    Short(usize),
    /// More entries than a log may hold.
    #[error("a frontier of {0} entries is larger than a log can be ({MAX_SIZE})")]
    Size(u64),
    /// The number of hashes does not fit the size.
    #[error("a frontier of {size} entries has {expected} hashes (32 bytes each), found {found} bytes")]
    Hashes {
        /// Entries in the tree.
        size: u64,
        /// Hashes that a tree of this size has at its edge.
        expected: u32,
        /// Bytes found after the size.
        found: usize,
    },
}

impl Frontier {
    /// The edge of an empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// The edge of a tree of `size` entries whose perfect subtrees have the roots `hashes`, the largest first.
    ///
    /// # Errors
    /// When there is not one hash for each bit set in `size`, or the size is beyond [`MAX_SIZE`].
    pub fn from_parts(size: u64, hashes: Vec<Hash>) -> Result<Self, FrontierError> {
        if size > MAX_SIZE {
            return Err(FrontierError::Size(size));
        }
        let expected = size.count_ones();
        if hashes.len() != expected as usize {
            return Err(FrontierError::Hashes { size, expected, found: hashes.len() * 32 });
        }
        Ok(Self { size, hashes })
    }

    /// Entries in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends one leaf hash.
    pub fn append(&mut self, leaf: Hash) {
        self.append_with(leaf, |_, _| {});
    }

    /// Appends one leaf hash and names every node that it completes, from the leaf upward, to `complete(level, hash)`.
    pub fn append_with(&mut self, leaf: Hash, mut complete: impl FnMut(u8, &Hash)) {
        let mut hash = leaf;
        complete(0, &hash);
        let merges = u8::try_from(self.size.trailing_ones()).unwrap_or(u8::MAX);
        for level in 1..=merges {
            let Some(left) = self.hashes.pop() else { break };
            hash = node_hash(&left, &hash);
            complete(level, &hash);
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// The tree's root.
    pub fn root(&self) -> Hash {
        fold_right(self.hashes.iter().copied()).unwrap_or_else(empty_root)
    }

    /// The size as 8 bytes, big-endian, and the hashes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.hashes.iter().flatten());
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// When the length does not fit the size, or the size is beyond [`MAX_SIZE`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let (size, rest) = bytes.split_first_chunk().ok_or(FrontierError::Short(bytes.len()))?;
        let size = u64::from_be_bytes(*size);
        let (hashes, odd) = rest.as_chunks();
        if !odd.is_empty() {
            return Err(FrontierError::Hashes { size, expected: size.count_ones(), found: rest.len() });
        }
        Self::from_parts(size, hashes.to_vec())
    }
}

/// Joins subtree roots from the right; `None` when there are none.
fn fold_right(hashes: impl DoubleEndedIterator<Item = Hash>) -> Option<Hash> {
    hashes.rev().reduce(|right, left| node_hash(&left, &right))
}

/// Gives the hashes of complete nodes, as from tiles.
///
/// What it gives is believed: a proof made from altered tiles is a wrong proof. Verify a proof against the signed root
/// before handing it out.
pub trait HashReader {
    /// Why a hash cannot be given.
    type Error;

    /// The hash of a complete node within the tree the proof is asked for.
    ///
    /// # Errors
    /// When the node is missing or unreadable.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// A proof cannot be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProveError<E> {
    /// The proof asked for does not exist.
    #[error("there is no proof from {from} to {size} entries: the first must be {bound} the second")]
    OutOfRange {
        /// The entry's index, or the older size.
        from: u64,
        /// The tree's size.
        size: u64,
        /// What the relation should have been.
        bound: &'static str,
    },
    /// A node could not be read.
    #[error("a node of the tree cannot be read")]
    Read(#[source] E),
}

/// The ranges of entries whose tree hashes prove that entry `index` is in a tree of `size` entries, in the proof's order;
/// `None` when it is not within the tree.
pub fn inclusion_ranges(index: u64, size: u64) -> Option<Vec<Range<u64>>> {
    if index >= size || size > MAX_SIZE {
        return None;
    }
    let (mut span, mut ranges) = (0..size, Vec::new());
    while span.end - span.start > 1 {
        let middle = span.start + split(span.end - span.start);
        if index < middle {
            ranges.push(middle..span.end);
            span.end = middle;
        } else {
            ranges.push(span.start..middle);
            span.start = middle;
        }
    }
    ranges.reverse();
    Some(ranges)
}

/// The ranges of entries whose tree hashes prove that a tree of `size` entries extends one of `old`, in the proof's order;
/// `None` when `old` is larger. Every tree extends the empty one and itself: no hash is needed for these.
pub fn consistency_ranges(old: u64, size: u64) -> Option<Vec<Range<u64>>> {
    if old > size || size > MAX_SIZE {
        return None;
    }
    let (mut span, mut ranges) = (0..size, Vec::new());
    if old == 0 {
        return Some(ranges);
    }
    while span.end != old {
        let middle = span.start + split(span.end - span.start);
        if old <= middle {
            ranges.push(middle..span.end);
            span.end = middle;
        } else {
            ranges.push(span.start..middle);
            span.start = middle;
        }
    }
    // The old tree itself, when the whole of it is the span, is what the verifier holds already.
    if span.start > 0 {
        ranges.push(span);
    }
    ranges.reverse();
    Some(ranges)
}

/// The largest power of two below `size`, which is at least 2: where RFC 6962 splits a tree.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The tree hash over the entries of a range that a proof names, or over `0..size`: the root of the tree at that size.
///
/// # Errors
/// What the reader says.
pub fn range_hash<R: HashReader>(reader: &R, range: Range<u64>) -> Result<Hash, R::Error> {
    let nodes = nodes_of(range).into_iter().map(|n| reader.node(n.level, n.index));
    let hashes = nodes.collect::<Result<Vec<_>, _>>()?;
    Ok(fold_right(hashes.into_iter()).unwrap_or_else(empty_root))
}

/// The proof that entry `index` is in the tree of `size` entries (RFC 9162 §2.1.3.1).
///
/// # Errors
/// When the entry is not within the tree, or a node cannot be read.
pub fn inclusion_proof<R: HashReader>(reader: &R, index: u64, size: u64) -> Result<Vec<Hash>, ProveError<R::Error>> {
    let ranges =
        inclusion_ranges(index, size).ok_or(ProveError::OutOfRange { from: index, size, bound: "less than" })?;
    read_ranges(reader, ranges)
}

/// The proof that the tree of `size` entries extends the tree of `old` entries (RFC 9162 §2.1.4.1).
///
/// # Errors
/// When `old` is larger than `size`, or a node cannot be read.
pub fn consistency_proof<R: HashReader>(reader: &R, old: u64, size: u64) -> Result<Vec<Hash>, ProveError<R::Error>> {
    let ranges = consistency_ranges(old, size).ok_or(ProveError::OutOfRange { from: old, size, bound: "at most" })?;
    read_ranges(reader, ranges)
}

fn read_ranges<R: HashReader>(reader: &R, ranges: Vec<Range<u64>>) -> Result<Vec<Hash>, ProveError<R::Error>> {
    ranges.into_iter().map(|range| range_hash(reader, range)).collect::<Result<_, _>>().map_err(ProveError::Read)
}

/// A proof proves nothing.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum ProofError {
    /// The entry is not within the tree, or the newer tree is the smaller one.
    #[error("the proof is about entry or size {from}, outside a tree of {size} entries")]
    OutOfRange {
        /// The entry's index, or the older size.
        from: u64,
        /// The tree's size.
        size: u64,
    },
    /// Too few or too many hashes.
    #[error("the proof has {found} hashes, which is not the number that these sizes need")]
    Length {
        /// Hashes in the proof.
        found: usize,
    },
    /// The hashes do not lead to the older root.
    #[error("the proof does not lead to the older root: the older tree was another one")]
    OldRoot,
    /// The hashes do not lead to the root.
    #[error("the proof does not lead to the root: the entry or the tree was altered")]
    Root,
}

/// Checks that the entry with hash `leaf` is entry `index` of the tree of `size` entries with root `root`
/// (RFC 9162 §2.1.3.2).
///
/// # Errors
/// When the proof does not prove that.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange { from: index, size });
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length { found: proof.len() });
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            (node, last) = climb(node, last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    match (last, hash == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length { found: proof.len() }),
    }
}

/// Goes up past the levels at which the node is the last and has no sibling.
fn climb(node: u64, last: u64) -> (u64, u64) {
    let levels = if node == 0 { 0 } else { node.trailing_zeros() };
    (node >> levels, last >> levels)
}

/// Checks that the tree of `size` entries with root `root` extends the tree of `old` entries with root `old_root`
/// (RFC 9162 §2.1.4.2). Every tree extends the empty one.
///
/// # Errors
/// When the proof does not prove that.
pub fn verify_consistency(old: u64, size: u64, proof: &[Hash], old_root: &Hash, root: &Hash) -> Result<(), ProofError> {
    if old > size {
        return Err(ProofError::OutOfRange { from: old, size });
    }
    if old == 0 || old == size {
        return verify_trivial(old, size, proof, old_root, root);
    }
    let wrong_length = ProofError::Length { found: proof.len() };
    let whole = old.is_power_of_two().then_some(*old_root);
    let mut path = whole.into_iter().chain(proof.iter().copied());
    let mut old_hash = path.next().ok_or(wrong_length)?;
    let mut hash = old_hash;
    let levels = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> levels, (size - 1) >> levels);
    for sibling in path {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(&sibling, &old_hash);
            hash = node_hash(&sibling, &hash);
            (node, last) = climb(node, last);
        } else {
            hash = node_hash(&hash, &sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    match (last, old_hash == *old_root, hash == *root) {
        (0, true, true) => Ok(()),
        (0, false, _) => Err(ProofError::OldRoot),
        (0, true, false) => Err(ProofError::Root),
        _ => Err(wrong_length),
    }
}

fn verify_trivial(old: u64, size: u64, proof: &[Hash], old_root: &Hash, root: &Hash) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::Length { found: proof.len() });
    }
    if old == 0 && *old_root != empty_root() {
        return Err(ProofError::OldRoot);
    }
    if old == size && old_root != root {
        return Err(ProofError::Root);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
