//! `Content-Disposition` (RFC 6266) with a name as a recorder or person wrote it: it may hold anything but `/` and NUL.

use axum::http::HeaderValue;

use crate::model::id::Id;

/// Longest extension that the plain name keeps.
const MOST_EXTENSION_CHARS: usize = 8;

/// Whether a browser shows the bytes or saves them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Shown.
    Inline,
    /// Saved.
    Attachment,
}

/// The header for a clip that is called `name`: the plain name for old clients, the whole one in UTF-8 (RFC 8187).
pub fn header(disposition: Disposition, name: &str, id: Id) -> HeaderValue {
    let clean = clean(name);
    let clean = if clean.is_empty() { format!("clip-{id}") } else { clean };
    let word = match disposition {
        Disposition::Inline => "inline",
        Disposition::Attachment => "attachment",
    };
    let value = format!("{word}; filename=\"{}\"; filename*=UTF-8''{}", plain(&clean, id), extended(&clean));
    // Both names hold visible ASCII only, so this always is a header.
    HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

/// The name without what would mislead a person or a file system: controls, invisible and direction marks, separators, leading
/// dots and spaces around it.
fn clean(name: &str) -> String {
    let visible = name.chars().filter(|c| !is_invisible(*c));
    let replaced: String = visible
        .map(|c| if c.is_control() || matches!(c, '/' | '\\' | '\u{2028}' | '\u{2029}') { '_' } else { c })
        .collect();
    replaced.trim().trim_start_matches('.').to_owned()
}

/// Marks that change how other characters are shown, and characters that show nothing.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// The name when it is plain ASCII without what quoting or old clients trip over; else one made of the id and the extension.
fn plain(name: &str, id: Id) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " !#$&'()+,-.;=@[]^_`{}~".contains(c);
    if name.chars().all(is_plain) {
        return name.to_owned();
    }
    let extension = name
        .rsplit_once('.')
        .map(|(_, e)| e)
        .filter(|e| !e.is_empty() && e.len() <= MOST_EXTENSION_CHARS && e.bytes().all(|b| b.is_ascii_alphanumeric()));
    extension.map_or_else(|| format!("clip-{id}"), |e| format!("clip-{id}.{e}"))
}

/// `ext-value` of RFC 8187: everything but its `attr-char` is percent-encoded.
fn extended(name: &str) -> String {
    use std::fmt::Write as _;
    name.bytes().fold(String::with_capacity(name.len()), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str) -> String {
        header(Disposition::Attachment, name, Id(7)).to_str().unwrap().to_owned()
    }

    #[test]
    fn names_come_through_whole_and_safe() {
        let table = [
            ("a b.mp4", "\"a b.mp4\"", "a%20b.mp4"),
            ("执法.mp4", "\"clip-7.mp4\"", "%E6%89%A7%E6%B3%95.mp4"),
            ("a\"b.mp4", "\"clip-7.mp4\"", "a%22b.mp4"),
            ("100%.mp4", "\"clip-7.mp4\"", "100%25.mp4"),
            ("a\r\nSet-Cookie: x=y.mp4", "\"clip-7.mp4\"", "a__Set-Cookie%3A%20x%3Dy.mp4"),
            ("a\\..\\b.mp4", "\"a_.._b.mp4\"", "a_.._b.mp4"),
            ("../x.mp4", "\"_x.mp4\"", "_x.mp4"),
            ("..", "\"clip-7\"", "clip-7"),
            ("\u{202e}4pm.exe", "\"4pm.exe\"", "4pm.exe"),
            ("a\u{fffd}.mp4", "\"clip-7.mp4\"", "a%EF%BF%BD.mp4"),
            ("\u{85}\u{7f}.mp4", "\"__.mp4\"", "__.mp4"),
            ("执法", "\"clip-7\"", "%E6%89%A7%E6%B3%95"),
            ("", "\"clip-7\"", "clip-7"),
        ];
        for (name, plain, extended) in table {
            assert_eq!(value(name), format!("attachment; filename={plain}; filename*=UTF-8''{extended}"), "{name:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_name_makes_one_header_of_three_parts(name in ".*") {
            let value = value(&name);
            proptest::prop_assert!(value.bytes().all(|b| (0x20..0x7f).contains(&b)));
            let inner = value.strip_prefix("attachment; filename=\"").and_then(|v| v.split_once("\"; filename*=UTF-8''"));
            let (plain, extended) = inner.unwrap();
            proptest::prop_assert!(!plain.contains('"') && !plain.is_empty());
            proptest::prop_assert!(!extended.contains(['"', ';', ' ']) && !extended.is_empty());
        }
    }
}
