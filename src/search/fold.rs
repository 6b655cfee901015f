//! Folding: what is left of a text when only letters, digits and Han characters count.

use unicode_normalization::UnicodeNormalization;

/// NFKC, lower case, without punctuation and spaces: `（2021）吉0721执123号` and `2021吉0721执１２３号` fold alike.
pub fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

/// Fields folded one by one and kept apart, so that nothing is found across two of them.
pub fn fold_fields<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut folded: Vec<String> = fields.into_iter().map(fold).filter(|f| !f.is_empty()).collect();
    folded.sort_unstable();
    folded.dedup();
    folded.join("\n")
}

/// The words of a query, folded; words that fold to nothing are left out.
pub fn fold_words(query: &str) -> Vec<String> {
    query.split_whitespace().map(fold).filter(|w| !w.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_drops_what_does_not_count() {
        assert_eq!(fold("（２０２１）吉0721执123号"), "2021吉0721执123号");
        assert_eq!(fold("ＤＣＡＭ_0001 IMP.mp4"), "dcam0001impmp4");
    }

    #[test]
    fn nothing_is_found_across_fields() {
        assert_eq!(fold_fields(["张三", "李四", "张三", "--"]), "张三\n李四");
        assert_eq!(fold_words(" 张三  ! 搜查"), ["张三", "搜查"]);
    }
}
