//! Retention and disposal on the command line, beside a daemon that watches the folder in which the source was left.

use std::process::Output;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Court, Daemon, dock};

/// What a term of half a year and a notice of 30 days are over after, in microseconds.
const YEAR_US: i64 = 365 * 86_400_000_000;

fn token(court: &Court, role: &str, name: &str) -> String {
    let out = court.run(&["token", "create", "--role", role, "--name", name]);
    assert!(out.status.success());
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

fn run_as(court: &Court, token: &str, arguments: &[&str]) -> Output {
    court.command(arguments).env("ZHILU_TOKEN", token).output().unwrap()
}

fn json_of(out: &Output) -> Value {
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&out.stderr)))
}

fn state(daemon: &Daemon, clip: &str) -> String {
    let clip = daemon.get(&format!("/api/v1/clips/{clip}")).json();
    clip["state"].as_str().unwrap().to_owned()
}

#[test]
fn two_people_destroy_what_is_due_and_the_source_that_was_left_brings_nothing_back() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    let source = dock(&court.uploads(), "（2021）吉0721执123号/a.mp4", b"a clip of last year");
    let clips = daemon.wait_until("/api/v1/clips", |clips| clips.len() == 1 && clips[0]["state"] == "released");
    let clip = clips[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(daemon.stop(), Some(0));
    let rules = json_of(&court.run(&["retention", "rules", "--json"]));
    assert_eq!((&rules["items"][0]["ledger_index"], &rules["items"][0]["rules"][0]["months"]), (&0.into(), &6.into()));
    let due = || json_of(&court.run(&["retention", "due", "--json"]))["items"].as_array().unwrap().len();
    assert_eq!(due(), 0);

    // A year goes by, as far as rows can tell.
    court.meddle(&format!("update custody_events set at_us = at_us - {YEAR_US}"));
    court.meddle(&format!("update clips set arrived_us = arrived_us - {YEAR_US}"));
    court.meddle(&format!("update retention_rules set at_us = at_us - {YEAR_US}"));
    court.meddle("update cases set status = '已结案'");
    assert_eq!(due(), 1);
    let (first, second) = (token(&court, "legal", "张三"), token(&court, "admin", "李四"));
    let nobody = court.run(&["dispose", "propose", "--reason", "期满"]);
    assert_eq!(nobody.status.code(), Some(2), "{}", String::from_utf8_lossy(&nobody.stderr));
    let officer = token(&court, "officer", "王五");
    assert_eq!(run_as(&court, &officer, &["dispose", "propose", "--reason", "期满"]).status.code(), Some(2));
    assert!(run_as(&court, &first, &["dispose", "propose", "--reason", "期满"]).status.success());
    let list = || json_of(&court.run(&["dispose", "list", "--json"]))["items"][0].clone();
    let id = list()["id"].as_str().unwrap().to_owned();
    let own = run_as(&court, &first, &["dispose", "approve", &id, "--reason", "已核对"]);
    assert_eq!(own.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&own.stderr).contains("second person"));
    let done = run_as(&court, &second, &["dispose", "approve", &id, "--reason", "已核对"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!((&list()["state"], &list()["disposed"]), (&"done".into(), &1.into()));
    // The ledger is not deceived by rows that were changed.
    let verified = court.run(&["ledger", "verify"]);
    let text = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.code() == Some(1) && text.contains("disposed_too_early"), "{text}");

    let daemon = court.serve();
    // Several rescans find the file that was left, and know it.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(state(&daemon, &clip), "disposed");
    assert_eq!(daemon.get(&format!("/api/v1/clips/{clip}/media")).status, 410);
    // Docked again, it is evidence again.
    dock(&court.uploads(), "（2021）吉0721执123号/b.mp4", b"a clip of last year");
    daemon.wait_until("/api/v1/clips", |clips| clips.len() == 1 && clips[0]["state"] == "released");
    assert_eq!(daemon.get(&format!("/api/v1/clips/{clip}/media")).body, b"a clip of last year");
    assert!(source.exists());
    assert_eq!(daemon.stop(), Some(0));
}
