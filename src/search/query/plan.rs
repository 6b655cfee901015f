//! What a query means, what of it the index answers, and what is left to be compared with the text.

use std::cell::OnceCell;

use crate::catalog::search::docs::Doc;
use crate::catalog::search::expr::Expr;
use crate::model::case_number::{Partial, mentions};
use crate::model::time::Micros;
use crate::search::document;
use crate::search::fold::fold;
use crate::search::token::{self, Filter, bigrams};

/// Most bigrams of one text that the index is asked for; of longer texts every second one is enough to find few candidates.
const MOST_BIGRAMS: usize = 24;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// All hold.
    And(Vec<Node>),
    /// At least one holds.
    Or(Vec<Node>),
    /// It does not hold.
    Not(Box<Node>),
    /// A folded text stands in a field.
    Text(String),
    /// The token of a filter.
    Filter(String),
    /// A case number or a part of one.
    Number(Partial),
}

impl Node {
    /// All of them.
    pub fn all(mut nodes: Vec<Self>) -> Self {
        if nodes.len() == 1 { nodes.remove(0) } else { Self::And(nodes) }
    }

    /// Any of them.
    pub fn any(mut nodes: Vec<Self>) -> Self {
        match nodes.len() {
            // No document has this token: of nothing nothing holds.
            0 => Self::Filter(token::filter(Filter::Kind, "none")),
            1 => nodes.remove(0),
            _ => Self::Or(nodes),
        }
    }

    /// Whether the index alone answers it.
    fn is_exact(&self) -> bool {
        match self {
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().all(Self::is_exact),
            Self::Not(node) => node.is_exact(),
            Self::Text(text) => text.chars().nth(2).is_none(),
            Self::Filter(_) | Self::Number(_) => true,
        }
    }

    /// What the index is asked for: every document that the condition holds for is among its answer. None: any document may be.
    fn expr(&self) -> Option<Expr> {
        match self {
            Self::And(nodes) => {
                let parts: Vec<Expr> = nodes.iter().filter_map(Self::expr).collect();
                if parts.is_empty() { None } else { Some(Expr::And(parts)) }
            }
            Self::Or(nodes) => nodes.iter().map(Self::expr).collect::<Option<Vec<Expr>>>().map(Expr::Or),
            Self::Not(node) if node.is_exact() => node.expr().map(|e| Expr::Not(Box::new(e))),
            Self::Not(_) => None,
            Self::Text(text) => Some(text_expr(text)),
            Self::Filter(token) => Some(Expr::Term(token.clone())),
            Self::Number(partial) => Some(Expr::Term(token::number(partial))),
        }
    }

    fn holds(&self, doc: &Reading<'_>) -> bool {
        match self {
            Self::And(nodes) => nodes.iter().all(|n| n.holds(doc)),
            Self::Or(nodes) => nodes.iter().any(|n| n.holds(doc)),
            Self::Not(node) => !node.holds(doc),
            Self::Text(text) => doc.folded().iter().any(|field| field.contains(text.as_str())),
            Self::Filter(token) => doc.doc.filters.split(' ').any(|t| t == token),
            Self::Number(partial) => doc.numbers().iter().any(|number| partial.covers(number)),
        }
    }

    fn collect_texts<'a>(&'a self, texts: &mut Vec<&'a str>) {
        match self {
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().for_each(|n| n.collect_texts(texts)),
            Self::Text(text) => texts.push(text),
            Self::Not(_) | Self::Filter(_) | Self::Number(_) => {}
        }
    }

    fn collect_numbers<'a>(&'a self, numbers: &mut Vec<&'a Partial>) {
        match self {
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().for_each(|n| n.collect_numbers(numbers)),
            Self::Number(partial) => numbers.push(partial),
            Self::Not(_) | Self::Filter(_) | Self::Text(_) => {}
        }
    }
}

/// What holds for every document.
pub fn every_document() -> Expr {
    let kind = |kind| Expr::Term(token::filter(Filter::Kind, kind));
    Expr::Or(vec![kind("clip"), kind("case"), kind("incident")])
}

