//! A court in miniature that writes export bags from the ledger's pure parts, and witnesses of its log.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use zhilu::ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use zhilu::ledger::entry::{Entry, EntryKind, canonical, commitment};
use zhilu::ledger::key::SignerKey;
use zhilu::ledger::merkle::{Hash, HashReader, inclusion_proof, leaf_hash, node_hash, range_hash};
use zhilu::ledger::proof::TlogProof;
use zhilu::model::digest::to_hex;
use zhilu::model::time::Micros;

use super::files::Files;

pub(crate) const ORIGIN: &str = "court.example/zhilu";
/// The bags' export.
pub(crate) const EXPORT: &str = "7001";
/// When the first entry is written; each later one a second later.
const BEGIN_S: i64 = 1_780_000_000;
/// When the witnesses cosign.
pub(crate) const SEEN_S: u64 = 1_780_003_600;

/// Hashes of all complete nodes, by level.
struct Tree(Vec<Vec<Hash>>);

impl Tree {
    fn of(lines: &[Vec<u8>]) -> Self {
        let mut levels = vec![lines.iter().map(|line| leaf_hash(line)).collect::<Vec<_>>()];
        while levels.last().unwrap().len() > 1 {
            let below = levels.last().unwrap();
            levels.push(below.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect());
        }
        Self(levels)
    }
}

impl HashReader for Tree {
    type Error = ();

    fn node(&self, level: u8, index: u64) -> Result<Hash, ()> {
        let index = usize::try_from(index).map_err(|_| ())?;
        self.0.get(usize::from(level)).and_then(|hashes| hashes.get(index)).copied().ok_or(())
    }
}

/// A witness with its key.
pub(crate) struct Witness {
    name: &'static str,
    key: SigningKey,
}

impl Witness {
    pub(crate) fn new(name: &'static str, seed: u8) -> Self {
        Self { name, key: SigningKey::from_bytes(&[seed; 32]) }
    }

    fn typed(&self) -> Vec<u8> {
        [&[4u8][..], self.key.verifying_key().as_bytes()].concat()
    }

    fn id(&self) -> [u8; 4] {
        let hash = Sha256::new_with_prefix(self.name).chain_update(b"\n").chain_update(self.typed()).finalize();
        hash[..4].try_into().unwrap()
    }

    /// What a policy lists.
    pub(crate) fn vkey(&self) -> String {
        format!("{}+{}+{}", self.name, hex(&self.id()), STANDARD.encode(self.typed()))
    }

    /// The signature line over a checkpoint's text.
    pub(crate) fn line(&self, text: &str, time_s: u64) -> String {
        let message = format!("cosignature/v1\ntime {time_s}\n{text}");
        let signature = self.key.sign(message.as_bytes()).to_bytes();
        let bytes = [&self.id()[..], &time_s.to_be_bytes(), &signature].concat();
        format!("\u{2014} {} {}\n", self.name, STANDARD.encode(bytes))
    }
}

fn hex(bytes: &[u8]) -> String {
    to_hex(bytes)
}

/// A court with its ledger.
pub(crate) struct Court {
    pub(crate) key: SignerKey,
    pub(crate) witnesses: Vec<Witness>,
    /// The policy that it hands out.
    pub(crate) policy: String,
    /// Every line of the ledger.
    pub(crate) lines: Vec<Vec<u8>>,
    /// What each commits to: detail and salt. None once erased.
    pub(crate) details: Vec<Option<(Vec<u8>, [u8; 32])>>,
    /// The bytes of each clip that is not disposed of, by its entry.
    pub(crate) clips: BTreeMap<u64, Vec<u8>>,
    /// The newest entry of each clip that is to be exported, by its entry.
    pub(crate) heads: BTreeMap<u64, u64>,
    /// Entries that go into the bag: those of the exported clips, and whatever was added with them.
    pub(crate) bagged: Vec<u64>,
}

