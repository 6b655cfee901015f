//! A clip's bytes. Before the first of them leaves, the fetch is in the ledger.

use std::fs::File;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::schema::{ById, Destroyed};
use crate::catalog::clips::{self, Clip};
use crate::catalog::{tombstones, uploads};
use crate::custody::view::view;
use crate::http::conditional::ETag;
use crate::http::disposition::{self, Disposition};
use crate::http::extract::{PathId, Permit, ReadMedia};
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::{Problem, disposed, no_such_clip};
use crate::http::range::{Wanted, wanted};
use crate::http::state::App;
use crate::http::stream::FileBody;
use crate::model::clip::ClipState;
use crate::model::id::Id;
use crate::model::media::{Container, Kind, MediaFacts};

/// A clip's bytes, whole or one range of them. Each fetch is a custody event; HEAD, 304, 412 and 416 show no bytes and are
/// none. A copy in a cache would be looked at without a record, so none is kept.
#[utoipa::path(
    get,
    operation_id = "getClipMedia",
    path = "/api/v1/clips/{id}/media",
    tag = "clips",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The clip, or a sidecar"),
        ("Range" = Option<String>, Header, description = "One range of bytes; several are answered with the whole"),
        ("If-Range" = Option<String>, Header, description = "The `ETag` that the range belongs to"),
        ("If-Match" = Option<String>, Header, description = "Only when the `ETag` is one of these"),
        ("If-None-Match" = Option<String>, Header, description = "Not when the `ETag` is one of these")
    ),
    responses(
        (
            status = 200,
            description = "All bytes; also when there is no range, several, or one that cannot be read",
            content_type = "application/octet-stream",
            headers(
                ("ETag" = String, description = "The clip's SHA-256 in quotes"),
                ("Accept-Ranges" = String, description = "`bytes`"),
                ("Content-Disposition" = String, description = "The name it first arrived under")
            )
        ),
        (
            status = 206,
            description = "The range",
            content_type = "application/octet-stream",
            headers(("Content-Range" = String, description = "`bytes FIRST-LAST/SIZE`"))
        ),
        (status = 304, description = "The client has these bytes"),
        (status = 412, description = "`If-Match` names other bytes", body = crate::http::problem::ProblemBody,
            content_type = "application/problem+json"),
        (status = 416, description = "The range lies outside", body = crate::http::problem::ProblemBody,
            content_type = "application/problem+json",
            headers(("Content-Range" = String, description = "`bytes */SIZE`"))),
        Destroyed,
        ById
    )
)]
pub(super) async fn get(
    State(app): State<App>,
    permit: Permit<ReadMedia>,
    PathId(id): PathId,
    method: Method,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    let (clip, name) = find(&app, id).await?;
    if clip.state == ClipState::Disposed {
        return Err(gone(&app, id).await);
    }
    let tag = ETag::strong(&clip.sha256.to_string());
    if !tag.is_expected(&headers) {
        return Err(changed());
    }
    if tag.is_known(&headers) {
        let kept = [(header::ETAG, tag.header()), (header::CACHE_CONTROL, no_store())];
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let described = describe(&clip, &name, &tag);
    if method == Method::HEAD {
        return Ok((described, [(header::CONTENT_LENGTH, clip.size_bytes)]).into_response());
    }
    let size = clip.size_bytes;
    let part = match asked(&headers, &tag, size) {
        Wanted::Unsatisfiable => return Err(outside(size)),
        Wanted::Whole => None,
        Wanted::Part { first, last } => Some((first, last)),
    };
    let file = open(&app, &clip).await?;
    let (first, length) = part.map_or((0, size), |(first, last)| (first, last - first + 1));
    // Nothing is shown of a file without bytes. A fetch that cannot be recorded does not happen.
    let shown = length.checked_sub(1).map(|more| (first, first + more));
    view(&app.custody, &permit.actor(), id, |_| shown).await?;
    let body = Body::new(FileBody::new(file, first, length));
    let length = [(header::CONTENT_LENGTH, length)];
    Ok(match part {
        None => (described, length, body).into_response(),
        Some((first, last)) => {
            let range = [(header::CONTENT_RANGE, format!("bytes {first}-{last}/{size}"))];
            (StatusCode::PARTIAL_CONTENT, described, length, range, body).into_response()
        }
    })
}

/// The clip and the name it first arrived under.
async fn find(app: &App, id: Id) -> Result<(Clip, String), Problem> {
    let mut reader = app.custody.db.read().await?;
    let clip = clips::get(reader.conn(), id).await?.ok_or_else(|| no_such_clip(id))?;
    let names = uploads::names_of_all(reader.conn(), &[id]).await?;
    let name = names.first().map_or_else(String::new, |n| String::from_utf8_lossy(&n.name).into_owned());
    Ok((clip, name))
}

/// Why the bytes of a destroyed clip are not there: names the disposal.
async fn gone(app: &App, id: Id) -> Problem {
    let stones = async {
        let mut reader = app.custody.db.read().await?;
        tombstones::of_clips(reader.conn(), &[id]).await
    };
    match stones.await {
        Ok(stones) => disposed(id, stones.last().map(|stone| stone.disposal_id)),
        Err(error) => error.into(),
    }
}

fn asked(headers: &HeaderMap, tag: &ETag, size: u64) -> Wanted {
    let range = headers.get(header::RANGE).and_then(|v| v.to_str().ok());
    range.filter(|_| tag.is_range_of(headers)).map_or(Wanted::Whole, |range| wanted(range, size))
}

fn describe(clip: &Clip, name: &str, tag: &ETag) -> HeaderMap {
    let (kind, shown) = media_type(&clip.media);
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition::header(shown, name, clip.id)),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::ETAG, tag.header()),
        (header::CACHE_CONTROL, no_store()),
    ])
}

