use super::super::reader::ReadAt;
use super::read;
use crate::model::media::{Health, Kind};

fn chunk(id: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut bytes = id.to_vec();
    bytes.extend((payload.len() as u32).to_le_bytes());
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

fn list(id: &[u8; 4], kind: &[u8; 4], parts: &[Vec<u8>]) -> Vec<u8> {
    chunk(id, &[kind.to_vec(), parts.concat()].concat())
}

fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// An AVI of 1280 × 720 at 25 pictures a second, and G.711 sound.
struct Clip {
    frames: u32,
    length: u32,
    handler: &'static [u8; 4],
    date: &'static [u8],
    extra: Vec<u8>,
}

impl Default for Clip {
    fn default() -> Self {
        Self { frames: 50, length: 50, handler: b"H264", date: b"Wed Nov 24 08:52:07 2021\n\0", extra: Vec::new() }
    }
}

impl Clip {
    fn headers(&self) -> Vec<u8> {
        let avih = words(&[40_000, 0, 0, 0x10, self.length, 0, 2, 0, 1280, 720, 0, 0, 0, 0]);
        let mut video =
            [b"vids".to_vec(), self.handler.to_vec(), words(&[0, 0, 0, 1, 25, 0, self.length, 0, 0, 0, 0, 0])].concat();
        video.truncate(56);
        let mut picture = words(&[40, 1280, 720u32.wrapping_neg(), 0x18_0001]);
        picture.extend(self.handler);
        picture.extend(words(&[0; 5]));
        let sound = [b"auds".to_vec(), words(&[0, 0, 0, 0, 1, 8000, 0, self.length * 320, 0, 0, 0, 0])].concat();
        let wave = [6u16, 1, 8000, 0, 8000, 0, 1, 8, 0].iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        let streams = [
            list(b"LIST", b"strl", &[chunk(b"strh", &video), chunk(b"strf", &picture)]),
            list(b"LIST", b"strl", &[chunk(b"strh", &sound), chunk(b"strf", &wave)]),
        ];
        let parts =
            [vec![chunk(b"avih", &avih)], streams.to_vec(), vec![chunk(b"IDIT", self.date), self.extra.clone()]];
        list(b"LIST", b"hdrl", &parts.concat())
    }

    fn samples(&self) -> Vec<u8> {
        let one = [chunk(b"00dc", &[7; 999]), chunk(b"01wb", &[8; 320])].concat();
        list(b"LIST", b"movi", &vec![one; self.frames as usize])
    }

    fn index(&self) -> Vec<u8> {
        let entries = (0..self.frames).map(|n| [b"00dc".to_vec(), words(&[0x10, 4 + n * 1336, 999])].concat());
        chunk(b"idx1", &entries.flatten().collect::<Vec<u8>>())
    }

    fn file(&self) -> Vec<u8> {
        list(b"RIFF", b"AVI ", &[self.headers(), self.samples(), self.index()])
    }
}

fn codes(data: &dyn ReadAt) -> (Health, Vec<String>) {
    let facts = read(data);
    (facts.health, facts.anomalies.into_iter().map(|a| a.code).collect())
}

#[test]
fn a_whole_file() {
    let facts = read(&Clip::default().file());
    assert_eq!((facts.health, facts.anomalies.as_slice(), facts.kind), (Health::Ok, &[][..], Kind::Video));
    assert_eq!((facts.duration_ms, facts.tracks), (Some(2000), Some(2)));
    let video = facts.video.unwrap();
    assert_eq!(
        (video.codec.as_deref(), video.width, video.height, video.fps),
        (Some("h264"), Some(1280), Some(720), Some(25.0))
    );
    let audio = facts.audio.unwrap();
    assert_eq!((audio.codec.as_deref(), audio.sample_rate, audio.channels), (Some("g711a"), Some(8000), Some(1)));
    assert_eq!(facts.created.unwrap().to_string(), "2021-11-24T08:52:07Z");
    assert_eq!(facts.created_raw.as_deref(), Some("Wed Nov 24 08:52:07 2021"));
}

#[test]
fn a_date_that_does_not_read_is_kept_raw() {
    let facts = read(&Clip { date: b"yesterday", ..Clip::default() }.file());
    assert_eq!((facts.created, facts.created_raw.as_deref()), (None, Some("yesterday")));
}

#[test]
fn codecs_by_their_common_names() {
    for (handler, name) in [(b"XVID", "mpeg4"), (b"MJPG", "mjpeg"), (b"H265", "hevc"), (b"ABCD", "ABCD")] {
        let facts = read(&Clip { handler, ..Clip::default() }.file());
        assert_eq!(facts.video.unwrap().codec.as_deref(), Some(name));
    }
}

#[test]
fn cut_in_the_samples_is_partial_and_keeps_the_declared_duration() {
    let whole = Clip::default().file();
    let facts = read(&whole[..whole.len() / 2].to_vec());
    assert_eq!((facts.health, facts.duration_ms), (Health::Partial, Some(2000)));
    assert_eq!(facts.anomalies[0].code, "overrun");
    assert_eq!(facts.anomalies[0].offset, Some(whole.len() as u64 / 2));
}

#[test]
fn cut_in_the_headers_is_damaged() {
    assert_eq!(codes(&Clip::default().file()[..80].to_vec()), (Health::Damaged, vec!["no_tracks".to_owned()]));
}

#[test]
fn cut_before_the_index() {
    let clip = Clip::default();
    let file = list(b"RIFF", b"AVI ", &[clip.headers(), clip.samples()]);
    assert_eq!(codes(&file), (Health::Partial, vec!["no_index".to_owned()]));
}

#[test]
fn an_unfinished_recording_is_counted() {
    let clip = Clip { length: 0, ..Clip::default() };
    let mut samples = clip.samples();
    samples[4..8].fill(0);
    let facts = read(&[b"RIFF\0\0\0\0AVI ".to_vec(), clip.headers(), samples].concat());
    assert_eq!((facts.health, facts.duration_ms), (Health::Partial, Some(2000)));
    let codes: Vec<&str> = facts.anomalies.iter().map(|a| a.code.as_str()).collect();
    assert_eq!(codes, ["unfinished", "duration_estimated"]);
}

#[test]
fn an_index_that_points_behind_the_end() {
    let clip = Clip::default();
    let entry = [b"00dc".to_vec(), words(&[0x10, 100_000_000, 999])].concat();
    let file = list(b"RIFF", b"AVI ", &[clip.headers(), clip.samples(), chunk(b"idx1", &entry)]);
    assert_eq!(codes(&file), (Health::Partial, vec!["samples_beyond_eof".to_owned()]));
}

#[test]
fn open_dml_counts_all_parts() {
    let extra = list(b"LIST", b"odml", &[chunk(b"dmlh", &words(&[100]))]);
    let clip = Clip { extra, ..Clip::default() };
    let more = list(b"RIFF", b"AVIX", &[clip.samples()]);
    let facts = read(&[clip.file(), more].concat());
    assert_eq!((facts.health, &facts.anomalies, facts.duration_ms), (Health::Ok, &vec![], Some(4000)));
}

#[test]
fn what_stands_behind_the_last_chunk_is_named() {
    let whole = Clip::default().file();
    for (tail, code) in [(vec![0; 5000], "zero_tail"), (vec![0xfe; 50], "garbage")] {
        let facts = read(&[whole.clone(), tail].concat());
        assert_eq!((facts.anomalies[0].code.as_str(), facts.anomalies[0].offset), (code, Some(whole.len() as u64)));
    }
    let facts = read(&[whole.clone(), chunk(b"gps0", &[1; 40])].concat());
    assert_eq!((facts.gps[0].kind.as_str(), facts.gps[0].offset), ("gps0", Some(whole.len() as u64)));
}
