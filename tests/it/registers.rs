//! `zhilu import`, as it is called.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::support::{Court, clip, dock};

fn file(court: &Court, name: &str, text: &str) -> PathBuf {
    let path = court.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn import(court: &Court, register: &str, path: &Path, options: &[&str]) -> Output {
    let mut arguments = vec!["import", register, path.to_str().unwrap()];
    arguments.extend(options);
    court.run(&arguments)
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_dry_run_prints_what_would_change() {
    let court = Court::with("keep", "");
    drop(court.serve());
    let first = file(&court, "first.csv", "警号,姓名,职务\n001234,张三,法官\n");
    assert_eq!(import(&court, "officers", &first, &[]).status.code(), Some(0));
    let second =
        file(&court, "second.csv", "警号,姓名,职务\n001234,张三,司法警察\n005678,李四,\n001234,,\nx y,王五\n,,无\n");
    let dry = import(&court, "officers", &second, &["--dry-run"]);
    assert_eq!(dry.status.code(), Some(1), "a line is bad");
    let expected = "2: 变更 changed 001234\n    职务 role: 法官 → 司法警察\n\
        3: 新增 added 005678\n    姓名 name: — → 李四\n\
        5: 新增 added xy\n    姓名 name: — → 王五\n\
        试运行，未作改动。执行人员：新增 2，变更 1，不变 1，错误行 1 未导入（dry run, nothing was changed: 2 officers added, \
        1 changed, 1 unchanged, 1 bad lines left out）\n";
    assert_eq!(out(&dry), expected);
    let complaint = String::from_utf8_lossy(&dry.stderr).into_owned();
    assert!(complaint.contains("second.csv:6: 警号为空（the officer number is empty）"), "{complaint}");
    let again = import(&court, "officers", &second, &["--dry-run", "--json"]);
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(
        (&report["register"], &report["dry_run"], &report["bad"]),
        (&json!("officers"), &json!(true), &json!(1))
    );
    assert_eq!(report["changes"][0]["fields"], json!([{"field": "role", "old": "法官", "new": "司法警察"}]));
    assert_eq!(report["errors"], json!([{"line": 6, "message": "警号为空"}]));
    let real = import(&court, "officers", &second, &["--json"]);
    let mut real: Value = serde_json::from_slice(&real.stdout).unwrap();
    real["dry_run"] = json!(true);
    assert_eq!(real, report, "it does what it said");
    let unchanged = import(&court, "officers", &first, &["--dry-run"]);
    assert!(
        out(&unchanged).starts_with("2: 变更 changed 001234\n    职务 role: 司法警察 → 法官\n"),
        "{}",
        out(&unchanged)
    );
}

#[test]
fn every_register_is_imported_beside_a_daemon() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    for (register, text) in [
        ("courts", "法院代码,法院名称,上级法院,启用日期,停用日期\n吉07,某中院,,,\n吉0721,某县法院,吉07,,\n"),
        ("officers", "警号,姓名,职务,法院,起始日期,截止日期\n001234,张三,法官,某县法院,,\n"),
        ("recorders", "序列号,型号,法院,持有人警号,起始日期,截止日期\n0012345,D1,吉0721,001234,2020-01-01,\n"),
        ("cases", "案号,当事人,前案\n（2021）吉0721执3号,张三（被执行人）,（2021）吉0721执保2号\n"),
        ("parties", "案号,姓名,身份\n（2021）吉0721执3号,李四,申请执行人\n"),
    ] {
        let path = file(&court, register, text);
        let done = import(&court, register, &path, &[]);
        assert_eq!(done.status.code(), Some(0), "{register}: {}", String::from_utf8_lossy(&done.stderr));
    }
    for (list, count) in [("courts", 2), ("officers", 1), ("recorders", 1), ("cases", 2)] {
        assert_eq!(daemon.items(&format!("/api/v1/{list}")).len(), count, "{list}");
    }
    assert_eq!(daemon.items("/api/v1/officers")[0]["court"], "吉0721");
    drop(daemon);
    assert_eq!(court.check()["findings"], json!([]));
}

#[test]
fn what_is_imported_while_no_daemon_runs_is_matched_by_when_one_does() {
    let court = Court::with("keep", "");
    let daemon = court.serve();
    dock(&court.uploads(), "0012345_00000020240508132920_0001.mp4", &clip("mp4"));
    let said = |clips: &[Value], text: &str| {
        clips.len() == 1 && clips[0]["unfiled_reason"]["text"].as_str().is_some_and(|reason| reason.contains(text))
    };
    daemon.wait_until("/api/v1/clips", |clips| said(clips, "执法记录仪 0012345 不在登记中"));
    assert_eq!(daemon.stop(), Some(0));
    let path = file(&court, "recorders", "序列号,型号,持有人警号\n0012345,D1,001234\n");
    assert_eq!(import(&court, "recorders", &path, &[]).status.code(), Some(0));
    let daemon = court.serve();
    let now = "警号 001234、执法记录仪 0012345 此时没有执行行动";
    let clips = daemon.wait_until("/api/v1/clips", |clips| said(clips, now));
    assert!(!said(&clips, "不在登记中"), "{clips:#?}");
    // Beside a daemon too.
    let action = "行动编号,类别,计划开始,计划结束,案号,警号\n1,搜查,2024-05-08 13:00,2024-05-08 14:00,（2021）吉0721执3号,005678\n";
    for (register, text) in [("actions", action), ("recorders", "序列号,持有人警号\n0012345,005678\n")] {
        let path = file(&court, register, text);
        let done = import(&court, register, &path, &[]);
        assert_eq!(done.status.code(), Some(0), "{register}: {}", String::from_utf8_lossy(&done.stderr));
    }
    daemon.wait_until("/api/v1/clips", |clips| clips[0]["cases"][0]["number"] == "（2021）吉0721执3号");
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(court.check()["findings"], json!([]));
}

#[test]
fn what_cannot_be_imported_ends_with_2() {
    let court = Court::with("keep", "");
    drop(court.serve());
    let wrong = file(&court, "wrong.csv", "名称,代\nx,y\n");
    let failed = import(&court, "courts", &wrong, &[]);
    let complaint = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert_eq!(failed.status.code(), Some(2));
    assert!(complaint.contains("缺少“法院代码”列") && complaint.contains("no column for code"), "{complaint}");
    let missing = import(&court, "courts", &court.path().join("none.csv"), &[]);
    assert_eq!(missing.status.code(), Some(2));
}
