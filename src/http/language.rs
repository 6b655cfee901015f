//! Chinese or English, by `Accept-Language` (RFC 9110 §12.5.4). Chinese when nothing is asked for.

use std::borrow::Cow;
use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

/// A language that answers are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// How much a language is asked for: its weight in thousandths, then how early it stands.
type Wish = (u16, usize);

impl Language {
    /// The language that the request prefers; Chinese when it prefers neither.
    pub fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT_LANGUAGE);
        let ranges: Vec<(&str, u16)> =
            values.iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).filter_map(read_range).collect();
        let wish = |tag: &str| -> Wish {
            let named = ranges.iter().enumerate().filter(|(_, (range, _))| speaks(range, tag));
            let best = named.map(|(at, (_, q))| (*q, ranges.len() - at)).max();
            let any = ranges.iter().find(|(range, _)| *range == "*").map_or(0, |(_, q)| *q);
            best.unwrap_or((any, 0))
        };
        let (zh, en) = (wish("zh"), wish("en"));
        if en.0 > 0 && en > zh { Self::En } else { Self::Zh }
    }

    /// The value of `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The header's value.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(self.tag())
    }
}

/// `zh-CN;q=0.8` as its tag and its weight in thousandths; none when it is malformed.
fn read_range(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().filter(|r| !r.is_empty())?;
    let weight = match parts.next() {
        None => 1000,
        Some(parameter) => {
            let q: f32 = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?.parse().ok()?;
            // Between 0 and 1 there are a thousand steps, so the cast is exact.
            if (0.0..=1.0).contains(&q) { (q * 1000.0).round() as u16 } else { return None }
        }
    };
    Some((range, weight))
}

fn speaks(range: &str, tag: &str) -> bool {
    range.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case(tag))
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// One sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    zh: Cow<'static, str>,
    en: Cow<'static, str>,
}

impl Text {
    /// The Chinese and the English sentence.
    pub fn new(zh: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// The sentence in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_language() {
        let cases = [
            (None, Language::Zh),
            (Some(""), Language::Zh),
            (Some("en"), Language::En),
            (Some("en-GB,en;q=0.9"), Language::En),
            (Some("zh-CN,zh;q=0.9,en;q=0.8"), Language::Zh),
            (Some("en;q=0.8, zh;q=0.9"), Language::Zh),
            (Some("en, zh"), Language::En),
            (Some("zh, en"), Language::Zh),
            (Some("fr, en;q=0.1"), Language::En),
            (Some("fr"), Language::Zh),
            (Some("*"), Language::Zh),
            (Some("zh;q=0, *;q=0.5"), Language::En),
            (Some("en;q=0, *"), Language::Zh),
            (Some("en;q=2, zh;q=0.1"), Language::Zh),
            (Some("english"), Language::Zh),
        ];
        for (value, expected) in cases {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(header::ACCEPT_LANGUAGE, value.parse().unwrap());
            }
            assert_eq!(Language::of(&headers), expected, "{value:?}");
        }
    }
}
