//! Suspected incidents that key marks make, within the act that accepts the mark.

use std::collections::HashSet;

use super::enter::first;
use super::follow::{take_cases, was_set_by_person};
use super::{Doing, changes_between, record};
use crate::catalog::clips::{self, Clip, ClipRole};
use crate::catalog::incidents::{self, Incident};
use crate::catalog::{officers, uploads};
use crate::custody::act::Act;
use crate::custody::{Actor, CustodyError};
use crate::model::id::Id;
use crate::model::incident::{ClipSpan, Facts, Source, default_offset_ms};
use crate::model::time::{Micros, SECOND_US};

/// No segment is believed to be longer, so none that is followed by another begins earlier before it.
const MOST_SEGMENT_US: i64 = 4 * 3600 * SECOND_US;
/// Most neighbours that are looked at.
const MOST_NEIGHBOURS: u32 = 50;
/// Doubts about a number or time that every recorder has whose number or clock was never set: then neighbours may be strangers.
const NEVER_SET: [&str; 2] = ["recorder_never_set", "clock_never_set"];

/// Makes a suspected incident of every clip that became important in this act and belongs to none; a marked segment that follows or
/// precedes one joins its incident. Costs nothing when nothing was marked.
///
/// # Errors
/// When the database or the ledger refuses.
pub(in crate::custody) async fn take_marks(act: &mut Act<'_>) -> Result<(), CustodyError> {
    let marked = act.take_marked();
    if marked.is_empty() {
        return Ok(());
    }
    act.flush().await?;
    let known = incidents::source_clips(act.conn(), &marked).await?;
    let ids: Vec<Id> = marked.into_iter().filter(|id| !known.contains(id)).collect();
    let mut clips = clips::get_all(act.conn(), &ids).await?;
    clips.retain(|clip| clip.role == ClipRole::Clip && clip.facts.important);
    clips.sort_unstable_by_key(|clip| (clip.facts.recorded, clip.id));
    let named = marked_by_name(act, &clips).await?;
    for clip in clips {
        let source = if named.contains(&clip.id) { Source::Mark } else { Source::Sidecar };
        match neighbour(act, &clip).await? {
            Some(incident) => join(act, incident, &clip).await?,
            None => suspect(act, &clip, source).await?,
        }
    }
    Ok(())
}

async fn marked_by_name(act: &mut Act<'_>, clips: &[Clip]) -> Result<HashSet<Id>, CustodyError> {
    let ids: Vec<Id> = clips.iter().map(|clip| clip.id).collect();
    let names = uploads::names_of_all(act.conn(), &ids).await?;
    let patterns = &act.custody().patterns;
    let marked = names.into_iter().filter(|n| patterns.read(&String::from_utf8_lossy(&n.name)).important);
    Ok(marked.map(|n| n.clip_id).collect())
}

async fn suspect(act: &mut Act<'_>, clip: &Clip, source: Source) -> Result<(), CustodyError> {
    let begin = clip.facts.recorded;
    let court = match &clip.facts.officer {
        Some(number) => officers::at(act.conn(), number, begin).await?.map(|post| post.court),
        None => None,
    };
    let facts = Facts {
        court: court.unwrap_or_default(),
        clips: vec![ClipSpan { id: clip.id, from_ms: 0, to_ms: None }],
        ..Facts::at(begin)
    };
    let mut incident = Incident::suspected(act, facts, Vec::new(), source);
    incident.source_clip = Some(clip.id);
    take_cases(act, &mut incident).await?;
    let doing = Doing { actor: &Actor::intake(), kind: "create", changes: first(&incident), reason: "" };
    record(act, &mut incident, None, doing).await
}

/// The first instant after a clip; its start when its duration is not known.
fn end(start: Micros, duration_ms: Option<u64>) -> Micros {
    let us = duration_ms.and_then(|ms| i64::try_from(ms).ok()?.checked_mul(1000)).unwrap_or(0);
    Micros(start.0.saturating_add(us))
}

/// The suspected incident of a marked segment next to this clip.
async fn neighbour(act: &mut Act<'_>, clip: &Clip) -> Result<Option<Id>, CustodyError> {
    let Some(recorder) = &clip.facts.recorder else { return Ok(None) };
    if clip.facts.doubts.iter().any(|doubt| NEVER_SET.contains(&doubt.as_str())) {
        return Ok(None);
    }
    let (begin, gap) = (clip.facts.recorded, act.custody().rules.segment_gap_us);
    let end_of_clip = end(begin, clip.media.duration_ms);
    let reach = |at: Micros, us: i64| Micros(at.0.saturating_add(us));
    let (from, to) = (reach(begin, -MOST_SEGMENT_US), reach(end_of_clip, gap));
    let near = incidents::near_marks(act.conn(), recorder, from, to, MOST_NEIGHBOURS).await?;
    let follows = |(_, start, ms): &(Id, Micros, Option<u64>)| reach(end(*start, *ms), gap) >= begin;
    Ok(near.into_iter().find(follows).map(|(id, _, _)| id))
}

/// Adds a clip to the incident of its neighbour, and the clip's cases. A begin that no person chose moves to the earliest clip's start.
async fn join(act: &mut Act<'_>, id: Id, clip: &Clip) -> Result<(), CustodyError> {
    let Some(old) = incidents::get(act.conn(), id).await? else { return Ok(()) };
    let mut new = old.clone();
    if clip.facts.recorded < new.facts.begin && !was_set_by_person(act, id, "begin_at").await? {
        new.facts.begin = clip.facts.recorded;
    }
    let from_ms = default_offset_ms(new.facts.begin, clip.facts.recorded, clip.media.duration_ms);
    new.facts.clips.push(ClipSpan { id: clip.id, from_ms, to_ms: None });
    new.facts.clips.sort_unstable_by_key(|span| span.id);
    if !was_set_by_person(act, id, "cases").await? {
        take_cases(act, &mut new).await?;
    }
    let changes = changes_between(&old.facts, &new.facts, "");
    let doing = Doing { actor: &Actor::intake(), kind: "attach", changes, reason: "" };
    record(act, &mut new, Some(&old), doing).await
}
