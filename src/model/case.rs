//! An enforcement case 执行案件, and how clips are tied to it.

use serde::{Deserialize, Serialize};

/// How a clip came to be linked to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkMethod {
    /// The case number stands in the file's name.
    Name,
    /// The case number stands in a folder's name on the file's path.
    Path,
    /// The case number stands in a sidecar.
    Sidecar,
}

impl LinkMethod {
    /// Every method, the strongest first.
    pub const ALL: [Self; 3] = [Self::Name, Self::Path, Self::Sidecar];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Path => "path",
            Self::Sidecar => "sidecar",
        }
    }
}
