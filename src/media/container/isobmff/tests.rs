//! Tests of the whole reader: over files built here, over damaged ones, and over real clips where they are at hand.

mod builder;
mod real_clips;

use std::cell::Cell;
use std::io;

use proptest::prelude::*;

use super::*;
use crate::model::media::{Health, Kind, Position};
use builder::{Clip, TrackSpec, boxed, esds, fragmented, picture, sound, words};

fn facts(file: &[u8]) -> MediaFacts {
    read(&file)
}

fn codes(facts: &MediaFacts) -> Vec<&str> {
    facts.anomalies.iter().map(|a| a.code.as_str()).collect()
}

#[track_caller]
fn assert_near(position: Option<Position>, lat: f64, lon: f64) {
    let p = position.expect("a position");
    assert!((p.lat - lat).abs() < 1e-3 && (p.lon - lon).abs() < 1e-3, "{p:?}");
}

#[test]
fn a_sound_file() {
    let facts = facts(&Clip::with(Vec::new()).build());
    assert_eq!((facts.kind, facts.health, facts.tracks), (Kind::Video, Health::Ok, Some(2)));
    assert_eq!(facts.duration_ms, Some(400));
    assert_eq!(facts.created.unwrap().to_string(), "2024-02-02T08:09:57Z");
    assert_eq!(facts.created_raw.as_deref(), Some("3789706197"));
    let video = facts.video.as_ref().unwrap();
    assert_eq!((video.codec.as_deref(), video.width, video.height), (Some("h264"), Some(640), Some(360)));
    assert_eq!((video.rotation, video.fps), (Some(0), Some(25.0)));
    let audio = facts.audio.as_ref().unwrap();
    assert_eq!((audio.codec.as_deref(), audio.sample_rate, audio.channels), (Some("aac"), Some(48_000), Some(2)));
    assert_eq!(codes(&facts), [""; 0]);
}

#[test]
fn cut_anywhere_it_is_never_ok_and_keeps_what_is_there() {
    let file = Clip::with(Vec::new()).build();
    let moov_end = file.len() - 8 - (0..10).map(|i| 100 + i).sum::<usize>() - 18 * 20;
    for len in 0..file.len() {
        let cut = facts(&file[..len]);
        let expected = if len < moov_end { Health::Damaged } else { Health::Partial };
        assert_eq!(cut.health, expected, "cut at {len}: {:?}", cut.anomalies);
    }
    let cut = facts(&file[..moov_end - 200]);
    assert_eq!((cut.duration_ms, cut.video.unwrap().width), (Some(400), Some(640)));
    let cut = facts(&file[..file.len() - 1]);
    let beyond = cut.anomalies.iter().find(|a| a.code == "samples_beyond_eof").unwrap();
    assert_eq!(beyond.offset, Some(file.len() as u64 - 1));
    assert_eq!(beyond.detail.as_deref(), Some("1 of 28 samples"));
}

#[test]
fn damage_is_named_with_its_place() {
    let ftyp = boxed(b"ftyp", b"isom\0\0\0\0");
    let end = ftyp.len() as u64;
    let no_moov = facts(&[ftyp.clone(), boxed(b"mdat", &[1; 100])].concat());
    assert_eq!((no_moov.health, codes(&no_moov)), (Health::Damaged, vec!["no_moov"]));
    assert_eq!((no_moov.kind, no_moov.tracks), (Kind::Video, None));
    let zeros = facts(&[ftyp.clone(), vec![0; 1 << 20]].concat());
    assert_eq!((codes(&zeros), zeros.anomalies[0].offset), (vec!["zero_tail", "no_moov"], Some(end)));
    let garbage = facts(&[ftyp.clone(), vec![0xf7; 5000]].concat());
    assert_eq!((codes(&garbage), garbage.anomalies[0].offset), (vec!["garbage", "no_moov"], Some(end)));
    let no_tracks = facts(&Clip::of(Vec::new()).build());
    assert_eq!((no_tracks.health, no_tracks.tracks), (Health::Damaged, Some(0)));
    assert!(codes(&no_tracks).contains(&"no_tracks"));
    let mut clip = Clip::with(Vec::new()).build();
    let at = end as usize + 8 + 4;
    clip[at..at + 4].copy_from_slice(b"mv\x01d");
    let no_mvhd = facts(&clip);
    assert_eq!((no_mvhd.health, no_mvhd.duration_ms, codes(&no_mvhd)), (Health::Ok, Some(400), vec!["no_mvhd"]));
    assert_eq!((no_mvhd.created, no_mvhd.anomalies[0].offset), (None, Some(end)));
}

