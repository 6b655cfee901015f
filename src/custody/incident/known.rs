//! Holds what a person says of an incident against what the catalog holds.

use std::collections::{BTreeSet, HashMap};

use super::IncidentError;
use super::edit::{ClipEdit, Edit};
use crate::catalog::clips::{self, Clip, ClipRole};
use crate::catalog::incidents::{self, Incident, codes};
use crate::custody::act::Act;
use crate::model::case_number::CaseNumber;
use crate::model::fault::Fault;
use crate::model::id::Id;
use crate::model::incident::{ClipSpan, Facts, default_offset_ms};
use crate::model::time::Micros;

/// What is to be said of an incident after an edit, with the ids of its cases; `old` is the incident as it is. Cases that are not known are
/// entered, but only when nothing is wrong.
pub(super) async fn apply(
    act: &mut Act<'_>,
    mut edit: Edit,
    old: Option<&Incident>,
) -> Result<(Facts, Vec<Id>), IncidentError> {
    let mut faults = std::mem::take(&mut edit.wrong);
    let found = find_clips(act, &edit, old).await?;
    let mut facts = old.map_or_else(|| Facts::at(Micros(0)), |old| old.facts.clone());
    let begin_was_given = edit.begin.is_some() || faults.iter().any(|f| f.field == "begin_at");
    match edit.begin.or_else(|| old.is_none().then(|| begin_in(&edit, &found)).flatten()) {
        Some(begin) => facts.begin = begin,
        None if old.is_none() && !begin_was_given => {
            let zh = "应给出开始时间，或带 from_ms 的视频";
            faults.push(Fault::new("begin_at", zh, "give it, or a clip with its `from_ms`"));
        }
        None => {}
    }
    let cases = edit.cases.take();
    place_clips(&mut facts, edit.clips.take(), old, &found, &mut faults);
    edit.lay_over(&mut facts);
    faults.extend(facts.faults());
    faults.extend(in_future(&facts, old.map(|old| &old.facts), act.at()));
    faults.extend(unknown(act, &facts, old.map(|old| &old.facts)).await?);
    if old.is_some_and(|old| old.status.is_found()) {
        faults.extend(facts.lacks());
    }
    if !faults.is_empty() {
        return Err(IncidentError::Invalid(faults));
    }
    let case_ids = match cases {
        None => old.map(|old| old.case_ids.clone()).unwrap_or_default(),
        Some(numbers) => {
            let found = find_cases(act, &numbers).await?;
            facts.cases = found.iter().map(|(number, _)| number.clone()).collect();
            found.into_iter().map(|(_, id)| id).collect()
        }
    };
    Ok((facts, case_ids))
}

/// The clips that the edit names, and those whose offset follows the begin.
async fn find_clips(
    act: &mut Act<'_>,
    edit: &Edit,
    old: Option<&Incident>,
) -> Result<HashMap<Id, Clip>, IncidentError> {
    let ids: BTreeSet<Id> = match (&edit.clips, old) {
        (Some(clips), _) => clips.iter().map(|c| c.id).collect(),
        (None, Some(old)) if edit.begin.is_some() => old.facts.clips.iter().map(|c| c.id).collect(),
        _ => return Ok(HashMap::new()),
    };
    let ids: Vec<Id> = ids.into_iter().collect();
    let rows = clips::get_all(act.conn(), &ids).await?;
    Ok(rows.into_iter().map(|clip| (clip.id, clip)).collect())
}

/// When an incident began that is only said to begin somewhere in a clip.
fn begin_in(edit: &Edit, found: &HashMap<Id, Clip>) -> Option<Micros> {
    let begins = edit.clips.iter().flatten().filter_map(|c| {
        let offset = i64::try_from(c.from_ms?).ok()?.checked_mul(1000)?;
        found.get(&c.id)?.facts.recorded.0.checked_add(offset).map(Micros)
    });
    begins.min()
}

