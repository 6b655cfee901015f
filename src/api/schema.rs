//! Schemas of the vocabulary's words, taken from the vocabulary itself, and the answers that many routes share.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::http::value::{DEFAULT_ROWS, MOST_ROWS};
use crate::model::case::LinkMethod;
use crate::model::clip::{ClipState, TimeSource};
use crate::model::custody::EventKind;
use crate::model::media::{Container, Health, Kind};
use crate::model::upload::UploadState;

fn words<const N: usize, T: Copy>(all: [T; N], as_str: fn(T) -> &'static str) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(all.map(as_str))).build().into()
}

pub(super) fn clip_state() -> Schema {
    words(ClipState::ALL, ClipState::as_str)
}

pub(super) fn health() -> Schema {
    words(Health::ALL, Health::as_str)
}

pub(super) fn kind() -> Schema {
    words(Kind::ALL, Kind::as_str)
}

pub(super) fn time_source() -> Schema {
    words(TimeSource::ALL, TimeSource::as_str)
}

pub(super) fn link_method() -> Schema {
    words(LinkMethod::ALL, LinkMethod::as_str)
}

pub(super) fn event_kind() -> Schema {
    words(EventKind::ALL, EventKind::as_str)
}

pub(super) fn upload_state() -> Schema {
    words(UploadState::ALL, UploadState::as_str)
}

/// The vocabulary of containers may grow, so it is text to clients; null when the content is none.
pub(super) fn container() -> Schema {
    let examples = [Container::Isobmff, Container::Avi, Container::Mpegts].map(|c| serde_json::Value::from(c.as_str()));
    let text = SchemaType::Array(vec![Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(text).examples(examples).build().into()
}

pub(super) fn limit() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(MOST_ROWS))
        .default(Some(DEFAULT_ROWS.into()))
        .build()
        .into()
}

type Responses = BTreeMap<String, RefOr<Response>>;

fn problem(description: &str) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build().into()
}

/// What any route may answer.
pub(super) struct Failures;

impl IntoResponses for Failures {
    fn responses() -> Responses {
        Responses::from([
            ("413".to_owned(), problem("The request has a body; none is read")),
            ("500".to_owned(), problem("The server failed; `instance` names the failure in its log")),
            ("503".to_owned(), problem("Not available now; `Retry-After` says when to try again")),
        ])
    }
}

/// What a route answers that demands a permission and reads parameters.
pub(super) struct Guarded;

impl IntoResponses for Guarded {
    fn responses() -> Responses {
        let mut responses = Failures::responses();
        responses.extend([
            ("400".to_owned(), problem("Parameters are unknown or cannot be understood; `errors` names them")),
            ("401".to_owned(), problem("No token, or one that does not work")),
            ("403".to_owned(), problem("The token's role has not the permission")),
        ]);
        responses
    }
}

/// What a route answers about one thing by its id.
pub(super) struct ById;

impl IntoResponses for ById {
    fn responses() -> Responses {
        let mut responses = Guarded::responses();
        responses.insert("404".to_owned(), problem("There is no such thing"));
        responses
    }
}
