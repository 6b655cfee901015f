//! Matching clips anew: after arrivals, after a person's choice, and when an action is entered or changed, also days after its clips.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::act::{Act, Record};
use super::facts::number_reason;
use super::grounds::{grounds, merged};
use super::{Actor, Custody, CustodyError};
use crate::catalog::actions::{self, Action};
use crate::catalog::case_links::{self, CaseLink};
use crate::catalog::footage::{self, Filed, Makers, Reach};
use crate::catalog::uploads;
use crate::matching::action::{Grounds, NEAREST_US, missing};
use crate::matching::footage::{Footage, recordings_of};
use crate::matching::plan::{Change, Link, Standing, plan};
use crate::matching::{Rules, Unfiled, UnfiledReason};
use crate::model::clip::ClipState;
use crate::model::custody::EventKind;
use crate::model::id::Id;
use crate::model::subject::Subject;
use crate::model::time::{Micros, SECOND_US};

/// How far around a clip its recording is looked for, in microseconds; a recorder's battery does not last longer.
const RECORDING_US: i64 = 12 * 3_600 * SECOND_US;
/// Most clips that are looked at as possible segments at a time.
const MOST_CONTEXT: u32 = 5_000;
/// Clips of an action that are matched anew in one transaction.
const GROUP: u32 = 200;

/// Which clips are to be looked at.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Clips whose actions are looked for anew.
    pub(super) anew: Vec<Id>,
    /// Clips that are new or newly linked: their recordings are looked at.
    pub(super) touched: Vec<Id>,
    /// Where the recordings of touched clips are.
    reaches: Vec<Reach>,
}

impl Look {
    /// These clips are matched anew, with their recordings.
    pub(super) fn anew(clips: Vec<Id>) -> Self {
        Self { anew: clips, ..Self::default() }
    }

    /// Notes a clip whose recording is to be looked at.
    pub(super) fn touch(&mut self, clip: Id, footage: &Footage) {
        if let Some(reach) = reach(clip, footage) {
            self.touched.push(clip);
            self.reaches.push(reach);
        }
    }
}

/// Where the recording of a clip is; none when it is no segment of any.
fn reach(clip: Id, footage: &Footage) -> Option<Reach> {
    let start = footage.segment(clip)?.start.0;
    let (from, to) = (start.saturating_sub(RECORDING_US), start.saturating_add(RECORDING_US));
    Some((footage.recorder.clone()?, Micros(from), Micros(to)))
}

