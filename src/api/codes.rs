//! What conduct codes mean, and the law behind them.

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::schema::Guarded;
use crate::catalog::incidents::codes::{self, ConductCode, Law};
use crate::http::extract::{Permit, ReadIncidents};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::http::value::{self, When};
use crate::model::incident::Code;
use crate::model::span::Span;
use crate::model::time::{Micros, UtcOffset};

/// The conduct codes of one time.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CodeList {
    /// The time they are those of.
    #[schema(value_type = String, format = DateTime)]
    at: Micros,
    /// In the order of their numbers.
    items: Vec<ConductCodeBody>,
}

/// A conduct code 行为代码.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConductCode)]
pub(super) struct ConductCodeBody {
    #[schema(value_type = String, example = "V2")]
    code: Code,
    /// What conduct it is.
    name: String,
    /// Whether it counts as violent resistance, by the court's setting.
    violent: bool,
    /// The law behind it at that time.
    laws: Vec<LawBody>,
}

/// One legal basis.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Law)]
pub(super) struct LawBody {
    /// As cited: short name and article.
    #[schema(example = "刑法277(5)")]
    law: String,
    /// Full title.
    source: String,
    /// The first day on which it holds in this numbering; null: since ever.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    first_day: Option<Date>,
    /// The last day on which it holds; null: still.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    last_day: Option<Date>,
}

/// Of which time.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct CodeQuery {
    /// A date, which is that day at the court, or an RFC 3339 time; now when it is left out.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    at: Option<When>,
}

/// What conduct codes mean at a time, with the law behind them then. All of them: there are no pages.
#[utoipa::path(
    get,
    operation_id = "listCodes",
    path = "/api/v1/codes",
    tag = "incidents",
    security(("bearer" = [])),
    params(CodeQuery),
    responses((status = 200, description = "The codes", body = CodeList), Guarded)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadIncidents>,
    mut params: Params,
) -> Result<Json<CodeList>, Problem> {
    let offset = app.custody.utc_offset;
    let CodeQuery { at } = CodeQuery { at: params.take("at", |t| value::when(t, offset)) };
    params.finish()?;
    let at = at.map_or_else(|| app.custody.clock.now(), |when| when.start);
    let mut reader = app.custody.db.read().await?;
    let found = codes::at(reader.conn(), at).await?;
    let body = |code: ConductCode| ConductCodeBody {
        violent: app.custody.incidents.violent.contains(&code.code),
        laws: code.laws.into_iter().map(|law| LawBody::of(law, offset)).collect(),
        code: code.code,
        name: code.name,
    };
    Ok(Json(CodeList { at, items: found.into_iter().map(body).collect() }))
}

impl LawBody {
    fn of(law: Law, offset: UtcOffset) -> Self {
        let span = Span { from: law.from, to: law.to };
        Self { law: law.law, source: law.source, first_day: span.first_day(offset), last_day: span.last_day(offset) }
    }
}
