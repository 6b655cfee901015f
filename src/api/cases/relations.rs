//! Which case follows from which: said and taken back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::CaseRef;
use super::no_such_case;
use crate::api::edits::text_of;
use crate::api::schema::{ById, WritingById};
use crate::http::body::Body;
use crate::http::extract::{PathId, Permit, RelateCases};
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::{Field, Problem};
use crate::http::state::App;
use crate::http::value;
use crate::model::case_number::CaseNumber;
use crate::model::id::Id;
use crate::registers::relations::{self, RelationError, Side};

/// The other case; one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct RelationBody {
    /// 案号, in any spelling, of the case that this one follows from.
    #[serde(default)]
    #[schema(example = "（2020）吉0721执保6号")]
    predecessor: Option<String>,
    /// 案号, in any spelling, of the case that follows from this one.
    #[serde(default)]
    successor: Option<String>,
}

/// Two cases, one of which follows from the other.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Relation {
    earlier: CaseRef,
    later: CaseRef,
}

impl RelationBody {
    fn read(&self) -> Result<(Side, CaseNumber), Problem> {
        let (side, name, text) = match (&self.predecessor, &self.successor) {
            (Some(text), None) => (Side::Predecessor, "predecessor", text),
            (None, Some(text)) => (Side::Successor, "successor", text),
            _ => {
                let message = Text::new(
                    "predecessor 与 successor 应给出一个且只给一个",
                    "give either `predecessor` or `successor`",
                );
                return Err(Problem::unprocessable(vec![Field { name: "predecessor".to_owned(), message }]));
            }
        };
        let wrong = |message| Problem::unprocessable(vec![Field { name: name.to_owned(), message }]);
        Ok((side, value::case_number(text).map_err(wrong)?))
    }
}

/// Says that one case follows from another. A case number that is in no register becomes a case of which only the number is known.
#[utoipa::path(
    post,
    operation_id = "relateCase",
    path = "/api/v1/cases/{id}/relations",
    tag = "cases",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The case")),
    request_body = RelationBody,
    responses(
        (status = 200, description = "They were related already", body = Relation),
        (status = 201, description = "They are related now", body = Relation,
            headers(("Location" = String, description = "What takes it back when it is deleted"))),
        WritingById
    )
)]
pub(in crate::api) async fn relate(
    permit: Permit<RelateCases>,
    State(app): State<App>,
    PathId(id): PathId,
    params: Params,
    Body(body): Body<RelationBody>,
) -> Result<Response, Problem> {
    params.finish()?;
    let (side, other) = body.read()?;
    let related = relations::relate(&app.custody, id, side, &other).await.map_err(problem)?;
    let (case, other) = (CaseRef::from(&related.case), CaseRef::from(&related.other));
    let relation = match side {
        Side::Predecessor => Relation { earlier: other, later: case },
        Side::Successor => Relation { earlier: case, later: other },
    };
    if !related.new {
        return Ok(Json(relation).into_response());
    }
    let (actor, other) = (permit.actor(), related.other.id);
    tracing::info!(actor = actor.as_str(), case = %id, %other, "two cases were related");
    let place = [(header::LOCATION, format!("/api/v1/cases/{id}/relations/{other}"))];
    Ok((StatusCode::CREATED, place, Json(relation)).into_response())
}

/// Takes back that one of two cases follows from the other.
#[utoipa::path(
    delete,
    operation_id = "unrelateCase",
    path = "/api/v1/cases/{id}/relations/{other_id}",
    tag = "cases",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The case"),
        ("other_id" = String, Path, description = "The case before or after it")
    ),
    responses((status = 204, description = "They are not related any more"), ById)
)]
pub(in crate::api) async fn unrelate(
    permit: Permit<RelateCases>,
    State(app): State<App>,
    Path((id, other_id)): Path<(String, String)>,
    params: Params,
) -> Result<StatusCode, Problem> {
    let read = |name: &str, text: &str| {
        let wrong = |message| Problem::bad_parameters(vec![Field { name: name.to_owned(), message }]);
        value::id(text).map_err(wrong)
    };
    let (id, other): (Id, Id) = (read("id", &id)?, read("other_id", &other_id)?);
    params.finish()?;
    relations::unrelate(&app.custody, id, other).await.map_err(problem)?;
    let actor = permit.actor();
    tracing::info!(actor = actor.as_str(), case = %id, %other, "two cases are related no more");
    Ok(StatusCode::NO_CONTENT)
}

fn problem(error: RelationError) -> Problem {
    match error {
        RelationError::NoSuchCase(id) => no_such_case(id),
        RelationError::Itself => {
            Problem::conflict("circle", Text::new("案件不能是自己的前案", "a case does not follow from itself"))
        }
        RelationError::Circle(message) => Problem::conflict("circle", text_of(message)),
        RelationError::NotRelated(case, other) => Problem::not_found(
            "not_related",
            Text::new(
                format!("案件 {case} 与 {other} 没有直接的前后关系"),
                format!("the cases {case} and {other} do not follow from each other directly"),
            ),
        ),
        RelationError::Custody(error) => Problem::from(error),
    }
}
