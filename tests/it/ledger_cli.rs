//! Proofs and receipts as an auditor gets them: by the real binary, checked by it and by others, and damage of every kind named.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Court, another_clip, dock};

/// A court that took three clips, with what an outsider has of it: policy, proof, receipt and the clip.
struct Taken {
    court: Court,
    clip: String,
    file: PathBuf,
}

impl Taken {
    fn new() -> Self {
        let court = Court::with("keep", "");
        let daemon = court.serve();
        let mut file = PathBuf::new();
        for n in 1..=3 {
            let name = format!("（2021）吉0721执123号/0012345_00123420240508132920_000{n}.mp4");
            file = dock(&court.uploads(), &name, &another_clip(n));
        }
        let clips = daemon.wait_until("/api/v1/clips", |c| c.len() == 3 && c.iter().all(|c| c["state"] == "released"));
        let clip = clips.iter().find(|c| c["names"][0]["name"].as_str().unwrap().contains("_0003")).unwrap();
        let clip = clip["id"].as_str().unwrap().to_owned();
        for form in ["receipt", "receipt.html"] {
            let answer = daemon.get(&format!("/api/v1/clips/{clip}/{form}"));
            assert_eq!(answer.status, 200);
            std::fs::write(court.path().join(form), answer.body).unwrap();
        }
        assert_eq!(daemon.stop(), Some(0));
        let taken = Self { court, clip, file };
        std::fs::write(taken.path("policy"), taken.run(0, &["ledger", "policy"])).unwrap();
        let proof = taken.path("proof.tlog-proof");
        taken.run(0, &["ledger", "prove", "--clip", &taken.clip, "--out", text(&proof)]);
        taken
    }

    fn path(&self, name: &str) -> PathBuf {
        self.court.path().join(name)
    }

