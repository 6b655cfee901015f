//! Real clips of public test suites, against what ffprobe reads in them. Runs when `ZHILU_DATA` names the folder that holds
//! `clips/` with its `expected.tsv`.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use crate::support::Court;

#[test]
fn real_clips_read_as_ffprobe_reads_them() {
    let Some(data) = std::env::var_os("ZHILU_DATA") else {
        eprintln!("skipped: ZHILU_DATA is not set");
        return;
    };
    let clips = Path::new(&data).join("clips");
    let table = std::fs::read_to_string(clips.join("expected.tsv")).unwrap();
    let mut lines = table.lines();
    let columns: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let rows: Vec<HashMap<&str, &str>> = lines.map(|l| columns.iter().copied().zip(l.split('\t')).collect()).collect();
    assert!(!rows.is_empty());
    let court = Court::with("keep", "");
    for row in &rows {
        std::fs::copy(clips.join(row["file"]), court.uploads().join(row["file"])).unwrap();
    }
    let daemon = court.serve();
    let found = daemon
        .wait_until("/api/v1/clips?limit=200", |c| c.len() == rows.len() && c.iter().all(|c| c["state"] == "released"));
    let mut wrong = Vec::new();
    for row in &rows {
        let clip = found.iter().find(|c| c["names"][0]["name"] == row["file"]).unwrap();
        compare(row, clip, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    daemon.stop();
    court.check();
}

fn compare(row: &HashMap<&str, &str>, clip: &Value, wrong: &mut Vec<String>) {
    let expected = |column: &str| row.get(column).copied().filter(|v| !v.is_empty());
    let mut check = |what: &str, ok: bool, found: &Value| {
        if !ok {
            wrong.push(format!("{}: {what} should be {:?}, is {found}", row["file"], expected(what)));
        }
    };
    let health = &clip["health"];
    check("status", (*health == "ok") == (row["status"] == "ok"), health);
    if row["status"] != "ok" {
        return;
    }
    check("container", Some(clip["container"].as_str().unwrap()) == expected("container"), &clip["container"]);
    if let Some(ms) = expected("duration_ms") {
        let ms: f64 = ms.parse().unwrap();
        let found = &clip["duration_ms"];
        check("duration_ms", found.as_f64().is_some_and(|f| (f - ms).abs() <= 50.0), found);
    }
    for (column, found) in [
        ("width", &clip["video"]["width"]),
        ("height", &clip["video"]["height"]),
        ("rotation", &clip["video"]["rotation"]),
        ("fps", &clip["video"]["fps"]),
    ] {
        // AVI and TS have no place for a rotation: unknown is null there, where ffprobe says 0.
        let unknown = column == "rotation" && clip["container"] != "isobmff";
        if let Some(value) = expected(column).filter(|_| !unknown) {
            let value: f64 = value.parse().unwrap();
            check(column, found.as_f64().is_some_and(|f| (f - value).abs() < 0.02), found);
        }
    }
    for (column, found) in [("video_codec", &clip["video"]["codec"]), ("audio_codec", &clip["audio"]["codec"])] {
        if let Some(value) = expected(column) {
            check(column, *found == value, found);
        }
    }
    if let Some(created) = expected("creation_time") {
        let found = &clip["times"]["container"];
        check("creation_time", found.as_str().is_some_and(|f| f[..19] == created[..19]), found);
    }
    if let Some(gps) = expected("gps") {
        let lat: f64 = gps[..8].parse().unwrap();
        let found = &clip["gps"]["lat"];
        check("gps", found.as_f64().is_some_and(|f| (f - lat).abs() < 1e-4), found);
    }
}
