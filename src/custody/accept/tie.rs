//! The cases of a clip that arrives: by the numbers it names, and by the actions of its officer and recorder.

use serde_json::{Map, json};

use crate::catalog::case_links::{self, CaseLink};
use crate::catalog::clips::Clip;
use crate::custody::act::{Act, Record};
use crate::custody::{Actor, CustodyError, rematch};
use crate::matching::action::{Grounds, cases_by_action, missing};
use crate::matching::footage::Footage;
use crate::matching::plan::Link;
use crate::matching::{ProposedLink, Unfiled};
use crate::model::case::LinkMethod;
use crate::model::clip::ClipState;
use crate::model::custody::EventKind;
use crate::model::id::Id;

/// Links a clip to the cases that its names and sidecars name, unless it is linked already or a person refused; a case that is only named
/// becomes a stub. A number is stronger than an action or a recording and takes their place. Gives the cases that it is linked to.
pub(super) async fn tie(
    act: &mut Act<'_>,
    clip: &mut Clip,
    links: Vec<ProposedLink>,
    existing: &[CaseLink],
    refused: &[(Id, String)],
) -> Result<Vec<Id>, CustodyError> {
    let mut cases: Vec<Id> = existing.iter().map(|link| link.case_id).collect();
    for ProposedLink { number, method, reason } in links {
        let canonical = number.canonical();
        let weaker = existing.iter().find(|l| l.number == canonical);
        if weaker.is_some_and(|l| l.method.is_explicit()) || refused.iter().any(|(_, number)| *number == canonical) {
            continue;
        }
        let case = act.find_or_stub(&number).await?;
        if weaker.is_some() {
            case_links::delete(act.conn(), clip.id, case.id).await?;
        }
        cases.push(case.id);
        add_tie(act, clip, Link { case: case.id, number: case.number, method, action: None, reason })?;
    }
    file(clip, cases.is_empty());
    Ok(cases)
}

/// Links a new clip to the cases of its actions; what was missing otherwise is kept in it.
pub(super) fn tie_by_action(
    act: &mut Act<'_>,
    clip: &mut Clip,
    footage: &Footage,
    grounds: &Grounds,
    cases: &mut Vec<Id>,
) -> Result<(), CustodyError> {
    let rules = act.custody().rules;
    for found in cases_by_action(footage, grounds, &rules) {
        if !cases.contains(&found.case) {
            cases.push(found.case);
            let (case, number, reason) = (found.case, found.number, found.reason);
            let action = Some(found.action);
            add_tie(act, clip, Link { case, number, method: LinkMethod::Action, action, reason })?;
        }
    }
    file(clip, cases.is_empty());
    let stored = clip.facts.unfiled_reason.as_deref().and_then(Unfiled::from_stored);
    if let Some(by_number) = stored {
        clip.facts.unfiled_reason = Some(by_number.with(&missing(footage, grounds, &rules)).to_stored());
    }
    Ok(())
}

/// Records a new tie and adds its row.
fn add_tie(act: &mut Act<'_>, clip: &mut Clip, link: Link) -> Result<(), CustodyError> {
    let actor = Actor::intake();
    clip.last_entry = act.record(Record {
        clip_id: clip.id,
        prev: Some(clip.last_entry),
        event: EventKind::Link,
        actor: &actor,
        public: Map::from_iter([("method".to_owned(), link.method.as_str().into())]),
        detail: json!({
            "case": link.number,
            "method": link.method.as_str(),
            "action": link.action,
            "reason": link.reason.zh,
        }),
    })?;
    let row = rematch::row(link, &actor, act.at());
    act.add_link(clip.id, row);
    Ok(())
}

fn file(clip: &mut Clip, unfiled: bool) {
    clip.facts.unfiled = unfiled;
    if !unfiled {
        clip.facts.unfiled_reason = None;
        clip.state = clip.state.max(ClipState::Matched);
    }
}