#[test]
fn whole_files_with_odd_tails_are_ok() {
    let file = Clip::with(Vec::new()).build();
    let zeros = facts(&[file.clone(), vec![0; 4096]].concat());
    assert_eq!((zeros.health, codes(&zeros)), (Health::Ok, vec!["zero_tail"]));
    let junk = facts(&[file.clone(), vec![0xee; 4096]].concat());
    assert_eq!((junk.health, codes(&junk)), (Health::Ok, vec!["garbage"]));
    let mut open_end = file;
    let mdat = open_end.windows(4).position(|w| w == b"mdat").unwrap();
    open_end[mdat - 4..mdat].fill(0);
    assert_eq!(codes(&facts(&open_end)), [""; 0], "size 0 reaches to the end");
}

#[test]
fn a_damaged_box_between_is_bridged() {
    let (mut file, tail) = (boxed(b"ftyp", b"isom\0\0\0\0"), Clip::with(Vec::new()).build());
    file.extend(boxed(b"fr\xffe", &[5; 40]));
    file.extend(tail);
    let facts = facts(&file);
    assert_eq!((facts.tracks, codes(&facts).contains(&"garbage")), (Some(2), true));
}

#[test]
fn times_and_scales() {
    let read = |clip: Clip| facts(&clip.build());
    let unix = read(Clip { created: 1_715_146_160, ..Clip::with(Vec::new()) });
    assert_eq!(unix.created.unwrap().to_string(), "2024-05-08T05:29:20Z");
    assert_eq!((unix.created_raw.as_deref(), codes(&unix)), (Some("1715146160"), vec!["unix_epoch_time"]));
    let unset = read(Clip { created: 0, ..Clip::with(Vec::new()) });
    assert_eq!((unset.created, unset.created_raw.as_deref()), (None, Some("0")));
    let no_scale = read(Clip { timescale: 0, ..Clip::with(Vec::new()) });
    assert_eq!((no_scale.health, no_scale.duration_ms), (Health::Damaged, Some(400)));
    assert!(codes(&no_scale).contains(&"timescale_zero"));
    for duration in [0, u32::MAX] {
        let unknown = read(Clip { duration, ..Clip::with(Vec::new()) });
        assert_eq!((unknown.duration_ms, unknown.health), (Some(400), Health::Ok), "the longest track's");
    }
}

#[test]
fn rotations() {
    for (matrix, degrees) in [([0, 1, -1, 0], Some(90)), ([-1, 0, 0, -1], Some(180)), ([0, -1, 1, 0], Some(270))] {
        let track = TrackSpec { matrix, ..TrackSpec::video() };
        let facts = facts(&Clip::of(vec![track]).build());
        assert_eq!((facts.video.unwrap().rotation, facts.anomalies.len()), (degrees, 0));
    }
    let mirror = TrackSpec { matrix: [-1, 0, 0, 1], ..TrackSpec::video() };
    let mirror = facts(&Clip::of(vec![mirror]).build());
    assert_eq!((codes(&mirror), mirror.video.as_ref().unwrap().rotation), (vec!["mirrored"], None));
}

