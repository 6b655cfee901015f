//! Transport packets (ISO/IEC 13818-1 §2.4.3.2) out of a buffer, finding their grid again after damage.

use super::super::bytes::array;
use super::super::reader::slice::u8;

/// Bytes of a transport packet; a Blu-ray style packet has 4 bytes of its own before, others 16 bytes of parity after.
pub const PACKET: usize = 188;
const SYNC: u8 = 0x47;

/// How packets lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Bytes from one sync byte to the next: 188, 192 or 204.
    pub stride: usize,
    /// Offset of the first sync byte.
    pub first: u64,
}

impl Grid {
    /// Bytes of a packet that stand before its sync byte: the arrival time of a 192-byte packet.
    pub fn lead(&self) -> u64 {
        if self.stride == 192 { 4 } else { 0 }
    }
}

/// One packet that is whole and not marked as damaged.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    /// The stream it belongs to.
    pub pid: u16,
    /// A section or a PES packet starts in it.
    pub start: bool,
    /// What follows the header and the adaptation field; empty when it carries nothing or is scrambled.
    pub payload: &'a [u8],
}

/// The packets of a buffer.
pub struct Packets<'a> {
    bytes: &'a [u8],
    at: usize,
    stride: usize,
    /// Index of the first place where the grid was lost.
    pub lost: Option<usize>,
}

impl<'a> Packets<'a> {
    /// The packets of `bytes`, the first sync byte being at index `at` or behind.
    pub fn new(bytes: &'a [u8], at: usize, stride: usize) -> Self {
        Self { bytes, at, stride: stride.max(PACKET), lost: None }
    }

    /// Goes on to the next place where two sync bytes, or the last one, lie a stride apart.
    fn resynchronize(&mut self) -> Option<()> {
        self.lost.get_or_insert(self.at);
        let rest = self.bytes.get(self.at..)?;
        let found = rest.iter().enumerate().position(|(i, &b)| {
            b == SYNC && rest.get(i + self.stride).is_none_or(|&next| next == SYNC) && rest.len() - i >= PACKET
        })?;
        self.at += found;
        Some(())
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        loop {
            let whole = self.at.checked_add(PACKET)?;
            if whole > self.bytes.len() {
                return None;
            }
            if self.bytes.get(self.at) != Some(&SYNC) {
                self.resynchronize()?;
            }
            let packet = self.bytes.get(self.at..self.at.checked_add(PACKET)?)?;
            self.at = self.at.checked_add(self.stride)?;
            if let Some((pid, start, from)) = header(packet) {
                return Some(Packet { pid, start, payload: packet.get(from..).unwrap_or_default() });
            }
        }
    }
}

/// PID, start flag and where the payload begins; `None` for a packet marked as damaged and for stuffing.
fn header(packet: &[u8]) -> Option<(u16, bool, usize)> {
    let [_, high, low, control]: [u8; 4] = array(packet, 0)?;
    let pid = u16::from(high & 0x1f) << 8 | u16::from(low);
    if high & 0x80 != 0 || pid == 0x1fff {
        return None;
    }
    let from = match control >> 4 & 3 {
        1 => 4,
        3 => 5 + usize::from(u8(packet, 4)?),
        _ => PACKET,
    };
    let scrambled = control >> 6 != 0;
    Some((pid, high & 0x40 != 0, if scrambled { PACKET } else { from }))
}
