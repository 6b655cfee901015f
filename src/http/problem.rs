//! The one error at the HTTP edge: a problem of RFC 9457. What a client may learn of a failure is decided here.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::language::{Language, Text};
use crate::auth::policy::Permission;
use crate::catalog::CatalogError;
use crate::clock::random_bytes;
use crate::custody::CustodyError;
use crate::model::digest::to_hex;
use crate::model::fault::Fault;
use crate::model::role::Role;
use crate::model::subject::Subject;

/// Seconds after which a client may try again when the database is locked or away.
const RETRY_AFTER_S: &str = "5";

/// An answer that says what is wrong. Codes and field names are stable; sentences are for people, in their language.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    title: Text,
    detail: Text,
    fields: Vec<Field>,
    instance: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    place: Option<(usize, usize)>,
}

/// A parameter and what is wrong with it.
#[derive(Debug, Clone)]
pub struct Field {
    /// The parameter's name, as the client wrote it.
    pub name: String,
    /// What is wrong, and what it may be.
    pub message: Text,
}

/// A problem as it is sent (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `urn:zhilu:problem:CODE`; the code is stable.
    #[serde(rename = "type")]
    #[schema(format = "uri", example = "urn:zhilu:problem:bad_parameters")]
    kind: String,
    /// What kind of problem it is, in a few words.
    title: String,
    /// The status code.
    status: u16,
    /// What is wrong here, and what to do.
    detail: String,
    /// The parameters that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldBody>,
    /// Names this one failure; the daemon's log has it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    instance: Option<String>,
    /// Of a query that cannot be read: its first wrong character, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    position: Option<usize>,
    /// How many characters are wrong; 0: something is missing at the position.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    length: Option<usize>,
}

/// A wrong parameter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProblemField)]
pub struct FieldBody {
    /// The parameter's name.
    field: String,
    /// What is wrong with it, and what it may be.
    message: String,
}

impl Problem {
    /// A problem; `code` ends its type.
    pub fn new(status: StatusCode, code: &'static str, title: Text, detail: Text) -> Self {
        let (fields, instance, headers) = (Vec::new(), None, Vec::new());
        Self(Box::new(Inner { status, code, title, detail, fields, instance, headers, place: None }))
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// 400: parameters that are unknown or cannot be understood.
    pub fn bad_parameters(fields: Vec<Field>) -> Self {
        let detail = Text::new("参数有误，详见 errors", "parameters are wrong; `errors` names them");
        let title = Text::new("参数错误", "Bad parameters");
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "bad_parameters", title, detail);
        problem.0.fields = fields;
        problem
    }

    /// The same as a query that cannot be read: which characters are wrong.
    #[must_use]
    pub fn in_query(mut self, position: usize, length: usize) -> Self {
        let inner = &mut *self.0;
        (inner.code, inner.place) = ("bad_query", Some((position, length)));
        inner.title = Text::new("检索式错误", "Bad query");
        inner.detail = Text::new("检索式有误，详见 errors", "the query is wrong; `errors` says where");
        self
    }

    /// 422: fields of the body are wrong.
    pub fn unprocessable(fields: Vec<Field>) -> Self {
        let detail = Text::new("正文有误，详见 errors", "the body is wrong; `errors` names the fields");
        let title = Text::new("正文内容错误", "Wrong body");
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_body", title, detail);
        problem.0.fields = fields;
        problem
    }

    /// 409: it does not fit what is there now.
    pub fn conflict(code: &'static str, detail: Text) -> Self {
        Self::new(StatusCode::CONFLICT, code, Text::new("与现状冲突", "Conflict"), detail)
    }

    /// 412: it was changed since the caller looked.
    pub fn outdated() -> Self {
        let detail = Text::new(
            "在您读取之后已被修改：请重新读取，再带上新的 ETag 提交",
            "it was changed since you read it: read it again and send its new ETag in If-Match",
        );
        let title = Text::new("已被修改", "Changed meanwhile");
        Self::new(StatusCode::PRECONDITION_FAILED, "outdated", title, detail)
    }

