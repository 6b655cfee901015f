//! One act on evidence: begin, change rows, record, commit.

use serde_json::{Map, Value};

use super::{Actor, Custody, CustodyError};
use crate::catalog::custody::{self as events, CustodyEvent};
use crate::catalog::engine::{Conn, Tx};
use crate::clock::random_bytes;
use crate::ledger::entry::{Entry, EntryKind, canonical, commitment};
use crate::ledger::log::{self, Batch};
use crate::model::custody::EventKind;
use crate::model::id::Id;
use crate::model::time::Micros;

/// An act under way; dropped without [`Act::commit`] it never happened.
pub struct Act<'a> {
    custody: &'a Custody,
    tx: Tx,
    batch: Batch,
    at: Micros,
}

/// What is recorded of an act.
#[derive(Debug)]
pub struct Record<'a> {
    /// The clip.
    pub clip_id: Id,
    /// The newest entry about it so far; none for its first.
    pub prev: Option<u64>,
    /// What was done.
    pub event: EventKind,
    /// By whom.
    pub actor: &'a Actor,
    /// What the ledger shows to everybody; no personal data.
    pub public: Map<String, Value>,
    /// What the ledger commits to without showing it.
    pub detail: Value,
}

impl<'a> Act<'a> {
    /// Begins an act: a transaction, with the log's state read and checked in it.
    ///
    /// # Errors
    /// When the database is away or the log does not verify.
    pub async fn begin(custody: &'a Custody) -> Result<Self, CustodyError> {
        let mut tx = custody.db.begin().await?;
        let batch = Batch::new(log::load(tx.conn()).await?);
        Ok(Self { custody, tx, batch, at: custody.clock.now() })
    }

    /// The transaction's connection.
    pub fn conn(&mut self) -> Conn<'_> {
        self.tx.conn()
    }

    /// When the act happens: one instant for all its rows.
    pub fn at(&self) -> Micros {
        self.at
    }

    /// A new id.
    pub fn new_id(&self) -> Id {
        self.custody.ids.next(self.at)
    }

    /// What the act is done with.
    pub fn custody(&self) -> &'a Custody {
        self.custody
    }

    /// The index that the next recorded entry gets.
    pub fn next_index(&self) -> u64 {
        self.batch.next_index()
    }

    /// Writes the custody event and its ledger entry; gives the entry's index. A clip's first record is its `clip` entry, every
    /// later one an `event`. The clip's row must exist, or be inserted in the same act before the commit.
    ///
    /// # Errors
    /// When the database refuses, there is no randomness, or the detail has no canonical form.
    pub async fn record(&mut self, record: Record<'_>) -> Result<u64, CustodyError> {
        let salt = random_bytes::<32>()?;
        let mut detail = record.detail;
        if let Value::Object(map) = &mut detail {
            map.insert("actor".to_owned(), record.actor.as_str().into());
        }
        let detail = canonical(&detail)?;
        let mut public = record.public;
        let kind = match record.prev {
            None => EntryKind::Clip,
            Some(_) => EntryKind::Event,
        };
        if kind == EntryKind::Event {
            public.insert("event".to_owned(), record.event.as_str().into());
        }
        let commit = commitment(&salt, &detail);
        let entry_index = self.batch.push(&Entry { at: self.at, kind, prev: record.prev, public, commit })?;
        let event = CustodyEvent {
            id: self.new_id(),
            clip_id: record.clip_id,
            at: self.at,
            kind: record.event,
            actor: record.actor.as_str().to_owned(),
            detail,
            salt,
            entry_index,
        };
        events::insert(self.tx.conn(), &event).await?;
        Ok(entry_index)
    }

    /// Appends to the log, signs, commits. Durable when this returns.
    ///
    /// # Errors
    /// When the database refuses; whether the act happened is then to be looked up before it is done again.
    pub async fn commit(mut self) -> Result<(), CustodyError> {
        self.batch.write(self.tx.conn(), &self.custody.signer, self.at).await?;
        Ok(self.tx.commit().await?)
    }
}
