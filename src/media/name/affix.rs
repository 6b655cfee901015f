//! What stands around the name proper: extensions, suffixes of copies, temporary names, sidecars.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

/// The longest extension taken off, in bytes.
const MOST_EXTENSION: usize = 16;
/// ` (1)`, `（1）`, ` - 副本`, ` - 副本 (2)`, `_copy`, ` copy 2` and the like, once.
const COPY_SUFFIX: &str = r"(?i)(?:\s*[(（][0-9]{1,4}[)）]|\s*[-_ ]\s*(?:副本|copy)(?:\s*[0-9]{1,3})?)$";
/// Names that copying programs give a file until it is whole.
const TEMPORARY: [&str; 6] = ["part", "tmp", "filepart", "crdownload", "partial", "temp"];

/// What kind of text stands beside a clip, by the extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SidecarKind {
    /// `.xml`
    Xml,
    /// `.gps`
    Gps,
    /// `.nmea`
    Nmea,
    /// `.srt`
    Srt,
    /// `.log`
    Log,
    /// `.txt`
    Txt,
}

impl SidecarKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Xml, Self::Gps, Self::Nmea, Self::Srt, Self::Log, Self::Txt];

    /// The extension, and the word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Gps => "gps",
            Self::Nmea => "nmea",
            Self::Srt => "srt",
            Self::Log => "log",
            Self::Txt => "txt",
        }
    }
}

/// The name without its extension; the name itself when it has none. `X.mp4.xml` gives `X.mp4`, the name of its clip.
///
/// An extension is 1–16 letters or digits behind the last dot, unless nothing stands before the dot.
pub fn stem(name: &str) -> &str {
    split(name).0
}

fn split(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        Some((stem, ext)) if !stem.is_empty() && is_extension(ext) => (stem, ext),
        _ => (name, ""),
    }
}

fn is_extension(ext: &str) -> bool {
    (1..=MOST_EXTENSION).contains(&ext.len()) && ext.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The kind of sidecar a name is, by its extension; `None` for every other name.
pub fn sidecar_kind(name: &str) -> Option<SidecarKind> {
    let (_, ext) = split(name);
    SidecarKind::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(ext))
}

/// Whether the sidecar belongs to the clip: `X.xml` or `X.mp4.xml` to `X.mp4`. ASCII case is no matter, as on the
/// recorders' file systems.
pub fn pairs(sidecar: &str, clip: &str) -> bool {
    let bare = stem(sidecar);
    sidecar_kind(sidecar).is_some() && (bare.eq_ignore_ascii_case(stem(clip)) || bare.eq_ignore_ascii_case(clip))
}

/// Whether a program gave the name only until the file is whole: `.part`, `.tmp`, `.temp`, `.partial`, `.filepart`,
/// `.crdownload`, `~` at the end, a dot in front. Such a file waits for its rename.
pub fn is_temporary(name: &str) -> bool {
    let (_, ext) = split(name);
    name.starts_with('.') || name.ends_with('~') || TEMPORARY.iter().any(|t| t.eq_ignore_ascii_case(ext))
}

/// The texts that may be the name proper, the fullest first: up to two extensions taken off, and the suffixes of copies
/// before and between them.
pub(super) fn bare_names(name: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::with_capacity(6);
    let mut base = name;
    for _ in 0..3 {
        let bare = without_copy_suffix(base);
        for candidate in [base, bare] {
            if !names.contains(&candidate) {
                names.push(candidate);
            }
        }
        base = stem(bare);
    }
    names
}

/// Whether a name of unknown shape ends in the mark `IMP`.
pub(super) fn is_marked(name: &str) -> bool {
    let is_mark = |bare: &&str| {
        let Some((front, last)) = bare.len().checked_sub(3).and_then(|at| bare.split_at_checked(at)) else {
            return false;
        };
        last.eq_ignore_ascii_case("imp") && front.ends_with(|c: char| c == '_' || c == '-' || c.is_ascii_digit())
    };
    bare_names(name).iter().any(is_mark)
}

fn without_copy_suffix(name: &str) -> &str {
    static SUFFIX: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(COPY_SUFFIX).ok());
    let Some(suffix) = SUFFIX.as_ref() else { return name };
    let mut bare = name;
    for _ in 0..3 {
        match suffix.find(bare).and_then(|found| bare.get(..found.start())) {
            Some(front) if !front.is_empty() => bare = front,
            _ => break,
        }
    }
    bare
}
