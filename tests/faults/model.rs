//! A naive model of what was uploaded, and its comparison with what Zhilu has.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::court::ask;
use crate::support::Court;

/// The beginning of the name of a source that is being removed; see the intake's release.
const ASIDE: &str = ".zhilu-release-";

const UPLOADS: &str = "select hex(u.folder) folder, hex(u.dir) dir, hex(u.name) name, lower(hex(c.sha256)) sha256, u.state state, \
                       u.confirmed_us confirmed_us, u.outcome outcome from uploads u join clips c on c.id = u.clip_id";

/// What was uploaded: place below the folder → digest of the bytes.
#[derive(Debug, Default, Clone)]
pub(crate) struct Model {
    pub(crate) files: BTreeMap<PathBuf, String>,
}

/// A row of the catalog.
#[derive(Debug)]
struct Row {
    place: PathBuf,
    sha256: String,
    state: String,
    confirmed: bool,
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

impl Model {
    pub(crate) fn add(&mut self, place: &Path, bytes: &[u8]) {
        let before = self.files.insert(place.to_owned(), sha256(bytes));
        assert!(before.is_none(), "the model never writes a place twice: {}", place.display());
    }

    fn contents(&self) -> BTreeSet<String> {
        self.files.values().cloned().collect()
    }

    /// After a crash, before the next start: no source has gone unless it is safe.
    pub(crate) fn verify_crashed(&self, court: &Court, policy: &str, story: &str) {
        // Looked at first: the daemon is dead, so nothing goes meanwhile.
        let gone: Vec<_> = self.files.iter().filter(|(place, _)| !court.uploads().join(place).exists()).collect();
        if gone.is_empty() {
            return;
        }
        assert_ne!(policy, "keep", "{story}: sources went although they are to be kept: {gone:?}");
        let rows = rows(court);
        let kept = if policy == "move" { digests_below(&court.data().join("vault")) } else { BTreeSet::new() };
        for (place, digest) in gone {
            let confirmed = rows.iter().any(|r| r.place == *place && r.sha256 == *digest && r.confirmed);
            let safe = confirmed || kept.contains(digest);
            assert!(safe, "{story}: {} is gone and not confirmed", place.display());
        }
    }

    /// When nothing is left to do and nothing to tidy up.
    pub(crate) fn verify_tidy(&self, court: &Court, policy: &str, story: &str) {
        self.verify_drained(court, policy, story);
        let staging = court.data().join("vault/staging");
        let left: Vec<_> = files_below(&staging).into_iter().filter(|p| !p.ends_with(".lock")).collect();
        assert!(left.is_empty(), "{story}: left in staging: {left:?}");
        let expected = if policy == "keep" { self.files.clone() } else { BTreeMap::new() };
        assert_eq!(sources(court), expected, "{story}: what is in the upload folder");
    }

    /// When nothing is left to do: everything is there, once, whole, under all its names. A temporary file that could not be removed,
    /// or a moved duplicate, may be there until the next start, which puts the latter back into its folder and takes it again.
    pub(crate) fn verify_drained(&self, court: &Court, policy: &str, story: &str) {
        let report = court.check();
        assert_eq!(report["findings"], serde_json::json!([]), "{story}: {report:#}");
        assert_eq!(report["unclaimed"], serde_json::json!([]), "{story}: {report:#}");
        let contents = self.contents();
        let clips = texts(&ask(court, "select lower(hex(sha256)) sha256 from clips"), "sha256");
        assert_eq!(clips.len(), contents.len(), "{story}: a clip for each content");
        assert_eq!(clips.into_iter().collect::<BTreeSet<_>>(), contents, "{story}: clips and uploaded contents");
        assert_eq!(digests_below(&court.data().join("vault/objects")), contents, "{story}: objects and contents");
        self.verify_names(court, policy, story);
        for (place, digest) in sources(court) {
            assert_ne!(policy, "delete", "{story}: {} is still there", place.display());
            assert_eq!(self.files.get(&place), Some(&digest), "{story}: source {}", place.display());
        }
    }

    fn verify_names(&self, court: &Court, policy: &str, story: &str) {
        let mut seen: BTreeMap<PathBuf, u32> = BTreeMap::new();
        let contents = self.contents();
        for row in rows(court) {
            assert_eq!(row.state, "released", "{story}: {row:?}");
            let name = row.place.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with(ASIDE) && policy != "keep" {
                assert!(contents.contains(&row.sha256), "{story}: {row:?}");
                continue;
            }
            assert_eq!(self.files.get(&row.place), Some(&row.sha256), "{story}: {row:?}");
            *seen.entry(row.place).or_default() += 1;
        }
        for place in self.files.keys() {
            assert_eq!(seen.get(place), Some(&1), "{story}: arrivals of {}", place.display());
        }
    }
}

/// What is in the upload folder.
fn sources(court: &Court) -> BTreeMap<PathBuf, String> {
    let uploads = court.uploads();
    let found = files_below(&uploads).into_iter();
    found.map(|p| (p.strip_prefix(&uploads).unwrap().to_owned(), sha256(&std::fs::read(&p).unwrap()))).collect()
}

fn rows(court: &Court) -> Vec<Row> {
    let uploads = court.uploads().canonicalize().unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_else(|| panic!("{key} in {row}")).to_owned();
    let bytes = |row: &Value, key: &str| unhex(&text(row, key));
    let one = |row: &Value| {
        let path = |key| PathBuf::from(std::ffi::OsStr::from_bytes(&bytes(row, key)));
        assert_eq!(path("folder"), uploads, "{row}");
        Row {
            place: path("dir").join(path("name")),
            sha256: text(row, "sha256"),
            state: text(row, "state"),
            confirmed: !row["confirmed_us"].is_null(),
        }
    };
    ask(court, UPLOADS).iter().map(one).collect()
}

fn texts(rows: &[Value], key: &str) -> Vec<String> {
    rows.iter().map(|r| r[key].as_str().unwrap().to_owned()).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|c| u8::from_str_radix(std::str::from_utf8(c).unwrap(), 16).unwrap()).collect()
}

/// All files in a directory and below.
pub(crate) fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut pending = vec![dir.to_owned()];
    while let Some(dir) = pending.pop() {
        // A directory of a process that tidies up may go meanwhile.
        for entry in std::fs::read_dir(&dir).into_iter().flatten().map_while(Result::ok) {
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                pending.push(entry.path())
            } else {
                files.push(entry.path())
            }
        }
    }
    files
}

fn digests_below(dir: &Path) -> BTreeSet<String> {
    files_below(dir).iter().filter_map(|p| Some(sha256(&std::fs::read(p).ok()?))).collect()
}
