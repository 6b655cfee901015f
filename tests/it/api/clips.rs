//! Finding clips and reading them.

use axum::http::{StatusCode, header};
use serde_json::json;
use zhilu::media::name::SidecarKind;
use zhilu::media::sidecar::read;
use zhilu::model::media::{Anomaly, Health, Kind, MediaFacts};

use super::world::{LEGAL, OFFICER, World, encode, ids_of, video};

#[tokio::test]
async fn a_clip_says_everything_that_is_known() {
    let world = World::new().await;
    let name = "（2021）吉0721执123号/0012345_00123420240508132920_0001_IMP.mp4";
    let mut arrival = world.arrival(name, b"bytes");
    arrival.media.anomalies = vec![Anomaly { code: "zero_tail".to_owned(), offset: Some(7), detail: None }];
    let id = world.accept(arrival).await.clip_id;
    let clip = world.get(OFFICER, &format!("/api/v1/clips/{id}")).await.json();
    let row = world.row(id).await;
    let expected = json!({
        "id": id.to_string(),
        "sha256": row.sha256.to_string(),
        "sm3": null,
        "size_bytes": 5,
        "kind": "video",
        "container": "isobmff",
        "state": "matched",
        "health": "ok",
        "important": true,
        "recorded_at": "2024-05-08T05:29:20Z",
        "recorded_at_source": "name",
        "times": {
            "device": "2024-05-08T05:29:20Z",
            "container": null,
            "file": row.file_time.unwrap().to_string(),
            "arrived": "2026-11-24T08:52:07Z"
        },
        "duration_ms": 2000,
        "video": {"codec": "h264", "width": 320, "height": null, "rotation": null, "fps": null},
        "audio": null,
        "gps": null,
        "recorder": {"serial": "0012345", "model": null, "holder": null},
        "officer": {"number": "001234", "name": null, "court": null},
        "names": [{
            "name": "0012345_00123420240508132920_0001_IMP.mp4",
            "path": format!("/srv/dock-1/{name}"),
            "arrived_at": "2026-11-24T08:52:07Z"
        }],
        "marked": false,
        "unfiled": false,
        "unfiled_reason": null,
        "sidecars": [],
        "sidecar_of": null,
        "anomalies": [{"code": "zero_tail", "offset": 7, "detail": null}],
        "ledger_index": 0
    });
    let (mut rest, expected) = (clip.clone(), expected.as_object().unwrap().clone());
    for (field, value) in expected {
        assert_eq!(rest.as_object_mut().unwrap().remove(&field), Some(value), "{field}");
    }
    assert_eq!(rest.as_object().unwrap().keys().collect::<Vec<_>>(), ["cases", "doubts", "incidents", "retention"]);
    assert_eq!(rest["cases"][0]["number"], "（2021）吉0721执123号");
    assert_eq!(rest["cases"][0]["method"], "path");
    assert_eq!(rest["incidents"].as_array().unwrap().len(), 1, "the mark makes a suspected one");
}

#[tokio::test]
async fn a_sidecar_is_named_by_its_clip_and_can_be_fetched() {
    let world = World::new().await;
    let id = world.accept(world.arrival("a.mp4", b"clip")).await.clip_id;
    let text = "<locations policeNum=\"001234\" beginTime=\"2024-05-08 13:29:20\"/>";
    let mut sidecar = world.arrival("a.xml", text.as_bytes());
    sidecar.media = MediaFacts { kind: Kind::Text, health: Health::Unsupported, ..MediaFacts::default() };
    sidecar.sidecar = Some(read(SidecarKind::Xml, text.as_bytes()));
    let sidecar_id = world.accept(sidecar).await.clip_id;
    let list = world.get(OFFICER, "/api/v1/clips").await.json();
    assert_eq!(ids_of(&list), [id.to_string()]);
    assert_eq!(list["items"][0]["sidecars"][0]["id"], sidecar_id.to_string());
    assert_eq!(list["items"][0]["sidecars"][0]["name"], "a.xml");
    let itself = world.get(OFFICER, &format!("/api/v1/clips/{sidecar_id}")).await.json();
    assert_eq!(itself["sidecar_of"], id.to_string());
    let bytes = world.get(OFFICER, &format!("/api/v1/clips/{sidecar_id}/media")).await;
    assert_eq!(bytes.body, text.as_bytes());
    assert_eq!(bytes.header(header::CONTENT_TYPE), Some("text/plain"));
    assert!(bytes.header(header::CONTENT_DISPOSITION).unwrap().starts_with("attachment;"));
}