impl Court {
    /// A court whose policy asks for `quorum` of its witnesses.
    pub(crate) fn new(seed: u8, witnesses: usize, quorum: usize) -> Self {
        let key = SignerKey::from_seed(ORIGIN.parse().unwrap(), &[seed; 32]);
        let names = ["w1.example/witness", "w2.example/witness", "w3.example/witness"];
        let witnesses: Vec<_> =
            names.into_iter().zip(50..).map(|(name, seed)| Witness::new(name, seed)).take(witnesses).collect();
        let mut policy = format!("# whom the court trusts\nlog {}\n", key.verifier());
        let mut members = String::new();
        for (number, witness) in witnesses.iter().enumerate() {
            policy += &format!("witness w{number} {} https://w{number}.example\n", witness.vkey());
            members += &format!(" w{number}");
        }
        policy += &match (quorum, witnesses.len()) {
            (0, _) => "quorum none\n".to_owned(),
            (1, 1) => "quorum w0\n".to_owned(),
            _ => format!("group all {quorum}{members}\nquorum all\n"),
        };
        let empty = (Vec::new(), Vec::new(), BTreeMap::new(), BTreeMap::new(), Vec::new());
        let (lines, details, clips, heads, bagged) = empty;
        Self { key, witnesses, policy, lines, details, clips, heads, bagged }
    }

    /// Appends an entry; gives its index.
    pub(crate) fn append(&mut self, kind: EntryKind, prev: Option<u64>, public: Value, detail: &Value) -> u64 {
        let index = self.lines.len() as u64;
        let Value::Object(public) = public else { panic!("no object") };
        let detail = canonical(detail).unwrap();
        let salt: [u8; 32] = Sha256::digest(format!("salt {index}")).into();
        let at = Micros::from_seconds(BEGIN_S + i64::try_from(index).unwrap()).unwrap();
        let entry = Entry { at, kind, prev, public, commit: commitment(&salt, &detail) };
        self.lines.push(entry.to_line().unwrap());
        self.details.push(Some((detail, salt)));
        index
    }

    /// Takes a clip; gives its entry. With `sm3` its entry says SM3 too.
    pub(crate) fn take(&mut self, bytes: &[u8], recorder: Option<&str>, sm3: bool) -> u64 {
        let mut public = Map::from_iter([
            ("sha256".to_owned(), hex(&Sha256::digest(bytes)).into()),
            ("size".to_owned(), bytes.len().into()),
            ("start".to_owned(), "2026-05-08T03:29:20Z".into()),
            ("end".to_owned(), "2026-05-08T03:39:20Z".into()),
        ]);
        if sm3 {
            let sm3 = <sm3::Sm3 as sm3::Digest>::digest(bytes);
            public.insert("sm3".to_owned(), hex(&sm3).into());
        }
        if let Some(recorder) = recorder {
            public.insert("recorder".to_owned(), recorder.into());
        }
        let detail =
            json!({"actor": "intake", "name": "（2021）吉0721执123号.mp4", "officer": "220721", "recorder": recorder});
        self.take_as(Value::Object(public), &detail, bytes)
    }

    /// Takes a clip of which the ledger says this.
    pub(crate) fn take_as(&mut self, public: Value, detail: &Value, bytes: &[u8]) -> u64 {
        let index = self.append(EntryKind::Clip, None, public, detail);
        self.clips.insert(index, bytes.to_vec());
        self.heads.insert(index, index);
        self.bagged.push(index);
        index
    }

    /// Records something about a clip.
    pub(crate) fn event(&mut self, clip: u64, event: &str, actor: &str) -> u64 {
        self.event_with(clip, json!({"event": event}), actor)
    }

    pub(crate) fn event_with(&mut self, clip: u64, public: Value, actor: &str) -> u64 {
        let index = self.append(EntryKind::Event, Some(self.heads[&clip]), public, &json!({"actor": actor}));
        self.heads.insert(clip, index);
        self.bagged.push(index);
        index
    }

    /// Records something that is about no clip of the bag, or about nothing that is in the bag.
    pub(crate) fn beside(&mut self, kind: EntryKind, prev: Option<u64>, public: Value, bagged: bool) -> u64 {
        let index = self.append(kind, prev, public, &json!({"actor": "张三", "note": "备注"}));
        if bagged {
            self.bagged.push(index);
        }
        index
    }

