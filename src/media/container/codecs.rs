//! Common names for the codes that RIFF files carry.

/// The codec behind a `BITMAPINFOHEADER` compression or `strh` handler; `None` for a code that says nothing.
pub fn video(fourcc: [u8; 4]) -> Option<String> {
    let upper = fourcc.map(|b| b.to_ascii_uppercase());
    let name = match &upper {
        b"H264" | b"X264" | b"AVC1" | b"DAVC" | b"VSSH" => "h264",
        b"HEVC" | b"H265" | b"X265" | b"HVC1" | b"HEV1" => "hevc",
        b"XVID" | b"DIVX" | b"DX50" | b"FMP4" | b"MP4V" | b"MP4S" | b"M4S2" | b"RMP4" => "mpeg4",
        b"MJPG" | b"AVRN" | b"JPEG" | b"DMB1" => "mjpeg",
        b"MPG2" | b"MPEG" => "mpeg2",
        b"MPG1" => "mpeg1",
        b"H263" | b"U263" => "h263",
        b"\0\0\0\0" => return None,
        _ => return super::bytes::ascii_field(&fourcc),
    };
    Some(name.to_owned())
}

/// The codec behind a `WAVEFORMATEX` format tag; an unknown tag is given as `0x` and four hexadecimal digits.
pub fn audio(tag: u16) -> Option<String> {
    let name = match tag {
        0 => return None,
        0x01 | 0x03 => "pcm",
        0x02 => "adpcm_ms",
        0x06 => "g711a",
        0x07 => "g711u",
        0x11 => "adpcm",
        0x31 => "gsm",
        0x45 | 0x64 => "g726",
        0x50 => "mp2",
        0x55 => "mp3",
        0xff | 0x1600 | 0x706d => "aac",
        0x1610 => "aac_latm",
        0x2000 => "ac3",
        0x57 => "amr",
        0x58 => "amr_wb",
        _ => return Some(format!("0x{tag:04x}")),
    };
    Some(name.to_owned())
}
