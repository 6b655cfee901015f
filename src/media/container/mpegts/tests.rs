use super::packet::Grid;
use super::read;
use crate::model::media::{Health, Kind, MediaFacts};

const GRID: Grid = Grid { stride: 188, first: 0 };
/// 640 × 360, 25 pictures a second, as x264 writes it.
const SPS: [u8; 25] = [
    0x67, 0xf4, 0x00, 0x1e, 0x91, 0x96, 0x80, 0xa0, 0x2f, 0xf8, 0x9c, 0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00,
    0x00, 0x0c, 0x83, 0xc5, 0x8b, 0xa8,
];

fn packet(pid: u16, start: bool, payload: &[u8]) -> Vec<u8> {
    let room = 184 - payload.len();
    let high = (pid >> 8) as u8 | if start { 0x40 } else { 0 };
    let mut bytes = vec![0x47, high, pid as u8, if room > 0 { 0x30 } else { 0x10 }];
    if room > 0 {
        bytes.push(room as u8 - 1);
        bytes.extend(std::iter::repeat_n(0, room - 1));
    }
    bytes.extend(payload);
    bytes
}

/// Cuts a payload into packets.
fn packets(pid: u16, payload: &[u8]) -> Vec<u8> {
    payload.chunks(184).enumerate().flat_map(|(n, part)| packet(pid, n == 0, part)).collect()
}

fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, &b| {
        (0..8).fold(crc ^ (u32::from(b) << 24), |c, _| if c >> 31 == 1 { (c << 1) ^ 0x04c1_1db7 } else { c << 1 })
    })
}

fn section(pid: u16, table: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len() + 9;
    let mut bytes = vec![table, 0xb0 | (length >> 8) as u8, length as u8, 0, 1, 0xc1, 0, 0];
    bytes.extend(body);
    bytes.extend(crc(&bytes).to_be_bytes());
    packets(pid, &[vec![0], bytes].concat())
}

/// Tables of one program; `descriptors` bytes of program descriptors make its map long.
fn tables(streams: &[(u8, u16)], descriptors: usize) -> Vec<u8> {
    let mut map = vec![0xe1, 0, 0xf0 | (descriptors >> 8) as u8, descriptors as u8];
    for _ in 0..descriptors / 100 {
        map.extend([0x80, 98]);
        map.extend([0; 98]);
    }
    for (kind, pid) in streams {
        map.extend([*kind, 0xe0 | (pid >> 8) as u8, *pid as u8, 0xf0, 0]);
    }
    [section(0, 0, &[0, 1, 0xf0, 0]), section(0x1000, 2, &map)].concat()
}

fn pes(pid: u16, stream: u8, time: u64, payload: &[u8]) -> Vec<u8> {
    let t = time % (1 << 33);
    let mut bytes = vec![0, 0, 1, stream, 0, 0, 0x80, 0x80, 5];
    bytes.extend([
        (t >> 29) as u8 & 0x0e | 0x21,
        (t >> 22) as u8,
        (t >> 14) as u8 | 1,
        (t >> 7) as u8,
        (t << 1) as u8 | 1,
    ]);
    bytes.extend(payload);
    packets(pid, &bytes)
}

/// `count` pictures of 25 a second from `start` on, in the order I P B B.
fn pictures(start: u64, count: u64) -> Vec<u8> {
    let order = |n: u64| if n % 3 == 1 { n + 2 } else { n - u64::from(n > 0) };
    let unit = [&[0, 0, 0, 1][..], &SPS, &[0, 0, 1, 0x65, 0x88, 0x84, 0x21]].concat();
    (0..count).flat_map(|n| pes(0x100, 0xe0, start + order(n) * 3600, &unit)).collect()
}

fn clip(start: u64, count: u64) -> Vec<u8> {
    [tables(&[(0x1b, 0x100), (0x0f, 0x101)], 0), pictures(start, count)].concat()
}

fn codes(facts: &MediaFacts) -> Vec<&str> {
    facts.anomalies.iter().map(|a| a.code.as_str()).collect()
}

#[test]
fn a_whole_stream() {
    let facts = read(&clip(126_000, 76), GRID);
    assert_eq!((facts.health, codes(&facts), facts.kind), (Health::Ok, vec![], Kind::Video));
    assert_eq!((facts.duration_ms, facts.tracks), (Some(3040), Some(2)));
    let video = facts.video.unwrap();
    assert_eq!(
        (video.codec.as_deref(), video.width, video.height, video.fps),
        (Some("h264"), Some(640), Some(360), Some(25.0))
    );
    assert_eq!(facts.audio.unwrap().codec.as_deref(), Some("aac"));
}

