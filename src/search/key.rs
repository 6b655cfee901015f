//! The keys of search documents: ordered by when the thing happened, unique, and dense.
//!
//! A key is the second since 1970 in the high bits and a tie-breaker in the low four; the tie-breaker is the sixteenth of the second.
//! Where a key is taken its document goes to another in a window around it; windows grow fourfold, and in each only a few places are
//! tried. So a place is found in a few looks even when thousands of files have the same second, and a window is about half full when
//! the next is needed. A document never stands further from its second than [`REACH`] as long as fewer than half a million others
//! have the same one.

use crate::model::subject::Subject;
use crate::model::time::{Micros, SECOND_US};

/// Bits of the tie-breaker.
const TIE_BITS: u32 = 4;
/// Places of one second.
const TIES: i64 = 1 << TIE_BITS;
/// Places tried in a window.
const TRIES: u64 = 8;
/// How far from its second a document may stand, in keys: half of the largest window that is counted on.
pub const REACH: i64 = 1 << 19;
/// Windows that are tried: up to 2^38 keys, which is all of 500 years.
const WINDOWS: u32 = 18;

/// The key that a document of `at` has when nobody else has it. Times before 1970 count as 1970.
pub fn home(at: Micros) -> i64 {
    let us = at.0.max(0);
    let tie = us.rem_euclid(SECOND_US) * TIES / SECOND_US;
    ((us / SECOND_US) << TIE_BITS) | tie
}

/// Windows in the order in which they are tried; each gives the keys to try for a document whose home is taken.
pub fn windows(home: i64, subject: Subject) -> impl Iterator<Item = Vec<i64>> {
    let own = std::iter::once(own_second(home));
    own.chain((1..WINDOWS).map(move |n| window(home, subject, 1 << (TIE_BITS + 2 * n))))
}

/// The places of the document's own second, from its home on.
fn own_second(home: i64) -> Vec<i64> {
    let second = home & !(TIES - 1);
    (0..TIES).map(|n| second | ((home + n) & (TIES - 1))).collect()
}

fn window(home: i64, subject: Subject, width: i64) -> Vec<i64> {
    let start = (home - width / 2).max(0);
    let seed = mix(subject.id().0.cast_unsigned() ^ ((subject.kind().len() as u64) << 60));
    // The width is a power of two, so the mask takes a place evenly.
    let place = |n: u64| (mix(seed.wrapping_add(n)) & (width - 1).cast_unsigned()).cast_signed();
    (0..TRIES).map(|n| start.saturating_add(place(n ^ width.cast_unsigned()))).collect()
}

/// SplitMix64's finalizer: spreads numbers that differ little.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::model::id::Id;

    #[test]
    fn keys_follow_time() {
        assert_eq!(home(Micros(1_000_000)), 16);
        assert_eq!(home(Micros(1_999_999)), 31);
        assert_eq!(home(Micros(-5)), 0);
        assert!(home(Micros(i64::MAX)) > 0);
    }

    #[test]
    fn thousands_of_files_of_one_second_find_a_place_in_few_looks() {
        let at = home(Micros(1_700_000_000_000_000));
        let (mut taken, mut looks, mut furthest) = (HashSet::new(), 0, 0);
        for id in 0..50_000 {
            let mut tried = std::iter::once(vec![at]).chain(windows(at, Subject::Clip(Id(id))));
            let key = tried.find_map(|keys| {
                looks += 1;
                keys.into_iter().find(|k| !taken.contains(k))
            });
            let key = key.expect("a free key");
            taken.insert(key);
            furthest = furthest.max((key - at).abs());
        }
        assert_eq!(taken.len(), 50_000);
        assert!(looks < 50_000 * 11, "{looks} looks");
        assert!(furthest < REACH, "{furthest}");
    }
}
