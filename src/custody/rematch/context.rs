//! Which clips are looked at together: those that changed, with the other segments of their recordings.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::catalog::case_links;
use crate::catalog::footage::{self, Filed, Reach};
use crate::custody::CustodyError;
use crate::custody::act::Act;
use crate::custody::grounds::merged;
use crate::matching::Rules;
use crate::matching::footage::{Footage, recordings_of};
use crate::model::case::LinkMethod;
use crate::model::id::Id;
use crate::model::recording::Recording;
use crate::model::time::{Micros, SECOND_US};

/// How far around a clip its recording is looked for, in microseconds; a recorder's battery does not last longer.
const RECORDING_US: i64 = 12 * 3_600 * SECOND_US;
/// How far around a clip its neighbours are, in microseconds; recorders cut their files at half an hour at most.
const NEIGHBOURS_US: i64 = 35 * 60 * SECOND_US;
/// Most clips that are looked at as possible segments at a time.
const MOST_CONTEXT: u32 = 20_000;

/// Which clips are to be looked at.
#[derive(Debug, Default)]
pub(in crate::custody) struct Look {
    /// Clips whose actions are looked for anew.
    pub(in crate::custody) anew: Vec<Id>,
    /// Clips that are new: their recordings are looked at.
    touched: Vec<(Id, Footage)>,
}

impl Look {
    /// These clips are matched anew, with their recordings.
    pub(in crate::custody) fn anew(clips: Vec<Id>) -> Self {
        Self { anew: clips, ..Self::default() }
    }

    /// Notes a new clip whose recording is to be looked at.
    pub(in crate::custody) fn touch(&mut self, clip: Id, footage: Footage) {
        if footage.segment(clip).is_some() {
            self.touched.push((clip, footage));
        }
    }

    /// Whether none of the new clips can lend or borrow a case: they and their neighbours are all filed nowhere, or all the same way.
    /// So it mostly is, and two statements tell; what lies further away than the neighbours then has what they have.
    pub(super) async fn is_settled(&self, act: &mut Act<'_>, rules: &Rules) -> Result<bool, CustodyError> {
        if !self.anew.is_empty() {
            return Ok(false);
        }
        let reaches = self.touched.iter().filter_map(|(clip, footage)| reach(*clip, footage, NEIGHBOURS_US));
        let reaches = merged(reaches.collect());
        let near = footage::by_recorders(act.conn(), &reaches, rules.utc_offset, MOST_CONTEXT).await?;
        let recordings = self.recordings(near.iter().map(|clip| (clip.id, &clip.footage)), rules);
        let filed: HashSet<Id> = near.iter().filter(|clip| !clip.unfiled).map(|clip| clip.id).collect();
        let segments = recordings.iter().flat_map(Recording::segments);
        let linked: Vec<Id> = segments.map(|s| s.clip).filter(|clip| filed.contains(clip)).collect();
        let mut cases: HashMap<Id, BTreeSet<(Id, bool)>> = HashMap::new();
        for (clip, case, method) in case_links::methods_of(act.conn(), &linked).await? {
            if method == LinkMethod::Recording {
                return Ok(false);
            }
            cases.entry(clip).or_default().insert((case, method.is_explicit()));
        }
        let same = |recording: &Recording| {
            let mut of = recording.segments().iter().map(|segment| cases.get(&segment.clip));
            let first = of.next().flatten();
            of.all(|other| other == first)
        };
        Ok(recordings.iter().all(same))
    }

    /// The clips to be looked at, with the other segments of their recordings.
    pub(super) async fn context(&self, act: &mut Act<'_>, rules: &Rules) -> Result<BTreeMap<Id, Filed>, CustodyError> {
        let anew = footage::of_all(act.conn(), &self.anew, rules.utc_offset).await?;
        let known = anew.iter().map(|clip| (clip.id, &clip.footage));
        let known = known.chain(self.touched.iter().map(|(clip, footage)| (*clip, footage)));
        let reaches = merged(known.filter_map(|(clip, footage)| reach(clip, footage, RECORDING_US)).collect());
        let near = footage::by_recorders(act.conn(), &reaches, rules.utc_offset, MOST_CONTEXT).await?;
        let mut all: BTreeMap<Id, Filed> = near.into_iter().chain(anew).map(|clip| (clip.id, clip)).collect();
        let mut keep: HashSet<Id> = self.anew.iter().copied().collect();
        for recording in self.recordings(all.values().map(|clip| (clip.id, &clip.footage)), rules) {
            keep.extend(recording.segments().iter().map(|s| s.clip));
        }
        all.retain(|clip, _| keep.contains(clip));
        Ok(all)
    }

    /// The recordings of several segments that hold one of the clips to be looked at.
    fn recordings<'a>(&self, of: impl Iterator<Item = (Id, &'a Footage)>, rules: &Rules) -> Vec<Recording> {
        let looked_at: HashSet<Id> = self.anew.iter().copied().chain(self.touched.iter().map(|(id, _)| *id)).collect();
        let mut recordings = recordings_of(of, rules);
        recordings.retain(|recording| {
            let segments = recording.segments();
            segments.len() > 1 && segments.iter().any(|s| looked_at.contains(&s.clip))
        });
        recordings
    }
}

/// Where the segments around a clip are; none when it is no segment of any recording.
fn reach(clip: Id, footage: &Footage, us: i64) -> Option<Reach> {
    let start = footage.segment(clip)?.start.0;
    Some((footage.recorder.clone()?, Micros(start.saturating_sub(us)), Micros(start.saturating_add(us))))
}
