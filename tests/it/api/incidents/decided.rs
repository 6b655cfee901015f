//! Status.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::world::{LEGAL, World};
use super::{assert_sound, attack, changes, decide, enter, history, patch, read};

#[tokio::test]
async fn an_incident_is_confirmed_closed_and_reopened_on_record() {
    let world = World::new().await;
    let incident = enter(&world, &attack()).await;
    for (status, reason, expected) in [
        ("closed", "", "no_way"),
        ("suspected", "x", "no_way"),
        ("confirmed", "", ""),
        ("closed", "已处理完毕", ""),
        ("dismissed", "x", "no_way"),
        ("confirmed", " ", "reason"),
        ("confirmed", "补充处罚", ""),
        ("dismissed", "", "reason"),
        ("dismissed", "重复登记", ""),
        ("suspected", "并非重复", ""),
    ] {
        let answer = decide(&world, &incident, status, reason).await;
        match expected {
            "" => assert_eq!((answer.status, &answer.json()["status"]), (StatusCode::OK, &json!(status))),
            "reason" => assert_eq!(answer.fields(), ["reason"], "{status}"),
            code => assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, code), "{status}"),
        }
    }
    let wrong = decide(&world, &incident, "open", "").await;
    assert_eq!((wrong.status, wrong.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["status".to_owned()]));
    let items = history(&world, &incident).await;
    let steps: Vec<_> = items[1..].iter().map(|i| (changes(i)[0].clone(), i["reason"].clone())).collect();
    let step = |old: &str, new: &str, reason: Value| (("status".to_owned(), json!(old), json!(new)), reason);
    assert_eq!(
        steps,
        [
            step("suspected", "confirmed", Value::Null),
            step("confirmed", "closed", json!("已处理完毕")),
            step("closed", "confirmed", json!("补充处罚")),
            step("confirmed", "dismissed", json!("重复登记")),
            step("dismissed", "suspected", json!("并非重复")),
        ]
    );
    assert_eq!(read(&world, &incident).await["status_reason"], "并非重复");
    assert_sound(&world).await;
}

#[tokio::test]
async fn what_is_confirmed_has_codes_and_says_whom_it_hit() {
    let world = World::new().await;
    let incident = enter(&world, &json!({"begin_at": "2024-05-08T05:30:00Z"})).await;
    let refused = decide(&world, &incident, "confirmed", "").await;
    assert_eq!(
        (refused.status, refused.fields()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["codes".to_owned(), "victims".to_owned()])
    );
    patch(&world, LEGAL, &incident, json!({"codes": ["V14"], "no_victims": true})).await;
    assert_eq!(decide(&world, &incident, "confirmed", "").await.status, StatusCode::OK);
    assert_eq!(read(&world, &incident).await["violent"], false);
    // It cannot lose afterwards what it needed.
    for (body, field) in [(json!({"codes": []}), "codes"), (json!({"no_victims": false}), "victims")] {
        assert_eq!(patch(&world, LEGAL, &incident, body).await.fields(), [field]);
    }
    let both = patch(&world, LEGAL, &incident, json!({"victims": [{"role": "法官"}]})).await;
    assert_eq!(both.fields(), ["no_victims"]);
    let named =
        patch(&world, LEGAL, &incident, json!({"victims": [{"role": "法官"}], "no_victims": false})).await.json();
    assert_eq!((&named["charge"], &named["victims"][0]["name"]), (&json!("刑法277(1)"), &Value::Null));
}

#[tokio::test]
async fn the_victims_decide_the_charge() {
    let world = World::new().await;
    let incident = enter(&world, &attack()).await;
    for (roles, charges, all) in [
        (json!(["警务辅助人员"]), json!(["刑法277(1)"]), json!("刑法277(1)")),
        (json!(["警务辅助人员", "司法警察"]), json!([null, "刑法277(5)"]), json!("刑法277(5)")),
        (json!(["执行员", "书记员"]), json!(["刑法277(1)", "刑法277(1)"]), json!("刑法277(1)")),
        (json!(["其他"]), json!([null]), Value::Null),
    ] {
        let victims: Vec<Value> = roles.as_array().unwrap().iter().map(|role| json!({"role": role})).collect();
        let shown = patch(&world, LEGAL, &incident, json!({"victims": victims})).await.json();
        let found: Vec<&Value> = shown["victims"].as_array().unwrap().iter().map(|v| &v["charge"]).collect();
        assert_eq!((json!(found), &shown["charge"]), (charges, &all), "{roles}");
    }
}
