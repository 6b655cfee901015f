//! `zhilu export` on a court's data: bags that hold, bags that were cut short, objects that are not what they were.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use zhilu::ledger::policy::Policy;

use crate::exported_bag::{audit, names};
use crate::support::{Court, another_clip, dock};

const CASE: &str = "（2021）吉0721执123号";

/// A court that took clips of one case; the last of them is large.
struct Taken {
    court: Court,
    /// The clips' ids, in the order in which they were docked.
    clips: Vec<String>,
}

impl Taken {
    fn new(large_bytes: usize) -> Self {
        let court = Court::new();
        let folder = court.path().join("in");
        for n in 1..=3 {
            let mut bytes = another_clip(n);
            if n == 3 {
                bytes.resize(bytes.len() + large_bytes, 7);
            }
            dock(&folder, &format!("{CASE}/0012345_0012342024050813292{n}_000{n}.mp4"), &bytes);
        }
        let sidecar =
            "<locations usrName=\"x\" policeNum=\"001234\" devNum=\"0012345\" beginTime=\"2024-05-08 13:29:21\"/>";
        dock(&folder, &format!("{CASE}/0012345_00123420240508132921_0001.xml"), sidecar.as_bytes());
        let taken = Self { court, clips: Vec::new() };
        taken.run(0, &["ingest", text(&folder)]);
        // The query takes everything behind it.
        let out = taken.court.command(&[]).args(["search", "--json", CASE]).output().unwrap();
        let found = done(&out);
        let clips = found["items"].as_array().unwrap().iter().filter(|hit| hit["kind"] == "clip");
        let text = |hit: &Value, name: &str| hit[name].as_str().unwrap().to_owned();
        let mut clips: Vec<(String, String)> = clips.map(|hit| (text(hit, "title"), text(hit, "id"))).collect();
        clips.sort();
        Self { clips: clips.into_iter().map(|(_, id)| id).collect(), ..taken }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.court.path().join(name)
    }

    fn run(&self, code: i32, arguments: &[&str]) -> String {
        let out = self.court.run(arguments);
        assert_eq!(out.status.code(), Some(code), "{arguments:?}: {}", said(&out));
        String::from_utf8(out.stdout).unwrap()
    }

    /// The command that exports the case to `bag`.
    fn command(&self) -> Command {
        let bag = self.path("bag");
        let mut command = self.court.command(&["export", "--json", "--case", CASE, "--out", text(&bag)]);
        command.args(["--reason", "移送", "--recipient", "某公安局", "--approver", "李四"]);
        command
    }

    fn policy(&self) -> Policy {
        Policy::parse(self.run(0, &["ledger", "policy"]).as_bytes()).unwrap()
    }

