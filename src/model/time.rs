//! Time: microseconds since 1970-01-01T00:00:00Z, and the court's distance from UTC.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant, in microseconds since 1970-01-01T00:00:00Z; RFC 3339 in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Micros(pub i64);

/// Microseconds in a second.
pub const SECOND_US: i64 = 1_000_000;
/// Microseconds in a day.
pub const DAY_US: i64 = 86_400 * SECOND_US;

impl Micros {
    /// The instant of a file system's or machine's time; saturates outside ±292,000 years.
    pub fn from_system(at: SystemTime) -> Self {
        match at.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(d) => Self(i64::try_from(d.as_micros()).unwrap_or(i64::MAX)),
            Err(e) => Self(i64::try_from(e.duration().as_micros()).map_or(i64::MIN, |us| -us)),
        }
    }

    /// The instant of `seconds` since 1970; `None` when it does not fit.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        seconds.checked_mul(SECOND_US).map(Self)
    }

    /// The instant that a clock at `offset` from UTC shows as `civil`; `None` outside the years −9999 to 9999.
    pub fn from_civil(civil: DateTime, offset: UtcOffset) -> Option<Self> {
        Some(Self(offset.0.to_timestamp(civil).ok()?.as_microsecond()))
    }

    /// What a clock at `offset` shows at this instant; clamped to the years −9999 to 9999.
    pub fn to_civil(self, offset: UtcOffset) -> DateTime {
        offset.0.to_datetime(self.timestamp())
    }

    /// RFC 3339 in UTC to the second, as the ledger writes it.
    pub fn to_rfc3339_seconds(self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    fn timestamp(self) -> Timestamp {
        let clamped = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_microsecond(self.0).unwrap_or(clamped)
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

/// The text is no instant.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a time: expected a date (2026-11-24) or an RFC 3339 time (2026-11-24T08:52:07Z)")]
pub struct InvalidTime;

impl FromStr for Micros {
    type Err = InvalidTime;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse::<Timestamp>().map(|t| Self(t.as_microsecond())).map_err(|_| InvalidTime)
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A court's distance from UTC, written `+08:00`. China keeps one, without summer time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UtcOffset(pub Offset);

impl UtcOffset {
    /// China Standard Time.
    pub const CHINA: Self = Self(Offset::constant(8));
    /// UTC itself.
    pub const UTC: Self = Self(Offset::UTC);
}

impl Default for UtcOffset {
    fn default() -> Self {
        Self::CHINA
    }
}

/// The text is no distance from UTC.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a distance from UTC: expected +HH:MM or -HH:MM, at most 14 hours")]
pub struct InvalidOffset;

impl FromStr for UtcOffset {
    type Err = InvalidOffset;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (sign, rest) = match s.as_bytes().first() {
            Some(b'+') => (1, &s[1..]),
            Some(b'-') => (-1, &s[1..]),
            _ => return Err(InvalidOffset),
        };
        let (hours, minutes) = rest.split_once(':').ok_or(InvalidOffset)?;
        let number = |t: &str, most: i32| match t.parse::<i32>() {
            Ok(n) if t.len() == 2 && (0..=most).contains(&n) => Ok(n),
            _ => Err(InvalidOffset),
        };
        let seconds = sign * (number(hours, 14)? * 3600 + number(minutes, 59)? * 60);
        Offset::from_seconds(seconds).map(Self).map_err(|_| InvalidOffset)
    }
}

impl fmt::Display for UtcOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.0.seconds();
        let (sign, s) = if s < 0 { ('-', -s) } else { ('+', s) };
        write!(f, "{sign}{:02}:{:02}", s / 3600, s / 60 % 60)
    }
}

impl<'de> Deserialize<'de> for UtcOffset {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for UtcOffset {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_time_at_an_offset() {
        let civil = jiff::civil::datetime(2024, 5, 8, 13, 29, 20, 0);
        let at = Micros::from_civil(civil, UtcOffset::CHINA).unwrap();
        assert_eq!(at.to_string(), "2024-05-08T05:29:20Z");
        assert_eq!(at.to_civil(UtcOffset::CHINA), civil);
        assert_eq!(at.to_string().parse::<Micros>(), Ok(at));
    }

    #[test]
    fn offsets() {
        assert_eq!("+08:00".parse::<UtcOffset>(), Ok(UtcOffset::CHINA));
        assert_eq!("-05:30".parse::<UtcOffset>().unwrap().to_string(), "-05:30");
        for bad in ["8", "+8:00", "+15:00", "+08:60", "", "+é1:00"] {
            assert_eq!(bad.parse::<UtcOffset>(), Err(InvalidOffset), "{bad}");
        }
    }
}
