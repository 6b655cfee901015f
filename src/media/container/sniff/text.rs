//! Whether bytes are text: UTF-8, GBK or GB 18030, or UTF-16 with its mark; no zeros, no control characters.

/// Whether the front of a file of `len` bytes is text; a character cut at the end of `head` counts when more follows.
pub(super) fn is_text(head: &[u8], len: u64) -> bool {
    let cut = (head.len() as u64) < len;
    match head {
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        _ => !head.is_empty() && !head.iter().any(|&b| is_control(b)) && (utf_8(head, cut) || gbk(head, cut)),
    }
}

/// Control characters that no text file holds: all but tab, line feed, form feed, carriage return, the end mark of DOS
/// and escape.
fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | 0x1a | 0x1b) || byte == 0x7f
}

fn utf_8(bytes: &[u8], cut: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(e) => cut && e.error_len().is_none(),
    }
}

fn utf_16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> bool {
    let units = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(read);
    let mut any = false;
    let mut characters = char::decode_utf16(units).peekable();
    while let Some(character) = characters.next() {
        any = true;
        match character {
            Ok(c) if u8::try_from(c).is_ok_and(is_control) => return false,
            // A pair may be cut at the end of what was read.
            Err(_) if characters.peek().is_some() => return false,
            _ => {}
        }
    }
    any
}

/// GB 18030 code positions: one byte, two, or four.
fn gbk(bytes: &[u8], cut: bool) -> bool {
    let mut rest = bytes;
    loop {
        rest = match *rest {
            [] => return true,
            [0..=0x7f, ref rest @ ..] => rest,
            [0x81..=0xfe, 0x40..=0x7e | 0x80..=0xfe, ref rest @ ..] => rest,
            [0x81..=0xfe, 0x30..=0x39, 0x81..=0xfe, 0x30..=0x39, ref rest @ ..] => rest,
            _ => return cut && rest.len() < 4,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::is_text;

    #[test]
    fn encodings_of_sidecars() {
        let utf_16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("案号\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let gbk = b"<usrName>\xd6\xb4\xd0\xd0</usrName>\r\n";
        for text in ["$GPRMC,085207.00,A\r\n".as_bytes(), "执行".as_bytes(), gbk, &utf_16] {
            assert!(is_text(text, text.len() as u64), "{text:?}");
        }
        assert!(is_text(&"执行".as_bytes()[..5], 6), "cut in a character");
        assert!(!is_text(&gbk[..10], 10), "ends in a character");
        for data in [&b""[..], b"a\0b", b"\x01abc", b"\xff\xff\xff\xff", b"\x80abc", b"\xff\xfe"] {
            assert!(!is_text(data, data.len() as u64), "{data:?}");
        }
    }
}
