use super::{PNG, jpeg, png};
use crate::model::media::{Health, Kind, MediaFacts};

/// A little-endian TIFF block with make, model, orientation, date and position.
fn exif(lat_ref: &[u8; 2]) -> Vec<u8> {
    let mut data: Vec<u8> = Vec::new();
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        let mut e = tag.to_le_bytes().to_vec();
        e.extend(kind.to_le_bytes());
        e.extend(count.to_le_bytes());
        e.extend(value);
        e
    };
    let at = |offset: u32| offset.to_le_bytes();
    let main = [entry(0x10f, 2, 4, *b"ACM\0"), entry(0x110, 2, 6, at(200)), entry(0x112, 3, 1, [6, 0, 0, 0])];
    let pointers = [entry(0x8769, 4, 1, at(100)), entry(0x8825, 4, 1, at(130))];
    data.extend(b"II\x2a\0\x08\0\0\0\x05\0");
    data.extend(main.concat());
    data.extend(pointers.concat());
    data.resize(100, 0);
    data.extend([2, 0]);
    data.extend(entry(0x9003, 2, 20, at(210)));
    data.extend(entry(0x9011, 2, 7, at(240)));
    data.resize(130, 0);
    data.extend([4, 0]);
    data.extend(entry(1, 2, 2, [lat_ref[0], lat_ref[1], 0, 0]));
    data.extend(entry(2, 5, 3, at(250)));
    data.extend(entry(3, 2, 2, *b"E\0\0\0"));
    data.extend(entry(4, 5, 3, at(274)));
    data.resize(200, 0);
    data.extend(b"DSJ-1\0");
    data.resize(210, 0);
    data.extend(b"2021:11:24 16:52:07\0");
    data.resize(240, 0);
    data.extend(b"+08:00\0");
    data.resize(250, 0);
    for (above, below) in [(45u32, 1u32), (7, 1), (1234, 100), (124, 1), (49, 1), (0, 1)] {
        data.extend(above.to_le_bytes());
        data.extend(below.to_le_bytes());
    }
    data
}

fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xff, marker];
    bytes.extend((payload.len() as u16 + 2).to_be_bytes());
    bytes.extend(payload);
    bytes
}

fn photo(exif: &[u8], end: &[u8]) -> Vec<u8> {
    let app1 = [b"Exif\0\0", exif].concat();
    let frame = [8, 0x04, 0x38, 0x07, 0x80, 1, 1, 0x11, 0];
    let parts =
        [segment(0xe0, b"JFIF\0"), segment(0xe1, &app1), segment(0xc0, &frame), segment(0xda, &[1, 1, 0, 0, 63, 0])];
    [&[0xff, 0xd8][..], &parts.concat(), &[0x12; 300], end].concat()
}

fn codes(facts: &MediaFacts) -> Vec<&str> {
    facts.anomalies.iter().map(|a| a.code.as_str()).collect()
}

#[test]
fn a_jpeg_with_exif() {
    let data = photo(&exif(b"N\0"), &[0xff, 0xd9]);
    let facts = jpeg(&data);
    assert_eq!((facts.kind, facts.health, codes(&facts)), (Kind::Photo, Health::Ok, vec![]));
    let video = facts.video.as_ref().unwrap();
    assert_eq!((video.width, video.height, video.rotation), (Some(1920), Some(1080), Some(90)));
    assert_eq!((facts.make.as_deref(), facts.model.as_deref()), (Some("ACM"), Some("DSJ-1")));
    assert_eq!(facts.created.unwrap().to_string(), "2021-11-24T08:52:07Z");
    assert_eq!(facts.created_raw.as_deref(), Some("2021:11:24 16:52:07+08:00"));
    let position = facts.position().unwrap();
    assert!((position.lat - (45.0 + 7.0 / 60.0 + 12.34 / 3600.0)).abs() < 1e-9);
    assert!((position.lon - (124.0 + 49.0 / 60.0)).abs() < 1e-9);
    let at = data.windows(4).position(|w| w == b"II\x2a\0").unwrap() as u64 + 130;
    assert_eq!(facts.gps[0].offset, Some(at));
    assert!(jpeg(&photo(&exif(b"S\0"), &[0xff, 0xd9])).position().unwrap().lat < 0.0);
}

#[test]
fn a_jpeg_without_its_end_or_its_start() {
    let cut = jpeg(&photo(&exif(b"N\0"), &[]));
    assert_eq!((cut.health, codes(&cut)), (Health::Partial, vec!["no_end_mark"]));
    assert!(cut.created.is_some());
    let padded = jpeg(&photo(&exif(b"N\0"), &[&[0xff, 0xd9][..], &[0; 4000]].concat()));
    assert_eq!(padded.health, Health::Ok, "makers pad behind the end mark");
    let head = jpeg(&photo(&exif(b"N\0"), &[])[..30].to_vec());
    assert_eq!((head.health, codes(&head)), (Health::Damaged, vec!["bad_exif", "no_picture_header"]));
}

#[test]
fn a_png() {
    let header = [&13u32.to_be_bytes()[..], b"IHDR", &640u32.to_be_bytes(), &360u32.to_be_bytes(), &[0; 9]].concat();
    let data = [&40u32.to_be_bytes()[..], b"IDAT", &[0; 44]].concat();
    let end = [&[0; 4][..], b"IEND", &[1; 4]].concat();
    let facts = png(&[&PNG[..], &header, &data, &end].concat());
    let video = facts.video.unwrap();
    assert_eq!((facts.health, video.width, video.height), (Health::Ok, Some(640), Some(360)));
    assert_eq!(png(&[&PNG[..], &header, &data].concat()).health, Health::Partial);
    assert_eq!(png(&PNG.to_vec()).health, Health::Damaged);
}
