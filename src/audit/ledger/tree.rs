//! The tree recomputed from the entries, and the stored tiles held against it.

use std::collections::BTreeMap;

use super::Report;
use crate::catalog::engine::Reader;
use crate::catalog::{CatalogError, ledger as rows};
use crate::ledger::merkle::Hash;
use crate::ledger::tile::{FULL_WIDTH, LogState, Tile};

/// The tree so far.
#[derive(Debug, Default)]
pub(super) struct Tree {
    state: LogState,
    /// Full tiles that were not compared yet.
    full: Vec<Tile>,
    /// The newest partial tile of each level.
    edge: BTreeMap<u8, Tile>,
}

impl Tree {
    pub(super) fn size(&self) -> u64 {
        self.state.size()
    }

    pub(super) fn root(&self) -> Hash {
        self.state.root()
    }

    pub(super) fn append(&mut self, leaves: &[Hash]) {
        for tile in self.state.append(leaves) {
            if tile.id().width == FULL_WIDTH {
                self.edge.remove(&tile.id().level);
                self.full.push(tile);
            } else {
                self.edge.insert(tile.id().level, tile);
            }
        }
    }

    /// Compares the tiles that were filled.
    pub(super) async fn check_tiles(&mut self, reader: &mut Reader, report: &mut Report) -> Result<(), CatalogError> {
        for tile in std::mem::take(&mut self.full) {
            compare(&tile, reader, report).await?;
        }
        Ok(())
    }

    /// Compares the partial tiles; the stored ones may have grown since.
    pub(super) async fn check_edge(&self, reader: &mut Reader, report: &mut Report) -> Result<(), CatalogError> {
        for tile in self.edge.values() {
            compare(tile, reader, report).await?;
        }
        Ok(())
    }
}

async fn compare(tile: &Tile, reader: &mut Reader, report: &mut Report) -> Result<(), CatalogError> {
    let id = tile.id();
    match rows::tile(reader.conn(), id.level, id.index).await? {
        None => report.findings.add("tile_missing", id.path(), "there is no such row"),
        Some(hashes) if hashes.starts_with(tile.hashes()) && hashes.len() <= usize::from(FULL_WIDTH) * 32 => {}
        Some(hashes) => {
            let at = hashes.iter().zip(tile.hashes()).take_while(|(a, b)| a == b).count();
            report.findings.add(
                "tile_altered",
                id.path(),
                format!("the stored tile is not that of the entries, from byte {at} on"),
            );
        }
    }
    Ok(())
}
