//! Actions from a file.

use axum::http::Method;
use serde_json::{Value, json};

use super::actions::{entries, links};
use super::world::{ADMIN, LEGAL, World};

async fn import(world: &World, query: &str, csv: &str) -> Value {
    let path = format!("/api/v1/imports/actions{query}");
    world.send_as(ADMIN, Method::POST, &path, "text/csv", csv.to_owned()).await.json()
}

const HEADER: &str =
    "行动编号,类别,地点,法院,计划开始,计划结束,实际开始,实际结束,案号,警号,执法记录仪,所需台数,备注,状态";
const LINE: &str = "执行-1,强制迁出,幸福路1号,吉0721,2024-05-08 13:00,2024/5/8 15:00,,,(2021)吉0721执1号；2021吉0721执2,001234、005678,,2台,,";

#[tokio::test]
async fn a_file_of_actions_is_imported_on_record() {
    let world = World::new().await;
    let id = world.clip("132920").await;
    let before = entries(&world.app.custody.db).await;
    let file = format!("{HEADER}\n{LINE}\n执行-2,搜查,,,2024-05-08,2024-05-08 10:00,,,,,,,,\n执行-3,,,,,,,,,,,,,\n");
    let dry = import(&world, "?dry_run=true", &file).await;
    assert_eq!((&dry["added"], &dry["bad"]), (&json!(1), &json!(2)));
    assert_eq!(entries(&world.app.custody.db).await, before, "a dry run changes nothing");
    assert_eq!(links(&world, id).await, []);
    let done = import(&world, "", &file).await;
    assert_eq!((&done["added"], &done["changed"], &done["bad"]), (&json!(1), &json!(0), &json!(2)));
    let fields: Vec<&str> =
        done["changes"][0]["fields"].as_array().unwrap().iter().map(|f| f["field"].as_str().unwrap()).collect();
    let said =
        ["kind", "place", "court", "planned_from", "planned_to", "cases", "officers", "recorders_needed", "state"];
    assert_eq!(fields, said);
    let wrong: Vec<_> = done["errors"].as_array().unwrap().iter().map(|e| e["line"].as_u64().unwrap()).collect();
    assert_eq!(wrong, [3, 4]);
    let odd: Vec<_> = done["warnings"].as_array().unwrap().iter().map(|w| w["message"].as_str().unwrap()).collect();
    assert_eq!(odd, ["警号 001234 不在执行人员登记中", "警号 005678 不在执行人员登记中"]);
    let linked = ["（2021）吉0721执1号", "（2021）吉0721执2号"].map(|n| (n.to_owned(), "action".to_owned()));
    assert_eq!(links(&world, id).await, linked);
    let list = world.get(LEGAL, "/api/v1/actions").await.json();
    let action = &list["items"][0];
    assert_eq!((&action["reference"], &action["planned_to_at"]), (&json!("执行-1"), &json!("2024-05-08T07:00:00Z")));
    let path = format!("/api/v1/actions/{}/history", action["id"].as_str().unwrap());
    let history = world.get(LEGAL, &path).await.json();
    assert!(history["items"][0]["actor"].as_str().unwrap().ends_with(":admin"));
    // The same file changes nothing; another line about it changes what it says and erases nothing.
    let before = entries(&world.app.custody.db).await;
    assert_eq!(import(&world, "", &format!("{HEADER}\n{LINE}\n")).await["unchanged"], 1);
    assert_eq!(entries(&world.app.custody.db).await, before);
    let over =
        import(&world, "", "行动编号,实际开始,实际结束,状态\n执行-1,2024-05-08 14:00,2024-05-08 14:30,完成\n").await;
    assert_eq!(over["changed"], 1);
    assert_eq!(links(&world, id).await, []);
    let action = world.get(LEGAL, "/api/v1/actions").await.json()["items"][0].clone();
    assert_eq!((&action["place"], &action["state"]), (&json!("幸福路1号"), &json!("done")));
}
