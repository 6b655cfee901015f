//! Bytes that arrive again, and crashes between the steps.

use zhilu::catalog::fixity::targets_of;
use zhilu::custody::accept::accept;
use zhilu::custody::fixity::{Look, record};
use zhilu::custody::remove::remove_due;
use zhilu::custody::{CustodyError, disposal, dispose as acts};
use zhilu::model::fixity::{FixityResult, FixitySource};

use super::*;

/// A world with one clip that is approved to be destroyed, and nothing done yet.
async fn approved() -> (World, Id) {
    let world = world().await;
    let clip = clip(&world, "a.mp4").await;
    close_cases(&world, "已结案").await;
    let world = after(world, 200);
    let proposed = propose(&world, LEGAL, None).await.json();
    let id: Id = proposed["id"].as_str().unwrap().parse().unwrap();
    let custody = &world.app.custody;
    let mut reader = custody.db.read().await.unwrap();
    let tokens = zhilu::catalog::tokens::list(reader.conn()).await.unwrap();
    drop(reader);
    let admin = tokens.iter().find(|t| t.role == zhilu::model::role::Role::Admin).unwrap();
    let actor = zhilu::custody::Actor::token(admin.id, admin.role);
    disposal::decide(custody, &actor, id, true, "已核对").await.unwrap();
    (world, clip)
}

/// The same bytes, at another place.
async fn arrive_again(world: &World) -> Result<Id, CustodyError> {
    let arrival = world.arrival(format!("{CASE}/again.mp4"), b"a.mp4");
    Ok(accept(&world.app.custody, &[arrival]).await?[0].clip_id)
}

#[tokio::test]
async fn a_crash_before_the_commit_leaves_a_clip_and_one_after_it_an_object_to_remove() {
    let (world, clip) = approved().await;
    assert_eq!((findings(&world).await, world.row(clip).await.state.as_str()), (vec![], "released"));
    // As when the process dies after the commit.
    assert_eq!(acts::step(&world.app.custody).await.unwrap(), acts::Step::Some);
    assert!(has_object(&world, "a.mp4"));
    let digest = world.row(clip).await.sha256;
    assert_eq!(findings(&world).await, [format!("object_remains {digest}")]);
    assert_eq!(retention(&world, clip).await["disposals"][0]["object"], "due");
    // The next start goes on by the same code.
    acts::run(&world.app.custody).await.unwrap();
    assert!(!has_object(&world, "a.mp4"));
    assert_eq!(
        (findings(&world).await, retention(&world, clip).await["disposals"][0]["object"].clone()),
        (vec![], json!("removed"))
    );
    let done = world.get(LEGAL, "/api/v1/disposals").await.json();
    assert_eq!(done["items"][0]["state"], "done");
}

#[tokio::test]
async fn a_crash_between_removal_and_its_record_is_finished_too() {
    let (world, clip) = approved().await;
    let other = super::clip(&world, "other.mp4").await;
    acts::step(&world.app.custody).await.unwrap();
    let digest = world.row(clip).await.sha256;
    assert!(world.app.vault.remove_object(digest).unwrap());
    assert_eq!(remove_due(&world.app.custody).await.unwrap(), 1);
    assert_eq!(retention(&world, clip).await["disposals"][0]["object"], "removed");
    assert!(world.app.vault.object_path(world.row(other).await.sha256).exists());
    assert_eq!(findings(&world).await, [""; 0]);
}

#[tokio::test]
async fn an_object_that_is_not_there_because_the_vault_is_away_stays_due() {
    let (world, clip) = approved().await;
    acts::step(&world.app.custody).await.unwrap();
    let path = world.app.vault.object_path(world.row(clip).await.sha256);
    let aside = world.path().join("aside");
    std::fs::rename(&path, &aside).unwrap();
    assert_eq!(remove_due(&world.app.custody).await.unwrap(), 0, "an empty vault is one that is not mounted");
    std::fs::rename(&aside, &path).unwrap();
    assert_eq!(remove_due(&world.app.custody).await.unwrap(), 1);
    assert!(!path.exists());
}