/// Carries out what matching says of the clips to be looked at, within an act whose rows are flushed. Nothing is recorded where
/// nothing changes.
///
/// # Errors
/// When the database or the ledger refuses.
pub(super) async fn settle(act: &mut Act<'_>, look: Look, actor: &Actor) -> Result<(), CustodyError> {
    let rules = act.custody().rules;
    let mut filed = context(act, &look, &rules).await?;
    let anew: HashSet<Id> = look.anew.into_iter().collect();
    if anew.is_empty() && filed.values().all(|clip| clip.unfiled) {
        return Ok(());
    }
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

/// The clips to be looked at, with the other segments of their recordings.
async fn context(act: &mut Act<'_>, look: &Look, rules: &Rules) -> Result<BTreeMap<Id, Filed>, CustodyError> {
    let mut all: BTreeMap<Id, Filed> = BTreeMap::new();
    let anew = footage::of_all(act.conn(), &look.anew, rules.utc_offset).await?;
    let mut reaches = look.reaches.clone();
    reaches.extend(anew.iter().filter_map(|clip| reach(clip.id, &clip.footage)));
    let near = footage::by_recorders(act.conn(), &merged(reaches), rules.utc_offset, MOST_CONTEXT).await?;
    all.extend(near.into_iter().chain(anew).map(|clip| (clip.id, clip)));
    let looked_at: HashSet<Id> = look.anew.iter().chain(&look.touched).copied().collect();
    let mut keep: HashSet<Id> = look.anew.iter().copied().collect();
    for recording in recordings_of(all.values().map(|clip| (clip.id, &clip.footage)), rules) {
        let segments = recording.segments();
        if segments.len() > 1 && segments.iter().any(|s| looked_at.contains(&s.clip)) {
            keep.extend(segments.iter().map(|s| s.clip));
        }
    }
    all.retain(|clip, _| keep.contains(clip));
    Ok(all)
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
    act.touch(Subject::Clip(clip.id));
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

/// Which clips of a changed action are still to be matched anew; kept in its row until all were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    /// Whose clips and when, of the action as it was and as it is.
    scopes: Vec<Scope>,
    /// The last clip of the first scope that was looked at.
    after: Option<(i64, i64)>,
    /// The last clip that the action ties to a case and that was looked at, once the scopes are done.
    linked_after: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Scope {
    from_us: i64,
    to_us: i64,
    officers: Vec<String>,
    recorders: Vec<String>,
}

impl Scope {
    /// Also clips whose sentence names the action as the nearest one.
    fn of(action: &Action, rules: &Rules) -> Self {
        let window = action.facts.window().widened(rules.buffer_us.max(NEAREST_US));
        Self {
            from_us: window.from.0,
            to_us: window.to.0,
            officers: action.facts.officers.iter().cloned().collect(),
            recorders: action.facts.recorders.iter().cloned().collect(),
        }
    }
}

impl Pending {
    /// What is to be done after a change from `before` to `after`, with what was still to be done before.
    pub(super) fn new(before: Option<&Action>, after: &Action, rules: &Rules) -> Self {
        let left = before.and_then(|b| b.rematch.as_deref()).and_then(Self::from_stored);
        let mut scopes = left.map(|left| left.scopes).unwrap_or_default();
        for scope in before.into_iter().chain([after]).map(|action| Scope::of(action, rules)) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        Self { scopes, after: None, linked_after: 0 }
    }

    /// The text that a row holds.
    pub(super) fn to_stored(&self) -> String {
        // Numbers and strings always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn from_stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The next clips, and what is left after them.
    async fn next(mut self, act: &mut Act<'_>, action: Id) -> Result<(Vec<Id>, Option<Self>), CustodyError> {
        let Some(scope) = self.scopes.first() else {
            let clips = case_links::clips_by_action(act.conn(), action, Id(self.linked_after), GROUP).await?;
            let Some(last) = clips.last().filter(|_| clips.len() == GROUP as usize) else { return Ok((clips, None)) };
            self.linked_after = last.0;
            return Ok((clips, Some(self)));
        };
        let makers = Makers { officers: scope.officers.clone(), recorders: scope.recorders.clone() };
        let span = (Micros(scope.from_us), Micros(scope.to_us));
        let after = self.after.map(|(recorded, id)| (Micros(recorded), Id(id)));
        let utc_offset = act.custody().utc_offset;
        let clips = footage::by_makers(act.conn(), &makers, span, after, utc_offset, GROUP).await?;
        match clips.last().filter(|_| clips.len() == GROUP as usize) {
            Some(last) => self.after = Some((last.footage.start.0, last.id.0)),
            None => {
                self.scopes.remove(0);
                self.after = None;
            }
        }
        Ok((clips.into_iter().map(|clip| clip.id).collect(), Some(self)))
    }
}

/// Matches the clips of a changed action anew, a group in each transaction, until none is left.
///
/// # Errors
/// When the database or the ledger refuses. What is left is then done by [`resume`].
pub async fn finish(custody: &Custody, action: Id) -> Result<(), CustodyError> {
    loop {
        let mut act = Act::begin(custody).await?;
        let found = actions::get(act.conn(), action).await?.ok_or(CustodyError::NoSuch(Subject::Action(action)))?;
        let Some(stored) = found.rematch else { return Ok(()) };
        // A text that nobody wrote says nothing of what is left; the clips that the action ties are looked at in any case.
        let pending = Pending::from_stored(&stored).unwrap_or(Pending { scopes: vec![], after: None, linked_after: 0 });
        let (clips, left) = pending.next(&mut act, action).await?;
        settle(&mut act, Look::anew(clips), &Actor::matching()).await?;
        actions::set_rematch(act.conn(), action, left.map(|left| left.to_stored()).as_deref()).await?;
        act.commit().await?;
    }
}

/// Finishes what a process that ended left undone; gives how many actions that were.
///
/// # Errors
/// When the database or the ledger refuses.
pub async fn resume(custody: &Custody) -> Result<u64, CustodyError> {
    let mut resumed = 0;
    loop {
        let mut reader = custody.db.read().await?;
        let left = actions::to_rematch(reader.conn(), GROUP).await?;
        drop(reader);
        if left.is_empty() {
            return Ok(resumed);
        }
        for action in left {
            finish(custody, action).await?;
            resumed += 1;
        }
    }
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
