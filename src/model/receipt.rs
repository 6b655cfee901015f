//! Receipts beside a source: in which forms, under which names.

use super::id::Id;

/// A form of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReceiptForm {
    /// Everything, to be checked by a program.
    Json,
    /// The page that people print and sign.
    Html,
    /// The proof of the clip's own entry (C2SP tlog-proof).
    TlogProof,
}

/// What separates the source's name from the upload's id.
const MARK: &str = ".zhilu-receipt-";
/// Bytes of the longest file name.
const MOST_NAME_BYTES: usize = 255;

impl ReceiptForm {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Json, Self::Html, Self::TlogProof];

    /// The word for it in the database, and the extension of its file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Html => "html",
            Self::TlogProof => "tlog-proof",
        }
    }

    /// The name of the receipt of `upload`, whose file was called `source`: `a.mp4.zhilu-receipt-7.html`. A source's name that leaves no
    /// room is cut.
    pub fn file_name(self, source: &[u8], upload: Id) -> Vec<u8> {
        let tail = format!("{MARK}{upload}.{}", self.as_str());
        let mut end = source.len().min(MOST_NAME_BYTES - tail.len());
        // Not in the middle of a character of UTF-8, should it be that.
        while end < source.len() && end > 0 && source.get(end).is_some_and(|b| b & 0xc0 == 0x80) {
            end -= 1;
        }
        [source.get(..end).unwrap_or_default(), tail.as_bytes()].concat()
    }

    /// The upload and form that a file's name claims; none when no receipt is called so.
    pub fn claimed(name: &[u8]) -> Option<(Id, Self)> {
        let name = String::from_utf8_lossy(name);
        let (_, tail) = name.rsplit_once(MARK)?;
        let (id, form) = tail.split_once('.')?;
        let form = Self::ALL.into_iter().find(|f| f.as_str() == form)?;
        let id: Id = id.parse().ok()?;
        (format!("{id}.{}", form.as_str()) == tail).then_some((id, form))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_which_receipt_it_is() {
        let name = ReceiptForm::Html.file_name("执法.mp4".as_bytes(), Id(7));
        assert_eq!(String::from_utf8_lossy(&name), "执法.mp4.zhilu-receipt-7.html");
        for form in ReceiptForm::ALL {
            for source in [&b""[..], b"a.mp4", b"\xff\xfe", "长".repeat(85).as_bytes(), b".zhilu-receipt-5.json"] {
                let name = form.file_name(source, Id(i64::MAX));
                assert!(name.len() <= MOST_NAME_BYTES);
                assert_eq!(ReceiptForm::claimed(&name), Some((Id(i64::MAX), form)));
            }
        }
        let long = ReceiptForm::Json.file_name("长".repeat(85).as_bytes(), Id(7));
        assert!(String::from_utf8(long).is_ok(), "cut within a character");
    }

    #[test]
    fn other_names_claim_nothing() {
        for name in [
            "a.mp4",
            "a.zhilu-receipt-7",
            "a.zhilu-receipt-7.txt",
            "a.zhilu-receipt-x.json",
            "a.zhilu-receipt-07.json",
            "a.zhilu-receipt-7.json.mp4",
            "a.zhilu-receipt-7.json ",
            "a.zhilu-receipt-.json",
            "a.ZHILU-receipt-7.json",
        ] {
            assert_eq!(ReceiptForm::claimed(name.as_bytes()), None, "{name}");
        }
    }
}
