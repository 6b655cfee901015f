//! Reads a policy, line by line. A line that is not understood is refused: a policy must never mean less than it says.

use super::{Member, Policy, Rule, shown};
use crate::ledger::cosignature::WitnessKey;
use crate::ledger::key::{KeyError, VerifierKey};

/// Bytes of the largest policy that is read.
pub const MAX_POLICY_BYTES: usize = 1 << 20;
/// Most logs, and most witnesses and groups together; the specification asks for 32 of each at least.
const MOST_NAMES: usize = 256;
/// The name that means nobody.
const NONE: &[u8] = b"none";

/// A policy cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the policy's line {line} {fault}")]
pub struct PolicyError {
    /// The line, from 1; of the whole file, the line after its last.
    pub line: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Fault {
    /// The file is too large.
    #[error("is beyond the {MAX_POLICY_BYTES} bytes or {MOST_NAMES} names that are read")]
    TooLarge,
    /// A byte that may not stand there.
    #[error(
        "holds byte {0:#04x}: only tab, newline and printable characters may stand in a policy (end lines with \\n)"
    )]
    Byte(u8),
    /// Neither log nor witness, group or quorum.
    #[error("starts with {0:?}: expected log, witness, group or quorum")]
    Keyword(String),
    /// Too few or too many words.
    #[error("has not the form `{0}`")]
    Form(&'static str),
    /// A key that cannot be used.
    #[error("has a key that cannot be used: {0}")]
    Key(#[from] KeyError),
    /// A key that stands there already.
    #[error("repeats a public key of an earlier line")]
    SameKey,
    /// A name that is taken, or reserved.
    #[error("defines {0:?}, which is defined already or reserved")]
    SameName(String),
    /// A name that no line before defines.
    #[error("names {0:?}, which no line before it defines")]
    Unknown(String),
    /// A name that is in a group already.
    #[error("lists {0:?}, which is a member of a group already")]
    SameMember(String),
    /// A number of members that cannot be.
    #[error("asks for {0:?} of {1} members: expected all, any, or a number from 1 to {1}")]
    Threshold(String, usize),
    /// A second quorum.
    #[error("is a second quorum line: there must be one")]
    SecondQuorum,
    /// No quorum.
    #[error("should be a quorum line, which is missing; `quorum none` asks for no witness")]
    NoQuorum,
}

/// What was read so far.
struct Reading {
    policy: Policy,
    quorum_seen: bool,
    /// Positions of the members that are in a group.
    grouped: Vec<usize>,
}

pub(super) fn read(text: &[u8]) -> Result<Policy, PolicyError> {
    let at = |line| move |fault| PolicyError { line, fault };
    if text.len() > MAX_POLICY_BYTES {
        return Err(at(1)(Fault::TooLarge));
    }
    let policy = Policy { logs: Vec::new(), members: Vec::new(), quorum: None };
    let mut reading = Reading { policy, quorum_seen: false, grouped: Vec::new() };
    let mut last = 0;
    for (line, bytes) in (1..).zip(text.strip_suffix(b"\n").unwrap_or(text).split(|b| *b == b'\n')) {
        reading.line(bytes).map_err(at(line))?;
        last = line;
    }
    if reading.quorum_seen { Ok(reading.policy) } else { Err(at(last + 1)(Fault::NoQuorum)) }
}

impl Reading {
    fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        if let Some(byte) = line.iter().find(|b| matches!(b, 0..=8 | 10..=31 | 127)) {
            return Err(Fault::Byte(*byte));
        }
        let words: Vec<&[u8]> = line.split(|b| matches!(b, b' ' | b'\t')).filter(|w| !w.is_empty()).collect();
        let Some((keyword, words)) = words.split_first() else { return Ok(()) };
        match *keyword {
            [b'#', ..] => Ok(()),
            b"log" => self.log(words),
            b"witness" => self.witness(words),
            b"group" => self.group(words),
            b"quorum" => self.quorum(words),
            other => Err(Fault::Keyword(shown(other))),
        }?;
        let names = self.policy.logs.len().max(self.policy.members.len());
        if names > MOST_NAMES { Err(Fault::TooLarge) } else { Ok(()) }
    }

    fn log(&mut self, words: &[&[u8]]) -> Result<(), Fault> {
        let ([key] | [key, _]) = words else { return Err(Fault::Form("log VKEY [URL]")) };
        let key: VerifierKey = shown(key).parse()?;
        if self.policy.logs.iter().any(|log| log.public_key() == key.public_key()) {
            return Err(Fault::SameKey);
        }
        self.policy.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, words: &[&[u8]]) -> Result<(), Fault> {
        let ([name, key] | [name, key, _]) = words else { return Err(Fault::Form("witness NAME VKEY [URL]")) };
        let key: WitnessKey = shown(key).parse()?;
        let same = |m: &Member| matches!(&m.rule, Rule::Witness(k) if k.public_key() == key.public_key());
        if self.policy.members.iter().any(same) {
            return Err(Fault::SameKey);
        }
        self.define(name, Rule::Witness(key))
    }

    fn group(&mut self, words: &[&[u8]]) -> Result<(), Fault> {
        let [name, least, members @ ..] = words else { return Err(Fault::Form("group NAME N NAME…")) };
        let mut of = Vec::with_capacity(members.len());
        for member in members {
            let at = self.find(member)?;
            if self.grouped.contains(&at) {
                return Err(Fault::SameMember(shown(member)));
            }
            self.grouped.push(at);
            of.push(at);
        }
        let least = threshold(least, of.len())?;
        self.define(name, Rule::Group { least, of })
    }

    fn quorum(&mut self, words: &[&[u8]]) -> Result<(), Fault> {
        let [name] = words else { return Err(Fault::Form("quorum NAME")) };
        if std::mem::replace(&mut self.quorum_seen, true) {
            return Err(Fault::SecondQuorum);
        }
        self.policy.quorum = if *name == NONE { None } else { Some(self.find(name)?) };
        Ok(())
    }

    fn define(&mut self, name: &[u8], rule: Rule) -> Result<(), Fault> {
        if name == NONE || self.find(name).is_ok() {
            return Err(Fault::SameName(shown(name)));
        }
        self.policy.members.push(Member { name: name.to_vec(), rule });
        Ok(())
    }

    fn find(&self, name: &[u8]) -> Result<usize, Fault> {
        let at = self.policy.members.iter().position(|m| m.name == name);
        at.ok_or_else(|| Fault::Unknown(shown(name)))
    }
}

/// How many of `members` are enough.
fn threshold(text: &[u8], members: usize) -> Result<usize, Fault> {
    let number = match text {
        b"any" => Some(1),
        b"all" => Some(members),
        digits if digits.iter().all(u8::is_ascii_digit) => shown(digits).parse().ok(),
        _ => None,
    };
    let number = number.filter(|n| (1..=members).contains(n));
    number.ok_or_else(|| Fault::Threshold(shown(text), members))
}
