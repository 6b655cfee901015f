//! Identifiers: 63-bit integers, ordered by arrival, written as strings in JSON (a browser's numbers end at 2^53).

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::time::Micros;

/// An identifier of a row. Later rows have larger ones (to the millisecond, between machines).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub i64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is no identifier.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an id: expected a positive whole number of at most 19 digits")]
pub struct InvalidId;

impl FromStr for Id {
    type Err = InvalidId;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        if s.is_empty() || !s.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidId);
        }
        s.parse().map(Id).map_err(|_| InvalidId)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Bits below the millisecond in an id.
const LOW_BITS: u32 = 21;

/// Gives ids: milliseconds since 1970 in the high bits, 21 bits of start and count in the low ones.
///
/// Ids of one generator strictly rise, also when the clock steps back.
#[derive(Debug)]
pub struct IdGenerator {
    last: AtomicI64,
    start: i64,
}

impl IdGenerator {
    /// `random` decides where each millisecond's count starts, so that two daemons rarely meet.
    pub fn new(random: u64) -> Self {
        Self { last: AtomicI64::new(0), start: i64::try_from(random & 0xf_ffff).unwrap_or(0) }
    }

    /// The next id at `now`.
    pub fn next(&self, now: Micros) -> Id {
        let fresh = ((now.0 / 1000).max(0) << LOW_BITS) | self.start;
        let step = |last: i64| Some(fresh.max(last + 1));
        let last = self.last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, step).unwrap_or_else(|last| last);
        Id(fresh.max(last + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_even_when_the_clock_steps_back() {
        let ids = IdGenerator::new(7);
        let a = ids.next(Micros(1_700_000_000_000_000));
        let b = ids.next(Micros(1_700_000_000_000_000));
        let c = ids.next(Micros(1_600_000_000_000_000));
        assert!(a < b && b < c);
    }

    #[test]
    fn json_is_a_string() {
        assert_eq!(serde_json::to_string(&Id(9_007_199_254_740_993)).unwrap(), "\"9007199254740993\"");
        assert_eq!("-1".parse::<Id>(), Err(InvalidId));
        assert_eq!("9223372036854775808".parse::<Id>(), Err(InvalidId));
    }
}
