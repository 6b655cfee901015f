//! A case as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::catalog::cases;
use crate::model::chain::Step;
use crate::model::id::Id;
use crate::model::party;
use crate::model::time::Micros;

/// A case.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Case {
    #[schema(value_type = String)]
    id: Id,
    /// 案号 in its one spelling.
    #[schema(example = "（2021）吉0721执123号")]
    number: String,
    /// The year in the number; null for a number of the old style, as are court and type.
    #[schema(required = true)]
    year: Option<i64>,
    /// Court code.
    #[schema(required = true, example = "吉0721")]
    court: Option<String>,
    /// Type code.
    #[serde(rename = "type")]
    #[schema(required = true, example = "执")]
    case_type: Option<String>,
    /// 案由.
    #[schema(required = true)]
    cause: Option<String>,
    /// 承办人.
    #[schema(required = true)]
    judge: Option<String>,
    /// 状态, as the court writes it.
    #[schema(required = true)]
    status: Option<String>,
    /// Known only because a clip names it.
    stub: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Micros,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Micros,
}

impl From<&cases::Case> for Case {
    fn from(case: &cases::Case) -> Self {
        Self {
            id: case.id,
            number: case.number.clone(),
            year: case.year,
            court: case.court.clone(),
            case_type: case.case_type.clone(),
            cause: case.cause.clone(),
            judge: case.judge.clone(),
            status: case.status.clone(),
            stub: case.stub,
            created_at: case.created,
            updated_at: case.updated,
        }
    }
}

/// A party 当事人.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Party {
    name: String,
    /// 身份, such as 被执行人; null: not said.
    #[schema(required = true, example = "被执行人")]
    role: Option<String>,
}

impl From<party::Party> for Party {
    fn from(party: party::Party) -> Self {
        let party::Party { name, role } = party;
        Self { name, role }
    }
}

/// A case of a chain, in short.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct CaseRef {
    #[schema(value_type = String)]
    id: Id,
    /// 案号 in its one spelling.
    number: String,
    /// Known only because a clip or another case names it.
    stub: bool,
}

impl From<&cases::Case> for CaseRef {
    fn from(case: &cases::Case) -> Self {
        Self { id: case.id, number: case.number.clone(), stub: case.stub }
    }
}

/// That one case follows from another.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ChainStep {
    /// The case before.
    #[schema(value_type = String)]
    earlier_id: Id,
    /// The case that follows from it.
    #[schema(value_type = String)]
    later_id: Id,
}

impl From<&Step> for ChainStep {
    fn from(step: &Step) -> Self {
        Self { earlier_id: step.earlier, later_id: step.later }
    }
}
