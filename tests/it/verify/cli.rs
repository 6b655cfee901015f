//! `zhilu verify` as people run it: exit codes, samples, runs that are cut short, what is on record afterwards.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::Court;

/// A court that took and confirmed so many files of so many bytes.
fn court(files: u32, bytes: usize) -> Court {
    let court = Court::new();
    for n in 0..files {
        let mut content = vec![0u8; bytes];
        content[..4].copy_from_slice(&n.to_be_bytes());
        std::fs::write(court.uploads().join(format!("{n:04}.mp4")), content).unwrap();
    }
    let out = court.run(&["ingest", court.uploads().to_str().unwrap()]);
    assert!(out.status.success(), "{}", text(&out));
    court
}

fn text(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// Runs `zhilu verify --json`, which must end so.
fn verify(court: &Court, code: i32, more: &[&str]) -> Value {
    let out = court.run(&[&["verify", "--json"], more].concat());
    assert_eq!(out.status.code(), Some(code), "{more:?}: {}", text(&out));
    serde_json::from_slice(&out.stdout).unwrap_or(Value::Null)
}

fn objects(court: &Court) -> Vec<PathBuf> {
    let directories = std::fs::read_dir(court.data().join("vault/objects")).unwrap();
    let files = directories.flat_map(|d| std::fs::read_dir(d.unwrap().path()).unwrap());
    let mut paths: Vec<PathBuf> = files.map(|f| f.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Changes a bit of an object behind the vault's back; gives its bytes as they were.
fn flip(path: &PathBuf) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let mut other = bytes.clone();
    other[bytes.len() / 2] ^= 1;
    overwrite(path, &other);
    bytes
}

fn overwrite(path: &PathBuf, bytes: &[u8]) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn entries(court: &Court) -> u64 {
    let note = String::from_utf8(court.run(&["ledger", "checkpoint"]).stdout).unwrap();
    note.lines().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_whole_court_is_proved_and_one_entry_says_so() {
    let court = court(5, 3_000_000);
    let before = entries(&court);
    let report = verify(&court, 0, &[]);
    assert_eq!(report["conclusion"], "proved");
    assert_eq!((&report["looked"]["objects"], &report["looked"]["equal"]), (&5.into(), &5.into()));
    assert_eq!(report["bytes"], 15_000_000);
    assert_eq!(entries(&court), before + 1);
    for more in [&["--cached"][..], &["--threads", "1"], &["--older-than", "0"]] {
        assert_eq!(verify(&court, 0, more)["looked"]["objects"], 5, "{more:?}");
    }
    assert_eq!(verify(&court, 0, &["--older-than", "1"])["looked"]["objects"], 0);
    court.check();
    let status = court.run(&["verify", "--status", "--json"]);
    assert!(status.status.success(), "{}", text(&status));
    let figures = serde_json::from_slice::<Value>(&status.stdout).unwrap()["coverage"].clone();
    assert_eq!((&figures["objects"], &figures["within_promise"]), (&5.into(), &5.into()));
    assert_eq!((&figures["never_verified"], &figures["failing"]), (&0.into(), &0.into()));
}

#[test]
fn confirmation_is_the_first_verification() {
    let court = court(2, 10);
    assert_eq!(verify(&court, 0, &["--older-than", "1"])["looked"]["objects"], 0);
}

#[test]
fn sm3_is_compared_too() {
    let mut court = Court::new();
    court.config = "[vault]\nsm3 = true\n".to_owned();
    std::fs::write(court.uploads().join("a.mp4"), b"a").unwrap();
    assert!(court.run(&["ingest", court.uploads().to_str().unwrap()]).status.success());
    verify(&court, 0, &[]);
    let zeros = if court.database.is_some() { "decode(repeat('00', 32), 'hex')" } else { "zeroblob(32)" };
    court.meddle(&format!("update clips set sm3 = {zeros}"));
    let report = verify(&court, 1, &["--no-record"]);
    let codes: Vec<&str> =
        report["check"]["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"object_altered") && codes.contains(&"clip_differs"), "{codes:?}");
}

#[test]
fn a_problem_is_a_custody_event_until_it_is_well_again() {
    let court = court(3, 100);
    let path = objects(&court).remove(0);
    let bytes = flip(&path);
    let before = entries(&court);
    let report = verify(&court, 1, &[]);
    assert_eq!(report["check"]["findings"][0]["code"], "object_altered");
    // One of the object's own, one for the two others.
    assert_eq!(entries(&court), before + 2);
    assert_eq!(court.run(&["verify", "--status"]).status.code(), Some(1));
    let status: Value = serde_json::from_slice(&court.run(&["verify", "--status", "--json"]).stdout).unwrap();
    assert_eq!(status["findings"][0]["code"], "object_altered");
    // A check that reads no object says what was found last.
    let check = court.run(&["check"]);
    let said = String::from_utf8(check.stdout).unwrap();
    assert!(
        check.status.code() == Some(1) && said.contains("WRONG object_altered") && said.contains("对象内容被改动"),
        "{said}"
    );
    let daemon = court.serve();
    let findings = daemon.items("/api/v1/audit/findings");
    assert_eq!(findings.len(), 1);
    assert_eq!((&findings[0]["result"], &findings[0]["source"]), (&"altered".into(), &"verify".into()));
    let clip = findings[0]["clip"].as_str().unwrap().to_owned();
    let events = daemon.items(&format!("/api/v1/clips/{clip}/events"));
    let last = events.last().unwrap();
    assert_eq!((&last["kind"], &last["actor"]), (&"fixity_check".into(), &"system:verify".into()));
    assert_eq!((&last["detail"]["result"], &last["ledger_index"]), (&"altered".into(), &findings[0]["ledger_index"]));
    let coverage = daemon.get("/api/v1/audit/coverage").json();
    assert_eq!((&coverage["failing"], &coverage["within_promise"]), (&1.into(), &2.into()));
    assert_eq!(coverage["findings"][0]["clip"], clip.as_str());
    let metrics = String::from_utf8(daemon.get("/metrics").body).unwrap();
    assert!(metrics.contains("zhilu_objects_failing 1\n"), "{metrics}");
    // Put right from a copy: the clip's own history says so.
    overwrite(&path, &bytes);
    verify(&court, 0, &["--clip", &clip]);
    assert_eq!(court.run(&["check"]).status.code(), Some(0));
    let events = daemon.items(&format!("/api/v1/clips/{clip}/events"));
    assert_eq!(events.last().unwrap()["detail"]["result"], "equal");
    assert!(daemon.items("/api/v1/audit/findings").is_empty());
    assert_eq!(daemon.stop(), Some(0));
    court.check();
    verify(&court, 0, &[]);
}

#[test]
fn what_cannot_be_read_is_not_verified() {
    let court = court(2, 100);
    assert_eq!(court.run(&["verify", "--clip", "999"]).status.code(), Some(2), "no such clip");
    assert_eq!(court.run(&["verify", "--resume"]).status.code(), Some(2), "nothing was cut short");
    let key = court.data().join("keys/ledger.key");
    std::fs::rename(&key, court.path().join("key")).unwrap();
    assert_eq!(court.run(&["verify"]).status.code(), Some(2), "no key");
    assert!(!key.exists(), "none is made");
    std::fs::rename(court.path().join("key"), &key).unwrap();
    let vault = court.data().join("vault");
    std::fs::rename(&vault, court.path().join("vault")).unwrap();
    let out = court.run(&["verify"]);
    assert_eq!(out.status.code(), Some(2), "no vault");
    assert!(text(&out).contains("mounted") && !vault.exists(), "{}", text(&out));
    std::fs::rename(court.path().join("vault"), &vault).unwrap();
    verify(&court, 0, &[]);
}

#[test]
fn an_auditor_needs_the_policy_and_not_the_key() {
    let court = court(2, 100);
    let policy = court.path().join("policy");
    std::fs::write(&policy, court.run(&["ledger", "policy"]).stdout).unwrap();
    std::fs::remove_dir_all(court.data().join("keys")).unwrap();
    let before = court.run(&["verify", "--status", "--json"]).stdout;
    verify(&court, 0, &["--no-record", "--policy", policy.to_str().unwrap()]);
    assert_eq!(court.run(&["verify", "--status", "--json"]).stdout, before, "nothing was written");
    assert!(!court.data().join("keys").exists());
}

#[test]
fn a_sample_is_the_same_for_the_same_seed() {
    let court = court(20, 100);
    let damaged = |seed: &str| -> i32 {
        let out = court.run(&["verify", "--json", "--no-record", "--sample", "8", "--seed", seed]);
        out.status.code().unwrap()
    };
    flip(&objects(&court)[3]);
    let outcomes: Vec<i32> = (0..12).map(|seed| damaged(&seed.to_string())).collect();
    assert!(outcomes.contains(&0) && outcomes.contains(&1), "every seed chooses the same: {outcomes:?}");
    let again: Vec<i32> = (0..12).map(|seed| damaged(&seed.to_string())).collect();
    assert_eq!(outcomes, again);
    let random = verify(&court, 0, &["--sample", "0"]);
    assert!(random["which"]["sample"]["seed"].is_u64(), "{random}");
}

#[test]
fn a_run_that_was_cut_short_goes_on() {
    let court = court(40, 1 << 18);
    flip(&objects(&court)[39]);
    let mut command = court.command(&["verify", "--json", "--rate", "2", "--threads", "1"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let out = child.wait_with_output().unwrap();
    let first: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert!([Some(1), Some(2)].contains(&out.status.code()), "{}", text(&out));
    let done = first["looked"]["objects"].as_u64().unwrap();
    assert!(first["looked"]["stopped"] == true && done > 0 && done < 40, "{first}");
    // What the first part found is told again, and nothing is looked at twice.
    let second = verify(&court, 1, &["--resume"]);
    assert_eq!(second["looked"]["objects"], 40 - done);
    assert_eq!(second["check"]["findings"].as_array().unwrap().len(), 1);
    assert_eq!(court.run(&["verify", "--resume"]).status.code(), Some(2), "it came to its end");
}

#[test]
fn the_rate_is_kept() {
    let court = court(8, 1 << 20);
    let report = verify(&court, 0, &["--rate", "4", "--threads", "4", "--cached"]);
    let seconds = report["seconds"].as_f64().unwrap();
    // The last objects are read before their time is waited out.
    assert!((0.7..4.0).contains(&seconds), "8 MiB at 4 MiB/s took {seconds} s");
}
