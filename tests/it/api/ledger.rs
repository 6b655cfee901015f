//! The ledger over HTTP, rebuilt from what it serves.

use axum::http::{StatusCode, header};
use serde_json::json;
use zhilu::ledger::bundle;
use zhilu::ledger::checkpoint::SignedCheckpoint;
use zhilu::ledger::merkle::{Hash, leaf_hash};
use zhilu::ledger::policy::Policy;
use zhilu::ledger::proof::TlogProof;
use zhilu::ledger::tile::{LogState, entries_path, tile_path};

use super::world::{ADMIN, OFFICER, World};

/// A world whose log has this many entries at least: each clip has one, its confirmation another.
async fn world_of(entries: u64) -> World {
    let world = World::new().await;
    let arrivals: Vec<_> = (0..entries).map(|n| world.arrival(format!("{n}.mp4"), &n.to_be_bytes())).collect();
    for some in arrivals.chunks(100) {
        zhilu::custody::accept::accept(&world.app.custody, some).await.unwrap();
    }
    world
}

fn policy(world: &World) -> Policy {
    Policy::of_log(world.app.custody.signer.verifier().clone())
}

async fn size(world: &World) -> u64 {
    let note = world.get(OFFICER, "/api/v1/ledger/checkpoint").await.body;
    let note = SignedCheckpoint::parse(&note).unwrap();
    policy(world).accept(&note).unwrap().head.size
}

#[tokio::test]
async fn whoever_reads_bundles_and_tiles_comes_to_the_signed_root() {
    let world = world_of(600).await;
    let note = SignedCheckpoint::parse(&world.get(OFFICER, "/api/v1/ledger/checkpoint").await.body).unwrap();
    let head = policy(&world).accept(&note).unwrap().head;
    assert_eq!(head.size, 600);
    let mut state = LogState::new();
    for (index, width) in [(0, 256), (1, 256), (2, 88)] {
        let answer = world.get(OFFICER, &format!("/api/v1/ledger/{}", entries_path(index, width))).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header(header::CONTENT_TYPE), Some("application/octet-stream"));
        assert_eq!(answer.header(header::CACHE_CONTROL), Some("private, max-age=31536000, immutable"));
        let leaves: Vec<Hash> = bundle::lines(&answer.body).unwrap().into_iter().map(leaf_hash).collect();
        assert_eq!(leaves.len(), usize::from(width));
        let tile = world.get(OFFICER, &format!("/api/v1/ledger/{}", tile_path(0, index, width))).await;
        assert_eq!(tile.body, leaves.concat());
        for tile in state.append(&leaves) {
            let served = world.get(OFFICER, &format!("/api/v1/ledger/{}", tile.id().path())).await;
            assert_eq!((served.status, &served.body[..]), (StatusCode::OK, tile.hashes()), "{}", tile.id().path());
        }
    }
    assert_eq!(state.root(), head.root);
}

#[tokio::test]
async fn partial_tiles_of_every_size_the_log_had_are_served_and_none_else() {
    let world = world_of(260).await;
    let get = async |path: &str| world.get(OFFICER, &format!("/api/v1/ledger/{path}")).await;
    let full = get("tile/0/000").await.body;
    assert_eq!(get("tile/0/000.p/7").await.body, full[..7 * 32]);
    assert_eq!(get("tile/1/000.p/1").await.body.len(), 32);
    let three = bundle::lines(&get("tile/entries/001.p/3").await.body).unwrap().len();
    assert_eq!(three, 3);
    for path in [
        "tile/0/001",
        "tile/0/001.p/5",
        "tile/0/002.p/1",
        "tile/1/000",
        "tile/1/000.p/2",
        "tile/2/000.p/1",
        "tile/8/000.p/1",
        "tile/63/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/00/000",
        "tile/0/0",
        "tile/0/x000/000",
        "tile/0/000/000",
        "tile/-1/000",
        "tile/entries/001",
        "tile/entries/001.p/5",
        "tile/entries/1",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
    ] {
        let answer = get(path).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "no_such_tile"), "{path}");
    }
}

#[tokio::test]
async fn an_entry_is_shown_and_proved() {
    let world = world_of(5).await;
    let clip = world.clip("132920").await;
    world.confirm(clip).await;
    let index = world.row(clip).await.entry_index;
    let shown = world.get(OFFICER, &format!("/api/v1/ledger/entries/{index}")).await.json();
    assert_eq!(
        (&shown["kind"], &shown["prev"], &shown["at"]),
        (&json!("clip"), &json!(null), &json!("2026-11-24T08:52:07Z"))
    );
    assert_eq!(shown["public"]["sha256"], world.row(clip).await.sha256.to_string());
    for query in [format!("index={index}"), format!("clip={clip}")] {
        let answer = world.get(OFFICER, &format!("/api/v1/ledger/proof?{query}")).await;
        assert_eq!(answer.header(header::CONTENT_TYPE), Some("text/plain; charset=utf-8"));
        assert_eq!(
            answer.header(header::CONTENT_DISPOSITION),
            Some(&*format!("attachment; filename=\"entry-{index}.tlog-proof\""))
        );
        let proven = TlogProof::parse(&answer.body).unwrap().verify(&policy(&world)).unwrap();
        assert_eq!((proven.index, proven.vouched.head.size), (index, size(&world).await));
        assert_eq!(proven.entry.to_line().unwrap(), shown["line"].as_str().unwrap().as_bytes());
    }
}

#[tokio::test]
async fn what_cannot_be_proved_is_said() {
    let world = World::new().await;
    for path in ["proof?index=0", "checkpoint"] {
        assert_eq!(world.get(OFFICER, &format!("/api/v1/ledger/{path}")).await.code(), "no_checkpoint");
    }
    let clip = world.clip("120000").await;
    let code = async |path: &str| world.get(OFFICER, &format!("/api/v1/ledger/{path}")).await.code();
    assert_eq!(code("proof?clip=999").await, "no_such_clip");
    assert_eq!(code("proof?index=5").await, "no_such_entry");
    assert_eq!(code("entries/5").await, "no_such_entry");
    for path in ["entries/-1", "entries/x", "entries/18446744073709551616", "proof", "proof?index=x", "proof?clip=x"] {
        assert_eq!(code(path).await, "bad_parameters", "{path}");
    }
    assert_eq!(code(&format!("proof?index=0&clip={clip}")).await, "bad_parameters");
}

#[tokio::test]
async fn altered_rows_make_an_error_and_no_wrong_proof() {
    for damage in [
        "update ledger_tiles set hashes = (select root from ledger_checkpoint)",
        "delete from ledger_tiles",
        "update ledger_entries set line = (select line from ledger_entries where entry_index = 0) where entry_index = 1",
        "delete from ledger_entries where entry_index = 1",
        "update ledger_checkpoint set note = replace(note, '3', '4')",
    ] {
        let world = world_of(3).await;
        world.meddle(damage).await;
        let answer = world.get(ADMIN, "/api/v1/ledger/proof?index=1").await;
        let expected = (StatusCode::INTERNAL_SERVER_ERROR, "ledger_damaged");
        assert_eq!((answer.status, answer.code().as_str()), expected, "{damage}");
    }
}
