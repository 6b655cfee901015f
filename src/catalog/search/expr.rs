//! What the index is asked for, in the language of each engine.

/// A condition on tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A token: letters, digits and characters above U+007F only.
    Term(String),
    /// A token that begins so.
    Prefix(String),
    /// All of them; not empty.
    And(Vec<Expr>),
    /// Any of them; not empty.
    Or(Vec<Expr>),
    /// Not it.
    Not(Box<Expr>),
}

impl Expr {
    /// The same with something positive beside every negation, because one engine cannot begin with one: `all` gives what holds for
    /// every document.
    #[must_use]
    pub fn anchored(self, all: impl Fn() -> Self + Copy) -> Self {
        match self {
            Self::And(parts) => {
                let mut parts: Vec<Self> = parts.into_iter().map(|p| p.anchored_part(all)).collect();
                if parts.iter().all(|p| matches!(p, Self::Not(_))) {
                    parts.push(all());
                }
                Self::And(parts)
            }
            Self::Or(parts) => Self::Or(parts.into_iter().map(|p| p.anchored(all)).collect()),
            Self::Not(inner) => Self::And(vec![Self::Not(Box::new(inner.anchored(all))), all()]),
            expr => expr,
        }
    }

    /// A part of a conjunction may be a negation.
    fn anchored_part(self, all: impl Fn() -> Self + Copy) -> Self {
        match self {
            Self::Not(inner) => Self::Not(Box::new(inner.anchored(all))),
            expr => expr.anchored(all),
        }
    }

    /// In the language of FTS5.
    pub(super) fn fts5(&self) -> String {
        match self {
            Self::Term(token) => format!("\"{token}\""),
            Self::Prefix(token) => format!("\"{token}\" *"),
            Self::And(parts) => {
                let (not, yes): (Vec<&Self>, Vec<&Self>) = parts.iter().partition(|p| matches!(p, Self::Not(_)));
                let yes: Vec<String> = yes.into_iter().map(Self::fts5).collect();
                let mut text = format!("({})", yes.join(" AND "));
                for part in not {
                    text = format!("({text} NOT {})", part.fts5());
                }
                text
            }
            Self::Or(parts) => format!("({})", parts.iter().map(Self::fts5).collect::<Vec<_>>().join(" OR ")),
            // Only as a part of a conjunction, which writes the operator.
            Self::Not(inner) => inner.fts5(),
        }
    }

    /// In the language of text queries.
    pub(super) fn tsquery(&self) -> String {
        match self {
            Self::Term(token) => format!("'{token}'"),
            Self::Prefix(token) => format!("'{token}':*"),
            Self::And(parts) => format!("({})", parts.iter().map(Self::tsquery).collect::<Vec<_>>().join(" & ")),
            Self::Or(parts) => format!("({})", parts.iter().map(Self::tsquery).collect::<Vec<_>>().join(" | ")),
            Self::Not(inner) => format!("!{}", inner.tsquery()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(token: &str) -> Expr {
        Expr::Term(token.to_owned())
    }

    fn not(expr: Expr) -> Expr {
        Expr::Not(Box::new(expr))
    }

    #[test]
    fn negations_stand_beside_something() {
        let all = || term("all");
        let expr = Expr::And(vec![term("a"), not(term("b"))]).anchored(all);
        assert_eq!(expr.fts5(), "((\"a\") NOT \"b\")");
        assert_eq!(expr.tsquery(), "('a' & !'b')");
        let expr = Expr::And(vec![not(Expr::Or(vec![term("a"), not(term("b"))]))]).anchored(all);
        assert_eq!(expr.fts5(), "((\"all\") NOT (\"a\" OR ((\"all\") NOT \"b\")))");
    }
}
