//! Search over clips, incidents and cases.

pub(crate) mod answer;
pub(crate) mod body;
mod query;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use answer::{Order, Wanted};
use body::SearchPage;
use query::SearchQuery;

use super::schema::Guarded;
use crate::http::extract::{Permit, Search};
use crate::http::language::Language;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::search::find::Counting;

/// Clips, incidents and cases that a query finds. Words must all stand in one of them; `OR`, `-word`, `"a phrase"` and parentheses work,
/// and the fields `case`, `officer`, `recorder`, `code`, `measure`, `court`, `from`, `to`, `kind`, `status`, `severity`, `important`,
/// `unfiled`, `health` and `role` (案号, 警号, 记录仪, 行为, 措施, 法院, 自, 至, 类型, 状态, 等级, 重点, 未归案, 完好, 身份), such as
/// `code:V2,V6`. A word that is a case number or a part of one (`执123`, `吉0721`) is compared by its parts. Each parameter beside `q` must
/// hold too; values separated by commas are alternatives. A search that takes longer than two seconds ends with what it found and
/// `complete` false.
#[utoipa::path(
    get,
    operation_id = "search",
    path = "/api/v1/search",
    tag = "search",
    security(("bearer" = [])),
    params(SearchQuery),
    responses((status = 200, description = "A page", body = SearchPage), Guarded)
)]
pub(super) async fn get(
    State(app): State<App>,
    _: Permit<Search>,
    language: Language,
    params: Params,
) -> Result<Response, Problem> {
    let (query, plan) = SearchQuery::read(params, &app.terms)?;
    let facets = query.facets.unwrap_or(false);
    let wanted = Wanted { order: query.order(), limit: query.limit, facets, counting: query.counting() };
    let page = answer::answer(&app.custody.db, &plan, &wanted).await?;
    let language = [(header::CONTENT_LANGUAGE, language.header())];
    Ok((language, Json(page)).into_response())
}

impl SearchQuery {
    fn counting(&self) -> Counting {
        if self.exact_total.unwrap_or(false) { Counting::Exact } else { Counting::Quick }
    }

    fn order(&self) -> Order {
        self.cursor.unwrap_or(if self.best { Order::Best(None) } else { Order::Newest(None) })
    }
}
