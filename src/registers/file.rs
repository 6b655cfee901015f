//! A register as a CSV file: header in Chinese or English, UTF-8, UTF-16 or GBK, one bad line does not stop the rest.

mod header;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io::{self, Cursor, Read};
use std::sync::Arc;

use crate::media::sidecar::decode;

use super::message::Message;

pub use header::Column;

/// The largest register read, in bytes. The encoding is decided over the whole file, so it is held in memory.
pub const MOST_FILE_BYTES: usize = 64 << 20;

/// A file that cannot be read as a register at all.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Reading failed.
    #[error("cannot read the file: {0}")]
    Io(#[from] io::Error),
    /// More than 64 MiB.
    #[error("the file is larger than {} MiB: split it", MOST_FILE_BYTES >> 20)]
    TooLarge,
    /// No line at all.
    #[error("the file is empty: the first line must name the columns, one of them {expected}")]
    NoHeader {
        /// The names that the first column that must be there may have.
        expected: String,
    },
    /// A column that must be there is not.
    #[error("no column for {en}: the header must have one of {accepted}, comma-separated; it has {found:?}")]
    NoColumn {
        /// What is missing, in English.
        en: &'static str,
        /// What is missing, in Chinese.
        zh: &'static str,
        /// The names it may have.
        accepted: String,
        /// The columns found, at most 20.
        found: Vec<String>,
    },
}

impl FileError {
    /// What is wrong, in both languages.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::Io(e) => format!("文件无法读取：{e}"),
            Self::TooLarge => format!("文件超过 {} MiB，请分成几份", MOST_FILE_BYTES >> 20),
            Self::NoHeader { expected } => format!("文件为空：第一行应为列名，其中须有 {expected}"),
            Self::NoColumn { zh, accepted, found, .. } => {
                format!("缺少“{zh}”列：表头应有 {accepted} 之一，以逗号分隔；现有 {found:?}")
            }
        };
        Message::new(zh, self.to_string())
    }
}

/// One line of a register.
#[derive(Debug)]
pub struct Line {
    fields: csv::StringRecord,
    places: Arc<[Option<usize>]>,
}

impl Line {
    /// The text in a column, by the column's place in the list that the file was read with; none when it is empty.
    pub fn get(&self, column: usize) -> Option<&str> {
        let place = self.places.get(column).copied().flatten()?;
        self.fields.get(place).filter(|text| !text.is_empty())
    }
}

/// The lines of a register, in order, each with its number in the file, from 1. Empty lines are passed over.
#[derive(Debug)]
pub struct Lines {
    records: csv::Reader<Cursor<Vec<u8>>>,
    record: csv::StringRecord,
    places: Arc<[Option<usize>]>,
    warnings: Vec<Message>,
    encoding: &'static str,
    counter: LineCounter,
    finished: bool,
}

impl Lines {
    /// Reads the header of a register that has `columns`.
    ///
    /// # Errors
    /// The file cannot be read, is too large, or its header has not every column that must be there.
    pub fn read(bytes: impl Read, columns: &[Column]) -> Result<Self, FileError> {
        let mut content = Vec::new();
        bytes.take(MOST_FILE_BYTES as u64 + 1).read_to_end(&mut content)?;
        if content.len() > MOST_FILE_BYTES {
            return Err(FileError::TooLarge);
        }
        let decoded = decode(&content);
        let encoding = decoded.encoding;
        let text = match decoded.text {
            Cow::Owned(text) => text.into_bytes(),
            Cow::Borrowed(text) => {
                let mark = content.len() - text.len();
                content.drain(..mark);
                content
            }
        };
        let mut records = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(Cursor::new(text));
        // The content is in memory, so what fails is the text itself.
        let header = records.headers().map_err(io::Error::other)?;
        let (places, warnings) = header::place(header, columns)?;
        let (record, counter) = (csv::StringRecord::new(), LineCounter::default());
        Ok(Self { records, record, places: places.into(), warnings, encoding, counter, finished: false })
    }

    /// What is odd about the header: columns that are not read.
    pub fn warnings(&self) -> &[Message] {
        &self.warnings
    }

    /// The encoding found: `utf-8`, `gbk`, `utf-16le` or `utf-16be`.
    pub fn encoding(&self) -> &'static str {
        self.encoding
    }

    /// How many bytes of the text were read, and how many there are.
    pub fn position(&self) -> (u64, u64) {
        let total = self.records.get_ref().get_ref().len() as u64;
        (if self.finished { total } else { self.records.position().byte().min(total) }, total)
    }

    fn next_line(&mut self) -> Option<(u64, Result<Line, Message>)> {
        loop {
            match self.records.read_record(&mut self.record) {
                Ok(true) if self.record.iter().all(str::is_empty) => {}
                Ok(true) => {
                    let number = self.line_of(self.record.position().map(csv::Position::byte));
                    return Some((number, self.line()));
                }
                Ok(false) => return None,
                Err(e) => {
                    let number = self.line_of(e.position().map(csv::Position::byte));
                    let message = Message::new(format!("无法读取此行：{e}"), format!("cannot read this line: {e}"));
                    return Some((number, Err(message)));
                }
            }
        }
    }

    fn line_of(&mut self, byte: Option<u64>) -> u64 {
        let at = byte.and_then(|byte| usize::try_from(byte).ok()).unwrap_or(0);
        self.counter.line_at(self.records.get_ref().get_ref(), at)
    }

    fn line(&self) -> Result<Line, Message> {
        if self.record.iter().any(|field| field.contains(char::REPLACEMENT_CHARACTER)) {
            return Err(Message::new("含有无法解码的字符", "bytes that fit neither UTF-8 nor GBK"));
        }
        Ok(Line { fields: self.record.clone(), places: Arc::clone(&self.places) })
    }
}

impl Iterator for Lines {
    type Item = (u64, Result<Line, Message>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let next = self.next_line();
        self.finished = next.is_none();
        next
    }
}

/// Counts the lines of a text forwards. The csv reader's own count lags behind after `\r\n` and empty lines.
#[derive(Debug, Default)]
struct LineCounter {
    at: usize,
    ended: u64,
}

impl LineCounter {
    /// The line, from 1, of the first byte from `from` on that ends no line. `from` never falls from call to call.
    fn line_at(&mut self, text: &[u8], from: usize) -> u64 {
        let rest = text.get(from..).unwrap_or_default();
        let to = from + rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        while self.at < to {
            let (this, next) = (text.get(self.at), text.get(self.at + 1));
            if this == Some(&b'\n') || (this == Some(&b'\r') && next != Some(&b'\n')) {
                self.ended += 1;
            }
            self.at += 1;
        }
        self.ended + 1
    }
}
