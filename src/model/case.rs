//! An enforcement case 执行案件, and how clips are tied to it.

use serde::{Deserialize, Serialize};

/// How a clip came to be linked to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkMethod {
    /// A person said so; no machine takes it away.
    Person,
    /// The case number stands in the file's name.
    Name,
    /// The case number stands in a folder's name on the file's path.
    Path,
    /// The case number stands in a sidecar.
    Sidecar,
    /// Its officer or recorder was in an action of the case.
    Action,
    /// Another segment of the same recording is linked.
    Recording,
}

impl LinkMethod {
    /// Every method, the strongest first.
    pub const ALL: [Self; 6] = [Self::Person, Self::Name, Self::Path, Self::Sidecar, Self::Action, Self::Recording];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Name => "name",
            Self::Path => "path",
            Self::Sidecar => "sidecar",
            Self::Action => "action",
            Self::Recording => "recording",
        }
    }

    /// Whether somebody wrote the case down for this very clip: a person, or whoever named the file, its folder or its sidecar.
    pub fn is_explicit(self) -> bool {
        matches!(self, Self::Person | Self::Name | Self::Path | Self::Sidecar)
    }
}
