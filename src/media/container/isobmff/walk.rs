//! The bounded box walker (ISO/IEC 14496-12 §4.2; QuickTime File Format, "Atoms").
//!
//! A box is a 32-bit size, four characters, perhaps a 64-bit size, and a body. The walker steps over the boxes of a
//! region one at a time, moves forward by at least eight bytes with each, and stops at what cannot be a box: whatever
//! was found before stays found.

use crate::media::container::reader::{ReadError, Window};

use super::findings::Findings;

/// Four characters that name a box, a handler or a sample format.
pub(super) type FourCc = [u8; 4];

/// Most boxes read in one file.
const MOST_BOXES: u32 = 200_000;
/// Deepest nesting; `wave` in a sample entry is the deepest that occurs, at nine.
const DEEPEST: u8 = 10;

/// Where a region lies, which decides what a fault in it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The file's top level.
    File,
    /// `moov` and the tracks in it: a fault here damages the file.
    Index,
    /// A fragment's index: a fault here means that samples are lost.
    Fragment,
    /// User data and tags: faults are noted, and the file plays all the same.
    Tags,
    /// Sample entries, where recorders pad as they like: faults are not noted.
    Entry,
}

/// A stretch of the file that holds boxes, and how far it has been walked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Region {
    /// Where the next box begins.
    pub(super) at: u64,
    /// Where the region ends.
    pub(super) end: u64,
    place: Place,
    depth: u8,
    /// The region's own box ran past its end, so that boxes in it reaching the end are no news.
    cut: bool,
}

impl Region {
    /// The whole file.
    pub(super) fn file(len: u64) -> Self {
        Self { at: 0, end: len, place: Place::File, depth: 0, cut: false }
    }
}

/// A box: its name, and where it and its body lie. `end` never lies past the region's end.
#[derive(Debug, Clone, Copy)]
pub(super) struct BoxAt {
    pub(super) kind: FourCc,
    pub(super) offset: u64,
    pub(super) body: u64,
    pub(super) end: u64,
    depth: u8,
    cut: bool,
}

impl BoxAt {
    /// The region of the boxes in it, which begin `skip` bytes into the body.
    pub(super) fn inside(&self, skip: u64, place: Place) -> Region {
        let at = self.body.saturating_add(skip).min(self.end);
        Region { at, end: self.end, place, depth: self.depth.saturating_add(1), cut: self.cut }
    }

    /// Length of the body in bytes.
    pub(super) fn len(&self) -> u64 {
        self.end - self.body
    }
}

/// A file being read: its window, and what was found wrong so far.
pub(super) struct Scan<'a> {
    pub(super) window: Window<'a>,
    pub(super) findings: Findings,
    boxes: u32,
}

impl<'a> Scan<'a> {
    pub(super) fn new(window: Window<'a>) -> Self {
        Self { window, findings: Findings::default(), boxes: 0 }
    }

    /// The next box of `region`; `None` at its end, and at what cannot be a box.
    pub(super) fn next(&mut self, region: &mut Region) -> Option<BoxAt> {
        let left = region.end.saturating_sub(region.at);
        if left < 8 || region.depth > DEEPEST {
            self.note_remainder(region, left);
            return None;
        }
        self.boxes += 1;
        if self.boxes > MOST_BOXES {
            self.findings.note("limit", Some(region.at), format!("more than {MOST_BOXES} boxes"));
            return None;
        }
        let head = self.window.array::<8>(region.at);
        let [a, b, c, d, kind @ ..] = self.take(head)?;
        let size32 = u32::from_be_bytes([a, b, c, d]);
        if size32 == 0 && kind == [0; 4] {
            self.note_zero_tail(region);
            return None;
        }
        let (size, header) = match size32 {
            0 => (left, 8),
            1 => (self.long_size(region.at, left)?, 16),
            n => (u64::from(n), 8),
        };
        self.place_box(region, kind, size, header, left)
    }

    fn place_box(&mut self, region: &mut Region, kind: FourCc, size: u64, header: u64, left: u64) -> Option<BoxAt> {
        let offset = region.at;
        let overrun = size > left;
        if size < header || header > left || (overrun && !is_name(kind)) {
            self.note_garbage(region, kind, size);
            return None;
        }
        if overrun && !region.cut {
            self.note_overrun(region, kind, size, left);
        }
        let end = if overrun { region.end } else { offset + size };
        region.at = end;
        Some(BoxAt { kind, offset, body: offset + header, end, depth: region.depth, cut: overrun })
    }

    /// The 64-bit size after the header. A recorder that lost power leaves 0 there: the box reaches to the end. When the
    /// field itself is cut off the size is 1, which no box has.
    fn long_size(&mut self, at: u64, left: u64) -> Option<u64> {
        match self.window.u64_be(at + 8) {
            Ok(0) => Some(left),
            Err(ReadError::PastEnd { .. }) => Some(1),
            other => self.take(other),
        }
    }

    /// Passes on what was read. A device that cannot read and a spent budget are noted; an early end is not, because
    /// the box that ran past the end has been.
    pub(super) fn take<T>(&mut self, read: Result<T, ReadError>) -> Option<T> {
        match read {
            Ok(value) => return Some(value),
            Err(ReadError::PastEnd { .. }) => {}
            Err(e @ ReadError::Exhausted { .. }) => self.findings.note("limit", Some(e.offset()), e.to_string()),
            Err(e @ ReadError::Io { .. }) => {
                self.findings.partial = true;
                self.findings.note("read_error", Some(e.offset()), e.to_string());
            }
        }
        None
    }

