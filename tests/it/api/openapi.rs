//! The description is that of the code, and committed.

use std::collections::HashSet;
use std::path::Path;

use axum::http::StatusCode;
use zhilu::api::openapi;

use super::contract::document;
use super::matrix::Things;
use super::world::{ADMIN, ANON, World};

#[test]
fn the_committed_description_is_the_code_s() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/openapi.json");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let same = committed == openapi::json();
    assert!(same, "{} is stale; write it anew: cargo run -- openapi > deploy/openapi.json", path.display());
}

#[tokio::test]
async fn the_served_description_is_the_committed_one() {
    let world = World::new().await;
    let served = world.get(ANON, "/api/v1/openapi.json").await;
    assert_eq!(String::from_utf8(served.body).unwrap(), openapi::json());
}

#[test]
fn operations_have_names_of_their_own_and_say_how_they_fail() {
    let mut names = HashSet::new();
    let items = document()["paths"].as_object().unwrap().iter();
    for (path, operation) in items.flat_map(|(path, item)| item.as_object().unwrap().values().map(move |o| (path, o))) {
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{path}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{path}");
        for status in ["500", "503"] {
            assert!(responses.contains_key(status), "{path} {status}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{path} {parameter}");
        }
    }
}

/// What a route reads of a query is what the description says, in both directions.
#[tokio::test]
async fn the_documented_parameters_are_those_that_are_read() {
    let world = World::new().await;
    let things = Things::new(&world).await;
    for (template, item) in document()["paths"].as_object().unwrap() {
        if item["get"]["responses"]["400"].is_null() {
            continue;
        }
        let path = things.path(template);
        let answer = world.get_with(ADMIN, &format!("{path}?no-such=1"), &[("accept-language", "en")]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        let errors = answer.json()["errors"].as_array().cloned().unwrap();
        let messages = errors.iter().map(|error| error["message"].as_str().unwrap());
        let known = messages.filter_map(|m| m.strip_prefix("unknown parameter; known are ")).next();
        let read: Vec<&str> = known.map_or(vec![], |known| known.split(", ").collect());
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let documented = parameters.iter().filter(|p| p["in"] == "query").map(|p| p["name"].as_str().unwrap());
        assert_eq!(read, documented.collect::<Vec<_>>(), "{template}");
    }
}
