//! From the proposal to the tombstone.

use axum::http::header;
use zhilu::auth::token;
use zhilu::media::sidecar::SidecarFacts;
use zhilu::model::role::Role;

use super::*;

#[tokio::test]
async fn a_second_person_approves_and_only_the_tombstone_stays() {
    let world = world().await;
    let gone = clip(&world, "张三家中.mp4").await;
    let stays = clip(&world, "b.mp4").await;
    let note = json!({"note": "张三在场"});
    world.send(LEGAL, Method::POST, &format!("/api/v1/clips/{gone}/notes"), &note).await;
    let before = world.row(gone).await;
    close_cases(&world, "已结案").await;
    let world = after(world, 200);
    assert_eq!(world.get(LEGAL, "/api/v1/search?q=张三家中").await.json()["items"].as_array().unwrap().len(), 1);
    let proposed = propose(&world, LEGAL, Some(&[gone])).await;
    assert_eq!(
        proposed.header(header::LOCATION).unwrap(),
        format!("/api/v1/disposals/{}", proposed.json()["id"].as_str().unwrap())
    );
    let proposed = proposed.json();
    assert_eq!((&proposed["state"], &proposed["clips"]), (&json!("proposed"), &json!(1)));
    let again = propose(&world, ADMIN, Some(&[gone])).await;
    assert_eq!(again.fields(), ["clips[0]"], "it is in an open proposal");
    for approve in [true, false] {
        let own = decide(&world, LEGAL, &proposed, approve).await;
        assert_eq!((own.status, own.code().as_str()), (StatusCode::FORBIDDEN, "same_person"));
    }
    assert!(has_object(&world, "张三家中.mp4"));
    let done = decide(&world, ADMIN, &proposed, true).await.json();
    assert_eq!((&done["state"], &done["disposed"], &done["kept"]), (&json!("done"), &json!(1), &json!(0)));
    assert_eq!(decide(&world, ADMIN, &proposed, false).await.code(), "already_decided");

    let said = world.get(OFFICER, &format!("/api/v1/clips/{gone}")).await.json();
    assert_eq!((&said["state"], &said["sha256"]), (&json!("disposed"), &json!(before.sha256.to_string())));
    assert_eq!(
        (&said["retention"]["why"][0]["code"], &said["names"][0]["name"]),
        (&json!("disposed"), &json!("张三家中.mp4")),
        "its source was left where it was"
    );
    let stone = &said["retention"]["disposals"][0];
    assert_eq!((&stone["rule"], &stone["object"], &stone["disposal"]), (&json!("R1"), &json!("removed"), &done["id"]));
    assert_eq!(stone["allowed_at"], "2027-05-24T08:52:07Z");
    assert!(!has_object(&world, "张三家中.mp4") && has_object(&world, "b.mp4"));
    let media = world.get(OFFICER, &format!("/api/v1/clips/{gone}/media")).await;
    assert_eq!((media.status, media.code().as_str()), (StatusCode::GONE, "disposed"));
    assert!(media.json()["detail"].as_str().unwrap().contains(done["id"].as_str().unwrap()));
    assert_eq!(world.get(OFFICER, &format!("/api/v1/clips/{gone}/receipt")).await.status, StatusCode::GONE);
    let note = world.send(LEGAL, Method::POST, &format!("/api/v1/clips/{gone}/notes"), &note).await;
    assert_eq!(note.status, StatusCode::GONE);
    assert!(world.get(LEGAL, "/api/v1/search?q=张三家中").await.json()["items"].as_array().unwrap().is_empty());
    assert_eq!(world.all_ids("/api/v1/clips", 50).await, [stays.to_string()]);
    let events = world.get(LEGAL, &format!("/api/v1/clips/{gone}/events")).await.json();
    let details: Vec<&Value> = events["items"].as_array().unwrap().iter().map(|e| &e["detail"]).collect();
    let (last, others) = details.split_last().unwrap();
    assert!(others.iter().all(|detail| **detail == json!({})), "{others:?}");
    assert_eq!(last["disposal"], done["id"]);
    assert_eq!(findings(&world).await, [""; 0]);
    assert_eq!(disposals_said(&world).await, ["disposed under R1, allowed from 2027-05-24T08:52:07Z"]);
}

