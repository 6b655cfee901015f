//! What marks make of themselves.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zhilu::custody::accept::accept;
use zhilu::media::sidecar::SidecarFacts;
use zhilu::model::id::Id;

use super::super::actions::{enter as enter_action, eviction};
use super::super::world::{LEGAL, World, encode, video};
use super::{ALL, assert_sound, changes, decide, history, patch, read};

/// A clip of five minutes, recorded at `time` of 2024-05-08 as its name says.
async fn segment(world: &World, recorder: &str, time: &str, marked: bool) -> Id {
    let mark = if marked { "_IMP" } else { "" };
    let name = format!("{recorder}_00123420240508{time}_0001{mark}.mp4");
    let mut arrival = world.arrival(&name, name.as_bytes());
    arrival.media.duration_ms = Some(300_000);
    world.accept(arrival).await.clip_id
}

async fn incidents(world: &World) -> Vec<Value> {
    world.get(LEGAL, ALL).await.json()["items"].as_array().unwrap().clone()
}

fn clips(incident: &Value) -> Vec<String> {
    incident["clips"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect()
}

fn marker() -> SidecarFacts {
    SidecarFacts { important: true, encoding: "utf-8".to_owned(), ..SidecarFacts::default() }
}

#[tokio::test]
async fn a_mark_makes_one_suspected_incident() {
    let world = World::new().await;
    world.clip("120000").await;
    assert_eq!(incidents(&world).await, [] as [Value; 0]);
    let id = segment(&world, "0012345", "132920", true).await;
    let all = incidents(&world).await;
    let incident = &all[0];
    assert_eq!(all.len(), 1);
    assert_eq!((&incident["status"], &incident["source"]), (&json!("suspected"), &json!("mark")));
    assert_eq!(
        (&incident["source_clip_id"], &incident["begin_at"]),
        (&json!(id.to_string()), &json!("2024-05-08T05:29:20Z"))
    );
    assert_eq!((&incident["end_at"], &incident["narrative"]), (&Value::Null, &Value::Null));
    assert_eq!(incident["clips"], json!([{"id": id.to_string(), "from_ms": 0, "to_ms": null}]));
    let first = &history(&world, incident).await[0];
    assert_eq!((&first["kind"], &first["actor"]), (&json!("create"), &json!("system:intake")));
    assert_eq!(world.get(LEGAL, &format!("/api/v1/clips/{id}")).await.json()["incidents"], json!([incident["id"]]));
    // The same bytes under another marked name, and the same file again.
    let name = "0012345_00123420240508132920_0001_IMP.mp4";
    for place in [format!("101ANDRO/{name}"), name.to_owned()] {
        let mut again = world.arrival(place, name.as_bytes());
        again.media.duration_ms = Some(300_000);
        assert!(world.accept(again).await.duplicate);
    }
    assert_eq!(incidents(&world).await.len(), 1);
    assert_sound(&world).await;
}

#[tokio::test]
async fn a_mark_that_comes_later_counts_too() {
    let world = World::new().await;
    let plain = world.arrival("0012345_00123420240508132920_0001.mp4", b"a");
    let clip = world.accept(plain).await.clip_id;
    assert_eq!(incidents(&world).await.len(), 0);
    world.accept(world.arrival("0012345_00123420240508132920_0002_IMP.mp4", b"a")).await;
    let all = incidents(&world).await;
    assert_eq!((all.len(), &all[0]["source_clip_id"]), (1, &json!(clip.to_string())));
    // A sidecar's marker, whichever comes first.
    for (n, sidecar_first) in [(1, true), (2, false)] {
        let (name, bytes) = (format!("dock{n}/0054321_0012342024050815000{n}_0001"), format!("clip {n}"));
        let mut sidecar = world.arrival(format!("{name}.xml"), format!("xml {n}").as_bytes());
        sidecar.sidecar = Some(marker());
        let film = world.arrival(format!("{name}.mp4"), bytes.as_bytes());
        let clip = if sidecar_first {
            world.accept(sidecar).await;
            world.accept(film).await.clip_id
        } else {
            let clip = world.accept(film).await.clip_id;
            world.accept(sidecar).await;
            clip
        };
        let found = world.get(LEGAL, &format!("{ALL}?clip={clip}")).await.json();
        assert_eq!(found["items"][0]["source"], "sidecar", "{n}: {found:#}");
    }
    assert_sound(&world).await;
}

#[tokio::test]
async fn marked_segments_of_one_recording_share_one() {
    let world = World::new().await;
    let first = segment(&world, "0012345", "133000", true).await.to_string();
    let follows = segment(&world, "0012345", "133510", true).await.to_string();
    let before = segment(&world, "0012345", "132455", true).await.to_string();
    let all = incidents(&world).await;
    assert_eq!(all.len(), 1, "{all:#?}");
    assert_eq!(clips(&all[0]), [first.clone(), follows, before.clone()]);
    // The earliest one is where it begins, as long as nobody said otherwise.
    assert_eq!(all[0]["begin_at"], "2024-05-08T05:24:55Z");
    let items = history(&world, &all[0]).await;
    assert_eq!(items[2]["kind"], "attach");
    assert_eq!(
        changes(&items[2])[0],
        ("begin_at".to_owned(), json!("2024-05-08T05:30:00Z"), json!("2024-05-08T05:24:55Z"))
    );
    // Another recorder, a longer pause, a segment nobody marked.
    segment(&world, "0054321", "133000", true).await;
    segment(&world, "0012345", "134021", true).await;
    segment(&world, "0012345", "134522", false).await;
    segment(&world, "0012345", "135023", true).await;
    assert_eq!(incidents(&world).await.len(), 4);
    assert_sound(&world).await;
}

#[tokio::test]
async fn segments_of_one_group_share_one_too() {
    let world = World::new().await;
    let mut group = Vec::new();
    for time in ["133500", "133000", "134000"] {
        let name = format!("0012345_00123420240508{time}_0001_IMP.mp4");
        let mut arrival = world.arrival(&name, name.as_bytes());
        arrival.media.duration_ms = Some(300_000);
        group.push(arrival);
    }
    accept(&world.app.custody, &group).await.unwrap();
    let all = incidents(&world).await;
    assert_eq!((all.len(), clips(&all[0]).len()), (1, 3));
    assert_eq!(all[0]["begin_at"], "2024-05-08T05:30:00Z");
    assert_sound(&world).await;
}

#[tokio::test]
async fn what_a_person_decided_stays() {
    let world = World::new().await;
    segment(&world, "0012345", "133000", true).await;
    let incident = incidents(&world).await.remove(0);
    patch(&world, LEGAL, &incident, json!({"begin_at": "2024-05-08T05:31:00Z"})).await;
    segment(&world, "0012345", "132500", true).await;
    let joined = read(&world, &incident).await;
    assert_eq!((&joined["begin_at"], clips(&joined).len()), (&json!("2024-05-08T05:31:00Z"), 2));
    assert_eq!(decide(&world, &incident, "dismissed", "误按").await.status, StatusCode::OK);
    segment(&world, "0012345", "133500", true).await;
    let all = incidents(&world).await;
    assert_eq!(all.len(), 2, "a dismissed one takes nothing in any more");
    assert_eq!(clips(&read(&world, &incident).await).len(), 2);
    // A clip that a person put into an incident needs none of its own.
    let name = "0099999_00123420240508150000_0001.mp4";
    let clip = world.accept(world.arrival(name, b"x")).await.clip_id;
    super::enter(&world, &json!({"clips": [{"id": clip.to_string(), "from_ms": 0}]})).await;
    world.accept(world.arrival("0099999_00123420240508150000_0001_IMP.mp4", b"x")).await;
    assert_eq!(incidents(&world).await.len(), 3);
}

#[tokio::test]
async fn recorders_that_were_never_set_are_strangers() {
    let world = World::new().await;
    for (n, time) in [(1, "133000"), (2, "133100")] {
        let name = format!("dock{n}/0000000_00123420240508{time}_0001_IMP.mp4");
        let mut arrival = world.arrival(&name, name.as_bytes());
        arrival.media = video();
        arrival.media.duration_ms = Some(300_000);
        world.accept(arrival).await;
    }
    assert_eq!(incidents(&world).await.len(), 2);
}

const FIRST: &str = "（2021）吉0721执1号";
const SECOND: &str = "（2021）吉0721执2号";

/// A marked clip that arrives under `dir`.
async fn marked_in(world: &World, dir: &str, time: &str) -> Id {
    let name = format!("{dir}0012345_00123420240508{time}_0001_IMP.mp4");
    let mut arrival = world.arrival(&name, name.as_bytes());
    arrival.media.duration_ms = Some(300_000);
    world.accept(arrival).await.clip_id
}

async fn link(world: &World, clip: Id, number: &str) {
    let body = json!({"number": number, "reason": "画面可见"});
    let answer = world.send(LEGAL, Method::POST, &format!("/api/v1/clips/{clip}/cases"), &body).await;
    assert_eq!(answer.status, StatusCode::CREATED);
}

fn cases(incident: &Value) -> Vec<&str> {
    incident["cases"].as_array().unwrap().iter().map(|c| c["number"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_mark_brings_the_cases_of_its_clip() {
    let world = World::new().await;
    marked_in(&world, &format!("{FIRST}/"), "133000").await;
    let all = incidents(&world).await;
    assert_eq!(cases(&all[0]), [FIRST], "{:#}", all[0]);
    let first = &history(&world, &all[0]).await[0];
    assert!(changes(first).contains(&("cases".to_owned(), Value::Null, json!([FIRST]))), "{first:#}");
    assert_eq!(found_by_case(&world, FIRST).await, 1);
    // The segment that follows lies in the folder of another case.
    marked_in(&world, &format!("{SECOND}/"), "133501").await;
    let all = incidents(&world).await;
    assert_eq!((all.len(), cases(&all[0])), (1, vec![FIRST, SECOND]));
    assert_eq!(found_by_case(&world, SECOND).await, 1);
    assert_sound(&world).await;
}

async fn found_by_case(world: &World, number: &str) -> usize {
    let path = format!("{ALL}?case={}", encode(number));
    world.get(LEGAL, &path).await.json()["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_tie_that_comes_later_brings_its_case() {
    let world = World::new().await;
    let clip = marked_in(&world, "", "133000").await;
    let incident = incidents(&world).await.remove(0);
    assert_eq!(cases(&incident), [] as [&str; 0]);
    link(&world, clip, FIRST).await;
    let linked = read(&world, &incident).await;
    assert_eq!((cases(&linked), &linked["version"]), (vec![FIRST], &json!(2)));
    let last = history(&world, &incident).await.pop().unwrap();
    assert_eq!((&last["kind"], &last["actor"]), (&json!("attach"), &json!("system:matching")));
    // An action that is entered days later brings its case; when it is cancelled, the case goes.
    let action = enter_action(&world, &eviction(&[SECOND])).await;
    assert_eq!(cases(&read(&world, &incident).await), [FIRST, SECOND]);
    let path = format!("/api/v1/actions/{}", action["id"].as_str().unwrap());
    world.send(LEGAL, Method::PATCH, &path, &json!({"state": "cancelled"})).await;
    assert_eq!(cases(&read(&world, &incident).await), [FIRST]);
    // Other words of a person leave the cases to the clips.
    patch(&world, LEGAL, &incident, json!({"narrative": "李四阻拦"})).await;
    link(&world, clip, SECOND).await;
    assert_eq!(cases(&read(&world, &incident).await), [FIRST, SECOND]);
    assert_sound(&world).await;
}

#[tokio::test]
async fn cases_that_a_person_set_or_that_were_decided_on_stay() {
    let world = World::new().await;
    let clip = marked_in(&world, "", "133000").await;
    let incident = incidents(&world).await.remove(0);
    patch(&world, LEGAL, &incident, json!({"cases": [SECOND]})).await;
    link(&world, clip, FIRST).await;
    marked_in(&world, &format!("{FIRST}/"), "133501").await;
    let kept = read(&world, &incident).await;
    assert_eq!((cases(&kept), clips(&kept).len()), (vec![SECOND], 2));
    let other = marked_in(&world, "", "163000").await;
    let incident = incidents(&world).await.remove(0);
    decide(&world, &incident, "dismissed", "误按").await;
    link(&world, other, FIRST).await;
    assert_eq!(cases(&read(&world, &incident).await), [] as [&str; 0]);
    assert_sound(&world).await;
}
