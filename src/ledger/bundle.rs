//! Entry bundles (C2SP tlog-tiles): the entries of one tile, each after its length as a big-endian u16.

/// The bundle of these lines, each at most [`super::entry::MAX_LINE_BYTES`] long, as every entry is; none when one is longer.
pub fn bundle<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for line in lines {
        out.extend_from_slice(&u16::try_from(line.len()).ok()?.to_be_bytes());
        out.extend_from_slice(line);
    }
    Some(out)
}

/// The lines of a bundle; none when it is cut.
pub fn lines(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut lines = Vec::new();
    while !bundle.is_empty() {
        let (length, rest) = bundle.split_first_chunk()?;
        let (line, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        lines.push(line);
        bundle = rest;
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_big_endian_and_a_cut_is_noticed() {
        let long = vec![b'x'; 258];
        let made = bundle([&b"ab"[..], b"", &long].into_iter()).unwrap();
        assert_eq!(made[..8], [0, 2, b'a', b'b', 0, 0, 1, 2]);
        assert_eq!(lines(&made).unwrap(), [&b"ab"[..], b"", &long]);
        for length in (0..made.len()).filter(|at| ![0, 4, 6].contains(at)) {
            assert_eq!(lines(&made[..length]), None, "{length}");
        }
        assert_eq!(bundle(std::iter::once(&vec![0; 65_536][..])), None);
    }
}