#[test]
fn codecs() {
    let video = |entry: Vec<u8>| {
        let facts = facts(&Clip::of(vec![TrackSpec { entry, ..TrackSpec::video() }]).build());
        (facts.video.unwrap().codec.unwrap(), facts.anomalies)
    };
    for (format, codec) in [(b"hvc1", "hevc"), (b"jpeg", "mjpeg"), (b"s263", "h263"), (b"apcn", "apcn")] {
        assert_eq!(video(picture(format, 640, 360, &boxed(b"hvcC", &[1; 23]))), (codec.to_owned(), Vec::new()));
    }
    assert_eq!(video(picture(b"mp4v", 640, 360, &esds(0x20, [0, 0]))).0, "mpeg4");
    let sinf = boxed(b"sinf", &boxed(b"frma", b"hev1"));
    let (codec, anomalies) = video(picture(b"encv", 640, 360, &sinf));
    assert_eq!((codec.as_str(), anomalies[0].code.as_str()), ("hevc", "encrypted"));
}

#[test]
fn sound_descriptions() {
    let audio = |entry: Vec<u8>| {
        let facts = facts(&Clip::of(vec![TrackSpec { entry, ..TrackSpec::audio() }]).build());
        assert_eq!(facts.kind, Kind::Audio);
        let audio = facts.audio.unwrap();
        (audio.codec.unwrap(), audio.sample_rate, audio.channels)
    };
    let is = |codec: &str, rate, channels| (codec.to_owned(), Some(rate), Some(channels));
    assert_eq!(audio(sound(b"alaw", 0, 1, 8000, &[])), is("g711a", 8000, 1));
    assert_eq!(audio(sound(b"samr", 0, 1, 0, &[])), is("amr", 8000, 1));
    assert_eq!(audio(sound(b"mp4a", 0, 2, 44_100, &esds(0x6b, [0, 0]))), is("mp3", 44_100, 2));
    assert_eq!(audio(sound(b"mp4a", 0, 0, 0, &esds(0x40, [0x12, 0x10]))), is("aac", 44_100, 2));
    assert_eq!(audio(sound(b"mp4a", 0, 2, 44_100, &esds(0x40, [0x12, 0x08]))), is("aac", 44_100, 1));
    let wave = boxed(b"wave", &[boxed(b"frma", b"mp4a"), esds(0x40, [0x11, 0x90]), vec![0; 8]].concat());
    assert_eq!(audio(sound(b"mp4a", 1, 2, 48_000, &[vec![0; 16], wave].concat())), is("aac", 48_000, 2));
    let mut long = words(&[72]);
    long.extend(96_000.0_f64.to_be_bytes());
    long.extend(words(&[6, 0x7f00_0000, 16, 0, 2, 1]));
    assert_eq!(audio(sound(b"lpcm", 2, 3, 1, &long)), is("pcm", 96_000, 6));
}

#[test]
fn fragments() {
    let plain = facts(&fragmented(None));
    assert_eq!((plain.health, plain.duration_ms), (Health::Ok, Some(800)), "{:?}", plain.anomalies);
    assert_eq!(plain.video.unwrap().fps, Some(25.0));
    assert_eq!(facts(&fragmented(Some(1200))).duration_ms, Some(1200), "mehd");
    let file = fragmented(None);
    let cut = facts(&file[..file.len() - 61]);
    assert_eq!((cut.health, cut.duration_ms), (Health::Partial, Some(800)));
    let beyond = cut.anomalies.iter().find(|a| a.code == "samples_beyond_eof").unwrap();
    assert_eq!(beyond.detail.as_deref(), Some("2 of 20 samples"));
    let mut indexed = file[..file.windows(4).position(|w| w == b"moof").unwrap() - 4].to_vec();
    indexed.extend(boxed(b"sidx", &words(&[0, 1, 1000, 0, 0, 2, 500, 300, 0, 500, 450, 0])));
    assert_eq!(facts(&indexed).duration_ms, Some(750), "sidx");
}

