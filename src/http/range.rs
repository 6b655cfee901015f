//! Byte ranges (RFC 9110 §14): one range is served; several, or what cannot be read, is as if nothing was asked for.

/// The bytes that are wanted of a representation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All.
    Whole,
    /// From the first to the last, both counted from 0 and inclusive.
    Part {
        /// The first byte.
        first: u64,
        /// The last byte.
        last: u64,
    },
    /// None of its bytes.
    Unsatisfiable,
}

/// What the value of a `Range` header wants of `size` bytes.
pub fn wanted(header: &str, size: u64) -> Wanted {
    let Some((unit, set)) = header.split_once('=') else { return Wanted::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    let Some((first, last)) = set.trim().split_once('-') else { return Wanted::Whole };
    match (first, last) {
        ("", suffix) => number(suffix).map_or(Wanted::Whole, |n| suffix_of(n, size)),
        (first, "") => number(first).map_or(Wanted::Whole, |first| part(first, u64::MAX, size)),
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => part(first, last, size),
            _ => Wanted::Whole,
        },
    }
}

fn part(first: u64, last: u64, size: u64) -> Wanted {
    if first >= size { Wanted::Unsatisfiable } else { Wanted::Part { first, last: last.min(size - 1) } }
}

/// The last `n` bytes. A suffix is satisfiable unless it is 0; of nothing it is everything.
fn suffix_of(n: u64, size: u64) -> Wanted {
    match (n, size) {
        (0, _) => Wanted::Unsatisfiable,
        (_, 0) => Wanted::Whole,
        _ => Wanted::Part { first: size.saturating_sub(n), last: size - 1 },
    }
}

/// Digits only; what does not fit is larger than any file.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let part = |first, last| Wanted::Part { first, last };
        let table = [
            ("bytes=0-0", 10, part(0, 0)),
            ("bytes=0-9", 10, part(0, 9)),
            ("bytes=0-", 10, part(0, 9)),
            ("bytes=9-", 10, part(9, 9)),
            ("bytes=3-99", 10, part(3, 9)),
            ("bytes=3-99999999999999999999999", 10, part(3, 9)),
            ("Bytes = 3-4", 10, part(3, 4)),
            ("bytes=-1", 10, part(9, 9)),
            ("bytes=-10", 10, part(0, 9)),
            ("bytes=-99", 10, part(0, 9)),
            ("bytes=-0", 10, Wanted::Unsatisfiable),
            ("bytes=10-", 10, Wanted::Unsatisfiable),
            ("bytes=10-20", 10, Wanted::Unsatisfiable),
            ("bytes=99999999999999999999999-", 10, Wanted::Unsatisfiable),
            ("bytes=0-", 0, Wanted::Unsatisfiable),
            ("bytes=-5", 0, Wanted::Whole),
            ("bytes=5-3", 10, Wanted::Whole),
            ("bytes=0-1,3-4", 10, Wanted::Whole),
            ("bytes=-", 10, Wanted::Whole),
            ("bytes=", 10, Wanted::Whole),
            ("bytes", 10, Wanted::Whole),
            ("bytes=a-b", 10, Wanted::Whole),
            ("bytes=+1-2", 10, Wanted::Whole),
            ("bytes=1 - 2", 10, Wanted::Whole),
            ("bytes=--1", 10, Wanted::Whole),
            ("seconds=0-1", 10, Wanted::Whole),
            ("", 10, Wanted::Whole),
        ];
        for (header, size, expected) in table {
            assert_eq!(wanted(header, size), expected, "{header:?} of {size}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_part_lies_within(header in "bytes=[0-9]{0,21}-[0-9]{0,21}", size: u64) {
            if let Wanted::Part { first, last } = wanted(&header, size) {
                proptest::prop_assert!(first <= last && last < size);
            }
        }
    }
}
