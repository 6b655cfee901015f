//! Disposal 销毁: proposed by one, decided by another, then done.

use serde::{Deserialize, Serialize};

/// How far a disposal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisposalState {
    /// Somebody proposed it; a second person is to decide.
    Proposed,
    /// A second person approved it; its clips are being destroyed.
    Approved,
    /// A second person refused it; nothing was destroyed.
    Refused,
    /// What was still due is destroyed.
    Done,
}

impl DisposalState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Proposed, Self::Approved, Self::Refused, Self::Done];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Done => "done",
        }
    }
}

/// Which clips a disposal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisposalScope {
    /// Those that were named.
    Named,
    /// All that were due when it was proposed.
    Due,
}

impl DisposalScope {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Named, Self::Due];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Due => "due",
        }
    }
}

/// What became of a destroyed clip's object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectFate {
    /// It is about to be removed from the vault.
    Due,
    /// It was removed.
    Removed,
    /// The same bytes arrived again before it was removed: it is a clip's object again.
    Kept,
}

impl ObjectFate {
    /// Every fate.
    pub const ALL: [Self; 3] = [Self::Due, Self::Removed, Self::Kept];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Removed => "removed",
            Self::Kept => "kept",
        }
    }
}