#[test]
fn positions_in_tags() {
    let xyz = boxed(b"\xa9xyz", b"\0\x12\x15\xc7+31.2250+121.4708/");
    let make = boxed(b"\xa9mak", b"\0\x03\x15\xc7DSJ");
    let loci = boxed(b"loci", &[&[0, 0, 0, 0, 0x15, 0xc7, 0, 0, 0, 121, 0, 0, 0, 31][..], &[0; 10]].concat());
    let tagged = facts(&Clip::with(boxed(b"udta", &[xyz, make, loci, vec![0; 4]].concat())).build());
    let kinds: Vec<_> = tagged.gps.iter().map(|g| g.kind.as_str()).collect();
    assert_eq!((kinds, tagged.make.as_deref(), codes(&tagged)), (vec!["©xyz", "loci"], Some("DSJ"), vec![]));
    assert_near(tagged.gps[0].position, 31.225, 121.4708);
    assert_near(tagged.gps[1].position, 31.0, 121.0);
}

#[test]
fn positions_and_dates_in_keys() {
    let names = ["location.ISO6709", "model", "creationdate"].map(|k| format!("com.apple.quicktime.{k}"));
    let keys = [words(&[0, 3]), names.iter().flat_map(|n| boxed(b"mdta", n.as_bytes())).collect()].concat();
    let values = ["+31.2250+121.4708+004.0/", "X1", "2024-02-02T16:09:57+0800"];
    let items = (1u32..)
        .zip(values)
        .flat_map(|(n, value)| boxed(&n.to_be_bytes(), &boxed(b"data", &[&words(&[1, 0]), value.as_bytes()].concat())));
    let hdlr = boxed(b"hdlr", &[&[0; 8][..], b"mdta", &[0; 12]].concat());
    let body = [hdlr, boxed(b"keys", &keys), boxed(b"ilst", &items.collect::<Vec<_>>())].concat();
    for meta in [boxed(b"meta", &body), boxed(b"meta", &[vec![0; 4], body.clone()].concat())] {
        let facts = facts(&Clip::with(meta).build());
        assert_near(facts.position(), 31.225, 121.4708);
        assert_eq!((facts.gps[0].kind.as_str(), facts.model.as_deref()), ("apple", Some("X1")));
        assert_eq!(codes(&facts), [""; 0], "the date is the movie header's");
    }
}

#[test]
fn positions_of_vendors() {
    let nmea = b"\0\x40$GNRMC,081836.0,A,3113.5000,N,12128.2500,E,000.0,360.0,130524,,,A\r\n";
    for track in [TrackSpec::text(*b"sbtl", b"tx3g", nmea), TrackSpec::text(*b"text", b"text", nmea)] {
        let facts = facts(&Clip::of(vec![TrackSpec::video(), track]).build());
        assert_eq!(facts.gps[0].kind, "text");
        assert_near(facts.position(), 31.225, 121.4708);
    }
    let subtitles = facts(&Clip::of(vec![TrackSpec::text(*b"sbtl", b"tx3g", b"\0\x05hello")]).build());
    assert_eq!(subtitles.gps, []);

    let lost = novatek::tests::example(0x10, b'V');
    let fix = novatek::tests::example(0x30, b'A');
    let with_list = |at: u32| {
        let list = [words(&[0x101, 2, at, 100, at + lost.len() as u32, 100])].concat();
        Clip::with(boxed(b"gps ", &list)).build()
    };
    let at = u32::try_from(with_list(0).len()).unwrap();
    let facts = facts(&[with_list(at), lost.clone(), fix].concat());
    assert_eq!(facts.gps[0].kind, "novatek");
    assert_near(facts.position(), 31.225, 121.4708);
}

#[test]
fn both_readings_are_kept_where_they_differ() {
    let entry = picture(b"hvc1", 640, 360, &boxed(b"hvcC", &[1; 23]));
    let track = TrackSpec { entry, size: (1280, 720), ..TrackSpec::video() };
    let facts = facts(&Clip::of(vec![track]).build());
    assert_eq!((codes(&facts), facts.video.as_ref().unwrap().width), (vec!["mp4_disagrees"], Some(640)));
    assert_eq!(facts.anomalies[0].detail.as_deref(), Some("picture: 640×360, mp4 1280×720"));
}

