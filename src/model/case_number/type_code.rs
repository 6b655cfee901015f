//! Type codes 类型代字.

/// Enforcement and what surrounds it (法〔2015〕137号); 执保, 执协, 司惩, 司惩复, 司救执 and 行审 are in common use but were
/// found in no rule.
const ENFORCEMENT: [&str; 14] =
    ["执", "执恢", "执异", "执复", "执监", "执他", "财保", "证保", "执保", "执协", "司惩", "司惩复", "司救执", "行审"];

/// Other codes that are common enough to be recognised in running text without brackets and 号.
const OTHER: [&str; 47] = [
    "刑初",
    "刑终",
    "刑监",
    "刑申",
    "刑再",
    "刑更",
    "刑核",
    "刑辖",
    "刑他",
    "民初",
    "民终",
    "民监",
    "民申",
    "民再",
    "民辖",
    "民辖终",
    "民特",
    "民特监",
    "民催",
    "民督",
    "民撤",
    "民保令",
    "民他",
    "行初",
    "行终",
    "行监",
    "行申",
    "行再",
    "行辖",
    "行他",
    "行赔初",
    "行赔终",
    "行赔申",
    "委赔",
    "委赔监",
    "法赔",
    "破",
    "破申",
    "破终",
    "强清",
    "清申",
    "清终",
    "司救民",
    "司救刑",
    "司救行",
    "司救访",
    "行保",
];

/// The characters that a known code begins with; 知 may stand before any.
const FIRST: &str = "知执财证司行刑民委法破强清";
/// The longest known code, in characters, 知 not counted.
pub(super) const MOST_KNOWN_CHARS: usize = 4;

/// Whether a known code, with or without a leading 知, begins with this character.
pub(super) fn begins(c: char) -> bool {
    FIRST.contains(c)
}

/// Whether the code, with or without a leading 知, names an enforcement case or one around it.
pub(super) fn is_enforcement(code: &str) -> bool {
    let code = code.strip_prefix('知').unwrap_or(code);
    ENFORCEMENT.contains(&code)
}

/// Whether the code, with or without a leading 知, is known at all. Unknown codes are accepted where the form is
/// complete.
pub(super) fn is_known(code: &str) -> bool {
    let plain = code.strip_prefix('知').unwrap_or(code);
    is_enforcement(plain) || OTHER.contains(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_begins_so_and_is_no_longer() {
        for code in ENFORCEMENT.iter().chain(&OTHER) {
            assert!(code.starts_with(begins) && code.chars().count() <= MOST_KNOWN_CHARS, "{code}");
        }
    }
}