    /// 401: no token, or one that does not work.
    pub fn unauthorized(given: bool) -> Self {
        let title = Text::new("需要令牌", "Token needed");
        let (detail, challenge) = if given {
            let detail = Text::new(
                "令牌无效或已停用，请向管理员索取新令牌",
                "the token is unknown or revoked; ask an administrator for a new one",
            );
            (detail, "Bearer realm=\"zhilu\", error=\"invalid_token\"")
        } else {
            let detail =
                Text::new("请求应带 Authorization: Bearer 令牌", "send the header Authorization: Bearer TOKEN");
            (detail, "Bearer realm=\"zhilu\"")
        };
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", title, detail)
            .with(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// 403: the role does not hold the permission.
    pub fn forbidden(role: Role, permission: Permission) -> Self {
        let detail = Text::new(
            format!("角色 {role} 没有权限 {permission}"),
            format!("the role {role} has not the permission {permission}"),
        );
        Self::new(StatusCode::FORBIDDEN, "forbidden", Text::new("没有权限", "Not permitted"), detail)
    }

    /// 404: the thing of that kind is not there.
    pub fn not_found(code: &'static str, detail: Text) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, Text::new("未找到", "Not found"), detail)
    }

    /// 500: the daemon's own failure. The client learns an id; the log, which is written here, holds the rest.
    pub fn internal(what: &str, error: &dyn std::fmt::Display) -> Self {
        let detail = Text::new(
            "服务内部出错，请把 instance 中的编号告诉管理员",
            "the server failed; tell an administrator the number in `instance`",
        );
        Self::failed("internal", detail, what, error)
    }

    /// 500 with its own code. The client learns an id; the log, which is written here, holds the rest.
    pub fn failed(code: &'static str, detail: Text, what: &str, error: &dyn std::fmt::Display) -> Self {
        let id = random_bytes::<8>().map_or_else(|_| "none".to_owned(), |bytes| to_hex(&bytes));
        tracing::error!(failure = %id, code, "{what}: {error}");
        let title = Text::new("服务出错", "Server failure");
        let mut problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, title, detail);
        problem.0.instance = Some(format!("urn:zhilu:failure:{id}"));
        problem
    }

    /// 503: trying again later may help.
    pub fn unavailable(code: &'static str, detail: Text) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, Text::new("暂不可用", "Not available"), detail)
            .with(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S))
    }

    fn database_away(error: &dyn std::fmt::Display) -> Self {
        tracing::warn!("a request cannot be answered now: {error}");
        let detail =
            Text::new("数据库暂不可用，请稍后重试", "the database is not available now; try again in a few seconds");
        Self::unavailable("database_away", detail)
    }

    /// The answer in one language.
    pub fn render(&self, language: Language) -> Response {
        let inner = &self.0;
        let body = ProblemBody {
            kind: format!("urn:zhilu:problem:{}", inner.code),
            title: inner.title.get(language).to_owned(),
            status: inner.status.as_u16(),
            detail: inner.detail.get(language).to_owned(),
            errors: inner.fields.iter().map(|f| FieldBody::new(f, language)).collect(),
            instance: inner.instance.clone(),
            position: inner.place.map(|(position, _)| position),
            length: inner.place.map(|(_, length)| length),
        };
        let mut response = (inner.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LANGUAGE, language.header());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in &inner.headers {
            headers.insert(name, value.clone());
        }
        response
    }
}

impl FieldBody {
    fn new(field: &Field, language: Language) -> Self {
        Self { field: field.name.clone(), message: field.message.get(language).to_owned() }
    }
}

impl IntoResponse for Problem {
    /// In Chinese; the edge renders it anew when the request prefers English.
    fn into_response(self) -> Response {
        let mut response = self.render(Language::Zh);
        response.extensions_mut().insert(self);
        response
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        if error.is_passing() { Self::database_away(&error) } else { Self::internal("catalog", &error) }
    }
}