    /// The vault's object of a file in the bag or its beginning.
    fn object(&self, sha256: &str) -> PathBuf {
        self.court.data().join("vault/objects").join(&sha256[..2]).join(&sha256[2..])
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

fn done(out: &Output) -> Value {
    assert!(out.status.success(), "{}", said(out));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn a_case_leaves_as_a_bag_that_holds_with_its_sidecars_and_every_access() {
    let taken = Taken::new(0);
    let first = done(&taken.command().output().unwrap());
    assert_eq!(first["files"], 4);
    let audited = audit(&taken.path("bag"), &taken.policy());
    assert_eq!(audited.chains.len(), 4, "three clips and a sidecar");
    for words in audited.words() {
        assert!(words.starts_with(&["clip"]) && words.ends_with(&["export_begin", "export"]), "{words:?}");
    }
    let last = audited.chains[0].last().unwrap();
    let detail = &audited.details[last];
    assert_eq!((&detail["reason"], &detail["approved_by"]), (&"移送".into(), &"李四".into()));
    assert_eq!(audited.entries[last].public["export"], first["export"]);
    let report = std::fs::read_to_string(taken.path("bag/data/report.html")).unwrap();
    for told in [CASE, "某公安局", "李四", "移送开始", "0012345", "刑诉法解释"] {
        assert!(report.contains(told), "{told}");
    }
    // The place is taken now.
    let again = taken.command().output().unwrap();
    assert_eq!(again.status.code(), Some(2), "{}", said(&again));
    taken.court.check();

    // A second bag of one clip, which has no sidecar, shows that it left before.
    let bag = taken.path("second");
    taken.run(
        0,
        &[
            "export",
            "--clip",
            &taken.clips[1],
            "--out",
            text(&bag),
            "--reason",
            "复议",
            "--recipient",
            "某中院",
            "--approver",
            "李四",
        ],
    );
    let second = audit(&bag, &taken.policy());
    assert_eq!(second.chains.len(), 1);
    assert!(second.words()[0].ends_with(&["export_begin", "export", "export_begin", "export"]));
    taken.court.check();
}

#[test]
fn a_bag_that_was_cut_short_goes_on_and_copies_nothing_twice() {
    let taken = Taken::new(24 << 20);
    // A file may grow to 16 MiB: the process dies at the large clip, as by a power failure.
    let dies = taken.command();
    let mut limited = Command::new("prlimit");
    limited.args(["--fsize=16777216", "--"]).arg(dies.get_program()).args(dies.get_args());
    for (name, value) in dies.get_envs() {
        limited.env(name, value.unwrap());
    }
    let out = limited.output().unwrap();
    assert!(!out.status.success(), "{}", said(&out));
    assert!(!taken.path("bag").exists());
    let partial = taken.path("bag.partial");
    let info = std::fs::read_to_string(partial.join("bag-info.txt")).unwrap();
    let copied: Vec<(PathBuf, u64)> = names(&partial.join("data/clips"))
        .into_iter()
        .filter(|name| !name.ends_with(".part"))
        .map(|name| {
            let path = partial.join("data/clips").join(&name);
            let inode = path.metadata().unwrap().ino();
            (taken.path("bag/data/clips").join(name), inode)
        })
        .collect();
    assert!(!copied.is_empty() && copied.len() < 4, "{copied:?}");
    // What an earlier run left and no manifest will name.
    std::fs::write(partial.join("data/clips/999.mp4.part"), b"half").unwrap();
    std::fs::write(partial.join("data/details/999.json"), b"{}").unwrap();

    // Another export may not go on with it.
    let mut other = taken.court.command(&["export", "--case", CASE, "--out", text(&taken.path("bag"))]);
    let other = other.args(["--reason", "其他", "--recipient", "某公安局", "--approver", "李四"]).output().unwrap();
    assert_eq!(other.status.code(), Some(2), "{}", said(&other));

    let second = done(&taken.command().output().unwrap());
    assert_eq!(info, format!("External-Identifier: {}\n", second["export"].as_str().unwrap()));
    for (path, inode) in copied {
        assert_eq!(path.metadata().unwrap().ino(), inode, "{} was copied again", path.display());
    }
    let audited = audit(&taken.path("bag"), &taken.policy());
    for words in audited.words() {
        assert_eq!(words.iter().filter(|word| **word == "export_begin").count(), 1, "begun once: {words:?}");
    }
    taken.court.check();
}

#[test]
fn an_object_that_is_not_what_the_ledger_says_stops_it_and_is_named() {
    let taken = Taken::new(0);
    let clip: Value = serde_json::from_str(&taken.run(0, &["verify", "--json"])).unwrap();
    assert_eq!(clip["conclusion"], "proved");
    let bytes = another_clip(2);
    let digest = zhilu::model::digest::to_hex(&<sha2::Sha256 as sha2::Digest>::digest(&bytes));
    let object = taken.object(&digest);
    let mut changed = bytes;
    *changed.last_mut().unwrap() ^= 1;
    std::fs::remove_file(&object).unwrap();
    std::fs::write(&object, changed).unwrap();
    let out = taken.command().output().unwrap();
    assert_eq!(out.status.code(), Some(1), "{}", said(&out));
    let told = said(&out);
    assert!(taken.clips.iter().any(|id| told.contains(id.as_str())) && told.contains("altered"), "{told}");
    assert!(!taken.path("bag").exists());
    // It is a finding of the audit from now on.
    let check = taken.court.run(&["check", "--json"]);
    assert_eq!(check.status.code(), Some(1), "{}", said(&check));
    assert!(said(&check).contains("altered"), "{}", said(&check));
    // No copies are left about, and it is the same the next time.
    assert!(!taken.path("bag.partial").exists());
    let again = taken.command().output().unwrap();
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
}
