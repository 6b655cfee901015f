//! Walking over frames that follow each other, bounded.

use super::super::reader::{ReadAt, Window};

/// Bytes walked over; a longer file's rest is estimated by its size.
const MOST_WALKED: u64 = 4 << 20;
/// Bytes searched for the next frame where one is missing, in all.
const MOST_SEARCHED: u64 = 64 << 10;
/// Bytes of a frame that its parser sees.
const LOOK: usize = 16;

/// One frame of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Length with its header; never 0.
    pub bytes: u64,
    /// Samples per channel that it decodes to.
    pub samples: u32,
    /// Samples per second.
    pub sample_rate: u32,
    /// Channels, when the header says.
    pub channels: Option<u16>,
}

/// What the frames of a file add up to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Walk {
    /// The first frame.
    pub first: Option<Frame>,
    /// Samples per channel in all.
    pub samples: u64,
    /// A part was estimated by its size.
    pub estimated: bool,
    /// Where bytes stand that are no frame.
    pub lost: Option<u64>,
    /// Where the frame starts that runs past the end.
    pub cut: Option<u64>,
}

/// Walks from `start` to `end`; where `parse` sees no frame it looks for the next two that follow each other.
pub(super) fn walk(source: &dyn ReadAt, start: u64, end: u64, parse: fn(&[u8]) -> Option<Frame>) -> Walk {
    let mut window = Window::new(source);
    let mut walk = Walk::default();
    let (mut at, mut searched) = (start, 0);
    while at < end {
        if at - start >= MOST_WALKED {
            let all = u128::from(walk.samples) * u128::from(end - start) / u128::from(at - start);
            walk.samples = u64::try_from(all).unwrap_or(u64::MAX);
            walk.estimated = true;
            break;
        }
        let frame = window.up_to(at, LOOK).ok().and_then(parse);
        match frame {
            Some(frame) if frame.bytes > end - at => {
                walk.cut = Some(at);
                break;
            }
            Some(frame) => {
                walk.first.get_or_insert(frame);
                walk.samples = walk.samples.saturating_add(frame.samples.into());
                at += frame.bytes.max(1);
            }
            None => {
                walk.lost.get_or_insert(at);
                match next_pair(&mut window, at, end, &mut searched, parse) {
                    Some(found) => at = found,
                    None => break,
                }
            }
        }
    }
    walk
}

fn next_pair(
    window: &mut Window<'_>,
    from: u64,
    end: u64,
    searched: &mut u64,
    parse: fn(&[u8]) -> Option<Frame>,
) -> Option<u64> {
    let mut at = from;
    while *searched < MOST_SEARCHED && at + 1 < end {
        at += 1;
        *searched += 1;
        let Some(frame) = window.up_to(at, LOOK).ok().and_then(parse) else { continue };
        let next = at.checked_add(frame.bytes)?;
        if next == end || window.up_to(next, LOOK).ok().and_then(parse).is_some() {
            return Some(at);
        }
    }
    None
}
