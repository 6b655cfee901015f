//! What shall change in the links of clips that stand together.
//!
//! A clip's own links are those by a person, by number and by action. Links by number and a person's stay whatever happens; links by
//! action are made and withdrawn as actions change. A segment also borrows from the other segments of its recording: the cases of
//! links by person or number when it has none of these itself, the cases of links by action when it has no link of its own at all.
//! So a day of one long recording is not filed under everything that was done that day. What was borrowed is never lent on.
//! Planning again after a plan was carried out changes nothing.

use std::collections::HashMap;

use super::Rules;
use super::action::{Grounds, belongs, cases_by_action};
use super::footage::{Footage, recordings_of};
use crate::model::case::LinkMethod;
use crate::model::id::Id;
use crate::model::reason::Reason;
use crate::model::recording::Segment;

/// A clip's link to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The case.
    pub case: Id,
    /// Its canonical number.
    pub number: String,
    /// How it came about.
    pub method: LinkMethod,
    /// The action that it came about by, if it was one.
    pub action: Option<Id>,
    /// Why.
    pub reason: Reason,
}

/// A clip with its links as they are.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The clip.
    pub clip: Id,
    /// Who made it, and when.
    pub footage: Footage,
    /// Its links; of one case at most one.
    pub links: Vec<Link>,
    /// Cases that a person said it has nothing to do with.
    pub refused: Vec<Id>,
    /// Whether its actions are looked for anew; otherwise its links by action stay.
    pub anew: bool,
}

/// One change to a clip's links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Link it, instead of the link to the same case if there is one.
    Link(Link),
    /// Take this link away.
    Unlink(Link),
}

/// What changes for each clip; clips for which nothing does are left out. `grounds` must hold what the clips to be looked at anew need.
pub fn plan(standings: &[Standing], grounds: &Grounds, rules: &Rules) -> Vec<(Id, Vec<Change>)> {
    let own: HashMap<Id, Vec<Link>> =
        standings.iter().map(|standing| (standing.clip, own_links(standing, grounds, rules))).collect();
    let mut borrowed = borrowed(standings, &own, rules);
    let changed = standings.iter().filter_map(|standing| {
        let own = own.get(&standing.clip).into_iter().flatten();
        let wanted: Vec<Link> = own.cloned().chain(borrowed.remove(&standing.clip).unwrap_or_default()).collect();
        let changes = difference(&standing.links, wanted);
        (!changes.is_empty()).then_some((standing.clip, changes))
    });
    changed.collect()
}

fn own_links(standing: &Standing, grounds: &Grounds, rules: &Rules) -> Vec<Link> {
    let stays = |link: &&Link| link.method.is_explicit() || (link.method == LinkMethod::Action && !standing.anew);
    let mut own: Vec<Link> = standing.links.iter().filter(stays).cloned().collect();
    if !standing.anew {
        return own;
    }
    for found in cases_by_action(&standing.footage, grounds, rules) {
        if standing.refused.contains(&found.case) || own.iter().any(|link| link.case == found.case) {
            continue;
        }
        let holding =
            standing.links.iter().find(|link| link.case == found.case && still_holds(link, standing, grounds, rules));
        own.push(holding.cloned().unwrap_or(Link {
            case: found.case,
            number: found.number,
            method: LinkMethod::Action,
            action: Some(found.action),
            reason: found.reason,
        }));
    }
    own
}

/// Whether a link by an action would be made again, if perhaps not as the best one.
fn still_holds(link: &Link, standing: &Standing, grounds: &Grounds, rules: &Rules) -> bool {
    link.method == LinkMethod::Action
        && grounds.outings.iter().any(|outing| {
            Some(outing.id) == link.action
                && outing.cases.iter().any(|(case, _)| *case == link.case)
                && belongs(&standing.footage, outing, &grounds.registers, rules)
        })
}

/// What each segment borrows from its recording.
fn borrowed(standings: &[Standing], own: &HashMap<Id, Vec<Link>>, rules: &Rules) -> HashMap<Id, Vec<Link>> {
    let refused: HashMap<Id, &[Id]> = standings.iter().map(|s| (s.clip, &s.refused[..])).collect();
    let mut borrowed = HashMap::new();
    for recording in recordings_of(standings.iter().map(|s| (s.clip, &s.footage)), rules) {
        let segments = recording.segments();
        let linked: Vec<&Segment> =
            segments.iter().filter(|s| own.get(&s.clip).is_some_and(|l| !l.is_empty())).collect();
        if segments.len() < 2 || linked.is_empty() {
            continue;
        }
        for segment in segments {
            let own_of = |clip: &Id| own.get(clip).map_or(&[][..], |links| &links[..]);
            let mut links = lent_to(segment, &linked, &own_of, rules);
            links.retain(|link| !refused.get(&segment.clip).is_some_and(|refused| refused.contains(&link.case)));
            borrowed.insert(segment.clip, links);
        }
    }
    borrowed
}

