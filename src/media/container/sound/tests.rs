use super::{adts, amr, mpeg, wav};
use crate::model::media::{Health, MediaFacts};

fn heard(facts: &MediaFacts) -> (Option<&str>, Option<u32>, Option<u16>) {
    let audio = facts.audio.as_ref().unwrap();
    (audio.codec.as_deref(), audio.sample_rate, audio.channels)
}

fn codes(facts: &MediaFacts) -> Vec<&str> {
    facts.anomalies.iter().map(|a| a.code.as_str()).collect()
}

fn wave(declared: u32, samples: usize) -> Vec<u8> {
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0".to_vec();
    for word in [8000u32, 32_000, 0x10_0004] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend(declared.to_le_bytes());
    bytes.resize(bytes.len() + samples, 5);
    bytes
}

#[test]
fn wave_files() {
    let facts = wav::read(&wave(32_000, 32_000));
    assert_eq!(
        (facts.health, facts.duration_ms, heard(&facts)),
        (Health::Ok, Some(1000), (Some("pcm"), Some(8000), Some(2)))
    );
    let facts = wav::read(&wave(32_000, 16_000));
    assert_eq!((facts.health, facts.duration_ms, codes(&facts)), (Health::Partial, Some(500), vec!["overrun"]));
    for unwritten in [0, u32::MAX] {
        let facts = wav::read(&wave(unwritten, 16_000));
        assert_eq!((facts.health, facts.duration_ms, codes(&facts)), (Health::Partial, Some(500), vec!["unfinished"]));
    }
    assert_eq!(wav::read(&b"RIFF\0\0\0\0WAVE".to_vec()).health, Health::Damaged);
}

#[test]
fn a_broadcast_wave_says_when() {
    let mut bext = vec![0u8; 602];
    bext[320..338].copy_from_slice(b"2021-11-2408:52:07");
    let mut bytes = b"RIFF\0\0\0\0WAVEbext".to_vec();
    bytes.extend(602u32.to_le_bytes());
    bytes.extend(bext);
    bytes.extend(&wave(32_000, 32_000)[12..]);
    let facts = wav::read(&bytes);
    assert_eq!(facts.created.unwrap().to_string(), "2021-11-24T08:52:07Z");
    assert_eq!(facts.duration_ms, Some(1000));
}

fn adts_frame() -> Vec<u8> {
    let mut frame = vec![0xff, 0xf1, 0x50, 0x80, 0, 0, 0xfc];
    frame.resize(160, 0x55);
    frame[4] = (160 >> 3) as u8;
    frame[5] = (160u32 << 5 & 0xe0) as u8 | 0x1f;
    frame
}

#[test]
fn adts_frames() {
    let whole = adts_frame().repeat(100);
    let facts = adts::read(&whole);
    assert_eq!(
        (facts.health, facts.duration_ms, heard(&facts)),
        (Health::Ok, Some(2322), (Some("aac"), Some(44_100), Some(2)))
    );
    let facts = adts::read(&whole[..whole.len() - 1].to_vec());
    assert_eq!((facts.health, facts.duration_ms, codes(&facts)), (Health::Partial, Some(2299), vec!["overrun"]));
    assert_eq!(facts.anomalies[0].offset, Some(99 * 160));
    let facts = adts::read(&[&whole[..1600], b"garbage", &whole[1600..]].concat());
    assert_eq!((facts.duration_ms, codes(&facts)), (Some(2322), vec!["garbage"]));
}

#[test]
fn a_long_file_is_estimated() {
    let facts = adts::read(&adts_frame().repeat(40_000));
    assert_eq!((facts.duration_ms, codes(&facts)), (Some(928_798), vec!["duration_estimated"]));
}

#[test]
fn layer_three_with_tags_and_counts() {
    // 128 kbit/s at 44.1 kHz, mono: 417 bytes.
    let mut frame = vec![0xff, 0xfb, 0x90, 0xc0];
    frame.resize(417, 0);
    let id3 = [&b"ID3\x04\0\0\0\0\0\x05"[..], b"abcde"].concat();
    let tag = [&b"TAG"[..], &[0; 125]].concat();
    let facts = mpeg::read(&[id3.clone(), frame.repeat(100), tag].concat());
    assert_eq!((facts.health, facts.duration_ms, codes(&facts)), (Health::Ok, Some(2612), vec![]));
    assert_eq!(heard(&facts), (Some("mp3"), Some(44_100), Some(1)));

    let mut counted = frame.clone();
    counted[21..25].copy_from_slice(b"Xing");
    counted[28] = 3;
    counted[29..33].copy_from_slice(&200u32.to_be_bytes());
    counted[33..37].copy_from_slice(&(41_700u32).to_be_bytes());
    let file = [id3, counted, frame.repeat(99)].concat();
    assert_eq!(mpeg::read(&file).duration_ms, Some(5224), "as many as the header counts");
    assert_eq!(mpeg::read(&file[..20_000].to_vec()).duration_ms, Some(1228), "as many as are there when it was cut");
}

#[test]
fn speech() {
    let narrow = [amr::NARROW, &[&[0x3c][..], &[1; 31]].concat().repeat(150), &[0x7c]].concat();
    let facts = amr::read(&narrow);
    assert_eq!(
        (facts.health, facts.duration_ms, heard(&facts)),
        (Health::Ok, Some(3020), (Some("amr"), Some(8000), Some(1)))
    );
    let wide = [amr::WIDE, &[&[0x44][..], &[1; 60]].concat().repeat(50)].concat();
    let facts = amr::read(&wide);
    assert_eq!((facts.duration_ms, heard(&facts)), (Some(1000), (Some("amr_wb"), Some(16_000), Some(1))));
    assert_eq!(amr::read(&amr::NARROW.to_vec()).health, Health::Damaged);
}
