//! A party 当事人 of a case, and the role it has there.

/// What parties are called in enforcement and in the cases around it. A bracket that holds none of these is part of a name, as in
/// `某某投资中心（有限合伙）`.
const ROLES: [&str; 32] = [
    "申请执行人",
    "被执行人",
    "申请人",
    "被申请人",
    "原告",
    "被告",
    "反诉原告",
    "反诉被告",
    "第三人",
    "案外人",
    "异议人",
    "利害关系人",
    "复议申请人",
    "担保人",
    "保证人",
    "协助执行人",
    "协助执行义务人",
    "财产申报义务人",
    "申请保全人",
    "被保全人",
    "保全申请人",
    "保全被申请人",
    "债权人",
    "债务人",
    "买受人",
    "竞买人",
    "上诉人",
    "被上诉人",
    "被害人",
    "被告人",
    "移送执行人",
    "赔偿请求人",
];

/// A party. Personal data: never logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The name.
    pub name: String,
    /// The role, such as 被执行人; none: not said.
    pub role: Option<String>,
}

impl Party {
    /// Reads `张三`, `张三（被执行人）` or `张三(被告、反诉原告)`.
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        let bracketed = text.strip_suffix(['）', ')']).and_then(|t| {
            let at = t.rfind(['（', '('])?;
            let (name, rest) = t.split_at(at);
            Some((name.trim_end(), rest.trim_start_matches(['（', '(']).trim()))
        });
        match bracketed {
            Some((name, role)) if !name.is_empty() && is_role(role) => {
                Self { name: name.to_owned(), role: Some(role.to_owned()) }
            }
            _ => Self { name: text.to_owned(), role: None },
        }
    }

    /// Reads several, separated by `、`, `;` or `；` outside brackets.
    pub fn read_all(text: &str) -> Vec<Self> {
        let mut parties = Vec::new();
        let (mut depth, mut start) = (0_usize, 0);
        for (at, c) in text.char_indices() {
            match c {
                '（' | '(' => depth += 1,
                '）' | ')' => depth = depth.saturating_sub(1),
                '、' | ';' | '；' if depth == 0 => {
                    parties.push(text.get(start..at).unwrap_or_default());
                    start = at + c.len_utf8();
                }
                _ => {}
            }
        }
        // A bracket that is never closed separates nothing off: then every separator counts.
        let rest = text.get(start..).unwrap_or_default();
        if depth > 0 {
            parties.extend(rest.split(['、', ';', '；']))
        } else {
            parties.push(rest)
        }
        parties.into_iter().filter(|p| !p.trim().is_empty()).map(Self::read).collect()
    }
}

fn is_role(text: &str) -> bool {
    !text.is_empty() && text.split('、').all(|part| ROLES.contains(&part.trim()))
}

impl std::fmt::Display for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.role {
            Some(role) => write!(f, "{}（{role}）", self.name),
            None => f.write_str(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Option<String>)> {
        Party::read_all(text).into_iter().map(|p| (p.name, p.role)).collect()
    }

    #[test]
    fn roles_stand_in_brackets_and_other_brackets_are_names() {
        let pair = |name: &str, role: Option<&str>| (name.to_owned(), role.map(str::to_owned));
        assert_eq!(
            read(
                "张三（被执行人）、 李四(被告、反诉原告)；某某中心（有限合伙）;某某公司（有限合伙）（申请执行人）、、"
            ),
            [
                pair("张三", Some("被执行人")),
                pair("李四", Some("被告、反诉原告")),
                pair("某某中心（有限合伙）", None),
                pair("某某公司（有限合伙）", Some("申请执行人")),
            ]
        );
        assert_eq!(read("张三（被执行人、李四"), [pair("张三（被执行人", None), pair("李四", None)]);
        assert_eq!(read("（被执行人）"), [pair("（被执行人）", None)]);
        assert_eq!(read(" 、 "), []);
        assert_eq!(Party::read("张三（被执行人）").to_string(), "张三（被执行人）");
    }
}
