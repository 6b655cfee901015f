//! The table. Each attack names what is done to the files; the first code is for the bag as it then is, the second for one whose manifests,
//! tag manifest and Payload-Oxum were made anew, as whoever holds the bag can.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use zhilu::model::digest::to_hex;

use super::super::files::Files;
use super::super::sample::Sample;

pub(super) struct Attack {
    pub(super) name: &'static str,
    pub(super) change: fn(&mut Files, &Sample),
    pub(super) plain: i32,
    pub(super) rebuilt: i32,
}

/// An attack that shows as an alteration, whatever is made anew.
const fn shown(name: &'static str, change: fn(&mut Files, &Sample)) -> Attack {
    Attack { name, change, plain: 1, rebuilt: 1 }
}

/// An attack after which, with everything made anew, nobody vouches.
const fn unvouched(name: &'static str, change: fn(&mut Files, &Sample)) -> Attack {
    Attack { name, change, plain: 1, rebuilt: 2 }
}

fn line(index: u64) -> String {
    format!("log/{index}.json")
}

fn proof(index: u64) -> String {
    format!("log/{index}.tlog-proof")
}

fn clip(index: u64) -> String {
    format!("data/clips/{index}.mp4")
}

fn detail(index: u64) -> String {
    format!("data/details/{index}.json")
}

fn salt(index: u64) -> String {
    format!("data/details/{index}.salt")
}

fn flip(files: &mut Files, path: &str, at: usize) {
    files.edit(path, |bytes| bytes[at] ^= 1);
}

fn swap(files: &mut Files, one: &str, two: &str) {
    let (a, b) = (files.remove(one), files.remove(two));
    files.put(one, b);
    files.put(two, a);
}

/// Changes every proof.
fn each_proof(files: &mut Files, change: impl Fn(&str) -> String) {
    for path in files.under("log/").into_iter().filter(|path| path.ends_with(".tlog-proof")) {
        let changed = change(&files.text(&path));
        files.put(&path, changed);
    }
}

/// Changes a line, and the copy of it in its proof.
fn edit_line(files: &mut Files, index: u64, from: &str, to: &str) {
    let old = STANDARD.encode(files.get(&line(index)));
    files.replace(&line(index), from, to);
    let new = STANDARD.encode(files.get(&line(index)));
    files.replace(&proof(index), &format!("extra {old}"), &format!("extra {new}"));
}

/// Takes an entry with all that belongs to it out of the bag.
fn drop_entry(files: &mut Files, index: u64) {
    for directory in ["log", "data/details"] {
        for path in files.under(&format!("{directory}/{index}.")) {
            files.remove(&path);
        }
    }
}

fn chain_of(files: &mut Files, sample: &Sample, first: u64) -> Vec<u64> {
    let mut chain = vec![first];
    let count = sample.court.lines.len() as u64;
    for index in first..count {
        let text = format!("\"prev\":{},", chain.last().unwrap());
        if files.0.contains_key(&line(index)) && sample.line(index).contains(&text) {
            chain.push(index);
        }
    }
    chain
}

fn digest(bytes: &[u8]) -> String {
    to_hex(&Sha256::digest(bytes))
}

/// The lines of a checkpoint's signatures by witnesses.
fn without_cosignatures(proof: &str, keep: usize) -> String {
    let mut cosignatures = 0;
    let kept = proof.split_inclusive('\n').filter(|line| {
        cosignatures += usize::from(line.starts_with("\u{2014} w"));
        !line.starts_with("\u{2014} w") || cosignatures <= keep
    });
    kept.collect()
}

fn move_time(proof: &str) -> String {
    let cosignature = proof.lines().find(|line| line.starts_with("\u{2014} w2")).unwrap();
    let (mark, base64) = cosignature.rsplit_once(' ').unwrap();
    let mut bytes = STANDARD.decode(base64).unwrap();
    bytes[9] ^= 1;
    proof.replace(cosignature, &format!("{mark} {}", STANDARD.encode(bytes)))
}

