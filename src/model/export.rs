//! Exports 移送: clips that leave the court as a bag, for the police, a reviewing court or an archive.

use serde::{Deserialize, Serialize};

use super::id::Id;

/// The format of the bags that this program writes.
pub const FORMAT: &str = "zhilu-export/1";
/// Most clips that can be named one by one.
pub const MOST_CLIPS: usize = 1_000;
/// Most characters of a reason.
pub const MOST_REASON: usize = 2_000;
/// Most characters of a recipient, and of an approver's name.
pub const MOST_NAME: usize = 200;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every clip that is tied to a case when the export begins, and the case's incidents.
    Case(Id),
    /// Every clip that an incident names when the export begins, and the incident.
    Incident(Id),
    /// Clips that were named one by one.
    Clips,
}

impl Scope {
    /// The word for it in the database, the ledger and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Case(_) => "case",
            Self::Incident(_) => "incident",
            Self::Clips => "clips",
        }
    }
}

/// How far an export has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// Asked for; another person has to approve it.
    Requested,
    /// Another person refused it. Nothing follows.
    Refused,
    /// Approved; it begins as soon as the daemon comes to it.
    Approved,
    /// Every clip's entry says that it is being copied; the copy is under way, or goes on after a restart.
    Running,
    /// The ledger commits to the bag's manifest; the files that prove it are being written.
    Recorded,
    /// The bag is whole.
    Done,
    /// It cannot be done, as when an object is not what the ledger says. Nothing follows.
    Failed,
}

impl ExportState {
    /// Every state, in order.
    pub const ALL: [Self; 7] =
        [Self::Requested, Self::Refused, Self::Approved, Self::Running, Self::Recorded, Self::Done, Self::Failed];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Refused => "refused",
            Self::Approved => "approved",
            Self::Running => "running",
            Self::Recorded => "recorded",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}
