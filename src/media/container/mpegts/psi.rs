//! Program tables (ISO/IEC 13818-1 §2.4.4): which streams there are and what they carry.

use std::collections::BTreeMap;

use super::super::reader::slice::{u8, u16_be};
use super::packet::Packet;

/// Most programs and most streams that are kept.
const MOST_PROGRAMS: usize = 16;
const MOST_STREAMS: usize = 64;
/// Longest section, header included.
const MOST_SECTION: usize = 4096;

/// What an elementary stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Pictures, with the codec's name.
    Video(&'static str),
    /// Sound, with the codec's name.
    Audio(&'static str),
    /// Anything else; the stream type.
    Other(u8),
}

/// An elementary stream of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elementary {
    /// Its packets' PID.
    pub pid: u16,
    /// What it carries.
    pub carries: Carries,
}

/// The tables, gathered packet by packet.
#[derive(Debug, Default)]
pub struct Tables {
    sections: BTreeMap<u16, Vec<u8>>,
    programs: Vec<u16>,
    /// Elementary streams in the order of their tables.
    pub streams: Vec<Elementary>,
    /// Sections whose check sum is wrong; they are not used.
    pub damaged: u32,
    done: Vec<u16>,
}

impl Tables {
    /// Whether the association table and every program's map have been read.
    pub fn complete(&self) -> bool {
        !self.programs.is_empty() && self.programs.iter().all(|p| self.done.contains(p))
    }

    /// Takes the next packet of the stream.
    pub fn push(&mut self, packet: &Packet<'_>) {
        let wanted = packet.pid == 0 || self.programs.contains(&packet.pid);
        if !wanted || self.done.contains(&packet.pid) {
            return;
        }
        let mut payload = packet.payload;
        let mut held = self.sections.remove(&packet.pid).unwrap_or_default();
        if packet.start {
            let before = payload.first().map_or(0, |&n| usize::from(n)) + 1;
            held.extend_from_slice(payload.get(1..before).unwrap_or_default());
            self.take_sections(packet.pid, &mut held);
            held.clear();
            payload = payload.get(before..).unwrap_or_default();
        } else if held.is_empty() {
            return;
        }
        held.extend_from_slice(payload);
        self.take_sections(packet.pid, &mut held);
        held.truncate(MOST_SECTION);
        self.sections.insert(packet.pid, held);
    }

    /// Uses up the whole sections at the front of `held`.
    fn take_sections(&mut self, pid: u16, held: &mut Vec<u8>) {
        loop {
            if held.first() == Some(&0xff) {
                held.clear();
            }
            let Some(length) = u16_be(held, 1).map(|n| usize::from(n & 0xfff) + 3) else { return };
            if held.len() < length {
                return;
            }
            let section: Vec<u8> = held.drain(..length).collect();
            if checksum(&section) == 0 {
                self.section(pid, &section);
            } else {
                self.damaged = self.damaged.saturating_add(1);
            }
        }
    }

    fn section(&mut self, pid: u16, section: &[u8]) {
        let current = u8(section, 5).is_some_and(|b| b & 1 == 1);
        let body = section.len().checked_sub(4).and_then(|end| section.get(8..end)).unwrap_or_default();
        match section.first() {
            Some(0) if pid == 0 && current => self.association(body),
            Some(2) if pid != 0 && current => self.map(pid, body),
            _ => {}
        }
    }

    fn association(&mut self, body: &[u8]) {
        for entry in body.chunks_exact(4) {
            let (number, pid) = (u16_be(entry, 0).unwrap_or(0), u16_be(entry, 2).unwrap_or(0) & 0x1fff);
            if number != 0 && pid != 0 && self.programs.len() < MOST_PROGRAMS && !self.programs.contains(&pid) {
                self.programs.push(pid);
            }
        }
        self.done.push(0);
    }

    fn map(&mut self, pid: u16, body: &[u8]) {
        let skip = u16_be(body, 2).map_or(usize::MAX, |n| 4 + usize::from(n & 0xfff));
        let registered = body.get(4..skip).and_then(|d| descriptor(d, 0x05)).unwrap_or_default();
        let mut rest = body.get(skip..).unwrap_or_default();
        while let (Some(kind), Some(id), Some(length)) = (u8(rest, 0), u16_be(rest, 1), u16_be(rest, 3)) {
            let next = 5 + usize::from(length & 0xfff);
            let descriptors = rest.get(5..next).unwrap_or_default();
            let id = id & 0x1fff;
            if self.streams.len() < MOST_STREAMS && self.streams.iter().all(|s| s.pid != id) {
                self.streams.push(Elementary { pid: id, carries: carries(kind, descriptors, registered) });
            }
            rest = rest.get(next..).unwrap_or_default();
        }
        self.done.push(pid);
    }
}

/// The payload of the first descriptor with this tag.
fn descriptor(mut bytes: &[u8], tag: u8) -> Option<&[u8]> {
    while let (Some(found), Some(length)) = (u8(bytes, 0), u8(bytes, 1)) {
        let end = 2 + usize::from(length);
        if found == tag {
            return bytes.get(2..end);
        }
        bytes = bytes.get(end..)?;
    }
    None
}

/// Stream types of ISO/IEC 13818-1 table 2-34 and ATSC A/53; 0x90 and above as Chinese video networks use them
/// (GB/T 28181 annex C), 0x80 as Blu-ray discs do when the program is registered as such.
fn carries(kind: u8, descriptors: &[u8], program: &[u8]) -> Carries {
    match kind {
        0x01 => Carries::Video("mpeg1"),
        0x02 => Carries::Video("mpeg2"),
        0x10 => Carries::Video("mpeg4"),
        0x1b => Carries::Video("h264"),
        0x24 => Carries::Video("hevc"),
        0x33 => Carries::Video("vvc"),
        0x80 if program == b"HDMV" => Carries::Audio("pcm"),
        0x80 => Carries::Video("svac"),
        0x03 | 0x04 => Carries::Audio("mp3"),
        0x0f => Carries::Audio("aac"),
        0x11 => Carries::Audio("aac_latm"),
        0x81 => Carries::Audio("ac3"),
        0x87 => Carries::Audio("eac3"),
        0x90 => Carries::Audio("g711a"),
        0x91 => Carries::Audio("g711u"),
        0x92 => Carries::Audio("g722"),
        0x93 => Carries::Audio("g723"),
        0x99 => Carries::Audio("g729"),
        0x9b => Carries::Audio("svac_audio"),
        0x06 => private(descriptors),
        other => Carries::Other(other),
    }
}

/// A private stream says in its descriptors what it is.
fn private(descriptors: &[u8]) -> Carries {
    match descriptor(descriptors, 0x05) {
        Some(b"HEVC") => return Carries::Video("hevc"),
        Some(b"Opus") => return Carries::Audio("opus"),
        Some(b"AC-3") => return Carries::Audio("ac3"),
        _ => {}
    }
    match (descriptor(descriptors, 0x6a), descriptor(descriptors, 0x7a)) {
        (Some(_), _) => Carries::Audio("ac3"),
        (_, Some(_)) => Carries::Audio("eac3"),
        _ => Carries::Other(0x06),
    }
}

/// CRC-32 of ISO/IEC 13818-1 annex A; 0 over a section that ends with its own.
fn checksum(section: &[u8]) -> u32 {
    section.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 })
    })
}