#[tokio::test]
async fn every_filter_finds_what_it_names_and_nothing_else() {
    let world = World::new().await;
    let filed = world.arrival("（2021）吉0721执123号/0012345_00123420240508132920_0001_IMP.mp4", b"1");
    let sha256 = filed.sha256.to_string();
    let filed = world.accept(filed).await.clip_id.to_string();
    let mut damaged = world.arrival("0054321_00432120240509000000_0001.mp4", b"2");
    damaged.media = MediaFacts { kind: Kind::Unknown, health: Health::Damaged, ..video() };
    let damaged = world.accept(damaged).await.clip_id.to_string();
    let (a, b) = ((&filed, "first"), (&damaged, "second"));
    for (query, expected) in [
        ("q=执123", a),
        ("q=２０２１ 吉0721", a),
        ("q=0054321", b),
        ("case=2021吉0721执123", a),
        ("case=（2021）吉0721执123号之一", a),
        ("officer=001234", a),
        ("officer=004321", b),
        ("recorder=0012345", a),
        ("from=2024-05-09", b),
        ("to=2024-05-08", a),
        ("from=2024-05-08&to=2024-05-08", a),
        ("from=2024-05-08T16:00:00Z", b),
        ("to=2024-05-08T16:00:00Z", a),
        ("from=2024-05-09T00:00:00+08:00", b),
        ("important=true", a),
        ("important=false", b),
        ("health=damaged", b),
        ("state=matched", a),
        ("state=accepted", b),
        (&*format!("sha256={sha256}"), a),
        (&*format!("sha256={}", sha256.to_uppercase()), a),
        ("unfiled=true", b),
        ("unfiled=false", a),
        ("kind=unknown", b),
        ("kind=video&important=true&officer=001234&from=2024-05-08", a),
    ] {
        let query: Vec<_> = query.split('&').map(|p| p.split_once('=').unwrap()).collect();
        let query: Vec<_> = query.iter().map(|(n, v)| format!("{n}={}", encode(v))).collect();
        let found = world.get(LEGAL, &format!("/api/v1/clips?{}", query.join("&"))).await;
        assert_eq!(found.status, StatusCode::OK, "{query:?}: {}", String::from_utf8_lossy(&found.body));
        assert_eq!(ids_of(&found.json()), std::slice::from_ref(expected.0), "{query:?} finds not {} alone", expected.1);
    }
    for query in ["q=执999", "case=2021吉0721执124", "officer=00123", "q=%25", "health=partial"] {
        let query = query.split_once('=').map(|(n, v)| format!("{n}={}", encode(v))).unwrap();
        let answer = world.get(LEGAL, &format!("/api/v1/clips?{query}")).await;
        let none = answer.status == StatusCode::BAD_REQUEST || ids_of(&answer.json()).is_empty();
        assert!(none, "{query}");
    }
}

