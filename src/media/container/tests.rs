//! All readers together: real clips, ffmpeg's files against ffprobe's answers, and bytes that nobody meant.

use std::path::Path;
use std::process::Command;

use proptest::prelude::*;

use super::probe;
use super::reader::{FileSource, ReadAt};
use crate::model::media::{Container, Health, Kind, MediaFacts};

fn probe_file(path: &Path) -> MediaFacts {
    probe(&FileSource::new(std::fs::File::open(path).unwrap()).unwrap())
}

fn codes(facts: &MediaFacts) -> Vec<&str> {
    facts.anomalies.iter().map(|a| a.code.as_str()).collect()
}

#[test]
fn what_no_reader_knows() {
    for (bytes, kind, code) in [
        (&b""[..], Kind::Empty, &["empty"][..]),
        (&[0; 5000], Kind::Unknown, &["all_zero"]),
        (b"\x01\x02\x03\x04", Kind::Unknown, &["unknown_format"]),
        ("<locations usrName=\"执行\">".as_bytes(), Kind::Text, &[]),
    ] {
        let facts = probe(&bytes);
        assert_eq!((facts.kind, facts.health, codes(&facts).as_slice()), (kind, Health::Unsupported, code));
        assert_eq!(facts.container, None);
    }
}

#[test]
fn a_bad_disk_is_not_taken_for_a_bad_file() {
    struct Failing;
    impl ReadAt for Failing {
        fn len(&self) -> u64 {
            1 << 20
        }
        fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
            let head = b"RIFF\0\0\x10\0AVI LIST";
            match head.get(usize::try_from(offset).unwrap()..) {
                Some(rest) if !rest.is_empty() => {
                    let n = rest.len().min(buf.len());
                    buf[..n].copy_from_slice(&rest[..n]);
                    Ok(n)
                }
                _ => Err(std::io::Error::from_raw_os_error(5)),
            }
        }
    }
    let facts = probe(&Failing);
    assert_eq!(
        (facts.container, codes(&facts)[0], facts.anomalies[0].offset),
        (Some(Container::Avi), "read_error", Some(16))
    );
}

/// The AVI and TS clips of the real data, against their expected facts; the ISO base media ones are tested by their
/// reader.
#[test]
fn real_clips() {
    let Ok(data) = std::env::var("ZHILU_DATA") else { return };
    let clips = Path::new(&data).join("clips");
    let table = std::fs::read_to_string(clips.join("expected.tsv")).unwrap();
    let mut seen = 0;
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, health, container, duration, _, width, height, _, fps, video_codec, audio_codec, tracks, ..] =
            columns[..]
        else {
            panic!("{line}")
        };
        if !matches!(container, "avi" | "mpegts") {
            continue;
        }
        seen += 1;
        let facts = probe_file(&clips.join(file));
        let text = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
        let video = facts.video.clone().unwrap();
        assert_eq!(facts.container.unwrap().as_str(), container, "{file}");
        assert_eq!((facts.health.as_str(), codes(&facts).len()), (health, 0), "{file}");
        assert_eq!(facts.duration_ms, duration.parse().ok(), "{file}");
        assert_eq!((text(video.width), text(video.height)), (width.to_owned(), height.to_owned()), "{file}");
        assert_eq!((video.fps, video.codec.as_deref()), (fps.parse().ok(), Some(video_codec)), "{file}");
        assert_eq!(facts.audio.clone().and_then(|a| a.codec).unwrap_or_default(), audio_codec, "{file}");
        assert_eq!(text(facts.tracks), tracks, "{file}");
    }
    assert_eq!(seen, 2);
}

const PICTURES: &str = "-f lavfi -i testsrc=size=322x182:rate=25:duration=3";
const SOUND: &str = "-f lavfi -i sine=frequency=440:sample_rate=44100:duration=3";
const SPEECH: &str = "-f lavfi -i sine=frequency=440:sample_rate=8000:duration=3";

