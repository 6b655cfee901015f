//! Bad input and bad days: nothing lost, nothing twice, a reason a person can act on, and it goes on by itself.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Court, another_clip, clip, dock};

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

fn health_of(daemon: &crate::support::Daemon, name: &str) -> Value {
    let clips = daemon.items("/api/v1/clips?limit=200");
    let found = clips.iter().find(|c| c["names"].as_array().unwrap().iter().any(|n| n["name"] == name));
    found.unwrap_or_else(|| panic!("no clip named {name}: {clips:#?}")).clone()
}

#[test]
fn damaged_and_foreign_files_are_accepted_with_their_health() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    let whole = clip("mp4");
    let moov = whole.windows(4).position(|w| w == b"moov").unwrap() - 4;
    dock(&court.uploads(), "whole.mp4", &whole);
    dock(&court.uploads(), "empty.mp4", b"");
    dock(&court.uploads(), "text.mp4", "这不是视频".as_bytes());
    dock(&court.uploads(), "no-moov.mp4", &whole[..moov]);
    dock(&court.uploads(), "cut.mp4", &whole[..whole.len() / 2]);
    dock(&court.uploads(), "zero-tail.mp4", &[&whole[..], &[0; 5000]].concat());
    dock(
        &court.uploads(),
        "noise.bin",
        &(0..9999_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect::<Vec<_>>(),
    );
    daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 7);
    let health = |name| health_of(&daemon, name)["health"].as_str().unwrap().to_owned();
    assert_eq!(health("whole.mp4"), "ok");
    assert_eq!(health("empty.mp4"), "unsupported");
    assert_eq!(health("text.mp4"), "unsupported");
    assert_eq!(health_of(&daemon, "text.mp4")["kind"], "text");
    assert_eq!(health("no-moov.mp4"), "damaged");
    assert_ne!(health("cut.mp4"), "ok");
    assert_eq!(health("noise.bin"), "unsupported");
    let tail = health_of(&daemon, "zero-tail.mp4");
    assert!(tail["anomalies"].as_array().unwrap().iter().any(|a| a["code"] == "zero_tail"), "{tail:#}");
    daemon.stop();
    court.check();
}

#[test]
fn a_sparse_file_of_5_gib_stays_sparse() {
    let court = Court::with("keep", "");
    let file = File::create(court.uploads().join("sparse.mp4")).unwrap();
    file.set_len(5 << 30).unwrap();
    drop(file);
    let daemon = court.serve();
    let clips = daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 1);
    assert_eq!(clips[0]["size_bytes"], 5_u64 << 30);
    daemon.stop();
    let used = Command::new("du").args(["-sk", court.data().to_str().unwrap()]).output().unwrap();
    let kib: u64 = String::from_utf8_lossy(&used.stdout).split_whitespace().next().unwrap().parse().unwrap();
    assert!(kib < 100 << 10, "{kib} KiB on disk");
}

#[test]
fn any_name_is_kept_as_it_is() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    let names: [&[u8]; 6] = [
        b"new\nline.mp4",
        b"invalid-\xff\xfe.mp4",
        "right\u{202e}4pm.mp4".as_bytes(),
        "\"quotes\"; filename=x.mp4".as_bytes(),
        &[b'n'; 255],
        "执法记录（副本） (1).MP4".as_bytes(),
    ];
    for (n, name) in (0..).zip(names) {
        std::fs::write(court.uploads().join(OsStr::from_bytes(name)), another_clip(n)).unwrap();
    }
    let clips = daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == names.len());
    for clip in clips {
        let media = daemon.get(&format!("/api/v1/clips/{}/media", clip["id"].as_str().unwrap()));
        assert_eq!(media.status, 200);
        assert!(!media.header("content-disposition").unwrap().contains('\n'));
    }
    daemon.stop();
    court.check();
}

#[test]
fn what_is_no_file_is_reported_and_never_followed() {
    let court = Court::with("keep", "");
    let outside = court.path().join("secret.mp4");
    std::fs::write(&outside, another_clip(1)).unwrap();
    std::os::unix::fs::symlink(&outside, court.uploads().join("link.mp4")).unwrap();
    std::os::unix::fs::symlink(court.path(), court.uploads().join("linked-folder")).unwrap();
    assert!(Command::new("mkfifo").arg(court.uploads().join("pipe.mp4")).status().unwrap().success());
    std::fs::create_dir(court.uploads().join("folder.mp4")).unwrap();
    std::fs::write(court.uploads().join("folder.mp4/inside.mp4"), another_clip(2)).unwrap();
    std::fs::write(court.uploads().join("Thumbs.db"), "x").unwrap();
    let daemon = court.serve();
    daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 1);
    let ignored = daemon.wait_for("/api/v1/uploads?state=ignored", 4);
    let code = |name: &str| ignored.iter().find(|u| u["name"] == name).unwrap()["reason"]["code"].clone();
    assert_eq!(code("link.mp4"), "symlink");
    assert_eq!(code("linked-folder"), "symlink");
    assert_eq!(code("pipe.mp4"), "not_regular");
    assert_eq!(code("Thumbs.db"), "on_ignore_list");
    assert_eq!(daemon.stop(), Some(0));
    court.check();
}