impl From<CustodyError> for Problem {
    fn from(error: CustodyError) -> Self {
        match error {
            CustodyError::NoSuchClip(id) => no_such_clip(id),
            CustodyError::NoSuch(subject) => no_such(subject),
            CustodyError::Invalid(faults) => Self::unprocessable(faults.into_iter().map(Field::from).collect()),
            CustodyError::Outdated { .. } => Self::outdated(),
            CustodyError::ReferenceTaken { reference, action } => Self::conflict(
                "reference_taken",
                Text::new(
                    format!("编号“{reference}”已属于行动 {action}"),
                    format!("the reference {reference:?} is that of action {action}"),
                ),
            ),
            CustodyError::Disposed(id) => disposed(id, None),
            CustodyError::HoldLifted(id) => Self::conflict(
                "hold_lifted",
                Text::new(format!("保全 {id} 已经解除"), format!("the hold {id} was lifted already")),
            ),
            CustodyError::NothingDue => Self::conflict(
                "nothing_due",
                Text::new("没有到期且未在待决申请中的视频", "nothing is due that is in no open proposal"),
            ),
            CustodyError::AlreadyDecided(id) => Self::conflict(
                "already_decided",
                Text::new(format!("销毁申请 {id} 已有决定"), format!("the disposal {id} was decided already")),
            ),
            CustodyError::SamePerson(id) => Self::new(
                StatusCode::FORBIDDEN,
                "same_person",
                Text::new("须由他人决定", "A second person must decide"),
                Text::new(
                    format!("销毁申请 {id} 的申请人不能自己批准或驳回，须由另一人决定"),
                    format!("whoever proposed the disposal {id} may not decide it; a second person must"),
                ),
            ),
            CustodyError::NotLinked { clip, case } => Self::not_found(
                "not_linked",
                Text::new(format!("视频 {clip} 未归入案件 {case}"), format!("clip {clip} is not tied to case {case}")),
            ),
            error if error.is_passing() => Self::database_away(&error),
            error => Self::internal("custody", &error),
        }
    }
}

impl From<Fault> for Field {
    fn from(fault: Fault) -> Self {
        Self { name: fault.field.into_owned(), message: Text::new(fault.zh, fault.en) }
    }
}

/// 404: the thing is not there.
pub fn no_such(subject: Subject) -> Problem {
    let id = subject.id();
    let (code, zh) = match subject {
        Subject::Clip(id) => return no_such_clip(id),
        Subject::Case(_) => ("no_such_case", "案件"),
        Subject::Action(_) => ("no_such_action", "执行行动"),
        Subject::Incident(_) => ("no_such_incident", "事件"),
        Subject::Export(_) => ("no_such_export", "移送"),
        Subject::Hold(_) => ("no_such_hold", "保全"),
        Subject::Disposal(_) => ("no_such_disposal", "销毁申请"),
    };
    let en = format!("there is no {} {id}", subject.kind());
    Problem::not_found(code, Text::new(format!("没有编号为 {id} 的{zh}"), en))
}

/// 410: the clip is destroyed; with the disposal that did it, where it is at hand.
pub fn disposed(clip: crate::model::id::Id, by: Option<crate::model::id::Id>) -> Problem {
    let (zh, en) =
        by.map_or_else(Default::default, |by| (format!("（销毁申请 {by}）"), format!(" by the disposal {by}")));
    let detail = Text::new(
        format!("视频 {clip} 已依保管期限销毁{zh}；其摘要和账本记录永久保留"),
        format!(
            "clip {clip} was destroyed when its term had ended{en}; its digest and its ledger entries are kept for ever"
        ),
    );
    Problem::new(StatusCode::GONE, "disposed", Text::new("已销毁", "Destroyed"), detail)
}

/// 404: there is no clip with this id.
pub fn no_such_clip(id: crate::model::id::Id) -> Problem {
    Problem::not_found("no_such_clip", Text::new(format!("没有编号为 {id} 的视频"), format!("there is no clip {id}")))
}
