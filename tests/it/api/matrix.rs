//! Every documented route, asked by everybody.

use axum::http::{Method, StatusCode, header};
use serde_json::json;
use zhilu::model::role::Role;

use super::contract::document;
use super::world::{ADMIN, ANON, LEGAL, World};

/// Routes that anybody may ask.
const PUBLIC: [&str; 3] = ["/api/v1/openapi.json", "/healthz", "/readyz"];
/// Routes that only some roles may ask.
const NARROW: [(&str, &[Role]); 3] = [
    ("/api/v1/audit/coverage", &[Role::Auditor, Role::Admin]),
    ("/api/v1/audit/findings", &[Role::Auditor, Role::Admin]),
    ("/metrics", &[Role::Auditor, Role::Admin]),
];

/// What a route must be asked for.
const NEEDED: [(&str, &str); 2] = [("/api/v1/ledger/proof", "?index=0"), ("/api/v1/recordings", "?recorder=0012345")];

/// One thing of each kind, to be asked for.
pub(super) struct Things(Vec<(&'static str, String)>);

impl Things {
    pub(super) async fn new(world: &World) -> Self {
        let clip = world.clip("132920").await;
        world.confirm(clip).await;
        let tied = world.accept(world.arrival("（2021）吉0721执123号/a.mp4", b"a")).await.clip_id;
        let case = world.get(ADMIN, &format!("/api/v1/clips/{tied}")).await.json()["cases"][0]["id"].clone();
        let mut things = vec![
            ("/clips/", clip.to_string()),
            ("/recordings/", clip.to_string()),
            ("/cases/", case.as_str().unwrap().to_owned()),
        ];
        let action = json!({
            "kind": "搜查", "planned_from_at": "2024-05-08T09:00:00+08:00", "planned_to_at": "2024-05-08T10:00:00+08:00",
        });
        for (list, body) in [
            ("/actions/", action),
            ("/courts/", json!({"code": "吉0721", "name": "某法院"})),
            ("/officers/", json!({"number": "001234", "name": "张三"})),
            ("/recorders/", json!({"serial": "0012345"})),
        ] {
            let path = format!("/api/v1{}", list.trim_end_matches('/'));
            let made = world.send(ADMIN, Method::POST, &path, &body).await.json();
            things.push((list, made["id"].as_str().unwrap().to_owned()));
        }
        let incident = json!({"begin_at": "2024-05-08T09:00:00+08:00"});
        let made = world.send(LEGAL, Method::POST, "/api/v1/incidents", &incident).await.json();
        things.push(("/incidents/", made["id"].as_str().unwrap().to_owned()));
        Self(things)
    }

    /// The path of a template with ids that are there.
    pub(super) fn path(&self, template: &str) -> String {
        let id = self.0.iter().find(|(list, _)| template.contains(list)).map_or("1", |(_, id)| id);
        let index = if template.contains("/tile/") { "000.p/1" } else { "0" };
        let path = template.replace("{id}", id).replace("{other_id}", "1").replace("{register}", "courts");
        let path = path.replace("{case_id}", "1").replace("{measure_id}", "1");
        path.replace("{level}", "0").replace("{index}", index)
    }
}

/// Routes that change something, and who may ask them.
const WRITERS: [(&str, &[Role]); 21] = [
    ("addIncidentMeasure", &[Role::Legal]),
    ("assignActionClips", &[Role::Officer, Role::Legal]),
    ("changeAction", &[Role::Legal, Role::Admin]),
    ("changeCourt", &[Role::Admin]),
    ("changeIncident", &[Role::Officer, Role::Legal]),
    ("changeIncidentMeasure", &[Role::Legal]),
    ("changeOfficer", &[Role::Admin]),
    ("changeRecorder", &[Role::Admin]),
    ("createAction", &[Role::Legal, Role::Admin]),
    ("createCourt", &[Role::Admin]),
    ("createIncident", &[Role::Officer, Role::Legal]),
    ("createOfficer", &[Role::Admin]),
    ("createRecorder", &[Role::Admin]),
    ("decideIncident", &[Role::Legal]),
    ("importRegister", &[Role::Admin]),
    ("linkClip", &[Role::Officer, Role::Legal]),
    ("markClip", &[Role::Officer, Role::Legal]),
    ("noteClip", &[Role::Officer, Role::Legal]),
    ("relateCase", &[Role::Legal, Role::Admin]),
    ("unlinkClip", &[Role::Officer, Role::Legal]),
    ("unrelateCase", &[Role::Legal, Role::Admin]),
];

#[tokio::test]
async fn every_route_answers_exactly_those_who_may_ask_it() {
    let world = World::new().await;
    let things = Things::new(&world).await;
    let paths = document()["paths"].as_object().unwrap();
    assert!(paths.len() >= 12, "routes are missing from the description");
    for (template, item) in paths.iter().filter(|(_, item)| item["get"].is_object()) {
        let mut path = things.path(template);
        if let Some((_, needed)) = NEEDED.iter().find(|(t, _)| t == template) {
            path.push_str(needed);
        }
        let public = PUBLIC.contains(&template.as_str());
        assert_eq!(item["get"]["security"] == serde_json::json!([{}]), public, "{template}");
        let anon = world.get(ANON, &path).await;
        if public {
            assert_eq!(anon.status, StatusCode::OK, "{path}");
            continue;
        }
        assert_eq!((anon.status, anon.code().as_str()), (StatusCode::UNAUTHORIZED, "unauthorized"), "{path}");
        assert_eq!(anon.header(header::WWW_AUTHENTICATE), Some("Bearer realm=\"zhilu\""), "{path}");
        for role in Role::ALL {
            let answer = world.get(Some(role), &path).await;
            let may = NARROW.iter().find(|(p, _)| p == template).is_none_or(|(_, roles)| roles.contains(&role));
            let expected = if may { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(answer.status, expected, "{role} {path}");
            let head = world.head(Some(role), &path).await;
            assert_eq!(head.status, expected, "{role} HEAD {path}");
        }
    }
}

/// Whoever may not is refused before the body is read; whoever may learns that an empty one is none.
#[tokio::test]
async fn every_change_is_refused_to_those_who_may_not() {
    let world = World::new().await;
    let things = Things::new(&world).await;
    for (template, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(method, _)| *method != "get") {
            let (path, name) = (things.path(template), operation["operationId"].as_str().unwrap());
            let method: Method = method.to_ascii_uppercase().parse().unwrap();
            let who = WRITERS.iter().find(|(n, _)| *n == name).map(|(_, roles)| *roles);
            let who = who.unwrap_or_else(|| panic!("WRITERS lacks {name}"));
            let ask = async |who| world.ask(who, &path, |r| *r.method_mut() = method.clone()).await.status;
            assert_eq!(ask(ANON).await, StatusCode::UNAUTHORIZED, "{name}");
            for role in Role::ALL {
                let refused = ask(Some(role)).await == StatusCode::FORBIDDEN;
                assert_eq!(refused, !who.contains(&role), "{name} {role}");
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_comes_before_anything_is_told() {
    let world = World::new().await;
    for path in ["/api/v1/clips?limit=x", "/api/v1/clips/999", "/api/v1/clips/x/media", "/api/v1/cases/1?y=z"] {
        assert_eq!(world.get(ANON, path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let denied = world.get_with(Some(Role::Legal), "/metrics", &[("accept-language", "en")]).await;
    assert_eq!(denied.json()["detail"], "the role legal has not the permission read_metrics");
}

#[tokio::test]
async fn a_wrong_or_revoked_token_is_told_apart_from_none() {
    let world = World::new().await;
    let token = world.token(Role::Officer).to_owned();
    let wrong = format!("Bearer zhilu_{}", "A".repeat(43));
    for values in [vec![wrong.as_str()], vec!["Basic eDp5"], vec!["Bearer x"], vec![wrong.as_str(), wrong.as_str()]] {
        let headers: Vec<_> = values.iter().map(|v| ("authorization", *v)).collect();
        let answer = world.get_with(ANON, "/api/v1/clips", &headers).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{values:?}");
    }
    let answer = world.get_with(ANON, "/api/v1/clips", &[("authorization", &wrong)]).await;
    assert!(answer.header(header::WWW_AUTHENTICATE).unwrap().contains("invalid_token"));
    let custody = &world.app.custody;
    let mut tx = custody.db.begin().await.unwrap();
    let all = zhilu::catalog::tokens::list(tx.conn()).await.unwrap();
    let officer = all.iter().find(|t| t.role == Role::Officer).unwrap();
    let header = [("authorization", &*format!("Bearer {token}"))];
    assert_eq!(world.get_with(ANON, "/api/v1/clips", &header).await.status, StatusCode::OK);
    zhilu::catalog::tokens::revoke(tx.conn(), officer.id, super::world::NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.get_with(ANON, "/api/v1/clips", &header).await.status, StatusCode::UNAUTHORIZED);
}
