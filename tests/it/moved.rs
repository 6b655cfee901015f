//! Sources that are moved into the vault, and a process that ended before the catalog knew of them.

use std::ffi::OsStr;
use std::fs::File;
use std::process::Command;

use zhilu::vault::{Adopted, LocalVault, Place, StageOptions};

use crate::support::{Court, another_clip, dock};

/// Moves a source into the vault as far as `published`, and ends there.
fn move_in(court: &Court, name: &str, published: bool) {
    let uploads = court.uploads().canonicalize().unwrap();
    let vault = LocalVault::look(&court.data().join("vault")).unwrap();
    let folder = File::open(&uploads).unwrap();
    let place = Place { folder: &folder, name: OsStr::new(name), path: &uploads.join(name) };
    let Adopted::Staged(staged) = vault.adopt(&place, &StageOptions::default(), &|_| {}).unwrap() else {
        panic!("not moved");
    };
    staged.sync().unwrap();
    if published {
        assert!(vault.publish(vec![staged]).remove(0).is_ok());
    } else {
        // A process that ends does not tidy up, and its lock ends with it.
        std::mem::forget(staged);
        for dir in std::fs::read_dir(court.data().join("vault/staging")).unwrap() {
            let _ = std::fs::remove_file(dir.unwrap().path().join(".lock"));
        }
    }
}

#[test]
fn a_source_moved_by_a_process_that_ended_is_accepted_with_all_its_digests() {
    let mut court = Court::with("move", "");
    court.config += "[vault]\nsm3 = true\n";
    let uploads = court.uploads();
    assert!(court.run(&["ingest", uploads.to_str().unwrap()]).status.success());
    let bytes = another_clip(1);
    let copy = dock(court.path(), "copy.mp4", &bytes);
    dock(&uploads, "a.mp4", &bytes);
    move_in(&court, "a.mp4", true);
    assert!(!uploads.join("a.mp4").exists());
    // Looking changes nothing: it is there for the next intake.
    let report = court.check();
    assert_eq!(report["unclaimed"].as_array().unwrap().len(), 1, "{report:#}");
    let daemon = court.serve();
    let clips = daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 1);
    assert_eq!(clips[0]["names"][0]["name"], "a.mp4");
    let sm3 = Command::new("openssl").args(["dgst", "-sm3", "-r"]).arg(&copy).output().unwrap();
    assert_eq!(clips[0]["sm3"], String::from_utf8_lossy(&sm3.stdout).split(' ').next().unwrap());
    daemon.stop();
    assert_eq!(court.check()["unclaimed"].as_array().unwrap().len(), 0);
}

#[test]
fn only_an_intake_puts_a_staged_source_back_and_takes_it() {
    let court = Court::with("move", "");
    let uploads = court.uploads();
    assert!(court.run(&["ingest", uploads.to_str().unwrap()]).status.success());
    dock(&uploads, "a.mp4", &another_clip(1));
    move_in(&court, "a.mp4", false);
    court.check();
    assert!(court.run(&["token", "list"]).status.success());
    assert!(!uploads.join("a.mp4").exists(), "a command that only looks moved it");
    assert!(court.run(&["ingest", uploads.to_str().unwrap()]).status.success());
    assert_eq!(court.check()["clips"], 1);
}