    /// Runs the binary, which must end so; gives what it printed.
    fn run(&self, code: i32, arguments: &[&str]) -> String {
        let out = self.court.run(arguments);
        let printed = String::from_utf8_lossy(&out.stdout).into_owned();
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(code), "{arguments:?}: {printed}{said}");
        printed
    }

    /// Checks a proof or receipt with a data directory that is not there: nothing of the court's is needed.
    fn check(&self, code: i32, proof: &Path, more: &[&str]) -> String {
        let out = Command::new(crate::support::ZHILU)
            .args(["ledger", "verify-proof", text(proof), "--policy", text(&self.path("policy"))])
            .args(more)
            .args(["--data-dir", "/nonexistent"])
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(code), "{printed}");
        printed
    }

    /// The codes of what `ledger verify` finds.
    fn codes(&self, code: i32, more: &[&str]) -> Vec<String> {
        let out = self.run(code, &[&["ledger", "verify", "--json"], more].concat());
        let report: Value = serde_json::from_str(&out).unwrap();
        let mut codes: Vec<String> =
            report["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap().to_owned()).collect();
        codes.dedup();
        codes
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The independent checker: Python's standard library and openssl.
fn python(taken: &Taken, proof: &Path, clip: Option<&Path>) -> Option<i32> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/audit/zhilu_audit.py");
    let mut command = Command::new("python3");
    command.arg("-I").arg(script).arg(proof).arg("--policy").arg(taken.path("policy"));
    if let Some(clip) = clip {
        command.arg("--file").arg(clip);
    }
    command.output().expect("python3 is not installed; ./tests/run installs it").status.code()
}

#[test]
fn an_outsider_checks_a_receipt_and_the_clip_and_so_do_other_programs() {
    let taken = Taken::new();
    let (proof, receipt) = (taken.path("proof.tlog-proof"), taken.path("receipt"));
    let file = text(&taken.file).to_owned();
    for checked in [&proof, &receipt] {
        let said = taken.check(0, checked, &["--file", &file]);
        assert!(said.contains("成立 proved") && said.contains("only the court's own key vouches"), "{said}");
    }
    assert!(taken.check(0, &proof, &[]).contains("no file was compared"));
    assert_eq!(python(&taken, &proof, Some(&taken.file)), Some(0));
    // Another clip, of the same size.
    let other = taken.path("other.mp4");
    std::fs::write(&other, another_clip(2)).unwrap();
    for checked in [&proof, &receipt] {
        assert!(taken.check(1, checked, &["--file", text(&other)]).contains("has SHA-256"));
    }
    assert_eq!(python(&taken, &proof, Some(&other)), Some(1));
    // Who else vouches is another question than whether it was altered.
    let good = std::fs::read_to_string(&proof).unwrap();
    let policy = std::fs::read_to_string(taken.path("policy")).unwrap();
    let witness = "witness w witness.navigli.sunlight.geomys.org+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G";
    std::fs::write(taken.path("policy"), policy.replace("quorum none", &format!("{witness}\nquorum w"))).unwrap();
    assert!(taken.check(2, &proof, &[]).contains("quorum w is not reached"));
    std::fs::write(taken.path("policy"), "quorum none\n").unwrap();
    assert!(taken.check(2, &proof, &[]).contains("does not list"));
    std::fs::write(taken.path("policy"), &policy).unwrap();
    let bad = taken.path("bad");
    for (change, code) in [
        (good.replace("index ", "index 1"), 1),
        (good.replacen("c2sp", "C2SP", 1), 2),
        (good[..good.len() - 2].to_owned(), 2),
        (String::new(), 2),
    ] {
        std::fs::write(&bad, change).unwrap();
        taken.check(code, &bad, &[]);
        assert_eq!(python(&taken, &bad, None), Some(code));
    }
    taken.check(2, Path::new("/nonexistent/proof"), &[]);
}

#[test]
fn every_flipped_byte_of_a_proof_is_refused_by_the_other_program_too() {
    let taken = Taken::new();
    let proof = taken.path("proof.tlog-proof");
    let good = std::fs::read(&proof).unwrap();
    let bad = taken.path("bad");
    for at in (0..good.len()).step_by(29) {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        std::fs::write(&bad, bytes).unwrap();
        assert!(matches!(python(&taken, &bad, None), Some(1 | 2)), "byte {at}");
    }
}

#[test]
fn proofs_are_printed_or_written_where_nothing_is() {
    let taken = Taken::new();
    let proof = taken.path("proof.tlog-proof");
    let printed = taken.run(0, &["ledger", "prove", "--clip", &taken.clip]);
    assert_eq!(printed, std::fs::read_to_string(&proof).unwrap());
    taken.run(2, &["ledger", "prove", "--index", "0", "--out", text(&proof)]);
    assert_eq!(printed, std::fs::read_to_string(&proof).unwrap(), "an existing file was overwritten");
    taken.run(2, &["ledger", "prove", "--index", "99"]);
    taken.run(2, &["ledger", "prove", "--clip", "99"]);
    taken.run(2, &["ledger", "prove"]);
    let empty = Court::new();
    assert_eq!(empty.run(&["ledger", "verify"]).status.code(), Some(2), "no ledger is no verified ledger");
}

#[test]
fn a_whole_ledger_verifies_and_damage_is_named() {
    let taken = Taken::new();
    let before = taken.path("before");
    std::fs::write(&before, taken.run(0, &["ledger", "checkpoint"])).unwrap();
    let whole = taken.run(0, &["ledger", "verify", "--since", text(&before), "--policy", text(&taken.path("policy"))]);
    assert!(whole.contains("everything holds") && whole.contains("only the court's own key vouches"), "{whole}");
    assert!(taken.codes(0, &[]).is_empty());
    // A start refuses such a ledger; what verifies it must not.
    taken.court.meddle("delete from ledger_tiles");
    assert_eq!(taken.codes(1, &[]), ["tile_missing"]);
    assert!(taken.run(1, &["ledger", "verify"]).contains("异常 WRONG tile_missing tile/0/000.p/10"));
    assert_eq!(taken.court.run(&["ledger", "prove", "--index", "0"]).status.code(), Some(2));
}

#[test]
fn a_ledger_that_was_cut_or_exchanged_does_not_extend_a_checkpoint_that_was_kept() {
    let taken = Taken::new();
    let kept = taken.path("kept");
    std::fs::write(&kept, taken.run(0, &["ledger", "checkpoint"])).unwrap();
    let key = taken.court.data().join("keys/ledger.key");
    // The court's own administrator, with root and the key, makes a new ledger in which one clip never came.
    for count in [1, 6] {
        let again = Court::with("keep", "");
        std::fs::create_dir_all(again.data().join("keys")).unwrap();
        std::fs::copy(&key, again.data().join("keys/ledger.key")).unwrap();
        for n in 0..count {
            dock(&again.uploads(), &format!("{n}.mp4"), &another_clip(10 + n));
        }
        assert!(again.run(&["ingest", text(&again.uploads())]).status.success());
        assert_eq!(again.run(&["ledger", "verify"]).status.code(), Some(0), "of itself it is whole");
        let out = again.run(&["ledger", "verify", "--json", "--since", text(&kept)]);
        assert_eq!(out.status.code(), Some(1));
        let report: Value = serde_json::from_slice(&out.stdout).unwrap();
        let expected = if count == 1 { "log_cut" } else { "log_forked" };
        assert_eq!(report["findings"][0]["code"], expected);
    }
    let unpinned = taken.path("other-policy");
    std::fs::write(&unpinned, "quorum none\n").unwrap();
    taken.run(2, &["ledger", "verify", "--policy", text(&unpinned)]);
}
