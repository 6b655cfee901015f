//! Actions: entered, changed, cancelled; the clips that follow them.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use zhilu::catalog::custody as events;
use zhilu::catalog::engine::Db;
use zhilu::custody::rematch;
use zhilu::matching::Rules;
use zhilu::model::id::Id;
use zhilu::model::time::SECOND_US;

use super::world::{ADMIN, ANON, LEGAL, OFFICER, World, encode, ids_of};

/// 2024-05-08 at the court.
fn at(time: &str) -> String {
    format!("2024-05-08T{time}:00+08:00")
}

/// An eviction of officer 001234 from 13:00 to 15:00 on 2024-05-08.
pub(super) fn eviction(cases: &[&str]) -> Value {
    json!({
        "kind": "强制迁出", "place": "幸福路1号", "planned_from_at": at("13:00"), "planned_to_at": at("15:00"),
        "officers": ["001234"], "cases": cases,
    })
}

pub(super) async fn enter(world: &World, body: &Value) -> Value {
    let answer = world.send(LEGAL, Method::POST, "/api/v1/actions", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.json());
    let action = answer.json();
    let location = format!("/api/v1/actions/{}", action["id"].as_str().unwrap());
    assert_eq!(answer.header(header::LOCATION), Some(&*location));
    action
}

async fn change(world: &World, action: &Value, body: Value) -> Value {
    let path = format!("/api/v1/actions/{}", action["id"].as_str().unwrap());
    let answer = world.send(LEGAL, Method::PATCH, &path, &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.json());
    answer.json()
}

pub(super) async fn clip(world: &World, id: Id) -> Value {
    world.get(LEGAL, &format!("/api/v1/clips/{id}")).await.json()
}

/// Number and method of a clip's links.
pub(super) async fn links(world: &World, id: Id) -> Vec<(String, String)> {
    let clip = clip(world, id).await;
    let text = |tie: &Value, name: &str| tie[name].as_str().unwrap().to_owned();
    clip["cases"].as_array().unwrap().iter().map(|tie| (text(tie, "number"), text(tie, "method"))).collect()
}

fn tie(number: &str, method: &str) -> (String, String) {
    (number.to_owned(), method.to_owned())
}

/// How many events and entries there are.
pub(super) async fn entries(db: &Db) -> usize {
    let mut reader = db.read().await.unwrap();
    let events = events::page(reader.conn(), None, Id(0), 100_000).await.unwrap().len();
    events + zhilu::catalog::amendments::page(reader.conn(), None, Id(0), 100_000).await.unwrap().len()
}

const FIRST: &str = "（2021）吉0721执1号";
const SECOND: &str = "（2021）吉0721执2号";

