//! The chain of cases of one dispute: 财保 → 执保 → 执 → 执恢 / 执异 / 执复.

use std::collections::{HashMap, HashSet, VecDeque};

use super::id::Id;

/// One step of a chain: the earlier case and the one that follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Step {
    /// The earlier case.
    pub earlier: Id,
    /// The later case.
    pub later: Id,
}

/// Where a case stands in a chain by its type code; for a number of the old style by its words. Smaller is earlier.
pub fn rank(case_type: Option<&str>, number: &str) -> u8 {
    let Some(code) = case_type else { return rank_of_words(number) };
    match code {
        "财保" | "证保" => 0,
        "执保" => 2,
        "执" => 3,
        "执恢" | "执异" | "执复" => 4,
        // 执监, 执协, 司惩 and what else follows from an enforcement.
        code if code.starts_with('执') || code.starts_with("司惩") || code.starts_with("司救") => 5,
        // The judgment that is enforced.
        _ => 1,
    }
}

fn rank_of_words(number: &str) -> u8 {
    match number {
        n if ["执恢", "执异", "执复"].iter().any(|word| n.contains(word)) => 4,
        n if ["执监", "执协", "执他"].iter().any(|word| n.contains(word)) => 5,
        n if n.contains("执保") => 2,
        n if n.contains('执') => 3,
        n if n.contains('保') => 0,
        _ => 1,
    }
}

/// Steps, to walk along.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps {
    later: HashMap<Id, Vec<Id>>,
}

impl Steps {
    /// Adds a step that is not there.
    pub fn insert(&mut self, step: Step) {
        if !self.contains(step) {
            self.later.entry(step.earlier).or_default().push(step.later);
        }
    }

    /// Whether the step is there.
    pub fn contains(&self, step: Step) -> bool {
        self.later.get(&step.earlier).is_some_and(|later| later.contains(&step.later))
    }

    /// The shortest way from an earlier case to a later one, both named; none when there is none. From a case to itself the way is the
    /// case.
    pub fn path(&self, from: Id, to: Id) -> Option<Vec<Id>> {
        let (mut came_from, mut seen): (HashMap<Id, Id>, _) = (HashMap::new(), HashSet::from([from]));
        let mut queue = VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            if at == to {
                let mut way: Vec<Id> = std::iter::successors(Some(at), |id| came_from.get(id).copied()).collect();
                way.reverse();
                return Some(way);
            }
            for next in self.later.get(&at).into_iter().flatten() {
                if seen.insert(*next) {
                    came_from.insert(*next, at);
                    queue.push_back(*next);
                }
            }
        }
        None
    }
}

impl Extend<Step> for Steps {
    fn extend<I: IntoIterator<Item = Step>>(&mut self, steps: I) {
        steps.into_iter().for_each(|step| self.insert(step));
    }
}

impl FromIterator<Step> for Steps {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        let mut all = Self::default();
        all.extend(steps);
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_order_of_a_dispute() {
        let order = ["财保", "民初", "执保", "执", "执恢", "执监"].map(|code| rank(Some(code), ""));
        assert!(order.is_sorted() && order[0] < order[5], "{order:?}");
        assert_eq!([rank(Some("执异"), ""), rank(Some("执复"), "")], [rank(Some("执恢"), ""); 2]);
        let old =
            ["（2015）沪一中民保字第7号", "（2014）前民初字第1号", "（2014）前执字第1号", "（2015）前执恢字第1号"];
        let order = old.map(|number| rank(None, number));
        assert!(order.is_sorted() && order[0] < order[1] && order[1] < order[2] && order[2] < order[3], "{order:?}");
    }

    proptest! {
        /// A way is found exactly when following the steps again and again reaches the end, and it goes along the steps.
        #[test]
        fn ways_are_real(pairs in prop::collection::vec((0_i64..8, 0_i64..8), 0..20), from in 0_i64..8, to in 0_i64..8) {
            let steps: Steps = pairs.iter().map(|(a, b)| Step { earlier: Id(*a), later: Id(*b) }).collect();
            let mut reached = HashSet::from([from]);
            for _ in 0..8 {
                let next: Vec<i64> = pairs.iter().filter(|(a, _)| reached.contains(a)).map(|(_, b)| *b).collect();
                reached.extend(next);
            }
            let found = steps.path(Id(from), Id(to));
            prop_assert_eq!(found.is_some(), reached.contains(&to));
            if let Some(way) = found {
                prop_assert_eq!((way.first(), way.last()), (Some(&Id(from)), Some(&Id(to))));
                for pair in way.windows(2) {
                    let step = Step { earlier: pair[0], later: pair[1] };
                    prop_assert!(steps.contains(step));
                }
            }
        }
    }
}
