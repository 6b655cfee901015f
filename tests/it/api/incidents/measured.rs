//! Measures, their limits and terms.

use std::sync::Arc;

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use zhilu::clock::FixedClock;
use zhilu::custody::incident::renew_terms;
use zhilu::model::incident::Settings;

use super::super::world::{LEGAL, World, ids_of};
use super::{ALL, assert_sound, attack, changes, decide, enter, history, measure, patch, path, read};

/// An approved fine of 1,000 yuan.
fn fine(person: &str) -> Value {
    json!({
        "kind": "罚款", "person": person, "amount_yuan": 1000, "decided_by": "赵六", "decided_at": "2024-05-10T03:00:00Z",
        "approved_by": "院长", "approved_at": "2024-05-10T02:00:00Z",
    })
}

/// An urgent detention that nobody approved yet.
fn urgent(person: &str) -> Value {
    json!({
        "kind": "司法拘留", "person": person, "days": 10, "urgent": true, "decided_by": "赵六",
        "decided_at": "2024-05-08T06:00:00Z",
    })
}

async fn taken(world: &World, incident: &Value, body: Value) -> Value {
    let answer = measure(world, incident, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.json());
    answer.json()
}

async fn change(world: &World, incident: &Value, n: usize, body: Value) -> super::Answer {
    let id = read(world, incident).await["measures"][n]["id"].as_str().unwrap().to_owned();
    world.send(LEGAL, Method::PATCH, &format!("{}/measures/{id}", path(incident)), &body).await
}

fn due(incident: &Value) -> Vec<(String, String, bool)> {
    let text = |d: &Value, name: &str| d[name].as_str().unwrap().to_owned();
    let all = incident["due"].as_array().unwrap().iter();
    all.map(|d| (text(d, "what"), text(d, "due_at"), d["overdue"].as_bool().unwrap())).collect()
}

async fn due_ids(world: &World, word: &str) -> Vec<String> {
    ids_of(&world.get(LEGAL, &format!("{ALL}?due={word}")).await.json())
}

fn set_clock(world: World, at: &str) -> World {
    world.with(|app| app.custody.clock = Arc::new(FixedClock::new(at.parse().unwrap())))
}

#[tokio::test]
async fn the_law_s_limits_are_named_in_the_refusal() {
    let world = World::new().await;
    let incident = enter(&world, &attack()).await;
    let with = |mut body: Value, name: &str, value: Value| {
        body[name] = value;
        body
    };
    for (body, field, word) in [
        (with(fine("李四"), "amount_yuan", json!(100_001)), "amount_yuan", "100000"),
        (
            with(with(fine("某公司"), "against_unit", json!(true)), "amount_yuan", json!(49_999)),
            "amount_yuan",
            "1000000",
        ),
        (with(urgent("李四"), "days", json!(16)), "days", "15"),
        (with(fine("李四"), "approved_by", json!(null)), "approved_by", "approved_at"),
        (with(urgent("李四"), "urgent", json!(false)), "approved_by", "院长批准"),
        (
            json!({"kind": "拘传", "person": "李四", "decided_by": "赵六", "decided_at": "2024-05-10T03:00:00Z"}),
            "approved_by",
            "院长批准",
        ),
        (json!({"kind": "枪决", "person": "李四"}), "kind", "训诫"),
        (json!({"person": "李四"}), "kind", "措施"),
        (json!({"kind": "训诫"}), "person", "谁"),
        (with(fine("李四"), "decided_at", json!("2099-01-01T00:00:00Z")), "decided_at", "现在"),
    ] {
        let answer = measure(&world, &incident, body.clone()).await;
        assert_eq!(
            (answer.status, answer.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]),
            "{body}"
        );
        let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(word), "{message}");
    }
    assert_eq!(history(&world, &incident).await.len(), 1);
}

