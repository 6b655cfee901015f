//! The daemon's scrub: what is due is looked at, what is wrong is on record, and while nothing is due nothing is written.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::support::{Court, Daemon};

/// A court whose two files were verified so many days ago.
fn court(days: u32) -> Court {
    let court = Court::with("keep", "");
    for name in ["a.mp4", "b.mp4"] {
        std::fs::write(court.uploads().join(name), name).unwrap();
    }
    assert!(court.run(&["ingest", court.uploads().to_str().unwrap()]).status.success());
    let us = u64::from(days) * 86_400_000_000;
    court.meddle(&format!("update fixity set checked_us = checked_us - {us}, verified_us = verified_us - {us}"));
    court
}

fn wait(daemon: &Daemon, wanted: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
    let began = Instant::now();
    loop {
        let coverage = daemon.get("/api/v1/audit/coverage").json();
        if wanted(&coverage) {
            return coverage;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "it stays {coverage:#}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn what_is_due_is_looked_at_and_what_is_wrong_is_on_record() {
    let court = court(100);
    let objects = court.data().join("vault/objects");
    let object = std::fs::read_dir(objects).unwrap().flat_map(|d| std::fs::read_dir(d.unwrap().path()).unwrap()).next();
    let path = object.unwrap().unwrap().path();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::fs::write(&path, b"x.mp4").unwrap();
    let daemon = court.serve();
    let coverage = wait(&daemon, |c| c["within_promise"] == 1 && c["failing"] == 1);
    assert_eq!((&coverage["beyond_promise"], &coverage["never_verified"]), (&1.into(), &0.into()));
    let finding = &coverage["findings"][0];
    assert_eq!((&finding["source"], &finding["result"]), (&"scrub".into(), &"altered".into()));
    let metrics = String::from_utf8(daemon.get("/metrics").body).unwrap();
    assert!(metrics.contains("zhilu_scrub_objects_total 2\n"), "{metrics}");
    assert!(metrics.contains("zhilu_scrub_failed_total 1\n"), "{metrics}");
    assert!(court.log().contains("is altered"), "{}", court.log());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn nothing_is_written_while_nothing_is_due() {
    let court = court(60);
    let daemon = court.serve();
    daemon.wait_until("/api/v1/uploads", |uploads| uploads.iter().all(|u| u["state"] == "released"));
    let before = daemon.get("/api/v1/ledger/checkpoint").body;
    let written = || {
        let io = std::fs::read_to_string(format!("/proc/{}/io", daemon.child.id())).unwrap();
        io.lines().find_map(|l| l.strip_prefix("write_bytes: ")).unwrap().parse::<u64>().unwrap()
    };
    std::thread::sleep(Duration::from_secs(2));
    let wrote = written();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(written(), wrote);
    assert_eq!(daemon.get("/api/v1/ledger/checkpoint").body, before);
    assert_eq!(wait(&daemon, |_| true)["within_promise"], 2);
}

#[test]
fn it_can_be_turned_off() {
    let mut court = court(100);
    court.config += "[scrub]\nenabled = false\nevery_days = 200\n";
    let daemon = court.serve();
    std::thread::sleep(Duration::from_secs(2));
    let coverage = daemon.get("/api/v1/audit/coverage").json();
    assert_eq!((&coverage["every_days"], &coverage["within_promise"]), (&200.into(), &2.into()));
    assert!(!String::from_utf8(daemon.get("/metrics").body).unwrap().contains("zhilu_scrub"));
}
