//! How many rows and values one statement takes: a few usual numbers, so that few texts are parsed and each stays prepared. Parsing a
//! statement that writes a hundred rows costs as much as running it.

use super::clips::INSERTED_AT_ONCE;

/// How many rows the statements have that write with every group of arrivals.
const WRITTEN: [usize; 7] = [100, 50, 25, 10, 5, 2, 1];
/// How many values the lists of statements have.
const LISTED: [usize; 6] = [1, 8, 32, 64, 128, INSERTED_AT_ONCE];

/// The rows in order, in portions of usual sizes.
pub(super) fn portions<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = WRITTEN.into_iter().find(|size| *size <= rest.len())?;
        let (some, others) = rest.split_at_checked(size)?;
        rest = others;
        Some(some)
    })
}

/// How many values a list has that is to hold `length`; longer ones than any usual one stay as they are.
pub(super) fn usual(length: usize) -> usize {
    LISTED.into_iter().find(|of| *of >= length).unwrap_or(length)
}

/// Whether a statement with a list for so many values is to stay prepared.
pub(super) fn is_usual(length: usize) -> bool {
    length <= INSERTED_AT_ONCE
}

/// The values, the last repeated up to a usual number.
pub(super) fn padded<T>(values: &[T]) -> impl Iterator<Item = &T> {
    values.iter().chain(values.last().into_iter().cycle()).take(usual(values.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_are_of_usual_sizes_and_leave_nothing_out() {
        let rows: Vec<usize> = (0..288).collect();
        let sizes: Vec<usize> = portions(&rows).map(<[usize]>::len).collect();
        assert_eq!(sizes, [100, 100, 50, 25, 10, 2, 1]);
        assert_eq!(portions(&rows).flatten().copied().collect::<Vec<_>>(), rows);
        assert_eq!(portions::<u8>(&[]).count(), 0);
    }

    #[test]
    fn lists_are_filled_with_their_last_value() {
        assert_eq!(padded(&[1, 2]).copied().collect::<Vec<_>>(), [1, 2, 2, 2, 2, 2, 2, 2]);
        assert_eq!(padded::<u8>(&[]).count(), 0);
    }
}
