//! The partitions of documents on the engine that has some: `migrations/postgres/0005_search.sql` makes the first and the last.

/// Low bits of a key that a partition spans: 2^26 keys are 48 days.
pub(super) const SPAN_BITS: u32 = 26;
/// The first span that has a partition of its own; earlier keys share one.
pub(super) const FIRST_SPAN: i64 = 332;
/// The first span after those; it shares one with all later keys.
pub(super) const PAST_SPAN: i64 = 677;