/// Makes a file with ffmpeg, which `tests/run` installs.
fn make(path: &Path, arguments: &str) {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]).args(arguments.split_whitespace()).arg(path);
    let output = command.output().expect("ffmpeg is needed for this test: install the package ffmpeg");
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// ffprobe's answer for one entry, such as `stream=width` of the stream `v:0`.
fn ask(path: &Path, stream: &str, entry: &str) -> Option<String> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-select_streams", stream, "-show_entries", entry, "-of", "csv=p=0"]).arg(path);
    let answer = String::from_utf8(command.output().expect("ffprobe is needed for this test").stdout).unwrap();
    let first = answer.lines().next()?.trim_matches([',', ' ']).to_owned();
    (!first.is_empty() && first != "N/A").then_some(first)
}

fn ratio(text: &str) -> f64 {
    let (above, below) = text.split_once('/').unwrap();
    above.parse::<f64>().unwrap() / below.parse::<f64>().unwrap()
}

/// ffprobe's names for codecs that have another one here.
fn common_name(name: String) -> String {
    let common = match name.as_str() {
        "mpeg2video" => "mpeg2",
        "pcm_alaw" => "g711a",
        "pcm_mulaw" => "g711u",
        "pcm_s16le" | "pcm_s24le" => "pcm",
        "adpcm_ima_wav" => "adpcm",
        _ => return name,
    };
    common.to_owned()
}

fn compare(path: &Path) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let facts = probe_file(path);
    assert_eq!((facts.health, codes(&facts)), (Health::Ok, vec![]), "{name}");
    let duration = ask(path, "v:0", "stream=duration").or_else(|| ask(path, "a:0", "stream=duration"));
    if let Some(want) = duration.map(|d| d.parse::<f64>().unwrap() * 1000.0).filter(|_| facts.kind != Kind::Photo) {
        let got = facts.duration_ms.unwrap() as f64;
        assert!((got - want).abs() <= 50.0, "{name}: {got} ms, ffprobe {want} ms");
    }
    if let Some(width) = ask(path, "v:0", "stream=width") {
        let video = facts.video.clone().unwrap();
        assert_eq!(video.width.unwrap().to_string(), width, "{name}");
        assert_eq!(Some(video.height.unwrap().to_string()), ask(path, "v:0", "stream=height"), "{name}");
        if facts.kind != Kind::Photo {
            assert_eq!(video.codec, ask(path, "v:0", "stream=codec_name").map(common_name), "{name}");
            let want = ratio(&ask(path, "v:0", "stream=avg_frame_rate").unwrap());
            assert!((video.fps.unwrap() - want).abs() < 0.02, "{name}: {:?}, ffprobe {want}", video.fps);
        }
    }
    if let Some(codec) = ask(path, "a:0", "stream=codec_name") {
        let audio = facts.audio.unwrap();
        assert_eq!(audio.codec, Some(common_name(codec)), "{name}");
        assert_eq!(audio.sample_rate.map(|r| r.to_string()), ask(path, "a:0", "stream=sample_rate"), "{name}");
        assert_eq!(audio.channels.map(|c| c.to_string()), ask(path, "a:0", "stream=channels"), "{name}");
    }
}

#[test]
fn agrees_with_ffprobe_on_what_ffmpeg_writes() {
    let dir = tempfile::tempdir().unwrap();
    for (name, arguments) in [
        ("h264.avi", format!("{PICTURES} -c:v libx264 -preset ultrafast")),
        ("mpeg4-mp3.avi", format!("{PICTURES} {SOUND} -c:v mpeg4 -c:a libmp3lame")),
        ("mjpeg-g711a.avi", format!("{PICTURES} {SPEECH} -c:v mjpeg -c:a pcm_alaw")),
        ("h264-g711u.avi", format!("{PICTURES} {SPEECH} -c:v libx264 -preset ultrafast -c:a pcm_mulaw")),
        ("h264-adpcm.avi", format!("{PICTURES} {SOUND} -c:v libx264 -preset ultrafast -c:a adpcm_ima_wav")),
        ("b-pictures.ts", format!("{PICTURES} {SOUND} -r 30000/1001 -c:v libx264 -preset veryfast -bf 3 -c:a aac")),
        ("no-sound.ts", format!("{PICTURES} -c:v libx264 -preset ultrafast")),
        ("hevc.ts", format!("{PICTURES} {SOUND} -c:v libx265 -x265-params log-level=error -preset ultrafast -c:a aac")),
        ("mpeg2.ts", format!("{PICTURES} {SOUND} -c:v mpeg2video -c:a mp2")),
        ("camera.m2ts", format!("{PICTURES} {SOUND} -c:v libx264 -preset ultrafast -c:a ac3 -mpegts_m2ts_mode 1")),
        ("wrap.ts", format!("{PICTURES} -c:v libx264 -preset ultrafast -output_ts_offset 95442")),
        ("pcm.wav", format!("{SOUND} -c:a pcm_s16le")),
        ("g711a.wav", format!("{SPEECH} -c:a pcm_alaw")),
        ("adpcm.wav", format!("{SPEECH} -c:a adpcm_ima_wav")),
        ("rf64.wav", format!("{SOUND} -c:a pcm_s24le -rf64 always")),
        ("sound.aac", format!("{SOUND} -c:a aac")),
        ("constant.mp3", format!("{SOUND} -c:a libmp3lame")),
        ("variable.mp3", format!("{SOUND} -c:a libmp3lame -q:a 4")),
        ("bare.mp3", format!("{SPEECH} -c:a libmp3lame -write_xing 0 -id3v2_version 0")),
        ("photo.jpg", format!("{PICTURES} -frames:v 1")),
        ("photo.png", format!("{PICTURES} -frames:v 1")),
    ] {
        let path = dir.path().join(name);
        make(&path, &arguments);
        compare(&path);
    }
}

