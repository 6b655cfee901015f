//! Uploads: what is on its way, then what was accepted.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use zhilu::catalog::uploads;
use zhilu::config::{Folder, Intake as Settings};
use zhilu::custody::confirm::{ReadBackOf, confirm};
use zhilu::intake::pipeline::{IntakeHandle, Mode, Setup};

use super::world::{ADMIN, OFFICER, World, ids_of};

/// A world whose intake watches one folder that is there, with files that stay on the board, and one that is not.
async fn watching() -> (World, IntakeHandle, PathBuf) {
    let world = World::new().await;
    let folder = world.path().join("dock-1");
    std::fs::create_dir(&folder).unwrap();
    for n in 0..5 {
        std::fs::write(folder.join(format!("{n}.part")), "half").unwrap();
    }
    std::os::unix::fs::symlink("/etc/hostname", folder.join("link.mp4")).unwrap();
    let dock = Folder { dock: "采集站1".to_owned(), ..Folder::at(folder.clone()) };
    let handle = IntakeHandle::start(
        Setup {
            custody: world.app.custody.clone(),
            vault: world.app.vault.clone(),
            settings: Settings::default(),
            folders: vec![dock, Folder::at(world.path().join("not-mounted"))],
            court: String::new(),
            sm3: false,
            reserve_bytes: 0,
            probe_binary: PathBuf::from("/nonexistent"),
            recovered: Mutex::default(),
        },
        Mode::Watch,
    )
    .unwrap();
    let intake = handle.intake.clone();
    let world = world.with(|app| app.intake = Some(intake));
    for _ in 0..200 {
        let listed = ids_of(&world.get(OFFICER, "/api/v1/uploads").await.json()).len();
        let troubled = !handle.intake.board.folder_troubles().is_empty();
        if listed == 6 && troubled {
            return (world, handle, folder);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the folder was not looked at");
}

fn items(page: &Value) -> &Vec<Value> {
    page["items"].as_array().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_its_way_comes_first_with_its_reason_and_folder() {
    let (world, handle, folder) = watching().await;
    let accepted = world.clip("120000").await;
    let page = world.get(OFFICER, "/api/v1/uploads").await.json();
    assert_eq!(items(&page).len(), 7);
    let last = &items(&page)[6];
    assert_eq!((&last["state"], &last["clip_id"]), (&json!("accepted"), &json!(accepted.to_string())));
    assert_eq!(last["progress"], json!({"bytes": last["size_bytes"], "total": last["size_bytes"]}));
    let part = items(&page).iter().find(|u| u["name"] == "0.part").unwrap();
    assert_eq!(part["state"], "waiting");
    assert_eq!(part["path"], folder.join("0.part").to_str().unwrap());
    assert_eq!((&part["folder"], &part["size_bytes"]), (&json!(folder.to_str().unwrap()), &json!(4)));
    assert_eq!((&part["progress"], &part["clip_id"]), (&json!({"bytes": 0, "total": 4}), &json!(null)));
    let link = items(&page).iter().find(|u| u["name"] == "link.mp4").unwrap();
    assert_eq!((&link["state"], &link["reason"]["code"]), (&json!("ignored"), &json!("symlink")));
    assert_eq!(link["size_bytes"], json!(null));
    let english = world.get_with(OFFICER, "/api/v1/uploads?state=ignored", &[("accept-language", "en")]).await.json();
    assert!(items(&english)[0]["reason"]["text"].as_str().unwrap().starts_with("a symbolic link"));
    assert!(link["reason"]["text"].as_str().unwrap().contains("符号链接"));
    let folders = &page["folders"];
    assert_eq!((&folders[0]["ok"], &folders[0]["dock"]), (&json!(true), &json!("采集站1")));
    assert_eq!(folders[1]["ok"], false);
    assert!(folders[1]["trouble"].is_string());
    tokio::task::spawn_blocking(move || handle.stop()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_run_from_one_part_into_the_other() {
    let (world, handle, _) = watching().await;
    for time in ["120000", "120001", "120002"] {
        world.clip(time).await;
    }
    let all = ids_of(&world.get(OFFICER, "/api/v1/uploads").await.json());
    assert_eq!(all.len(), 9);
    for limit in 1..=9 {
        assert_eq!(world.all_ids("/api/v1/uploads", limit).await, all, "limit {limit}");
    }
    let waiting = world.get(OFFICER, "/api/v1/uploads?state=waiting&limit=200").await.json();
    assert_eq!(items(&waiting).len(), 5);
    let accepted = world.get(OFFICER, "/api/v1/uploads?state=accepted").await.json();
    assert!(items(&accepted).iter().all(|u| u["state"] == "accepted"));
    let metrics = world.get(ADMIN, "/metrics").await;
    let text = String::from_utf8(metrics.body).unwrap();
    for line in
        ["zhilu_uploads{state=\"waiting\"} 5", "zhilu_uploads{state=\"ignored\"} 1", "zhilu_folders_unavailable 1"]
    {
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }
    tokio::task::spawn_blocking(move || handle.stop()).await.unwrap();
}

#[tokio::test]
async fn an_upload_says_how_far_it_came() {
    let world = World::new().await;
    let clip = world.clip("120000").await;
    let stored = |state: &str| format!("/api/v1/uploads?state={state}");
    let mut reader = world.app.custody.db.read().await.unwrap();
    let upload = uploads::of_clip(reader.conn(), clip).await.unwrap().remove(0);
    drop(reader);
    let done = ReadBackOf { upload, method: "direct", differs: None, outcome: Some("kept"), receipt: false };
    confirm(&world.app.custody, &[done]).await.unwrap();
    assert!(items(&world.get(OFFICER, &stored("accepted")).await.json()).is_empty());
    let released = world.get(OFFICER, &stored("released")).await.json();
    let upload = &items(&released)[0];
    assert_eq!((&upload["outcome"], &upload["reason"]), (&json!("kept"), &json!(null)));
    assert!(upload["confirmed_at"].is_string() && upload["released_at"].is_string());
    assert_eq!(world.get(OFFICER, &stored("gone")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(released["folders"], json!([]));
}
