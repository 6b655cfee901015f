//! What is wrong with a query, and where.

use std::fmt;

/// What a value must be, in Chinese and in English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Expected {
    /// What a value must be.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

/// A query that cannot be understood: where, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// The first character that is wrong, counted from 0.
    pub position: usize,
    /// How many characters are wrong; 0: something is missing at the position.
    pub length: usize,
    /// What is wrong.
    pub why: Why,
}

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// There is nothing to look for.
    Empty,
    /// It is longer than this many characters.
    TooLong(usize),
    /// It has more than this many words.
    TooManyWords(usize),
    /// Parentheses are nested deeper than this.
    TooDeep(usize),
    /// A quotation mark without its partner.
    OpenQuote,
    /// `(` without `)`.
    OpenBracket,
    /// `)` without `(`.
    StrayBracket,
    /// `OR` or `-` without something to stand for it.
    NothingBeside(&'static str),
    /// A field that there is not.
    UnknownField(String),
    /// A field without a value.
    NoValue(&'static str),
    /// A value that the field cannot have.
    Value(&'static str, Expected),
    /// A limit of time within `OR` or behind `-`.
    TimeInside(&'static str),
}

impl QueryError {
    /// The sentence in Chinese, with the place.
    pub fn zh(&self) -> String {
        let place = self.position + 1;
        let what = match &self.why {
            Why::Empty => return "应至少含一个文字或数字".to_owned(),
            Why::TooLong(most) => return format!("检索式最多 {most} 个字符"),
            Why::TooManyWords(most) => format!("最多 {most} 个词"),
            Why::TooDeep(most) => format!("括号最多 {most} 层"),
            Why::OpenQuote => "引号没有成对".to_owned(),
            Why::OpenBracket => "括号没有右半".to_owned(),
            Why::StrayBracket => "括号没有左半".to_owned(),
            Why::NothingBeside(operator) => format!("{operator} 旁缺少检索词"),
            Why::UnknownField(name) => {
                format!("没有字段“{name}”；可用 {}；若是文字，请加引号", super::field::known("zh"))
            }
            Why::NoValue(field) => format!("{field}: 后缺少值"),
            Why::Value(field, expected) => format!("{field}: {}", expected.zh),
            Why::TimeInside(field) => format!("{field}: 限定整个检索，不能放在 OR 或 - 之内"),
        };
        format!("第 {place} 个字符：{what}")
    }

    /// The sentence in English, with the place.
    pub fn en(&self) -> String {
        let place = self.position + 1;
        let what = match &self.why {
            Why::Empty => return "expected at least one letter, digit or Chinese character".to_owned(),
            Why::TooLong(most) => return format!("a query has at most {most} characters"),
            Why::TooManyWords(most) => format!("at most {most} words"),
            Why::TooDeep(most) => format!("at most {most} parentheses within each other"),
            Why::OpenQuote => "the quotation mark has no partner".to_owned(),
            Why::OpenBracket => "the parenthesis is not closed".to_owned(),
            Why::StrayBracket => "the parenthesis was not opened".to_owned(),
            Why::NothingBeside(operator) => format!("{operator} needs something to look for beside it"),
            Why::UnknownField(name) => {
                format!("there is no field \"{name}\"; there are {}; put text into quotes", super::field::known("en"))
            }
            Why::NoValue(field) => format!("{field}: needs a value"),
            Why::Value(field, expected) => format!("{field}: {}", expected.en),
            Why::TimeInside(field) => format!("{field}: limits the whole query and can't stand within OR or behind -"),
        };
        format!("character {place}: {what}")
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.zh(), self.en())
    }
}

impl std::error::Error for QueryError {}
