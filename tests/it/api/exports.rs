//! Exports as people ask for, decide and fetch them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use zhilu::audit::export::daemon::{Deps, turn};
use zhilu::audit::export::{Exporter, Progress};
use zhilu::ledger::policy::Policy;
use zhilu::model::id::Id;
use zhilu::model::role::Role;

use super::world::{ADMIN, Answer, LEGAL, OFFICER, World};
use crate::exported_bag::{Audited, audit};

const ALL: &str = "/api/v1/exports";

fn deps(world: &World) -> Deps {
    let exporter = Exporter {
        custody: world.app.custody.clone(),
        vault: Arc::clone(&world.app.vault),
        court: String::new(),
        threads: 2,
    };
    Deps { exporter, root: world.app.exports.clone().unwrap() }
}

/// Asks for an export of one clip, has it approved and made; gives its id.
pub(super) async fn made(world: &World, clip: Id) -> String {
    let id = asked(world, json!({"clips": [clip.to_string()]})).await;
    approve(world, &id).await;
    turn(&deps(world), &Arc::new(Progress::default())).await.unwrap();
    id
}

/// An export of a clip that was begun and could not be made.
pub(super) async fn broken_off(world: &World, clip: Id) {
    let path = world.app.vault.object_path(world.row(clip).await.sha256);
    let kept = path.with_extension("kept");
    std::fs::rename(&path, &kept).unwrap();
    let id = made(world, clip).await;
    assert_eq!(state(world, &id).await["state"], "failed");
    std::fs::rename(&kept, &path).unwrap();
    // It was found missing, and is looked at again.
    world.meddle("update fixity set result = 'equal'").await;
}

async fn ask(world: &World, mut what: Value) -> Answer {
    for (name, text) in [("reason", "移送公安"), ("recipient", "某公安局")] {
        if what.get(name).is_none() {
            what[name] = text.into();
        }
    }
    world.send(LEGAL, Method::POST, ALL, &what).await
}

async fn asked(world: &World, what: Value) -> String {
    let answer = ask(world, what).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.json());
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header(header::LOCATION), Some(&*format!("{ALL}/{id}")));
    id
}

async fn approve(world: &World, id: &str) {
    let answer = world.send(ADMIN, Method::POST, &format!("{ALL}/{id}/approval"), &json!({"approve": true})).await;
    assert_eq!((answer.status, &answer.json()["state"]), (StatusCode::OK, &"approved".into()));
}

async fn state(world: &World, id: &str) -> Value {
    world.get(LEGAL, &format!("{ALL}/{id}")).await.json()
}

/// Unpacks an archive; gives the bag.
fn unpack(dir: &Path, archive: &[u8]) -> PathBuf {
    std::fs::write(dir.join("bag.tar"), archive).unwrap();
    let done = Command::new("tar").args(["-xf", "bag.tar"]).current_dir(dir).status().unwrap();
    assert!(done.success());
    let mut found = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).filter(|path| path.is_dir());
    found.next().unwrap()
}

fn hold(world: &World, bag: &Path) -> Audited {
    audit(bag, &Policy::of_log(world.app.custody.signer.verifier().clone()))
}

#[tokio::test]
async fn an_export_is_asked_for_approved_by_another_person_made_and_fetched_on_record() {
    let world = World::new().await;
    let clip = world.clip("132920").await;
    world.confirm(clip).await;
    let id = asked(&world, json!({"clips": [clip.to_string()]})).await;
    assert_eq!(state(&world, &id).await["state"], "requested");
    // Nothing is made before another person says so.
    turn(&deps(&world), &Arc::new(Progress::default())).await.unwrap();
    let path = format!("{ALL}/{id}");
    let own = world.send(LEGAL, Method::POST, &format!("{path}/approval"), &json!({"approve": true})).await;
    assert_eq!((own.status, own.code().as_str()), (StatusCode::CONFLICT, "own_request"));
    let early = world.get(LEGAL, &format!("{path}/bag")).await;
    assert_eq!((early.status, early.code().as_str()), (StatusCode::CONFLICT, "wrong_state"));
    approve(&world, &id).await;
    turn(&deps(&world), &Arc::new(Progress::default())).await.unwrap();
    let done = state(&world, &id).await;
    assert_eq!((&done["state"], &done["files_done"]), (&"done".into(), &1.into()), "{done:#}");
    // A look by HEAD shows nothing.
    world.head(LEGAL, &format!("{path}/bag")).await;
    assert!(world.views(clip).await.is_empty());
    let bag = world.get(Some(Role::Auditor), &format!("{path}/bag")).await;
    assert_eq!(bag.header(header::CONTENT_LENGTH), Some(&*bag.body.len().to_string()));
    assert_eq!(world.views(clip).await[0]["export"], *id);
    let dir = tempfile::tempdir().unwrap();
    let audited = hold(&world, &unpack(dir.path(), &bag.body));
    assert_eq!(audited.words(), [["clip", "fixity_check", "export_begin", "export"]]);
    assert_eq!(done["manifest"], audited.entries[audited.chains[0].last().unwrap()].public["manifest"]);
    // Decided once.
    let again = world.send(ADMIN, Method::POST, &format!("{path}/approval"), &json!({"approve": false})).await;
    assert_eq!((again.status, again.code().as_str()), (StatusCode::CONFLICT, "wrong_state"));
    assert!(world.check().await.findings.list().is_empty());
}