#[tokio::test]
async fn a_measure_is_proposed_approved_served_and_every_step_is_kept() {
    let world = World::new().await;
    let incident = enter(&world, &attack()).await;
    let answer = measure(&world, &incident, json!({"kind": "罚款", "person": "李四", "amount_yuan": 800})).await;
    let id = answer.json()["measures"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header(header::LOCATION), Some(&*format!("{}/measures/{id}", path(&incident))));
    assert_eq!((&answer.json()["measures"][0]["stage"], &answer.json()["version"]), (&json!("proposed"), &json!(2)));
    let mut decision = fine("李四");
    decision.as_object_mut().unwrap().remove("kind");
    assert_eq!(change(&world, &incident, 0, decision).await.json()["measures"][0]["stage"], "decided");
    let served = change(&world, &incident, 0, json!({"served_at": "2024-05-10T15:59:59Z"})).await.json();
    assert_eq!(served["measures"][0]["stage"], "served");
    // 23:59:59 at the court: day 1 is the 11th, and the third one ends with the 13th.
    assert_eq!(due(&served), [("review_request".to_owned(), "2024-05-13T16:00:00Z".to_owned(), false)]);
    let same = change(&world, &incident, 0, json!({"served_at": "2024-05-10T15:59:59Z"})).await.json();
    assert_eq!(same["version"], served["version"], "nothing changed");
    let items = history(&world, &incident).await;
    let kinds: Vec<&str> = items.iter().map(|i| i["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["create", "measure_add", "measure_change", "measure_change"]);
    assert!(changes(&items[2]).contains(&(format!("measures/{id}/amount_yuan"), json!(800), json!(1000))));
    assert_eq!(changes(&items[3]), [(format!("measures/{id}/served_at"), Value::Null, json!("2024-05-10T15:59:59Z"))]);
    let missing = world.send(LEGAL, Method::PATCH, &format!("{}/measures/12", path(&incident)), &json!({})).await;
    assert_eq!(missing.code(), "no_such_measure");
    assert_sound(&world).await;
}

#[tokio::test]
async fn the_same_act_is_not_punished_twice() {
    let world = World::new().await;
    let first = enter(&world, &attack()).await;
    taken(&world, &first, fine("李四")).await;
    let twice = measure(&world, &first, fine("李四")).await;
    assert_eq!((twice.status, twice.code().as_str()), (StatusCode::CONFLICT, "punished_already"));
    // A fine and a detention together, another person, a step of a procedure.
    taken(&world, &first, urgent("李四")).await;
    taken(&world, &first, fine("王五")).await;
    for _ in 0..2 {
        taken(&world, &first, json!({"kind": "约谈", "person": "李四"})).await;
    }
    // The same act entered again: they share an instant.
    let mut same = attack();
    same["begin_at"] = json!("2024-05-08T13:35:00+08:00");
    same["end_at"] = json!(null);
    let second = enter(&world, &same).await;
    let twice = measure(&world, &second, fine("李四")).await;
    assert!(twice.json()["detail"].as_str().unwrap().contains(first["id"].as_str().unwrap()), "{:#}", twice.json());
    // A new act, until its time is corrected into the first one.
    let mut new = attack();
    (new["begin_at"], new["end_at"]) = (json!("2024-05-08T14:00:00+08:00"), json!(null));
    let third = enter(&world, &new).await;
    taken(&world, &third, fine("李四")).await;
    let moved = patch(&world, LEGAL, &third, json!({"begin_at": "2024-05-08T13:34:00+08:00"})).await;
    assert_eq!(moved.code(), "punished_already");
    assert_eq!(
        patch(&world, LEGAL, &third, json!({"begin_at": "2024-05-08T13:36:00+08:00"})).await.status,
        StatusCode::OK
    );
    // Naming somebody else's measure after the person is the same as taking it.
    taken(&world, &second, fine("赵四")).await;
    assert_eq!(change(&world, &second, 0, json!({"person": "李四"})).await.code(), "punished_already");
    // What was dismissed punishes nobody, and cannot come back beside what was done since.
    assert_eq!(decide(&world, &first, "dismissed", "重复登记").await.status, StatusCode::OK);
    taken(&world, &second, fine("李四")).await;
    assert_eq!(decide(&world, &first, "suspected", "并非重复").await.code(), "punished_already");
    assert_eq!(measure(&world, &first, fine("孙七")).await.code(), "dismissed");
    assert_sound(&world).await;
}

#[tokio::test]
async fn an_urgent_detention_is_reported_at_once_and_the_family_told_within_a_day() {
    // A minute before the day is over.
    let world = set_clock(World::new().await, "2024-05-09T05:59:00Z");
    let incident = enter(&world, &attack()).await;
    let shown = taken(&world, &incident, urgent("李四")).await;
    assert_eq!(shown["measures"][0]["stage"], "urgent");
    let report = ("urgent_report".to_owned(), "2024-05-08T06:00:00Z".to_owned());
    let family = ("family_notice".to_owned(), "2024-05-09T06:00:00Z".to_owned());
    let at = |(what, at): &(String, String), overdue| (what.clone(), at.clone(), overdue);
    assert_eq!(due(&shown), [at(&report, true), at(&family, false)]);
    assert_eq!((due_ids(&world, "overdue").await.len(), due_ids(&world, "soon").await.len()), (1, 0));
    let approved = json!({"approved_by": "院长", "approved_at": "2024-05-08T09:00:00Z"});
    let shown = change(&world, &incident, 0, approved).await.json();
    assert_eq!(due(&shown), [at(&report, false), at(&family, false)]);
    assert_eq!((due_ids(&world, "overdue").await.len(), due_ids(&world, "soon").await.len()), (0, 1));
    let world = set_clock(world, "2024-05-09T06:00:00Z");
    assert_eq!(due(&read(&world, &incident).await), [at(&report, false), at(&family, true)]);
    assert_eq!((due_ids(&world, "overdue").await.len(), due_ids(&world, "soon").await.len()), (1, 0));
    let shown = change(&world, &incident, 0, json!({"family_reason": "家属无法联系"})).await.json();
    assert_eq!(shown["due"][1]["excuse"], "家属无法联系");
    assert_eq!((due_ids(&world, "overdue").await.len(), due_ids(&world, "soon").await.len()), (0, 0));
    let late = change(&world, &incident, 0, json!({"family_told_at": "2024-05-09T06:00:00Z"})).await.json();
    assert_eq!((&late["due"][1]["late"], &late["due"][1]["excuse"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn terms_of_the_court_follow_its_settings() {
    let world = set_clock(World::new().await, "2024-05-10T00:00:00Z");
    let incident = enter(&world, &attack()).await;
    let shown = decide(&world, &incident, "confirmed", "").await.json();
    assert_eq!(due(&shown), []);
    let settings = |interview, committee| Settings {
        interview_days: interview,
        committee_report_days: committee,
        ..Settings::default()
    };
    let with = |world: World, new: Settings| world.with(|app| app.custody.incidents = Arc::new(new));
    let world = with(world, settings(Some(3), Some(30)));
    renew_terms(&world.app.custody).await.unwrap();
    let interview = ("interview".to_owned(), "2024-05-13T16:00:00Z".to_owned(), false);
    let committee = ("committee_report".to_owned(), "2024-06-09T16:00:00Z".to_owned(), false);
    assert_eq!(due(&read(&world, &incident).await), [interview, committee]);
    let world = set_clock(world, "2024-05-14T00:00:00Z");
    assert_eq!(due_ids(&world, "overdue").await.len(), 1, "rows that were there follow the settings");
    let held = json!({"kind": "约谈", "person": "李四", "decided_by": "赵六", "decided_at": "2024-05-13T20:00:00Z"});
    let shown = taken(&world, &incident, held).await;
    assert_eq!((&shown["due"][0]["overdue"], &shown["due"][0]["late"]), (&json!(false), &json!(true)));
    assert_eq!(due_ids(&world, "overdue").await.len(), 0);
    let reported = json!({"committee_reported_at": "2024-05-13T00:00:00Z"});
    let shown = patch(&world, LEGAL, &incident, reported).await.json();
    assert_eq!(shown["due"][1]["done_at"], "2024-05-13T00:00:00Z");
    let world = with(world, settings(None, None));
    renew_terms(&world.app.custody).await.unwrap();
    assert_eq!(due(&read(&world, &incident).await), []);
    assert_sound(&world).await;
}
