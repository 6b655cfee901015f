//! What an answer shows: order, pages, snippets, facets, and its limits.

use std::time::Duration;

use serde_json::json;
use zhilu::catalog::search::hits::Session;
use zhilu::search::find;
use zhilu::search::query::{Terms, parse};

use super::super::world::{World, ids_of};
use super::{case, hits, incident, search, search_with};

#[tokio::test]
async fn a_hit_shows_where_it_was_found() {
    let world = World::new().await;
    let case = case(&world, "（2021）吉0721执123号", &["张三"], "买卖合同纠纷").await;
    let clip = world.accept(world.arrival("2021吉0721执123/0012345_00123420240508132920_0001.mp4", b"a")).await.clip_id;
    incident(&world, clip, case).await;
    let page = search(&world, "威胁 执123").await;
    assert_eq!(hits(&page), ["incident:77"]);
    let hit = &page["items"][0];
    assert_eq!(
        (&hit["status"], &hit["severity"], &hit["codes"]),
        (&json!("confirmed"), &json!(3), &json!(["V2", "V6"]))
    );
    assert_eq!(hit["clips"], json!([{"id": clip.to_string(), "offset_ms": 61500}]));
    assert_eq!(hit["cases"], json!(["（2021）吉0721执123号"]));
    assert!(hit["title"].as_str().unwrap().starts_with("被执行人李四手持菜刀"));
    assert_eq!(hit["at"], "2024-05-08T05:30:00Z");
    let marked = |field: &str| {
        let snippet = hit["snippets"].as_array().unwrap().iter().find(|s| s["field"] == field).unwrap();
        let text: Vec<char> = snippet["text"].as_str().unwrap().chars().collect();
        let marks = snippet["marks"].as_array().unwrap().iter();
        let at = |m: &serde_json::Value, n: usize| usize::try_from(m[n].as_u64().unwrap()).unwrap();
        marks.map(|m| text[at(m, 0)..at(m, 1)].iter().collect::<String>()).collect::<Vec<_>>()
    };
    assert_eq!(marked("number"), ["（2021）吉0721执123号"]);
    assert_eq!(marked("narrative"), ["威胁"]);
    let page = search(&world, "code:V6 kind:clip").await;
    let hit = &page["items"][0];
    assert_eq!((&hit["name"], &hit["duration_ms"]), (&json!("0012345_00123420240508132920_0001.mp4"), &json!(2000)));
    assert_eq!((&hit["codes"], &hit["snippets"]), (&json!(["V2", "V6"]), &json!([])));
}

#[tokio::test]
async fn facets_count_every_hit() {
    let world = World::new().await;
    let case = case(&world, "（2021）吉0721执123号", &["张三"], "买卖合同纠纷").await;
    let clip = world.accept(world.arrival("2021吉0721执123/0012345_00123420240508132920_0001.mp4", b"a")).await.clip_id;
    world.clip("140000").await;
    incident(&world, clip, case).await;
    let page = search_with(&world, "officer:001234", "&facets=true&limit=1").await;
    assert_eq!((&page["total"], &page["total_at_least"]), (&json!(3), &json!(null)));
    let facets = &page["facets"];
    assert_eq!((&facets["over"], &facets["exact"]), (&json!(3), &json!(true)));
    assert_eq!(facets["court"], json!([{"value": "吉0721", "label": "吉0721", "count": 2}]));
    let codes: Vec<_> =
        facets["code"].as_array().unwrap().iter().map(|c| (c["value"].clone(), c["count"].clone())).collect();
    assert_eq!(codes, [(json!("V2"), json!(2)), (json!("V6"), json!(2))]);
    assert_eq!(facets["month"], json!([{"value": "2024-05", "label": "2024-05", "count": 3}]));
    assert_eq!(facets["officer"][0]["count"], 3);
    assert_eq!(facets["measure"], json!([{"value": "司法拘留", "label": "司法拘留", "count": 2}]));
    // Values of one filter are alternatives, filters together are not.
    let narrowed = world.get(super::LEGAL, "/api/v1/search?code=V1,V6&officer=001234&kind=clip").await.json();
    assert_eq!(ids_of(&narrowed), [clip.to_string()]);
}

