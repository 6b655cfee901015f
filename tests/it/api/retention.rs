//! Retention, holds and disposals, as people meet them.

mod damage;
mod disposed;
mod due;
mod held;
mod revived;

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zhilu::audit::ledger;
use zhilu::clock::FixedClock;
use zhilu::custody::retention::announce;
use zhilu::ledger::policy::Policy;
use zhilu::model::id::Id;
use zhilu::model::retention::{Rule, Settings, Table};
use zhilu::model::time::Micros;
use zhilu::search::index;

use super::world::{ADMIN, Answer, LEGAL, NOW, OFFICER, Who, World};

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;
/// The case that clips are tied to by the name of their directory.
const CASE: &str = "（2021）吉0721执123号";

/// A world whose retention table was announced long ago.
async fn world() -> World {
    let world = World::new().await;
    announce(&world.app.custody).await.unwrap();
    world
}

/// The same world `days` after everything else happens.
fn after(world: World, days: i64) -> World {
    world.with(|app| app.custody.clock = Arc::new(FixedClock::new(Micros(NOW.0 + days * DAY))))
}

/// The same world under another table, which is not announced.
fn under(world: World, rules: Vec<Rule>) -> World {
    let table = Table::new(rules).unwrap();
    world.with(|app| app.custody.retention = Arc::new(Settings { table, ..Settings::default() }))
}

/// A confirmed clip of the case.
async fn clip(world: &World, name: &str) -> Id {
    let clip = world.accept(world.arrival(format!("{CASE}/{name}"), name.as_bytes())).await.clip_id;
    world.confirm(clip).await;
    clip
}

/// Writes the status of every case.
async fn close_cases(world: &World, status: &str) {
    world.meddle(&format!("update cases set status = '{status}'")).await;
    let custody = &world.app.custody;
    let mut tx = custody.db.begin().await.unwrap();
    index::mark_everything_dirty(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
    index::drain(&custody.db, custody.utc_offset).await.unwrap();
}

async fn retention(world: &World, clip: Id) -> Value {
    world.get(OFFICER, &format!("/api/v1/clips/{clip}")).await.json()["retention"].clone()
}

/// Why a clip is not due.
async fn why(world: &World, clip: Id) -> Vec<String> {
    let retention = retention(world, clip).await;
    retention["why"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap().to_owned()).collect()
}

/// The ids that are due.
async fn due(world: &World) -> Vec<String> {
    super::world::ids_of(&world.get(LEGAL, "/api/v1/retention/due").await.json())
}

async fn propose(world: &World, who: Who, clips: Option<&[Id]>) -> Answer {
    let body = json!({"clips": clips, "reason": "保管期满"});
    world.send(who, Method::POST, "/api/v1/disposals", &body).await
}

async fn decide(world: &World, who: Who, disposal: &Value, approve: bool) -> Answer {
    let path = format!("/api/v1/disposals/{}/decision", disposal["id"].as_str().unwrap());
    world.send(who, Method::POST, &path, &json!({"approve": approve, "reason": "已核对"})).await
}

/// Legal staff propose these clips, an administrator approves.
async fn dispose(world: &World, clips: &[Id]) -> Value {
    let proposed = propose(world, LEGAL, Some(clips)).await;
    assert_eq!(proposed.status, StatusCode::CREATED, "{:#}", proposed.json());
    let done = decide(world, ADMIN, &proposed.json(), true).await;
    assert_eq!(done.status, StatusCode::OK, "{:#}", done.json());
    done.json()
}

async fn hold(world: &World, on: &str, subject: impl ToString) -> Value {
    let body = json!({"on": on, "subject": subject.to_string(), "reason": "复议期间"});
    let placed = world.send(LEGAL, Method::POST, "/api/v1/holds", &body).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{:#}", placed.json());
    placed.json()
}

async fn lift(world: &World, hold: &Value) -> Answer {
    let path = format!("/api/v1/holds/{}?reason=done", hold["id"].as_str().unwrap());
    world.ask(LEGAL, &path, |r| *r.method_mut() = Method::DELETE).await
}

/// What a check of everything finds.
async fn findings(world: &World) -> Vec<String> {
    world.check().await.findings.list().iter().map(|f| format!("{} {}", f.code, f.subject)).collect()
}

/// What the ledger says of disposals.
async fn disposals_said(world: &World) -> Vec<String> {
    let custody = &world.app.custody;
    let policy = Policy::of_log(custody.signer.verifier().clone());
    let report = ledger::verify(&custody.db, &policy, None, |_, _| {}).await.unwrap();
    report.disposed.iter().map(|(_, said)| said.to_string()).collect()
}

/// Whether the vault has the object of these bytes.
fn has_object(world: &World, bytes: &str) -> bool {
    use sha2::{Digest, Sha256};
    let digest = zhilu::model::digest::Sha256Digest(Sha256::digest(bytes).into());
    world.app.vault.object_path(digest).exists()
}
