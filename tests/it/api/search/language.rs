//! The query language, and what it finds.

use axum::http::{Method, StatusCode};
use serde_json::json;
use zhilu::model::id::Id;

use super::super::world::{LEGAL, World, encode, ids_of};
use super::{case, hits, incident, search};

struct Court {
    world: World,
    clip: Id,
    case: Id,
    other: Id,
    /// The incident that the clip's mark makes, with its case.
    marked: String,
}

async fn court() -> Court {
    let world = World::new().await;
    let case = case(&world, "（2021）吉0721执123号", &["张三", "李四"], "买卖合同纠纷").await;
    let other = super::case(&world, "（2021）吉0721执1234号", &["张三丰"], "离婚纠纷").await;
    let place = "2021吉0721执123/0012345_00123420240508132920_0001_IMP.mp4";
    let clip = world.accept(world.arrival(place, b"a")).await.clip_id;
    let marked = ids_of(&world.get(LEGAL, "/api/v1/incidents").await.json()).pop().unwrap();
    incident(&world, clip, case).await;
    Court { world, clip, case, other, marked: format!("incident:{marked}") }
}

#[tokio::test]
async fn queries_find_what_they_say() {
    let Court { world, clip, case, other, marked } = court().await;
    let (clip, case, other, incident) =
        (format!("clip:{clip}"), format!("case:{case}"), format!("case:{other}"), "incident:77".to_owned());
    let (clip, case, other, incident) = (clip.as_str(), case.as_str(), other.as_str(), incident.as_str());
    let marked = marked.as_str();
    let table: &[(&str, &[&str])] = &[
        ("张三", &[marked, incident, clip, case, other]),
        ("张三丰", &[other]),
        ("张三 -张三丰", &[marked, incident, clip, case]),
        ("张三 NOT 张三丰", &[marked, incident, clip, case]),
        ("张三 －张三丰", &[marked, incident, clip, case]),
        ("离婚 OR 菜刀", &[incident, other]),
        ("离婚 ＯＲ 菜刀", &[incident, other]),
        ("（离婚 OR 菜刀） 张三丰", &[other]),
        ("-(离婚 OR 菜刀) 张三", &[marked, clip, case]),
        ("李四手持菜刀威胁执行人员并称谁进来砍谁", &[incident]),
        ("“手持菜刀，威胁”", &[incident]),
        ("刀", &[incident]),
        ("-刀 kind:incident status:confirmed", &[]),
        ("执123", &[marked, incident, clip, case]),
        ("吉0721执123", &[marked, incident, clip, case]),
        ("（2021）吉0721执123号", &[marked, incident, clip, case]),
        ("(2021) 吉0721 执 123 号", &[marked, incident, clip, case]),
        ("(2021)吉0721执123号 菜刀", &[incident]),
        ("案号：执1234", &[other]),
        ("case:2021吉0721执", &[marked, incident, clip, case, other]),
        ("执异5", &[incident]),
        ("执12", &[]),
        ("吉07", &[]),
        ("吉0721 kind:case", &[case, other]),
        ("officer:001234", &[incident, clip]),
        ("警号：001234", &[incident, clip]),
        ("officer:00123", &[]),
        ("recorder:0012345", &[clip]),
        ("code:V2", &[incident, clip]),
        ("行为:v1，v6", &[incident, clip]),
        ("code:V1", &[]),
        ("measure:拘留", &[incident, clip]),
        ("措施：司法拘留", &[incident, clip]),
        ("measure:罚款", &[]),
        ("court:吉0721 kind:incident", &[marked, incident]),
        ("法院:吉0722", &[]),
        ("kind:violent", &[incident, clip]),
        ("类型：暴力抗法 类型：事件", &[incident]),
        ("status:confirmed", &[incident]),
        ("状态：已确认", &[incident]),
        ("severity:3", &[incident]),
        ("等级:1,2,3", &[incident]),
        ("important:true", &[clip]),
        ("-important:true kind:clip", &[]),
        ("role:司法警察", &[incident]),
        ("role:被执行人", &[]),
        ("from:2024-05-08 to:2024-05-08 -status:suspected", &[incident, clip]),
        ("自:2024-05 至:2024-05 -状态：疑似", &[incident, clip]),
        ("from:2024-05-09", &[]),
        ("to:2023 kind:case", &[case, other]),
        ("IMP.mp4", &[clip]),
        ("ＩＭＰ", &[clip]),
        ("10:30", &[]),
        ("！！ 菜刀", &[incident]),
    ];
    for (query, expected) in table {
        let mut found = hits(&search(&world, query).await);
        found.sort();
        let mut expected: Vec<&str> = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test]
async fn parts_of_case_numbers_are_found_wherever_they_stand() {
    let Court { world, clip, case, other, marked } = court().await;
    let noted = world.clip("140000").await;
    let path = format!("/api/v1/clips/{noted}/notes");
    let note = json!({"note": "见执123案，被执行人住吉0722辖区，被执行1234元"});
    assert_eq!(world.send(LEGAL, Method::POST, &path, &note).await.status, StatusCode::CREATED);
    let folder = world.accept(world.arrival("執行/执1234/0012345_00123420240508150000_0001.mp4", b"b")).await.clip_id;
    let (clip, case, other, noted, folder) = (
        format!("clip:{clip}"),
        format!("case:{case}"),
        format!("case:{other}"),
        format!("clip:{noted}"),
        format!("clip:{folder}"),
    );
    let incident = "incident:77".to_owned();
    let with_noted = vec![&clip, &case, &incident, &marked, &noted];
    let with_other = vec![&clip, &case, &incident, &marked, &other];
    let linked = vec![&clip, &case, &incident, &marked];
    let table: Vec<(&str, Vec<&String>)> = vec![
        // The case, what is linked with it, and what speaks of it without court and year.
        ("执123", with_noted.clone()),
        ("执１２３", with_noted.clone()),
        ("执123号", with_noted.clone()),
        ("执字第123号", with_noted.clone()),
        ("\"执123\"", with_noted.clone()),
        ("case:执123", with_noted.clone()),
        ("案号：执123", with_noted.clone()),
        ("案号:\"执 123 号\"", with_noted.clone()),
        ("执1234", vec![&other, &folder]),
        ("案号:执1234", vec![&other, &folder]),
        ("吉0721", with_other.clone()),
        ("吉０７２１", with_other.clone()),
        ("吉0722", vec![&noted]),
        ("吉0721执123", linked.clone()),
        ("case:吉0721执123", linked.clone()),
        ("〔2021〕吉0721执123号", linked.clone()),
        ("【2021】吉0721执123号", linked.clone()),
        ("（２０２１）吉０７２１执１２３号", linked.clone()),
        ("（2021）吉0721执1234号", vec![&other]),
        ("（2021）吉0721执12号", vec![]),
        ("(2024)吉0721执123号", vec![]),
        ("2021执123", linked.clone()),
        ("执恢123", vec![]),
        ("执12", vec![]),
        ("行1234", vec![&noted]),
        // What is no part of a number is a text like any other.
        ("执行1234元", vec![&noted]),
    ];
    for (query, expected) in table {
        let mut found = hits(&search(&world, query).await);
        found.sort();
        let mut expected: Vec<String> = expected.into_iter().cloned().collect();
        expected.sort();
        assert_eq!(found, expected, "{query}");
    }
    // What was found is marked, and no more of the text.
    let page = search(&world, "执123 kind:clip 辖区").await;
    let snippets = page["items"][0]["snippets"].as_array().unwrap();
    let note = snippets.iter().find(|s| s["field"] == "note").unwrap();
    assert_eq!(note["marks"], json!([[1, 5], [17, 19]]));
    let cases = world.get(LEGAL, &format!("/api/v1/cases?q={}", encode("执123"))).await.json();
    assert_eq!(ids_of(&cases), [case.strip_prefix("case:").unwrap()]);
}

#[tokio::test]
async fn lists_of_clips_and_cases_take_the_language_too() {
    let Court { world, clip, case, other, .. } = court().await;
    let get = async |path: &str, query: &str| {
        let answer = world.get(LEGAL, &format!("/api/v1/{path}?q={}", encode(query))).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", String::from_utf8_lossy(&answer.body));
        ids_of(&answer.json())
    };
    assert_eq!(get("clips", "执123 code:V6").await, [clip.to_string()]);
    assert!(get("clips", "张三丰").await.is_empty());
    assert_eq!(get("cases", "张三").await, [other.to_string(), case.to_string()]);
    assert_eq!(get("cases", "执123").await, [case.to_string()]);
    assert_eq!(get("cases", "张三 -丰").await, [case.to_string()]);
    let filtered = world.get(LEGAL, &format!("/api/v1/clips?q={}&state=accepted", encode("张三"))).await;
    assert!(ids_of(&filtered.json()).is_empty(), "the clip is matched");
    let page = world.get(LEGAL, &format!("/api/v1/cases?q={}&limit=1", encode("张三"))).await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = world.get(LEGAL, &format!("/api/v1/cases?q={}&limit=1&cursor={cursor}", encode("张三"))).await.json();
    assert_eq!((ids_of(&page), ids_of(&next)), (vec![other.to_string()], vec![case.to_string()]));
    assert!(next["next_cursor"].is_null());
    let plain = world.get(LEGAL, &format!("/api/v1/cases?cursor={cursor}")).await;
    assert_eq!(plain.fields(), ["cursor"]);
}

#[tokio::test]
async fn a_wrong_query_is_told_where_it_is_wrong() {
    let world = World::new().await;
    let table = [
        ("", 0, 0),
        ("！ 。", 0, 0),
        ("张三 (李四", 3, 1),
        ("张三）", 2, 1),
        ("张三 \"李四", 3, 1),
        ("颜色:红", 0, 2),
        ("张三 colour:red", 3, 6),
        ("code:", 5, 0),
        ("张三 severity:5", 3, 10),
        ("measure:跳舞", 0, 10),
        ("case:执行", 0, 7),
        ("kind:film", 0, 9),
        ("from:昨天", 0, 7),
        ("张三 OR", 3, 2),
        ("OR 张三", 0, 2),
        ("张三 -", 3, 0),
        ("a OR from:2021", 5, 9),
        ("-from:2021", 1, 9),
    ];
    for (query, position, length) in table {
        for path in ["search", "clips", "cases", "incidents"] {
            let answer = world.get(LEGAL, &format!("/api/v1/{path}?q={}", encode(query))).await;
            // A dash alone is punctuation.
            if query == "张三 -" {
                assert_eq!(answer.status, StatusCode::OK, "{query}");
                continue;
            }
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
            assert_eq!((answer.code().as_str(), answer.fields()), ("bad_query", vec!["q".to_owned()]), "{query}");
            let body = answer.json();
            assert_eq!((body["position"].as_u64(), body["length"].as_u64()), (Some(position), Some(length)), "{query}");
        }
    }
    let english = [("accept-language", "en")];
    let answer = world.get_with(LEGAL, &format!("/api/v1/search?q={}", encode("张三 (李四")), &english).await.json();
    assert_eq!(answer["errors"][0]["message"], "character 4: the parenthesis is not closed");
    for query in ["q=a&q=b", "sort=oldest", "facets=1", "kind=film", "cursor=AAAA", "from=x", "colour=1", "severity=9"]
    {
        let answer = world.get(LEGAL, &format!("/api/v1/search?{query}")).await;
        let name = query.split('=').next().unwrap();
        assert_eq!((answer.status, answer.fields()), (StatusCode::BAD_REQUEST, vec![name.to_owned()]), "{query}");
    }
}

#[tokio::test]
async fn no_query_breaks_the_index() {
    let world = World::new().await;
    world.clip("132920").await;
    for query in [
        "\"*\" a",
        "a*",
        "^a",
        "{a b}",
        "NEAR(a b)",
        "a AND",
        "NOT a",
        "a + b",
        "terms:a",
        "'a' & 'b'",
        "a:*",
        "!a",
        "a<->b",
        "\\",
        "a\0b",
        "'",
        "' or 1=1",
        "\u{e000}kclip",
        "𠮷",
        "ß",
        "-a",
        "-ab -cd",
        "(a OR -b) -c",
        "a\u{301}",
        "\u{202e}abc",
        "٣٤",
        "ⅷ",
        "🙂🙂",
    ] {
        let answer = world.get(LEGAL, &format!("/api/v1/search?q={}&facets=true", encode(query))).await;
        assert!([200, 400].contains(&answer.status.as_u16()), "{query}: {}", String::from_utf8_lossy(&answer.body));
    }
    let long = "长".repeat(490);
    assert_eq!(hits(&search(&world, &long).await), Vec::<String>::new());
}
