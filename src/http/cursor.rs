//! Cursors: a place in a list, opaque to clients. base64url of a letter that says which list, and big-endian numbers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::language::Text;

/// The cursor of the list `list` at the place `numbers`.
pub fn encode<const N: usize>(list: u8, numbers: [i64; N]) -> String {
    let mut bytes = vec![list];
    numbers.iter().for_each(|n| bytes.extend_from_slice(&n.to_be_bytes()));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place of a cursor of the list `list`.
///
/// # Errors
/// When the text is no cursor of that list.
pub fn decode<const N: usize>(list: u8, text: &str) -> Result<[i64; N], Text> {
    read(list, text).ok_or_else(|| {
        Text::new(
            "不是此列表的游标：请原样使用上一页的 next_cursor",
            "not a cursor of this list: use a page's next_cursor as it is",
        )
    })
}

fn read<const N: usize>(list: u8, text: &str) -> Option<[i64; N]> {
    // Longer texts are no cursor; they are not even decoded.
    let bytes = (text.len() <= 64).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten()?;
    let (first, rest) = bytes.split_first()?;
    if *first != list || rest.len() != N * 8 {
        return None;
    }
    let mut numbers = [0; N];
    for (number, bytes) in numbers.iter_mut().zip(rest.chunks_exact(8)) {
        *number = i64::from_be_bytes(bytes.try_into().ok()?);
    }
    Some(numbers)
}

/// Rows of a page, of which one more than `limit` was asked for; and the cursor to the next page, when there is one.
pub fn page<T>(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(cursor);
    (rows, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_nothing_else() {
        let text = encode(b'c', [-1, i64::MAX]);
        assert_eq!(decode::<2>(b'c', &text), Ok([-1, i64::MAX]));
        assert!(decode::<2>(b'u', &text).is_err());
        assert!(decode::<1>(b'c', &text).is_err());
        for bad in ["", "=", "AAAA", &text[1..], &format!("{text}A"), &format!("{text}="), "游标", &"A".repeat(1000)]
        {
            assert!(decode::<2>(b'c', bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_page_ends_the_list_when_nothing_is_left() {
        let cursor = |n: &i32| n.to_string();
        assert_eq!(page(vec![1, 2, 3], 2, cursor), (vec![1, 2], Some("2".to_owned())));
        assert_eq!(page(vec![1, 2], 2, cursor), (vec![1, 2], None));
        assert_eq!(page(vec![], 2, cursor), (vec![], None));
    }
}
