//! Names of sample formats, and MPEG-4 elementary stream descriptors (ISO/IEC 14496-1 §7.2.6, 14496-14 §5.6).

use crate::media::container::reader::slice;

use super::walk::{FourCc, name};

/// The common name of a sample format; its own four characters when it has none. `mp4v` and `mp4a` are only wrappers:
/// their `esds` says what is in them.
pub(super) fn common_name(format: FourCc) -> String {
    let name_of = match &format {
        b"avc1" | b"avc2" | b"avc3" | b"avc4" | b"dva1" | b"dvav" | b"H264" | b"h264" | b"X264" | b"x264" => "h264",
        b"hvc1" | b"hev1" | b"hvc2" | b"hev2" | b"dvh1" | b"dvhe" | b"HEVC" | b"H265" => "hevc",
        b"mp4v" | b"XVID" | b"xvid" | b"DIVX" | b"divx" | b"DX50" | b"FMP4" | b"m4v " => "mpeg4",
        b"jpeg" | b"mjpa" | b"mjpb" | b"mjpg" | b"MJPG" | b"AVDJ" | b"dmb1" => "mjpeg",
        b"s263" | b"h263" | b"H263" => "h263",
        b"vp08" => "vp8",
        b"vp09" => "vp9",
        b"av01" => "av1",
        b"mp4a" | b"aac " | b"AAC " => "aac",
        b".mp3" | b"mp3 " | b"ms\0U" => "mp3",
        b"alaw" | b"ms\0\x06" => "g711a",
        b"ulaw" | b"ms\0\x07" => "g711u",
        b"sowt" | b"twos" | b"lpcm" | b"raw " | b"NONE" | b"in24" | b"in32" | b"fl32" | b"fl64" | b"ipcm" | b"fpcm"
        | b"ms\0\x01" => "pcm",
        b"samr" | b"sawb" | b"sawp" => "amr",
        b"ac-3" => "ac3",
        b"ec-3" => "eac3",
        b"Opus" => "opus",
        b"fLaC" => "flac",
        _ => return name(format).trim_end().to_owned(),
    };
    name_of.to_owned()
}

/// What an `esds` says of the stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct StreamDescriptor {
    /// `objectTypeIndication` (mp4ra.org, "Object Types").
    pub(super) object_type: Option<u8>,
    /// The first two bytes of an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1).
    pub(super) audio_config: Option<[u8; 2]>,
}

impl StreamDescriptor {
    /// Reads the descriptors after `esds`'s version and flags.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut found = Self::default();
        let mut at = 0;
        // Descriptors nest as 3 > 4 > 5; stepping into each in turn visits them all without recursion.
        for _ in 0..16 {
            let Some((tag, body, size)) = descriptor(bytes, at) else { break };
            at = match tag {
                0x03 => after_es_header(bytes, body),
                0x04 => {
                    found.object_type = bytes.get(body).copied();
                    body + 13
                }
                0x05 => {
                    found.audio_config = bytes.get(body..body + 2).and_then(|b| b.try_into().ok());
                    break;
                }
                _ => body.saturating_add(size),
            };
        }
        found
    }

    /// The common name of what the object type stands for.
    pub(super) fn codec(&self) -> Option<&'static str> {
        Some(match self.object_type? {
            0x20 => "mpeg4",
            0x21 => "h264",
            0x23 => "hevc",
            0x40 | 0x66..=0x68 => "aac",
            0x60..=0x65 => "mpeg2video",
            0x69 | 0x6b => "mp3",
            0x6a => "mpeg1video",
            0x6c => "mjpeg",
            0x6d => "png",
            0xa5 => "ac3",
            0xa6 => "eac3",
            0xad => "opus",
            0xdd => "vorbis",
            _ => return None,
        })
    }

    /// Samples per second that the configuration's index stands for.
    pub(super) fn sample_rate(&self) -> Option<u32> {
        const RATES: [u32; 13] =
            [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
        let [a, b] = self.audio_config.filter(|[a, _]| a >> 3 != 31)?;
        RATES.get(usize::from((a & 7) << 1 | b >> 7)).copied()
    }

    /// Channels that the configuration's index stands for, when nothing after it can add to them: AAC-LC (object type
    /// 2) with a rate from the table.
    pub(super) fn channels(&self) -> Option<u16> {
        let [_, b] = self.audio_config.filter(|[a, b]| a >> 3 == 2 && ((a & 7) << 1 | b >> 7) != 15)?;
        match b >> 3 & 15 {
            n @ 1..=6 => Some(u16::from(n)),
            7 => Some(8),
            _ => None,
        }
    }
}

/// The descriptor at `at`: tag, where its body begins, and the body's size.
fn descriptor(bytes: &[u8], at: usize) -> Option<(u8, usize, usize)> {
    let tag = *bytes.get(at)?;
    let mut size = 0usize;
    for i in 1..=4 {
        let byte = *bytes.get(at + i)?;
        size = size << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((tag, at + i + 1, size));
        }
    }
    Some((tag, at + 5, size))
}

/// Where the descriptors in an ES descriptor begin: after id, flags and the three optional fields.
fn after_es_header(bytes: &[u8], body: usize) -> usize {
    let flags = bytes.get(body + 2).copied().unwrap_or(0);
    let mut at = body + 3;
    if flags & 0x80 != 0 {
        at += 2;
    }
    if flags & 0x40 != 0 {
        at += 1 + usize::from(slice::u8(bytes, at).unwrap_or(0));
    }
    if flags & 0x20 != 0 {
        at += 2;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_with_long_and_short_sizes() {
        let mut esds = vec![0x03, 0x80, 0x80, 0x80, 0x22, 0, 1, 0, 0x04, 0x14, 0x40, 0x15];
        esds.extend([0; 11]);
        esds.extend([0x05, 2, 0x12, 0x10]);
        let found = StreamDescriptor::parse(&esds);
        assert_eq!((found.codec(), found.sample_rate(), found.channels()), (Some("aac"), Some(44_100), Some(2)));
    }

    #[test]
    fn cut_descriptors_say_what_they_can() {
        assert_eq!(StreamDescriptor::parse(&[0x03, 0x19, 0, 0, 0, 0x04, 0x11, 0x6b]).codec(), Some("mp3"));
        assert_eq!(StreamDescriptor::parse(&[]), StreamDescriptor::default());
        assert_eq!(StreamDescriptor::parse(&[0xff; 64]), StreamDescriptor::default());
    }

    #[test]
    fn an_unknown_format_keeps_its_own_name() {
        assert_eq!(common_name(*b"tmcd"), "tmcd");
        assert_eq!(common_name(*b"av1\0"), "av1\\x00");
        assert_eq!(common_name(*b"sowt"), "pcm");
    }
}
