//! Who may do what: the roles of people and programs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A role of a token's bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// 执行人员: docks recorders, sees clips.
    Officer,
    /// Legal staff: search, cases, incidents.
    Legal,
    /// Auditor: reads everything, proves integrity.
    Auditor,
    /// Administrator: accounts, registers, configuration.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Officer, Self::Legal, Self::Auditor, Self::Admin];

    /// The word for it, in configuration, database and command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Legal => "legal",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word names no role.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown role: expected officer, legal, auditor or admin")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|r| r.as_str() == s).ok_or(UnknownRole)
    }
}
