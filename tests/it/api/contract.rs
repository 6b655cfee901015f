//! Holds answers against the description: the status is documented, JSON has the documented shape and nothing else.

use std::sync::LazyLock;

use axum::http::{Method, header};
use serde_json::Value;

use super::world::Answer;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&zhilu::api::openapi::json()).expect("the description is JSON"));

pub(crate) fn document() -> &'static Value {
    &DOCUMENT
}

/// The documented operation for a method and path, if there is one.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap();
    let fits = |template: &str| {
        let (a, b): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a == b || (a.starts_with('{') && !b.is_empty()))
    };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let item = paths.iter().find(|(template, _)| fits(template)).map(|(_, item)| item)?;
    item.get(method.as_str().to_ascii_lowercase())
}

pub(crate) fn check(method: &Method, path: &str, answer: &Answer) {
    let status = answer.status.as_str();
    let kind = answer.header(header::CONTENT_TYPE).unwrap_or_default().to_owned();
    assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), Some("nosniff"), "{path}");
    assert!(answer.headers.contains_key(header::CACHE_CONTROL), "{path}");
    if answer.status.is_client_error() || answer.status.is_server_error() {
        assert_eq!(kind, "application/problem+json", "{path}");
    }
    if method == Method::HEAD {
        assert!(answer.body.is_empty(), "{path}: HEAD with a body");
        return;
    }
    let schema = match operation(method, path) {
        Some(operation) => {
            let response = &operation["responses"][status];
            assert!(response.is_object(), "{path}: status {status} is not documented");
            let bare = kind.split(';').next().unwrap_or_default();
            response["content"][bare]["schema"].clone()
        }
        None => DOCUMENT["components"]["schemas"]["Problem"].clone(),
    };
    if kind.contains("json")
        && !schema.is_null()
        && let Err(wrong) = fits(&schema, &answer.json(), "")
    {
        panic!("{path} {status}: {wrong}\n{:#}", answer.json());
    }
}

fn resolve(schema: &Value) -> &Value {
    let Some(reference) = schema["$ref"].as_str() else { return schema };
    let name = reference.strip_prefix("#/components/schemas/").unwrap();
    let found = &DOCUMENT["components"]["schemas"][name];
    assert!(found.is_object(), "the description lacks {name}");
    found
}

/// The part of JSON Schema that the description uses; unknown properties are refused.
fn fits(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let schema = resolve(schema);
    if let Some(any) = schema["oneOf"].as_array() {
        return if any.iter().any(|s| fits(s, value, at).is_ok()) { Ok(()) } else { Err(format!("{at}: {value}")) };
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        return Err(format!("{at}: {value} is none of {words:?}"));
    }
    let parts = schema["allOf"].as_array().map_or_else(|| vec![schema], |all| all.iter().map(resolve).collect());
    let types: Vec<&str> = match &schema["type"] {
        Value::String(t) => vec![t],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fitting = types.is_empty() || types.contains(&is) || is == "integer" && types.contains(&"number");
    if !fitting {
        return Err(format!("{at}: {value} is no {types:?}"));
    }
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| fits(&schema["items"], item, &format!("{at}[]"))),
        Value::Object(map) if parts.iter().any(|p| p["properties"].is_object()) => {
            let properties = |name: &str| parts.iter().find_map(|p| p["properties"].get(name));
            for (name, inner) in map {
                let schema = properties(name).ok_or_else(|| format!("{at}.{name} is not documented"))?;
                fits(schema, inner, &format!("{at}.{name}"))?;
            }
            let required = parts.iter().filter_map(|p| p["required"].as_array()).flatten();
            match required.map(|n| n.as_str().unwrap()).find(|n| !map.contains_key(*n)) {
                Some(missing) => Err(format!("{at}.{missing} is missing")),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}
