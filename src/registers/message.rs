//! What an import says to people.

use std::fmt;

/// One sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Message {
    /// The Chinese and the English sentence.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

impl fmt::Display for Message {
    /// Chinese with English beside it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}（{}）", self.zh, self.en)
    }
}

/// A sentence about a line of a file, or about the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line, from 1; none: about the whole file.
    pub line: Option<u64>,
    /// What is said.
    pub message: Message,
}
