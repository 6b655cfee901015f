//! Schemas of the vocabulary's words, taken from the vocabulary itself, and the answers that many routes share.

use std::borrow::Cow;
use std::collections::BTreeMap;

use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use crate::http::value::{DEFAULT_ROWS, MOST_ROWS};
use crate::model::{action, case, clip, custody, fixity, incident, media, upload};
use crate::registers;

/// Schemas of enums: each is named like the enum and lists its words.
macro_rules! words {
    ($($name:ident: $of:ty = $description:literal;)*) => {$(
        pub(super) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = <$of>::ALL.map(<$of>::as_str);
                let text = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words));
                text.description(Some($description)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

words! {
    ActionState: action::ActionState = "Where an action stands.";
    ChangeKind: registers::ChangeKind = "Whether a line adds something.";
    Charge: incident::Charge = "The article that an attack falls under by the victim's role.";
    ClipState: clip::ClipState = "How far a clip has come.";
    DueKind: incident::DueKind = "What has a term.";
    EventKind: custody::EventKind = "What was done with a clip; words of the PREMIS event types where it has one.";
    FixityResult: fixity::FixityResult = "What a look at an object found.";
    FixitySource: fixity::FixitySource = "Who looked: the read-back that confirmed the clip, `zhilu verify`, or the daemon's scrub.";
    Health: media::Health = "Whether a file can be read as what it is.";
    IncidentSource: incident::Source = "Whether a person entered it, or the key mark in a name or sidecar made it.";
    IncidentStatus: incident::Status = "How far it has come.";
    Kind: media::Kind = "What the content is, by its bytes.";
    LinkMethod: case::LinkMethod = "What ties a clip to a case.";
    MeasureKind: incident::MeasureKind = "What is done about an incident.";
    MeasureStage: incident::Stage = "How far a measure has come; `urgent`: the detention came first and is not approved yet.";
    Register: registers::Register = "A register that can be imported.";
    ResisterRole: incident::ResisterRole = "What somebody who resisted is in the case.";
    TimeSource: clip::TimeSource = "Where a chosen time comes from.";
    UploadState: upload::UploadState = "How far an upload has come; `ignored` is no evidence and never will be.";
    VictimRole: incident::VictimRole = "What somebody who was resisted or hurt is at the court.";
}

/// The order of a search's hits.
pub(super) struct SearchOrder;

impl PartialSchema for SearchOrder {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["newest", "best"]));
        text.description(Some("The order of hits.")).into()
    }
}

impl ToSchema for SearchOrder {}

/// Rows of a page.
pub(super) struct Limit;

impl PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(MOST_ROWS));
        number.default(Some(DEFAULT_ROWS.into())).into()
    }
}

impl ToSchema for Limit {}

type Responses = BTreeMap<String, RefOr<Response>>;

fn problem(description: &str) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build().into()
}

/// Words for what is due.
pub(super) struct DueWord;

impl PartialSchema for DueWord {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["overdue", "soon"])).into()
    }
}

impl ToSchema for DueWord {}

/// What any route may answer.
pub(super) struct Failures;

impl IntoResponses for Failures {
    fn responses() -> Responses {
        Responses::from([
            ("413".to_owned(), problem("The body is too large, or there is one where none is read")),
            ("500".to_owned(), problem("The server failed; `instance` names the failure in its log")),
            ("503".to_owned(), problem("Not available now; `Retry-After` says when to try again")),
        ])
    }
}

/// What a route answers that demands a permission and reads a body.
pub(super) struct Writing;

impl IntoResponses for Writing {
    fn responses() -> Responses {
        let mut responses = Guarded::responses();
        responses.extend([
            ("409".to_owned(), problem("It does not fit what is there now")),
            ("415".to_owned(), problem("The body is not `application/json`")),
            ("422".to_owned(), problem("Fields of the body are wrong; `errors` names them")),
        ]);
        responses
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

/// What a route answers whose change is based on what was read, by `If-Match`.
pub(super) struct Outdated;

impl IntoResponses for Outdated {
    fn responses() -> Responses {
        Responses::from([("412".to_owned(), problem("It was changed since it was read"))])
    }
}

/// What a route answers about a clip that must be confirmed.
pub(super) struct Unconfirmed;

impl IntoResponses for Unconfirmed {
    fn responses() -> Responses {
        Responses::from([("409".to_owned(), problem("The clip is not confirmed yet"))])
    }
}

/// What a route answers that changes one thing by its id.
pub(super) struct WritingById;

impl IntoResponses for WritingById {
    fn responses() -> Responses {
        let mut responses = ById::responses();
        responses.extend(Writing::responses());
        responses
    }
}
