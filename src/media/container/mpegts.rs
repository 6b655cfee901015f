//! MPEG-2 transport streams (ISO/IEC 13818-1), also in 192-byte packets as cameras write them.
//!
//! Only the first and the last 4 MiB are read: the tables, the sequence headers and the first times stand in the one,
//! the last times in the other. A stream has no creation time.

pub mod clock;
pub mod packet;
pub mod psi;
mod track;

use self::clock::TICKS;
use self::packet::{Grid, PACKET, Packets};
use self::psi::Tables;
use self::track::{Media, Track};
use super::anomalies::note;
use super::bytes::read_up_to;
use super::reader::ReadAt;
use crate::model::media::{Container, Health, Kind, MediaFacts};

/// Bytes read from the front: what is enough for nearly every file, then all that is ever read.
const HEAD: [usize; 2] = [512 << 10, 4 << 20];
/// The same from the back.
const TAIL: [usize; 2] = [256 << 10, 4 << 20];

/// Reads the facts of a transport stream that lies on `grid`. Never fails: what is missing is absent, what is wrong is
/// an anomaly.
pub fn read(source: &dyn ReadAt, grid: Grid) -> MediaFacts {
    let mut facts = MediaFacts { kind: Kind::Video, container: Some(Container::Mpegts), ..MediaFacts::default() };
    let end = data_end(source, grid);
    let head = Head::read(source, grid, end);
    let whole = surroundings(source, grid, end, &head, &mut facts);
    if head.tables.streams.is_empty() {
        note(&mut facts, "no_tables", None, Some("no program map table".to_owned()));
    } else {
        facts.tracks = u32::try_from(head.tables.streams.len()).ok();
    }
    describe(source, grid, end, &head, &mut facts);
    facts.health = match (head.tables.streams.is_empty(), whole && head.has_samples()) {
        (true, _) => Health::Damaged,
        (false, true) => Health::Ok,
        (false, false) => Health::Partial,
    };
    facts
}

/// What the front of the file holds.
struct Head {
    tables: Tables,
    video: Option<Track>,
    audio: Option<Track>,
    lost: Option<u64>,
}

impl Head {
    fn read(source: &dyn ReadAt, grid: Grid, end: u64) -> Self {
        let length = usize::try_from(end.saturating_sub(grid.first)).unwrap_or(usize::MAX);
        let mut size = HEAD[0];
        loop {
            let head = Self::parse(&read_up_to(source, grid.first, size.min(length)), grid);
            if size >= HEAD[1] || size >= length || head.enough() {
                return head;
            }
            size = HEAD[1];
        }
    }

    fn parse(bytes: &[u8], grid: Grid) -> Self {
        let mut tables = Tables::default();
        let mut packets = Packets::new(bytes, 0, grid.stride);
        for packet in packets.by_ref() {
            tables.push(&packet);
            if tables.complete() {
                break;
            }
        }
        let (mut video, mut audio) = track::choose(&tables, bytes, grid.stride);
        let mut packets = Packets::new(bytes, 0, grid.stride);
        for packet in packets.by_ref() {
            for track in [&mut video, &mut audio].into_iter().flatten() {
                track.push(&packet);
            }
        }
        for track in [&mut video, &mut audio].into_iter().flatten() {
            track.inspect();
        }
        Self { lost: packets.lost.map(|at| grid.first + at as u64), tables, video, audio }
    }

    /// Whether reading on would add nothing.
    fn enough(&self) -> bool {
        let seen = |track: &Option<Track>| track.as_ref().is_none_or(Track::is_clear);
        self.tables.complete() && seen(&self.video) && seen(&self.audio)
    }

    fn has_samples(&self) -> bool {
        [&self.video, &self.audio].into_iter().flatten().any(|t| !t.times.is_empty())
    }
}

