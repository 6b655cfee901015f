//! A clip: bytes with one digest, and what is known of them.

use serde::{Deserialize, Serialize};

use super::time::Micros;

/// How far a clip has come; the states of a clip's life that a catalog row can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClipState {
    /// In the vault, the catalog and the ledger; linked to no case yet.
    Accepted,
    /// Linked to at least one case.
    Matched,
    /// Read back from the device and equal: the officer may clear the recorder.
    Confirmed,
    /// The source was kept, moved or deleted, as the policy says.
    Released,
    /// 已销毁: its bytes and what was known of it are gone; digest and ledger entries stay. The same bytes bring it back.
    Disposed,
}

impl ClipState {
    /// Every state, in order.
    pub const ALL: [Self; 5] = [Self::Accepted, Self::Matched, Self::Confirmed, Self::Released, Self::Disposed];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Matched => "matched",
            Self::Confirmed => "confirmed",
            Self::Released => "released",
            Self::Disposed => "disposed",
        }
    }
}

/// Where a chosen time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeSource {
    /// The recorder, in the file's name.
    Name,
    /// The recorder, in a sidecar.
    Sidecar,
    /// The container's creation time.
    Container,
    /// The file system's modification time.
    File,
    /// When the file was received.
    Arrived,
}

impl TimeSource {
    /// Every source.
    pub const ALL: [Self; 5] = [Self::Name, Self::Sidecar, Self::Container, Self::File, Self::Arrived];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Sidecar => "sidecar",
            Self::Container => "container",
            Self::File => "file",
            Self::Arrived => "arrived",
        }
    }
}

/// The times of a clip, kept apart: nothing overwrites what the device said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipTimes {
    /// What the recorder said, in the name or a sidecar.
    pub device: Option<Micros>,
    /// What the container says.
    pub container: Option<Micros>,
    /// The source file's modification time.
    pub file: Option<Micros>,
    /// When the file was received.
    pub arrived: Micros,
}
