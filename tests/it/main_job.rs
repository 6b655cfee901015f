//! The main job: a clip in an upload folder becomes hashed, cataloged, findable evidence.

use std::process::Command;

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{Court, another_clip, clip, dock};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn a_docked_clip_is_found_hashed_kept_tied_to_its_case_and_found_again() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    let bytes = clip("mp4");
    let name = "（2021）吉0721执123号/0012345_00123420240508132920_0001_IMP.mp4";
    dock(&court.uploads(), name, &bytes);
    let clips = daemon.wait_until("/api/v1/clips", |c| c.len() == 1 && c[0]["state"] == "released");
    let found = &clips[0];
    assert_eq!(found["sha256"], sha256(&bytes));
    assert_eq!(found["health"], "ok");
    assert_eq!(found["important"], true);
    assert_eq!(found["recorder"]["serial"], "0012345");
    assert_eq!(found["officer"]["number"], "001234");
    assert_eq!(found["recorded_at"], "2024-05-08T05:29:20Z");
    assert_eq!(found["recorded_at_source"], "name");
    assert_eq!(found["video"]["codec"], "h264");
    assert_eq!(found["video"]["width"], 320);
    assert_eq!(found["audio"]["codec"], "aac");
    assert_eq!(found["cases"][0]["number"], "（2021）吉0721执123号");
    assert_eq!(found["cases"][0]["method"], "path");
    assert!((1900..2200).contains(&found["duration_ms"].as_u64().unwrap()));
    for query in [
        "case=(2021)吉0721执123",
        "officer=001234",
        "recorder=0012345",
        "important=true",
        "unfiled=false",
        "from=2024-05-08&to=2024-05-08",
        &format!("sha256={}", sha256(&bytes)),
        "q=执123",
    ] {
        let encoded: String = query.bytes().map(encode).collect();
        assert_eq!(daemon.items(&format!("/api/v1/clips?{encoded}")).len(), 1, "{query}");
    }
    assert!(daemon.items("/api/v1/clips?officer=999999").is_empty());
    let media = daemon.get(&format!("/api/v1/clips/{}/media", found["id"].as_str().unwrap()));
    assert_eq!(media.status, 200);
    assert_eq!(media.body, bytes);
    assert_eq!(media.header("etag"), Some(format!("\"{}\"", sha256(&bytes))));
    let cases = daemon.items("/api/v1/cases");
    assert_eq!(cases[0]["number"], "（2021）吉0721执123号");
    let before = daemon.get("/api/v1/ledger/checkpoint");
    assert_eq!(before.status, 200);
    assert_eq!(daemon.stop(), Some(0));
    let report = court.check();
    // The retention table, the clip, its link, the suspected incident that its mark makes, its fixity check, the view.
    assert_eq!((&report["clips"], &report["entries"], &report["objects"]), (&json!(1), &json!(6), &json!(1)));
    assert!(court.uploads().join(name).exists());
}

fn encode(b: u8) -> String {
    match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'=' | b'&' | b'-' | b'_' => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    }
}

#[test]
fn a_restart_takes_up_the_backlog_and_hashes_nothing_again() {
    let court = Court::with("keep", "");
    dock(&court.uploads(), "a/1.mp4", &another_clip(1));
    let daemon = court.serve();
    daemon.wait_for("/api/v1/clips", 1);
    daemon.kill();
    dock(&court.uploads(), "b/2.mp4", &another_clip(2));
    let daemon = court.serve();
    daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 2);
    daemon.stop();
    let log = court.log();
    assert_eq!(log.matches("accepted").count(), 2, "{log}");
    court.check();
}

