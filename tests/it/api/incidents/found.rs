//! Which incidents there are, and what a check finds.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Value, json};
use zhilu::custody::Custody;
use zhilu::http::state::App;
use zhilu::model::incident::Settings;

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
        ("colour=x", "colour"),
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
    // Nobody told the search either.
    let all =
        ["record_missing", "head_differs", "amendment_missing", "row_missing", "document_extra", "document_outdated"];
    assert_eq!(codes().await, all);
}

#[tokio::test]
async fn a_query_is_one_more_filter() {
    let world = World::new().await;
    let clip = world.clip("132920").await.to_string();
    let mut all = Vec::new();
    for (day, text, court) in
        [(1, "持刀威胁执行人员", "吉0721"), (2, "持刀，未威胁", "吉0722"), (3, "当场辱骂", "吉0721")]
    {
        let body = json!({"begin_at": format!("2024-06-0{day}T10:00:00+08:00"), "court": court, "narrative": text, "codes": ["V6"],
            "subjects": [{"name": "李四", "role": "被执行人"}], "cases": [format!("（2021）吉0721执{day}23号")],
            "clips": [{"id": clip, "from_ms": 0}]});
        all.push(id(&enter(&world, &body).await));
    }
    let [first, second, third] = [&all[0], &all[1], &all[2]].map(Clone::clone);
    for (query, expected) in [
        ("q=持刀", &[second.clone(), first.clone()][..]),
        ("q=威胁执行", std::slice::from_ref(&first)),
        ("q=李四 -持刀", std::slice::from_ref(&third)),
        ("q=持刀&court=吉0721", std::slice::from_ref(&first)),
        ("q=持刀&to=2024-06-01", std::slice::from_ref(&first)),
        ("q=持刀&code=V7", &[]),
        ("q=持刀&violent=false", &[]),
        ("q=持刀&severity=3", &[]),
        ("q=案号:执223", std::slice::from_ref(&second)),
        ("q=李四&case=(2021)吉0721执323", std::slice::from_ref(&third)),
        // A clip that bears the words is no incident.
        ("q=0012345", &[]),
        ("q=kind:clip", &[]),
    ] {
        let (name, rest) = query.split_once('=').unwrap();
        let (value, others) = rest.split_once('&').map_or((rest, ""), |(value, others)| (value, others));
        let others: String =
            others.chars().map(|c| if c.is_ascii() { c.to_string() } else { encode(&c.to_string()) }).collect();
        assert_eq!(found(&world, &format!("{name}={}&{others}", encode(value))).await, expected, "{query}");
    }
    // Page by page, and no cursor of the one order in the other.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(LEGAL, &format!("{ALL}?q={}&limit=1{cursor}", encode("李四"))).await.json();
        seen.extend(ids_of(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        let stray = world.get(LEGAL, &format!("{ALL}?cursor={next}")).await;
        assert_eq!(stray.fields(), ["cursor"]);
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, [third, second, first]);
    let wrong = world.get(LEGAL, &format!("{ALL}?q={}", encode("持刀 (威胁"))).await;
    assert_eq!((wrong.status, wrong.fields()), (StatusCode::BAD_REQUEST, vec!["q".to_owned()]));
}

#[tokio::test]
async fn what_counts_as_violent_is_a_setting() {
    let world = World::new().await;
    let enter = async |code: &str| {
        let body = json!({"begin_at": "2024-06-01T00:00:00+08:00", "codes": [code]});
        id(&enter(&world, &body).await)
    };
    let (knife, refusal) = (enter("V2").await, enter("V14").await);
    let search = async |world: &World| ids_of(&world.get(LEGAL, "/api/v1/search?kind=violent").await.json());
    assert_eq!(found(&world, "violent=true").await, std::slice::from_ref(&knife));
    assert_eq!(search(&world).await, std::slice::from_ref(&knife));
    let settings = Settings { violent: ["V14".parse().unwrap()].into(), ..Settings::default() };
    let world = world.with(|app| {
        let custody = Custody { incidents: Arc::new(settings), ..app.custody.clone() };
        *app = App::new(custody, Arc::clone(&app.vault), None);
    });
    assert_eq!(found(&world, "violent=true").await, std::slice::from_ref(&refusal));
    assert_eq!(search(&world).await, std::slice::from_ref(&refusal));
}
