//! Picture size and rate out of elementary streams: H.264 and HEVC sequence parameter sets (ITU-T H.264 §7.3.2.1.1,
//! H.265 §7.3.2.2) and the MPEG-2 sequence header (ISO/IEC 13818-2 §6.2.2.1).

use super::bits::Bits;

/// Longest parameter set that is looked at.
const MOST_BYTES: usize = 1024;
/// Largest side of a picture that is believed.
const MOST_PIXELS: u64 = 16_384;

/// What a sequence header says of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Picture {
    /// Width in pixels, cropped.
    pub width: u32,
    /// Height in pixels, cropped.
    pub height: u32,
    /// Frames per second, when the header has timing.
    pub fps: Option<f64>,
}

impl Picture {
    fn new(width: u64, height: u64, crop: (u64, u64), fps: Option<f64>) -> Option<Self> {
        let side = |whole: u64, crop: u64| {
            let side = whole.checked_sub(crop).filter(|side| (1..=MOST_PIXELS).contains(side))?;
            u32::try_from(side).ok()
        };
        Some(Self { width: side(width, crop.0)?, height: side(height, crop.1)?, fps })
    }
}

/// Splits an Annex B byte stream into what follows each start code.
pub fn units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = next_start(stream);
    std::iter::from_fn(move || {
        let unit = rest?;
        rest = next_start(unit);
        Some(unit)
    })
}

fn next_start(bytes: &[u8]) -> Option<&[u8]> {
    let at = bytes.windows(3).position(|w| w == [0, 0, 1])?;
    bytes.get(at + 3..)
}

/// The first H.264 parameter set in an Annex B stream that reads.
pub fn h264(stream: &[u8]) -> Option<Picture> {
    units(stream).filter(|u| u.first().is_some_and(|b| b & 0x9f == 7)).find_map(|u| h264_unit(&unescape(u.get(1..)?)))
}

/// The first HEVC parameter set in an Annex B stream that reads.
pub fn hevc(stream: &[u8]) -> Option<Picture> {
    units(stream).filter(|u| u.first().is_some_and(|b| b >> 1 == 33)).find_map(|u| hevc_unit(&unescape(u.get(2..)?)))
}

/// The first MPEG-1 or MPEG-2 sequence header.
pub fn mpeg2(stream: &[u8]) -> Option<Picture> {
    units(stream).filter(|u| u.first() == Some(&0xb3)).find_map(|u| {
        let mut bits = Bits::new(u.get(1..)?);
        let (width, height) = (bits.take(12)?, bits.take(12)?);
        bits.skip(4)?;
        let fps = match bits.take(4)? {
            1 => Some(24_000.0 / 1001.0),
            2 => Some(24.0),
            3 => Some(25.0),
            4 => Some(30_000.0 / 1001.0),
            5 => Some(30.0),
            6 => Some(50.0),
            7 => Some(60_000.0 / 1001.0),
            8 => Some(60.0),
            _ => None,
        };
        Picture::new(width.into(), height.into(), (0, 0), fps)
    })
}

/// Takes the emulation prevention bytes out and cuts at the next start code and at [`MOST_BYTES`].
fn unescape(unit: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(128);
    let mut zeros = 0;
    for &byte in unit.iter().take(MOST_BYTES) {
        match byte {
            3 if zeros >= 2 => zeros = 0,
            1 if zeros >= 2 => break,
            _ => {
                zeros = if byte == 0 { zeros + 1 } else { 0 };
                plain.push(byte);
            }
        }
    }
    plain
}

fn h264_unit(bytes: &[u8]) -> Option<Picture> {
    let mut bits = Bits::new(bytes);
    let profile = bits.take(8)?;
    bits.skip(16)?;
    bits.ue()?;
    let mut chroma = 1;
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
        chroma = h264_high(&mut bits)?;
    }
    bits.ue()?;
    h264_order(&mut bits)?;
    bits.ue()?;
    bits.skip(1)?;
    let width = (u64::from(bits.ue()?) + 1) * 16;
    let map_height = (u64::from(bits.ue()?) + 1) * 16;
    let frames_only = bits.bit()?;
    if !frames_only {
        bits.skip(1)?;
    }
    bits.skip(1)?;
    let fields = if frames_only { 1 } else { 2 };
    let (unit_x, unit_y) = match chroma {
        1 => (2, 2 * fields),
        2 => (2, fields),
        _ => (1, fields),
    };
    let crop = crop(&mut bits, unit_x, unit_y)?;
    let fps = if bits.bit().unwrap_or(false) { h264_timing(&mut bits) } else { None };
    Picture::new(width, map_height * fields, crop, fps)
}