#[tokio::test]
async fn a_refusal_needs_a_reason_and_is_the_end() {
    let world = World::new().await;
    let clip = world.clip("132920").await;
    let id = asked(&world, json!({"clips": [clip.to_string()]})).await;
    let path = format!("{ALL}/{id}/approval");
    let bare = world.send(ADMIN, Method::POST, &path, &json!({"approve": false, "reason": " "})).await;
    assert_eq!((bare.status, bare.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["reason".to_owned()]));
    let refused = world.send(ADMIN, Method::POST, &path, &json!({"approve": false, "reason": "依据不足"})).await;
    assert_eq!((&refused.json()["state"], &refused.json()["refusal"]), (&"refused".into(), &"依据不足".into()));
    turn(&deps(&world), &Arc::new(Progress::default())).await.unwrap();
    assert_eq!(state(&world, &id).await["state"], "refused");
    let listed = world.get(LEGAL, &format!("{ALL}?state=refused")).await.json();
    assert_eq!(listed["items"][0]["id"], *id);
    assert_eq!(world.get(LEGAL, &format!("{ALL}?state=done")).await.json()["items"], json!([]));
    assert!(world.check().await.findings.list().is_empty());
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_named() {
    let world = World::new().await;
    let clip = world.clip("132920").await.to_string();
    for (what, fields) in [
        (json!({}), &["case"][..]),
        (json!({"clips": [clip], "case": "（2021）吉0721执123号"}), &["case"]),
        (json!({"clips": []}), &["clips"]),
        (json!({"clips": [clip, "x", "999"]}), &["clips[1]"]),
        (json!({"clips": [clip, "999"], "reason": " ", "recipient": ""}), &["reason", "recipient", "clips[1]"]),
        (json!({"incident_id": "999"}), &["incident"]),
        (json!({"case": "（2021）吉0721执123号"}), &["case"]),
    ] {
        let answer = ask(&world, what.clone()).await;
        assert_eq!(
            (answer.status, answer.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, fields.iter().map(|f| (*f).to_owned()).collect()),
            "{what}"
        );
    }
    let empty = json!({"begin_at": "2024-05-08T09:00:00+08:00"});
    let incident = world.send(LEGAL, Method::POST, "/api/v1/incidents", &empty).await.json();
    let answer = ask(&world, json!({"incident_id": incident["id"]})).await;
    assert_eq!(answer.fields(), ["incident"], "it names no clip");
    assert_eq!(world.get(LEGAL, ALL).await.json()["items"], json!([]));
}

#[tokio::test]
async fn an_incident_leaves_with_its_history() {
    let world = World::new().await;
    let clip =
        world.accept(world.arrival("（2021）吉0721执123号/0012345_00123420240508132920_0001.mp4", b"a")).await.clip_id;
    let incident = world
        .send(
            LEGAL,
            Method::POST,
            "/api/v1/incidents",
            &json!({
                "begin_at": "2024-05-08T13:29:20+08:00", "codes": ["V1"], "cases": ["（2021）吉0721执123号"],
                "clips": [{"id": clip.to_string(), "from_ms": 500}], "narrative": "<b>推搡</b>执行人员",
                "subjects": [{"name": "张三", "role": "被执行人"}], "victims": [{"name": "李四", "role": "司法警察"}],
            }),
        )
        .await
        .json();
    let id = incident["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/incidents/{id}");
    world.send(LEGAL, Method::PATCH, &path, &json!({"place": "某小区"})).await;
    let note = json!({"note": "镜头曾被遮挡"});
    world.send(OFFICER, Method::POST, &format!("/api/v1/clips/{clip}/notes"), &note).await;
    let export = asked(&world, json!({"incident_id": id})).await;
    approve(&world, &export).await;
    turn(&deps(&world), &Arc::new(Progress::default())).await.unwrap();
    let bag = world.app.exports.clone().unwrap().join(&export);
    let audited = hold(&world, &bag);
    let amends: Vec<(&str, Option<u64>)> = audited
        .entries
        .values()
        .filter(|entry| entry.public.get("incident").is_some_and(|of| *of == *id))
        .map(|entry| (entry.public["event"].as_str().unwrap(), entry.prev))
        .collect();
    assert_eq!(amends.len(), 2, "{amends:?}");
    assert!(amends[0].1.is_none() && amends[1].1.is_some());
    let report = std::fs::read_to_string(bag.join("data/report.html")).unwrap();
    for told in ["V1", "刑法277(5)", "张三（被执行人）", "某小区", "镜头曾被遮挡", "&lt;b&gt;推搡", "00:00:00.500"]
    {
        assert!(report.contains(told), "{told}");
    }
    assert!(!report.contains("<b>推搡") && !report.contains("<script"));
    assert!(world.check().await.findings.list().is_empty());
}

/// The ledger has committed to the manifest; what comes after is done by the next turn, whatever was done of it.
#[tokio::test]
async fn a_crash_after_the_commit_is_finished_by_the_next_turn() {
    let world = World::new().await;
    let id = made(&world, world.clip("132920").await).await;
    let bag = world.app.exports.clone().unwrap().join(&id);
    let again = async || {
        world.meddle("update exports set state = 'recorded'").await;
        turn(&deps(&world), &Arc::new(Progress::default())).await.unwrap();
        assert_eq!(state(&world, &id).await["state"], "done");
        let audited = hold(&world, &bag);
        assert_eq!(audited.words()[0].iter().filter(|word| **word == "export").count(), 1, "it left once");
    };
    // Died before the rename, with only some of the files beside the payload.
    let partial = bag.with_extension("partial");
    std::fs::rename(&bag, &partial).unwrap();
    for lost in ["tagmanifest-sha256.txt", "bagit.txt", "policy"] {
        std::fs::remove_file(partial.join(lost)).unwrap();
    }
    std::fs::remove_dir_all(partial.join("log")).unwrap();
    std::fs::write(partial.join("bag-info.txt.new"), "cut").unwrap();
    again().await;
    assert!(!partial.exists());
    // Died after the rename, before that was recorded.
    again().await;
}

/// Whoever looks at a clip while its bag is made is in the bag, or came after it: never in between.
#[tokio::test]
async fn no_look_is_lost_while_a_bag_is_made() {
    let world = World::new().await;
    let clip = world.clip("132920").await;
    let id = asked(&world, json!({"clips": [clip.to_string()]})).await;
    approve(&world, &id).await;
    let (deps, progress) = (deps(&world), Arc::new(Progress::default()));
    let looking = async {
        for _ in 0..20 {
            world.get(OFFICER, &format!("/api/v1/clips/{clip}/media")).await;
        }
    };
    let (done, ()) = tokio::join!(turn(&deps, &progress), looking);
    done.unwrap();
    assert_eq!(state(&world, &id).await["state"], "done");
    let audited = hold(&world, &world.app.exports.clone().unwrap().join(&id));
    assert_eq!(world.views(clip).await.len(), 20);
    assert!(audited.words()[0].ends_with(&["export"]));
    assert!(world.check().await.findings.list().is_empty());
}

#[tokio::test]
async fn an_object_that_is_missing_fails_the_export_and_is_recorded() {
    let world = World::new().await;
    let (clip, whole) = (world.clip("132920").await, world.clip("133000").await);
    let id = asked(&world, json!({"clips": [clip.to_string(), whole.to_string()]})).await;
    approve(&world, &id).await;
    let sha256 = world.row(clip).await.sha256;
    std::fs::remove_file(world.app.vault.object_path(sha256)).unwrap();
    turn(&deps(&world), &Arc::new(Progress::default())).await.unwrap();
    let failed = state(&world, &id).await;
    assert_eq!(failed["state"], "failed");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains(&clip.to_string()) && error.contains("missing"), "{error}");
    let events = world.get(LEGAL, &format!("/api/v1/clips/{clip}/events")).await.json();
    let kinds: Vec<&str> = events["items"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert!(
        kinds.contains(&"fixity_check") && kinds.contains(&"export_begin") && !kinds.contains(&"export"),
        "{kinds:?}"
    );
    assert_eq!(world.get(LEGAL, &format!("{ALL}/{id}/bag")).await.code(), "wrong_state");
}