#[test]
fn a_date_in_an_avi_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("date.avi");
    make(&path, &format!("{PICTURES} -c:v mjpeg -metadata date=2021-11-24T08:52:07Z"));
    let facts = probe_file(&path);
    assert_eq!(facts.created.map(|at| at.to_string()).as_deref(), Some("2021-11-24T08:52:07Z"));
}

/// Small files that reach into each reader.
fn seeds() -> Vec<Vec<u8>> {
    let mut transport: Vec<u8> = Vec::new();
    for n in 0..12u8 {
        let mut packet =
            vec![0x47, if n % 3 == 0 { 0x41 } else { 0x40 }, n % 3, 0x10, 0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21];
        packet.resize(188, n);
        transport.extend(packet);
    }
    let avi = b"RIFF\x80\0\0\0AVI LIST\x58\0\0\0hdrl\
        LIST\x4c\0\0\0strlstrh\x38\0\0\0vidsH264\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x19\0\0\0";
    let wave =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x40\x1f\0\0\0\x7d\0\0\x04\0\x10\0data\x10\0\0\0abcdefghijklmnop";
    let jpeg = b"\xff\xd8\xff\xe1\0\x30Exif\0\0\
        II\x2a\0\x08\0\0\0\x01\0\x25\x88\x04\0\x01\0\0\0\x1a\0\0\0\x01\0\x02\0\x05\0\x03\0\0\0\x08\0\0\0";
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\x68\x08\x02\0\0\0abcd\0\0\0\0IENDabcd";
    let adts = [0xff, 0xf1, 0x50, 0x80, 1, 0x1f, 0xfc, 0].repeat(20);
    let mp3 =
        [&b"ID3\x04\0\0\0\0\0\x05abcde"[..], &[0xff, 0xfb, 0x90, 0xc0], &[0; 413], &[0xff, 0xfb, 0x90, 0xc0]].concat();
    let amr = [&b"#!AMR\n"[..], &[0x7c; 20], &[0x3c; 64]].concat();
    vec![transport, avi.to_vec(), wave.to_vec(), jpeg.to_vec(), png.to_vec(), adts, mp3, amr]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the bytes: an answer, within the bounds of the model.
    #[test]
    fn no_bytes_panic(
        seed in 0usize..8,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..24),
        cut in any::<prop::sample::Index>(),
        noise in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut data = seeds().swap_remove(seed);
        for (at, value) in edits {
            let at = at.index(data.len());
            data[at] = value;
        }
        data.truncate(cut.index(data.len() + 1).max(data.len() / 2));
        data.extend(&noise);
        for bytes in [data, noise] {
            let facts = probe(&bytes);
            prop_assert!(facts.anomalies.len() <= 64);
            prop_assert!(facts.anomalies.iter().all(|a| a.detail.as_ref().is_none_or(|d| d.chars().count() <= 200)));
            prop_assert!(facts.duration_ms != Some(0));
        }
    }
}
