//! An older copy of the catalog is put back: nothing is signed until the loss is declared, and the declaration stays to be read.

use std::path::Path;

use crate::support::{Court, another_clip, dock};

fn take(court: &Court, n: u32) {
    let daemon = court.serve();
    dock(&court.uploads(), &format!("0012345_00123420240508132920_000{n}.mp4"), &another_clip(n));
    let count = usize::try_from(n).unwrap();
    daemon.wait_until("/api/v1/clips", |c| c.len() == count && c.iter().all(|c| c["state"] == "released"));
    assert_eq!(daemon.stop(), Some(0));
}

fn copy(from: &Path, to: &Path) {
    std::fs::copy(from.join("catalog.sqlite"), to.join("catalog.sqlite")).unwrap();
    for beside in ["catalog.sqlite-wal", "catalog.sqlite-shm"] {
        let _ = std::fs::remove_file(to.join(beside));
    }
}

fn said(court: &Court, code: i32, arguments: &[&str]) -> String {
    let out = court.run(arguments);
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert_eq!(out.status.code(), Some(code), "{arguments:?}: {text}");
    text
}

// The copy is that of a file; on PostgreSQL the same code is met with another catalog.
#[test]
fn an_older_copy_signs_nothing_until_the_loss_is_declared() {
    let mut court = Court::with("keep", "");
    court.database = None;
    take(&court, 1);
    let backup = tempfile::tempdir().unwrap();
    copy(&court.data(), backup.path());
    take(&court, 2);
    let newest = said(&court, 0, &["ledger", "checkpoint"]);
    std::fs::write(court.path().join("newest"), &newest).unwrap();
    said(&court, 2, &["ledger", "declare-loss", "--reason", "nothing is lost"]);

    copy(backup.path(), &court.data());
    let refused = said(&court, 2, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.contains("declare-loss") && refused.contains("older copy"), "{refused}");
    said(&court, 2, &["ingest", court.uploads().to_str().unwrap()]);
    assert!(said(&court, 1, &["check"]).contains("ledger_cut"), "it can still be looked at");
    said(&court, 2, &["verify"]);
    assert!(said(&court, 1, &["verify", "--no-record"]).contains("ledger_cut"));

    let declared = said(&court, 0, &["ledger", "declare-loss", "--reason", "磁盘损坏"]);
    assert!(declared.contains("entries were signed"), "{declared}");
    // It goes on, the clip that was lost comes in again, and what was kept of the newer ledger shows the loss for ever.
    take(&court, 2);
    court.check();
    said(&court, 0, &["ledger", "verify"]);
    let since = court.path().join("newest");
    said(&court, 1, &["ledger", "verify", "--since", since.to_str().unwrap()]);
    // A second start is not stopped by what was lost before.
    take(&court, 3);
}
