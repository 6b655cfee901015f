//! Folding: what is left of a text when only letters, digits and Han characters count.

use std::iter::once;
use std::ops::Range;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// NFKC, case folding, without punctuation and spaces: `（2021）吉0721执123号` and `2021吉0721执１２３号` fold alike.
pub fn fold(text: &str) -> String {
    if text.chars().all(is_plain) {
        return text.chars().filter_map(fold_plain).collect();
    }
    fold_any(text).collect()
}

/// A folded text that knows where each of its characters stood.
#[derive(Debug)]
pub struct Folded {
    /// The folded text.
    pub text: String,
    /// For each character of `text` the range of characters in the original that it comes from.
    pub origin: Vec<Range<usize>>,
}

/// As [`fold`], with the way back. Characters that normalization joins go back to all that were joined.
pub fn fold_with_origin(text: &str) -> Folded {
    let mut folded = Folded { text: String::with_capacity(text.len()), origin: Vec::with_capacity(text.len()) };
    if text.chars().all(is_plain) {
        for (at, c) in text.chars().enumerate() {
            if let Some(c) = fold_plain(c) {
                folded.text.push(c);
                folded.origin.push(at..at + 1);
            }
        }
        return folded;
    }
    let chars: Vec<char> = text.chars().collect();
    let mut start = 0;
    while let Some(length) = chars.get(start..).filter(|c| !c.is_empty()).map(segment) {
        let segment: String = chars.iter().skip(start).take(length).collect();
        for c in fold_any(&segment) {
            folded.text.push(c);
            folded.origin.push(start..start + length);
        }
        start += length;
    }
    folded
}

fn fold_any(text: &str) -> impl Iterator<Item = char> + '_ {
    text.nfkc().flat_map(fold_case).filter(|c| c.is_alphanumeric())
}

/// Upper case and back: unlike lower case alone it also makes one of ς and σ, of ß and ss.
fn fold_case(c: char) -> impl Iterator<Item = char> {
    c.to_uppercase().flat_map(char::to_lowercase)
}

/// Whether normalization leaves the character alone or makes one other of it, whatever stands beside it.
fn is_plain(c: char) -> bool {
    matches!(c,
        '\0'..='\u{7f}'
        | '\u{2010}' | '\u{2012}'..='\u{2016}' | '\u{2018}'..='\u{2022}'
        | '\u{3000}'..='\u{3029}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ff01}'..='\u{ff5e}')
}

/// What is left of a plain character.
fn fold_plain(c: char) -> Option<char> {
    match c {
        '\0'..='\u{7f}' => c.is_ascii_alphanumeric().then(|| c.to_ascii_lowercase()),
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' => Some(c),
        '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' => Some(c),
        '\u{ff01}'..='\u{ff5e}' => fold_plain(char::from_u32(u32::from(c) - 0xfee0)?),
        _ => None,
    }
}

/// How many characters from the first one on are normalized together.
fn segment(chars: &[char]) -> usize {
    1 + chars.iter().skip(1).take_while(|c| !starts_anew(**c)).count()
}

/// Whether normalization never joins the character to what stands before it.
fn starts_anew(c: char) -> bool {
    let first = once(c).nfkd().next().unwrap_or(c);
    canonical_combining_class(first) == 0 && is_nfkc_quick(once(first)) == IsNormalized::Yes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folding_drops_what_does_not_count() {
        assert_eq!(fold("（２０２１）吉0721执123号"), "2021吉0721执123号");
        assert_eq!(fold("ＤＣＡＭ_0001 IMP.mp4"), "dcam0001impmp4");
        assert_eq!(fold("Straße ΟΔΟΣ"), fold("STRASSE οδος"));
        assert_eq!(fold("……“张三”——、。《》"), "张三");
        assert_eq!(fold("々〇〡"), fold_any("々〇〡").collect::<String>());
    }

    #[test]
    fn the_short_way_is_the_long_way() {
        for c in ('\0'..=char::MAX).filter(|c| is_plain(*c)) {
            for text in [format!("{c}"), format!("a{c}"), format!("张{c}b")] {
                assert_eq!(fold(&text), fold_any(&text).collect::<String>(), "{:x}", u32::from(c));
            }
        }
    }

    proptest! {
        #[test]
        fn folding_by_segments_is_folding(text in "[a-eｱ-ﾟが-ぽ\u{300}-\u{303}\u{3099}\u{309a}\u{1100}-\u{1105}\u{1161}-\u{1165}\u{11a8}-\u{11aa}张三㎏ﬁ\\PC]{0,12}") {
            let folded = fold_with_origin(&text);
            prop_assert_eq!(&folded.text, &fold(&text));
            prop_assert_eq!(folded.origin.len(), folded.text.chars().count());
            prop_assert!(folded.origin.iter().all(|r| r.start < r.end && r.end <= text.chars().count()));
        }

        #[test]
        fn folded_text_stays_as_it_is(text in "[\\PC张三0-9A-Z ]{0,20}") {
            let once = fold(&text);
            prop_assert!(once.chars().all(char::is_alphanumeric));
        }
    }
}
