//! Entering and changing.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::super::world::{ADMIN, LEGAL, NOW, OFFICER, World};
use super::{ALL, assert_sound, attack, changes, decide, enter, enter_as, history, patch, path, read};

#[tokio::test]
async fn what_is_entered_is_what_is_read() {
    let world = World::new().await;
    let clip = world.clip("132920").await;
    let mut body = attack();
    body["clips"] = json!([{"id": clip.to_string(), "from_ms": 500, "to_ms": 2000}]);
    body["cases"] = json!(["(2021)吉0721执123", "（2021）吉0721执123号", "2021吉0721执恢4"]);
    let made = world.send(OFFICER, Method::POST, ALL, &body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let incident = made.json();
    assert_eq!(made.header(header::LOCATION), Some(&*path(&incident)));
    assert_eq!(
        (&incident["status"], &incident["source"], &incident["version"]),
        (&json!("suspected"), &json!("person"), &json!(1))
    );
    assert_eq!(incident["codes"], json!(["V2", "V6"]));
    assert_eq!(incident["clips"], json!([{"id": clip.to_string(), "from_ms": 500, "to_ms": 2000}]));
    let numbers: Vec<&str> =
        incident["cases"].as_array().unwrap().iter().map(|c| c["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["（2021）吉0721执123号", "（2021）吉0721执恢4号"]);
    assert_eq!(incident["begin_at"], "2024-05-08T05:30:00Z");
    assert_eq!(incident["subjects"], json!([{"name": "李四", "role": "被执行人"}]));
    let victim = json!({"name": "张三", "role": "司法警察", "officer": "001234", "charge": "刑法277(5)"});
    assert_eq!((&incident["victims"][0], &incident["charge"]), (&victim, &json!("刑法277(5)")));
    assert_eq!((&incident["violent"], &incident["injuries"]), (&json!(true), &Value::Null));
    assert_eq!(read(&world, &incident).await, incident);
    let case = incident["cases"][0]["id"].as_str().unwrap();
    assert_eq!(world.get(LEGAL, &format!("/api/v1/cases/{case}")).await.json()["incidents"], json!([incident["id"]]));
    assert_eq!(world.get(LEGAL, &format!("/api/v1/clips/{clip}")).await.json()["incidents"], json!([incident["id"]]));
    let first = &history(&world, &incident).await[0];
    assert_eq!((&first["kind"], first["changes"][0]["old"].clone()), (&json!("create"), Value::Null));
    assert!(changes(first).contains(&("place".to_owned(), Value::Null, json!("幸福路1号"))), "{first:#}");
    assert_sound(&world).await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let world = World::new().await;
    let clip = world.clip("132920").await.to_string();
    let body = json!({
        "end_at": "gestern", "severity": 5, "court": "吉072", "codes": ["V2", "V99", "x"], "cases": ["2021吉0721执"],
        "clips": [{"id": clip, "from_ms": 2001}, {"id": "12"}, {"id": clip}],
        "subjects": [{"name": "李四", "role": "路人"}], "victims": [{"name": "张三"}], "no_victims": true, "action_id": "7",
    });
    let answer = world.send(LEGAL, Method::POST, ALL, &body).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "bad_body"));
    let mut fields = answer.fields();
    fields.sort();
    let expected = [
        "action_id",
        "cases[0]",
        "clips[0].from_ms",
        "clips[1].id",
        "clips[2].id",
        "codes",
        "codes[2]",
        "court",
        "end_at",
        "severity",
        "subjects[0].role",
        "victims[0].role",
    ];
    assert_eq!(fields, expected);
    for (body, field) in [
        (json!({}), "begin_at"),
        (json!({"begin_at": "2027-01-01T00:00:00Z"}), "begin_at"),
        (json!({"begin_at": "2024-05-08T00:00:00Z", "end_at": "2024-05-07T00:00:00Z"}), "end_at"),
        (json!({"begin_at": "2024-05-08T00:00:00Z", "narrative": "长".repeat(20_001)}), "narrative"),
        (json!({"begin_at": "2024-05-08T00:00:00Z", "place": "\u{7}"}), "place"),
        (json!({"begin_at": "2024-05-08T00:00:00Z", "colour": "red"}), "body"),
        (json!({"begin_at": "2024-05-08T00:00:00Z", "clips": [{"id": "1", "from_ms": -1}]}), "body"),
    ] {
        let answer = world.send(LEGAL, Method::POST, ALL, &body).await;
        assert_eq!((answer.status, answer.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]));
    }
    // Nothing was written by any of them, not even a case that was only named.
    assert_eq!(world.all_ids(ALL, 50).await, [""; 0]);
    let body = json!({"cases": ["2021吉0721执9"], "severity": 9});
    world.send(LEGAL, Method::POST, ALL, &body).await;
    assert_eq!(world.all_ids("/api/v1/cases", 50).await, [""; 0]);
}

