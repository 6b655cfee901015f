//! The names that an export bag may hold. Anything else in a bag, links and devices included, is foreign to it.

use std::fmt;

use crate::ledger::checkpoint::MAX_NOTE_BYTES;
use crate::ledger::entry::MAX_LINE_BYTES;
use crate::ledger::merkle::MAX_SIZE;
use crate::ledger::policy::MAX_POLICY_BYTES;
use crate::ledger::proof::MAX_PROOF_BYTES;

/// Directories of a bag, below its root.
pub(super) const DIRECTORIES: [&str; 4] = ["data", "data/clips", "data/details", "log"];
/// Bytes of the largest private detail that is read: a batch of a thousand looks has some hundred thousand.
const MAX_DETAIL_BYTES: usize = 16 << 20;
/// Bytes of the largest `bagit.txt` or `bag-info.txt` that is read.
const MAX_TAG_BYTES: usize = 1 << 16;
/// Bytes of a salt in hexadecimal, with its newline.
pub(super) const SALT_BYTES: usize = 65;
/// Characters of the longest file extension.
const MAX_EXTENSION: usize = 8;

/// A file of a bag. Each has one spelling, so that neither case, percent-encoding nor Unicode forms can make two names of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Name {
    /// The declaration.
    BagIt,
    /// What the bag says of itself.
    BagInfo,
    /// Digests of the payload, which the export entries commit to.
    Manifest,
    /// Digests of everything else.
    TagManifest,
    /// The court's own policy: for information only.
    Policy,
    /// The custody report.
    Report,
    /// The bytes of the clip whose `clip` entry this is, and their extension.
    Clip(u64, String),
    /// The private detail of an entry.
    Detail(u64),
    /// Its salt.
    Salt(u64),
    /// The line of an entry.
    Line(u64),
    /// Its proof.
    Proof(u64),
    /// The private detail of an export entry of this bag.
    ExportDetail(u64),
    /// Its salt.
    ExportSalt(u64),
}

impl Name {
    /// Those that every bag has.
    pub(super) const ALWAYS: [Self; 6] =
        [Self::BagIt, Self::BagInfo, Self::Manifest, Self::TagManifest, Self::Policy, Self::Report];

    /// The name that a path below the root is; none when it is foreign.
    pub(super) fn read(path: &str) -> Option<Self> {
        if let Some(known) = Self::ALWAYS.into_iter().find(|name| name.to_string() == path) {
            return Some(known);
        }
        let (directory, file) = path.rsplit_once('/')?;
        let (index, kind) = file.split_once('.')?;
        let index = parse_index(index)?;
        Some(match (directory, kind) {
            ("data/clips", extension) if is_extension(extension) => Self::Clip(index, extension.to_owned()),
            ("data/details", "json") => Self::Detail(index),
            ("data/details", "salt") => Self::Salt(index),
            ("log", "json") => Self::Line(index),
            ("log", "tlog-proof") => Self::Proof(index),
            ("log", "detail.json") => Self::ExportDetail(index),
            ("log", "salt") => Self::ExportSalt(index),
            _ => return None,
        })
    }

    /// Whether the manifest lists it; otherwise the tag manifest does, itself excepted.
    pub(super) fn is_payload(&self) -> bool {
        matches!(self, Self::Report | Self::Clip(..) | Self::Detail(_) | Self::Salt(_))
    }

    /// The entry that it belongs to.
    pub(super) fn entry(&self) -> Option<u64> {
        match self {
            Self::Detail(index) | Self::Salt(index) | Self::Line(index) | Self::Proof(index) => Some(*index),
            Self::ExportDetail(index) | Self::ExportSalt(index) => Some(*index),
            _ => None,
        }
    }

    /// The most bytes that are read of it at once; none when it is only ever read piece by piece.
    pub(super) fn most_bytes(&self) -> Option<usize> {
        match self {
            Self::BagIt | Self::BagInfo => Some(MAX_TAG_BYTES),
            Self::Policy => Some(MAX_POLICY_BYTES),
            Self::Detail(_) | Self::ExportDetail(_) => Some(MAX_DETAIL_BYTES),
            Self::Salt(_) | Self::ExportSalt(_) => Some(SALT_BYTES),
            Self::Line(_) => Some(MAX_LINE_BYTES),
            Self::Proof(_) => Some(MAX_PROOF_BYTES),
            Self::Manifest | Self::TagManifest | Self::Report | Self::Clip(..) => None,
        }
    }
}

const _: () = assert!(MAX_PROOF_BYTES > MAX_NOTE_BYTES, "a proof holds a note");

/// A plain decimal number: no sign, no leading zero.
fn parse_index(digits: &str) -> Option<u64> {
    let index: u64 = digits.parse().ok().filter(|index| *index < MAX_SIZE)?;
    (index.to_string() == digits).then_some(index)
}

fn is_extension(text: &str) -> bool {
    (1..=MAX_EXTENSION).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

impl fmt::Display for Name {
    /// The path below the bag's root.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BagIt => write!(f, "bagit.txt"),
            Self::BagInfo => write!(f, "bag-info.txt"),
            Self::Manifest => write!(f, "manifest-sha256.txt"),
            Self::TagManifest => write!(f, "tagmanifest-sha256.txt"),
            Self::Policy => write!(f, "policy"),
            Self::Report => write!(f, "data/report.html"),
            Self::Clip(index, extension) => write!(f, "data/clips/{index}.{extension}"),
            Self::Detail(index) => write!(f, "data/details/{index}.json"),
            Self::Salt(index) => write!(f, "data/details/{index}.salt"),
            Self::Line(index) => write!(f, "log/{index}.json"),
            Self::Proof(index) => write!(f, "log/{index}.tlog-proof"),
            Self::ExportDetail(index) => write!(f, "log/{index}.detail.json"),
            Self::ExportSalt(index) => write!(f, "log/{index}.salt"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_name_reads_as_it_is_written() {
        let mut names = vec![Name::Clip(7, "mp4".to_owned()), Name::Detail(0), Name::Salt(10), Name::Line(3)];
        names.extend([Name::Proof(3), Name::ExportDetail(9), Name::ExportSalt(9)]);
        names.extend(Name::ALWAYS);
        for name in names {
            assert_eq!(Name::read(&name.to_string()), Some(name));
        }
    }

    #[test]
    fn other_spellings_are_foreign() {
        for path in [
            "BagIt.txt",
            "data/clips/07.mp4",
            "data/clips/+7.mp4",
            "data/clips/7.MP4",
            "data/clips/7",
            "data/clips/7.",
            "data/clips/7.mp4.exe",
            "data/clips/../7.mp4",
            "data//clips/7.mp4",
            "./policy",
            "/policy",
            "log/7.JSON",
            "log/７.json",
            "log/7.json ",
            "log/%37.json",
            "data/details/7.detail.json",
            "log/7.detail",
            "log/.json",
            "log/9223372036854775807.json",
            "log/99999999999999999999.json",
            "data/clips/7.mp4\n",
            "data/clips/7.abcdefghi",
            "",
            "data",
            "tagmanifest-sha512.txt",
            "fetch.txt",
        ] {
            assert_eq!(Name::read(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_path_that_is_read_is_spelt_in_one_way(path in "(data/clips|data/details|log|data)/[0-9]{1,3}[.][a-z0-9.]{1,9}") {
            if let Some(name) = Name::read(&path) {
                prop_assert_eq!(name.to_string(), path);
            }
        }
    }
}
