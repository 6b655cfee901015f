//! Moving a catalog from one engine to the other.

use std::collections::BTreeSet;
use std::process::Output;

use serde_json::Value;
use sqlx::Connection as _;
use zhilu::catalog::transfer::TABLES;

use crate::cluster::{self, Database};
use crate::support::{Court, another_clip, dock};

fn text(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
}

/// A court on SQLite with clips, a sidecar that came before its clip, duplicates, cases and an import.
fn grown() -> Court {
    let mut court = Court::with("keep", "");
    court.database = None;
    let uploads = court.uploads();
    let sidecar = "<?xml version=\"1.0\"?><locations usrName=\"张三\" policeNum=\"001234\" devNum=\"0012345\" \
        beginTime=\"2024-05-08 13:29:20\" endTime=\"2024-05-08 13:29:22\"><location><longitude>124.8</longitude>\
        <latitude>45.1</latitude></location></locations>";
    dock(&uploads, "first.xml", sidecar.as_bytes());
    assert!(court.run(&["ingest", uploads.to_str().unwrap()]).status.success());
    for n in 0..300 {
        std::fs::write(uploads.join(format!("{n}.dat")), n.to_string()).unwrap();
    }
    dock(&uploads, "first.mp4", &another_clip(1));
    dock(&uploads, "（2021）吉0721执123号/0012345_00123420240508132920_0001_IMP.mp4", &another_clip(2));
    dock(&uploads, "again/0012345_00123420240508132920_0001.mp4", &another_clip(2));
    let file = court.path().join("cases.csv");
    std::fs::write(&file, "案号,当事人,案由,承办人,状态\n（2021）吉0721执123号,王五、赵六,合同纠纷,李法官,执行中\n")
        .unwrap();
    assert!(court.run(&["import", "cases", file.to_str().unwrap()]).status.success());
    assert!(court.run(&["ingest", uploads.to_str().unwrap()]).status.success());
    // The first start announces the retention table.
    assert_eq!(court.serve().stop(), Some(0));
    court
}

/// What its users see of a court, and what the check counts.
fn seen(court: &Court) -> Vec<Value> {
    let report = court.check();
    let mut seen = vec![report["clips"].clone(), report["entries"].clone(), report["events"].clone()];
    let daemon = court.serve();
    for path in ["/api/v1/clips?limit=200", "/api/v1/uploads?limit=200", "/api/v1/cases"] {
        seen.extend(daemon.wait_until(path, |items| !items.is_empty()));
    }
    for clip in daemon.items("/api/v1/clips?limit=5") {
        seen.extend(daemon.items(&format!("/api/v1/clips/{}/events", clip["id"].as_str().unwrap())));
    }
    assert_eq!(daemon.get("/api/v1/ledger/checkpoint").status, 200);
    daemon.stop();
    seen
}

#[test]
fn a_grown_court_moves_to_postgres_and_back_with_nothing_lost() {
    let mut court = grown();
    let before = seen(&court);
    let note = court.run(&["ledger", "checkpoint"]).stdout;
    let old = court.serve();
    let database = cluster::database();
    let out = court.run(&["migrate", "--from", "sqlite", "--to", &database.url()]);
    assert!(out.status.success(), "{}", text(&out));
    // Who had the old one open takes nothing in any more, who comes is told where it went.
    let late = dock(&court.uploads(), "late.mp4", &another_clip(9));
    old.wait_until("/api/v1/uploads", |u| u.iter().any(|u| u["reason"]["code"] == "database_away"));
    old.kill();
    let out = court.run(&["check"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out).contains(&database.url()) && text(&out).contains("--undo"), "{}", text(&out));
    std::fs::remove_file(&late).unwrap();
    court.database = Some(database);
    assert_eq!(court.run(&["ledger", "checkpoint"]).stdout, note);
    assert!(seen(&court) == before, "something is not as it was");
    // It grows on there, and moves on into a file.
    dock(&court.uploads(), "late.mp4", &another_clip(9));
    assert!(court.run(&["ingest", court.uploads().to_str().unwrap()]).status.success());
    let grown = seen(&court);
    let file = court.path().join("back.sqlite");
    let out = court.run(&["migrate", "--from", "postgres", "--to", &format!("sqlite:{}", file.display())]);
    assert!(out.status.success(), "{}", text(&out));
    let out = court.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(out.status.code() == Some(2) && text(&out).contains("back.sqlite"), "{}", text(&out));
    court.database = None;
    court.config += &format!("[database]\nurl = \"sqlite:{}\"\n", file.display());
    assert!(seen(&court) == grown, "something is not as it was");
}

#[test]
fn only_an_empty_database_is_moved_into_and_a_move_can_be_finished_or_taken_back() {
    let court = grown();
    let migrate = |database: &Database| court.run(&["migrate", "--from", "sqlite", "--to", &database.url()]);
    let (filled, empty) = (cluster::database(), cluster::database());
    filled.execute("insert into tokens (id, name, role, hash, created_us) values (1, '', 'admin', '\\x00', 0)");
    let out = migrate(&filled);
    assert!(out.status.code() == Some(2) && text(&out).contains("not empty"), "{}", text(&out));
    // Nothing happened to either side.
    court.check();
    assert!(migrate(&empty).status.success());
    assert!(court.run(&["migrate", "--undo", "--from", "sqlite"]).status.success());
    court.check();
    assert_eq!(court.run(&["migrate", "--undo", "--from", "sqlite"]).status.code(), Some(2));
    // As if the first run had ended between the copy and the mark.
    let out = migrate(&empty);
    assert!(out.status.success(), "{}", text(&out));
    assert_eq!(court.run(&["check"]).status.code(), Some(2));
}

#[test]
fn what_is_wrong_in_the_copy_keeps_the_old_catalog_open() {
    let court = grown();
    let object = std::fs::read_dir(court.data().join("vault/objects")).unwrap().flatten().next().unwrap().path();
    let object = std::fs::read_dir(object).unwrap().flatten().next().unwrap().path();
    std::fs::remove_file(object).unwrap();
    let database = cluster::database();
    let url = database.url();
    let arguments = ["migrate", "--from", "sqlite", "--to", &url];
    let out = court.run(&arguments);
    assert!(out.status.code() == Some(1) && text(&out).contains("object_missing"), "{}", text(&out));
    assert_eq!(court.run(&["check"]).status.code(), Some(1), "the old catalog is still in use");
    let out = court.run(&[&arguments[..], &["--accept-findings"]].concat());
    assert_eq!(out.status.code(), Some(1), "{}", text(&out));
    assert_eq!(court.run(&["check"]).status.code(), Some(2), "the old catalog is closed");
}

#[tokio::test]
async fn every_table_is_copied_made_again_or_the_database_s_own() {
    let database = cluster::database();
    let mut conn = sqlx::PgConnection::connect(&database.url()).await.unwrap();
    let sql = "select table_name::text from information_schema.tables where table_schema = current_schema() \
        and table_type = 'BASE TABLE'";
    let tables: Vec<(String,)> = sqlx::query_as(sql).fetch_all(&mut conn).await.unwrap();
    let own = |name: &str| name == "meta" || name == "_sqlx_migrations" || name.starts_with("search");
    let there: BTreeSet<String> = tables.into_iter().map(|(name,)| name).filter(|name| !own(name)).collect();
    let copied: BTreeSet<String> = TABLES.iter().map(|t| t.name.to_owned()).collect();
    assert_eq!(there, copied, "say in catalog/transfer.rs what becomes of a table when a catalog moves");
}