#[test]
fn equal_bytes_are_one_clip_with_every_name_and_the_or_of_the_marks() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    let bytes = clip("mp4");
    dock(&court.uploads(), "DCIM/100ANDRO/0012345_00123420240508132920_0001.mp4", &bytes);
    daemon.wait_for("/api/v1/clips?important=false", 1);
    dock(&court.uploads(), "DCIM/101ANDRO/0012345_00123420240508132920_0001_IMP.mp4", &bytes);
    let clips = daemon.wait_for("/api/v1/clips?important=true", 1);
    assert_eq!(daemon.items("/api/v1/clips").len(), 1);
    assert_eq!(clips[0]["names"].as_array().unwrap().len(), 2);
    // The name that the transfer bore is looked for once more before it is forgotten.
    daemon.wait_for("/api/v1/uploads", 2);
    daemon.stop();
    court.check();
}

#[test]
fn sidecars_are_attached_whichever_comes_first() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    let (xml, _, _) = encoding_rs::GBK.encode(
        "<?xml version=\"1.0\" encoding=\"GBK\"?><locations usrName=\"张三\" policeNum=\"001234\" devNum=\"0012345\" \
         beginTime=\"2024-05-08 13:29:20\" endTime=\"2024-05-08 13:29:22\"><location><longitude>124.8</longitude>\
         <latitude>45.1</latitude></location></locations>",
    );
    dock(&court.uploads(), "first.xml", &xml);
    daemon.wait_until("/api/v1/uploads?state=released", |u| u.len() == 1);
    dock(&court.uploads(), "first.mp4", &another_clip(1));
    dock(&court.uploads(), "later.mp4", &another_clip(2));
    daemon.wait_for("/api/v1/clips", 2);
    let mut second = xml.to_vec();
    second.push(b'\n');
    dock(&court.uploads(), "later.xml", &second);
    let clips = daemon.wait_for("/api/v1/clips?officer=001234", 2);
    for clip in &clips {
        assert_eq!(clip["recorder"]["serial"], "0012345", "{clip:#}");
        assert_eq!(clip["recorded_at"], "2024-05-08T05:29:20Z");
        assert_eq!(clip["gps"]["lat"], 45.1);
    }
    daemon.stop();
    court.check();
}

#[test]
fn sources_leave_only_after_confirmation() {
    for policy in ["move", "delete"] {
        let court = Court::with(policy, "");
        let daemon = court.serve();
        let path = dock(&court.uploads(), "a.mp4", &another_clip(1));
        let again = dock(&court.uploads(), "b.mp4", &another_clip(1));
        daemon.wait_until("/api/v1/uploads?state=released", |u| u.len() == 2);
        assert!(!path.exists() && !again.exists(), "{policy}");
        assert_eq!(daemon.items("/api/v1/clips").len(), 1);
        daemon.stop();
        court.check();
    }
}

#[test]
fn ingest_takes_a_folder_once_and_says_what_it_did() {
    let court = Court::new();
    for n in 0..5 {
        dock(&court.uploads(), &format!("{n}.mp4"), &another_clip(n % 3));
    }
    let uploads = court.uploads();
    let out = court.run(&["ingest", "--json", uploads.to_str().unwrap()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&summary["files"], &summary["duplicates"], &summary["released"]), (&json!(5), &json!(2), &json!(5)));
    let again = court.run(&["ingest", "--json", uploads.to_str().unwrap()]);
    let summary: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((&summary["files"], &summary["bytes"]), (&json!(0), &json!(0)));
    assert_eq!(court.check()["clips"], 3);
}

#[test]
fn ingest_takes_more_files_than_it_holds_at_a_time() {
    const FILES: u64 = zhilu::intake::board::MOST as u64 + 500;
    let court = Court::new();
    for n in 0..FILES {
        std::fs::write(court.uploads().join(format!("{n}.txt")), n.to_string()).unwrap();
    }
    let uploads = court.uploads();
    let out = court.run(&["ingest", "--json", "--no-confirm", uploads.to_str().unwrap()]);
    let summary: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let once = summary["files"].as_u64().unwrap() - summary["duplicates"].as_u64().unwrap();
    assert_eq!((once, &summary["left"]), (FILES, &json!([])));
}