#[test]
fn an_unreadable_file_waits_with_a_reason_and_goes_on() {
    let court = Court::with("keep", "");
    let path = dock(&court.uploads(), "locked.mp4", &another_clip(1));
    std::fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    let mut command = court.command(&["serve", "--listen", "127.0.0.1:0"]);
    if is_root() {
        // Root may read everything; nobody may not.
        let own = Command::new("chown").args(["-R", "nobody"]).arg(court.path()).status().unwrap();
        assert!(own.success());
        std::fs::set_permissions(court.path(), Permissions::from_mode(0o755)).unwrap();
        let mut as_nobody = Command::new("setpriv");
        as_nobody.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]);
        as_nobody.arg(copied_binary(&court)).args(command.get_args());
        command = as_nobody;
    }
    let daemon = court.serve_as(command);
    let waiting = daemon.wait_until("/api/v1/uploads", |u| u.len() == 1 && u[0]["reason"]["code"] == "unreadable");
    assert!(waiting[0]["reason"]["text"].as_str().unwrap().contains("权限"));
    std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 1);
}

/// The build's own folder may be closed to others; the binary is put where nobody may run it.
fn copied_binary(court: &Court) -> std::path::PathBuf {
    let copy = court.path().join("zhilu");
    std::fs::copy(crate::support::ZHILU, &copy).unwrap();
    std::fs::set_permissions(&copy, Permissions::from_mode(0o755)).unwrap();
    copy
}

#[test]
fn a_file_that_grows_is_taken_once_and_whole() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    let bytes = another_clip(1);
    let mut file = File::create(court.uploads().join("grows.mp4")).unwrap();
    for part in bytes.chunks(bytes.len() / 8 + 1) {
        file.write_all(part).unwrap();
        std::thread::sleep(Duration::from_millis(500));
        assert!(daemon.items("/api/v1/clips").is_empty());
    }
    let waiting = daemon.items("/api/v1/uploads");
    assert_eq!(waiting[0]["reason"]["code"], "being_written");
    drop(file);
    let clips = daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 1);
    assert_eq!(clips[0]["size_bytes"], bytes.len());
    daemon.stop();
    court.check();
}

#[test]
fn a_file_that_is_opened_and_closed_piece_by_piece_ends_whole() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    let bytes = another_clip(1);
    let path = court.uploads().join("pieces.mp4");
    for part in bytes.chunks(bytes.len() / 6 + 1) {
        OpenOptions::new().create(true).append(true).open(&path).unwrap().write_all(part).unwrap();
        std::thread::sleep(Duration::from_millis(300));
    }
    let whole = |c: &[Value]| c.iter().any(|c| c["size_bytes"] == bytes.len() && c["state"] == "released");
    let clips = daemon.wait_until("/api/v1/clips", whole);
    // The first close told that it was complete, wrongly; what was there then is kept too, and no other piece.
    assert!(clips.len() <= 2, "{clips:#?}");
    daemon.stop();
    court.check();
}

#[test]
fn a_file_renamed_or_replaced_while_it_is_read_is_not_lost() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    let big: Vec<u8> = (0..96_u32 << 20).map(|n| (n >> 7) as u8 ^ n as u8).collect();
    for round in 0..4_u8 {
        let path = court.uploads().join(format!("{round}.mp4"));
        let mut bytes = big.clone();
        bytes[0] = round;
        std::fs::write(&path, &bytes).unwrap();
        std::thread::sleep(Duration::from_millis(30 * u64::from(round)));
        if round % 2 == 0 {
            std::fs::rename(&path, court.uploads().join(format!("{round}-renamed.mp4"))).unwrap();
        } else {
            let new = court.path().join("new");
            std::fs::write(&new, another_clip(u32::from(round))).unwrap();
            std::fs::rename(&new, &path).unwrap();
        }
    }
    let wanted = |c: &[Value]| {
        let sizes: Vec<_> = c.iter().map(|c| c["size_bytes"].as_u64().unwrap()).collect();
        let names: Vec<_> =
            c.iter().flat_map(|c| c["names"].as_array().unwrap().clone()).map(|n| n["name"].clone()).collect();
        let renamed = ["0-renamed.mp4", "2-renamed.mp4"].iter().all(|n| names.contains(&Value::from(*n)));
        renamed && sizes.iter().filter(|s| **s < 1 << 20).count() == 2 && c.iter().all(|c| c["state"] == "released")
    };
    daemon.wait_until("/api/v1/clips", wanted);
    daemon.stop();
    court.check();
}