/// What the linked segments lend to one, each case from the nearest of them.
fn lent_to<'a>(
    segment: &Segment,
    linked: &[&Segment],
    own_of: &impl Fn(&Id) -> &'a [Link],
    rules: &Rules,
) -> Vec<Link> {
    let own = own_of(&segment.clip);
    let takes_explicit = own.iter().all(|link| !link.method.is_explicit());
    let takes = |link: &Link| if link.method.is_explicit() { takes_explicit } else { own.is_empty() };
    if !takes_explicit {
        return Vec::new();
    }
    let mut lenders: Vec<&Segment> = linked.iter().copied().filter(|s| s.clip != segment.clip).collect();
    lenders.sort_by_key(|s| (s.start.0.abs_diff(segment.start.0), s.clip));
    let mut lent: Vec<Link> = Vec::new();
    for lender in lenders {
        for link in own_of(&lender.clip).iter().filter(|link| takes(link)) {
            if own.iter().chain(&lent).all(|l| l.case != link.case) {
                let reason = same_recording(lender, rules);
                let (case, number) = (link.case, link.number.clone());
                lent.push(Link { case, number, method: LinkMethod::Recording, action: None, reason });
            }
        }
    }
    lent
}

fn same_recording(lender: &Segment, rules: &Rules) -> Reason {
    let start = lender.start.to_civil(rules.utc_offset).strftime("%Y-%m-%d %H:%M:%S").to_string();
    Reason::new(
        "same_recording",
        format!("与 {start} 开始的已归案片段属于同一次录像"),
        format!("of the same recording as the linked segment that begins at {start}"),
    )
}

