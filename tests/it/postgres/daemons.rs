//! Several daemons on one catalog: they share the vault, the ledger's key and, here, the upload folder.

use std::collections::HashSet;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use zhilu::catalog::engine::{Db, Location};
use zhilu::catalog::uploads;
use zhilu::clock::FixedClock;
use zhilu::custody::Custody;
use zhilu::custody::accept::accept;
use zhilu::ledger::key::SignerKey;
use zhilu::ledger::policy::Policy;
use zhilu::media::name::NamePatterns;
use zhilu::model::id::IdGenerator;
use zhilu::model::time::UtcOffset;

use crate::api::world::{NOW, World};
use crate::cluster;
use crate::support::{Court, another_clip, dock};

fn on_postgres(source: &str) -> Court {
    let mut court = Court::with(source, "");
    court.database.get_or_insert_with(cluster::database);
    court
}

/// The events of all clips, by kind.
fn kinds(events: &[Value], kind: &str) -> usize {
    events.iter().filter(|e| e["kind"] == kind).count()
}

#[test]
fn two_daemons_over_one_folder_take_each_file_once() {
    for source in ["keep", "delete", "move"] {
        let court = on_postgres(source);
        let (one, other) = (court.serve(), court.serve());
        const FILES: u32 = 60;
        for n in 0..FILES {
            let name = format!("{}/00123{:02}_00123420240508{:06}_0001.mp4", n % 7, n % 5, 120_000 + n % 60);
            dock(&court.uploads(), &name, &another_clip(n));
        }
        let clips = one.wait_until("/api/v1/clips?state=released&limit=200", |c| c.len() == FILES as usize);
        let listed = other.wait_for("/api/v1/uploads?limit=200", FILES as usize);
        assert_eq!(listed.len(), FILES as usize, "{source}");
        let digests: HashSet<&str> = clips.iter().map(|c| c["sha256"].as_str().unwrap()).collect();
        assert_eq!(digests.len(), FILES as usize, "{source}");
        for clip in clips.iter().step_by(9) {
            let id = clip["id"].as_str().unwrap();
            let events = other.items(&format!("/api/v1/clips/{id}/events"));
            assert_eq!((kinds(&events, "ingestion"), kinds(&events, "fixity_check")), (1, 1), "{source}: {events:#?}");
            // Each serves what the other took.
            for daemon in [&one, &other] {
                assert_eq!(daemon.get(&format!("/api/v1/clips/{id}/media")).status, 200, "{source}");
            }
        }
        let left =
            std::fs::read_dir(court.uploads()).unwrap().flat_map(|d| std::fs::read_dir(d.unwrap().path()).unwrap());
        assert_eq!(left.count(), if source == "keep" { FILES as usize } else { 0 }, "{source}");
        assert_eq!((one.stop(), other.stop()), (Some(0), Some(0)));
        let report = court.check();
        assert_eq!((&report["clips"], &report["unclaimed"]), (&json!(FILES), &json!([])), "{source}");
    }
}

#[test]
fn a_daemon_with_another_key_is_refused_with_both_names() {
    let court = on_postgres("keep");
    let daemon = court.serve();
    dock(&court.uploads(), "1.mp4", &another_clip(1));
    daemon.wait_for("/api/v1/clips", 1);
    let key = |court: &Court| std::fs::read_to_string(court.data().join("keys/ledger.key")).unwrap();
    let id = |text: &str| text.split('+').nth(3).unwrap().to_owned();
    let mut stranger = Court::with("keep", "");
    // Made on an empty catalog of its own, then pointed at the court's.
    assert!(stranger.run(&["ingest", stranger.uploads().to_str().unwrap()]).status.success());
    stranger.database = None;
    let serve = |command: &mut Command| command.env("ZHILU_DATABASE_URL", court.database_url()).output().unwrap();
    let out = serve(&mut stranger.command(&["serve", "--listen", "127.0.0.1:0"]));
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(2), "{text}");
    for key in [key(&court), key(&stranger)] {
        assert!(text.contains(&format!("zhilu.local/ledger+{}", id(&key))), "{text}");
    }
    // Without any key it makes none of its own.
    std::fs::remove_file(stranger.data().join("keys/ledger.key")).unwrap();
    let out = serve(&mut stranger.command(&["serve", "--listen", "127.0.0.1:0"]));
    assert!(String::from_utf8_lossy(&out.stderr).contains("copy it from another daemon"));
    assert!(!stranger.data().join("keys/ledger.key").exists());
    // The court's own daemon is not disturbed.
    dock(&court.uploads(), "2.mp4", &another_clip(2));
    daemon.wait_for("/api/v1/clips", 2);
}

/// Another process's custody of a world's catalog, whose ids begin where the world's begin.
async fn second(world: &World, seed: [u8; 32]) -> Custody {
    Custody {
        db: Db::open(&Location::parse(&world.url, None).unwrap()).await.unwrap(),
        clock: Arc::new(FixedClock::new(NOW)),
        ids: Arc::new(IdGenerator::new(1)),
        policy: Arc::new(Policy::of_log(
            SignerKey::from_seed("court.example/zhilu".parse().unwrap(), &seed).verifier().clone(),
        )),
        signer: Arc::new(SignerKey::from_seed("court.example/zhilu".parse().unwrap(), &seed)),
        guard: None,
        patterns: Arc::new(NamePatterns::new(&[]).unwrap()),
        utc_offset: UtcOffset::CHINA,
        incidents: Arc::default(),
        rules: zhilu::matching::Rules::default(),
        vault: Arc::clone(&world.app.vault),
        retention: Arc::default(),
    }
}

#[tokio::test]
async fn ids_that_two_daemons_gave_are_given_anew() {
    for world in [World::new().await, World::on(Some(cluster::database())).await] {
        let other = second(&world, [1; 32]).await;
        // The same first ids, upload and clip alike.
        let ours = world.clip("120000").await;
        let mut arrival = world.arrival("other.mp4", b"other");
        arrival.id = {
            let mut reader = other.db.read().await.unwrap();
            uploads::of_clip(reader.conn(), ours).await.unwrap()[0].id
        };
        let accepted = accept(&other, &[arrival]).await.unwrap()[0];
        assert!(!accepted.duplicate && accepted.clip_id != ours);
        assert_eq!(world.all_ids("/api/v1/uploads", 50).await.len(), 2);
    }
}

#[tokio::test]
async fn a_key_that_did_not_sign_the_newest_checkpoint_appends_nothing() {
    let world = World::on(Some(cluster::database())).await;
    // Started on the empty catalog, as a daemon with a data directory of its own would be.
    let other = second(&world, [2; 32]).await;
    world.clip("120000").await;
    let arrival = world.arrival("other.mp4", b"other");
    let error = accept(&other, &[arrival]).await.unwrap_err();
    assert!(!error.is_passing() && error.to_string().contains("keys/ledger.key"), "{error}");
    tokio::time::sleep(Duration::from_millis(10)).await;
    world.clip("120001").await;
}
