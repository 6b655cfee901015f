//! Which case follows from which, as a person says it.

use super::cases::circle;
use super::message::Message;
use crate::catalog::cases::{self, Case};
use crate::catalog::chains;
use crate::custody::act::Act;
use crate::custody::{Custody, CustodyError};
use crate::model::case_number::CaseNumber;
use crate::model::chain::{Step, Steps};
use crate::model::id::Id;
use crate::model::subject::Subject;

/// On which side of a case the other one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The case follows from the other one.
    Predecessor,
    /// The other one follows from the case.
    Successor,
}

impl Side {
    fn step(self, case: Id, other: Id) -> Step {
        match self {
            Self::Predecessor => Step { earlier: other, later: case },
            Self::Successor => Step { earlier: case, later: other },
        }
    }
}

/// A relation could not be changed; nothing was.
#[derive(Debug, thiserror::Error)]
pub enum RelationError {
    /// There is no such case.
    #[error("there is no case {0}")]
    NoSuchCase(Id),
    /// The two are one.
    #[error("a case does not follow from itself")]
    Itself,
    /// The cases would follow from each other in a circle.
    #[error("{}", .0.en)]
    Circle(Message),
    /// The two cases are not related.
    #[error("the cases {0} and {1} do not follow from each other")]
    NotRelated(Id, Id),
    /// It could not be written.
    #[error(transparent)]
    Custody(#[from] CustodyError),
}

impl From<crate::catalog::CatalogError> for RelationError {
    fn from(error: crate::catalog::CatalogError) -> Self {
        Self::Custody(error.into())
    }
}

/// Two cases, one of which follows from the other.
#[derive(Debug, Clone)]
pub struct Related {
    /// The case that was named by its id.
    pub case: Case,
    /// The case that was named by its number.
    pub other: Case,
    /// Whether they were not related before.
    pub new: bool,
}

/// Says that `other` stands on one side of a case. An unknown number becomes a case of which only the number is known.
///
/// # Errors
/// When there is no such case, the two are one, or they would stand in a circle, which is then named.
pub async fn relate(custody: &Custody, case: Id, side: Side, other: &CaseNumber) -> Result<Related, RelationError> {
    let mut act = Act::begin(custody).await?;
    let case = cases::get(act.conn(), case).await?.ok_or(RelationError::NoSuchCase(case))?;
    if case.number == other.canonical() {
        return Err(RelationError::Itself);
    }
    let other = match cases::find_by_number(act.conn(), other).await? {
        Some(other) => other,
        None => {
            let stub = Case::stub(act.new_id(), other, act.at());
            cases::insert(act.conn(), &stub, other).await?;
            act.touch(Subject::Case(stub.id));
            stub
        }
    };
    let step = side.step(case.id, other.id);
    let steps: Steps = chains::steps_to(act.conn(), &[step.earlier]).await?.into_iter().collect();
    if let Some(way) = steps.path(step.later, step.earlier) {
        return Err(RelationError::Circle(circle(&named(&mut act, &way).await?)));
    }
    let at = act.at();
    let new = chains::insert_all(act.conn(), &[step], at).await? > 0;
    act.commit().await?;
    Ok(Related { case, other, new })
}

async fn named(act: &mut Act<'_>, way: &[Id]) -> Result<Vec<String>, RelationError> {
    let cases = cases::get_all(act.conn(), way).await?;
    let number =
        |id: &Id| cases.iter().find(|case| case.id == *id).map_or_else(|| id.to_string(), |c| c.number.clone());
    Ok(way.iter().map(number).collect())
}

/// Takes back that one of two cases follows from the other.
///
/// # Errors
/// When neither follows directly from the other.
pub async fn unrelate(custody: &Custody, case: Id, other: Id) -> Result<(), RelationError> {
    let mut act = Act::begin(custody).await?;
    let mut removed = false;
    for side in [Side::Predecessor, Side::Successor] {
        removed |= chains::remove(act.conn(), side.step(case, other)).await?;
    }
    if !removed {
        return Err(RelationError::NotRelated(case, other));
    }
    Ok(act.commit().await?)
}
