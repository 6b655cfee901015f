use std::path::PathBuf;

use serde::Deserialize;

/// What becomes of a source file after its clip is Confirmed, never before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourcePolicy {
    /// It stays where it is.
    #[default]
    Keep,
    /// It becomes the vault's object itself where that is safe (same file system, no writer), without copying;
    /// elsewhere it is copied, and deleted once Confirmed.
    Move,
    /// It is copied, and deleted once Confirmed.
    Delete,
}

impl SourcePolicy {
    /// The word for it in the configuration and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Move => "move",
            Self::Delete => "delete",
        }
    }
}

/// `[[intake.folders]]`: one upload folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// The folder; everything below it is watched.
    pub path: PathBuf,
    /// The dock that writes here, as people call it.
    #[serde(default)]
    pub dock: String,
    /// The court whose clips arrive here, when it is another than `court.code`.
    #[serde(default)]
    pub court: String,
    /// What becomes of a source file: `keep`, `move` or `delete`.
    #[serde(default)]
    pub source: SourcePolicy,
    /// Seconds without a change after which a file counts as written, for this folder; longer for slow shares.
    pub quiet_s: Option<u32>,
    /// Write the receipt of each confirmed clip beside its source, in three files.
    #[serde(default)]
    pub receipts: bool,
}

impl Folder {
    /// A folder with defaults.
    pub fn at(path: PathBuf) -> Self {
        Self {
            path,
            dock: String::new(),
            court: String::new(),
            source: SourcePolicy::Keep,
            quiet_s: None,
            receipts: false,
        }
    }
}

/// `[intake]`: how files are taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Intake {
    /// Seconds without a change after which a file counts as written when no close was seen.
    pub quiet_s: u32,
    /// Seconds between two full looks at the folders; events only make it quicker.
    pub rescan_s: u32,
    /// Seconds after which a file with a temporary name (`.part`, `.tmp`, `~`, a dot file) that nobody changes or renames is
    /// taken as it is.
    pub temporary_s: u32,
    /// Files that are hashed at the same time; 0: one a core.
    pub workers: usize,
    /// Names that are no evidence, such as a desktop's own litter. Compared without regard to case.
    pub ignore: Vec<String>,
    /// The court's own templates of file names; see the README.
    pub names: Vec<String>,
    /// The upload folders; none: `uploads` in the data directory.
    pub folders: Vec<Folder>,
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            quiet_s: 5,
            rescan_s: 30,
            temporary_s: 3600,
            workers: 0,
            ignore: ["Thumbs.db", "desktop.ini", ".DS_Store"].map(str::to_owned).to_vec(),
            names: Vec::new(),
            folders: Vec::new(),
        }
    }
}

impl Intake {
    pub(super) fn validate(&self) -> Result<(), String> {
        if self.rescan_s == 0 {
            return Err("intake.rescan_s: must be at least 1; rescans find what events miss".to_owned());
        }
        if self.workers > 256 {
            return Err("intake.workers: at most 256".to_owned());
        }
        for (i, a) in self.folders.iter().enumerate() {
            for b in &self.folders[i + 1..] {
                if a.path.starts_with(&b.path) || b.path.starts_with(&a.path) {
                    let (a, b) = (a.path.display(), b.path.display());
                    return Err(format!(
                        "intake.folders: {a} and {b} hold each other; each file must be in one folder"
                    ));
                }
            }
        }
        Ok(())
    }
}
