//! What a person says of a clip: links, refusals, marks, notes.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zhilu::custody::rematch;
use zhilu::media::sidecar::SidecarFacts;
use zhilu::model::id::Id;

use super::actions::{clip, enter, entries, eviction, links};
use super::world::{ADMIN, Answer, LEGAL, OFFICER, World, encode};

const FIRST: &str = "（2021）吉0721执1号";
const SECOND: &str = "（2021）吉0721执2号";

fn tie(number: &str, method: &str) -> (String, String) {
    (number.to_owned(), method.to_owned())
}

async fn link(world: &World, id: Id, number: &str) -> Answer {
    let body = json!({"number": number, "reason": "当事人在画面中"});
    world.send(OFFICER, Method::POST, &format!("/api/v1/clips/{id}/cases"), &body).await
}

async fn unlink(world: &World, id: Id, case: &Value) -> Answer {
    let path = format!("/api/v1/clips/{id}/cases/{}?reason={}", case.as_str().unwrap(), encode("不是此案"));
    world.ask(LEGAL, &path, |r| *r.method_mut() = Method::DELETE).await
}

#[tokio::test]
async fn a_person_s_link_outlives_every_action() {
    let world = World::new().await;
    let id = world.clip("132920").await;
    let action = enter(&world, &eviction(&[FIRST])).await;
    let made = link(&world, id, "2021吉0721执1").await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!((&made.json()["method"], &made.json()["reason"]), (&json!("person"), &json!("当事人在画面中")));
    assert!(made.json()["actor"].as_str().unwrap().ends_with(":officer"));
    assert_eq!(links(&world, id).await, [tie(FIRST, "person")]);
    let before = entries(&world.app.custody.db).await;
    assert_eq!(link(&world, id, FIRST).await.status, StatusCode::OK, "said before");
    assert_eq!(entries(&world.app.custody.db).await, before);
    let path = format!("/api/v1/actions/{}", action["id"].as_str().unwrap());
    world.send(LEGAL, Method::PATCH, &path, &json!({"state": "cancelled"})).await;
    assert_eq!(links(&world, id).await, [tie(FIRST, "person")]);
    let (path, body) = (format!("/api/v1/clips/{id}/cases"), json!({"number": "执1", "reason": " "}));
    let wrong = world.send(OFFICER, Method::POST, &path, &body).await;
    assert_eq!(wrong.fields(), ["number", "reason"]);
    assert_eq!(link(&world, Id(5), FIRST).await.code(), "no_such_clip");
}

