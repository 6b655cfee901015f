//! A value that cannot be, and what it may be.

use std::borrow::Cow;

/// A value that cannot be, and what it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field as clients write it, such as `clips[1].from_ms`.
    pub field: Cow<'static, str>,
    /// What is wrong, in Chinese.
    pub zh: Cow<'static, str>,
    /// What is wrong, in English.
    pub en: Cow<'static, str>,
}

impl Fault {
    /// A fault.
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        zh: impl Into<Cow<'static, str>>,
        en: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { field: field.into(), zh: zh.into(), en: en.into() }
    }

    /// A text that is longer than `most` characters, or holds what no text is made of.
    pub fn of_text(field: impl Into<Cow<'static, str>>, text: &str, most: usize) -> Option<Self> {
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t') {
            return Some(Self::new(field, "含有控制字符", "holds control characters"));
        }
        let long = text.chars().count() > most;
        long.then(|| Self::new(field, format!("最多 {most} 个字符"), format!("at most {most} characters")))
    }
}
