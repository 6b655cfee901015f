//! What all routes of incidents share: the thing that is asked for, what a change is based on, how a refusal answers.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;

use super::body::Incident;
use crate::auth::policy::{Permission, allows};
use crate::catalog::incidents;
use crate::custody::Custody;
use crate::custody::incident::{Editor, IncidentError};
use crate::http::conditional::ETag;
use crate::http::extract::{Demand, Permit};
use crate::http::language::Text;
use crate::http::problem::{Field, Problem, no_such};
use crate::http::state::App;
use crate::model::id::Id;
use crate::model::incident::Status;
use crate::model::subject::Subject;

/// Names a version of an incident, so that a change can be based on it. What is overdue depends on the clock too.
fn tag(incident: &incidents::Incident) -> ETag {
    ETag::strong(&format!("{}-{}", incident.id, incident.version))
}

/// An incident as it is answered.
pub(super) fn answer(incident: incidents::Incident, custody: &Custody) -> impl IntoResponse + use<> {
    let tag = [(header::ETAG, tag(&incident).header())];
    (tag, Json(Incident::of(incident, custody)))
}

/// Who changes something.
pub(super) fn editor<D: Demand>(permit: &Permit<D>) -> Editor {
    Editor { actor: permit.actor(), decides: allows(permit.role(), Permission::DecideIncidents) }
}

/// The incident with this id.
pub(super) async fn find(app: &App, id: Id) -> Result<incidents::Incident, Problem> {
    let mut reader = app.custody.db.read().await?;
    incidents::get(reader.conn(), id).await?.ok_or_else(|| no_such_incident(id))
}

/// What a change is based on.
pub(super) struct Basis {
    /// The version that the incident must be at; none: no matter.
    pub(super) version: Option<u64>,
    /// `If-Match` says so.
    pub(super) by_header: bool,
}

impl Basis {
    /// What the request is based on: the version in its body, and `If-Match`.
    pub(super) async fn of(app: &App, id: Id, headers: &HeaderMap, version: Option<u64>) -> Result<Self, Problem> {
        if !headers.contains_key(header::IF_MATCH) {
            return Ok(Self { version, by_header: false });
        }
        let incident = find(app, id).await?;
        if !tag(&incident).is_expected(headers) {
            return Err(outdated(id, incident.version, true));
        }
        // Where both are given and differ, the body's is outdated.
        Ok(Self { version: version.or(Some(incident.version)), by_header: version.is_none() })
    }
}

fn no_such_incident(id: Id) -> Problem {
    no_such(Subject::Incident(id))
}

fn outdated(id: Id, version: u64, by_header: bool) -> Problem {
    let detail = Text::new(
        format!("事件 {id} 已被修改，现为第 {version} 版：请重新读取后再提交"),
        format!(
            "incident {id} was changed meanwhile and is at version {version}: read it again, then send the change anew"
        ),
    );
    if !by_header {
        return Problem::conflict("outdated", detail);
    }
    let title = Text::new("已被修改", "Changed meanwhile");
    Problem::new(StatusCode::PRECONDITION_FAILED, "outdated", title, detail)
}

/// The problem of a change; `by_header`: its basis was given by `If-Match`.
pub(super) fn problem(error: IncidentError, by_header: bool) -> Problem {
    match error {
        IncidentError::NoSuchIncident(id) => no_such_incident(id),
        IncidentError::NoSuchMeasure(id, measure) => Problem::not_found(
            "no_such_measure",
            Text::new(
                format!("事件 {id} 没有编号为 {measure} 的措施"),
                format!("incident {id} has no measure {measure}"),
            ),
        ),
        IncidentError::Outdated { id, version } => outdated(id, version, by_header),
        IncidentError::Decided(status) => Problem::new(
            StatusCode::FORBIDDEN,
            "decided",
            Text::new("没有权限", "Not permitted"),
            Text::new(
                format!("事件状态为 {}，只有有权决定的人员可以修改", status.as_str()),
                format!("the incident is {}: only those who decide may change it", status.as_str()),
            ),
        ),
        IncidentError::NoWay { from, to } => no_way(from, to),
        IncidentError::Dismissed(id) => Problem::conflict(
            "dismissed",
            Text::new(
                format!("事件 {id} 已被否定，请先说明理由重新启用"),
                format!("incident {id} was dismissed; reopen it first, with a reason"),
            ),
        ),
        IncidentError::Punished { kind, incident, measure } => Problem::conflict(
            "punished_already",
            Text::new(
                format!(
                    "同一行为不得重复处罚：事件 {incident} 的措施 {measure} 已对此人{}；同名不同人请在姓名后注明",
                    kind.as_str()
                ),
                format!(
                    "the same act is not punished twice: measure {measure} of incident {incident} is {} against this name already; \
                     tell two people of one name apart by what you add to it",
                    kind.as_str()
                ),
            ),
        ),
        IncidentError::Invalid(faults) => Problem::unprocessable(faults.into_iter().map(Field::from).collect()),
        IncidentError::Custody(error) => Problem::from(error),
    }
}

fn no_way(from: Status, to: Status) -> Problem {
    let ways: Vec<&str> = from.ways().map(Status::as_str).collect();
    let (from, to) = (from.as_str(), to.as_str());
    let zh = format!("不能从 {from} 改为 {to}；可以改为 {}", ways.join("、"));
    let en = format!("an incident that is {from} does not become {to}; it may become {}", ways.join(" or "));
    Problem::conflict("no_way", Text::new(zh, en))
}
