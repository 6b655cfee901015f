//! Chains of cases, and the filters of cases.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::world::{ADMIN, LEGAL, World, encode, ids_of};

async fn import(world: &World, csv: &str) -> Value {
    world.send_as(ADMIN, Method::POST, "/api/v1/imports/cases", "text/csv", csv.to_owned()).await.json()
}

async fn id_of(world: &World, number: &str) -> String {
    let found = world.get(LEGAL, &format!("/api/v1/cases?number={}", encode(number))).await.json();
    ids_of(&found).pop().unwrap()
}

fn numbers(cases: &Value) -> Vec<&str> {
    cases.as_array().unwrap().iter().map(|case| case["number"].as_str().unwrap()).collect()
}

/// 财保 → 执保 → 执 → 执恢 and 执异, of which 财保 and 执保 are in no file of their own.
const CHAIN: &str = "案号,当事人,前案\n\
    （2022）吉0721执恢4号,张三,（2021）吉0721执3号\n\
    （2021）吉0721执3号,张三,（2021）吉0721执保2号；(2020)吉0721财保1\n\
    （2021）吉0721执异5号,张三,2021吉0721执3\n";

const ORDER: [&str; 5] = [
    "（2020）吉0721财保1号",
    "（2021）吉0721执保2号",
    "（2021）吉0721执3号",
    "（2021）吉0721执异5号",
    "（2022）吉0721执恢4号",
];

#[tokio::test]
async fn a_chain_shows_the_cases_in_order_with_all_their_clips() {
    let world = World::new().await;
    let report = import(&world, CHAIN).await;
    assert_eq!((&report["added"], &report["errors"]), (&json!(2), &json!([])), "{report}");
    assert_eq!(report["changed"], 1, "the first line made a case of the second one's number");
    assert_eq!(import(&world, CHAIN).await["unchanged"], 3);
    let other = import(&world, "案号,前案\n（2021）吉0721执33号,（2021）吉0721执保22号\n").await;
    assert_eq!(other["added"], 1);
    let mut clips = Vec::new();
    for (n, folder) in ["2020吉0721财保1", "2021吉0721执33", "2021吉0721执3", "2022吉0721执恢4"].iter().enumerate()
    {
        let name = format!("{folder}/0012345_00123420240508{:02}0000_0001.mp4", 10 + n);
        let clip = world.accept(world.arrival(name, folder.as_bytes())).await.clip_id.to_string();
        if n != 1 {
            clips.insert(0, clip);
        }
    }
    for number in ORDER {
        let id = id_of(&world, number).await;
        let chain = world.get(LEGAL, &format!("/api/v1/cases/{id}/chain")).await.json();
        assert_eq!(numbers(&chain["cases"]), ORDER, "{number}");
        assert_eq!(ids_of(&chain["clips"]), clips, "{number}");
        assert_eq!((chain["steps"].as_array().unwrap().len(), &chain["incidents"]), (4, &json!([])));
        assert_eq!(chain["cases"][0]["stub"], true);
    }
    let case = world.get(LEGAL, &format!("/api/v1/cases/{}", id_of(&world, ORDER[2]).await)).await.json();
    assert_eq!(numbers(&case["predecessors"]), ORDER[..2]);
    assert_eq!(numbers(&case["successors"]), ORDER[3..]);
    assert_eq!(numbers(&case["chain"]), ORDER);
    let alone = import(&world, "案号\n（2021）吉0721执99号\n").await;
    assert_eq!(alone["added"], 1);
    let id = id_of(&world, "（2021）吉0721执99号").await;
    let chain = world.get(LEGAL, &format!("/api/v1/cases/{id}/chain")).await.json();
    assert_eq!((numbers(&chain["cases"]), &chain["clips"]["items"]), (vec!["（2021）吉0721执99号"], &json!([])));
}

