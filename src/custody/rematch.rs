//! Matching clips anew: after arrivals, after a person's choice, and when an action is entered or changed, also days after its clips.

mod context;
mod pending;
mod registers;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, json};

use super::act::{Act, Record};
use super::facts::number_reason;
use super::grounds::grounds;
use super::incident::follow_ties;
use super::{Actor, Custody, CustodyError};
use crate::catalog::case_links::{self, CaseLink};
use crate::catalog::footage::{self, Filed};
use crate::catalog::uploads;
use crate::matching::action::{Grounds, missing};
use crate::matching::plan::{Change, Link, Standing, plan};
use crate::matching::{Rules, Unfiled, UnfiledReason};
use crate::model::clip::ClipState;
use crate::model::custody::EventKind;
use crate::model::id::Id;
use crate::model::time::Micros;

pub(super) use context::Look;
pub(super) use pending::Pending;
pub use pending::{finish, resume};
pub use registers::{drain, keep_up, note};

/// Clips of an action that are matched anew in one transaction.
const GROUP: u32 = 200;

/// Carries out what matching says of the clips to be looked at, within an act whose rows are flushed, and what follows for the incidents
/// that marks made. Nothing is recorded where nothing changes.
///
/// # Errors
/// When the database or the ledger refuses.
pub(super) async fn settle(act: &mut Act<'_>, look: Look, actor: &Actor) -> Result<(), CustodyError> {
    match_anew(act, look, actor).await?;
    follow_ties(act, actor).await
}

async fn match_anew(act: &mut Act<'_>, look: Look, actor: &Actor) -> Result<(), CustodyError> {
    let rules = act.custody().rules;
    if look.is_settled(act, &rules).await? {
        return Ok(());
    }
    let mut filed = look.context(act, &rules).await?;
    let anew: HashSet<Id> = look.anew.into_iter().collect();
    let known = Known::of(act, &filed).await?;
    let to_match = filed.values().filter(|c| anew.contains(&c.id)).map(|c| &c.footage).collect::<Vec<_>>();
    let mut found = grounds(act.conn(), &to_match, &rules).await?;
    let standings: Vec<Standing> = filed.values().map(|clip| known.standing(clip, anew.contains(&clip.id))).collect();
    let plan = plan(&standings, &found, &rules);
    let before = filed.clone();
    let mut to_explain = anew;
    for (clip, changes) in plan {
        let Some(clip) = filed.get_mut(&clip) else { continue };
        to_explain.insert(clip.id);
        carry_out(act, clip, known.links_of(clip.id), changes, actor).await?;
    }
    let unfiled: Vec<&Filed> = filed.values().filter(|c| c.unfiled && to_explain.contains(&c.id)).collect();
    if unfiled.iter().any(|clip| !standings.iter().any(|s| s.clip == clip.id && s.anew)) {
        found = grounds(act.conn(), &unfiled.iter().map(|c| &c.footage).collect::<Vec<_>>(), &rules).await?;
    }
    let reasons = explain(act, &unfiled, &known, &found, &rules).await?;
    for (clip, reason) in reasons {
        if let Some(clip) = filed.get_mut(&clip) {
            clip.unfiled_reason = Some(reason);
        }
    }
    let changed: Vec<Filed> = filed.into_values().filter(|clip| before.get(&clip.id) != Some(clip)).collect();
    Ok(footage::set_filing(act.conn(), &changed).await?)
}

/// What other tables know of the clips.
struct Known {
    links: HashMap<Id, Vec<CaseLink>>,
    refused: HashMap<Id, Vec<(Id, String)>>,
}

impl Known {
    async fn of(act: &mut Act<'_>, clips: &BTreeMap<Id, Filed>) -> Result<Self, CustodyError> {
        let ids: Vec<Id> = clips.keys().copied().collect();
        let mut links: HashMap<Id, Vec<CaseLink>> = HashMap::new();
        for (clip, link) in case_links::of_all(act.conn(), &ids).await? {
            links.entry(clip).or_default().push(link);
        }
        Ok(Self { links, refused: case_links::refused(act.conn(), &ids).await? })
    }

    fn links_of(&self, clip: Id) -> &[CaseLink] {
        self.links.get(&clip).map_or(&[], Vec::as_slice)
    }

    fn refused_of(&self, clip: Id) -> &[(Id, String)] {
        self.refused.get(&clip).map_or(&[], Vec::as_slice)
    }

