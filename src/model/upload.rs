//! An upload: a file that arrived in an upload folder.

use serde::{Deserialize, Serialize};

/// How far an upload has come. The first four are steps before the commit point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// It was seen; somebody may still be writing it, or something is in the way. The reason says what.
    Waiting,
    /// Nobody writes it any more; its turn comes.
    Settled,
    /// Its bytes are being copied and hashed.
    Receiving,
    /// Its bytes are in the vault, under their digest.
    Received,
    /// The commit point: clip, name, custody event and ledger entry are in the catalog.
    Accepted,
    /// Read back from the device and equal.
    Confirmed,
    /// The source was kept, moved or deleted, as the policy says.
    Released,
    /// It is no regular file or on the ignore list; it is reported and never followed.
    Ignored,
}

impl UploadState {
    /// Every state, in order.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Settled,
        Self::Receiving,
        Self::Received,
        Self::Accepted,
        Self::Confirmed,
        Self::Released,
        Self::Ignored,
    ];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Settled => "settled",
            Self::Receiving => "receiving",
            Self::Received => "received",
            Self::Accepted => "accepted",
            Self::Confirmed => "confirmed",
            Self::Released => "released",
            Self::Ignored => "ignored",
        }
    }
}