#[tokio::test]
async fn the_same_bytes_bring_the_clip_back_and_its_chain_goes_on() {
    let (world, clip) = approved().await;
    acts::run(&world.app.custody).await.unwrap();
    let first = world.row(clip).await;
    let back = arrive_again(&world).await.unwrap();
    assert_eq!(back, clip);
    let row = world.row(clip).await;
    assert_eq!((row.entry_index, row.state.as_str()), (first.entry_index, "matched"), "the directory names its case");
    assert!(row.last_entry > first.last_entry);
    let said = world.get(OFFICER, &format!("/api/v1/clips/{clip}")).await.json();
    assert_eq!((&said["cases"][0]["number"], &said["kind"]), (&json!(CASE), &json!("video")));
    assert_eq!(said["retention"]["disposals"][0]["revived_at"], "2027-06-12T08:52:07Z");
    assert_eq!(world.get(OFFICER, &format!("/api/v1/clips/{clip}/media")).await.body, b"a.mp4");
    assert_eq!(findings(&world).await, [""; 0]);
    world.confirm(clip).await;
    assert_eq!(world.get(OFFICER, &format!("/api/v1/clips/{clip}/receipt")).await.status, StatusCode::OK);
    // Its term begins anew with what brought it back.
    assert_eq!(why(&world, clip).await, ["young"]);
    assert_eq!(retention(&world, clip).await["due_at"], "2027-12-12T08:52:07Z");
    let world = after(world, 400);
    dispose(&world, &[clip]).await;
    assert!(!has_object(&world, "a.mp4"));
    assert_eq!(findings(&world).await, [""; 0]);
    let allowed = ["2027-05-24T08:52:07Z", "2027-12-12T08:52:07Z"];
    assert_eq!(disposals_said(&world).await, allowed.map(|at| format!("disposed under R1, allowed from {at}")));
    assert_eq!(arrive_again(&world).await.unwrap(), clip);
    assert_eq!(findings(&world).await, [""; 0]);
}

#[tokio::test]
async fn bytes_that_come_back_before_the_removal_keep_their_object() {
    let (world, clip) = approved().await;
    acts::step(&world.app.custody).await.unwrap();
    assert_eq!(arrive_again(&world).await.unwrap(), clip);
    acts::run(&world.app.custody).await.unwrap();
    assert!(has_object(&world, "a.mp4"));
    assert_eq!(retention(&world, clip).await["disposals"][0]["object"], "kept");
    assert_eq!(findings(&world).await, [""; 0]);
}

#[tokio::test]
async fn an_object_that_was_removed_after_it_was_found_is_received_again() {
    let (world, clip) = approved().await;
    acts::step(&world.app.custody).await.unwrap();
    // The intake found equal bytes in the vault, and is about to have them accepted.
    let arrival = world.arrival("again.mp4", b"a.mp4");
    acts::run(&world.app.custody).await.unwrap();
    let error = accept(&world.app.custody, std::slice::from_ref(&arrival)).await.unwrap_err();
    assert!(matches!(error, CustodyError::ObjectGone(_)), "{error}");
    assert_eq!(world.row(clip).await.state.as_str(), "disposed");
    assert_eq!(findings(&world).await, [""; 0]);
    assert_eq!(arrive_again(&world).await.unwrap(), clip);
}

#[tokio::test]
async fn a_look_that_ends_after_the_disposal_is_no_finding() {
    let (world, clip) = approved().await;
    let custody = &world.app.custody;
    let mut reader = custody.db.read().await.unwrap();
    let target = targets_of(reader.conn(), &[clip]).await.unwrap().remove(0);
    drop(reader);
    acts::run(custody).await.unwrap();
    let last = world.row(clip).await.last_entry;
    let (result, detail) = (FixityResult::Missing, Some("not found".to_owned()));
    let look = Look { target, began: custody.clock.now(), result, method: "none", detail };
    record(custody, FixitySource::Scrub, &[look]).await.unwrap();
    assert_eq!(world.row(clip).await.last_entry, last);
    assert_eq!(findings(&world).await, [""; 0]);
    let coverage = world.get(ADMIN, "/api/v1/audit/coverage").await.json();
    assert_eq!((&coverage["objects"], &coverage["failing"]), (&json!(0), &json!(0)));
}
