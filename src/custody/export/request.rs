//! Asking for an export, and another person's decision about it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{ExportError, demand, load, record};
use crate::catalog::exports::{self, Export};
use crate::catalog::{cases, clips, incidents};
use crate::custody::act::{Act, Amend};
use crate::custody::{Actor, Custody};
use crate::model::export::{ExportState, MOST_CLIPS, MOST_NAME, MOST_REASON, Scope};
use crate::model::fault::Fault;
use crate::model::id::Id;
use crate::model::subject::Subject;

/// Most clips whose absence is named one by one.
pub const MOST_FIELDS_CHECKED: usize = 100;

/// What somebody wants to be exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What.
    pub scope: Scope,
    /// Of single clips: which.
    pub clips: Vec<Id>,
    /// Why.
    pub reason: String,
    /// For whom.
    pub recipient: String,
}

/// What another person says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may leave.
    Approve,
    /// It may not, with the reason.
    Refuse(String),
}

/// Asks for an export; another person has to approve it.
///
/// # Errors
/// When a value cannot be, or the database or the ledger refuses.
pub async fn request(custody: &Custody, actor: &Actor, wanted: Wanted) -> Result<Export, ExportError> {
    let mut act = Act::begin(custody).await?;
    let export = enter(&mut act, actor, wanted, Vec::new()).await?;
    act.commit().await?;
    Ok(export)
}

/// Asks for an export that another person approved already, who is named: for the command line, whose user is known to the machine only. Its
/// bag is to be in `dir`.
///
/// # Errors
/// As [`request`], and when the approver's name is empty or too long.
pub async fn order(
    custody: &Custody,
    actor: &Actor,
    wanted: Wanted,
    approver: &str,
    dir: &str,
) -> Result<Export, ExportError> {
    let mut act = Act::begin(custody).await?;
    let mut export = enter(&mut act, actor, wanted, needed("approver", approver, MOST_NAME)).await?;
    export.decided_by = Some(approver.to_owned());
    export.decided = Some(act.at());
    export.dir = Some(dir.to_owned());
    export.state = ExportState::Approved;
    record(&mut act, actor, &mut export, "approve", json!({"approved_by": approver})).await?;
    act.commit().await?;
    Ok(export)
}

/// Approves or refuses an export that another person asked for.
///
/// # Errors
/// When there is no such export, it was decided about, the same person asked for it, a refusal has no reason, or the database or the
/// ledger refuses.
pub async fn decide(custody: &Custody, actor: &Actor, id: Id, decision: Decision) -> Result<Export, ExportError> {
    let mut act = Act::begin(custody).await?;
    let mut export = load(&mut act, id).await?;
    demand(&export, &[ExportState::Requested])?;
    if export.requested_by == actor.as_str() {
        return Err(ExportError::OwnRequest(id));
    }
    let (kind, detail) = match decision {
        Decision::Approve => {
            export.state = ExportState::Approved;
            ("approve", Value::Object(serde_json::Map::new()))
        }
        Decision::Refuse(reason) => {
            let faults = needed("reason", &reason, MOST_REASON);
            if !faults.is_empty() {
                return Err(ExportError::Invalid(faults));
            }
            export.state = ExportState::Refused;
            export.refusal.clone_from(&reason);
            ("refuse", json!({"reason": reason}))
        }
    };
    export.decided_by = Some(actor.as_str().to_owned());
    export.decided = Some(act.at());
    record(&mut act, actor, &mut export, kind, detail).await?;
    act.commit().await?;
    Ok(export)
}

async fn enter(
    act: &mut Act<'_>,
    actor: &Actor,
    wanted: Wanted,
    mut faults: Vec<Fault>,
) -> Result<Export, ExportError> {
    faults.extend(needed("reason", &wanted.reason, MOST_REASON));
    faults.extend(needed("recipient", &wanted.recipient, MOST_NAME));
    let clips: Vec<Id> = BTreeSet::from_iter(wanted.clips.iter().copied()).into_iter().collect();
    let case_number = match wanted.scope {
        Scope::Case(id) => {
            let case = cases::get(act.conn(), id).await?;
            if case.is_none() {
                faults.push(Fault::new("case", format!("没有编号为 {id} 的案件"), format!("there is no case {id}")));
            }
            case.map(|case| case.number)
        }
        Scope::Incident(id) => {
            if incidents::get(act.conn(), id).await?.is_none() {
                let (zh, en) = (format!("没有编号为 {id} 的事件"), format!("there is no incident {id}"));
                faults.push(Fault::new("incident", zh, en));
            }
            None
        }
        Scope::Clips => {
            faults.extend(lacking(act, &wanted.clips).await?);
            None
        }
    };
    if !faults.is_empty() {
        return Err(ExportError::Invalid(faults));
    }
    let mut export = Export {
        id: act.new_id(),
        scope: wanted.scope,
        case_number,
        reason: wanted.reason,
        recipient: wanted.recipient,
        requested_by: actor.as_str().to_owned(),
        requested: act.at(),
        decided_by: None,
        decided: None,
        refusal: String::new(),
        state: ExportState::Requested,
        dir: None,
        files_total: 0,
        bytes_total: 0,
        manifest: None,
        error: String::new(),
        done: None,
        last_entry: 0,
        files_done: 0,
        bytes_done: 0,
    };
    let detail = json!({
        "scope": export.scope.as_str(),
        "case": match export.scope { Scope::Case(id) => Some(id), _ => None },
        "incident": match export.scope { Scope::Incident(id) => Some(id), _ => None },
        "clips": &clips,
        "reason": export.reason,
        "recipient": export.recipient,
    });
    let subject = Subject::Export(export.id);
    export.last_entry = act.amend(Amend { subject, prev: None, kind: "request", actor, detail }).await?;
    exports::insert(act.conn(), &export).await?;
    exports::add_clips(act.conn(), export.id, &clips).await?;
    exports::replace_with_those_of(act.conn(), export.id, export.scope).await?;
    demand_clips(exports::weigh(act.conn(), export.id).await?.0, &export)?;
    Ok(export)
}

/// Refuses an export of nothing.
pub(super) fn demand_clips(files: u64, export: &Export) -> Result<(), ExportError> {
    if files > 0 {
        return Ok(());
    }
    let none = Fault::new(export.scope.as_str(), "没有任何视频可供移送", "there is no clip that could be exported");
    Err(ExportError::Invalid(vec![none]))
}

/// Which of the named clips cannot be exported.
async fn lacking(act: &mut Act<'_>, named: &[Id]) -> Result<Vec<Fault>, ExportError> {
    if named.is_empty() || named.len() > MOST_CLIPS {
        let (zh, en) = (format!("应为 1 至 {MOST_CLIPS} 个视频"), format!("name 1 to {MOST_CLIPS} clips"));
        return Ok(vec![Fault::new("clips", zh, en)]);
    }
    let known: BTreeSet<Id> = clips::get_all(act.conn(), named).await?.into_iter().map(|clip| clip.id).collect();
    let missing = named.iter().enumerate().filter(|(_, id)| !known.contains(id));
    let fault = |(at, id): (usize, &Id)| {
        Fault::new(format!("clips[{at}]"), format!("没有编号为 {id} 的视频"), format!("there is no clip {id}"))
    };
    Ok(missing.take(MOST_FIELDS_CHECKED).map(fault).collect())
}

/// What is wrong with a text that must be given.
fn needed(field: &'static str, text: &str, most: usize) -> Vec<Fault> {
    if text.trim().is_empty() {
        return vec![Fault::new(field, "不能为空", "must not be empty")];
    }
    Fault::of_text(field, text, most).into_iter().collect()
}