    /// The first bytes of a box's body, at most `most` of them.
    pub(super) fn body(&mut self, of: &BoxAt, most: usize) -> Vec<u8> {
        let n = usize::try_from(of.len()).unwrap_or(usize::MAX).min(most);
        let bytes = self.window.up_to(of.body, n).map(<[u8]>::to_vec);
        self.take(bytes).unwrap_or_default()
    }

    /// The first box of a kind in a region.
    pub(super) fn find(&mut self, mut region: Region, kind: &FourCc) -> Option<BoxAt> {
        while let Some(b) = self.next(&mut region) {
            if b.kind == *kind {
                return Some(b);
            }
        }
        None
    }

    /// Bytes too few for a box: a terminator of zeros is customary in QuickTime, anything else at the end of the file
    /// is the head of a box that was cut off.
    fn note_remainder(&mut self, region: &Region, left: u64) {
        if left == 0 || left >= 8 || region.place != Place::File {
            return;
        }
        let rest = self.window.up_to(region.at, 8).map(|b| b.iter().all(|&b| b == 0));
        let code = if self.take(rest) == Some(true) { "zero_tail" } else { "garbage" };
        self.findings.note(code, Some(region.at), format!("{left} bytes"));
    }

    fn note_zero_tail(&mut self, region: &Region) {
        if matches!(region.place, Place::File | Place::Index) {
            self.findings.note("zero_tail", Some(region.at), None);
        }
    }

    fn note_garbage(&mut self, region: &Region, kind: FourCc, size: u64) {
        match region.place {
            Place::Entry => return,
            Place::Index => self.findings.damaged = true,
            Place::Fragment => self.findings.partial = true,
            Place::File | Place::Tags => {}
        }
        let detail = format!("size {size}, name {}", name(kind));
        self.findings.note("garbage", Some(region.at), detail);
    }

    fn note_overrun(&mut self, region: &Region, kind: FourCc, size: u64, left: u64) {
        match (region.place, &kind) {
            (Place::Entry, _) => return,
            (Place::File, b"moov") => self.findings.damaged = true,
            (Place::Index, kind) if BEARING.contains(&kind) => self.findings.damaged = true,
            (Place::File | Place::Fragment, _) => self.findings.partial = true,
            (Place::Index | Place::Tags, _) => {}
        }
        let detail = format!("{}: {size} bytes, {left} are there", name(kind));
        self.findings.note("overrun", Some(region.at), detail);
    }
}

/// Boxes of the index that playing needs.
const BEARING: [&FourCc; 15] = [
    b"mvhd", b"trak", b"tkhd", b"mdia", b"mdhd", b"hdlr", b"minf", b"stbl", b"stsd", b"stts", b"stsc", b"stsz",
    b"stz2", b"stco", b"co64",
];

/// Whether four bytes can be a box's name: printable ASCII, or QuickTime's © in front.
pub(super) fn is_name(kind: FourCc) -> bool {
    let [first, rest @ ..] = kind;
    let printable = |b: u8| (0x20..0x7f).contains(&b);
    (printable(first) || first == 0xa9) && rest.into_iter().all(printable)
}

/// A name as text; what is not printable as `\x..`.
pub(super) fn name(kind: FourCc) -> String {
    match kind {
        [0xa9, rest @ ..] if is_name(kind) => format!("©{}", rest.escape_ascii()),
        _ => kind.escape_ascii().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(data: &[u8]) -> (Vec<String>, Vec<(String, Option<u64>)>) {
        let mut scan = Scan::new(Window::new(&data));
        let mut region = Region::file(data.len() as u64);
        let mut found = Vec::new();
        while let Some(b) = scan.next(&mut region) {
            found.push(format!("{} {}..{}", name(b.kind), b.body, b.end));
        }
        let noted = scan.findings.into_anomalies().into_iter().map(|a| (a.code, a.offset)).collect();
        (found, noted)
    }

    #[test]
    fn sizes_of_all_three_kinds() {
        let mut data = b"\0\0\0\x0cfreeabcd\0\0\0\x01wide\0\0\0\0\0\0\0\x12zz\0\0\0\0mdat".to_vec();
        data.extend([7; 10]);
        assert_eq!(kinds(&data), (vec!["free 8..12".into(), "wide 28..30".into(), "mdat 38..48".into()], vec![]));
    }

    #[test]
    fn what_is_no_box_ends_the_walk_with_its_offset() {
        let free = b"\0\0\0\x08free".as_slice();
        let cases: [(&[u8], &str); 6] = [
            (b"\0\0\0\0\0\0\0\0moov", "zero_tail"),
            (b"\0\0\0\x07moov", "garbage"),
            (b"\0\0\0\x01moov\0\0\0\0\0\0\0\x0f", "garbage"),
            (b"\0\0\0\x01mdat\0\0", "garbage"),
            (b"\0\0\xff\0\x01\x02\x03\x04", "garbage"),
            (b"abc", "garbage"),
        ];
        for (tail, code) in cases {
            let (found, noted) = kinds(&[free, tail].concat());
            assert_eq!((found.len(), noted), (1, vec![(code.to_owned(), Some(8))]), "{tail:?}");
        }
    }

    #[test]
    fn an_overrun_is_clamped_and_noted() {
        let (found, noted) = kinds(b"\0\0\x01\0mdat1234");
        assert_eq!((found, noted), (vec!["mdat 8..12".into()], vec![("overrun".into(), Some(0))]));
    }
}