/// Notes what is wrong around and between the packets; `true` when nothing is cut off.
fn surroundings(source: &dyn ReadAt, grid: Grid, end: u64, head: &Head, facts: &mut MediaFacts) -> bool {
    let before = grid.first.saturating_sub(grid.lead());
    if before > 0 {
        note(facts, "garbage", Some(0), Some(format!("{before} bytes before the first packet")));
    }
    if head.tables.damaged > 0 {
        note(facts, "bad_checksum", None, Some(format!("{} table sections", head.tables.damaged)));
    }
    let mut whole = true;
    if end < source.len() {
        note(facts, "zero_tail", Some(end), Some(format!("{} bytes", source.len() - end)));
        whole = false;
    }
    if let Some(at) = head.lost {
        // Where the last packet ought to end is not known any more.
        note(facts, "garbage", Some(at), Some("packets do not follow each other".to_owned()));
        return false;
    }
    // A last packet may lack what follows its 188 bytes in a longer stride.
    let rest = end.saturating_sub(grid.first) % grid.stride as u64;
    if rest != 0 && rest < PACKET as u64 {
        note(facts, "overrun", Some(end - rest), Some(format!("the last packet has {rest} of {PACKET} bytes")));
        whole = false;
    }
    whole
}

/// Where the packets end: the end of the file, or where a preallocated rest of zeros begins, found by halving.
fn data_end(source: &dyn ReadAt, grid: Grid) -> u64 {
    let stride = grid.stride as u64;
    let packets = source.len().saturating_sub(grid.first) / stride;
    let is_zero = |index: u64| {
        let bytes = read_up_to(source, grid.first + index * stride, PACKET);
        bytes.iter().all(|&b| b == 0)
    };
    if packets < 2 || !is_zero(packets - 1) {
        return source.len();
    }
    let (mut data, mut zero) = (0, packets - 1);
    while zero - data > 1 {
        let middle = data + (zero - data) / 2;
        if is_zero(middle) { zero = middle } else { data = middle }
    }
    grid.first + zero * stride
}

fn describe(source: &dyn ReadAt, grid: Grid, end: u64, head: &Head, facts: &mut MediaFacts) {
    facts.video = head.video.as_ref().map(|t| t.video_facts(facts));
    facts.audio = head.audio.as_ref().map(Track::audio_facts);
    if head.video.is_none() && head.audio.is_some() {
        facts.kind = Kind::Audio;
    }
    if let Some(main) = head.video.as_ref().or(head.audio.as_ref()) {
        facts.duration_ms = duration_ms(source, grid, end, main, facts);
    }
}

/// From the first time to the last and the length of what is shown then, as players reckon it.
fn duration_ms(source: &dyn ReadAt, grid: Grid, end: u64, main: &Track, facts: &mut MediaFacts) -> Option<u64> {
    let first = main.first_time()?;
    let (last, tail) = last_time(source, grid, end, main, first)?;
    let length = match main.media {
        Media::Video => clock::spacing(&main.times).or_else(|| main.picture?.fps.map(|fps| TICKS / fps)),
        Media::Audio => tail.last_packet_ticks(),
    };
    #[expect(clippy::cast_precision_loss, reason = "33 bits")]
    let ticks = last as f64 + length.unwrap_or(0.0);
    if ticks <= 0.0 {
        note(facts, "time_jump", None, Some("the last time is before the first".to_owned()));
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, below 2³⁴")]
    Some((ticks * 1000.0 / TICKS).round() as u64)
}

/// The latest time of the track near the end, in ticks after `first`.
fn last_time(source: &dyn ReadAt, grid: Grid, end: u64, main: &Track, first: u64) -> Option<(i64, Track)> {
    let stride = grid.stride as u64;
    for size in TAIL {
        let packets = end.saturating_sub(grid.first) / stride;
        let from = grid.first + packets.saturating_sub(size as u64 / stride) * stride;
        let bytes = read_up_to(source, from, usize::try_from(end.saturating_sub(from)).ok()?);
        let mut tail = main.again();
        Packets::new(&bytes, 0, grid.stride).for_each(|packet| tail.push(&packet));
        if let Some(last) = tail.times.iter().map(|&t| clock::distance(first, t)).max() {
            return Some((last, tail));
        }
        if from == grid.first {
            break;
        }
    }
    None
}

#[cfg(test)]
mod tests;
