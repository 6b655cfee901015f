//! A text that is one case number and nothing else.

use super::cursor::Cursor;
use super::shape::Shape;
use super::{CaseNumber, CaseNumberError};

/// Reads `text` as a whole. Work and memory are bounded by the longest case number, not by the text.
pub(super) fn whole(text: &str) -> Result<CaseNumber, CaseNumberError> {
    let mut cursor = Cursor::new(text.trim());
    cursor.skip_spaces();
    if cursor.peek().is_none() {
        return Err(CaseNumberError::Empty);
    }
    let opened = cursor.eat('(');
    cursor.skip_spaces();
    let number = Shape::read(&mut cursor, opened).judge()?;
    cursor.skip_spaces();
    let rest: String = std::iter::from_fn(|| cursor.take().map(|(c, _)| c)).take(20).collect();
    if rest.is_empty() { Ok(number) } else { Err(CaseNumberError::Trailing { rest }) }
}
