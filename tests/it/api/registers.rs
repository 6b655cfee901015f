//! Registers: entered, corrected, imported, and what clips show of them.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::world::{ADMIN, Answer, LEGAL, OFFICER, World, encode, ids_of};

async fn import(world: &World, register: &str, query: &str, csv: &str) -> Answer {
    let path = format!("/api/v1/imports/{register}{query}");
    world.send_as(ADMIN, Method::POST, &path, "text/csv; charset=utf-8", csv.to_owned()).await
}

async fn imported(world: &World, register: &str, csv: &str) -> Value {
    let answer = import(world, register, "", csv).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

fn tally(report: &Value) -> [u64; 4] {
    ["added", "changed", "unchanged", "bad"].map(|name| report[name].as_u64().unwrap())
}

fn lines(notes: &Value) -> Vec<u64> {
    notes.as_array().unwrap().iter().map(|note| note["line"].as_u64().unwrap()).collect()
}

async fn items(world: &World, path: &str) -> Vec<Value> {
    let mut items = world.get(OFFICER, path).await.json()["items"].as_array().unwrap().clone();
    for item in &mut items {
        item.as_object_mut().unwrap().remove("id");
    }
    items
}

#[tokio::test]
async fn the_same_file_again_changes_nothing_and_the_same_key_updates() {
    let world = World::new().await;
    let officers = "警号,姓名,职务,法院,起始日期,截止日期\n\
        001234,张三,司法警察,吉0721,2020-01-01,2022/12/31\n\
        001234,张三,法官,吉0722,2023-01-01,\n\
        005678,李四,法官,吉0721,,\n";
    assert_eq!(tally(&imported(&world, "officers", officers).await), [3, 0, 0, 0]);
    assert_eq!(tally(&imported(&world, "officers", officers).await), [0, 0, 3, 0]);
    let report = imported(&world, "officers", "number,name,first day\n001234,,2023-01-01\n005678,李四光,\n").await;
    assert_eq!(tally(&report), [0, 1, 1, 0], "an empty field erases nothing");
    let change = json!({"line": 3, "key": "005678", "kind": "changed",
        "fields": [{"field": "name", "old": "李四", "new": "李四光"}]});
    assert_eq!(report["changes"], json!([change]));
    assert_eq!(
        items(&world, "/api/v1/officers?number=001234").await,
        [
            json!({"number": "001234", "name": "张三", "role": "法官", "court": "吉0722",
                "first_day": "2023-01-01", "last_day": null}),
            json!({"number": "001234", "name": "张三", "role": "司法警察", "court": "吉0721",
                "first_day": "2020-01-01", "last_day": "2022-12-31"}),
        ]
    );
    for (query, count) in [
        ("number=001234&at=2022-12-31", 1),
        ("number=001234&at=2019-12-31", 0),
        ("at=2023-01-01&court=%E5%90%890722", 1),
        ("name=%E6%9D%8E%E5%9B%9B%E5%85%89", 1),
        ("role=%E6%B3%95%E5%AE%98", 2),
    ] {
        assert_eq!(items(&world, &format!("/api/v1/officers?{query}")).await.len(), count, "{query}");
    }
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_changes_nothing() {
    let world = World::new().await;
    imported(&world, "courts", "法院代码,法院名称\n吉07,某中院\n").await;
    // Two groups of lines: the second one knows what the first one would have done.
    let mut csv = "法院代码,法院名称,上级法院,启用日期,停用日期\n吉0721,某县法院,吉07,,\n".to_owned();
    csv += &(0..520).map(|n| format!("京{n:04},法院{n},,,\n")).collect::<String>();
    csv += "吉0721,某县人民法院,,,\n吉07,,,,2030-12-31\n";
    let dry = import(&world, "courts", "?dry_run=true", &csv).await.json();
    assert_eq!((&dry["dry_run"], tally(&dry)), (&json!(true), [521, 2, 0, 0]));
    assert_eq!(dry["changes"][521]["fields"][0], json!({"field": "name", "old": "某县法院", "new": "某县人民法院"}));
    assert_eq!(dry["changes"][522]["fields"][0], json!({"field": "last_day", "old": null, "new": "2030-12-31"}));
    assert_eq!(world.all_ids("/api/v1/courts", 200).await.len(), 1);
    let mut real = imported(&world, "courts", &csv).await;
    real["dry_run"] = json!(true);
    assert_eq!(real, dry);
    assert_eq!(world.all_ids("/api/v1/courts", 200).await.len(), 522);
}

#[tokio::test]
async fn two_imports_of_one_file_at_once_do_it_once() {
    let world = World::new().await;
    let csv: String = (0..1500).map(|n| format!("{n:06},张三\n")).collect();
    let csv = format!("警号,姓名\n{csv}");
    let (a, b) = tokio::join!(imported(&world, "officers", &csv), imported(&world, "officers", &csv));
    let (a, b) = (tally(&a), tally(&b));
    assert_eq!([a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]], [1500, 0, 1500, 0], "{a:?} {b:?}");
    assert_eq!(world.all_ids("/api/v1/officers", 200).await.len(), 1500);
}

#[tokio::test]
async fn a_report_names_the_first_thousand_changes_and_errors() {
    let world = World::new().await;
    let mut csv = "法院代码,法院名称\n".to_owned();
    csv += &(0..1200).map(|n| format!("京{n:04},法院{n}\n吉{n},x\n")).collect::<String>();
    let report = imported(&world, "courts", &csv).await;
    // 吉10 … 吉99 and 吉1000 … 吉1199 are codes.
    assert_eq!(tally(&report), [1490, 0, 0, 910]);
    assert_eq!(report["changes"].as_array().unwrap().len(), 1000);
    assert_eq!((&report["changes_left_off"], &report["errors_left_off"]), (&json!(490), &json!(0)));
}

#[tokio::test]
async fn bad_lines_are_named_and_the_others_go_in() {
    let world = World::new().await;
    let csv = "警号,姓名,法院,起始日期,截止日期,备注\n\
        ,无号,吉0721,,,\n\
        1,张三,吉072,,,\n\
        2,李四,吉0721,2024-02-30,,\n\
        3,王五,吉0721,2024-02-02,2024-02-01,\n\
        4,,吉0721,,,\n\
        5,赵六,某某法院,,,\n\
        6,孙七,吉0721,,至今,\n";
    let report = imported(&world, "officers", csv).await;
    assert_eq!((tally(&report), lines(&report["errors"])), ([1, 0, 0, 6], vec![2, 3, 4, 5, 6, 7]));
    assert_eq!(report["warnings"], json!([{"line": null, "message": "第6列“备注”未导入"}]));
    let english = world.ask(ADMIN, "/api/v1/imports/officers", |r| {
        *r.method_mut() = Method::POST;
        r.headers_mut().insert(header::CONTENT_TYPE, "text/csv".parse().unwrap());
        r.headers_mut().insert(header::ACCEPT_LANGUAGE, "en".parse().unwrap());
        *r.body_mut() = "number,name\n,x\n".into();
    });
    let english = english.await;
    assert_eq!(english.json()["errors"][0]["message"], "the officer number is empty");
    assert_eq!(english.header(header::CONTENT_LANGUAGE), Some("en"));
}

#[tokio::test]
async fn a_court_may_be_named_and_its_name_must_be_one_court_s() {
    let world = World::new().await;
    let courts = "法院代码,法院名称,启用日期\n吉0721,某县法院,\n吉0721,某县人民法院,2024-01-01\n吉0722,同名法院,\n吉0723,同名法院,\n";
    let report = imported(&world, "courts", courts).await;
    assert_eq!((tally(&report), lines(&report["warnings"])), ([4, 0, 0, 0], vec![3]), "two names at the same time");
    let report = imported(&world, "officers", "警号,姓名,法院\n1,张三,某县法院\n2,李四,同名法院\n").await;
    assert_eq!((tally(&report), lines(&report["errors"])), ([1, 0, 0, 1], vec![3]));
    assert!(report["errors"][0]["message"].as_str().unwrap().contains("吉0722、吉0723"), "{report}");
    assert_eq!(items(&world, "/api/v1/officers?number=1").await[0]["court"], "吉0721");
}

#[tokio::test]
async fn warnings_stand_beside_what_goes_in() {
    let world = World::new().await;
    let report =
        imported(&world, "courts", "code,name,parent\n吉0721,某县法院,吉07\n吉0722,某市法院,吉\n吉,某高院,最高法\n")
            .await;
    assert_eq!((tally(&report), lines(&report["warnings"])), ([3, 0, 0, 0], vec![2, 4]), "{report}");
    imported(&world, "officers", "警号,姓名,起始日期\n1,张三,2020-01-01\n").await;
    let overlapping =
        "警号,姓名,起始日期,截止日期\n1,张三,2023-01-01,\n2,李四,2020-01-01,2020-12-31\n2,李四,2020-12-31,\n";
    for query in ["?dry_run=true", ""] {
        let report = import(&world, "officers", query, overlapping).await.json();
        assert_eq!((tally(&report), lines(&report["warnings"])), ([3, 0, 0, 0], vec![2, 4]), "{report}");
        let message = |at: usize| report["warnings"][at]["message"].as_str().unwrap().to_owned();
        assert!(message(0).contains("登记中已有的（2020-01-01–…）与第2行（2023-01-01–…）"), "{}", message(0));
        assert!(message(1).contains("第3行（2020-01-01–2020-12-31）与第4行（2020-12-31–…）"), "{}", message(1));
    }
    // The line that ends the older post takes the overlap away, wherever it stands.
    let ended = "警号,姓名,起始日期,截止日期\n1,张三,2023-01-01,\n1,张三,2020-01-01,2022-12-31\n";
    for query in ["?dry_run=true", ""] {
        assert_eq!(import(&world, "officers", query, ended).await.json()["warnings"], json!([]));
    }
    let recorders =
        "序列号,型号,持有人警号,起始日期,截止日期\n0012345,D1,1,2020-01-01,2022-12-31\n0012345,,9,2023-01-01,\n";
    let report = imported(&world, "recorders", recorders).await;
    assert_eq!((tally(&report), lines(&report["warnings"])), ([2, 0, 0, 0], vec![3]), "{report}");
    assert!(report["warnings"][0]["message"].as_str().unwrap().contains("持有人警号 9"));
    let report = imported(&world, "parties", "案号,姓名,身份\n（2021）吉0721执1号,张三,被执行人\n").await;
    assert_eq!((tally(&report), lines(&report["warnings"])), ([1, 0, 0, 0], vec![2]), "{report}");
}

#[tokio::test]
async fn recorders_keep_who_had_them() {
    let world = World::new().await;
    let csv = "序列号,型号,法院,持有人警号,起始日期,截止日期\n\
        0012345,D1,吉0721,001234,2020-01-01,2022-12-31\n\
        0012345,,,005678,2023-01-01,\n\
        0099999,D2,,,,\n\
        0088888,,,,2020-01-01,\n";
    let report = imported(&world, "recorders", csv).await;
    assert_eq!((tally(&report), lines(&report["errors"])), ([3, 0, 0, 1], vec![5]));
    assert_eq!(tally(&imported(&world, "recorders", csv).await), [0, 0, 3, 1]);
    let held = json!({"serial": "0012345", "model": "D1", "court": "吉0721", "holders": [
        {"officer": "001234", "first_day": "2020-01-01", "last_day": "2022-12-31"},
        {"officer": "005678", "first_day": "2023-01-01", "last_day": null},
    ]});
    assert_eq!(items(&world, "/api/v1/recorders?serial=0012345").await, [held]);
    for (query, count) in [("holder=001234", 1), ("holder=001234&at=2023-01-01", 0), ("holder=005678&at=2023-01-01", 1)]
    {
        assert_eq!(items(&world, &format!("/api/v1/recorders?{query}")).await.len(), count, "{query}");
    }
    assert_eq!(world.get(OFFICER, "/api/v1/recorders?at=2023-01-01").await.fields(), ["at"]);
}

#[tokio::test]
async fn parties_are_added_to_their_case_and_given_roles() {
    let world = World::new().await;
    imported(&world, "cases", "案号,当事人\n（2021）吉0721执1号,张三（被执行人）、李四\n").await;
    let csv =
        "案号,姓名,身份\n(2021)吉0721执1,李四,申请执行人\n(2021)吉0721执1,王五（案外人）,\n(2021)吉0721执1,张三,\n";
    assert_eq!(tally(&imported(&world, "parties", csv).await), [1, 1, 1, 0]);
    assert_eq!(tally(&imported(&world, "parties", csv).await), [0, 0, 3, 0]);
    let case = ids_of(&world.get(LEGAL, &format!("/api/v1/cases?party={}", encode("王五"))).await.json())[0].clone();
    let party = |name: &str, role: &str| json!({"name": name, "role": role});
    assert_eq!(
        world.get(LEGAL, &format!("/api/v1/cases/{case}")).await.json()["parties"],
        json!([party("张三", "被执行人"), party("李四", "申请执行人"), party("王五", "案外人")])
    );
    // The file of cases says who the parties are; a role that it does not say stays.
    imported(&world, "cases", "案号,当事人\n（2021）吉0721执1号,李四、张三\n").await;
    assert_eq!(
        world.get(LEGAL, &format!("/api/v1/cases/{case}")).await.json()["parties"],
        json!([party("李四", "申请执行人"), party("张三", "被执行人")])
    );
}

#[tokio::test]
async fn a_transfer_moves_no_old_clip() {
    let world = World::new().await;
    let old = world.clip("120000").await; // 2024-05-08, officer 001234, recorder 0012345
    let path = format!("/api/v1/clips/{old}");
    let tag = world.get(OFFICER, &path).await.header(header::ETAG).unwrap().to_owned();
    let officers = "警号,姓名,法院,起始日期,截止日期\n\
        001234,张三,吉0721,2020-01-01,2024-05-08\n001234,张三丰,吉0722,2024-05-09,\n005678,李四,吉0721,,\n";
    imported(&world, "officers", officers).await;
    let recorders = "序列号,型号,持有人警号,起始日期,截止日期\n0012345,D1,005678,2024-01-01,2024-12-31\n0012345,,001234,2025-01-01,\n";
    imported(&world, "recorders", recorders).await;
    let changed = world.get_with(OFFICER, &path, &[("if-none-match", &tag)]).await;
    assert_eq!(changed.status, StatusCode::OK, "what a register says is part of the clip as it is shown");
    let clip = changed.json();
    assert_eq!(clip["officer"], json!({"number": "001234", "name": "张三", "court": "吉0721"}));
    let holder = json!({"number": "005678", "name": "李四", "court": "吉0721"});
    assert_eq!(clip["recorder"], json!({"serial": "0012345", "model": "D1", "holder": holder}));
    let listed = world.get(OFFICER, "/api/v1/clips").await.json();
    assert_eq!(listed["items"][0]["officer"], clip["officer"]);
    assert_eq!(listed["items"][0]["recorder"], clip["recorder"]);
}

#[tokio::test]
async fn rows_are_entered_and_corrected_one_by_one() {
    let world = World::new().await;
    let new = json!({"code": "吉０７２１", "name": "某县法院", "first_day": "2020-01-01"});
    let made = world.send(ADMIN, Method::POST, "/api/v1/courts", &new).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let place = made.header(header::LOCATION).unwrap().to_owned();
    assert_eq!(world.get(OFFICER, &place).await.json(), made.json());
    assert_eq!(made.json()["code"], "吉0721");
    let again = world.send(ADMIN, Method::POST, "/api/v1/courts", &new).await;
    assert_eq!((again.status, again.code().as_str()), (StatusCode::CONFLICT, "already_there"));
    let change = json!({"name": "某县人民法院", "parent": "吉07", "first_day": null, "last_day": "2030-12-31"});
    let changed = world.send(ADMIN, Method::PATCH, &place, &change).await.json();
    let expected = json!({"id": made.json()["id"], "code": "吉0721", "name": "某县人民法院", "parent": "吉07",
        "first_day": null, "last_day": "2030-12-31"});
    assert_eq!(changed, expected);
    let cleared = world.send(ADMIN, Method::PATCH, &place, &json!({"parent": null, "last_day": null})).await.json();
    assert_eq!(
        (&cleared["parent"], &cleared["last_day"], &cleared["name"]),
        (&json!(null), &json!(null), &json!("某县人民法院"))
    );
    assert_eq!(world.get(OFFICER, &place).await.json(), cleared);
    let post =
        json!({"number": "001234", "name": "张三", "role": "法官", "court": "吉0721", "first_day": "2020-01-01"});
    let made = world.send(ADMIN, Method::POST, "/api/v1/officers", &post).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let place = made.header(header::LOCATION).unwrap().to_owned();
    let ended = world.send(ADMIN, Method::PATCH, &place, &json!({"last_day": "2023-12-31", "role": ""})).await.json();
    assert_eq!(
        (&ended["last_day"], &ended["role"], &ended["name"]),
        (&json!("2023-12-31"), &json!(null), &json!("张三"))
    );
}

#[tokio::test]
async fn all_faults_of_a_body_are_named_at_once() {
    let world = World::new().await;
    let bad = json!({"number": " ", "name": null, "court": "吉072", "first_day": "x", "last_day": "2020-13-01"});
    let answer = world.send(ADMIN, Method::POST, "/api/v1/officers", &bad).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.fields(), ["number", "name", "court", "first_day", "last_day"]);
    let holders = json!({"serial": "1", "holders": [{"officer": "1"}, {"first_day": "2020-01-01", "last_day": "2019-01-01"}, {"officer": "2"}]});
    let answer = world.send(ADMIN, Method::POST, "/api/v1/recorders", &holders).await;
    assert_eq!(
        answer.fields(),
        ["holders[1].officer", "holders[1].last_day", "holders[1].first_day", "holders[2].first_day"]
    );
    let unknown = world.send(ADMIN, Method::POST, "/api/v1/courts", &json!({"code": "吉", "nam": "x"})).await;
    assert_eq!((unknown.status, unknown.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["body".to_owned()]));
    for (list, code) in
        [("courts", "no_such_court"), ("officers", "no_such_officer"), ("recorders", "no_such_recorder")]
    {
        let path = format!("/api/v1/{list}/5");
        assert_eq!(world.get(OFFICER, &path).await.code(), code);
        assert_eq!(world.send(ADMIN, Method::PATCH, &path, &json!({})).await.code(), code);
    }
    let (report, empty) =
        (imported(&world, "officers", "警号,姓名\n").await, world.all_ids("/api/v1/officers", 5).await);
    assert_eq!((tally(&report), empty.len()), ([0, 0, 0, 0], 0), "nothing of what was refused is there");
}

