//! Which incidents there are, and what a check finds.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::world::{LEGAL, OFFICER, World, encode, ids_of};
use super::{ALL, attack, decide, enter, measure};

async fn found(world: &World, query: &str) -> Vec<String> {
    let answer = world.get(LEGAL, &format!("{ALL}?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {:#}", answer.json());
    ids_of(&answer.json())
}

fn id(incident: &Value) -> String {
    incident["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn filters_combine() {
    let world = World::new().await;
    let clip = world.clip("132920").await.to_string();
    let mut first = attack();
    first["cases"] = json!(["（2021）吉0721执123号"]);
    let knife = enter(&world, &first).await;
    let insult = json!({
        "begin_at": "2024-06-01T00:00:00+08:00", "court": "吉0722", "severity": 1, "codes": ["V7"], "clips": [{"id": clip}],
        "victims": [{"role": "法官", "officer": "005678"}], "cases": ["（2021）吉0721执1234号"],
    });
    let insult = enter(&world, &insult).await;
    let refusal =
        enter(&world, &json!({"begin_at": "2024-07-01T00:00:00+08:00", "codes": ["V14"], "severity": 2})).await;
    decide(&world, &insult, "confirmed", "").await;
    let fine = json!({"kind": "罚款", "person": "李四"});
    measure(&world, &insult, fine).await;
    let (knife, insult, refusal) = (id(&knife), id(&insult), id(&refusal));
    let all = [refusal.clone(), insult.clone(), knife.clone()];
    for (query, expected) in [
        ("", &all[..]),
        ("status=confirmed", &all[1..2]),
        ("status=confirmed,suspected", &all[..]),
        ("code=V7", &all[1..2]),
        ("code=V6,v14", &[refusal.clone(), knife.clone()]),
        ("violent=true", &all[1..]),
        ("violent=false", &all[..1]),
        ("court=%E5%90%890721", &all[2..]),
        ("from=2024-06-01", &all[..2]),
        ("from=2024-06-01&to=2024-06-01", &all[1..2]),
        ("to=2024-05-31", &all[2..]),
        ("severity=1", &all[1..2]),
        ("severity=2,3", &[refusal.clone(), knife.clone()]),
        ("severity=1&violent=false", &[]),
        ("officer=005678", &all[1..2]),
        // Who made the clip, and who was hurt.
        ("officer=001234", &all[1..]),
        ("due=overdue", &[]),
    ] {
        assert_eq!(found(&world, query).await, expected, "{query}");
    }
    assert_eq!(found(&world, &format!("clip={clip}")).await, &all[1..2]);
    assert_eq!(found(&world, &format!("case={}", encode("2021吉0721执123"))).await, &all[2..]);
    assert_eq!(found(&world, &format!("measure={}", encode("司法拘留,罚款"))).await, &all[1..2]);
    assert_eq!(world.all_ids(ALL, 1).await, all);
    for (query, field) in [
        ("status=open", "status"),
        ("code=x", "code"),
        ("severity=5", "severity"),
        ("due=late", "due"),
        ("measure=x", "measure"),
        ("from=2024-06-02&to=2024-06-01", "from"),
        ("q=x", "q"),
        ("cursor=x", "cursor"),
    ] {
        assert_eq!(world.get(OFFICER, &format!("{ALL}?{query}")).await.fields(), [field], "{query}");
    }
}

#[tokio::test]
async fn pages_are_right_while_incidents_arrive_at_the_same_time() {
    let world = World::new().await;
    let body = json!({"begin_at": "2024-06-01T00:00:00Z"});
    let mut all = Vec::new();
    for _ in 0..5 {
        all.insert(0, id(&enter(&world, &body).await));
    }
    let page = world.get(LEGAL, &format!("{ALL}?limit=2")).await.json();
    enter(&world, &body).await;
    let next =
        world.get(LEGAL, &format!("{ALL}?limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).await.json();
    assert_eq!([ids_of(&page), ids_of(&next)].concat(), all[..4]);
}

#[tokio::test]
async fn a_check_finds_what_was_changed_behind_the_record() {
    let world = World::new().await;
    for _ in 0..2 {
        enter(&world, &attack()).await;
    }
    let codes = async || world.check().await.findings.list().iter().map(|f| f.code).collect::<Vec<_>>();
    assert_eq!(codes().await, [""; 0]);
    world.meddle("update incidents set last_entry = 0 where id = (select max(id) from incidents)").await;
    assert_eq!(codes().await, ["head_differs", "entry_differs"]);
    world.meddle("update incidents set last_entry = 1 where id = (select max(id) from incidents)").await;
    world.meddle("update incidents set version = 2 where id = (select max(id) from incidents)").await;
    assert_eq!(codes().await, ["row_altered"]);
    world.meddle("delete from amendments where subject_id = (select max(id) from incidents)").await;
    assert_eq!(codes().await, ["record_missing", "head_differs", "amendment_missing"]);
    world.meddle("delete from incident_codes").await;
    world.meddle("delete from incident_people").await;
    world.meddle("delete from incidents where id = (select min(id) from incidents)").await;
    assert_eq!(codes().await, ["record_missing", "head_differs", "amendment_missing", "row_missing"]);
}
