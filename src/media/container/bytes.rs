//! Short reads out of a source and fields out of byte slices; what is not there is absent, never a panic.

use super::reader::ReadAt;

/// The `N` bytes at `at`.
pub fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Up to `most` bytes from `offset`. Fewer at the end of the file or where it cannot be read; the source itself
/// remembers a read that failed.
pub fn read_up_to(source: &dyn ReadAt, offset: u64, most: usize) -> Vec<u8> {
    let there = source.len().saturating_sub(offset);
    let mut bytes = vec![0; usize::try_from(there).unwrap_or(usize::MAX).min(most)];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|r| !r.is_empty()) {
        match source.read_at(offset.saturating_add(filled as u64), rest) {
            Ok(n) if n > 0 => filled += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            _ => break,
        }
    }
    bytes.truncate(filled);
    bytes
}

/// Text out of a fixed or zero-ended field: printable ASCII up to the first zero, trimmed; `None` when nothing is left.
pub fn ascii_field(bytes: &[u8]) -> Option<String> {
    let text = bytes.split(|&b| b == 0).next().unwrap_or_default();
    let text: String = text.iter().filter(|b| (0x20..0x7f).contains(*b)).take(200).map(|&b| char::from(b)).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