#[tokio::test]
async fn a_chain_shows_the_incidents_of_all_its_cases() {
    let world = World::new().await;
    import(&world, CHAIN).await;
    let enter = async |day: u8, number: &str| {
        let body = json!({"begin_at": format!("2024-06-0{day}T10:00:00+08:00"), "codes": ["V2"], "cases": [number]});
        world.send(LEGAL, Method::POST, "/api/v1/incidents", &body).await.json()["id"].clone()
    };
    let (first, second) = (enter(1, ORDER[1]).await, enter(2, ORDER[4]).await);
    enter(3, "（2021）吉0721执33号").await;
    for number in [ORDER[0], ORDER[3]] {
        let path = format!("/api/v1/cases/{}/chain", id_of(&world, number).await);
        let incidents = world.get(LEGAL, &path).await.json()["incidents"].clone();
        let shown: Vec<_> = incidents.as_array().unwrap().iter().map(|i| (&i["id"], &i["case_ids"])).collect();
        let (middle, last) = (json!([id_of(&world, ORDER[1]).await]), json!([id_of(&world, ORDER[4]).await]));
        assert_eq!(shown, [(&second, &last), (&first, &middle)], "the newest first");
    }
}

#[tokio::test]
async fn the_clips_of_a_chain_are_paged() {
    let world = World::new().await;
    import(&world, "案号,前案\n（2021）吉0721执3号,（2021）吉0721执保2号\n").await;
    let mut all = Vec::new();
    for n in 0..5 {
        let folder = if n % 2 == 0 { "2021吉0721执3" } else { "2021吉0721执保2" };
        let name = format!("{folder}/0012345_001234202405081{n}0000_0001.mp4");
        all.insert(0, world.accept(world.arrival(name, &[n])).await.clip_id.to_string());
    }
    let path = format!("/api/v1/cases/{}/chain?limit=2", id_of(&world, "（2021）吉0721执保2号").await);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(LEGAL, &format!("{path}{cursor}")).await.json();
        seen.extend(ids_of(&page["clips"]));
        let Some(next) = page["clips"]["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, all);
    let of_clips = world.get(LEGAL, "/api/v1/clips?limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(world.get(LEGAL, &format!("{path}&cursor={of_clips}")).await.fields(), ["cursor"]);
    assert_eq!(world.get(LEGAL, "/api/v1/cases/5/chain").await.code(), "no_such_case");
}

#[tokio::test]
async fn people_relate_cases_and_take_it_back() {
    let world = World::new().await;
    import(&world, "案号\n（2021）吉0721执3号\n").await;
    let case = id_of(&world, "（2021）吉0721执3号").await;
    let path = format!("/api/v1/cases/{case}/relations");
    let body = json!({"predecessor": "2021吉0721执保2"});
    let made = world.send(LEGAL, Method::POST, &path, &body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.json()["earlier"]["number"], "（2021）吉0721执保2号");
    assert_eq!((&made.json()["earlier"]["stub"], &made.json()["later"]["id"]), (&json!(true), &json!(case)));
    let again = world.send(LEGAL, Method::POST, &path, &body).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, made.json()));
    let later = world.send(LEGAL, Method::POST, &path, &json!({"successor": "（2022）吉0721执恢4号"})).await.json();
    assert_eq!(later["earlier"]["id"], json!(case));
    // From the last back to the first.
    let last = later["later"]["id"].as_str().unwrap();
    let circle = json!({"successor": "（2021）吉0721执保2号"});
    let refused = world.send(LEGAL, Method::POST, &format!("/api/v1/cases/{last}/relations"), &circle).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "circle"));
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    let way = "（2021）吉0721执保2号 → （2021）吉0721执3号 → （2022）吉0721执恢4号 → （2021）吉0721执保2号";
    assert!(detail.ends_with(way), "{detail}");
    let itself = world.send(LEGAL, Method::POST, &path, &json!({"predecessor": "（2021）吉0721执3号"})).await;
    assert_eq!(itself.code(), "circle");
    let place = made.header(header::LOCATION).unwrap();
    let gone = world.ask(LEGAL, place, |r| *r.method_mut() = Method::DELETE).await;
    assert_eq!((gone.status, gone.body.len()), (StatusCode::NO_CONTENT, 0));
    let twice = world.ask(LEGAL, place, |r| *r.method_mut() = Method::DELETE).await;
    assert_eq!((twice.status, twice.code().as_str()), (StatusCode::NOT_FOUND, "not_related"));
    let case = world.get(LEGAL, &format!("/api/v1/cases/{case}")).await.json();
    assert_eq!((&case["predecessors"], numbers(&case["successors"])), (&json!([]), vec!["（2022）吉0721执恢4号"]));
    for body in [json!({}), json!({"predecessor": "x", "successor": "y"}), json!({"predecessor": "2021吉0721执"})] {
        let answer = world.send(LEGAL, Method::POST, &path, &body).await;
        assert_eq!(
            (answer.status, answer.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec!["predecessor".to_owned()])
        );
    }
    let missing = world.send(LEGAL, Method::POST, "/api/v1/cases/5/relations", &body).await;
    assert_eq!(missing.code(), "no_such_case");
}

