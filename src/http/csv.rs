//! The CSV body of a request: bounded, of the right type. Its encoding is found out from its bytes, whatever `charset` says.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};

use super::language::Text;
use super::problem::Problem;
use crate::registers::file::MOST_FILE_BYTES;

/// The bytes of a register.
#[derive(Debug)]
pub struct Csv(pub Vec<u8>);

impl<S: Sync> FromRequest<S> for Csv {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_csv(request.headers()) {
            return Err(not_csv());
        }
        let bytes = to_bytes(request.into_body(), MOST_FILE_BYTES).await.map_err(|_| too_large())?;
        Ok(Self(bytes.into()))
    }
}

fn is_csv(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/csv"))
}

fn not_csv() -> Problem {
    let detail = Text::new("正文应为 CSV，Content-Type 应为 text/csv", "send CSV as text/csv");
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_csv", Text::new("正文类型不符", "Wrong type of body"), detail)
}

fn too_large() -> Problem {
    let most = MOST_FILE_BYTES >> 20;
    let detail = Text::new(
        format!("正文超过 {most} MiB，或未能完整收到；请分成几份"),
        format!("the body is larger than {most} MiB, or did not arrive whole; split it"),
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_refused", Text::new("正文不受理", "Body refused"), detail)
}