#[test]
fn times_wrap_after_33_bits() {
    assert_eq!(read(&clip((1 << 33) - 90_000, 76), GRID).duration_ms, Some(3040));
}

#[test]
fn a_map_over_several_packets() {
    let data = [tables(&[(0x24, 0x100), (0x90, 0x101), (0x06, 0x102)], 700), pictures(0, 10)].concat();
    let facts = read(&data, GRID);
    assert_eq!(facts.tracks, Some(3));
    assert_eq!(facts.video.unwrap().codec.as_deref(), Some("hevc"));
    assert_eq!(facts.audio.unwrap().codec.as_deref(), Some("g711a"));
}

#[test]
fn a_table_with_a_wrong_checksum_is_not_used() {
    let mut bad = tables(&[(0x1b, 0x100)], 0);
    let last = bad.len() - 6;
    bad[last] ^= 1;
    let facts = read(&[bad, pictures(0, 13)].concat(), GRID);
    assert_eq!((facts.health, codes(&facts)), (Health::Damaged, vec!["bad_checksum", "no_tables"]));
    assert_eq!((facts.tracks, facts.duration_ms), (None, Some(520)), "the pictures are found all the same");
    assert_eq!(facts.video.unwrap().codec.as_deref(), Some("h264"));
}

#[test]
fn a_cut_packet_a_zero_tail_and_damage_between() {
    let whole = clip(0, 25);
    let facts = read(&whole[..whole.len() - 100].to_vec(), GRID);
    assert_eq!((facts.health, codes(&facts)), (Health::Partial, vec!["overrun"]));
    assert_eq!(facts.anomalies[0].offset, Some(whole.len() as u64 - 188));

    let facts = read(&[whole.clone(), vec![0; 188 * 40_000 + 7]].concat(), GRID);
    assert_eq!((facts.health, codes(&facts), facts.duration_ms), (Health::Partial, vec!["zero_tail"], Some(1000)));
    assert_eq!(facts.anomalies[0].offset, Some(whole.len() as u64));

    let at = 188 * 10;
    let facts = read(&[&whole[..at], &[0xaa; 100], &whole[at..]].concat(), GRID);
    assert_eq!((facts.health, codes(&facts)), (Health::Partial, vec!["garbage"]));
    assert_eq!((facts.anomalies[0].offset, facts.duration_ms), (Some(at as u64), Some(1000)));
}

#[test]
fn other_strides_and_bytes_in_front() {
    let wide: Vec<u8> = clip(0, 25).chunks(188).flat_map(|p| [&[1, 2, 3, 4], p].concat()).collect();
    let facts = read(&wide, Grid { stride: 192, first: 4 });
    assert_eq!((facts.health, codes(&facts), facts.duration_ms), (Health::Ok, vec![], Some(1000)));
    let facts = read(&[vec![9; 77], clip(0, 25)].concat(), Grid { stride: 188, first: 77 });
    assert_eq!((facts.health, codes(&facts), facts.duration_ms), (Health::Ok, vec!["garbage"], Some(1000)));
}

#[test]
fn a_clock_that_goes_back_gives_no_duration() {
    let facts =
        read(&[clip(9_000_000, 40), [0x47, 0x1f, 0xff, 0x10].repeat(47 * 30_000), pictures(0, 5)].concat(), GRID);
    assert_eq!((codes(&facts), facts.duration_ms), (vec!["time_jump"], None));
}

#[test]
fn times_hours_apart_give_no_rate() {
    let unit = [0, 0, 1, 0x65, 0x88, 0x84, 0x21];
    let far: Vec<u8> = (0..9).flat_map(|n| pes(0x100, 0xe0, n * 3000 * 90_000, &unit)).collect();
    let facts = read(&[tables(&[(0x1b, 0x100)], 0), far].concat(), GRID);
    assert_eq!(facts.video.unwrap().fps, None, "not 0");
}

#[test]
fn sound_alone() {
    let frame = [&[0xff, 0xf1, 0x50, 0x40, 0x02, 0x00, 0xfc][..], &[0; 9]].concat();
    let sound = (0..10u64).flat_map(|n| pes(0x101, 0xc0, n * 4 * 2090, &frame.repeat(4)));
    let facts = read(&[tables(&[(0x0f, 0x101)], 0), sound.collect()].concat(), GRID);
    assert_eq!((facts.kind, facts.health, facts.duration_ms), (Kind::Audio, Health::Ok, Some(929)));
    let audio = facts.audio.unwrap();
    assert_eq!((audio.sample_rate, audio.channels), (Some(44_100), Some(1)));
}
