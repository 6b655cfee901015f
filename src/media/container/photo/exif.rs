//! The few Exif tags that matter (Exif 2.32, on TIFF 6.0), out of a block that is already in memory.

use super::super::bytes::{array, ascii_field};
use super::super::reader::slice;
use crate::model::media::Position;

/// Most entries of a directory that are looked at.
const MOST_ENTRIES: usize = 512;

const MAKE: u16 = 0x010f;
const MODEL: u16 = 0x0110;
const ORIENTATION: u16 = 0x0112;
const CHANGED: u16 = 0x0132;
const EXIF: u16 = 0x8769;
const GPS: u16 = 0x8825;
const TAKEN: u16 = 0x9003;
const TAKEN_OFFSET: u16 = 0x9011;

/// What the tags say.
#[derive(Debug, Default)]
pub(super) struct Exif {
    pub(super) make: Option<String>,
    pub(super) model: Option<String>,
    /// Clockwise degrees; `None` for mirrored pictures too.
    pub(super) rotation: Option<u16>,
    /// When it was taken, with the offset from UTC behind it when the camera wrote one.
    pub(super) taken: Option<String>,
    /// Offset of the position's directory in the block, and the position when it has one.
    pub(super) gps: Option<(u32, Option<Position>)>,
}

impl Exif {
    /// Reads a block that starts with a TIFF header; `None` when it does not.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let big = match array::<4>(bytes, 0)? {
            [b'M', b'M', 0, 42] => true,
            [b'I', b'I', 42, 0] => false,
            _ => return None,
        };
        let tiff = Tiff { bytes, big };
        let main = tiff.directory(tiff.u32(4)?)?;
        let detail = main.number(EXIF).and_then(|at| tiff.directory(at));
        let taken = detail.as_ref().and_then(|d| d.text(TAKEN)).or_else(|| main.text(CHANGED));
        let offset = detail.as_ref().and_then(|d| d.text(TAKEN_OFFSET)).unwrap_or_default();
        Some(Self {
            make: main.text(MAKE),
            model: main.text(MODEL),
            rotation: main.number(ORIENTATION).and_then(|n| match n {
                1 => Some(0),
                3 => Some(180),
                6 => Some(90),
                8 => Some(270),
                _ => None,
            }),
            taken: taken.map(|taken| taken + &offset),
            gps: main.number(GPS).and_then(|at| Some((at, tiff.directory(at)?.position()))),
        })
    }
}

#[derive(Clone, Copy)]
struct Tiff<'a> {
    bytes: &'a [u8],
    big: bool,
}

impl<'a> Tiff<'a> {
    fn u16(&self, at: u32) -> Option<u16> {
        let at = usize::try_from(at).ok()?;
        if self.big { slice::u16_be(self.bytes, at) } else { slice::u16_le(self.bytes, at) }
    }

    fn u32(&self, at: u32) -> Option<u32> {
        let at = usize::try_from(at).ok()?;
        if self.big { slice::u32_be(self.bytes, at) } else { slice::u32_le(self.bytes, at) }
    }

    fn directory(self, at: u32) -> Option<Directory<'a>> {
        let count = u32::from(self.u16(at)?).min(MOST_ENTRIES as u32);
        Some(Directory { tiff: self, first: at.checked_add(2)?, count })
    }
}

struct Directory<'a> {
    tiff: Tiff<'a>,
    first: u32,
    count: u32,
}

/// An entry: its type, its count, and the offset of its value.
struct Entry {
    kind: u16,
    count: u32,
    value: u32,
}

impl Directory<'_> {
    fn entry(&self, tag: u16) -> Option<Entry> {
        (0..self.count).find_map(|n| {
            let at = self.first.checked_add(n * 12)?;
            (self.tiff.u16(at)? == tag).then_some(())?;
            let (kind, count) = (self.tiff.u16(at.checked_add(2)?)?, self.tiff.u32(at.checked_add(4)?)?);
            let size = match kind {
                1 | 2 | 6 | 7 => 1,
                3 | 8 => 2,
                4 | 9 => 4,
                5 | 10 => 8,
                _ => return None,
            };
            let inside = at.checked_add(8)?;
            let value = if count.checked_mul(size)? <= 4 { inside } else { self.tiff.u32(inside)? };
            Some(Entry { kind, count, value })
        })
    }

    fn number(&self, tag: u16) -> Option<u32> {
        let entry = self.entry(tag).filter(|e| e.count >= 1)?;
        match entry.kind {
            3 => self.tiff.u16(entry.value).map(u32::from),
            4 => self.tiff.u32(entry.value),
            _ => None,
        }
    }

    fn bytes(&self, tag: u16) -> Option<&[u8]> {
        let entry = self.entry(tag).filter(|e| matches!(e.kind, 1 | 2 | 7))?;
        let from = usize::try_from(entry.value).ok()?;
        self.tiff.bytes.get(from..from.checked_add(usize::try_from(entry.count).ok()?)?)
    }

    fn text(&self, tag: u16) -> Option<String> {
        ascii_field(self.bytes(tag)?)
    }

    fn rational(&self, at: u32) -> Option<f64> {
        let (above, below) = (self.tiff.u32(at)?, self.tiff.u32(at.checked_add(4)?)?);
        (below > 0).then(|| f64::from(above) / f64::from(below))
    }

    /// Degrees, minutes and seconds.
    fn degrees(&self, tag: u16) -> Option<f64> {
        let entry = self.entry(tag).filter(|e| e.kind == 5 && e.count >= 1)?;
        let part = |n: u32| (n < entry.count).then(|| self.rational(entry.value.checked_add(n * 8)?)).flatten();
        Some(part(0)? + part(1).unwrap_or(0.0) / 60.0 + part(2).unwrap_or(0.0) / 3600.0)
    }

    /// Tags 1 to 4 of a GPS directory: latitude and longitude with their hemispheres.
    fn position(&self) -> Option<Position> {
        let signed = |degrees: f64, hemisphere: u16, negative: u8| {
            let is = self.bytes(hemisphere).and_then(|b| b.first()).map(u8::to_ascii_uppercase);
            if is == Some(negative) { -degrees } else { degrees }
        };
        Position::new(signed(self.degrees(2)?, 1, b'S'), signed(self.degrees(4)?, 3, b'W'))
    }
}
