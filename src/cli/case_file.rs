//! The register of cases as a CSV file: header in Chinese or English, UTF-8 or GBK, one bad line does not stop the
//! rest.

mod header;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io::{self, Cursor, Read};

use crate::media::sidecar::decode;
use crate::model::case_number::{CaseNumber, CaseNumberError};

use header::Columns;

/// The largest register read, in bytes. The encoding is decided over the whole file, so it is held in memory.
const MOST_BYTES: u64 = 64 << 20;

/// One case of the register. Absent and empty are `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CaseRecord {
    /// The line in the file, from 1.
    pub line: u64,
    /// The case number.
    pub number: CaseNumber,
    /// The parties, split at `、`, `;` and `；`. Personal data: never logged.
    pub parties: Vec<String>,
    /// The cause 案由.
    pub cause: Option<String>,
    /// The judge in charge 承办人.
    pub judge: Option<String>,
    /// The status as written.
    pub status: Option<String>,
}

/// A line that could not be read as a case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub(super) struct LineError {
    /// The line in the file, from 1.
    pub line: u64,
    /// What is wrong with it, Chinese first.
    pub message: String,
}

/// A file that cannot be read as a register at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum CaseFileError {
    /// Reading failed.
    #[error("cannot read the file: {0}")]
    Io(#[from] io::Error),
    /// More than 64 MiB.
    #[error("the file is larger than {} MiB: split it", MOST_BYTES >> 20)]
    TooLarge,
    /// No line at all.
    #[error("the file is empty: the first line must name the columns, one of them {}", header::accepted_numbers())]
    NoHeader,
    /// No column for the case number.
    #[error(
        "no column for the case number: the header must have one of {}, comma-separated; it has {found:?}",
        header::accepted_numbers()
    )]
    NoNumberColumn {
        /// The columns found, at most 20.
        found: Vec<String>,
    },
}

/// The cases of a register, line by line, in order. Empty lines are passed over.
#[derive(Debug)]
pub(super) struct CaseReader {
    records: csv::Reader<Cursor<Vec<u8>>>,
    record: csv::StringRecord,
    columns: Columns,
    encoding: &'static str,
    lines: LineCounter,
    finished: bool,
}

/// Reads the header of a register and gives its cases.
///
/// # Errors
/// The file cannot be read, is too large, or its header has no column for the case number.
pub(super) fn read_cases(bytes: impl Read) -> Result<CaseReader, CaseFileError> {
    let mut content = Vec::new();
    bytes.take(MOST_BYTES + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MOST_BYTES {
        return Err(CaseFileError::TooLarge);
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
    let columns = header::read(records.headers().map_err(io_error)?)?;
    Ok(CaseReader {
        records,
        record: csv::StringRecord::new(),
        columns,
        encoding,
        lines: LineCounter::default(),
        finished: false,
    })
}

impl CaseReader {
    /// What is odd about the header: columns that are not read.
    pub(super) fn warnings(&self) -> &[String] {
        &self.columns.warnings
    }

    /// The encoding found: `utf-8`, `gbk`, `utf-16le` or `utf-16be`.
    pub(super) fn encoding(&self) -> &'static str {
        self.encoding
    }

    /// The next line that is not empty; `None` at the end.
    fn next_line(&mut self) -> Option<Result<CaseRecord, LineError>> {
        loop {
            match self.records.read_record(&mut self.record) {
                Ok(true) if self.record.iter().all(str::is_empty) => {}
                Ok(true) => {
                    let line = self.line_of(self.record.position().map(csv::Position::byte));
                    return Some(self.read_line(line));
                }
                Ok(false) => return None,
                Err(e) => {
                    let line = self.line_of(e.position().map(csv::Position::byte));
                    return Some(Err(LineError {
                        line,
                        message: format!("无法读取此行（cannot read this line）：{e}"),
                    }));
                }
            }
        }
    }

    fn line_of(&mut self, byte: Option<u64>) -> u64 {
        let at = byte.and_then(|byte| usize::try_from(byte).ok()).unwrap_or(0);
        self.lines.line_at(self.records.get_ref().get_ref(), at)
    }

    fn read_line(&self, line: u64) -> Result<CaseRecord, LineError> {
        let fail = |message: String| LineError { line, message };
        if self.record.iter().any(|field| field.contains(char::REPLACEMENT_CHARACTER)) {
            return Err(fail("含有无法解码的字符（bytes that fit neither UTF-8 nor GBK）".to_owned()));
        }
        let text = self.record.get(self.columns.number).unwrap_or_default();
        let number: CaseNumber =
            text.parse().map_err(|e: CaseNumberError| fail(format!("案号“{}”：{}（{e}）", shortened(text), e.zh())))?;
        let parties = self.optional(self.columns.parties).unwrap_or_default();
        Ok(CaseRecord {
            line,
            number,
            parties: split_parties(&parties),
            cause: self.optional(self.columns.cause),
            judge: self.optional(self.columns.judge),
            status: self.optional(self.columns.status),
        })
    }

    fn optional(&self, column: Option<usize>) -> Option<String> {
        self.record.get(column?).filter(|text| !text.is_empty()).map(str::to_owned)
    }
}

impl Iterator for CaseReader {
    type Item = Result<CaseRecord, LineError>;

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

fn split_parties(text: &str) -> Vec<String> {
    text.split(['、', ';', '；']).map(str::trim).filter(|party| !party.is_empty()).map(str::to_owned).collect()
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The content is in memory, so what fails is the text itself.
fn io_error(e: csv::Error) -> CaseFileError {
    CaseFileError::Io(io::Error::other(e))
}