#[tokio::test]
async fn a_total_is_exact_when_it_is_asked_for() {
    let world = World::new().await;
    for n in 1..=310 {
        case(&world, &format!("（2021）吉0721执{n}号"), &["甲"], if n <= 5 { "买卖同卖合同" } else { "买卖合同" })
            .await;
    }
    let total = async |query: &str, more: &str| {
        let page = search_with(&world, query, &format!("&limit=1{more}")).await;
        (page["total"].as_u64(), page["total_at_least"].as_u64())
    };
    // Two characters are the index's own words; of three the texts decide, and they take time to read.
    assert_eq!(total("合同", "").await, (Some(310), None));
    assert_eq!(total("买卖合同", "").await, (None, Some(300)));
    assert_eq!(total("买卖合同", "&exact_total=true").await, (Some(305), None));
    assert_eq!(total("买卖合同", "&facets=true").await, (Some(305), None));
    assert_eq!(total("卖合同", "&exact_total=true").await, (Some(310), None));
    assert_eq!(total("买卖合同 执123", "").await, (Some(1), None));
}

#[tokio::test]
async fn pages_stay_right_while_documents_arrive() {
    let world = World::new().await;
    let mut all = Vec::new();
    for minute in 0..9 {
        all.insert(0, format!("clip:{}", world.clip(&format!("13{minute:02}00")).await));
    }
    for sort in ["newest", "best"] {
        let mut found = Vec::new();
        let mut cursor = String::new();
        for round in 0.. {
            let page = search_with(&world, "0012345", &format!("&sort={sort}&limit=4{cursor}")).await;
            found.extend(hits(&page));
            // Newer ones come in; they belong to no later page.
            world.clip(&format!("15{round:02}{:02}", if sort == "best" { 30 } else { 0 })).await;
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let found: Vec<_> = found.into_iter().filter(|hit| all.contains(hit)).collect();
        assert_eq!(found, all, "{sort}");
    }
}

#[tokio::test]
async fn the_best_have_what_is_looked_for_most_often_and_in_the_weightiest_fields() {
    let world = World::new().await;
    let little = case(&world, "（2021）吉0721执3号", &["甲"], "持刀").await;
    let much = case(&world, "（2021）吉0721执2号", &["持刀人持刀"], "持刀持刀").await;
    let none = case(&world, "（2021）吉0721执1号", &["乙"], "无").await;
    let best = search_with(&world, "持刀", "&sort=best").await;
    assert_eq!(hits(&best), [format!("case:{much}"), format!("case:{little}")]);
    let newest = search(&world, "持刀").await;
    assert_eq!(hits(&newest), [format!("case:{little}"), format!("case:{much}")]);
    assert!(!hits(&best).contains(&format!("case:{none}")));
}

#[tokio::test]
async fn a_search_without_time_says_that_it_did_not_end() {
    let world = World::new().await;
    let offset = world.app.custody.utc_offset;
    for n in 1..=40 {
        case(&world, &format!("（2021）吉0721执{n}号"), &["张三"], "买卖合同纠纷").await;
    }
    let terms = Terms { offset, violent: std::collections::BTreeSet::new() };
    let plan = parse("张三 -买卖合同 OR 张三", &terms).unwrap();
    let mut reader = world.app.custody.db.read().await.unwrap();
    {
        let mut session = Session::begin(&mut reader, Duration::ZERO).await.unwrap();
        let facets = find::facets(&mut session, &plan, 10).await;
        // A statement so short may end before the first look at the clock; then it must be whole.
        if let Ok(facets) = facets {
            assert!(facets.out_of_time || facets.over.hits == 40);
        }
    }
    // Whoever gets the connection next is not bound by that limit.
    let mut session = Session::begin(&mut reader, Duration::from_secs(60)).await.unwrap();
    let page = find::newest(&mut session, &plan, None, 100).await.unwrap();
    assert!(page.complete);
    assert_eq!(page.hits.len(), 40);
}
