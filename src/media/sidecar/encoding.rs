//! Which encoding a text is in: byte order mark, else UTF-8, else GBK.

use std::borrow::Cow;

use encoding_rs::{Encoding, GBK, UTF_8, UTF_16BE, UTF_16LE};

/// A text and the encoding it was in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, without byte order mark.
    pub text: Cow<'a, str>,
    /// `utf-8`, `utf-16le`, `utf-16be` or `gbk`.
    pub encoding: &'static str,
    /// Some bytes were in no encoding and became U+FFFD.
    pub replaced: bool,
}

/// Decodes a text. What a power loss cut inside a character is still UTF-8. Where neither UTF-8 nor GBK fits all
/// bytes, the one that replaces less is taken.
pub fn decode(bytes: &[u8]) -> Decoded<'_> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let (text, replaced) = encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default());
        return Decoded { text, encoding: label(encoding), replaced };
    }
    let cut_at_end = match std::str::from_utf8(bytes) {
        Ok(text) => return Decoded { text: Cow::Borrowed(text), encoding: "utf-8", replaced: false },
        Err(e) => e.error_len().is_none() && e.valid_up_to() > 0 && !is_ascii_before(bytes, e.valid_up_to()),
    };
    let as_utf8 = || Decoded { text: String::from_utf8_lossy(bytes), encoding: "utf-8", replaced: true };
    if cut_at_end {
        return as_utf8();
    }
    let (text, replaced) = GBK.decode_without_bom_handling(bytes);
    let gbk = Decoded { text, encoding: "gbk", replaced };
    if !replaced {
        return gbk;
    }
    let utf8 = as_utf8();
    if replacements(&utf8.text) < replacements(&gbk.text) { utf8 } else { gbk }
}

/// Whether everything up to `end` is ASCII: then one broken character at the end tells nothing about the encoding.
fn is_ascii_before(bytes: &[u8], end: usize) -> bool {
    bytes.get(..end).is_some_and(<[u8]>::is_ascii)
}

fn replacements(text: &str) -> usize {
    text.matches('\u{fffd}').count()
}

fn label(encoding: &'static Encoding) -> &'static str {
    match encoding {
        e if e == UTF_8 => "utf-8",
        e if e == UTF_16LE => "utf-16le",
        e if e == UTF_16BE => "utf-16be",
        e => e.name(),
    }
}