#[test]
fn a_thousand_files_at_once() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    for n in 0..1000 {
        dock(&court.uploads(), &format!("{}/{n}.mp4", n % 7), &another_clip(n));
    }
    let all = |_: &[Value]| {
        let text = String::from_utf8(daemon.get("/metrics").body).unwrap();
        text.lines().any(|l| l.starts_with("zhilu_released_total") && l.ends_with(" 1000"))
    };
    daemon.wait_until("/api/v1/uploads?limit=1", all);
    daemon.stop();
    assert_eq!(court.check()["clips"], 1000);
}

#[test]
fn a_clock_that_was_never_set_is_doubted() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    dock(&court.uploads(), "0012345_00123420100101000107_0001.mp4", &another_clip(1));
    let clips = daemon.wait_for("/api/v1/clips", 1);
    let doubts = clips[0]["doubts"].to_string();
    assert!(doubts.contains("before_2016"), "{doubts}");
    assert_eq!(clips[0]["times"]["device"], "2009-12-31T16:01:07Z");
    assert_eq!(clips[0]["recorded_at_source"], "container");
}

#[test]
fn an_upload_folder_that_goes_away_and_comes_back() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    dock(&court.uploads(), "before.mp4", &another_clip(1));
    daemon.wait_for("/api/v1/clips", 1);
    let away = court.path().join("away");
    std::fs::rename(court.uploads(), &away).unwrap();
    let trouble = |_: &[Value]| daemon.get("/api/v1/uploads").json()["folders"][0]["ok"] == false;
    daemon.wait_until("/api/v1/clips", trouble);
    std::fs::write(away.join("meanwhile.mp4"), another_clip(2)).unwrap();
    std::fs::rename(&away, court.uploads()).unwrap();
    daemon.wait_for("/api/v1/clips", 2);
    // Events arrive again too, not only scans.
    dock(&court.uploads(), "after.mp4", &another_clip(3));
    daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 3);
    daemon.stop();
    court.check();
}

#[test]
fn a_full_vault_waits_for_space_and_goes_on() {
    if !is_root() {
        eprintln!("skipped: mounting a small file system needs root");
        return;
    }
    let mut court = Court::with("keep", "");
    let vault = court.path().join("vault");
    std::fs::create_dir(&vault).unwrap();
    let mounted = Mounted::tmpfs(&vault, "8m");
    court.config = format!("[vault]\npath = {vault:?}\nreserve_mib = 0\n{}", court.config);
    let daemon = court.serve();
    let big: Vec<u8> = (0..6_u32 << 20).map(|n| (n >> 3) as u8).collect();
    dock(&court.uploads(), "1.mp4", &big);
    daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 1);
    dock(&court.uploads(), "2.mp4", &[&big[..], b"2"].concat());
    let waiting =
        daemon.wait_until("/api/v1/uploads?state=waiting", |u| u.len() == 1 && u[0]["reason"]["code"] == "no_space");
    assert!(waiting[0]["reason"]["text"].as_str().unwrap().contains("空间"));
    mounted.resize("64m");
    daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 2);
    daemon.stop();
    court.check();
}

/// A file system that is unmounted when dropped.
struct Mounted(std::path::PathBuf);

impl Mounted {
    fn tmpfs(at: &Path, size: &str) -> Self {
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(at)
            .status()
            .unwrap();
        assert!(done.success());
        Self(at.to_owned())
    }

    fn resize(&self, size: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,size={size}")]).arg(&self.0).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_locked_database_holds_intake_up_and_nothing_is_lost() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    dock(&court.uploads(), "1.mp4", &another_clip(1));
    daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 1);
    let lock = court.lock_catalog();
    dock(&court.uploads(), "2.mp4", &another_clip(2));
    let held = daemon
        .wait_until("/api/v1/uploads?state=received", |u| u.len() == 1 && u[0]["reason"]["code"] == "database_away");
    assert!(held[0]["reason"]["text"].as_str().unwrap().contains("数据库"));
    drop(lock);
    daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 2);
    daemon.stop();
    court.check();
}
