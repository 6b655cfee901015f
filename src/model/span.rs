//! How long a row of a register holds: whole days at the court, kept as instants.

use jiff::civil::Date;

use super::time::{Micros, UtcOffset};

/// `[from, to)`. A start of 0 means since ever, no end means still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first instant; 0: since ever.
    pub from: Micros,
    /// The first instant after it; none: still.
    pub to: Option<Micros>,
}

impl Span {
    /// Since ever and still.
    pub const ALWAYS: Self = Self { from: Micros(0), to: None };

    /// Whether it holds `at`.
    pub fn holds(self, at: Micros) -> bool {
        self.starts_by(at) && self.to.is_none_or(|to| at < to)
    }

    /// Whether it holds nothing at all.
    pub fn is_empty(self) -> bool {
        self.to.is_some_and(|to| to <= self.from)
    }

    /// Whether some instant is in both.
    pub fn overlaps(self, other: Self) -> bool {
        let begins_before_end = |a: Self, b: Self| b.to.is_none_or(|to| a.from < to);
        !self.is_empty() && !other.is_empty() && begins_before_end(self, other) && begins_before_end(other, self)
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.zip(other.to).map(|(a, b)| a.max(b)) }
    }

    fn starts_by(self, at: Micros) -> bool {
        self.from.0 == 0 || self.from <= at
    }

    /// The first day at `offset`; none: since ever.
    pub fn first_day(self, offset: UtcOffset) -> Option<Date> {
        (self.from.0 != 0).then(|| self.from.to_civil(offset).date())
    }

    /// The last day at `offset`, which is in it; none: still.
    pub fn last_day(self, offset: UtcOffset) -> Option<Date> {
        self.to.map(|to| Micros(to.0.saturating_sub(1)).to_civil(offset).date())
    }
}

/// The instant a day begins at `offset`; a day up to 1970-01-01 becomes 0, since ever, for no clip is older. None far in the future.
pub fn start_of_day(day: Date, offset: UtcOffset) -> Option<Micros> {
    Micros::from_civil(day.at(0, 0, 0, 0), offset).map(|at| at.max(Micros(0)))
}

/// The instant a day has ended at `offset`; none far in the future.
pub fn end_of_day(day: Date, offset: UtcOffset) -> Option<Micros> {
    Micros::from_civil(day.tomorrow().ok()?.at(0, 0, 0, 0), offset)
}

/// The row that counts at `at`: of those that hold it the one that began last.
pub fn latest<'a, T>(rows: impl IntoIterator<Item = &'a T>, span: impl Fn(&T) -> Span, at: Micros) -> Option<&'a T> {
    rows.into_iter().filter(|row| span(row).holds(at)).max_by_key(|row| span(row).from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, to: Option<i64>) -> Span {
        Span { from: Micros(from), to: to.map(Micros) }
    }

    #[test]
    fn days_are_the_court_s_and_the_last_one_is_in_it() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let (from, to) =
            (start_of_day(day("2024-01-01"), UtcOffset::CHINA), end_of_day(day("2024-06-30"), UtcOffset::CHINA));
        let span = Span { from: from.unwrap(), to };
        assert_eq!(span.from.to_string(), "2023-12-31T16:00:00Z");
        assert_eq!(span.to.unwrap().to_string(), "2024-06-30T16:00:00Z");
        assert_eq!(span.first_day(UtcOffset::CHINA), Some(day("2024-01-01")));
        assert_eq!(span.last_day(UtcOffset::CHINA), Some(day("2024-06-30")));
        assert!(span.holds("2024-06-30T15:59:59Z".parse().unwrap()));
        assert!(!span.holds("2024-06-30T16:00:00Z".parse().unwrap()));
        assert_eq!((Span::ALWAYS.first_day(UtcOffset::CHINA), Span::ALWAYS.last_day(UtcOffset::CHINA)), (None, None));
        assert_eq!(start_of_day(day("1955-03-01"), UtcOffset::CHINA), Some(Micros(0)));
        assert_eq!(end_of_day(Date::MAX, UtcOffset::CHINA), None);
    }

    #[test]
    fn overlaps_share_an_instant() {
        for (a, b, expected) in [
            (span(0, None), span(5, None), true),
            (span(0, Some(5)), span(5, None), false),
            (span(3, Some(6)), span(5, Some(9)), true),
            (span(5, Some(5)), span(0, None), false),
            (span(1, Some(2)), span(3, Some(4)), false),
        ] {
            assert_eq!((a.overlaps(b), b.overlaps(a)), (expected, expected), "{a:?} {b:?}");
        }
        assert_eq!(span(3, Some(6)).joined(span(5, None)), span(3, None));
        assert_eq!(span(3, Some(6)).joined(span(1, Some(2))), span(1, Some(6)));
    }

    #[test]
    fn the_row_that_began_last_counts() {
        let rows = [span(0, None), span(10, Some(20)), span(15, None)];
        let at = |us| super::latest(&rows, |s| *s, Micros(us)).copied();
        assert_eq!(at(-5), Some(rows[0]));
        assert_eq!(at(10), Some(rows[1]));
        assert_eq!(at(17), Some(rows[2]));
        assert_eq!(super::latest(&rows[1..], |s| *s, Micros(9)), None);
    }
}
