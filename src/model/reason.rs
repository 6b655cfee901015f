//! Why something is as it is: a stable word, and a sentence in both languages.

use serde::{Deserialize, Serialize};

/// A reason as it is kept in a row and shown to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A stable word; empty in rows from before there were words.
    pub code: String,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
}

impl Reason {
    /// A reason.
    pub fn new(code: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code: code.to_owned(), zh: zh.into(), en: en.into() }
    }

    /// What a person gave as the reason: their own words, in whatever language.
    pub fn in_words(text: &str) -> Self {
        Self::new("person", text, text)
    }

    /// The text that a row holds.
    pub fn to_stored(&self) -> String {
        // Three strings always serialize.
        serde_json::to_string(self).unwrap_or_else(|_| self.zh.clone())
    }

    /// Reads what a row holds; a bare sentence, as first rows had it, stands for both languages.
    pub fn from_stored(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self::new("", text, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_sentence_is_read_too() {
        let reason = Reason::new("number_in_name", "文件名中的案号“x”", "case number \"x\" in the file's name");
        assert_eq!(Reason::from_stored(&reason.to_stored()), reason);
        assert_eq!(Reason::from_stored("文件名中的案号").en, "文件名中的案号");
    }
}