/// Chroma format and scaling lists of the high profiles; a separate colour plane crops like no chroma.
fn h264_high(bits: &mut Bits<'_>) -> Option<u32> {
    let mut chroma = bits.ue().filter(|&c| c <= 3)?;
    let lists = if chroma == 3 { 12 } else { 8 };
    if chroma == 3 && bits.bit()? {
        chroma = 0;
    }
    bits.ue()?;
    bits.ue()?;
    bits.skip(1)?;
    if bits.bit()? {
        for list in 0..lists {
            if bits.bit()? {
                skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some(chroma)
}

fn skip_scaling_list(bits: &mut Bits<'_>, size: u32) -> Option<()> {
    let (mut last, mut next) = (8i64, 8i64);
    for _ in 0..size {
        if next != 0 {
            next = (last + bits.se()?).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}

/// Picture order count fields.
fn h264_order(bits: &mut Bits<'_>) -> Option<()> {
    match bits.ue()? {
        0 => bits.ue().map(drop),
        1 => {
            bits.skip(1)?;
            bits.se()?;
            bits.se()?;
            let cycle = bits.ue().filter(|&n| n <= 255)?;
            (0..cycle).try_for_each(|_| bits.se().map(drop))
        }
        2 => Some(()),
        _ => None,
    }
}

fn crop(bits: &mut Bits<'_>, unit_x: u64, unit_y: u64) -> Option<(u64, u64)> {
    if !bits.bit()? {
        return Some((0, 0));
    }
    let (left, right, top, bottom) = (bits.ue()?, bits.ue()?, bits.ue()?, bits.ue()?);
    Some((unit_x * (u64::from(left) + u64::from(right)), unit_y * (u64::from(top) + u64::from(bottom))))
}

/// The timing of the video usability information (Annex E): a frame is two ticks.
fn h264_timing(bits: &mut Bits<'_>) -> Option<f64> {
    if bits.bit()? && bits.take(8)? == 255 {
        bits.skip(32)?;
    }
    if bits.bit()? {
        bits.skip(1)?;
    }
    if bits.bit()? {
        bits.skip(4)?;
        if bits.bit()? {
            bits.skip(24)?;
        }
    }
    if bits.bit()? {
        bits.ue()?;
        bits.ue()?;
    }
    if !bits.bit()? {
        return None;
    }
    let (ticks, scale) = (f64::from(bits.take(32)?), f64::from(bits.take(32)?));
    Some(scale / ticks / 2.0).filter(|fps| (0.1..=1000.0).contains(fps))
}

fn hevc_unit(bytes: &[u8]) -> Option<Picture> {
    let mut bits = Bits::new(bytes);
    bits.skip(4)?;
    let sub_layers = bits.take(3)?;
    bits.skip(1)?;
    skip_profile_tier_level(&mut bits, sub_layers)?;
    bits.ue()?;
    let chroma = bits.ue().filter(|&c| c <= 3)?;
    let separate = chroma == 3 && bits.bit()?;
    let (width, height) = (u64::from(bits.ue()?), u64::from(bits.ue()?));
    let (unit_x, unit_y) = match chroma {
        1 => (2, 2),
        2 => (2, 1),
        _ => (1, 1),
    };
    let crop = if separate { crop(&mut bits, 1, 1)? } else { crop(&mut bits, unit_x, unit_y)? };
    Picture::new(width, height, crop, None)
}

fn skip_profile_tier_level(bits: &mut Bits<'_>, sub_layers: u32) -> Option<()> {
    bits.skip(88 + 8)?;
    let mut present = [(false, false); 8];
    for layer in present.iter_mut().take(usize::try_from(sub_layers).ok()?) {
        *layer = (bits.bit()?, bits.bit()?);
    }
    if sub_layers > 0 {
        bits.skip(2 * usize::try_from(8u32.checked_sub(sub_layers)?).ok()?)?;
    }
    for (profile, level) in present {
        bits.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // Written by x264 and x265: 322×182 at 29.97 with scaling for 4:4:4, 720×576 interlaced at 25, and 1920×1080.
    const CROPPED: &str = "67f4000d919b282a33c7c5e022000007d20001d4c01e28532c";
    const INTERLACED: &str = "67f4001e919b2816849bff0040002d1000000300100000030321f1429960";
    const HEVC: &str =
        "4201010408000003009e08000003000078900078100220f89cb2b2a5261780b7020200000040000030004000003007820";

    fn unit(hex: &str) -> Vec<u8> {
        let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
        let bytes = digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8);
        [0, 0, 0, 1, 9, 0xf0, 0, 0, 1].into_iter().chain(bytes).chain([0, 0, 1, 0x65]).collect()
    }

    #[test]
    fn h264_size_is_cropped_and_timed() {
        let picture = h264(&unit(CROPPED)).unwrap();
        assert_eq!((picture.width, picture.height), (322, 182));
        assert!((picture.fps.unwrap() - 30_000.0 / 1001.0).abs() < 1e-9);
        let picture = h264(&unit(INTERLACED)).unwrap();
        assert_eq!((picture.width, picture.height, picture.fps), (720, 576, Some(25.0)));
    }

    #[test]
    fn hevc_and_mpeg2_sizes() {
        let picture = hevc(&unit(HEVC)).unwrap();
        assert_eq!((picture.width, picture.height, picture.fps), (1920, 1080, None));
        let picture = mpeg2(&[0, 0, 1, 0xb3, 0x28, 0x01, 0x68, 0x13]).unwrap();
        assert_eq!((picture.width, picture.height, picture.fps), (640, 360, Some(25.0)));
    }

    #[test]
    fn every_cut_ends_without_a_size_or_with_the_right_one() {
        let whole = unit(CROPPED);
        for end in 0..whole.len() {
            assert!(h264(&whole[..end]).is_none_or(|p| (p.width, p.height) == (322, 182)), "cut at {end}");
        }
    }
}