#[tokio::test]
async fn holders_are_replaced_as_a_whole() {
    let world = World::new().await;
    let new = json!({"serial": "0012345", "holders": [{"officer": "1", "last_day": "2020-12-31"}, {"officer": "2", "first_day": "2021-01-01"}]});
    let made = world.send(ADMIN, Method::POST, "/api/v1/recorders", &new).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.json()["holders"].as_array().unwrap().len(), 2);
    let place = made.header(header::LOCATION).unwrap().to_owned();
    let model = world.send(ADMIN, Method::PATCH, &place, &json!({"model": "D9"})).await.json();
    assert_eq!((model["holders"].as_array().unwrap().len(), &model["model"]), (2, &json!("D9")));
    let one = world.send(ADMIN, Method::PATCH, &place, &json!({"holders": [{"officer": "3"}]})).await.json();
    assert_eq!(one["holders"], json!([{"officer": "3", "first_day": null, "last_day": null}]));
    let none = world.send(ADMIN, Method::PATCH, &place, &json!({"holders": null})).await.json();
    assert_eq!((&none["holders"], &none["model"]), (&json!([]), &json!("D9")));
    let taken = world.send(ADMIN, Method::POST, "/api/v1/recorders", &new).await;
    assert_eq!(taken.code(), "already_there");
}

#[tokio::test]
async fn an_import_wants_csv_and_a_register() {
    let world = World::new().await;
    let json = world.send(ADMIN, Method::POST, "/api/v1/imports/courts", &json!({})).await;
    assert_eq!((json.status, json.code().as_str()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_csv"));
    assert_eq!(import(&world, "judges", "", "a\n").await.code(), "no_such_register");
    let headless = import(&world, "courts", "", "名称,代\n").await;
    assert_eq!((headless.status, headless.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["body".to_owned()]));
    assert_eq!(import(&world, "courts", "?dry_run=yes", "法院代码\n").await.fields(), ["dry_run"]);
    let large = import(&world, "courts", "", &"x".repeat((64 << 20) + 1)).await;
    assert_eq!((large.status, large.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "body_refused"));
}
