//! Uploads: what is on its way from the upload folders, then what was accepted.

mod body;
mod live;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

pub(super) use body::path_text;
use body::{Folder, Upload};

use super::schema::{self, Guarded};
use crate::catalog::uploads::{self, UploadFilter};
use crate::http::cursor;
use crate::http::extract::{Permit, ReadUploads};
use crate::http::language::Language;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::http::value;
use crate::intake::board::MOST;
use crate::model::id::Id;
use crate::model::upload::UploadState;

/// The letter of this list's cursors.
const LIST: u8 = b'u';
/// The first number of a cursor: the next row is not accepted yet.
const LIVE: i64 = 0;
/// The first number of a cursor: the next row is accepted.
const ACCEPTED: i64 = 1;

/// A page of uploads.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UploadList {
    items: Vec<Upload>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// The upload folders, each with what is wrong with it.
    folders: Vec<Folder>,
}

/// Which uploads.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct UploadQuery {
    /// How far it has come.
    #[param(value_type = Option<schema::UploadState>)]
    state: Option<UploadState>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<[i64; 2]>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    limit: u32,
}

impl UploadQuery {
    fn read(mut params: Params) -> Result<Self, Problem> {
        let state = params.take("state", |t| value::word(t, &UploadState::ALL, UploadState::as_str));
        let cursor = params.take("cursor", |t| cursor::decode(LIST, t));
        let limit = params.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS);
        params.finish()?;
        Ok(Self { state, cursor, limit })
    }

    /// Only ids below this one, of those that are not accepted; `None` when these are through.
    fn live_below(&self) -> Option<Id> {
        match self.cursor {
            None => Some(Id(i64::MAX)),
            Some([LIVE, id]) => Some(Id(id)),
            Some(_) => None,
        }
    }

    /// Only ids below this one, of those that are accepted.
    fn accepted_below(&self) -> Option<Id> {
        self.cursor.filter(|[part, _]| *part != LIVE).map(|[_, id]| Id(id))
    }
}

/// Uploads: first what is not accepted yet (and what is no evidence and never will be), then what is, both newest first.
///
/// A file that is accepted while a client turns pages may be listed in both parts; none is left out.
#[utoipa::path(
    get,
    operation_id = "listUploads",
    path = "/api/v1/uploads",
    tag = "uploads",
    security(("bearer" = [])),
    params(UploadQuery),
    responses((status = 200, description = "A page", body = UploadList), Guarded)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadUploads>,
    language: Language,
    params: Params,
) -> Result<Response, Problem> {
    let query = UploadQuery::read(params)?;
    // The board is looked at before the catalog: what leaves it in between is found there.
    let mut rows = live_rows(&app, &query, language);
    if rows.len() <= usize::try_from(query.limit).unwrap_or(usize::MAX) {
        let filter = UploadFilter { state: query.state, before: query.accepted_below() };
        let mut reader = app.custody.db.read().await?;
        for row in uploads::list(reader.conn(), &filter, query.limit + 1).await? {
            // Accepted since the board was looked at.
            rows.retain(|(_, live): &(i64, Upload)| live.id() != row.id);
            rows.push((ACCEPTED, Upload::accepted(&row, language)));
        }
    }
    let (rows, next_cursor) =
        cursor::page(rows, query.limit, |(part, upload)| cursor::encode(LIST, [*part, upload.id().0]));
    let items = rows.into_iter().map(|(_, upload)| upload).collect();
    let folders = app.intake.as_deref().map(live::folders).unwrap_or_default();
    let language = [(header::CONTENT_LANGUAGE, language.header())];
    Ok((language, Json(UploadList { items, next_cursor, folders })).into_response())
}

/// The rows of the page that are not accepted yet, and one more.
fn live_rows(app: &App, query: &UploadQuery, language: Language) -> Vec<(i64, Upload)> {
    let (Some(intake), Some(below)) = (app.intake.as_deref(), query.live_below()) else { return Vec::new() };
    let enough = usize::try_from(query.limit).unwrap_or(usize::MAX).saturating_add(1);
    // The board gives the newest; only a first page without a filter needs no more than these.
    let most = if query.state.is_none() && query.cursor.is_none() { enough } else { MOST };
    let wanted = |id, state| id < below && query.state.is_none_or(|s| s == state);
    let mut rows = live::uploads(intake, most, language, wanted);
    rows.truncate(enough);
    rows.into_iter().map(|upload| (LIVE, upload)).collect()
}