    /// Disposes of a clip under the table of entry `rules`, and says so but for `change`.
    pub(crate) fn dispose(&mut self, clip: u64, rules: u64, change: &Value) {
        let mut public = json!({"allowed_from": "2026-01-01T00:00:00Z", "applies": ["ordinary"], "clip": clip,
            "from": clip, "rule": "R1", "rules": rules});
        public.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let index = self.append(EntryKind::Dispose, Some(self.heads[&clip]), public, &json!({"actor": "李四"}));
        self.bagged.push(index);
        let mut erased = Some(index);
        while let Some(at) = erased {
            self.details[usize::try_from(at).unwrap()] = None;
            erased = Entry::parse(&self.lines[usize::try_from(at).unwrap()]).unwrap().prev;
        }
        self.clips.remove(&clip);
        self.heads.remove(&clip);
    }

    /// Exports every clip that is there. `manifest` may say another digest than that of the payload's manifest.
    pub(crate) fn export(&mut self) -> Files {
        for clip in self.heads.keys().copied().collect::<Vec<_>>() {
            self.event_with(clip, json!({"event": "export_begin", "export": EXPORT}), "王五");
        }
        let mut files = Files::default();
        files.put("data/report.html", "<!doctype html><title>保管链报告</title>\n");
        for (index, bytes) in &self.clips {
            files.put(&format!("data/clips/{index}.mp4"), bytes);
        }
        for index in &self.bagged {
            if let Some((detail, salt)) = &self.details[usize::try_from(*index).unwrap()] {
                files.put(&format!("data/details/{index}.json"), detail);
                files.put(&format!("data/details/{index}.salt"), hex(salt) + "\n");
            }
        }
        files.put("policy", &self.policy);
        files.put("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
        files.list_payload();
        let manifest = hex(&Sha256::digest(files.get("manifest-sha256.txt")));
        let detail = json!({"actor": "王五", "reason": "移送", "entries": self.bagged.len()});
        let mut closing = Vec::new();
        for (clip, head) in self.heads.clone() {
            let public = json!({"event": "export", "export": EXPORT, "manifest": manifest});
            let index = self.append(EntryKind::Event, Some(head), public, &detail);
            self.heads.insert(clip, index);
            closing.push(index);
        }
        for index in &closing {
            let (detail, salt) = self.details[usize::try_from(*index).unwrap()].clone().unwrap();
            files.put(&format!("log/{index}.detail.json"), &detail);
            files.put(&format!("log/{index}.salt"), hex(&salt) + "\n");
        }
        let entries: Vec<u64> = self.bagged.iter().copied().chain(closing).collect();
        // The log goes on after the export.
        self.beside(EntryKind::Node, None, json!({"version": "1"}), false);
        self.prove(&mut files, &entries);
        files.list_rest();
        files
    }

    /// Writes lines and proofs of entries under a new checkpoint.
    pub(crate) fn prove(&self, files: &mut Files, entries: &[u64]) {
        let tree = Tree::of(&self.lines);
        let size = self.lines.len() as u64;
        let root = range_hash(&tree, 0..size).unwrap();
        let note = self.sign(&Checkpoint::new(self.key.name().clone(), size, root));
        for index in entries {
            let line = &self.lines[usize::try_from(*index).unwrap()];
            let proof = TlogProof {
                index: *index,
                extra: Some(line.clone()),
                hashes: inclusion_proof(&tree, *index, size).unwrap(),
                checkpoint: note.clone(),
            };
            files.put(&format!("log/{index}.json"), line);
            files.put(&format!("log/{index}.tlog-proof"), proof.to_string());
        }
    }

    fn sign(&self, head: &Checkpoint) -> SignedCheckpoint {
        let mut note = head.sign(&self.key).unwrap().to_string();
        for (witness, late) in self.witnesses.iter().zip(0..) {
            note += &witness.line(&head.text(), SEEN_S + late);
        }
        SignedCheckpoint::parse(note.as_bytes()).unwrap()
    }
}
