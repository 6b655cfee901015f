//! Cases, custody events, the ledger's checkpoint.

use axum::http::{StatusCode, header};
use serde_json::json;
use zhilu::catalog::cases::{self, Case};
use zhilu::model::case_number::CaseNumber;
use zhilu::model::party::Party;

use super::world::{LEGAL, NOW, OFFICER, World, encode, ids_of};

async fn import(world: &World, number: &str, parties: &[&str]) -> String {
    let number: CaseNumber = number.parse().unwrap();
    let id = world.app.custody.ids.next(NOW);
    let parties = parties.iter().map(|p| Party::read(p)).collect();
    let case = Case { parties, stub: false, judge: Some("李法官".to_owned()), ..Case::stub(id, &number, NOW) };
    let mut tx = world.app.custody.db.begin().await.unwrap();
    cases::insert(tx.conn(), &case, &number).await.unwrap();
    tx.commit().await.unwrap();
    id.to_string()
}

#[tokio::test]
async fn a_case_names_its_parties_and_clips() {
    let world = World::new().await;
    let case = import(&world, "（2021）吉0721执123号", &["王五（被执行人）", "赵六"]).await;
    let clip = world.accept(world.arrival("2021吉0721执123/a.mp4", b"a")).await.clip_id;
    let detail = world.get(LEGAL, &format!("/api/v1/cases/{case}")).await.json();
    assert_eq!(detail["number"], "（2021）吉0721执123号");
    assert_eq!((&detail["year"], &detail["court"], &detail["type"]), (&json!(2021), &json!("吉0721"), &json!("执")));
    assert_eq!(detail["judge"], "李法官");
    assert_eq!(detail["parties"], json!([{"name": "王五", "role": "被执行人"}, {"name": "赵六", "role": null}]));
    assert_eq!(detail["clips"], json!({"ids": [clip.to_string()], "more": false}));
    assert_eq!(world.get(LEGAL, "/api/v1/cases/5").await.code(), "no_such_case");
}

#[tokio::test]
async fn a_case_with_many_clips_says_so() {
    let world = World::new().await;
    let case = import(&world, "（2021）吉0721执123号", &[]).await;
    for n in 0..51_u8 {
        world.accept(world.arrival(format!("2021吉0721执123/{n}.mp4"), &[n])).await;
    }
    let clips = world.get(LEGAL, &format!("/api/v1/cases/{case}")).await.json()["clips"].clone();
    assert_eq!((clips["ids"].as_array().unwrap().len(), &clips["more"]), (50, &json!(true)));
}

#[tokio::test]
async fn cases_are_found_by_any_spelling_and_paged() {
    let world = World::new().await;
    let mut all = Vec::new();
    for n in 1..=5 {
        all.insert(0, import(&world, &format!("（2021）吉0721执{n}号"), &[]).await);
    }
    assert_eq!(world.all_ids("/api/v1/cases", 2).await, all);
    let found = world.get(LEGAL, &format!("/api/v1/cases?number={}", encode("(2021) 吉0721执０003"))).await.json();
    assert_eq!(ids_of(&found), [all[2].clone()]);
    let bad = world.get(LEGAL, &format!("/api/v1/cases?number={}", encode("2021吉0721执"))).await;
    assert_eq!(bad.fields(), ["number"]);
    // A cursor of another list is none of this one.
    let clips = {
        world.clip("120000").await;
        world.clip("120001").await;
        world.get(LEGAL, "/api/v1/clips?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned()
    };
    assert_eq!(world.get(LEGAL, &format!("/api/v1/cases?cursor={clips}")).await.fields(), ["cursor"]);
}

#[tokio::test]
async fn events_tell_what_was_done_and_by_whom() {
    let world = World::new().await;
    let id = world.accept(world.arrival("2021吉0721执123/a.mp4", b"abc")).await.clip_id;
    world.get_with(LEGAL, &format!("/api/v1/clips/{id}/media"), &[("range", "bytes=1-1")]).await;
    let path = format!("/api/v1/clips/{id}/events");
    let page = world.get(OFFICER, &path).await.json();
    let kinds: Vec<_> = page["items"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ingestion", "link", "view"]);
    assert_eq!(page["items"][2]["detail"]["first"], 1);
    assert!(page["items"][2]["actor"].as_str().unwrap().ends_with(":legal"));
    assert_eq!(page["items"][0]["ledger_index"], 0);
    assert!(!page.to_string().contains("salt"), "a salt opens the commitment; it is not for everybody");
    assert_eq!(world.all_ids(&path, 1).await, ids_of(&page));
    assert_eq!(world.get(OFFICER, "/api/v1/clips/5/events").await.code(), "no_such_clip");
}

#[tokio::test]
async fn the_checkpoint_is_the_note_as_it_was_signed() {
    let world = World::new().await;
    let none = world.get(OFFICER, "/api/v1/ledger/checkpoint").await;
    assert_eq!((none.status, none.code().as_str()), (StatusCode::NOT_FOUND, "no_checkpoint"));
    world.clip("120000").await;
    let note = world.get(OFFICER, "/api/v1/ledger/checkpoint").await;
    assert_eq!(note.header(header::CONTENT_TYPE), Some("text/plain; charset=utf-8"));
    let signed = zhilu::ledger::checkpoint::SignedCheckpoint::parse(&note.body).unwrap();
    assert_eq!(signed.verify(world.app.custody.signer.verifier()).unwrap().size, 1);
}