    fn standing(&self, clip: &Filed, anew: bool) -> Standing {
        let links = self.links_of(clip.id).iter().map(|link| Link {
            case: link.case_id,
            number: link.number.clone(),
            method: link.method,
            action: link.action_id,
            reason: link.reason.clone(),
        });
        Standing {
            clip: clip.id,
            footage: clip.footage.clone(),
            links: links.collect(),
            refused: self.refused_of(clip.id).iter().map(|(case, _)| *case).collect(),
            anew,
        }
    }
}

/// Writes and records the changes to one clip's links; its own row is written by the caller.
async fn carry_out(
    act: &mut Act<'_>,
    clip: &mut Filed,
    links: &[CaseLink],
    changes: Vec<Change>,
    actor: &Actor,
) -> Result<(), CustodyError> {
    let mut cases: BTreeSet<Id> = links.iter().map(|link| link.case_id).collect();
    for change in changes {
        let (Change::Link(link) | Change::Unlink(link)) = &change;
        let case = link.case;
        if cases.remove(&case) {
            case_links::delete(act.conn(), clip.id, case).await?;
        }
        let event = if matches!(change, Change::Link(_)) { EventKind::Link } else { EventKind::Unlink };
        clip.last_entry = record(act, clip, event, link, actor)?;
        if let Change::Link(link) = change {
            cases.insert(case);
            act.add_link(clip.id, row(link, actor, act.at()));
        }
    }
    act.note_tie(clip.id);
    refile(clip, cases.is_empty());
    Ok(())
}

/// Records that a clip was linked or unlinked; gives the entry.
fn record(act: &mut Act<'_>, clip: &Filed, event: EventKind, link: &Link, actor: &Actor) -> Result<u64, CustodyError> {
    act.record(Record {
        clip_id: clip.id,
        prev: Some(clip.last_entry),
        event,
        actor,
        public: Map::from_iter([("method".to_owned(), link.method.as_str().into())]),
        detail: json!({
            "case": link.number,
            "method": link.method.as_str(),
            "action": link.action,
            "reason": link.reason.zh,
        }),
    })
}

/// The row of a link.
pub(super) fn row(link: Link, actor: &Actor, at: Micros) -> CaseLink {
    let Link { case, number, method, action, reason } = link;
    CaseLink { case_id: case, number, method, reason, action_id: action, actor: actor.as_str().to_owned(), at }
}

/// Sets what a clip's row says of its links. A clip that is further on than its filing stays there.
pub(super) fn refile(clip: &mut Filed, unfiled: bool) {
    clip.unfiled = unfiled;
    if !unfiled {
        clip.unfiled_reason = None;
    }
    clip.state = match clip.state {
        ClipState::Accepted if !unfiled => ClipState::Matched,
        ClipState::Matched if unfiled => ClipState::Accepted,
        state => state,
    };
}

/// Why each of these clips is linked to no case.
async fn explain(
    act: &mut Act<'_>,
    unfiled: &[&Filed],
    known: &Known,
    grounds: &Grounds,
    rules: &Rules,
) -> Result<Vec<(Id, String)>, CustodyError> {
    let lacking: Vec<Id> = unfiled.iter().filter(|c| c.unfiled_reason.is_none()).map(|c| c.id).collect();
    let mut names: HashMap<Id, Vec<(String, String)>> = HashMap::new();
    for some in lacking.chunks(GROUP as usize) {
        for name in uploads::names_of_all(act.conn(), some).await? {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            names.entry(name.clip_id).or_default().push((text(&name.dir), text(&name.name)));
        }
    }
    let said = unfiled.iter().map(|clip| {
        let stored = clip.unfiled_reason.as_deref().and_then(Unfiled::from_stored);
        let by_number = stored.unwrap_or_else(|| {
            let reason = names.get(&clip.id).and_then(|names| number_reason(names, &[]));
            Unfiled::new(&reason.into_iter().collect::<Vec<_>>())
        });
        let refused = known.refused_of(clip.id);
        let refused: Vec<String> = refused.iter().map(|(_, number)| number.clone()).collect();
        let mut reasons: Vec<UnfiledReason> = Vec::new();
        if !refused.is_empty() {
            reasons.push(UnfiledReason::Refused(refused));
        }
        reasons.extend(missing(&clip.footage, grounds, rules));
        (clip.id, by_number.with(&reasons).to_stored())
    });
    Ok(said.collect())
}

/// Matches these clips anew in one transaction each group, as after a change of the registers.
///
/// # Errors
/// When the database or the ledger refuses; the groups before were matched.
pub async fn clips(custody: &Custody, clips: &[Id]) -> Result<(), CustodyError> {
    for group in clips.chunks(GROUP as usize) {
        let mut act = Act::begin(custody).await?;
        settle(&mut act, Look::anew(group.to_vec()), &Actor::matching()).await?;
        act.commit().await?;
    }
    Ok(())
}
