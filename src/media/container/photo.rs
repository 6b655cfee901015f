//! Photos: JPEG (ITU-T T.81, Exif 2.32) and PNG (ISO/IEC 15948). Headers only; pictures are never decoded.

mod exif;

use self::exif::Exif;
use super::anomalies::note;
use super::bytes::{array, read_up_to};
use super::dates;
use super::reader::ReadAt;
use super::reader::slice::{u8, u16_be, u32_be};
use crate::model::media::{Container, GpsSource, Health, Kind, MediaFacts, VideoFacts};

/// How a PNG file starts.
pub const PNG: &[u8; 8] = b"\x89PNG\r\n\x1a\n";
/// Most segments or chunks stepped over.
const MOST_PARTS: usize = 2048;
/// Bytes at the end in which the end mark is looked for: makers append thumbnails and padding.
const TAIL: usize = 64 << 10;

/// Reads the facts of a JPEG file.
pub fn jpeg(source: &dyn ReadAt) -> MediaFacts {
    let mut facts = photo_facts(Container::Jpeg, "jpeg");
    let scan = jpeg_segments(source, &mut facts);
    let tail_at = source.len().saturating_sub(TAIL as u64).max(scan.unwrap_or(0));
    let ended = read_up_to(source, tail_at, TAIL).windows(2).any(|w| w == [0xff, 0xd9]);
    finish(&mut facts, scan.is_some(), ended, source.len());
    facts
}

/// Reads the facts of a PNG file.
pub fn png(source: &dyn ReadAt) -> MediaFacts {
    let mut facts = photo_facts(Container::Png, "png");
    let mut at = PNG.len() as u64;
    let mut ended = false;
    for _ in 0..MOST_PARTS {
        let head = read_up_to(source, at, 16);
        let (Some(length), Some(name)) = (u32_be(&head, 0), array::<4>(&head, 4)) else { break };
        let body = at.saturating_add(8);
        match &name {
            b"IHDR" => size(&mut facts, u32_be(&head, 8), u32_be(&read_up_to(source, body, 8), 4)),
            b"eXIf" => take_exif(&read_up_to(source, body, (length as usize).min(TAIL)), body, &mut facts),
            b"IEND" => ended = source.len() >= body.saturating_add(4),
            _ => {}
        }
        at = body.saturating_add(u64::from(length)).saturating_add(4);
        if ended {
            break;
        }
    }
    let has_size = facts.video.as_ref().is_some_and(|v| v.width.is_some());
    finish(&mut facts, has_size, ended, source.len());
    facts
}

fn photo_facts(container: Container, codec: &str) -> MediaFacts {
    let video = VideoFacts { codec: Some(codec.to_owned()), ..VideoFacts::default() };
    MediaFacts { kind: Kind::Photo, container: Some(container), video: Some(video), ..MediaFacts::default() }
}

fn size(facts: &mut MediaFacts, width: Option<u32>, height: Option<u32>) {
    if let Some(video) = &mut facts.video {
        video.width = width.filter(|&w| w > 0);
        video.height = height.filter(|&h| h > 0);
    }
}

fn finish(facts: &mut MediaFacts, headed: bool, ended: bool, end: u64) {
    facts.health = match (headed, ended) {
        (false, _) => {
            note(facts, "no_picture_header", None, Some("no picture starts in it".to_owned()));
            Health::Damaged
        }
        (true, false) => {
            note(facts, "no_end_mark", Some(end), Some("the picture is cut off".to_owned()));
            Health::Partial
        }
        (true, true) => Health::Ok,
    };
}

/// Steps over the segments up to the first scan; gives where its data starts when a frame header came before.
fn jpeg_segments(source: &dyn ReadAt, facts: &mut MediaFacts) -> Option<u64> {
    let mut at = 2u64;
    let mut framed = false;
    for _ in 0..MOST_PARTS {
        let head = read_up_to(source, at, 9);
        let marker = u8(&head, 1).filter(|_| head.first() == Some(&0xff))?;
        match marker {
            // Fill bytes, and markers without a segment.
            0xff => {
                at += 1;
                continue;
            }
            0x01 | 0xd0..=0xd8 => {
                at += 2;
                continue;
            }
            0xd9 => return None,
            _ => {}
        }
        let length = u64::from(u16_be(&head, 2).filter(|&n| n >= 2)?);
        match marker {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                size(facts, u16_be(&head, 7).map(u32::from), u16_be(&head, 5).map(u32::from));
                framed = true;
            }
            0xe1 => {
                let body = read_up_to(source, at + 4, usize::try_from(length - 2).unwrap_or(0));
                if let Some(tiff) = body.strip_prefix(b"Exif\0\0") {
                    take_exif(tiff, at + 10, facts);
                }
            }
            _ => {}
        }
        at += 2 + length;
        if marker == 0xda {
            return framed.then_some(at);
        }
    }
    None
}

/// Adds what Exif says; `at` is the offset of its TIFF header in the file.
fn take_exif(tiff: &[u8], at: u64, facts: &mut MediaFacts) {
    let Some(exif) = Exif::read(tiff) else {
        note(facts, "bad_exif", Some(at), None);
        return;
    };
    if let Some(video) = &mut facts.video {
        video.rotation = exif.rotation;
    }
    facts.created = exif.taken.as_deref().and_then(dates::instant);
    facts.created_raw = exif.taken;
    facts.make = exif.make;
    facts.model = exif.model;
    if let Some((offset, position)) = exif.gps {
        let source = GpsSource { kind: "exif".to_owned(), offset: Some(at + u64::from(offset)), position };
        facts.gps.push(source);
    }
}

#[cfg(test)]
mod tests;