#[tokio::test]
async fn what_is_refused_stays_and_can_be_proposed_again() {
    let world = world().await;
    let clip = clip(&world, "a.mp4").await;
    close_cases(&world, "已结案").await;
    let world = after(world, 200);
    let proposed = propose(&world, ADMIN, None).await.json();
    let refused = decide(&world, LEGAL, &proposed, false).await.json();
    assert_eq!((&refused["state"], &refused["decision"]), (&json!("refused"), &json!("已核对")));
    assert!(has_object(&world, "a.mp4"));
    assert_eq!(due(&world).await, [clip.to_string()]);
    assert_eq!(propose(&world, ADMIN, None).await.status, StatusCode::CREATED);
    let open = world.get(LEGAL, "/api/v1/disposals?state=proposed").await.json();
    assert_eq!(open["items"].as_array().unwrap().len(), 1);
    assert_eq!(findings(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_second_token_of_the_same_name_is_no_second_person() {
    let world = world().await;
    clip(&world, "a.mp4").await;
    close_cases(&world, "已结案").await;
    let world = after(world, 200);
    let proposed = propose(&world, LEGAL, None).await.json();
    let path = format!("/api/v1/disposals/{}/decision", proposed["id"].as_str().unwrap());
    for (name, status) in [("legal", StatusCode::FORBIDDEN), ("李四", StatusCode::OK)] {
        let (_, secret) = token::create(&world.app.custody, name, Role::Legal).await.unwrap();
        let bearer = format!("Bearer {}", secret.expose());
        let answer = world
            .ask(None, &path, |r| {
                *r.method_mut() = Method::POST;
                r.headers_mut().insert(header::AUTHORIZATION, bearer.parse().unwrap());
                r.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
                *r.body_mut() = json!({"approve": true, "reason": "已核对"}).to_string().into();
            })
            .await;
        assert_eq!(answer.status, status, "{name}");
    }
}

#[tokio::test]
async fn a_sidecar_goes_with_its_clip_and_not_before_its_own_term() {
    let world = world().await;
    let clip = clip(&world, "a.mp4").await;
    let world = after(world, 100);
    let mut sidecar = world.arrival(format!("{CASE}/a.xml"), b"<xml/>");
    sidecar.sidecar = Some(SidecarFacts { encoding: "utf-8".to_owned(), ..SidecarFacts::default() });
    let sidecar = world.accept(sidecar).await.clip_id;
    assert_eq!(world.row(sidecar).await.sidecar_of, Some(clip));
    close_cases(&world, "已结案").await;
    let world = after(world, 300);
    assert_eq!(why(&world, clip).await, ["unconfirmed"], "its sidecar is not confirmed");
    world.confirm(sidecar).await;
    let world = after(world, 200);
    assert_eq!(why(&world, clip).await, ["young"], "its sidecar came later");
    let world = after(world, 300);
    assert_eq!(why(&world, sidecar).await, ["sidecar"]);
    dispose(&world, &[clip]).await;
    assert!(!has_object(&world, "a.mp4") && !has_object(&world, "<xml/>"));
    assert_eq!(disposals_said(&world).await.len(), 2);
    assert_eq!(findings(&world).await, [""; 0]);
    assert_eq!(world.get(OFFICER, &format!("/api/v1/clips/{sidecar}/media")).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn many_clips_are_destroyed_in_several_transactions() {
    let world = world().await;
    let mut clips = Vec::new();
    for i in 0..40 {
        clips.push(clip(&world, &format!("{i}.mp4")).await);
    }
    close_cases(&world, "已结案").await;
    let world = after(world, 200);
    let done = dispose(&world, &clips).await;
    assert_eq!((&done["state"], &done["disposed"]), (&json!("done"), &json!(40)));
    assert_eq!(findings(&world).await, [""; 0]);
    assert_eq!(world.check().await.objects, 0);
}

#[tokio::test]
async fn a_body_names_all_that_is_wrong_with_it() {
    let world = world().await;
    let send = async |body: Value| world.send(LEGAL, Method::POST, "/api/v1/disposals", &body).await;
    assert_eq!(send(json!({"clips": ["x"], "reason": " "})).await.fields(), ["reason", "clips[0]"]);
    assert_eq!(send(json!({"clips": [], "reason": "x"})).await.fields(), ["clips"]);
    assert_eq!(send(json!({"clips": ["99"], "reason": "x"})).await.fields(), ["clips[0]"]);
    let decision = json!({"approve": true, "reason": "x"});
    let answer = world.send(ADMIN, Method::POST, "/api/v1/disposals/99/decision", &decision).await;
    assert_eq!(answer.code(), "no_such_disposal");
}
