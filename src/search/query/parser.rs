//! From the parts of a query to its meaning.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::Terms;
use super::error::{QueryError, Why};
use super::field::Meaning;
use super::lexer::{Kind, Token, split};
use super::plan::{Node, Plan};
use crate::model::case_number::Partial;
use crate::search::fold::fold;

/// Most words, phrases and fields.
const MOST_WORDS: usize = 40;
/// Deepest nesting of parentheses.
const MOST_DEPTH: usize = 16;

/// Reads a query.
///
/// # Errors
/// Where it cannot be understood, and why.
pub fn parse(text: &str, terms: &Terms) -> Result<Plan, QueryError> {
    let tokens = split(text)?;
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), terms, plan: Plan::default(), words: 0, depth: 0 };
    let node = parser.alternatives(false)?;
    if let Some(stray) = parser.tokens.next() {
        return Err(at(&stray, Why::StrayBracket));
    }
    let mut plan = parser.plan;
    if node.is_none() && plan.from.is_none() && plan.to.is_none() {
        return Err(QueryError { position: 0, length: 0, why: Why::Empty });
    }
    plan.add(node.into_iter().collect());
    Ok(plan)
}

struct Parser<'a> {
    tokens: Peekable<IntoIter<Token>>,
    terms: &'a Terms,
    plan: Plan,
    words: usize,
    depth: usize,
}

fn at(token: &Token, why: Why) -> QueryError {
    QueryError { position: token.position, length: token.length, why }
}

impl Parser<'_> {
    /// `a b OR c`: alternatives of conjunctions. `inside`: within something that only a part of the documents must meet.
    fn alternatives(&mut self, inside: bool) -> Result<Option<Node>, QueryError> {
        // Whether a limit of time is within an alternative is known only when OR comes: its place is kept.
        let (from, to) = (self.plan.from, self.plan.to);
        let mut nodes = vec![self.conjunction(inside)?];
        while let Some(or) = self.tokens.next_if(|t| t.kind == Kind::Or) {
            if (from, to) != (self.plan.from, self.plan.to) {
                return Err(at(&or, Why::TimeInside("from/to")));
            }
            if nodes.last().is_none_or(Option::is_none) {
                return Err(at(&or, Why::NothingBeside("OR")));
            }
            let next = self.conjunction(true)?;
            if next.is_none() {
                return Err(at(&or, Why::NothingBeside("OR")));
            }
            nodes.push(next);
        }
        let nodes: Vec<Node> = nodes.into_iter().flatten().collect();
        Ok(if nodes.is_empty() { None } else { Some(Node::any(nodes)) })
    }

    fn conjunction(&mut self, inside: bool) -> Result<Option<Node>, QueryError> {
        let mut nodes = Vec::new();
        loop {
            match self.tokens.peek().map(|t| &t.kind) {
                None | Some(Kind::Or | Kind::Close) => break,
                Some(Kind::And) => {
                    self.tokens.next();
                }
                Some(_) => nodes.extend(self.unary(inside)?),
            }
        }
        Ok(if nodes.is_empty() { None } else { Some(Node::all(nodes)) })
    }

    fn unary(&mut self, inside: bool) -> Result<Option<Node>, QueryError> {
        let mut negative = false;
        let mut last = None;
        while let Some(not) = self.tokens.next_if(|t| t.kind == Kind::Not) {
            negative = !negative;
            last = Some(not);
        }
        let node = self.primary(inside || last.is_some())?;
        match (node, last) {
            (None, Some(not)) => Err(at(&not, Why::NothingBeside("-"))),
            (Some(node), Some(_)) if negative => Ok(Some(Node::Not(Box::new(node)))),
            (node, _) => Ok(node),
        }
    }

    fn primary(&mut self, inside: bool) -> Result<Option<Node>, QueryError> {
        if matches!(self.tokens.peek().map(|t| &t.kind), None | Some(Kind::Or | Kind::And | Kind::Close)) {
            return Ok(None);
        }
        let Some(token) = self.tokens.next() else { return Ok(None) };
        self.words += 1;
        if self.words > MOST_WORDS {
            return Err(at(&token, Why::TooManyWords(MOST_WORDS)));
        }
        match &token.kind {
            Kind::Open => self.bracket(&token, inside),
            // Also between quotation marks 执123 is no 执1234.
            Kind::Phrase(words) | Kind::Word(words) => {
                Ok(Partial::parse(words).map(Node::Number).or_else(|| text(words)))
            }
            Kind::Field { name, value, quoted } => {
                let meaning = name
                    .meaning(value, *quoted, self.terms)
                    .map_err(|expected| at(&token, Why::Value(name.as_str(), expected)))?;
                match meaning {
                    Meaning::Node(node) => Ok(Some(node)),
                    Meaning::From(_) | Meaning::To(_) if inside => Err(at(&token, Why::TimeInside(name.as_str()))),
                    Meaning::From(from) => {
                        self.plan.not_before(from);
                        Ok(None)
                    }
                    Meaning::To(to) => {
                        self.plan.before(to);
                        Ok(None)
                    }
                }
            }
            Kind::Close | Kind::Or | Kind::And | Kind::Not => Ok(None),
        }
    }

    fn bracket(&mut self, open: &Token, inside: bool) -> Result<Option<Node>, QueryError> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(at(open, Why::TooDeep(MOST_DEPTH)));
        }
        let node = self.alternatives(inside)?;
        self.depth -= 1;
        if self.tokens.next_if(|t| t.kind == Kind::Close).is_none() {
            return Err(at(open, Why::OpenBracket));
        }
        Ok(node)
    }
}

/// A text; punctuation alone says nothing.
fn text(text: &str) -> Option<Node> {
    Some(fold(text)).filter(|folded| !folded.is_empty()).map(Node::Text)
}
