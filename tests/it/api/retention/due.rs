//! What is due, and why the rest is not.

use zhilu::model::retention::Class;

use super::*;

#[tokio::test]
async fn a_clip_is_due_when_its_term_has_ended_and_nothing_keeps_it() {
    let world = world().await;
    let clip = clip(&world, "a.mp4").await;
    assert_eq!(why(&world, clip).await, ["open_case", "no_rules"]);
    close_cases(&world, "已结案").await;
    let world = after(world, 100);
    let said = retention(&world, clip).await;
    assert_eq!((&said["rule"], &said["due_at"]), (&json!("R1"), &json!("2027-05-24T08:52:07Z")));
    assert_eq!(why(&world, clip).await, ["young"]);
    assert!(due(&world).await.is_empty());
    let world = after(world, 181);
    assert_eq!(
        (retention(&world, clip).await["due"].clone(), due(&world).await),
        (json!(true), vec![clip.to_string()])
    );
    close_cases(&world, "恢复执行").await;
    assert_eq!((why(&world, clip).await, due(&world).await), (vec!["open_case".to_owned()], vec![]));
}

#[tokio::test]
async fn what_is_unfiled_unconfirmed_marked_or_in_an_incident_is_never_due() {
    let world = world().await;
    let unfiled = world.clip("132920").await;
    world.confirm(unfiled).await;
    let unconfirmed = world.accept(world.arrival(format!("{CASE}/u.mp4"), b"u")).await.clip_id;
    let marked = clip(&world, "marked.mp4").await;
    let mark = json!({"important": true, "reason": "似有推搡"});
    world.send(LEGAL, Method::POST, &format!("/api/v1/clips/{marked}/mark"), &mark).await;
    let seen = clip(&world, "seen.mp4").await;
    let incident = json!({"begin_at": "2024-05-08T09:00:00+08:00", "clips": [{"id": seen.to_string(), "from_ms": 0}]});
    let made = world.send(LEGAL, Method::POST, "/api/v1/incidents", &incident).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:#}", made.json());
    close_cases(&world, "已结案").await;
    let world = after(world, 400);
    assert_eq!(why(&world, unfiled).await, ["unfiled"]);
    assert_eq!(why(&world, unconfirmed).await, ["unconfirmed"]);
    assert_eq!(why(&world, marked).await, ["unreviewed"]);
    assert_eq!(why(&world, seen).await, ["in_incident", "permanent"]);
    assert!(due(&world).await.is_empty());
    // Dismissed, it is a clip like any other; the device never marked it.
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/incidents/{id}/status");
    let dismissed = world.send(LEGAL, Method::POST, &path, &json!({"status": "dismissed", "reason": "误报"})).await;
    assert_eq!(dismissed.status, StatusCode::OK, "{:#}", dismissed.json());
    assert_eq!(due(&world).await, [seen.to_string()]);
}

#[tokio::test]
async fn what_is_handed_over_is_evidence_from_the_beginning_of_the_export_on() {
    let world = world().await;
    let (exported, begun, plain) =
        (clip(&world, "a.mp4").await, clip(&world, "b.mp4").await, clip(&world, "c.mp4").await);
    super::super::exports::made(&world, exported).await;
    super::super::exports::broken_off(&world, begun).await;
    close_cases(&world, "已结案").await;
    let world = after(world, 400);
    assert_eq!(
        (why(&world, exported).await, why(&world, begun).await),
        (vec!["permanent".into()], vec!["permanent".into()])
    );
    assert_eq!(retention(&world, begun).await["rule"], "R2");
    assert_eq!(due(&world).await, [plain.to_string()]);
}

#[tokio::test]
async fn a_shortened_table_is_announced_and_counts_after_its_notice() {
    let world = world().await;
    let clip = clip(&world, "a.mp4").await;
    close_cases(&world, "已结案").await;
    let world = after(world, 60);
    let short = vec![Rule { id: "R1".to_owned(), applies_to: Class::Ordinary, months: Some(1) }];
    let world = under(world, short);
    assert!(announce(&world.app.custody).await.unwrap().is_some());
    assert!(announce(&world.app.custody).await.unwrap().is_none(), "it is announced once");
    assert!(due(&world).await.is_empty(), "nothing is due at once");
    let world = after(world, 89);
    assert_eq!(why(&world, clip).await, ["young"]);
    let world = after(world, 90);
    assert_eq!(due(&world).await, [clip.to_string()]);
    dispose(&world, &[clip]).await;
    assert_eq!(disposals_said(&world).await, ["disposed under R1, allowed from 2026-12-24T08:52:07Z"]);
    assert_eq!(findings(&world).await, [""; 0]);
    let rules = world.get(LEGAL, "/api/v1/retention/rules").await.json();
    assert_eq!(rules["items"][0]["counts_at"], "2027-02-22T08:52:07Z");
    assert_eq!(rules["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_list_of_what_is_due_goes_on_with_its_cursor() {
    let world = world().await;
    let mut clips = Vec::new();
    for i in 0..5 {
        clips.push(clip(&world, &format!("{i}.mp4")).await.to_string());
    }
    close_cases(&world, "已结案").await;
    let world = after(world, 200);
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(LEGAL, &format!("/api/v1/retention/due?limit=2{cursor}")).await.json();
        found.extend(super::super::world::ids_of(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, clips);
}
