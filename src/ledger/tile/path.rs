//! The paths that tiles and entry bundles are served under (C2SP tlog-tiles): `000`, `x001/234`, `x001/234.p/5`.

use std::fmt::Write as _;

use super::FULL_WIDTH;

/// Groups of the longest index: 2^64 has twenty digits.
const MOST_GROUPS: usize = 7;

/// The path of the tile of `width` hashes at `level` and `index`.
pub fn tile_path(level: u8, index: u64, width: u16) -> String {
    format!("tile/{level}/{}", numbered(index, width))
}

/// The path of the bundle that holds the entries of the tile of `width` hashes at level 0 and `index`.
pub fn entries_path(index: u64, width: u16) -> String {
    format!("tile/entries/{}", numbered(index, width))
}

/// The index in groups of three digits, all but the last marked `x`, and the width when the tile is partial.
fn numbered(index: u64, width: u16) -> String {
    let mut text = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        text.insert_str(0, &format!("x{:03}/", rest % 1000));
        rest /= 1000;
    }
    if width < FULL_WIDTH {
        let _ = write!(text, ".p/{width}");
    }
    text
}

/// Index and width of what stands after the level; none for any other spelling than the one.
pub fn parse_numbered(text: &str) -> Option<(u64, u16)> {
    let (groups, width) = match text.split_once(".p/") {
        None => (text, FULL_WIDTH),
        Some((groups, width)) => (groups, width.parse().ok().filter(|w| (1..FULL_WIDTH).contains(w))?),
    };
    let mut index = 0u64;
    for group in groups.split('/').take(MOST_GROUPS + 1) {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    // The one spelling: no other places of `x`, no leading group of zeros, no sign or zero before the width.
    (numbered(index, width) == text).then_some((index, width))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_spelling_only() {
        for (text, expected) in
            [("000", (0, 256)), ("x001/234", (1234, 256)), ("x001/234.p/5", (1234, 5)), ("999.p/255", (999, 255))]
        {
            assert_eq!(parse_numbered(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "0",
            "00",
            "0000",
            "x000/000",
            "x001",
            "001/234",
            "x001/x234",
            "x001//234",
            "/000",
            "000/",
            "000.p",
            "000.p/",
            "000.p/0",
            "000.p/256",
            "000.p/05",
            "000.p/+5",
            "000.p/5/",
            "-01",
            "+01",
            "x018/x446/x744/x073/x709/x551/616",
            "x001/x018/x446/x744/x073/x709/x551/615",
            "００１",
        ] {
            assert_eq!(parse_numbered(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(index: u64, width in 1..=FULL_WIDTH) {
            prop_assert_eq!(parse_numbered(&numbered(index, width)), Some((index, width)));
        }

        #[test]
        fn nothing_else_is_read(text in "[x0-9/.p]{0,16}") {
            if let Some((index, width)) = parse_numbered(&text) {
                prop_assert_eq!(numbered(index, width), text);
            }
        }
    }
}