#[tokio::test]
async fn an_action_entered_days_later_finds_its_clips() {
    let world = World::new().await;
    let (within, before, after) = (world.clip("132920").await, world.clip("125500").await, world.clip("150501").await);
    let reason = clip(&world, within).await["unfiled_reason"].clone();
    assert_eq!(reason["code"], "no_number_found");
    let codes: Vec<_> = reason["missing"].as_array().unwrap().iter().map(|m| m["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["no_number_found", "recorder_unregistered", "officer_unregistered", "no_action"]);
    assert!(reason["text"].as_str().unwrap().contains("执法记录仪 0012345 不在登记中"), "{reason}");
    let action = enter(&world, &eviction(&[FIRST, "(2021)吉0721执2"])).await;
    let both = [tie(FIRST, "action"), tie(SECOND, "action")];
    assert_eq!(links(&world, within).await, both);
    assert_eq!(links(&world, before).await, both, "the buffer is five minutes");
    assert_eq!(links(&world, after).await, []);
    let shown = clip(&world, within).await;
    assert_eq!((&shown["unfiled"], &shown["unfiled_reason"]), (&json!(false), &Value::Null));
    assert_eq!(shown["state"], "matched");
    let link = &shown["cases"][0];
    assert_eq!((&link["action_id"], &link["actor"]), (&action["id"], &json!("system:matching")));
    assert_eq!(
        link["reason"],
        "警号 001234 参加执行行动“强制迁出·幸福路1号”（2024-05-08 13:00 至 15:00），录制始于 2024-05-08 13:29"
    );
    let english = world.get_with(LEGAL, &format!("/api/v1/clips/{within}"), &[("accept-language", "en")]).await.json();
    assert!(english["cases"][0]["reason"].as_str().unwrap().starts_with("officer 001234 took part in"), "{english}");
    // The one outside says what it missed, and by how much.
    let text = clip(&world, after).await["unfiled_reason"]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("最近的是执行行动“强制迁出·幸福路1号”（2024-05-08 13:00 至 15:00），相差 6 分钟"), "{text}");
    let events = world.get(LEGAL, &format!("/api/v1/clips/{within}/events")).await.json();
    assert_eq!(events["items"][1]["kind"], "link");
    assert_eq!(events["items"][1]["detail"]["action"], action["id"]);
}

#[tokio::test]
async fn the_buffer_and_the_gap_between_segments_are_settings() {
    let rules = |buffer_s: i64, gap_s: i64| Rules {
        buffer_us: buffer_s * SECOND_US,
        segment_gap_us: gap_s * SECOND_US,
        ..Rules::default()
    };
    for (rules, before_is_linked, follower_is_linked) in
        [(Rules::default(), true, false), (rules(0, 10), false, false), (rules(0, 900), false, true)]
    {
        let world = World::new().await.with(|app| app.custody.rules = rules);
        let before = world.clip("125500").await;
        let named =
            world.accept(world.arrival("（2021）吉0721执2号/0012345_00123420240508160000_0001.mp4", b"n")).await;
        // It begins thirteen minutes after that one's end, and has another number.
        let follower = world.accept(world.arrival("0012345_00123420240508161302_0009.mp4", b"f")).await.clip_id;
        enter(&world, &eviction(&[FIRST])).await;
        assert_eq!(links(&world, before).await.is_empty(), !before_is_linked, "{rules:?}");
        assert_eq!(links(&world, named.clip_id).await, [tie(SECOND, "path")]);
        assert_eq!(links(&world, follower).await.is_empty(), !follower_is_linked, "{rules:?}");
    }
}

#[tokio::test]
async fn clips_that_come_after_the_action_are_linked_as_they_arrive() {
    let world = World::new().await;
    let action = enter(&world, &eviction(&[FIRST])).await;
    let id = world.clip("132920").await;
    assert_eq!(links(&world, id).await, [tie(FIRST, "action")]);
    assert_eq!(clip(&world, id).await["cases"][0]["action_id"], action["id"]);
    // A case in the folder counts too, and is the stronger reason for the same case.
    let place = "（2021）吉0721执1号/（2021）吉0721执9号/0012345_00123420240508140000_0007.mp4";
    let named = world.accept(world.arrival(place, b"named")).await.clip_id;
    assert_eq!(links(&world, named).await, [tie(FIRST, "path"), tie("（2021）吉0721执9号", "path")]);
    // Later it arrives once more under a name with a number: that takes the action's place.
    let bytes = b"again";
    let once = world.accept(world.arrival("0012345_00123420240508140500_0008.mp4", bytes)).await.clip_id;
    assert_eq!(links(&world, once).await, [tie(FIRST, "action")]);
    world.accept(world.arrival("（2021）吉0721执1号/0012345_00123420240508140500_0008.mp4", bytes)).await;
    assert_eq!(links(&world, once).await, [tie(FIRST, "path")]);
}

#[tokio::test]
async fn a_changed_or_cancelled_action_takes_its_links_with_it() {
    let world = World::new().await;
    let named =
        world.accept(world.arrival("（2021）吉0721执1号/0012345_00123420240508133000_0001.mp4", b"n")).await.clip_id;
    let id = world.clip("132920").await;
    let action = enter(&world, &eviction(&[FIRST])).await;
    assert_eq!(links(&world, id).await, [tie(FIRST, "action")]);
    change(&world, &action, json!({"cases": [SECOND]})).await;
    assert_eq!(links(&world, id).await, [tie(SECOND, "action")]);
    assert_eq!(links(&world, named).await, [tie(FIRST, "path"), tie(SECOND, "action")]);
    change(&world, &action, json!({"actual_from_at": at("14:00")})).await;
    assert_eq!(links(&world, id).await, [], "the real window counts");
    change(&world, &action, json!({"actual_from_at": null})).await;
    assert_eq!(links(&world, id).await, [tie(SECOND, "action")]);
    change(&world, &action, json!({"officers": ["009999"]})).await;
    assert_eq!(links(&world, id).await, []);
    change(&world, &action, json!({"recorders": ["0012345"]})).await;
    assert_eq!(links(&world, id).await, [tie(SECOND, "action")]);
    let cancelled = change(&world, &action, json!({"state": "cancelled"})).await;
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(links(&world, id).await, []);
    assert_eq!(links(&world, named).await, [tie(FIRST, "path")]);
    let shown = clip(&world, id).await;
    assert_eq!((&shown["unfiled"], &shown["state"]), (&json!(true), &json!("accepted")));
    assert_eq!(shown["unfiled_reason"]["code"], "no_number_found");
    let page = world.get(LEGAL, &format!("/api/v1/clips/{id}/events?limit=200")).await.json();
    let kinds: Vec<_> = page["items"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    let expected = ["ingestion", "link", "unlink", "link", "unlink", "link", "unlink", "link", "unlink"];
    assert_eq!(kinds, expected);
    assert_eq!(world.check().await.findings.list(), []);
}

#[tokio::test]
async fn matching_anew_changes_nothing_that_is_right() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for time in ["125000", "130000", "130010", "132920", "150400", "160000"] {
        ids.push(world.clip(time).await);
    }
    let action = enter(&world, &eviction(&[FIRST, SECOND])).await;
    let other = json!({"kind": "搜查", "planned_from_at": at("15:30"), "planned_to_at": at("17:00"),
        "recorders": ["0012345"], "cases": [SECOND]});
    enter(&world, &other).await;
    let before = entries(&world.app.custody.db).await;
    rematch::clips(&world.app.custody, &ids).await.unwrap();
    rematch::clips(&world.app.custody, &ids).await.unwrap();
    assert_eq!(entries(&world.app.custody.db).await, before);
    // Saying what is said already is no change.
    let same = change(&world, &action, eviction(&[FIRST, SECOND])).await;
    assert_eq!(same["ledger_index"], action["ledger_index"]);
    assert_eq!(entries(&world.app.custody.db).await, before);
    // What makes no difference to clips is one entry.
    change(&world, &action, json!({"note": "门锁已更换"})).await;
    assert_eq!(entries(&world.app.custody.db).await, before + 1);
}

#[tokio::test]
async fn what_a_process_that_ended_left_is_finished() {
    let world = World::new().await;
    let id = world.clip("132920").await;
    let action = enter(&world, &eviction(&[FIRST])).await;
    let action: Id = action["id"].as_str().unwrap().parse().unwrap();
    // As a process leaves it that ends between the change and its last clip: the link is not there yet.
    let custody = &world.app.custody;
    let mut tx = custody.db.begin().await.unwrap();
    let row = zhilu::catalog::actions::get(tx.conn(), action).await.unwrap().unwrap();
    assert_eq!(row.rematch, None, "nothing is left when the answer comes");
    let (from, to) = (row.facts.window().from.0, row.facts.window().to.0);
    let left = json!({"scopes": [{"from_us": from, "to_us": to, "officers": ["001234"], "recorders": []}],
        "after": null, "linked_after": 0});
    zhilu::catalog::actions::set_rematch(tx.conn(), action, Some(&left.to_string())).await.unwrap();
    zhilu::catalog::case_links::delete(tx.conn(), id, row.cases[0].0).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(rematch::resume(custody).await.unwrap(), 1);
    assert_eq!(links(&world, id).await, [tie(FIRST, "action")]);
    assert_eq!(rematch::resume(custody).await.unwrap(), 0);
}

#[tokio::test]
async fn a_transfer_of_the_recorder_moves_no_old_clip() {
    let world = World::new().await;
    for (officer, name) in [("001234", "张三"), ("005678", "李四")] {
        let body = json!({"number": officer, "name": name});
        world.send(ADMIN, Method::POST, "/api/v1/officers", &body).await;
    }
    // The recorder was the first officer's until noon of the 9th, then the second's.
    let recorder = json!({"serial": "0012345"});
    world.send(ADMIN, Method::POST, "/api/v1/recorders", &recorder).await;
    let custody = &world.app.custody;
    let mut tx = custody.db.begin().await.unwrap();
    let noon = zhilu::model::time::Micros::from_seconds(1_715_227_200).unwrap();
    for (officer, from, to) in [("001234", zhilu::model::time::Micros(0), Some(noon)), ("005678", noon, None)] {
        let span = zhilu::model::span::Span { from, to };
        let holder =
            zhilu::catalog::recorders::Holder { serial: "0012345".to_owned(), officer: officer.to_owned(), span };
        zhilu::catalog::recorders::put_holder(tx.conn(), &holder).await.unwrap();
    }
    tx.commit().await.unwrap();
    // The device was never given an officer number.
    let unnamed = |day: &str| format!("0012345_000000202405{day}133000_0001.mp4");
    let first = world.accept(world.arrival(unnamed("08"), b"first")).await.clip_id;
    let second = world.accept(world.arrival(unnamed("10"), b"second")).await.clip_id;
    enter(&world, &eviction(&[FIRST])).await;
    assert_eq!(links(&world, first).await, [tie(FIRST, "action")]);
    let reason = clip(&world, first).await["cases"][0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("执法记录仪 0012345 当时由警号 001234 使用"), "{reason}");
    let later = |officer: &str, case: &str| {
        json!({"kind": "搜查", "planned_from_at": "2024-05-10T13:00:00+08:00",
            "planned_to_at": "2024-05-10T14:00:00+08:00", "officers": [officer], "cases": [case]})
    };
    enter(&world, &later("001234", "（2021）吉0721执3号")).await;
    assert_eq!(links(&world, second).await, []);
    enter(&world, &later("005678", SECOND)).await;
    assert_eq!(links(&world, second).await, [tie(SECOND, "action")]);
    assert_eq!(links(&world, first).await, [tie(FIRST, "action")]);
}

#[tokio::test]
async fn a_register_that_comes_late_is_matched_by_too() {
    let world = World::new().await;
    let id = world.accept(world.arrival("0012345_00000020240508133000_0001.mp4", b"x")).await.clip_id;
    enter(&world, &eviction(&[FIRST])).await;
    let text = async || clip(&world, id).await["unfiled_reason"]["text"].as_str().unwrap_or_default().to_owned();
    assert!(text().await.contains("执法记录仪 0012345 不在登记中"), "{}", text().await);
    let csv = "序列号,持有人警号,起始日期,截止日期\n0012345,005678,2024-01-01,\n";
    world.send_as(ADMIN, Method::POST, "/api/v1/imports/recorders", "text/csv", csv).await;
    rematch::drain(&world.app.custody).await.unwrap();
    let said = text().await;
    assert!(
        !said.contains("不在登记中") && said.contains("警号 005678、执法记录仪 0012345 此时没有执行行动"),
        "{said}"
    );
    // The holder was another one: the register is corrected, and the clip finds its case.
    let list = world.get(ADMIN, "/api/v1/recorders").await.json();
    let path = format!("/api/v1/recorders/{}", list["items"][0]["id"].as_str().unwrap());
    let holders = json!({"holders": [{"officer": "001234", "first_day": "2024-01-01"}]});
    assert_eq!(world.send(ADMIN, Method::PATCH, &path, &holders).await.status, StatusCode::OK);
    rematch::drain(&world.app.custody).await.unwrap();
    assert_eq!(links(&world, id).await, [tie(FIRST, "action")]);
    let before = entries(&world.app.custody.db).await;
    let officer = json!({"number": "001234", "name": "张三"});
    world.send(ADMIN, Method::POST, "/api/v1/officers", &officer).await;
    rematch::drain(&world.app.custody).await.unwrap();
    assert_eq!(entries(&world.app.custody.db).await, before);
}

#[tokio::test]
async fn a_clock_that_was_never_set_is_not_matched_by() {
    let world = World::new().await;
    let never = "0012345_00123420100101093309_0002.mp4";
    let mut arrival = world.arrival(never, b"never");
    arrival.mtime_ns = 1_262_309_589_000_000_000;
    let id = world.accept(arrival).await.clip_id;
    let today = json!({"kind": "搜查", "planned_from_at": "2026-11-24T15:00:00+08:00",
        "planned_to_at": "2026-11-24T18:00:00+08:00", "officers": ["001234"], "cases": [FIRST]});
    enter(&world, &today).await;
    let shown = clip(&world, id).await;
    assert_eq!(shown["cases"], json!([]));
    let text = shown["unfiled_reason"]["text"].as_str().unwrap();
    assert!(text.contains("录制时间不可信，未按执行行动匹配：设备时钟未校准（早于2016年）"), "{text}");
}

#[tokio::test]
async fn the_values_of_an_action_are_checked_all_at_once() {
    let world = World::new().await;
    let post = async |body: Value| world.send(LEGAL, Method::POST, "/api/v1/actions", &body).await;
    let bad = post(json!({"kind": " ", "planned_from_at": "gestern", "cases": ["执123"], "state": "x"})).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut fields = bad.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["cases", "kind", "planned_from_at", "planned_to_at", "state"]);
    assert_eq!(post(json!({"kind": "搜查", "colour": 1})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let turned = json!({"kind": "搜查", "planned_from_at": at("15:00"), "planned_to_at": at("13:00")});
    assert_eq!(post(turned).await.fields(), ["planned_to_at"]);
    let long = json!({"kind": "搜查", "planned_from_at": at("15:00"), "planned_to_at": "2024-06-08T13:00:00+08:00"});
    assert_eq!(post(long).await.fields(), ["planned_to_at"]);
    let mut first = eviction(&[]);
    first["reference"] = json!("执行-2024-1");
    let action = enter(&world, &first).await;
    let taken = post(first).await;
    assert_eq!((taken.status, taken.code().as_str()), (StatusCode::CONFLICT, "reference_taken"));
    let path = format!("/api/v1/actions/{}", action["id"].as_str().unwrap());
    let ended = world.send(LEGAL, Method::PATCH, &path, &json!({"actual_to_at": at("12:00")})).await;
    assert_eq!(ended.fields(), ["actual_to_at"]);
    assert_eq!(world.send(LEGAL, Method::PATCH, "/api/v1/actions/7", &json!({})).await.code(), "no_such_action");
    assert_eq!(world.get(ANON, &path).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_change_is_refused_when_somebody_was_quicker() {
    let world = World::new().await;
    let action = enter(&world, &eviction(&[FIRST])).await;
    let path = format!("/api/v1/actions/{}", action["id"].as_str().unwrap());
    let tag = world.get(OFFICER, &path).await.header(header::ETAG).unwrap().to_owned();
    assert_eq!(world.get_with(OFFICER, &path, &[("if-none-match", &tag)]).await.status, StatusCode::NOT_MODIFIED);
    let patch = async |tag: &str, body: Value| {
        world
            .ask(LEGAL, &path, |r| {
                *r.method_mut() = Method::PATCH;
                r.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
                r.headers_mut().insert(header::IF_MATCH, tag.parse().unwrap());
                *r.body_mut() = body.to_string().into();
            })
            .await
    };
    let changed = patch(&tag, json!({"recorders_needed": 2})).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_ne!(changed.header(header::ETAG), Some(&*tag));
    let late = patch(&tag, json!({"recorders_needed": 3})).await;
    assert_eq!((late.status, late.code().as_str()), (StatusCode::PRECONDITION_FAILED, "outdated"));
    let history = world.get(LEGAL, &format!("{path}/history")).await.json();
    let kinds: Vec<_> = history["items"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["create", "change"]);
    assert_eq!(history["items"][1]["detail"]["changes"], json!({"recorders_needed": {"old": 0, "new": 2}}));
    assert!(history["items"][1]["actor"].as_str().unwrap().ends_with(":legal"));
    assert_eq!(history["items"][0]["detail"]["values"]["place"], "幸福路1号");
}

#[tokio::test]
async fn actions_are_found_by_what_belongs_to_them() {
    let world = World::new().await;
    let mut all = Vec::new();
    for (day, officer, recorder, case) in
        [("08", "001234", "0000001", FIRST), ("09", "005678", "0000002", SECOND), ("10", "001234", "0000002", SECOND)]
    {
        let body = json!({
            "kind": "搜查", "court": format!("吉07{day}"), "planned_from_at": format!("2024-05-{day}T09:00:00+08:00"),
            "planned_to_at": format!("2024-05-{day}T11:00:00+08:00"), "officers": [officer], "recorders": [recorder],
            "cases": [case],
        });
        all.insert(0, enter(&world, &body).await["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(world.all_ids("/api/v1/actions", 2).await, all);
    let case = format!("case={}", encode("2021吉0721执2"));
    let court = format!("court={}", encode("吉0709"));
    for (query, found) in [
        ("officer=001234", vec![0, 2]),
        ("recorder=0000002", vec![0, 1]),
        ("from=2024-05-09", vec![0, 1]),
        ("to=2024-05-09", vec![1, 2]),
        ("from=2024-05-08T02:59:59Z&to=2024-05-08", vec![2]),
        ("from=2024-05-08T03:00:00Z&to=2024-05-08", vec![]),
        (&*case, vec![0, 1]),
        (&*court, vec![1]),
        ("state=planned&officer=005678", vec![1]),
        ("state=done", vec![]),
    ] {
        let page = world.get(OFFICER, &format!("/api/v1/actions?{query}")).await.json();
        assert_eq!(ids_of(&page), found.iter().map(|n| all[*n].clone()).collect::<Vec<_>>(), "{query}");
    }
    assert_eq!(world.get(OFFICER, "/api/v1/actions?state=x&from=y").await.fields(), ["from", "state"]);
}

#[tokio::test]
async fn coverage_tells_what_was_recorded_of_an_action() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for (name, minutes) in [
        ("0012345_00123420240508130000_0001.mp4", 30),
        ("0012345_00123420240508133005_0002.mp4", 30),
        ("0054321_00999920240508140000_0001.mp4", 30),
    ] {
        let mut arrival = world.arrival(name, name.as_bytes());
        arrival.media.duration_ms = Some(minutes * 60_000);
        ids.push(world.accept(arrival).await.clip_id.to_string());
    }
    world.clip("200000").await;
    let mut body = eviction(&[]);
    (body["recorders"], body["recorders_needed"]) = (json!(["0054321", "0077777"]), json!(2));
    let action = enter(&world, &body).await;
    let path = format!("/api/v1/actions/{}", action["id"].as_str().unwrap());
    let found = world.get(OFFICER, &format!("{path}/coverage")).await.json();
    assert_eq!(
        (&found["recorders_needed"], &found["recorders_present"], &found["enough"]),
        (&json!(2), &json!(2), &json!(true))
    );
    assert_eq!((&found["window_ms"], &found["clips"]), (&json!(7_200_000), &json!(3)));
    assert_eq!(found["recorded_ms"], 30 * 60_000 + 59 * 60_000 + 55_000);
    let gap = |from: &str, to: &str| json!({"from_at": from, "to_at": to});
    assert_eq!(found["recorders"][0]["gaps"], json!([gap("2024-05-08T06:00:05Z", "2024-05-08T07:00:00Z")]));
    assert_eq!(found["recorders"][1]["recorder"], "0054321");
    assert_eq!(
        found["recorders"][2],
        json!({"recorder": "0077777", "clips": 0, "recorded_ms": 0,
        "gaps": [gap("2024-05-08T05:00:00Z", "2024-05-08T07:00:00Z")]})
    );
    ids.reverse();
    assert_eq!(world.all_ids(&format!("{path}/clips"), 2).await, ids);
}