#[tokio::test]
async fn a_refusal_survives_matching_and_new_arrivals() {
    let world = World::new().await;
    let name = "（2021）吉0721执2号/0012345_00123420240508132920_0001.mp4";
    let id = world.accept(world.arrival(name, b"x")).await.clip_id;
    let action = enter(&world, &eviction(&[FIRST])).await;
    assert_eq!(links(&world, id).await, [tie(FIRST, "action"), tie(SECOND, "path")]);
    let ties = clip(&world, id).await["cases"].clone();
    for tie in ties.as_array().unwrap() {
        assert_eq!(unlink(&world, id, &tie["id"]).await.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(unlink(&world, id, &ties[0]["id"]).await.code(), "not_linked");
    // Matched anew, the action changed, the same bytes once more under the same number.
    rematch::clips(&world.app.custody, &[id]).await.unwrap();
    let path = format!("/api/v1/actions/{}", action["id"].as_str().unwrap());
    world.send(LEGAL, Method::PATCH, &path, &json!({"planned_to_at": "2024-05-08T16:00:00+08:00"})).await;
    world.accept(world.arrival("（2021）吉0721执2号/copy.mp4", b"x")).await;
    let shown = clip(&world, id).await;
    assert_eq!((&shown["cases"], &shown["unfiled"]), (&json!([]), &json!(true)));
    let text = shown["unfiled_reason"]["text"].as_str().unwrap();
    assert!(text.contains("已由人工排除：（2021）吉0721执1号、（2021）吉0721执2号"), "{text}");
    // A person may change their mind; the machine then leaves the link alone.
    assert_eq!(link(&world, id, SECOND).await.status, StatusCode::CREATED);
    rematch::clips(&world.app.custody, &[id]).await.unwrap();
    assert_eq!(links(&world, id).await, [tie(SECOND, "person")]);
    let events = world.get(LEGAL, &format!("/api/v1/clips/{id}/events")).await.json();
    let unlinked: Vec<&Value> = events["items"].as_array().unwrap().iter().filter(|e| e["kind"] == "unlink").collect();
    assert_eq!(unlinked.len(), 2);
    assert_eq!((&unlinked[0]["detail"]["reason"], &unlinked[0]["detail"]["case"]), (&json!("不是此案"), &json!(FIRST)));
    let reasonless = format!("/api/v1/clips/{id}/cases/{}", ties[0]["id"].as_str().unwrap());
    let answer = world.ask(LEGAL, &reasonless, |r| *r.method_mut() = Method::DELETE).await;
    assert_eq!(answer.fields(), ["reason"]);
}

#[tokio::test]
async fn a_number_in_a_sidecar_links_its_clip_whichever_comes_first() {
    let world = World::new().await;
    for (n, sidecar_first) in [(1, true), (2, false)] {
        let name = format!("dock{n}/0012345_0012342024050813292{n}_0001");
        let film = world.arrival(format!("{name}.mp4"), format!("film {n}").as_bytes());
        let mut sidecar = world.arrival(format!("{name}.xml"), format!("sidecar {n}").as_bytes());
        let facts = SidecarFacts { encoding: "utf-8".to_owned(), ..SidecarFacts::default() };
        sidecar.sidecar = Some(SidecarFacts { case_numbers: vec![FIRST.parse().unwrap()], ..facts });
        let id = if sidecar_first {
            world.accept(sidecar).await;
            world.accept(film).await.clip_id
        } else {
            let id = world.accept(film).await.clip_id;
            world.accept(sidecar).await;
            id
        };
        assert_eq!(links(&world, id).await, [tie(FIRST, "sidecar")]);
    }
}

#[tokio::test]
async fn all_clips_of_an_action_are_assigned_in_one_act() {
    let world = World::new().await;
    let (a, b, c) = (world.clip("130000").await, world.clip("133000").await, world.clip("140000").await);
    let outside = world.clip("180000").await;
    let action = enter(&world, &eviction(&[FIRST])).await;
    link(&world, a, SECOND).await;
    link(&world, b, SECOND).await;
    let case = clip(&world, b).await["cases"][1]["id"].clone();
    unlink(&world, b, &case).await;
    let path = format!("/api/v1/actions/{}/assign", action["id"].as_str().unwrap());
    let body = json!({"cases": [SECOND, "2021吉0721执1"], "reason": "同一现场"});
    let done = world.send(LEGAL, Method::POST, &path, &body).await;
    assert_eq!(done.json(), json!({"clips": 3, "linked": 4, "already": 1, "refused": 1}));
    assert_eq!(links(&world, a).await, [tie(FIRST, "person"), tie(SECOND, "person")]);
    assert_eq!(links(&world, b).await, [tie(FIRST, "person")]);
    assert_eq!(links(&world, c).await, [tie(FIRST, "person"), tie(SECOND, "person")]);
    assert_eq!(links(&world, outside).await, []);
    let before = entries(&world.app.custody.db).await;
    let again = world.send(OFFICER, Method::POST, &path, &body).await;
    assert_eq!(again.json(), json!({"clips": 3, "linked": 0, "already": 5, "refused": 1}));
    assert_eq!(entries(&world.app.custody.db).await, before);
    let wrong = world.send(LEGAL, Method::POST, &path, &json!({"cases": [], "reason": ""})).await;
    assert_eq!(wrong.fields(), ["cases", "reason"]);
}

#[tokio::test]
async fn a_person_s_mark_stands_beside_the_device_s() {
    let world = World::new().await;
    let plain = world.clip("132920").await;
    let marked = world.accept(world.arrival("0012345_00123420240508140000_0002_IMP.mp4", b"imp")).await.clip_id;
    let mark = async |id: Id, important: bool| {
        let body = json!({"important": important, "reason": "有人持刀"});
        world.send(OFFICER, Method::POST, &format!("/api/v1/clips/{id}/mark"), &body).await.json()
    };
    let shown = mark(plain, true).await;
    assert_eq!((&shown["important"], &shown["marked"]), (&json!(true), &json!(true)));
    let important = async || world.all_ids("/api/v1/clips", 50).await.len();
    assert_eq!(important().await, 2);
    let listed = |flag: &str| format!("/api/v1/clips?important={flag}");
    assert_eq!(world.get(LEGAL, &listed("true")).await.json()["items"].as_array().unwrap().len(), 2);
    let before = entries(&world.app.custody.db).await;
    mark(plain, true).await;
    assert_eq!(entries(&world.app.custody.db).await, before, "marked already");
    let shown = mark(plain, false).await;
    assert_eq!((&shown["important"], &shown["marked"]), (&json!(false), &json!(false)));
    assert_eq!(world.get(LEGAL, &listed("false")).await.json()["items"].as_array().unwrap().len(), 1);
    // The device's mark is not a person's to take away, and another name does not take the person's.
    let shown = mark(marked, false).await;
    assert_eq!((&shown["important"], &shown["marked"]), (&json!(true), &json!(false)));
    mark(marked, true).await;
    world.accept(world.arrival("copy.mp4", b"imp")).await;
    assert_eq!(clip(&world, marked).await["marked"], true);
    let events = world.get(LEGAL, &format!("/api/v1/clips/{plain}/events")).await.json();
    assert_eq!(events["items"][2]["detail"]["old"], true);
}

#[tokio::test]
async fn what_is_said_of_a_clip_is_found() {
    let world = World::new().await;
    let id = world.clip("132920").await;
    let found = async |query: &str| {
        let answer = world.get(LEGAL, &format!("/api/v1/search?q={}", encode(query))).await.json();
        let hits = answer["items"].as_array().unwrap().iter();
        hits.filter(|hit| hit["id"] == id.to_string()).count() == 1
    };
    let action = enter(&world, &eviction(&[FIRST])).await;
    assert!(found("幸福路").await && found("案号:（2021）吉0721执1号").await);
    let path = format!("/api/v1/actions/{}", action["id"].as_str().unwrap());
    world.send(LEGAL, Method::PATCH, &path, &json!({"place": "光明街9号"})).await;
    assert!(found("光明街").await && !found("幸福路").await, "the place was corrected");
    link(&world, id, FIRST).await;
    assert!(found("光明街").await, "a person confirmed it");
    assert!(!found("重点:是").await);
    let mark = json!({"important": true, "reason": "x"});
    world.send(OFFICER, Method::POST, &format!("/api/v1/clips/{id}/mark"), &mark).await;
    assert!(found("重点:是").await);
    let note = json!({"note": "门口有恶犬"});
    world.send(OFFICER, Method::POST, &format!("/api/v1/clips/{id}/notes"), &note).await;
    assert!(found("恶犬").await);
    world.send(LEGAL, Method::PATCH, &path, &json!({"state": "cancelled"})).await;
    assert!(found("案号:（2021）吉0721执1号").await, "a person's link stays");
}

#[tokio::test]
async fn notes_are_kept_newest_first() {
    let world = World::new().await;
    let id = world.clip("132920").await;
    let path = format!("/api/v1/clips/{id}/notes");
    let mut written = Vec::new();
    for text in ["门口有犬", " 被执行人情绪激动 ", "已到达"] {
        let answer = world.send(OFFICER, Method::POST, &path, &json!({"note": text})).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        assert_eq!(answer.json()["note"], text.trim());
        written.insert(0, answer.json()["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(world.all_ids(&path, 2).await, written);
    for bad in ["", "  ", &"长".repeat(4001)] {
        assert_eq!(world.send(OFFICER, Method::POST, &path, &json!({"note": bad})).await.fields(), ["note"]);
    }
    assert_eq!(world.send(ADMIN, Method::POST, &path, &json!({"note": "x"})).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.get(LEGAL, "/api/v1/clips/5/notes").await.code(), "no_such_clip");
    let events = world.get(LEGAL, &format!("/api/v1/clips/{id}/events")).await.json();
    assert_eq!(events["items"][1]["detail"]["text"], "门口有犬");
}