/// Another character at a place of base64.
fn other_base64(text: &str, at: usize) -> String {
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

fn spoil_signature(proof: &str) -> String {
    let signature = proof.lines().find(|line| line.starts_with("\u{2014} court")).unwrap();
    proof.replace(signature, &other_base64(signature, signature.len() - 9))
}

fn spoil_root(proof: &str) -> String {
    let root = proof.split("\n\n").nth(1).unwrap().lines().nth(2).unwrap();
    proof.replace(root, &other_base64(root, 5))
}

pub(super) const ATTACKS: &[Attack] = &[
    // One bit.
    shown("a bit of a clip", |f, s| flip(f, &clip(s.clip), 77)),
    shown("a bit of a detail", |f, s| flip(f, &detail(s.view), 20)),
    shown("a bit of a salt", |f, s| flip(f, &salt(s.view), 9)),
    shown("a bit of the export's detail", |f, s| flip(f, &format!("log/{}.detail.json", s.export), 20)),
    shown("a bit of an entry", |f, s| flip(f, &line(s.view), 18)),
    shown("a bit of an entry and its proof's copy", |f, s| edit_line(f, s.view, "\"view\"", "\"vieu\"")),
    shown("a hash of a proof", |f, s| {
        let path = proof(s.view);
        let hash = f.text(&path).lines().nth(4).unwrap().to_owned();
        f.replace(&path, &hash, &other_base64(&hash, 3));
    }),
    shown("a hash of a proof left out", |f, s| {
        let path = proof(s.view);
        let hash = f.text(&path).lines().nth(4).unwrap().to_owned() + "\n";
        f.replace(&path, &hash, "");
    }),
    shown("the root in one proof", |f, s| {
        let changed = spoil_root(&f.text(&proof(s.view)));
        f.put(&proof(s.view), changed);
    }),
    shown("the root in every proof", |f, _| each_proof(f, spoil_root)),
    shown("the log's signature in one proof", |f, s| {
        let changed = spoil_signature(&f.text(&proof(s.view)));
        f.put(&proof(s.view), changed);
    }),
    shown("the log's signature in every proof", |f, _| each_proof(f, spoil_signature)),
    shown("the size in every proof", |f, s| {
        let size = s.court.lines.len();
        each_proof(f, |text| text.replace(&format!("\n{size}\n"), &format!("\n{}\n", size + 1)));
    }),
    unvouched("the log's name in every proof", |f, _| {
        each_proof(f, |text| text.replace("court.example", "other.example"));
    }),
    // Clips.
    shown("a clip replaced", |f, s| f.put(&clip(s.clip), [9; 5000])),
    shown("a clip replaced with its digest", |f, s| {
        f.put(&clip(s.clip), [9; 5000]);
        edit_line(f, s.clip, &digest(&[7; 5000]), &digest(&[9; 5000]));
    }),
    shown("a clip's digest replaced in the line only", |f, s| {
        f.put(&clip(s.clip), [9; 5000]);
        f.replace(&line(s.clip), &digest(&[7; 5000]), &digest(&[9; 5000]));
    }),
    shown("a clip replaced by another of the bag", |f, s| {
        let other = f.get(&clip(s.other)).to_vec();
        f.put(&clip(s.clip), other);
    }),
    shown("two clips swapped", |f, s| swap(f, &clip(s.clip), &clip(s.other))),
    shown("two clips swapped with their entries", |f, s| {
        swap(f, &clip(s.clip), &clip(s.other));
        swap(f, &line(s.clip), &line(s.other));
        swap(f, &proof(s.clip), &proof(s.other));
    }),
    shown("a clip dropped", |f, s| _ = f.remove(&clip(s.other))),
    shown("a clip and its entry dropped", |f, s| {
        f.remove(&clip(s.other));
        drop_entry(f, s.other);
    }),
    shown("a clip with its whole chain dropped", |f, s| {
        f.remove(&clip(s.other));
        chain_of(f, s, s.other).into_iter().for_each(|index| drop_entry(f, index));
    }),
    shown("a clip without an entry", |f, _| f.put("data/clips/99.mp4", "unlogged")),
    shown("a clip with an entry of somebody's making", |f, s| {
        let new = s.line(s.other).replace(&digest(&[8; 5000]), &digest(b"unlogged"));
        f.put("data/clips/99.mp4", "unlogged");
        f.put("log/99.json", &new);
        let old = STANDARD.encode(s.line(s.other));
        let text = f.text(&proof(s.other)).replace(&old, &STANDARD.encode(new));
        f.put("log/99.tlog-proof", text.replace(&format!("index {}\n", s.other), "index 99\n"));
    }),
    shown("a second file for a clip", |f, s| {
        f.put(&format!("data/clips/{}.avi", s.clip), [7; 5000]);
    }),
    shown("a clip of another kind", |f, s| {
        let bytes = f.remove(&clip(s.clip));
        f.put(&clip(s.view), bytes);
    }),
    shown("a clip that was disposed of is there again", |f, s| f.put(&clip(s.disposed), "was disposed of")),
    shown("a clip cut short", |f, s| f.edit(&clip(s.clip), |bytes| bytes.truncate(4999))),
    shown("a clip grown", |f, s| f.edit(&clip(s.clip), |bytes| bytes.push(0))),
    shown("a clip emptied", |f, s| f.put(&clip(s.clip), "")),
    // What is said of clips.
    shown("a start dated back", |f, s| f.replace(&line(s.clip), "2026-05-08T03:29:20Z", "2026-05-07T03:29:20Z")),
    shown("a start dated back, in the proof too", |f, s| {
        edit_line(f, s.clip, "2026-05-08T03:29:20Z", "2026-05-07T03:29:20Z");
    }),
    shown("another recorder", |f, s| edit_line(f, s.clip, "T8C-000123", "T8C-000124")),
    shown("a changed detail", |f, s| f.replace(&detail(s.clip), "220721", "220722")),
    shown("a changed detail with another salt", |f, s| {
        f.replace(&detail(s.clip), "220721", "220722");
        f.put(&salt(s.clip), "5".repeat(64) + "\n");
    }),
    shown("another actor", |f, s| f.replace(&detail(s.view), "张三", "李四")),
    shown("details swapped", |f, s| {
        swap(f, &detail(s.view), &detail(s.older));
        swap(f, &salt(s.view), &salt(s.older));
    }),
    shown("a detail dropped", |f, s| {
        f.remove(&detail(s.view));
        f.remove(&salt(s.view));
    }),
    shown("a salt dropped", |f, s| _ = f.remove(&salt(s.view))),
    shown("the export's detail dropped", |f, s| {
        f.remove(&format!("log/{}.detail.json", s.export));
        f.remove(&format!("log/{}.salt", s.export));
    }),
    shown("a batch's detail dropped", |f, s| {
        f.remove(&detail(s.batch));
        f.remove(&salt(s.batch));
    }),
    shown("a detail moved out of the payload", |f, s| {
        let (text, key) = (f.remove(&detail(s.view)), f.remove(&salt(s.view)));
        f.put(&format!("log/{}.detail.json", s.view), text);
        f.put(&format!("log/{}.salt", s.view), key);
    }),
    shown("a detail twice", |f, s| {
        let (text, key) = (f.get(&detail(s.view)).to_vec(), f.get(&salt(s.view)).to_vec());
        f.put(&format!("log/{}.detail.json", s.view), text);
        f.put(&format!("log/{}.salt", s.view), key);
    }),
    shown("a detail with white space", |f, s| f.edit(&detail(s.view), |bytes| bytes.push(b'\n'))),
    // Entries in other places.
    shown("an entry under another's number", |f, s| {
        swap(f, &line(s.view), &line(s.older));
        swap(f, &proof(s.view), &proof(s.older));
    }),
    shown("an entry under another's number, its proof too", |f, s| {
        swap(f, &line(s.view), &line(s.older));
        let (one, two) = (format!("index {}\n", s.view), format!("index {}\n", s.older));
        let (view, older) = (f.text(&proof(s.view)), f.text(&proof(s.older)));
        f.put(&proof(s.view), older.replace(&two, &one));
        f.put(&proof(s.older), view.replace(&one, &two));
    }),
    shown("an entry moved to a free number", |f, s| {
        for (from, to) in [(line(s.view), line(98)), (proof(s.view), proof(98))] {
            let bytes = f.remove(&from);
            f.put(&to, bytes);
        }
    }),
    shown("proofs swapped", |f, s| swap(f, &proof(s.view), &proof(s.older))),
    shown("a proof with another index", |f, s| {
        f.replace(&proof(s.view), &format!("index {}\n", s.view), &format!("index {}\n", s.view ^ 1));
    }),
    shown("a proof without its entry", |f, s| {
        let extra = f.text(&proof(s.view)).lines().nth(1).unwrap().to_owned() + "\n";
        f.replace(&proof(s.view), &extra, "");
    }),
    shown("a proof dropped", |f, s| _ = f.remove(&proof(s.view))),
    shown("a line dropped", |f, s| _ = f.remove(&line(s.view))),
    shown("every proof dropped", |f, _| {
        f.0.retain(|path, _| !path.ends_with(".tlog-proof"));
    }),
    shown("the log dropped", |f, _| f.0.retain(|path, _| !path.starts_with("log/"))),
    // Histories.
    shown("a viewing hidden", |f, s| drop_entry(f, s.view)),
    shown("a viewing hidden and the chain closed over it", |f, s| {
        drop_entry(f, s.view);
        let before = format!("\"prev\":{},", s.view - 2);
        edit_line(f, s.older, &format!("\"prev\":{},", s.view), &before);
    }),
    shown("a history cut before the export", |f, s| drop_entry(f, s.export)),
    shown("a history cut to an older export", |f, s| {
        chain_of(f, s, s.older).into_iter().skip(1).for_each(|index| drop_entry(f, index));
    }),
    shown("a history cut to its beginning", |f, s| {
        chain_of(f, s, s.clip).into_iter().skip(1).for_each(|index| drop_entry(f, index));
    }),
    shown("a history without its beginning", |f, s| drop_entry(f, s.clip)),
    shown("an incident's entry dropped", |f, s| drop_entry(f, s.incident[1])),
    shown("an incident's first entry dropped", |f, s| drop_entry(f, s.incident[0])),
    shown("an incident's last entry dropped", |f, s| drop_entry(f, s.incident[2])),
    shown("an incident dropped", |f, s| s.incident.into_iter().for_each(|index| drop_entry(f, index))),
    shown("a batch of looks dropped", |f, s| drop_entry(f, s.batch)),
    shown("a disposal hidden", |f, s| drop_entry(f, s.disposal)),
    shown("the rules of a disposal dropped", |f, s| drop_entry(f, s.rules)),
    shown("a disposed clip dropped", |f, s| {
        chain_of(f, s, s.disposed).into_iter().for_each(|index| drop_entry(f, index));
    }),
    // Signatures and policies.
    unvouched("cosignatures cut", |f, _| each_proof(f, |text| without_cosignatures(text, 0))),
    unvouched("too many cosignatures cut", |f, _| each_proof(f, |text| without_cosignatures(text, 1))),
    shown("cosignatures cut in one proof", |f, s| {
        let cut = without_cosignatures(&f.text(&proof(s.view)), 0);
        f.put(&proof(s.view), cut);
    }),
    shown("a witness's time moved", |f, _| each_proof(f, move_time)),
    unvouched("the court's signature cut", |f, _| {
        each_proof(f, |text| {
            let mine = |line: &&str| !line.starts_with("\u{2014} court");
            text.split_inclusive('\n').filter(mine).collect()
        });
    }),
    shown("the policy in the bag replaced", |f, _| {
        let other = super::super::court::Court::new(2, 0, 0);
        f.put("policy", other.policy);
    }),
    shown("the policy in the bag is none", |f, _| f.put("policy", "trust us\n")),
    // Files.
    shown("a file added to the payload", |f, _| f.put("data/notes.txt", "x")),
    shown("a file added beside the clips", |f, _| f.put("data/clips/readme", "x")),
    shown("a file added to the log", |f, _| f.put("log/readme", "x")),
    shown("a file added to the bag", |f, _| f.put("readme", "x")),
    shown("a hidden file added", |f, _| f.put("data/clips/.DS_Store", "x")),
    shown("a directory added", |f, _| f.put("data/clips/more/1.mp4", "x")),
    shown("a list of files elsewhere", |f, _| f.put("fetch.txt", "http://court.example/x 1 data/clips/99.mp4\n")),
    shown("a second tag manifest", |f, _| f.put("tagmanifest-md5.txt", "")),
    shown("a name in other case", |f, s| {
        let bytes = f.remove(&clip(s.clip));
        f.put(&format!("data/clips/{}.MP4", s.clip), bytes);
    }),
    shown("a name with a leading zero", |f, s| {
        let bytes = f.remove(&clip(s.clip));
        f.put(&format!("data/clips/0{}.mp4", s.clip), bytes);
    }),
    shown("a name in full-width digits", |f, _| f.put("data/clips/９.mp4", "x")),
    shown("a name that hides its direction", |f, _| f.put("data/clips/\u{202e}4pm.9", "x")),
    shown("a name with a newline", |f, _| f.put("data/clips/9.mp4\nx", "x")),
    shown("a name that is percent-encoded", |f, _| f.put("data/clips/9%2Emp4", "x")),
    shown("the report changed", |f, _| f.replace("data/report.html", "保管链", "保管")),
    shown("the report dropped", |f, _| _ = f.remove("data/report.html")),
    shown("the policy dropped", |f, _| _ = f.remove("policy")),
    shown("the declaration dropped", |f, _| _ = f.remove("bagit.txt")),
    shown("another declaration", |f, _| f.replace("bagit.txt", "1.0", "0.97")),
    shown("a salt of a gigabyte", |f, s| f.put(&salt(s.view), vec![b'0'; 1 << 20])),
    shown("an entry of 70 kB", |f, s| f.put(&line(s.view), vec![b' '; 70_000])),
    shown("an empty entry", |f, s| f.put(&line(s.view), "")),
    shown("an entry cut short", |f, s| f.edit(&line(s.view), |bytes| bytes.truncate(40))),
    shown("an entry with a newline", |f, s| f.edit(&line(s.view), |bytes| bytes.push(b'\n'))),
    shown("an entry nested without end", |f, s| f.put(&line(s.view), "[".repeat(60_000))),
    shown("a number beyond all bounds", |f, s| {
        edit_line(f, s.view, &format!("\"prev\":{}", s.view - 2), &format!("\"prev\":{}", "9".repeat(5000)));
    }),
    shown("a proof cut short", |f, s| f.edit(&proof(s.view), |bytes| bytes.truncate(300))),
    shown("a proof with other line ends", |f, s| f.replace(&proof(s.view), "\n", "\r\n")),
    shown("a detail cut short", |f, s| f.edit(&detail(s.view), |bytes| bytes.truncate(5))),
    shown("a salt cut short", |f, s| f.edit(&salt(s.view), |bytes| bytes.truncate(60))),
    shown("a salt in capitals", |f, s| {
        let upper = f.text(&salt(s.view)).to_uppercase();
        f.put(&salt(s.view), upper);
    }),
];

/// Attacks on the lists themselves, which would be undone by making them anew. The second code is for a tag manifest made anew.
pub(super) const ON_LISTS: &[Attack] = &[
    shown("the manifest dropped", |f, _| _ = f.remove("manifest-sha256.txt")),
    Attack {
        name: "the tag manifest dropped",
        change: |f, _| _ = f.remove("tagmanifest-sha256.txt"),
        plain: 1,
        rebuilt: 0,
    },
    shown("the manifest emptied", |f, _| f.put("manifest-sha256.txt", "")),
    shown("the manifest cut short", |f, _| f.edit("manifest-sha256.txt", |bytes| bytes.truncate(200))),
    shown("a digest in the manifest", |f, _| flip(f, "manifest-sha256.txt", 3)),
    shown("a line of the manifest dropped", |f, _| {
        f.edit("manifest-sha256.txt", |bytes| {
            let end = bytes.iter().position(|b| *b == b'\n').unwrap();
            bytes.drain(..=end);
        })
    }),
    shown("a line of the manifest twice", |f, _| {
        let text = f.text("manifest-sha256.txt");
        let first = text.split_inclusive('\n').next().unwrap().to_owned();
        f.put("manifest-sha256.txt", text + &first);
    }),
    shown("the manifest with other line ends", |f, _| f.replace("manifest-sha256.txt", "\n", "\r\n")),
    shown("the manifest in capitals", |f, _| {
        let text: String =
            f.text("manifest-sha256.txt").lines().map(|l| l[..64].to_uppercase() + &l[64..] + "\n").collect();
        f.put("manifest-sha256.txt", text);
    }),
    shown("the manifest for binary files", |f, _| f.replace("manifest-sha256.txt", "  data", " *data")),
    shown("the manifest with percent-encoding", |f, _| {
        f.replace("manifest-sha256.txt", "data/report.html", "data/report%2Ehtml")
    }),
    shown("the manifest with a dot", |f, _| {
        f.replace("manifest-sha256.txt", "  data/report.html", "  ./data/report.html")
    }),
    shown("the manifest leads out of the bag", |f, _| {
        let text = f.text("manifest-sha256.txt") + &format!("{}  data/../../policy\n", "0".repeat(64));
        f.put("manifest-sha256.txt", text);
    }),
    shown("the manifest names the machine's files", |f, _| {
        let text = f.text("manifest-sha256.txt") + &format!("{}  /etc/passwd\n", "0".repeat(64));
        f.put("manifest-sha256.txt", text);
    }),
    shown("the manifest lists a tag file", |f, _| {
        let text = f.text("manifest-sha256.txt") + &format!("{}  policy\n", digest(f.get("policy")));
        f.put("manifest-sha256.txt", text);
    }),
    shown("the manifest without its last newline", |f, _| f.edit("manifest-sha256.txt", |bytes| _ = bytes.pop())),
    shown("the manifest is one endless line", |f, _| f.put("manifest-sha256.txt", "0".repeat(1 << 20))),
    shown("the payload is said to be smaller", |f, _| f.replace("bag-info.txt", "Payload-Oxum: ", "Payload-Oxum: 1")),
    shown("the export's number", |f, _| {
        f.replace("bag-info.txt", "External-Identifier: 7001", "External-Identifier: 7002")
    }),
    shown("the export's number twice", |f, _| {
        f.replace(
            "bag-info.txt",
            "External-Identifier: 7001\n",
            "External-Identifier: 7001\nexternal-identifier: 7002\n",
        );
    }),
    unvouched("another format", |f, _| f.replace("bag-info.txt", "zhilu-export/1", "zhilu-export/9")),
    shown("no format", |f, _| f.replace("bag-info.txt", "Zhilu-Format: zhilu-export/1\n", "")),
    shown("bag-info.txt emptied", |f, _| f.put("bag-info.txt", "")),
    shown("bag-info.txt with other line ends", |f, _| f.replace("bag-info.txt", "\n", "\r\n")),
    Attack {
        name: "a line of the tag manifest dropped",
        change: |f, _| {
            f.edit("tagmanifest-sha256.txt", |bytes| {
                let end = bytes.iter().position(|b| *b == b'\n').unwrap();
                bytes.drain(..=end);
            })
        },
        plain: 1,
        rebuilt: 0,
    },
    Attack {
        name: "the tag manifest names itself",
        change: |f, _| {
            let text = f.text("tagmanifest-sha256.txt") + &format!("{}  tagmanifest-sha256.txt\n", "0".repeat(64));
            f.put("tagmanifest-sha256.txt", text);
        },
        plain: 1,
        rebuilt: 0,
    },
];