#[tokio::test]
async fn a_clip_says_where_it_begins() {
    let world = World::new().await;
    let clip = world.clip("132920").await.to_string();
    // The clip lasts two seconds from 05:29:20 on.
    let from_clip = enter(&world, &json!({"clips": [{"id": clip, "from_ms": 1500}]})).await;
    assert_eq!(from_clip["begin_at"], "2024-05-08T05:29:21.5Z");
    for (begin, from_ms) in [("05:29:21.25Z", 1250), ("05:00:00Z", 0), ("06:00:00Z", 2000)] {
        let body = json!({"begin_at": format!("2024-05-08T{begin}"), "clips": [{"id": clip}]});
        assert_eq!(enter(&world, &body).await["clips"][0]["from_ms"], from_ms, "{begin}");
    }
    // An offset that nobody chose follows a begin that is corrected; one that somebody chose stays.
    let body = json!({"begin_at": "2024-05-08T05:29:20Z", "clips": [{"id": clip}]});
    let followed = patch(&world, LEGAL, &enter(&world, &body).await, json!({"begin_at": "2024-05-08T05:29:21Z"})).await;
    assert_eq!(followed.json()["clips"][0]["from_ms"], 1000);
    let stays = patch(&world, LEGAL, &from_clip, json!({"begin_at": "2024-05-08T05:29:20Z"})).await.json();
    assert_eq!(stays["clips"][0]["from_ms"], 0, "it was where the begin lay");
    let body = json!({"begin_at": "2024-05-08T05:29:20Z", "clips": [{"id": clip, "from_ms": 700}]});
    let chosen = patch(&world, LEGAL, &enter(&world, &body).await, json!({"begin_at": "2024-05-08T05:29:21Z"})).await;
    assert_eq!(chosen.json()["clips"][0]["from_ms"], 700);
}

#[tokio::test]
async fn every_change_is_kept_with_the_old_value() {
    let world = World::new().await;
    let incident = enter(&world, &attack()).await;
    let body =
        json!({"severity": null, "place": "幸福路2号", "codes": ["V1"], "narrative": "李四手持菜刀阻拦执行人员进入"});
    let changed = patch(&world, OFFICER, &incident, body).await;
    assert_eq!((changed.status, &changed.json()["version"]), (StatusCode::OK, &json!(2)));
    assert_eq!(
        patch(&world, LEGAL, &incident, json!({"place": "幸福路2号"})).await.json()["version"],
        2,
        "nothing changed"
    );
    let items = history(&world, &incident).await;
    assert_eq!(items.len(), 2, "{items:#?}");
    assert_eq!(
        changes(&items[1]),
        [
            ("codes".to_owned(), json!(["V2", "V6"]), json!(["V1"])),
            ("place".to_owned(), json!("幸福路1号"), json!("幸福路2号")),
            ("severity".to_owned(), json!(3), Value::Null),
        ]
    );
    assert!(items[1]["actor"].as_str().unwrap().ends_with(":officer"));
    assert_eq!(items[1]["at"].as_str().unwrap(), NOW.to_string());
    assert_eq!(items[1]["ledger_index"], read(&world, &incident).await["ledger_index"]);
    let page = world.get(LEGAL, &format!("{}/history?limit=1", path(&incident))).await.json();
    let next = page["next_cursor"].as_str().unwrap();
    let rest = world.get(LEGAL, &format!("{}/history?cursor={next}", path(&incident))).await.json();
    assert_eq!((rest["items"][0].clone(), &rest["next_cursor"]), (items[1].clone(), &Value::Null));
    assert_sound(&world).await;
}