#[test]
fn cases_are_imported_and_a_stub_becomes_a_case() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    dock(&court.uploads(), "(2021)吉0721执123号.mp4", &another_clip(1));
    daemon.wait_for("/api/v1/cases", 1);
    let table = "案号,当事人,案由,承办人,状态\n（2021）吉0721执123号,王五、赵六,合同纠纷,李法官,执行中\n(2021)吉0721执号,x,,,\n";
    let (gbk, _, _) = encoding_rs::GBK.encode(table);
    let file = court.path().join("cases.csv");
    std::fs::write(&file, gbk).unwrap();
    let out = court.run(&["import", "cases", file.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains(":3:"), "{}", String::from_utf8_lossy(&out.stderr));
    let cases = daemon.items("/api/v1/cases");
    assert_eq!((cases.len(), &cases[0]["stub"], &cases[0]["judge"]), (1, &json!(false), &json!("李法官")));
    let case = daemon.get(&format!("/api/v1/cases/{}", cases[0]["id"].as_str().unwrap())).json();
    assert_eq!(case["parties"], json!([{"name": "王五", "role": null}, {"name": "赵六", "role": null}]));
}

#[test]
fn a_second_signal_ends_at_once_and_a_second_daemon_cannot_take_the_port() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    let port = daemon.address.clone();
    let out = court.run(&["serve", "--listen", &port]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("--listen"));
    daemon.signal("STOP");
    daemon.signal("TERM");
    daemon.signal("INT");
    daemon.signal("CONT");
    let mut child = daemon;
    let code = child.child.wait().unwrap().code();
    assert!(matches!(code, Some(0 | 130)), "{code:?}");
}

#[test]
fn settings_change_what_is_read_and_recorded() {
    let mut court = Court::with("keep", "names = [\"{officer:6}-{recorder}-{yyyy}{MM}{dd}T{HH}{mm}{ss}\"]");
    court.config = court.config.replace("source =", "dock = \"采集站1\"\nsource =");
    court.config += "[vault]\nsm3 = true\n[court]\ncode = \"吉0721\"\nutc_offset = \"+09:00\"\n";
    let daemon = court.serve();
    let bytes = another_clip(7);
    let path = dock(&court.uploads(), "001234-K77-20240508T132920.mp4", &bytes);
    let clips = daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 1);
    assert_eq!(clips[0]["recorder"]["serial"], "K77");
    assert_eq!(clips[0]["recorded_at"], "2024-05-08T04:29:20Z");
    let sm3 = Command::new("openssl").args(["dgst", "-sm3", "-r"]).arg(&path).output().unwrap();
    let sm3 = String::from_utf8_lossy(&sm3.stdout).split(' ').next().unwrap().to_owned();
    assert_eq!(clips[0]["sm3"], sm3);
    let events = daemon.items(&format!("/api/v1/clips/{}/events", clips[0]["id"].as_str().unwrap()));
    assert_eq!(events[0]["detail"]["dock"], "采集站1", "{events:#?}");
    assert_eq!(events[0]["detail"]["court"], "吉0721");
}

#[test]
fn zhilu_never_takes_its_own_files() {
    let court = Court::new();
    for folder in [court.path(), &court.data()] {
        let out = court.run(&["ingest", folder.to_str().unwrap()]);
        assert_eq!(out.status.code(), Some(2));
        assert!(
            String::from_utf8_lossy(&out.stderr).contains("--data-dir"),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
    }
}

#[test]
fn doctor_and_check_config_say_what_is_wrong() {
    let court = Court::with("keep", "");
    let out = court.run(&["doctor"]);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    for word in ["clock", "inotify", "data directory", "vault", "database", "upload folder"] {
        assert!(text.contains(word), "{text}");
    }
    let mut wrong = Court::new();
    wrong.config = "[intake]\nquite_s = 5\n".to_owned();
    let out = wrong.run(&["check-config"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("quite_s"));
    let sample = Command::new(crate::support::ZHILU).args(["check-config", "--sample"]).output().unwrap();
    assert!(sample.status.success() && !sample.stdout.is_empty());
}