fn text_expr(text: &str) -> Expr {
    let mut pairs = bigrams(text);
    if pairs.is_empty() {
        return Expr::Prefix(text.to_owned());
    }
    if pairs.len() > MOST_BIGRAMS {
        let chars: Vec<char> = text.chars().collect();
        pairs = chars.chunks_exact(2).map(|pair| pair.iter().collect()).collect();
        pairs.sort_unstable();
        pairs.dedup();
    }
    Expr::And(pairs.into_iter().map(Expr::Term).collect())
}

/// A query, ready to be run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Every one must hold.
    nodes: Vec<Node>,
    /// Nothing that happened before.
    pub(super) from: Option<Micros>,
    /// Nothing that happened at or after.
    pub(super) to: Option<Micros>,
}

impl Plan {
    /// Adds conditions.
    pub fn add(&mut self, nodes: Vec<Node>) {
        for node in nodes {
            match node {
                Node::And(parts) => self.nodes.extend(parts),
                node => self.nodes.push(node),
            }
        }
    }

    /// Adds the condition that the subject is of this kind.
    pub fn of_kind(&mut self, kind: &str) {
        self.nodes.push(Node::Filter(token::filter(Filter::Kind, kind)));
    }

    /// Leaves out what happened before `from`.
    pub fn not_before(&mut self, from: Micros) {
        self.from = Some(self.from.map_or(from, |f| f.max(from)));
    }

    /// Leaves out what happened at `to` or after.
    pub fn before(&mut self, to: Micros) {
        self.to = Some(self.to.map_or(to, |t| t.min(to)));
    }

    /// Nothing that happened before it is found.
    pub fn from(&self) -> Option<Micros> {
        self.from
    }

    /// Nothing that happened at it or after is found.
    pub fn to(&self) -> Option<Micros> {
        self.to
    }

    /// What the index is asked for; none: for nothing, every document is a candidate.
    pub fn expr(&self) -> Option<Expr> {
        let parts: Vec<Expr> = self.nodes.iter().filter_map(Node::expr).collect();
        let expr = if parts.is_empty() { return None } else { Expr::And(parts) };
        Some(expr.anchored(every_document))
    }

    /// Whether what the index answers needs no comparison with the texts.
    pub fn is_exact(&self) -> bool {
        self.nodes.iter().all(Node::is_exact)
    }

    /// Whether a document that the index gave is a hit; its time is not looked at.
    pub fn holds(&self, doc: &Doc) -> bool {
        let reading = Reading { doc, folded: OnceCell::new(), numbers: OnceCell::new() };
        // What the index answers by itself needs no second look.
        self.nodes.iter().filter(|n| !n.is_exact()).all(|n| n.holds(&reading))
    }

    /// Whether the condition holds for a document, whatever the index says.
    pub fn holds_entirely(&self, doc: &Doc) -> bool {
        let reading = Reading { doc, folded: OnceCell::new(), numbers: OnceCell::new() };
        self.is_within(doc.at) && self.nodes.iter().all(|n| n.holds(&reading))
    }

    /// Whether an instant is within the limits of time.
    pub fn is_within(&self, at: Micros) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// The folded texts that are looked for, those behind `-` left out.
    pub fn texts(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        self.nodes.iter().for_each(|n| n.collect_texts(&mut texts));
        texts
    }

    /// The case numbers and parts of some that are looked for, those behind `-` left out.
    pub fn numbers(&self) -> Vec<&Partial> {
        let mut numbers = Vec::new();
        self.nodes.iter().for_each(|n| n.collect_numbers(&mut numbers));
        numbers
    }
}

/// A document as it is compared: what is needed of it is worked out once.
struct Reading<'a> {
    doc: &'a Doc,
    folded: OnceCell<Vec<String>>,
    /// Case numbers and parts of some.
    numbers: OnceCell<Vec<Partial>>,
}

impl Reading<'_> {
    fn folded(&self) -> &[String] {
        self.folded.get_or_init(|| document::fields(&self.doc.body).map(|(_, text)| fold(text)).collect())
    }

    fn numbers(&self) -> &[Partial] {
        self.numbers.get_or_init(|| {
            document::fields(&self.doc.body).flat_map(|(_, text)| mentions(text)).map(|found| found.part).collect()
        })
    }
}
