//! What every answer passes: unknown routes and methods are problems too, problems speak the client's language, and headers
//! that protect a reader are set.

use std::time::Instant;

use axum::Router;
use axum::body::HttpBody as _;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};

use super::language::{Language, Text};
use super::problem::Problem;

/// Completes a router: what it does not know, and what all answers have.
pub fn complete(router: Router) -> Router {
    router.fallback(no_such_route).method_not_allowed_fallback(no_such_method).layer(from_fn(edge))
}

async fn no_such_route() -> Problem {
    let detail = Text::new(
        "没有此地址；接口清单见 /api/v1/openapi.json",
        "there is no such address; /api/v1/openapi.json lists all",
    );
    Problem::not_found("no_such_route", detail)
}

async fn no_such_method(method: Method) -> Problem {
    let detail = Text::new(format!("此地址不支持 {method}"), format!("this address does not know {method}"));
    let title = Text::new("方法不支持", "Method not allowed");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", title, detail)
}

fn body_refused() -> Problem {
    let detail = Text::new("请求不应带正文", "requests have no body here");
    let title = Text::new("正文不受理", "Body refused");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_refused", title, detail)
}

async fn edge(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let language = Language::of(request.headers());
    let method = request.method().clone();
    // The template only: what was asked for may name people.
    let route = request.extensions().get::<MatchedPath>().map_or_else(String::new, |p| p.as_str().to_owned());
    // What only reads takes no body, however small.
    let refused = matches!(method, Method::GET | Method::HEAD) && !request.body().is_end_stream();
    let mut response = if refused { body_refused().into_response() } else { next.run(request).await };
    if language != Language::Zh
        && let Some(problem) = response.extensions_mut().remove::<Problem>()
    {
        response = in_language(response, &problem, language);
    }
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    if headers.contains_key(header::CONTENT_LANGUAGE) {
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    }
    let (status, ms) = (response.status().as_u16(), began.elapsed().as_millis());
    tracing::debug!(%method, route, status, ms, "answered");
    response
}

/// The same problem in another language. Headers that were added on the way, such as `Allow`, stay.
fn in_language(response: Response, problem: &Problem, language: Language) -> Response {
    let mut rendered = problem.render(language);
    for (name, value) in response.headers() {
        if !rendered.headers().contains_key(name) && name != header::CONTENT_LENGTH {
            rendered.headers_mut().insert(name, value.clone());
        }
    }
    rendered
}