#[test]
fn tables_that_claim_more_than_is_there() {
    let file = Clip::of(vec![TrackSpec::video()]).build();
    for table in [b"stsz", b"stts", b"stsc", b"stco"] {
        let mut file = file.clone();
        let at = file.windows(4).position(|w| w == table).unwrap() + if table == b"stsz" { 12 } else { 8 };
        file[at..at + 4].fill(0xff);
        let facts = facts(&file);
        assert_eq!((facts.health, facts.duration_ms), (Health::Damaged, Some(400)));
        assert!(codes(&facts).contains(&"table_cut") && !codes(&facts).contains(&"mp4_refused"), "{facts:?}");
    }
}

/// A source that counts what is asked of it.
struct Counting<'a> {
    data: &'a [u8],
    len: u64,
    reads: Cell<u64>,
    bytes: Cell<u64>,
}

impl ReadAt for Counting<'_> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.reads.set(self.reads.get() + 1);
        self.bytes.set(self.bytes.get() + buf.len() as u64);
        let got = self.data.read_at(offset, buf)?;
        // Past the data the source is as sparse as a file with a hole.
        let hole = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX).min(buf.len());
        buf[got..hole.max(got)].fill(0);
        Ok(got.max(hole))
    }
}

#[test]
fn a_sparse_file_of_five_gigabytes_costs_a_few_reads() {
    let data = boxed(b"ftyp", b"isom\0\0\0\0");
    let source = Counting { data: &data, len: 5 << 30, reads: Cell::new(0), bytes: Cell::new(0) };
    assert_eq!(codes(&read(&source)), ["zero_tail", "no_moov"]);
    assert!(source.reads.get() < 5, "{}", source.reads.get());
}

fn base_files() -> Vec<Vec<u8>> {
    let nmea = b"\0\x10$GPRMC,1,A,3113.5,N,12128.25,E";
    let mut rich = Clip::with(boxed(b"udta", &boxed(b"\xa9xyz", b"\0\x12\x15\xc7+31.2250+121.4708/")));
    rich.tracks.push(TrackSpec::text(*b"text", b"tx3g", nmea));
    rich.tracks.push(TrackSpec::text(*b"meta", b"gpmd", &[0; 64]));
    vec![rich.build(), fragmented(Some(5))]
}

/// Bytes that make sizes, counts and versions wrong in different ways.
fn odd_byte() -> impl Strategy<Value = u8> {
    prop::sample::select(vec![0, 1, 8, 0x7f, 0x80, 0xff])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_mutation_panics_or_reads_without_end(
        which in 0usize..2,
        edits in prop::collection::vec((any::<prop::sample::Index>(), odd_byte(), 1usize..5), 1..12),
        cut in any::<prop::sample::Index>(),
        keep_whole in any::<bool>(),
    ) {
        let mut file = base_files().swap_remove(which);
        for (at, value, run) in edits {
            let at = at.index(file.len());
            let end = (at + run).min(file.len());
            file[at..end].fill(value);
        }
        if !keep_whole {
            file.truncate(cut.index(file.len()));
        }
        let source = Counting { data: &file, len: file.len() as u64, reads: Cell::new(0), bytes: Cell::new(0) };
        let facts = read(&source);
        prop_assert!(facts.anomalies.len() <= 64);
        prop_assert!(source.reads.get() < 2_000, "{} reads", source.reads.get());
        prop_assert!(source.bytes.get() < 8 << 20, "{} bytes", source.bytes.get());
    }

    #[test]
    fn no_bytes_at_all_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = facts(&bytes);
        let _ = facts(&[boxed(b"ftyp", b"isom\0\0\0\0"), boxed(b"moov", &bytes)].concat());
    }
}
