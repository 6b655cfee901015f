//! The receipt of a confirmed clip.

use axum::http::{StatusCode, header};
use zhilu::ledger::policy::Policy;
use zhilu::ledger::proof::TlogProof;
use zhilu::ledger::receipt::Receipt;

use super::world::{OFFICER, World};

fn policy(world: &World) -> Policy {
    Policy::of_log(world.app.custody.signer.verifier().clone())
}

#[tokio::test]
async fn a_confirmed_clip_has_a_receipt_in_three_forms_that_hold() {
    let world = World::new().await;
    world.clip("110000").await;
    let name = "（2021）吉0721执123号/0012345_00123420240508132920_0001.mp4";
    let clip = world.accept(world.arrival(name, b"clip")).await.clip_id;
    for form in ["receipt", "receipt.html", "receipt.tlog-proof"] {
        let answer = world.get(OFFICER, &format!("/api/v1/clips/{clip}/{form}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "not_confirmed"), "{form}");
        let answer = world.get(OFFICER, &format!("/api/v1/clips/999/{form}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "no_such_clip"), "{form}");
    }
    // A look in between is part of the chain that the receipt shows.
    world.get(OFFICER, &format!("/api/v1/clips/{clip}/media")).await;
    world.confirm(clip).await;
    let json = world.get(OFFICER, &format!("/api/v1/clips/{clip}/receipt")).await;
    assert_eq!(json.json()["entries"].as_array().unwrap().len(), 4, "clip, link, view, fixity check");
    let checked = Receipt::parse(&json.body).unwrap().verify(&policy(&world)).unwrap();
    assert_eq!(checked.clip.sha256, world.row(clip).await.sha256);
    assert_eq!((checked.clip.recorder.as_deref(), checked.clip.officer.as_deref()), (Some("0012345"), Some("001234")));
    assert_eq!(checked.clip.cases, ["（2021）吉0721执123号"]);
    assert_eq!(checked.clip.names, ["0012345_00123420240508132920_0001.mp4"]);
    let proof = world.get(OFFICER, &format!("/api/v1/clips/{clip}/receipt.tlog-proof")).await;
    let proven = TlogProof::parse(&proof.body).unwrap().verify(&policy(&world)).unwrap();
    assert_eq!(proven.index, world.row(clip).await.entry_index);
    let page = world.get(OFFICER, &format!("/api/v1/clips/{clip}/receipt.html")).await;
    assert_eq!(page.header(header::CONTENT_TYPE), Some("text/html; charset=utf-8"));
    assert!(page.header(header::CONTENT_SECURITY_POLICY).unwrap().starts_with("default-src 'none'"));
    let text = String::from_utf8(page.body).unwrap();
    assert!(text.contains("2026年11月24日 16:52:07（UTC+08:00）"));
    assert!(text.contains("（2021）吉0721执123号"));
}

/// What is learned after a clip was accepted changes its row, and cannot change its entry: the receipt keeps to the entry.
#[tokio::test]
async fn a_later_name_does_not_make_the_receipt_contradict_the_ledger() {
    let world = World::new().await;
    let clip = world.accept(world.arrival("plain.mp4", b"clip")).await.clip_id;
    world.confirm(clip).await;
    world.accept(world.arrival("0012345_00123420240508132920_0001.mp4", b"clip")).await;
    assert_eq!(world.row(clip).await.facts.recorder.as_deref(), Some("0012345"));
    world.confirm(clip).await;
    let json = world.get(OFFICER, &format!("/api/v1/clips/{clip}/receipt")).await;
    let checked = Receipt::parse(&json.body).unwrap().verify(&policy(&world)).unwrap();
    assert_eq!(checked.clip.recorder, None, "the clip's entry was written before it was known");
    assert_eq!(checked.clip.names.len(), 2);
    assert_eq!(json.json()["entries"].as_array().unwrap().len(), 2, "only up to the first confirmation");
}
