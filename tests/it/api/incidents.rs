//! Incidents: entered, changed, decided; measures and their terms; what marks make of themselves.

mod decided;
mod entered;
mod found;
mod marked;
mod measured;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Answer, LEGAL, Who, World};

const ALL: &str = "/api/v1/incidents";

fn path(incident: &Value) -> String {
    format!("{ALL}/{}", incident["id"].as_str().unwrap())
}

/// Everything that a confirmation needs.
fn attack() -> Value {
    json!({
        "begin_at": "2024-05-08T13:30:00+08:00", "end_at": "2024-05-08T13:35:00+08:00", "court": "吉0721", "severity": 3,
        "place": "幸福路1号", "narrative": "李四手持菜刀阻拦执行人员进入", "codes": ["V2", "v6"],
        "subjects": [{"name": "李四", "role": "被执行人"}],
        "victims": [{"name": "张三", "role": "司法警察", "officer": "001234"}],
    })
}

async fn enter_as(world: &World, who: Who, body: &Value) -> Value {
    let answer = world.send(who, Method::POST, ALL, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.json());
    answer.json()
}

async fn enter(world: &World, body: &Value) -> Value {
    enter_as(world, LEGAL, body).await
}

async fn patch(world: &World, who: Who, incident: &Value, body: Value) -> Answer {
    world.send(who, Method::PATCH, &path(incident), &body).await
}

async fn decide(world: &World, incident: &Value, status: &str, reason: &str) -> Answer {
    let body = json!({"status": status, "reason": reason});
    world.send(LEGAL, Method::POST, &format!("{}/status", path(incident)), &body).await
}

async fn measure(world: &World, incident: &Value, body: Value) -> Answer {
    world.send(LEGAL, Method::POST, &format!("{}/measures", path(incident)), &body).await
}

async fn read(world: &World, incident: &Value) -> Value {
    world.get(LEGAL, &path(incident)).await.json()
}

async fn history(world: &World, incident: &Value) -> Vec<Value> {
    let page = world.get(LEGAL, &format!("{}/history", path(incident))).await.json();
    page["items"].as_array().unwrap().clone()
}

/// Kind and changes of a history, each change as its field, old and new value.
fn changes(item: &Value) -> Vec<(String, Value, Value)> {
    let all = item["changes"].as_array().unwrap().iter();
    all.map(|c| (c["field"].as_str().unwrap().to_owned(), c["old"].clone(), c["new"].clone())).collect()
}

/// Everything holds, and every change is in the ledger.
async fn assert_sound(world: &World) {
    assert_eq!(world.check().await.findings.list(), []);
}
