//! A bag as somebody looks at it who has nothing but its files and a pinned policy.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};
use zhilu::ledger::entry::{Entry, EntryKind, commitment};
use zhilu::ledger::policy::Policy;
use zhilu::ledger::proof::TlogProof;
use zhilu::model::digest::{from_hex, to_hex};

/// What the entries of a bag say.
pub(crate) struct Audited {
    /// Entries by index.
    pub(crate) entries: BTreeMap<u64, Entry>,
    /// Their details.
    pub(crate) details: BTreeMap<u64, Value>,
    /// The chain of each clip, from its own entry to the one that commits to the manifest.
    pub(crate) chains: Vec<Vec<u64>>,
}

impl Audited {
    /// The words of the events on each clip's chain.
    pub(crate) fn words(&self) -> Vec<Vec<&str>> {
        let word = |index: &u64| self.entries[index].public.get("event").map_or("clip", |word| word.as_str().unwrap());
        self.chains.iter().map(|chain| chain.iter().map(word).collect()).collect()
    }
}

/// Reads the names below `dir`, sorted.
pub(crate) fn names(dir: &Path) -> BTreeSet<String> {
    let names = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    names.collect()
}

fn read(path: impl AsRef<Path>) -> Vec<u8> {
    std::fs::read(path.as_ref()).unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()))
}

/// Holds a bag against its own manifests with `sha256sum`, and with `bagit.py` where `./tests/run` says that it is.
pub(crate) fn validate(bag: &Path) {
    let sums = ["manifest-sha256.txt", "tagmanifest-sha256.txt"];
    let done =
        Command::new("sha256sum").args(["--strict", "--quiet", "-c"]).args(sums).current_dir(bag).output().unwrap();
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    if let Some(bagit) = std::env::var_os("ZHILU_TEST_BAGIT") {
        let done = Command::new(bagit).args(["--quiet", "--validate"]).arg(bag).output().unwrap();
        assert!(done.status.success(), "bagit.py: {}", String::from_utf8_lossy(&done.stderr));
    }
}

/// Proves everything that a bag says; panics at the first thing that does not hold.
pub(crate) fn audit(bag: &Path, policy: &Policy) -> Audited {
    validate(bag);
    let manifest = to_hex(&Sha256::digest(read(bag.join("manifest-sha256.txt"))));
    let (mut entries, mut details, mut checkpoints) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    for name in names(&bag.join("log")).iter().filter_map(|name| name.strip_suffix(".tlog-proof")) {
        let log = |ext: &str| read(bag.join(format!("log/{name}.{ext}")));
        let proof = TlogProof::parse(&log("tlog-proof")).unwrap();
        checkpoints.insert(proof.checkpoint.to_string());
        let proven = proof.verify(policy).unwrap();
        assert_eq!(proven.index.to_string(), name);
        assert_eq!(proven.entry.to_line().unwrap(), log("json"));
        let is_seal = proven.entry.public.get("manifest").and_then(Value::as_str) == Some(&manifest);
        let private = if is_seal { format!("log/{name}.detail") } else { format!("data/details/{name}") };
        let salt = if is_seal { format!("log/{name}.salt") } else { format!("data/details/{name}.salt") };
        let (detail, salt) = (read(bag.join(format!("{private}.json"))), read(bag.join(salt)));
        let salt = from_hex(std::str::from_utf8(&salt).unwrap().strip_suffix('\n').unwrap()).unwrap();
        assert_eq!(proven.entry.commit, commitment(&salt, &detail), "entry {name}");
        details.insert(proven.index, serde_json::from_slice(&detail).unwrap());
        entries.insert(proven.index, proven.entry);
    }
    assert_eq!(checkpoints.len(), 1);
    let chains = chains(&entries, &manifest);
    let clips: BTreeSet<String> =
        names(&bag.join("data/clips")).iter().map(|name| name.split_once('.').unwrap().0.to_owned()).collect();
    let firsts: BTreeSet<String> = chains.iter().map(|chain| chain[0].to_string()).collect();
    assert_eq!(clips, firsts, "each clip has a chain, and each chain a clip");
    for name in names(&bag.join("data/clips")) {
        let entry = &entries[&name.split_once('.').unwrap().0.parse().unwrap()];
        let bytes = read(bag.join("data/clips").join(&name));
        assert_eq!(entry.public["sha256"], to_hex(&Sha256::digest(&bytes)));
        assert_eq!(entry.public["size"], bytes.len());
    }
    Audited { entries, details, chains }
}

/// Follows each clip's chain to its end.
fn chains(entries: &BTreeMap<u64, Entry>, manifest: &str) -> Vec<Vec<u64>> {
    let mut next = BTreeMap::new();
    for (index, entry) in entries {
        if let Some(prev) = entry.prev {
            assert_eq!(next.insert(prev, *index), None, "two entries follow {prev}");
        }
    }
    let firsts = entries.iter().filter(|(_, entry)| entry.kind == EntryKind::Clip);
    let follow = |(index, _): (&u64, &Entry)| {
        let mut chain = vec![*index];
        while let Some(index) = next.get(chain.last().unwrap()) {
            chain.push(*index);
        }
        let last = &entries[chain.last().unwrap()];
        assert_eq!(last.public["event"], "export");
        assert_eq!(last.public["manifest"], manifest);
        chain
    };
    firsts.map(follow).collect()
}