#[tokio::test]
async fn a_change_is_based_on_what_was_read() {
    let world = World::new().await;
    let incident = enter(&world, &attack()).await;
    let tag = world.get(LEGAL, &path(&incident)).await.header(header::ETAG).unwrap().to_owned();
    assert_eq!(patch(&world, LEGAL, &incident, json!({"place": "甲", "version": 1})).await.status, StatusCode::OK);
    let late = patch(&world, LEGAL, &incident, json!({"place": "乙", "version": 1})).await;
    assert_eq!((late.status, late.code().as_str()), (StatusCode::CONFLICT, "outdated"));
    assert!(late.json()["detail"].as_str().unwrap().contains("第 2 版"));
    let with_tag = async |tag: &str, body: Value| {
        let place = path(&incident);
        let send = world.ask(LEGAL, &place, |r| {
            *r.method_mut() = Method::PATCH;
            r.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
            r.headers_mut().insert(header::IF_MATCH, tag.parse().unwrap());
            *r.body_mut() = body.to_string().into();
        });
        send.await
    };
    let late = with_tag(&tag, json!({"place": "乙"})).await;
    assert_eq!((late.status, late.code().as_str()), (StatusCode::PRECONDITION_FAILED, "outdated"));
    assert_eq!(with_tag("*", json!({"place": "乙", "version": 1})).await.status, StatusCode::CONFLICT);
    let tag = world.get(LEGAL, &path(&incident)).await.header(header::ETAG).unwrap().to_owned();
    assert_eq!(with_tag(&tag, json!({"place": "乙"})).await.json()["place"], "乙");
    for to in ["status", "measures"] {
        let body = match to {
            "status" => json!({"status": "confirmed", "version": 1}),
            _ => json!({"kind": "训诫", "person": "李四", "version": 1}),
        };
        let late = world.send(LEGAL, Method::POST, &format!("{}/{to}", path(&incident)), &body).await;
        assert_eq!(late.code(), "outdated", "{to}");
    }
}

#[tokio::test]
async fn officers_change_what_is_suspected_and_no_more() {
    let world = World::new().await;
    let incident = enter_as(&world, OFFICER, &attack()).await;
    assert_eq!(patch(&world, OFFICER, &incident, json!({"place": "甲"})).await.status, StatusCode::OK);
    let status = format!("{}/status", path(&incident));
    let refused = world.send(OFFICER, Method::POST, &status, &json!({"status": "confirmed"})).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::FORBIDDEN, "forbidden"));
    assert_eq!(decide(&world, &incident, "confirmed", "").await.status, StatusCode::OK);
    let refused = patch(&world, OFFICER, &incident, json!({"place": "乙"})).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::FORBIDDEN, "decided"));
    assert_eq!(patch(&world, LEGAL, &incident, json!({"place": "乙"})).await.status, StatusCode::OK);
    assert_eq!(patch(&world, ADMIN, &incident, json!({"place": "丙"})).await.code(), "forbidden");
    assert_eq!(patch(&world, LEGAL, &json!({"id": "12"}), json!({})).await.code(), "no_such_incident");
}

#[tokio::test]
async fn codes_have_the_law_of_their_time() {
    let world = World::new().await;
    let codes = async |query: &str| world.get(OFFICER, &format!("/api/v1/codes{query}")).await.json();
    let now = codes("").await;
    let items = now["items"].as_array().unwrap();
    let names: Vec<&str> = items.iter().map(|c| c["code"].as_str().unwrap()).collect();
    assert_eq!(names, (1..=16).map(|n| format!("V{n}")).collect::<Vec<_>>());
    let violent: Vec<&str> =
        items.iter().filter(|c| c["violent"] == true).map(|c| c["code"].as_str().unwrap()).collect();
    assert_eq!(violent, ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "V12", "V13"]);
    let laws = |list: &Value, n: usize| -> Vec<String> {
        let laws = list["items"][n - 1]["laws"].as_array().unwrap();
        laws.iter().map(|l| l["law"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(laws(&now, 1), ["民诉法114(1)(4)(5)", "拒执解释4(3)", "刑法277(1)", "刑法277(5)", "袭警解释1"]);
    assert_eq!(now["items"][0]["laws"][4]["first_day"], "2025-01-18");
    assert!(now["items"][0]["laws"][1]["source"].as_str().unwrap().contains("法释〔2024〕13号"));
    assert_eq!(laws(&codes("?at=2024-11-30").await, 13), [""; 0]);
    assert_eq!(laws(&codes("?at=2024-12-01").await, 13), ["拒执解释4(4)"]);
    assert_eq!(laws(&codes("?at=2020-01-01").await, 1), ["刑法277(1)"]);
    world.meddle("update conduct_codes set valid_to_us = 1700000000000000 where code = 'V9'").await;
    assert_eq!(codes("").await["items"].as_array().unwrap().len(), 15);
    // 2023-11-14T22:13:20Z
    for (begin, status) in
        [("2023-11-14T00:00:00Z", StatusCode::CREATED), ("2023-11-15T00:00:00Z", StatusCode::UNPROCESSABLE_ENTITY)]
    {
        let body = json!({"begin_at": begin, "codes": ["V9"]});
        assert_eq!(world.send(LEGAL, Method::POST, ALL, &body).await.status, status, "{begin}");
    }
}
