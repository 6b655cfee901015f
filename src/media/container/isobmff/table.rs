//! Tables of fixed-width rows, streamed: a table is never held, whatever its size.

use super::walk::{BoxAt, Scan};

/// Bytes of a table held at once.
const CHUNK: usize = 4096;

/// A table: where its rows begin, and how many of them are there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    /// Offset of the first row, in bytes.
    pub(super) at: u64,
    /// Rows that are there, whatever the table says.
    pub(super) rows: u64,
    /// Bytes of a row.
    pub(super) width: usize,
}

impl Table {
    /// A table in `within` whose rows begin at `at`, of which `declared` are said to be there; fewer are noted.
    pub(super) fn clamped(scan: &mut Scan<'_>, within: &BoxAt, at: u64, declared: u64, width: usize) -> Self {
        let there = within.end.min(scan.window.len()).saturating_sub(at) / width.max(1) as u64;
        if declared > there {
            let detail = format!("{}: {declared} rows, {there} are there", super::walk::name(within.kind));
            scan.findings.note("table_cut", Some(within.offset), detail);
        }
        Self { at, rows: declared.min(there), width }
    }

    /// A reader of its rows, from the first.
    pub(super) fn rows(self) -> Rows {
        Rows { at: self.at, left: self.rows, width: self.width.max(1), held: Vec::new(), next: 0 }
    }
}

/// Reads a table row by row.
#[derive(Debug)]
pub(super) struct Rows {
    at: u64,
    left: u64,
    width: usize,
    held: Vec<u8>,
    next: usize,
}

impl Rows {
    /// The next row; `None` after the last, and when it cannot be read.
    pub(super) fn next(&mut self, scan: &mut Scan<'_>) -> Option<&[u8]> {
        if self.next >= self.held.len() {
            self.refill(scan)?;
        }
        let end = self.next + self.width;
        let row = self.held.get(self.next..end)?;
        self.next = end;
        Some(row)
    }

    fn refill(&mut self, scan: &mut Scan<'_>) -> Option<()> {
        let most = (CHUNK / self.width).max(1) as u64;
        let rows = self.left.min(most);
        if rows == 0 {
            return None;
        }
        let n = usize::try_from(rows).ok()?.checked_mul(self.width)?;
        let bytes = scan.window.bytes(self.at, n).map(<[u8]>::to_vec);
        self.held = scan.take(bytes)?;
        self.next = 0;
        self.at += n as u64;
        self.left -= rows;
        Some(())
    }
}
