//! The reader over real clips, where `ZHILU_DATA` names a folder with `clips/` and what ffprobe reads in them.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;

use super::*;
use crate::media::container::isobmff::position;
use crate::media::container::reader::FileSource;
use crate::model::time::Micros;

#[test]
fn real_clips_read_as_the_oracle_reads_them() {
    let Some(data) = std::env::var_os("ZHILU_DATA") else { return };
    let clips = Path::new(&data).join("clips");
    let table = fs::read_to_string(clips.join("expected.tsv")).unwrap();
    let mut lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let mut read_clips = 0;
    for line in lines {
        let row: HashMap<&str, &str> = header.iter().copied().zip(line).filter(|(_, v)| !v.is_empty()).collect();
        if row["container"] == "isobmff" {
            let source = FileSource::new(File::open(clips.join(row["file"])).unwrap()).unwrap();
            compare(&row, &read(&source));
            read_clips += 1;
        }
    }
    assert!(read_clips > 0, "no clips in {}", clips.display());
}

/// Compares what the table has; an empty field is nothing the oracle reads.
fn compare(row: &HashMap<&str, &str>, facts: &MediaFacts) {
    let file = row["file"];
    let has = |name: &str| row.get(name).copied();
    assert_eq!(facts.health == Health::Ok, row["status"] == "ok", "{file}: {:?}", facts.anomalies);
    if let Some(ms) = has("duration_ms") {
        let (ours, theirs) = (facts.duration_ms.expect(file), ms.parse::<u64>().unwrap());
        assert!(ours.abs_diff(theirs) <= 50, "{file}: {ours} ms, not {theirs}");
    }
    assert_eq!(facts.created, has("creation_time").map(|t| t.parse::<Micros>().unwrap()), "{file}");
    if let Some(tracks) = has("tracks") {
        assert_eq!(facts.tracks, Some(tracks.parse().unwrap()), "{file}");
    }
    let video = facts.video.clone().unwrap_or_default();
    let number = |name: &str| has(name).map(|n| n.parse::<u32>().unwrap());
    assert_eq!((video.width, video.height), (number("width"), number("height")), "{file}");
    assert_eq!(video.codec.as_deref(), has("video_codec"), "{file}");
    if let Some(rotation) = number("rotation") {
        assert_eq!(video.rotation.map(u32::from), Some(rotation), "{file}");
    }
    if let Some(fps) = has("fps") {
        let (ours, theirs) = (video.fps.expect(file), fps.parse::<f64>().unwrap());
        assert!((ours - theirs).abs() <= 0.011, "{file}: {ours} fps, not {theirs}");
    }
    assert_eq!(facts.audio.clone().and_then(|a| a.codec).as_deref(), has("audio_codec"), "{file}");
    assert_eq!(facts.position(), has("gps").and_then(position::iso6709), "{file}");
    assert_eq!((facts.make.as_deref(), facts.model.as_deref()), (has("make"), has("model")), "{file}");
    for anomaly in has("anomalies").into_iter().flat_map(|list| list.trim_start_matches("damaged:").split(',')) {
        expect_anomaly(file, facts, anomaly);
    }
}

/// The table writes an anomaly as `no_moov`, `overrun:moov` or `garbage_at:713`.
fn expect_anomaly(file: &str, facts: &MediaFacts, anomaly: &str) {
    let (code, of) = anomaly.split_once(':').unwrap_or((anomaly, ""));
    let found = facts.anomalies.iter().any(|a| match code {
        "garbage_at" => a.code == "garbage" && a.offset == of.parse().ok(),
        _ => a.code == code && a.detail.as_deref().unwrap_or_default().starts_with(of),
    });
    assert!(found, "{file}: no {anomaly} in {:?}", facts.anomalies);
}