fn difference(links: &[Link], wanted: Vec<Link>) -> Vec<Change> {
    let gone = links.iter().filter(|link| wanted.iter().all(|w| w.case != link.case));
    let mut changes: Vec<Change> = gone.cloned().map(Change::Unlink).collect();
    let as_it_is = |w: &Link| links.iter().any(|l| (l.case, l.method, l.action) == (w.case, w.method, w.action));
    changes.extend(wanted.into_iter().filter(|w| !as_it_is(w)).map(Change::Link));
    changes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::super::action::Outing;
    use super::*;
    use crate::model::action::Window;
    use crate::model::time::{Micros, SECOND_US};

    fn link(case: i64, method: LinkMethod) -> Link {
        let (number, reason) = (format!("（2021）吉0721执{case}号"), Reason::new("x", "", ""));
        let action = (method == LinkMethod::Action).then_some(Id(900));
        Link { case: Id(case), number, method, action, reason }
    }

    /// A clip of five minutes at `minute`.
    fn standing(clip: i64, minute: i64, links: Vec<Link>) -> Standing {
        let footage = Footage {
            recorder: Some("0012345".to_owned()),
            officer: Some("001234".to_owned()),
            start: Micros(minute * 60 * SECOND_US),
            duration_ms: Some(300_000),
            sequence: None,
            exact: true,
            doubt: None,
        };
        Standing { clip: Id(clip), footage, links, refused: Vec::new(), anew: true }
    }

    fn outing(id: i64, from: i64, to: i64, cases: &[i64]) -> Outing {
        Outing {
            id: Id(id),
            kind: "搜查".to_owned(),
            place: String::new(),
            window: Window { from: Micros(from * 60 * SECOND_US), to: Micros(to * 60 * SECOND_US) },
            cancelled: false,
            officers: vec!["001234".to_owned()],
            recorders: Vec::new(),
            cases: cases.iter().map(|c| (Id(*c), format!("（2021）吉0721执{c}号"))).collect(),
        }
    }

    fn grounds(outings: Vec<Outing>) -> Grounds {
        Grounds { outings, ..Grounds::default() }
    }

    /// Carries a plan out.
    fn carry_out(standings: &mut [Standing], changes: Vec<(Id, Vec<Change>)>) {
        for (clip, changes) in changes {
            let standing = standings.iter_mut().find(|s| s.clip == clip).unwrap();
            for change in changes {
                match change {
                    Change::Unlink(link) => standing.links.retain(|l| *l != link),
                    Change::Link(link) => {
                        standing.links.retain(|l| l.case != link.case);
                        standing.links.push(link);
                    }
                }
            }
        }
    }

    fn run(standings: &mut [Standing], grounds: &Grounds) {
        let changes = plan(standings, grounds, &Rules::default());
        carry_out(standings, changes);
    }

    fn linked(standing: &Standing) -> Vec<(i64, LinkMethod)> {
        let mut links: Vec<_> = standing.links.iter().map(|l| (l.case.0, l.method)).collect();
        links.sort_unstable();
        links
    }

    #[test]
    fn segments_of_a_recording_borrow_what_they_lack() {
        let mut all = [
            standing(1, 0, vec![]),
            standing(2, 5, vec![link(1, LinkMethod::Path)]),
            standing(3, 10, vec![]),
            standing(4, 40, vec![]),
        ];
        run(&mut all, &grounds(vec![]));
        assert_eq!(linked(&all[0]), [(1, LinkMethod::Recording)]);
        assert_eq!(linked(&all[2]), [(1, LinkMethod::Recording)]);
        assert_eq!(linked(&all[3]), []);
        assert_eq!(all[0].links[0].reason.code, "same_recording");
        // Without the link that was lent, the borrowed ones go too.
        all[1].links.clear();
        run(&mut all, &grounds(vec![]));
        assert!(all.iter().all(|s| s.links.is_empty()));
    }

    #[test]
    fn a_segment_with_a_case_of_its_own_borrows_none() {
        let mut all = [
            standing(1, 0, vec![link(1, LinkMethod::Path)]),
            standing(2, 5, vec![link(2, LinkMethod::Path)]),
            standing(3, 20, vec![]),
        ];
        assert_eq!(plan(&all, &grounds(vec![]), &Rules::default()), []);
        // Two actions in one long recording: what lies between borrows, what lies within does not.
        let mut day: Vec<Standing> = (0..12).map(|n| standing(n + 1, n * 5, vec![])).collect();
        run(&mut day, &grounds(vec![outing(7, 0, 10, &[1]), outing(8, 50, 60, &[2])]));
        assert_eq!(linked(&day[0]), [(1, LinkMethod::Action)]);
        assert_eq!(linked(&day[11]), [(2, LinkMethod::Action)]);
        assert_eq!(linked(&day[6]), [(1, LinkMethod::Recording), (2, LinkMethod::Recording)]);
        run(&mut all, &grounds(vec![outing(7, 0, 1, &[3])]));
        assert_eq!(linked(&all[1]), [(2, LinkMethod::Path), (3, LinkMethod::Action)]);
    }

    #[test]
    fn links_by_action_follow_their_action() {
        let mut all = [standing(1, 0, vec![link(5, LinkMethod::Name)])];
        run(&mut all, &grounds(vec![outing(7, 0, 10, &[1, 5])]));
        assert_eq!(linked(&all[0]), [(1, LinkMethod::Action), (5, LinkMethod::Name)]);
        // Another action that fits better does not take over what still holds.
        run(&mut all, &grounds(vec![outing(7, 2, 10, &[1]), outing(8, 0, 10, &[1])]));
        assert_eq!(all[0].links.iter().find(|l| l.case == Id(1)).unwrap().action, Some(Id(7)));
        run(&mut all, &grounds(vec![outing(8, 0, 10, &[1])]));
        assert_eq!(all[0].links.iter().find(|l| l.case == Id(1)).unwrap().action, Some(Id(8)));
        run(&mut all, &grounds(vec![outing(8, 60, 70, &[1])]));
        assert_eq!(linked(&all[0]), [(5, LinkMethod::Name)]);
    }

    #[test]
    fn what_is_not_looked_at_anew_keeps_its_links_by_action() {
        let all = [Standing { anew: false, ..standing(1, 0, vec![link(1, LinkMethod::Action)]) }];
        assert_eq!(plan(&all, &Grounds::default(), &Rules::default()), []);
    }

    fn standings() -> impl Strategy<Value = Vec<Standing>> {
        let link_of = (0_i64..4, 0..LinkMethod::ALL.len()).prop_map(|(case, at)| link(case, LinkMethod::ALL[at]));
        let one = (
            0_i64..60,
            proptest::collection::vec(link_of, 0..3),
            proptest::collection::vec(0_i64..4, 0..2),
            any::<(bool, bool)>(),
        );
        proptest::collection::vec(one, 0..10).prop_map(|all| {
            let ids = 1..;
            let made = ids.zip(all).map(|(id, (minute, mut links, refused, (anew, recorder)))| {
                let mut seen = HashSet::new();
                // No person and no machine links what a person refused.
                links.retain(|l| seen.insert(l.case) && !refused.contains(&l.case.0));
                let mut standing = standing(id, minute, links);
                standing.refused = refused.into_iter().map(Id).collect();
                standing.anew = anew;
                standing.footage.recorder = recorder.then(|| "0012345".to_owned());
                standing
            });
            made.collect()
        })
    }

    fn outings() -> impl Strategy<Value = Vec<Outing>> {
        let one = (0_i64..60, 1_i64..30, proptest::collection::vec(0_i64..4, 0..3));
        proptest::collection::vec(one, 0..4).prop_map(|all| {
            let made = (900..).zip(all).map(|(id, (from, length, cases))| outing(id, from, from + length, &cases));
            made.collect()
        })
    }

    proptest! {
        #[test]
        fn planning_again_changes_nothing(mut all in standings(), outings in outings()) {
            let grounds = grounds(outings);
            run(&mut all, &grounds);
            prop_assert_eq!(plan(&all, &grounds, &Rules::default()), vec![]);
        }

        #[test]
        fn what_a_person_set_or_a_name_says_is_never_touched(all in standings(), outings in outings()) {
            for (clip, changes) in plan(&all, &grounds(outings), &Rules::default()) {
                let standing = all.iter().find(|s| s.clip == clip).unwrap();
                for change in changes {
                    let (Change::Link(link) | Change::Unlink(link)) = &change;
                    prop_assert!(!standing.links.iter().any(|l| l.case == link.case && l.method.is_explicit()));
                    if let Change::Link(link) = &change {
                        prop_assert!(!link.method.is_explicit() && !standing.refused.contains(&link.case));
                    }
                }
            }
        }
    }
}
