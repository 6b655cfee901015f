//! Recordings: segments that follow each other, and what they lend each other.

use axum::http::Method;
use serde_json::json;
use zhilu::custody::accept::accept;
use zhilu::model::id::Id;

use super::actions::{clip, entries, links};
use super::world::{LEGAL, OFFICER, World};

const FIRST: &str = "（2021）吉0721执1号";

fn tie(number: &str, method: &str) -> (String, String) {
    (number.to_owned(), method.to_owned())
}

/// A segment of `seconds` at a time of 2024-05-08 (`HHMMSS`), in a folder.
async fn segment(world: &World, folder: &str, time: &str, number: u32, seconds: u64) -> Id {
    let name = format!("{folder}0012345_00123420240508{time}_{number:04}.mp4");
    let mut arrival = world.arrival(&name, name.as_bytes());
    arrival.media.duration_ms = Some(seconds * 1000);
    world.accept(arrival).await.clip_id
}

#[tokio::test]
async fn a_recording_is_its_segments_with_what_is_missing() {
    let world = World::new().await;
    let a = segment(&world, "", "130000", 1, 600).await;
    let c = segment(&world, "", "132030", 4, 600).await;
    let b = segment(&world, "", "131002", 2, 625).await;
    let alone = segment(&world, "", "150000", 9, 60).await;
    for id in [a, b, c] {
        let found = world.get(OFFICER, &format!("/api/v1/recordings/{id}")).await.json();
        let ids: Vec<_> =
            found["segments"].as_array().unwrap().iter().map(|s| s["clip_id"].as_str().unwrap()).collect();
        assert_eq!(ids, [a.to_string(), b.to_string(), c.to_string()]);
        assert_eq!(
            (&found["start_at"], &found["end_at"]),
            (&json!("2024-05-08T05:00:00Z"), &json!("2024-05-08T05:30:30Z"))
        );
        assert_eq!(
            found["gaps"][0],
            json!({"before": a.to_string(), "after": b.to_string(),
            "from_at": "2024-05-08T05:10:00Z", "to_at": "2024-05-08T05:10:02Z", "length_ms": 2000})
        );
        assert_eq!(found["gaps"][1]["length_ms"], 3000);
        assert_eq!(found["missing_sequences"], json!([{"from": 3, "to": 3}]));
        assert_eq!((&found["recorded_ms"], &found["overlaps"]), (&json!(1_825_000), &json!([])));
    }
    let list = "/api/v1/recordings?recorder=0012345";
    let page = world.get(OFFICER, &format!("{list}&limit=1")).await.json();
    assert_eq!(page["items"][0]["id"], alone.to_string());
    let next = world.get(OFFICER, &format!("{list}&cursor={}", page["next_cursor"].as_str().unwrap())).await.json();
    assert_eq!((&next["items"][0]["id"], &next["next_cursor"]), (&json!(a.to_string()), &json!(null)));
    assert_eq!(next["items"].as_array().unwrap().len(), 1);
    // One that began before `from` is not cut: it is left out.
    let later = world.get(OFFICER, &format!("{list}&from=2024-05-08T05:05:00Z")).await.json();
    assert_eq!(later["items"].as_array().unwrap().len(), 1);
    let earlier = world.get(OFFICER, &format!("{list}&to=2024-05-08T05:05:00Z")).await.json();
    assert_eq!(earlier["items"][0]["segments"].as_array().unwrap().len(), 3);
    assert_eq!(world.get(OFFICER, "/api/v1/recordings").await.fields(), ["recorder"]);
    assert_eq!(world.get(OFFICER, "/api/v1/recordings/7").await.code(), "no_such_clip");
}

#[tokio::test]
async fn a_clip_of_nobody_knows_which_recorder_stands_alone() {
    let world = World::new().await;
    let id = world.accept(world.arrival("plain.mp4", b"x")).await.clip_id;
    let found = world.get(OFFICER, &format!("/api/v1/recordings/{id}")).await.json();
    assert_eq!((&found["recorder"], &found["segments"][0]["clip_id"]), (&json!(null), &json!(id.to_string())));
}

#[tokio::test]
async fn segments_share_the_cases_of_their_recording() {
    let world = World::new().await;
    let before = segment(&world, "", "130000", 1, 600).await;
    let named = segment(&world, "（2021）吉0721执1号/", "131000", 2, 600).await;
    let after = segment(&world, "", "132000", 3, 600).await;
    let other = segment(&world, "", "134000", 4, 600).await;
    assert_eq!(links(&world, before).await, [tie(FIRST, "recording")], "it came before the one that is named");
    assert_eq!(links(&world, named).await, [tie(FIRST, "path")]);
    assert_eq!(links(&world, after).await, [tie(FIRST, "recording")]);
    assert_eq!(links(&world, other).await, []);
    let reason = clip(&world, after).await["cases"][0]["reason"].clone();
    assert_eq!(reason, "与 2024-05-08 13:10:00 开始的已归案片段属于同一次录像");
    // Without the link that was lent, the borrowed ones go; each is an event of its clip.
    let case = clip(&world, named).await["cases"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/clips/{named}/cases/{case}?reason=x");
    world.ask(LEGAL, &path, |r| *r.method_mut() = Method::DELETE).await;
    for id in [before, named, after] {
        assert_eq!(links(&world, id).await, []);
        assert_eq!(clip(&world, id).await["unfiled"], true);
    }
    let text = clip(&world, before).await["unfiled_reason"]["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("文件名、文件夹名和附属文件中都没有案号；执法记录仪 0012345 不在登记中"), "{text}");
    let events = world.get(LEGAL, &format!("/api/v1/clips/{before}/events")).await.json();
    assert_eq!(events["items"][2]["kind"], "unlink");
    assert_eq!(events["items"][2]["actor"], "system:matching");
    // A person's link to one segment is the recording's.
    let body = json!({"number": FIRST, "reason": "x"});
    world.send(OFFICER, Method::POST, &format!("/api/v1/clips/{after}/cases"), &body).await;
    assert_eq!(links(&world, before).await, [tie(FIRST, "recording")]);
    assert_eq!(links(&world, named).await, [], "a person refused this one");
}

#[tokio::test]
async fn a_group_that_arrives_at_once_is_matched_like_single_files() {
    let world = World::new().await;
    let arrivals: Vec<_> = (0..30_u32)
        .map(|n| {
            let folder = if n == 7 { "（2021）吉0721执1号/" } else { "" };
            let name = format!("{folder}0012345_00123420240508{:02}{:02}00_{n:04}.mp4", 9 + n / 12, n % 12 * 5);
            let mut arrival = world.arrival(&name, name.as_bytes());
            arrival.media.duration_ms = Some(298_000);
            arrival
        })
        .collect();
    let accepted = accept(&world.app.custody, &arrivals).await.unwrap();
    let known = entries(&world.app.custody.db).await;
    assert_eq!(known, 60, "an arrival and a link for each");
    for (n, one) in accepted.iter().enumerate() {
        let method = if n == 7 { "path" } else { "recording" };
        assert_eq!(links(&world, one.clip_id).await, [tie(FIRST, method)], "{n}");
    }
    // The same files looked at again change nothing.
    accept(&world.app.custody, &arrivals).await.unwrap();
    assert_eq!(entries(&world.app.custody.db).await, known);
}
