//! When a file counts as written: a pure function of what was seen of it.

use std::time::Duration;

use super::reason::Reason;

/// What a look at a file tells, as far as it says whether the file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Size in bytes.
    pub size_bytes: u64,
    /// Modification time, nanoseconds since 1970. Copying tools set it as they like.
    pub mtime_ns: i64,
    /// Change time, nanoseconds since 1970. The file system alone sets it.
    pub ctime_ns: i64,
    /// Inode number.
    pub inode: u64,
}

/// Whether somebody has the file open for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Nobody on this machine: the file system granted a read lease.
    Nobody,
    /// Somebody.
    Somebody,
    /// The file system does not tell, as network shares do not.
    Unknown,
}

/// All that was seen of one file so far. Durations are distances from the daemon's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The newest look.
    pub stat: Stat,
    /// Since when it looks like this.
    pub since: Duration,
    /// It was closed after writing while it looked like this, or a person says that it is complete.
    pub closed: bool,
    /// It changed after such a close: its writer opens and closes it piece by piece, so a close tells nothing.
    pub piecemeal: bool,
    /// Its name is a temporary one.
    pub temporary: bool,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Time without a change after which a file counts as written.
    pub quiet: Duration,
    /// Time without a change after which a file with a temporary name is taken as it is.
    pub temporary: Duration,
}

/// What to do with the file now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody is writing it any more.
    Settled,
    /// Look again after `after`, or when an event comes.
    Wait {
        /// How long until another look makes sense.
        after: Duration,
        /// Why, for people.
        reason: Reason,
    },
}

/// How soon a file that somebody has open is looked at again; its close wakes us earlier.
const BUSY_RETRY: Duration = Duration::from_secs(2);

impl Seen {
    /// A first look at a file, at `now`.
    pub fn first(stat: Stat, now: Duration, temporary: bool) -> Self {
        Self { stat, since: now, closed: false, piecemeal: false, temporary }
    }

    /// Another look at `now`.
    pub fn look(&mut self, stat: Stat, now: Duration) {
        let same = self.stat.size_bytes == stat.size_bytes
            && self.stat.mtime_ns == stat.mtime_ns
            && self.stat.ctime_ns == stat.ctime_ns;
        if !same {
            self.since = now;
            self.piecemeal |= self.closed && self.stat.inode == stat.inode;
            self.closed = false;
        }
        self.stat = stat;
    }
}

/// Says whether nobody writes the file any more. `now` is the distance from the daemon's start, `wall_ns` the present in
/// nanoseconds since 1970; the change time is trusted only where a lease is granted, that is on local file systems.
pub fn judge(seen: &Seen, writer: Writer, now: Duration, wall_ns: i64, rules: Rules) -> Verdict {
    let unchanged = now.saturating_sub(seen.since);
    if seen.temporary && !seen.closed_for_good() && longest(unchanged, seen, writer, wall_ns) < rules.temporary {
        return Verdict::Wait { after: rules.temporary.saturating_sub(unchanged), reason: Reason::TemporaryName };
    }
    if writer == Writer::Somebody {
        return Verdict::Wait { after: BUSY_RETRY, reason: Reason::BeingWritten };
    }
    if seen.closed_for_good() || longest(unchanged, seen, writer, wall_ns) >= rules.quiet {
        return Verdict::Settled;
    }
    Verdict::Wait { after: rules.quiet.saturating_sub(unchanged), reason: Reason::Quiet }
}

impl Seen {
    fn closed_for_good(&self) -> bool {
        self.closed && !self.piecemeal && !self.temporary
    }
}

/// The longest time for which the file is known not to have changed.
fn longest(observed: Duration, seen: &Seen, writer: Writer, wall_ns: i64) -> Duration {
    if writer != Writer::Nobody {
        return observed;
    }
    let age_ns = wall_ns.saturating_sub(seen.stat.ctime_ns);
    observed.max(Duration::from_nanos(u64::try_from(age_ns).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { quiet: Duration::from_secs(5), temporary: Duration::from_secs(3600) };
    const WALL: i64 = 1_000_000_000_000_000_000;

    fn stat(size_bytes: u64, changed_s_ago: i64) -> Stat {
        let at = WALL - changed_s_ago * 1_000_000_000;
        Stat { size_bytes, mtime_ns: at, ctime_ns: at, inode: 7 }
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn settled(seen: &Seen, writer: Writer, now: u64) -> bool {
        judge(seen, writer, s(now), WALL, RULES) == Verdict::Settled
    }

    #[test]
    fn a_close_settles_at_once() {
        let mut seen = Seen::first(stat(9, 0), s(10), false);
        assert!(!settled(&seen, Writer::Nobody, 10));
        seen.closed = true;
        assert!(settled(&seen, Writer::Nobody, 10));
        assert!(settled(&seen, Writer::Unknown, 10));
    }

    #[test]
    fn an_open_writer_holds_even_a_closed_and_quiet_file() {
        let mut seen = Seen::first(stat(9, 900), s(0), false);
        seen.closed = true;
        let verdict = judge(&seen, Writer::Somebody, s(900), WALL, RULES);
        assert_eq!(verdict, Verdict::Wait { after: BUSY_RETRY, reason: Reason::BeingWritten });
    }

    #[test]
    fn an_old_local_file_needs_no_waiting_but_one_on_a_share_does() {
        let seen = Seen::first(stat(9, 60), s(10), false);
        assert!(settled(&seen, Writer::Nobody, 10));
        assert!(!settled(&seen, Writer::Unknown, 14));
        assert!(settled(&seen, Writer::Unknown, 15));
    }

    #[test]
    fn a_change_starts_the_quiet_period_again() {
        let mut seen = Seen::first(stat(9, 0), s(0), false);
        seen.look(stat(10, 0), s(4));
        assert!(!settled(&seen, Writer::Unknown, 8));
        seen.look(stat(10, 0), s(8));
        assert!(settled(&seen, Writer::Unknown, 9));
    }

    #[test]
    fn closes_of_a_piecemeal_writer_tell_nothing() {
        let mut seen = Seen::first(stat(9, 0), s(0), false);
        seen.closed = true;
        seen.look(stat(10, 0), s(1));
        seen.closed = true;
        assert!(!settled(&seen, Writer::Nobody, 1));
        assert!(settled(&seen, Writer::Nobody, 6));
    }

    #[test]
    fn a_temporary_name_waits_for_its_rename_but_not_for_ever() {
        let mut seen = Seen::first(stat(9, 60), s(0), true);
        seen.closed = true;
        assert!(!settled(&seen, Writer::Nobody, 100));
        assert!(settled(&seen, Writer::Nobody, 3600));
        assert!(settled(&Seen::first(stat(9, 4000), s(0), true), Writer::Nobody, 0));
    }

    #[test]
    fn a_clock_that_stepped_back_only_makes_it_wait() {
        let seen = Seen::first(stat(9, -500), s(0), false);
        assert!(!settled(&seen, Writer::Nobody, 4));
        assert!(settled(&seen, Writer::Nobody, 5));
    }
}
