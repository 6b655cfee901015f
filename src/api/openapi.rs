//! The API's description in OpenAPI 3.1, made from the routes themselves.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::schema::Failures;
use crate::http::problem::{FieldBody, ProblemBody};

/// The name of the one way to show who one is.
const BEARER: &str = "bearer";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Zhilu 执录",
        description = "Clips of a court's body-worn recorders: hashed, cataloged, tied to cases, proved.\n\n\
            Ids are strings. Times are RFC 3339 in UTC. Absent values are null. Lists are newest first and go on with \
            `next_cursor`. Every query parameter must be known. Errors are problems of RFC 9457; sentences for people come in \
            Chinese or, by `Accept-Language`, English. Every route that answers GET answers HEAD.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "clips", description = "Evidence: bytes with one digest, and what is known of them"),
        (name = "uploads", description = "Files on their way from the upload folders"),
        (name = "cases", description = "Enforcement cases 执行案件"),
        (name = "actions", description = "Planned outings 执行行动, and what was recorded of them"),
        (name = "recordings", description = "Consecutive segments of one recorder"),
        (name = "incidents", description = "Violent resistance 暴力抗法事件: what happened, and what was done about it"),
        (name = "registers", description = "The court's registers: courts, officers, recorders, and imports of all of them"),
        (name = "ledger", description = "What proves that nothing was lost or changed"),
        (name = "audit", description = "How far objects are verified, and what was found"),
        (name = "daemon", description = "The daemon itself")
    ),
    components(schemas(ProblemBody, FieldBody))
)]
struct Frame;

/// The description without the routes.
pub(super) fn frame() -> OpenApi {
    let mut frame = Frame::openapi();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("zhilu_…")
        .description(Some("Made by `zhilu token create --role ROLE`"))
        .build();
    frame.components.get_or_insert_default().add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    frame
}

/// The whole description.
pub fn document() -> OpenApi {
    super::routes().into_openapi()
}

/// The whole description as it is committed and served: indented JSON with a newline at its end, the same at each call.
pub fn json() -> String {
    // It holds strings and numbers only, which always serialize.
    let mut text = document().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

static JSON: LazyLock<String> = LazyLock::new(json);

/// This description.
#[utoipa::path(
    get,
    operation_id = "getOpenApi",
    path = "/api/v1/openapi.json",
    tag = "daemon",
    security(()),
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json"), Failures)
)]
pub(super) async fn get() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], JSON.as_str())
}