#[tokio::test]
async fn a_circle_in_a_file_is_a_bad_line() {
    let world = World::new().await;
    let csv = "案号,前案\n\
        （2021）吉0721执2号,（2021）吉0721执1号\n\
        （2021）吉0721执3号,（2021）吉0721执2号\n\
        （2021）吉0721执1号,（2021）吉0721执3号\n\
        （2021）吉0721执4号,（2021）吉0721执4号\n";
    for query in ["?dry_run=true", ""] {
        let path = format!("/api/v1/imports/cases{query}");
        let report = world.send_as(ADMIN, Method::POST, &path, "text/csv", csv).await.json();
        assert_eq!((&report["added"], &report["bad"]), (&json!(2), &json!(2)), "{report}");
        let message = report["errors"][0]["message"].as_str().unwrap();
        assert!(
            message.contains("执1号 → （2021）吉0721执2号 → （2021）吉0721执3号 → （2021）吉0721执1号"),
            "{message}"
        );
    }
    // Against what is in the catalog, through cases that the file does not name.
    let back = "案号,前案\n（2021）吉0721执5号,（2021）吉0721执3号\n（2021）吉0721执1号,（2021）吉0721执5号\n";
    let report = import(&world, back).await;
    assert_eq!((&report["added"], &report["errors"][0]["line"]), (&json!(1), &json!(3)), "{report}");
    let case = world.get(LEGAL, &format!("/api/v1/cases/{}", id_of(&world, "（2021）吉0721执1号").await)).await.json();
    assert_eq!((&case["stub"], &case["predecessors"]), (&json!(true), &json!([])), "a bad line changes nothing");
}

#[tokio::test]
async fn cases_are_filtered_by_what_is_known_of_them() {
    let world = World::new().await;
    let csv = "案号,当事人,承办人,状态\n\
        （2021）吉0721执1号,张三、李四,王法官,在办\n\
        （2022）吉0721执恢2号,张三（被执行人）,李法官,结案\n\
        （2021）沪0115执3号,张三丰,王法官,在办\n";
    import(&world, csv).await;
    world.accept(world.arrival("（2021）吉0721执9号/a.mp4", b"a")).await;
    for (query, count) in [
        (format!("court={}", encode("吉0721")), 3),
        (format!("type={}", encode("执")), 3),
        ("year=2021".to_owned(), 3),
        (format!("party={}", encode("张三")), 2),
        (format!("judge={}&status={}", encode("王法官"), encode("在办")), 2),
        ("stub=true".to_owned(), 1),
        ("stub=false".to_owned(), 3),
        (format!("court={}&year=2021&party={}&stub=false", encode("吉0721"), encode("李四")), 1),
        (format!("number={}", encode("2022 吉0721 执恢2")), 1),
    ] {
        let found = ids_of(&world.get(LEGAL, &format!("/api/v1/cases?{query}")).await.json());
        assert_eq!(found.len(), count, "{query}");
    }
    assert_eq!(world.get(LEGAL, "/api/v1/cases?year=21&stub=1").await.fields(), ["year", "stub"]);
}
