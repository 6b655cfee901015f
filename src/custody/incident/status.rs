//! Deciding about an incident.

use super::measure::refuse_twice;
use super::{Doing, Editor, IncidentError, change_of, load, record};
use crate::catalog::incidents::Incident;
use crate::custody::Custody;
use crate::custody::act::Act;
use crate::model::fault::Fault;
use crate::model::id::Id;
use crate::model::incident::{Status, Step};

/// Most characters of a reason.
const MOST_REASON: usize = 2_000;

/// Brings an incident to another status. A dismissal and a reopening need a reason; confirming needs a conduct code, and the victims or the
/// statement that there was none.
///
/// # Errors
/// When there is no such incident, it was changed meanwhile, there is no such way, something is missing, the same act is punished twice by
/// what is reopened, or the database or the ledger refuses.
pub async fn set_status(
    custody: &Custody,
    editor: &Editor,
    id: Id,
    based_on: Option<u64>,
    to: Status,
    reason: &str,
) -> Result<Incident, IncidentError> {
    let mut act = Act::begin(custody).await?;
    let old = load(&mut act, id, based_on).await?;
    let step = old.status.step(to).ok_or(IncidentError::NoWay { from: old.status, to })?;
    let mut faults = Vec::new();
    if step.needs_reason() && reason.is_empty() {
        faults.push(Fault::new("reason", "应写明理由", "give a reason"));
    }
    if reason.chars().count() > MOST_REASON || reason.contains('\0') {
        let (zh, en) = (format!("最多 {MOST_REASON} 个字符"), format!("at most {MOST_REASON} characters"));
        faults.push(Fault::new("reason", zh, en));
    }
    if step == Step::Confirm {
        faults.extend(old.facts.lacks());
    }
    if !faults.is_empty() {
        return Err(IncidentError::Invalid(faults));
    }
    let mut new = Incident { status: to, status_reason: reason.to_owned(), ..old.clone() };
    if old.status == Status::Dismissed {
        for row in &new.measures {
            refuse_twice(&mut act, &new, row).await?;
        }
    }
    let mut changes = vec![change_of("status", old.status.as_str(), to.as_str())];
    if old.status_reason != new.status_reason {
        changes.push(change_of("status_reason", old.status_reason.as_str(), new.status_reason.as_str()));
    }
    let doing = Doing { actor: &editor.actor, kind: "status", changes, reason };
    record(&mut act, &mut new, Some(&old), doing).await?;
    act.commit().await?;
    Ok(new)
}
