//! Legal hold.

use super::*;

#[tokio::test]
async fn a_hold_on_a_clip_a_case_or_an_incident_beats_every_term() {
    let world = world().await;
    let clip = clip(&world, "a.mp4").await;
    close_cases(&world, "已结案").await;
    let case = world.get(OFFICER, &format!("/api/v1/clips/{clip}")).await.json()["cases"][0]["id"].clone();
    let world = after(world, 200);
    for (on, subject) in [("clip", clip.to_string()), ("case", case.as_str().unwrap().to_owned())] {
        assert_eq!(due(&world).await, [clip.to_string()]);
        let hold = hold(&world, on, &subject).await;
        assert_eq!((why(&world, clip).await, due(&world).await), (vec!["held".to_owned()], vec![]), "{on}");
        let refused = propose(&world, LEGAL, Some(&[clip])).await;
        assert_eq!((refused.status, refused.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["clips[0]".to_owned()]));
        let none = propose(&world, LEGAL, None).await;
        assert_eq!((none.status, none.code()), (StatusCode::CONFLICT, "nothing_due".to_owned()));
        let listed = world.get(LEGAL, "/api/v1/holds?standing=true").await.json();
        assert_eq!(super::super::world::ids_of(&listed), [hold["id"].as_str().unwrap()]);
        assert_eq!(retention(&world, clip).await["holds"][0]["reason"], "复议期间");
        let lifted = lift(&world, &hold).await;
        assert_eq!((lifted.status, &lifted.json()["lift_reason"]), (StatusCode::OK, &json!("done")));
        assert_eq!(lift(&world, &hold).await.code(), "hold_lifted");
    }
    let events = world.get(LEGAL, &format!("/api/v1/clips/{clip}/events")).await.json();
    let kinds: Vec<&str> = events["items"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|k| matches!(**k, "hold" | "lift")).count(), 4);
    assert_eq!(findings(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_hold_on_an_incident_outlives_its_dismissal_and_one_on_a_case_the_tie() {
    let world = world().await;
    let seen = clip(&world, "seen.mp4").await;
    let tied = clip(&world, "tied.mp4").await;
    let incident = json!({"begin_at": "2024-05-08T09:00:00+08:00", "clips": [{"id": seen.to_string(), "from_ms": 0}]});
    let made = world.send(LEGAL, Method::POST, "/api/v1/incidents", &incident).await.json();
    let on_incident = hold(&world, "incident", made["id"].as_str().unwrap()).await;
    let path = format!("/api/v1/incidents/{}/status", made["id"].as_str().unwrap());
    world.send(LEGAL, Method::POST, &path, &json!({"status": "dismissed", "reason": "误报"})).await;
    let case = world.get(OFFICER, &format!("/api/v1/clips/{tied}")).await.json()["cases"][0]["id"].clone();
    let on_case = hold(&world, "case", case.as_str().unwrap()).await;
    let another = json!({"number": "（2022）吉0721执9号", "reason": "另案"});
    world.send(LEGAL, Method::POST, &format!("/api/v1/clips/{tied}/cases"), &another).await;
    let untied = format!("/api/v1/clips/{tied}/cases/{}?reason=x", case.as_str().unwrap());
    let gone = world.ask(LEGAL, &untied, |r| *r.method_mut() = Method::DELETE).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    // It came after the hold.
    let late = clip(&world, "late.mp4").await;
    close_cases(&world, "已结案").await;
    let world = after(world, 200);
    for clip in [seen, tied, late] {
        assert_eq!(why(&world, clip).await, ["held"], "{clip}");
    }
    lift(&world, &on_incident).await;
    // It is also on the case of the other hold.
    assert_eq!(why(&world, seen).await, ["held"]);
    lift(&world, &on_case).await;
    assert_eq!(due(&world).await.len(), 3);
    assert_eq!(findings(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_hold_that_came_after_the_proposal_keeps_the_clip() {
    let world = world().await;
    let (held, free) = (clip(&world, "held.mp4").await, clip(&world, "free.mp4").await);
    close_cases(&world, "已结案").await;
    let world = after(world, 200);
    let proposed = propose(&world, LEGAL, None).await.json();
    assert_eq!((&proposed["scope"], &proposed["clips"]), (&json!("due"), &json!(2)));
    hold(&world, "clip", held).await;
    let done = decide(&world, ADMIN, &proposed, true).await.json();
    assert_eq!((&done["state"], &done["disposed"], &done["kept"]), (&json!("done"), &json!(1), &json!(1)));
    let path = format!("/api/v1/disposals/{}/clips", done["id"].as_str().unwrap());
    let clips = world.get(LEGAL, &path).await.json()["items"].clone();
    let of = |id: Id| clips.as_array().unwrap().iter().find(|c| c["clip"] == id.to_string()).unwrap().clone();
    assert_eq!((&of(held)["outcome"], &of(held)["why"][0]["code"]), (&json!("kept"), &json!("held")));
    assert_eq!(of(free)["outcome"], "disposed");
    assert!(has_object(&world, "held.mp4") && !has_object(&world, "free.mp4"));
    assert_eq!(findings(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_hold_needs_something_that_is_there() {
    let world = world().await;
    let send = async |body: Value| world.send(LEGAL, Method::POST, "/api/v1/holds", &body).await;
    for (on, code) in [("clip", "no_such_clip"), ("case", "no_such_case"), ("incident", "no_such_incident")] {
        let answer = send(json!({"on": on, "subject": "99", "reason": "x"})).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, code));
    }
    let wrong = send(json!({"on": "action", "subject": "x", "reason": " "})).await;
    assert_eq!(wrong.fields(), ["on", "subject", "reason"]);
    assert_eq!(world.get(LEGAL, "/api/v1/holds?on=clip").await.fields(), ["subject"]);
}
