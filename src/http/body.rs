//! The JSON body of a request: bounded, of the right type, with no key that is not known.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::language::Text;
use super::problem::{Field, Problem};

/// Largest body that is read, in bytes.
pub const MOST_BODY_BYTES: usize = 1 << 20;

/// A body read as `T`, whose fields the handler goes on to check.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(not_json());
        }
        let bytes = to_bytes(request.into_body(), MOST_BODY_BYTES).await.map_err(|_| too_large())?;
        if holds_nul(&bytes) {
            let message = Text::new("不能含有 NUL 字符（\\u0000）", "must not hold the character NUL (\\u0000)");
            return Err(Problem::unprocessable(vec![Field { name: "body".to_owned(), message }]));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| unreadable(&error))
    }
}

/// Whether a text of the JSON holds NUL, which can only stand there escaped. Not every engine's text can hold it.
fn holds_nul(json: &[u8]) -> bool {
    let escapes = json.windows(6).enumerate().filter(|(_, w)| *w == br"\u0000");
    // The backslash must not be an escaped one itself.
    escapes.into_iter().any(|(at, _)| json[..at].iter().rev().take_while(|b| **b == b'\\').count() % 2 == 0)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn not_json() -> Problem {
    let detail = Text::new("正文应为 JSON，Content-Type 应为 application/json", "send JSON as application/json");
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not_json",
        Text::new("正文类型不符", "Wrong type of body"),
        detail,
    )
}

fn too_large() -> Problem {
    let detail = Text::new(
        format!("正文超过 {MOST_BODY_BYTES} 字节，或未能完整收到"),
        format!("the body is larger than {MOST_BODY_BYTES} bytes, or did not arrive whole"),
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_refused", Text::new("正文不受理", "Body refused"), detail)
}

/// Text that is no JSON is a bad request; JSON of another shape cannot be processed.
fn unreadable(error: &serde_json::Error) -> Problem {
    let message = Text::new(format!("正文无法读取：{error}"), format!("the body cannot be read: {error}"));
    if error.is_data() {
        return Problem::unprocessable(vec![Field { name: "body".to_owned(), message }]);
    }
    Problem::new(StatusCode::BAD_REQUEST, "bad_json", Text::new("正文不是 JSON", "The body is no JSON"), message)
}

#[cfg(test)]
mod tests {
    use super::holds_nul;

    #[test]
    fn nul_is_found_and_an_escaped_backslash_is_no_escape() {
        assert!(holds_nul(br#"{"a":"x\u0000"}"#) && holds_nul(br#"{"a":"\\\u0000"}"#));
        assert!(!holds_nul(br#"{"a":"\\u0000"}"#) && !holds_nul(br#"{"a":"\u0001"}"#));
    }
}
