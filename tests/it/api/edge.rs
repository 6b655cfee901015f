//! What every answer has, and how failures look from outside.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};

use serde_json::json;

use super::world::{ADMIN, ANON, OFFICER, World};

#[tokio::test]
async fn unknown_routes_and_methods_are_problems() {
    let world = World::new().await;
    for path in ["/", "/api/v1", "/api/v2/clips", "/api/v1/clips/1/nothing", "/api/v1/clips/"] {
        let answer = world.get(ANON, path).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "no_such_route"), "{path}");
    }
    for method in [Method::POST, Method::DELETE, Method::OPTIONS] {
        let answer = world.ask(OFFICER, "/api/v1/clips", |r| *r.method_mut() = method.clone()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.code(), "method_not_allowed");
        assert_eq!(answer.header(header::ALLOW), Some("GET,HEAD"), "{method}");
    }
}

#[tokio::test]
async fn problems_speak_the_client_s_language_and_keep_their_headers() {
    let world = World::new().await;
    let english = [("accept-language", "en-GB,en;q=0.9")];
    let answer = world.get_with(ANON, "/api/v1/clips", &english).await;
    assert_eq!(answer.json()["title"], "Token needed");
    assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
    assert_eq!(answer.header(header::CONTENT_LANGUAGE), Some("en"));
    assert_eq!(answer.header(header::VARY), Some("Accept-Language"));
    let chinese = world.get(ANON, "/api/v1/clips").await;
    assert_eq!(chinese.json()["title"], "需要令牌");
    assert_eq!(chinese.code(), answer.code());
    let allowed = world
        .ask(ANON, "/api/v1/clips", |r| {
            *r.method_mut() = Method::PUT;
            r.headers_mut().insert(header::ACCEPT_LANGUAGE, "en".parse().unwrap());
        })
        .await;
    assert_eq!(allowed.header(header::ALLOW), Some("GET,HEAD"));
    assert_eq!(allowed.json()["detail"], "this address does not know PUT");
}

#[tokio::test]
async fn a_request_with_a_body_is_refused() {
    let world = World::new().await;
    let answer = world.ask(OFFICER, "/api/v1/clips", |r| *r.body_mut() = Body::from("x")).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "body_refused"));
}

#[tokio::test]
async fn nul_is_refused_before_an_engine_meets_it() {
    let world = World::new().await;
    let answer = world.get(OFFICER, "/api/v1/clips?q=a%00b&officer=%00").await;
    assert_eq!((answer.status, answer.fields()), (StatusCode::BAD_REQUEST, vec!["q".to_owned(), "officer".to_owned()]));
    let court = json!({"code": "吉0721", "name": "某\0法院"});
    let answer = world.send(ADMIN, Method::POST, "/api/v1/courts", &court).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn without_its_database_the_daemon_says_so_and_tells_nothing_else() {
    let world = World::new().await;
    let id = world.clip("120000").await;
    world.app.custody.db.close().await;
    for path in ["/api/v1/clips", "/readyz", &format!("/api/v1/clips/{id}/media"), "/metrics"] {
        let answer = tokio::time::timeout(Duration::from_secs(10), world.get(OFFICER, path)).await.unwrap();
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::SERVICE_UNAVAILABLE, "database_away"),
            "{path}"
        );
        assert_eq!(answer.header(header::RETRY_AFTER), Some("5"), "{path}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("pool"), "inner detail was told");
    }
    assert_eq!(world.get(ANON, "/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_the_catalog_should_not_hold_is_an_internal_failure_without_detail() {
    let world = World::new().await;
    let id = world.clip("120000").await;
    world.meddle("update clips set state = 'lost'").await;
    let answer = world.get(OFFICER, &format!("/api/v1/clips/{id}")).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
    assert!(answer.json()["instance"].as_str().unwrap().len() > "urn:zhilu:failure:".len());
    assert!(!String::from_utf8_lossy(&answer.body).contains("lost"));
}

#[tokio::test]
async fn a_vault_that_is_gone_makes_the_daemon_not_ready() {
    let world = World::new().await;
    assert_eq!(world.get(ANON, "/readyz").await.status, StatusCode::OK);
    std::fs::remove_dir_all(world.path().join("vault")).unwrap();
    let answer = world.get(ANON, "/readyz").await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "vault_away"));
    assert!(!String::from_utf8_lossy(&answer.body).contains(world.path().to_str().unwrap()));
}
