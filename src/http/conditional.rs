//! Entity tags and the conditions on them (RFC 9110 §8.8.3, §13).

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// An entity tag: an opaque text of visible ASCII without quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag {
    weak: bool,
    tag: String,
}

impl ETag {
    /// A tag that names these very bytes. What a header cannot hold is left out of `tag`.
    pub fn strong(tag: &str) -> Self {
        Self { weak: false, tag: opaque(tag) }
    }

    /// A tag that names what the representation means.
    pub fn weak(tag: &str) -> Self {
        Self { weak: true, tag: opaque(tag) }
    }

    /// The header's value.
    pub fn header(&self) -> HeaderValue {
        let text = format!("{}\"{}\"", if self.weak { "W/" } else { "" }, self.tag);
        // `opaque` left only what a header can hold.
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
    }

    /// Whether `If-None-Match` says that the client has this already: then it is not sent again.
    pub fn is_known(&self, headers: &HeaderMap) -> bool {
        listed(headers, &header::IF_NONE_MATCH).is_some_and(|l| l.holds(|tag| tag.tag == self.tag))
    }

    /// Whether `If-Match` is absent or names this.
    pub fn is_expected(&self, headers: &HeaderMap) -> bool {
        listed(headers, &header::IF_MATCH).is_none_or(|l| l.holds(|tag| self.is_same_bytes(tag)))
    }

    /// Whether a `Range` may be served: `If-Range` is absent or names these very bytes. A date never does; none is sent.
    pub fn is_range_of(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(header::IF_RANGE) else { return true };
        let tags = value.to_str().ok().and_then(parse_list);
        tags.is_some_and(|tags| matches!(&tags[..], [tag] if self.is_same_bytes(tag)))
    }

    fn is_same_bytes(&self, other: &Self) -> bool {
        !self.weak && !other.weak && self.tag == other.tag
    }
}

fn opaque(tag: &str) -> String {
    tag.chars().filter(|c| c.is_ascii_graphic() && *c != '"').collect()
}

/// What a conditional header lists.
enum Listed {
    Any,
    Tags(Vec<ETag>),
}

impl Listed {
    fn holds(&self, is: impl Fn(&ETag) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(is),
        }
    }
}

/// `None` when the header is absent. A malformed one lists nothing.
fn listed(headers: &HeaderMap, name: &HeaderName) -> Option<Listed> {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect();
    if !headers.contains_key(name) {
        return None;
    }
    if values.iter().any(|v| v.trim() == "*") {
        return Some(Listed::Any);
    }
    Some(Listed::Tags(values.into_iter().filter_map(parse_list).flatten().collect()))
}

/// A tag may hold commas, so the list is read and not split.
fn parse_list(mut text: &str) -> Option<Vec<ETag>> {
    let mut tags = Vec::new();
    loop {
        text = text.trim_start_matches([' ', '\t', ',']);
        if text.is_empty() {
            return Some(tags);
        }
        let (weak, quoted) = text.strip_prefix("W/").map_or((false, text), |rest| (true, rest));
        let (tag, rest) = quoted.strip_prefix('"')?.split_once('"')?;
        tags.push(ETag { weak, tag: tag.to_owned() });
        text = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let tag = ETag::strong("abc");
        for (value, known) in [
            ("\"abc\"", true),
            ("W/\"abc\"", true),
            ("\"x,y\", \"abc\"", true),
            ("*", true),
            ("abc", false),
            ("\"abcd\"", false),
            ("\"a\" \"abc", false),
            ("", false),
        ] {
            assert_eq!(tag.is_known(&with(header::IF_NONE_MATCH, value)), known, "{value}");
        }
        assert!(!tag.is_known(&HeaderMap::new()));
    }

    #[test]
    fn if_match_and_if_range_compare_strongly() {
        let tag = ETag::strong("abc");
        for (value, same) in [("\"abc\"", true), ("W/\"abc\"", false), ("\"x\"", false)] {
            assert_eq!(tag.is_expected(&with(header::IF_MATCH, value)), same, "{value}");
            assert_eq!(tag.is_range_of(&with(header::IF_RANGE, value)), same, "{value}");
        }
        assert!(!tag.is_range_of(&with(header::IF_RANGE, "Tue, 24 Nov 2026 08:52:07 GMT")));
        assert!(tag.is_expected(&HeaderMap::new()) && tag.is_range_of(&HeaderMap::new()));
        assert!(tag.is_expected(&with(header::IF_MATCH, "*")));
        assert!(!ETag::weak("abc").is_expected(&with(header::IF_MATCH, "\"abc\"")));
    }

    #[test]
    fn a_tag_cannot_break_its_header() {
        assert_eq!(ETag::weak("a\"\r\nx: y案").header(), "W/\"ax:y\"");
    }
}