fn no_store() -> HeaderValue {
    HeaderValue::from_static("private, no-store")
}

/// The media type, by the content and from a closed set, so that no upload is ever run as a page; and whether a browser may show
/// it.
fn media_type(media: &MediaFacts) -> (&'static str, Disposition) {
    let known = match (media.container, media.kind) {
        (Some(Container::Isobmff), Kind::Audio) => "audio/mp4",
        (Some(Container::Isobmff), Kind::Video) => "video/mp4",
        (Some(Container::Avi), _) => "video/x-msvideo",
        (Some(Container::Mpegts), _) => "video/mp2t",
        (Some(Container::Jpeg), _) => "image/jpeg",
        (Some(Container::Png), _) => "image/png",
        (Some(Container::Wav), _) => "audio/wav",
        (Some(Container::Adts), _) => "audio/aac",
        (Some(Container::Mp3), _) => "audio/mpeg",
        (Some(Container::Amr), _) => "audio/amr",
        (None, Kind::Text) => return ("text/plain", Disposition::Attachment),
        _ => return ("application/octet-stream", Disposition::Attachment),
    };
    (known, Disposition::Inline)
}

/// Opens the object and sees that it is as long as it was.
async fn open(app: &App, clip: &Clip) -> Result<File, Problem> {
    let (vault, digest) = (Arc::clone(&app.vault), clip.sha256);
    let opened = tokio::task::spawn_blocking(move || {
        let file = vault.open_object(digest).map_err(|e| e.to_string())?;
        let size = file.metadata().map_err(|e| e.to_string())?.len();
        Ok::<_, String>((file, size))
    })
    .await
    .map_err(|error| Problem::internal("opening an object", &error))?;
    match opened {
        Ok((file, size)) if size == clip.size_bytes => Ok(file),
        Ok((_, size)) => Err(lost(clip, &format!("{size} bytes where {} must be", clip.size_bytes))),
        Err(error) => Err(lost(clip, &error)),
    }
}

fn lost(clip: &Clip, error: &dyn std::fmt::Display) -> Problem {
    let detail = Text::new(
        "证据库中的原件缺失或不完整，请立即联系管理员运行 zhilu check",
        "the object is missing from the vault or not whole; have an administrator run `zhilu check` now",
    );
    Problem::failed("object_missing", detail, &format!("object {} of clip {}", clip.sha256, clip.id), error)
}

fn changed() -> Problem {
    let title = Text::new("条件不符", "Precondition failed");
    let detail = Text::new("If-Match 所指的不是这份原件", "`If-Match` names other bytes than these");
    Problem::new(StatusCode::PRECONDITION_FAILED, "other_bytes", title, detail)
}

fn outside(size: u64) -> Problem {
    let title = Text::new("范围无效", "Range not satisfiable");
    let detail =
        Text::new(format!("原件共 {size} 字节，范围在其外"), format!("the range lies outside the {size} bytes"));
    let range = HeaderValue::try_from(format!("bytes */{size}"));
    let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range_outside", title, detail);
    match range {
        Ok(range) => problem.with(header::CONTENT_RANGE, range),
        // Digits always are a header; there is nothing to add otherwise.
        Err(_) => problem,
    }
}