/// Sets the clips of `facts`, whose begin is known: those that are named, or those there were, whose offsets follow a begin that was
/// corrected where nobody chose another.
fn place_clips(
    facts: &mut Facts,
    named: Option<Vec<ClipEdit>>,
    old: Option<&Incident>,
    found: &HashMap<Id, Clip>,
    faults: &mut Vec<Fault>,
) {
    let offset = |begin: Micros, clip: &Clip| default_offset_ms(begin, clip.facts.recorded, clip.media.duration_ms);
    let Some(named) = named else {
        let Some(old) = old.filter(|old| old.facts.begin != facts.begin) else { return };
        for span in &mut facts.clips {
            let Some(clip) = found.get(&span.id) else { continue };
            if span.from_ms == offset(old.facts.begin, clip) && span.to_ms.is_none() {
                span.from_ms = offset(facts.begin, clip);
            }
        }
        return;
    };
    let mut spans: Vec<ClipSpan> = Vec::with_capacity(named.len());
    for (i, edit) in named.into_iter().enumerate() {
        let field = format!("clips[{i}]");
        let Some(clip) = found.get(&edit.id).filter(|clip| clip.role == ClipRole::Clip) else {
            let (zh, en) = (format!("没有编号为 {} 的视频", edit.id), format!("there is no clip {}", edit.id));
            faults.push(Fault::new(format!("{field}.id"), zh, en));
            continue;
        };
        if spans.iter().any(|span| span.id == edit.id) {
            faults.push(Fault::new(format!("{field}.id"), "重复", "is named twice"));
            continue;
        }
        let from_ms = edit.from_ms.unwrap_or_else(|| offset(facts.begin, clip));
        let span = ClipSpan { id: edit.id, from_ms, to_ms: edit.to_ms };
        faults.extend(span.faults(&field, clip.media.duration_ms));
        spans.push(span);
    }
    spans.sort_unstable_by_key(|span| span.id);
    facts.clips = spans;
}

/// What changed and is said to have happened after now. What was there before may be a recorder's clock that runs ahead.
fn in_future(facts: &Facts, old: Option<&Facts>, now: Micros) -> Vec<Fault> {
    let times = |f: &Facts| [Some(f.begin), f.end, f.committee_reported];
    let old = old.map(times).unwrap_or_default();
    let named = ["begin_at", "end_at", "committee_reported_at"].into_iter().zip(times(facts)).zip(old);
    let wrong = named.filter(|((_, new), old)| new != old && new.is_some_and(|at| at > now));
    wrong.map(|((field, _), _)| Fault::new(field, "不能晚于现在", "must not be in the future")).collect()
}

/// Codes that mean nothing at the incident's begin, and an action that is not there.
async fn unknown(act: &mut Act<'_>, facts: &Facts, old: Option<&Facts>) -> Result<Vec<Fault>, IncidentError> {
    let mut faults = Vec::new();
    let same_codes = old.is_some_and(|old| (&old.codes, old.begin) == (&facts.codes, facts.begin));
    if !facts.codes.is_empty() && !same_codes {
        let known = codes::at(act.conn(), facts.begin).await?;
        for code in facts.codes.iter().filter(|code| !known.iter().any(|k| k.code == **code)) {
            let zh = format!("行为代码 {code} 在事件发生时不存在");
            let en = format!("the conduct code {code} is not known at the time of the incident");
            faults.push(Fault::new("codes", zh, en));
        }
    }
    if let Some(action) = facts.action.filter(|_| old.is_none_or(|old| old.action != facts.action))
        && !incidents::has_action(act.conn(), action).await?
    {
        let (zh, en) = (format!("没有编号为 {action} 的执行行动"), format!("there is no action {action}"));
        faults.push(Fault::new("action_id", zh, en));
    }
    Ok(faults)
}

/// The cases with these numbers, in the order of the numbers; one that is not known becomes a stub.
async fn find_cases(act: &mut Act<'_>, numbers: &[CaseNumber]) -> Result<Vec<(String, Id)>, IncidentError> {
    let mut found = std::collections::BTreeMap::new();
    for number in numbers {
        let case = act.find_or_stub(number).await?;
        found.insert(case.number, case.id);
    }
    Ok(found.into_iter().collect())
}