#[tokio::test]
async fn wrong_parameters_are_named_all_at_once() {
    let world = World::new().await;
    let table: &[(&str, &[&str])] = &[
        ("limit=0", &["limit"]),
        ("limit=201", &["limit"]),
        ("limit=5&limit=6", &["limit"]),
        ("health=fine", &["health"]),
        ("state=x&kind=y&important=1", &["important", "state", "kind"]),
        ("sha256=abc", &["sha256"]),
        ("from=yesterday", &["from"]),
        ("to=2026-02-30", &["to"]),
        ("from=2026-11-25&to=2026-11-24", &["from"]),
        ("case=执123", &["case"]),
        ("q=", &["q"]),
        ("q=%21%21", &["q"]),
        ("officer=", &["officer"]),
        ("cursor=AAAA", &["cursor"]),
        ("colour=red", &["colour"]),
        ("limit=x&colour=red&Case=1", &["limit", "colour", "Case"]),
    ];
    for (query, fields) in table {
        let encoded: String =
            query.chars().map(|c| if c.is_ascii() { c.to_string() } else { encode(&c.to_string()) }).collect();
        let answer = world.get(OFFICER, &format!("/api/v1/clips?{encoded}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.fields(), *fields, "{query}");
    }
    let english = [("accept-language", "en")];
    let answer = world.get_with(OFFICER, "/api/v1/clips?state=x&case=2021", &english).await.json();
    assert_eq!(answer["errors"][1]["message"], "expected one of accepted, matched, confirmed, released, disposed");
    let case = answer["errors"][0]["message"].as_str().unwrap();
    assert!(case.contains("court code"), "{case}");
    let answer = world.get(OFFICER, "/api/v1/clips?state=x").await.json();
    assert_eq!(answer["errors"][0]["message"], "应为 accepted、matched、confirmed、released、disposed 之一");
    for id in ["x", "-1", "99999999999999999999", "%FF", "1.0"] {
        let answer = world.get(OFFICER, &format!("/api/v1/clips/{id}")).await;
        assert_eq!((answer.status, answer.fields()), (StatusCode::BAD_REQUEST, vec!["id".to_owned()]), "{id}");
    }
    assert_eq!(world.get(OFFICER, "/api/v1/clips/12").await.code(), "no_such_clip");
}

#[tokio::test]
async fn pages_give_every_clip_once_while_more_arrive() {
    let world = World::new().await;
    let mut before = Vec::new();
    // Several at the same instant: the id decides there.
    for time in ["120000", "120000", "120000", "130000", "110000", "120000", "140000"] {
        before.push(world.clip(time).await.to_string());
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world.get(OFFICER, &format!("/api/v1/clips?limit=2{cursor}")).await.json();
        seen.extend(ids_of(&page));
        world.clip("150000").await;
        world.clip("113000").await;
        let Some(next) = page["next_cursor"].as_str() else { break };
        assert_eq!(page["items"].as_array().unwrap().len(), 2);
        cursor = format!("&cursor={next}");
    }
    let mut unique = seen.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), seen.len(), "a clip was listed twice");
    assert!(before.iter().all(|id| seen.contains(id)), "a clip was left out");
    let all = world.all_ids("/api/v1/clips", 200).await;
    let order: Vec<_> = all.iter().filter(|id| seen.contains(id)).cloned().collect();
    assert_eq!(order, seen);
}

#[tokio::test]
async fn a_page_that_just_fits_is_the_last() {
    let world = World::new().await;
    for time in ["120000", "120001"] {
        world.clip(time).await;
    }
    let page = world.get(OFFICER, "/api/v1/clips?limit=2").await.json();
    assert_eq!((ids_of(&page).len(), &page["next_cursor"]), (2, &json!(null)));
}

#[tokio::test]
async fn a_tag_names_what_was_done_with_a_clip() {
    let world = World::new().await;
    let id = world.clip("120000").await;
    let path = format!("/api/v1/clips/{id}");
    let tag = world.get(OFFICER, &path).await.header(header::ETAG).unwrap().to_owned();
    let again = world.get_with(OFFICER, &path, &[("if-none-match", &tag)]).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let english = world.get_with(OFFICER, &path, &[("if-none-match", &tag), ("accept-language", "en")]).await;
    assert_eq!(english.status, StatusCode::OK, "another language is another text");
    world.get(OFFICER, &format!("{path}/media")).await;
    let changed = world.get_with(OFFICER, &path, &[("if-none-match", &tag)]).await;
    assert_eq!(changed.status, StatusCode::OK);
}

#[tokio::test]
async fn sentences_follow_the_language() {
    let world = World::new().await;
    let id = world.accept(world.arrival("plain.mp4", b"x")).await.clip_id;
    let path = format!("/api/v1/clips/{id}");
    let (zh, en) =
        (world.get(OFFICER, &path).await, world.get_with(OFFICER, &path, &[("accept-language", "en")]).await);
    assert_eq!(zh.header(header::CONTENT_LANGUAGE), Some("zh-CN"));
    assert_eq!((en.header(header::CONTENT_LANGUAGE), en.header(header::VARY)), (Some("en"), Some("Accept-Language")));
    let (zh, en) = (zh.json()["unfiled_reason"].clone(), en.json()["unfiled_reason"].clone());
    assert_eq!(zh["code"], en["code"]);
    assert!(!zh["text"].as_str().unwrap().is_ascii() && en["text"].as_str().unwrap().is_ascii(), "{zh} {en}");
}
