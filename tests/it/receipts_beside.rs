//! Receipts beside the source: written once, never evidence themselves, and evidence as soon as they are anything else.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Court, ZHILU, another_clip, dock};

const CLIP: &str = "（2021）吉0721执123号/0012345_00123420240508132920_0001.mp4";

fn court(source: &str) -> Court {
    let mut court = Court::with(source, "");
    court.config.push_str("receipts = true\n");
    court
}

/// The receipts in a directory, by name.
fn receipts(dir: &Path) -> Vec<PathBuf> {
    let names = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    let mut found: Vec<PathBuf> = names.filter(|p| p.to_string_lossy().contains(".zhilu-receipt-")).collect();
    found.sort();
    found
}

/// Waits until the directory has this many receipts.
fn wait_for_receipts(dir: &Path, count: usize) -> Vec<PathBuf> {
    for _ in 0..600 {
        let found = receipts(dir);
        if found.len() == count {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{} has {:?}", dir.display(), receipts(dir));
}

#[test]
fn a_confirmed_clip_leaves_three_files_that_hold_and_are_no_evidence() {
    for source in ["keep", "delete"] {
        let court = court(source);
        let daemon = court.serve();
        let file = dock(&court.uploads(), CLIP, &another_clip(1));
        let dir = file.parent().unwrap().to_owned();
        let found = wait_for_receipts(&dir, 3);
        assert_eq!(file.exists(), source == "keep");
        let policy = court.path().join("policy");
        let printed = court.run(&["ledger", "policy"]).stdout;
        std::fs::write(&policy, printed).unwrap();
        for receipt in found.iter().filter(|p| p.extension().unwrap() != "html") {
            let done =
                Command::new(ZHILU).args(["ledger", "verify-proof"]).arg(receipt).arg("--policy").arg(&policy).output();
            let done = done.unwrap();
            assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        }
        let page = found.iter().find(|p| p.extension().unwrap() == "html").unwrap();
        assert!(std::fs::read_to_string(page).unwrap().contains("执法记录入库回执"));
        // Two rescans and a restart meet them; they are nobody's evidence, and nothing waits on their account.
        std::thread::sleep(std::time::Duration::from_secs(3));
        assert_eq!(daemon.items("/api/v1/uploads").len(), 1);
        assert_eq!(daemon.stop(), Some(0));
        let daemon = court.serve();
        std::thread::sleep(std::time::Duration::from_secs(2));
        assert_eq!(daemon.items("/api/v1/uploads").len(), 1);
        assert_eq!(daemon.items("/api/v1/clips").len(), 1);
        daemon.stop();
        court.check();
    }
}

#[test]
fn what_is_not_the_very_receipt_at_its_place_is_evidence() {
    let court = court("keep");
    let daemon = court.serve();
    let file = dock(&court.uploads(), CLIP, &another_clip(1));
    let found = wait_for_receipts(file.parent().unwrap(), 3);
    daemon.wait_until("/api/v1/uploads", |u| u.len() == 1 && u[0]["state"] == "released");
    let name = found[0].file_name().unwrap().to_str().unwrap();
    let bytes = std::fs::read(&found[0]).unwrap();
    // A copy elsewhere, a file that only has such a name, and the receipt itself after somebody wrote into it.
    dock(&court.uploads(), &format!("copy/{name}"), &bytes);
    dock(&court.uploads(), "a.mp4.zhilu-receipt-5.json", b"a name makes no receipt");
    let mut changed = bytes.clone();
    changed[10] ^= 1;
    std::fs::write(&found[0], &changed).unwrap();
    let clips = daemon.wait_for("/api/v1/uploads?state=released", 4);
    let sizes: Vec<u64> = clips.iter().map(|u| u["size_bytes"].as_u64().unwrap()).collect();
    assert_eq!(sizes.iter().filter(|size| **size == bytes.len() as u64).count(), 2, "{sizes:?}");
    // Evidence, but receipts of receipts are none: these were taken as text, in a folder that asks for receipts of every clip.
    daemon.stop();
    court.check();
}

#[test]
fn a_foreign_file_with_the_receipt_s_name_stays_and_is_evidence() {
    let court = court("keep");
    let file = dock(&court.uploads(), CLIP, &another_clip(1));
    let daemon = court.serve();
    let found = wait_for_receipts(file.parent().unwrap(), 3);
    daemon.stop();
    std::fs::write(&found[0], b"somebody else's").unwrap();
    std::fs::remove_file(&found[1]).unwrap();
    court.meddle("update receipts set state = 'due', content = null, sha256 = null");
    let daemon = court.serve();
    wait_for_receipts(file.parent().unwrap(), 3);
    daemon.wait_until("/api/v1/uploads", |u| u.iter().any(|u| u["size_bytes"] == 15));
    assert_eq!(std::fs::read(&found[0]).unwrap(), b"somebody else's");
    daemon.stop();
    court.check();
}

#[test]
fn ingest_waits_for_the_receipts_and_a_folder_that_does_not_ask_gets_none() {
    let asks = court("keep");
    let file = dock(&asks.uploads(), CLIP, &another_clip(1));
    assert!(asks.run(&["ingest", asks.uploads().to_str().unwrap()]).status.success());
    assert_eq!(receipts(file.parent().unwrap()).len(), 3);
    let again = asks.run(&["ingest", asks.uploads().to_str().unwrap(), "--json"]);
    let summary: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(summary["files"], 0, "{summary}");
    let quiet = Court::with("keep", "");
    let file = dock(&quiet.uploads(), CLIP, &another_clip(1));
    assert!(quiet.run(&["ingest", quiet.uploads().to_str().unwrap()]).status.success());
    assert!(receipts(file.parent().unwrap()).is_empty());
}
