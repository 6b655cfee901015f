//! One act on evidence: begin, change rows, record, commit.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::{Actor, Custody, CustodyError};
use crate::catalog::amendments::{self, Amendment};
use crate::catalog::case_links::{self, CaseLink};
use crate::catalog::cases::{self, Case};
use crate::catalog::clips::{self, Clip, ClipRole};
use crate::catalog::custody::{self as events, CustodyEvent};
use crate::catalog::engine::{Conn, Tx};
use crate::catalog::fixity;
use crate::catalog::retention;
use crate::catalog::search::source::ClipRows;
use crate::catalog::uploads::{self, Upload};
use crate::clock::random_bytes;
use crate::ledger::disposal::rules_public;
use crate::ledger::entry::{Entry, EntryKind, canonical, commitment};
use crate::ledger::log::{self, Batch};
use crate::model::case_number::CaseNumber;
use crate::model::custody::EventKind;
use crate::model::id::Id;
use crate::model::retention::Table;
use crate::model::subject::Subject;
use crate::model::time::Micros;
use crate::search::index;
use crate::search::making::Making;

/// An act under way; dropped without [`Act::commit`] it never happened.
pub struct Act<'a> {
    custody: &'a Custody,
    tx: Tx,
    batch: Batch,
    pending: Pending,
    touched: BTreeSet<Subject>,
    /// Documents of new clips of which nothing else changed since their rows were written.
    making: Making,
    marked: Vec<Id>,
    retied: BTreeSet<Id>,
    /// The cases that were looked up, also those that are not there.
    cases: HashMap<CaseNumber, Option<Case>>,
    at: Micros,
}

/// New rows that wait, so that many are written by one statement.
#[derive(Debug, Default)]
struct Pending {
    clips: Vec<Clip>,
    uploads: Vec<Upload>,
    links: Vec<(Id, CaseLink)>,
    events: Vec<CustodyEvent>,
}

impl Pending {
    /// What documents of the new clips are made of: no more than waits here. A sidecar has none.
    fn new_clips(&self) -> Vec<ClipRows> {
        let mut names: HashMap<Id, Vec<(String, String)>> = HashMap::new();
        for upload in &self.uploads {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            names.entry(upload.clip_id).or_default().push((text(&upload.dir), text(&upload.name)));
        }
        let mut links: HashMap<Id, Vec<(Id, Option<Id>)>> = HashMap::new();
        for (clip, link) in &self.links {
            links.entry(*clip).or_default().push((link.case_id, link.action_id));
        }
        let clips = self.clips.iter().filter(|clip| clip.role == ClipRole::Clip);
        let rows = clips.map(|clip| ClipRows {
            id: clip.id,
            at: clip.facts.recorded,
            recorder: clip.facts.recorder.clone(),
            officer: clip.facts.officer.clone(),
            important: clip.is_important(),
            unfiled: clip.facts.unfiled,
            health: clip.media.health.as_str().to_owned(),
            names: names.remove(&clip.id).unwrap_or_default(),
            sidecar_officers: Vec::new(),
            notes: Vec::new(),
            links: links.remove(&clip.id).unwrap_or_default(),
            codes: Vec::new(),
            measures: Vec::new(),
        });
        rows.collect()
    }
}

/// What is recorded of a change to something that is no clip.
#[derive(Debug)]
pub struct Amend<'a> {
    /// What is changed.
    pub subject: Subject,
    /// The newest entry about it so far; none for its first.
    pub prev: Option<u64>,
    /// What is done, in a stable word: `create`, `change`, `status`, …
    pub kind: &'static str,
    /// By whom.
    pub actor: &'a Actor,
    /// What the ledger commits to without showing it: the changes, with the old values.
    pub detail: Value,
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
        let batch = Batch::new(log::load_to_append(tx.conn(), &custody.signer).await?);
        Ok(Self {
            custody,
            tx,
            batch,
            pending: Pending::default(),
            touched: BTreeSet::new(),
            making: Making::default(),
            marked: Vec::new(),
            retied: BTreeSet::new(),
            cases: HashMap::new(),
            at: custody.clock.now(),
        })
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

    /// Writes the custody event and its ledger entry; gives the entry's index. A clip's first record is its `clip` entry, its
    /// destruction a `dispose` entry, every other one an `event`. The clip's row must exist, or be inserted in the same act before the commit.
    ///
    /// # Errors
    /// When the database refuses, there is no randomness, or the detail has no canonical form.
    pub fn record(&mut self, record: Record<'_>) -> Result<u64, CustodyError> {
        let mut public = record.public;
        let kind = match (record.prev, record.event) {
            (None, _) => EntryKind::Clip,
            (Some(_), EventKind::Dispose) => EntryKind::Dispose,
            (Some(_), _) => EntryKind::Event,
        };
        if kind == EntryKind::Event {
            public.insert("event".to_owned(), record.event.as_str().into());
        }
        let Sealed { detail, salt, entry_index } = self.seal(kind, record.prev, public, record.actor, record.detail)?;
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
        self.pending.events.push(event);
        Ok(entry_index)
    }

    /// Records a change to something that is no clip; gives its entry's index, which is the next one's `prev`. Its search document is
    /// renewed too.
    ///
    /// # Errors
    /// When the database or the ledger refuses.
    pub async fn amend(&mut self, amend: Amend<'_>) -> Result<u64, CustodyError> {
        let public = Map::from_iter([
            ("event".to_owned(), amend.kind.into()),
            (amend.subject.kind().to_owned(), amend.subject.id().to_string().into()),
        ]);
        let Sealed { detail, salt, entry_index } =
            self.seal(EntryKind::Amend, amend.prev, public, amend.actor, amend.detail)?;
        let amendment = Amendment {
            id: self.new_id(),
            subject: amend.subject,
            at: self.at,
            kind: amend.kind.to_owned(),
            actor: amend.actor.as_str().to_owned(),
            detail,
            salt,
            entry_index,
        };
        amendments::insert(self.tx.conn(), &amendment).await?;
        self.touch(amend.subject);
        Ok(entry_index)
    }

    /// Records that `objects` objects were found equal, by one entry for all; gives its index. It is about no single clip and so has no
    /// `prev`; `detail` names the objects.
    ///
    /// # Errors
    /// When the database or the ledger refuses.
    pub async fn attest(&mut self, actor: &Actor, objects: u64, detail: Value) -> Result<u64, CustodyError> {
        let public = Map::from_iter([
            ("event".to_owned(), EventKind::FixityCheck.as_str().into()),
            ("objects".to_owned(), objects.into()),
            ("outcome".to_owned(), "success".into()),
        ]);
        let Sealed { detail, salt, entry_index } = self.seal(EntryKind::Event, None, public, actor, detail)?;
        let (id, actor) = (self.new_id(), actor.as_str().to_owned());
        let batch = fixity::Batch { id, at: self.at, actor, detail, salt, entry_index };
        fixity::insert_batch(self.tx.conn(), &batch).await?;
        Ok(entry_index)
    }

    /// Records something about the ledger itself, which everybody may read; gives the entry's index.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn state(&mut self, actor: &Actor, public: Map<String, Value>) -> Result<u64, CustodyError> {
        Ok(self.seal(EntryKind::Node, None, public, actor, Value::Object(Map::new()))?.entry_index)
    }

    /// Announces a retention table, by an entry that is about no single thing; gives its index.
    ///
    /// # Errors
    /// When the database or the ledger refuses.
    pub async fn announce(&mut self, actor: &Actor, table: &Table) -> Result<u64, CustodyError> {
        let public = rules_public(table);
        let Sealed { detail, salt, entry_index } =
            self.seal(EntryKind::Rules, None, public, actor, Value::Object(Map::new()))?;
        let (at, table, actor) = (self.at, table.clone(), actor.as_str().to_owned());
        let row = retention::RulesRow { entry_index, at, table, actor, detail, salt };
        retention::insert_rules(self.tx.conn(), &row).await?;
        Ok(entry_index)
    }

    /// Adds a clip. Its row is written by the next [`Act::flush`] or with the commit, as are those of the three below.
    pub fn add_clip(&mut self, clip: Clip) {
        if clip.facts.important {
            self.note_mark(clip.id);
        }
        self.pending.clips.push(clip);
    }

    /// Adds an upload.
    pub fn add_upload(&mut self, upload: Upload) {
        self.pending.uploads.push(upload);
    }

    /// Ties a clip to a case it is not tied to.
    pub fn add_link(&mut self, clip: Id, link: CaseLink) {
        self.note_tie(clip);
        self.pending.links.push((clip, link));
    }

    /// Writes the new rows that wait, so that statements of this act see them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn flush(&mut self) -> Result<(), CustodyError> {
        let pending = std::mem::take(&mut self.pending);
        let new = pending.new_clips();
        for clip in &new {
            self.touched.remove(&Subject::Clip(clip.id));
        }
        self.making.add(self.tx.conn(), self.custody.utc_offset, new).await?;
        let Pending { clips, uploads, links, events } = pending;
        clips::insert_all(self.tx.conn(), &clips).await?;
        uploads::insert_all(self.tx.conn(), &uploads).await?;
        case_links::insert_all(self.tx.conn(), &links).await?;
        Ok(events::insert_all(self.tx.conn(), &events).await?)
    }

    /// Notes that what people search for in `subject` changes with this act; its document is renewed when the act is committed.
    pub fn touch(&mut self, subject: Subject) {
        if let Subject::Clip(clip) = subject {
            self.making.forget(clip);
        }
        self.touched.insert(subject);
    }

    /// Notes that a clip became important in this act, by a name or a sidecar.
    pub fn note_mark(&mut self, clip: Id) {
        self.marked.push(clip);
    }

    /// The clips that became important in this act and were not taken before.
    pub fn take_marked(&mut self) -> Vec<Id> {
        std::mem::take(&mut self.marked)
    }

    /// Notes that a tie of a clip to a case was made or taken away in this act.
    pub fn note_tie(&mut self, clip: Id) {
        self.touch(Subject::Clip(clip));
        self.retied.insert(clip);
    }

    /// The clips whose ties changed in this act and were not taken before.
    pub fn take_retied(&mut self) -> Vec<Id> {
        std::mem::take(&mut self.retied).into_iter().collect()
    }

    /// The case with this number; one that is only named becomes a stub. A group of clips mostly names few cases: each is looked up once.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn find_or_stub(&mut self, number: &CaseNumber) -> Result<Case, CustodyError> {
        let known = match self.cases.get(number) {
            Some(known) => known.clone(),
            None => cases::find_by_number(self.conn(), number).await?,
        };
        let case = match known {
            Some(case) => case,
            None => {
                let case = Case::stub(self.new_id(), number, self.at);
                cases::insert(self.conn(), &case, number).await?;
                self.touch(Subject::Case(case.id));
                case
            }
        };
        self.cases.insert(number.clone(), Some(case.clone()));
        Ok(case)
    }

    /// Looks these cases up at once, for [`Act::find_or_stub`].
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn look_up_cases(&mut self, numbers: impl Iterator<Item = &CaseNumber>) -> Result<(), CustodyError> {
        let wanted: HashMap<String, &CaseNumber> = numbers.map(|number| (number.canonical(), number)).collect();
        let canonical: Vec<String> = wanted.keys().cloned().collect();
        let found = cases::find_by_numbers(self.conn(), &canonical).await?;
        let mut found: HashMap<String, Case> = found.into_iter().map(|case| (case.number.clone(), case)).collect();
        for (canonical, number) in wanted {
            self.cases.entry(number.clone()).or_insert_with(|| found.remove(&canonical));
        }
        Ok(())
    }

    /// Adds an entry that commits to `detail`.
    fn seal(
        &mut self,
        kind: EntryKind,
        prev: Option<u64>,
        public: Map<String, Value>,
        actor: &Actor,
        mut detail: Value,
    ) -> Result<Sealed, CustodyError> {
        let salt = random_bytes::<32>()?;
        if let Value::Object(map) = &mut detail {
            map.insert("actor".to_owned(), actor.as_str().into());
        }
        let detail = canonical(&detail)?;
        let commit = commitment(&salt, &detail);
        let entry_index = self.batch.push(&Entry { at: self.at, kind, prev, public, commit })?;
        Ok(Sealed { detail, salt, entry_index })
    }

    /// Appends to the log, signs, commits. Durable when this returns.
    ///
    /// # Errors
    /// When the database refuses; whether the act happened is then to be looked up before it is done again.
    pub async fn commit(self) -> Result<(), CustodyError> {
        let guard = self.custody.guard.clone();
        if let Some((guard, note)) = guard.zip(self.commit_signed().await?) {
            guard.keep(&note);
        }
        Ok(())
    }

    /// [`Self::commit`], without telling the guard; gives the head that was signed.
    pub(super) async fn commit_signed(mut self) -> Result<Option<String>, CustodyError> {
        self.flush().await?;
        index::renew_with(self.tx.conn(), self.custody.utc_offset, &self.touched, self.making).await?;
        let note = self.batch.write(self.tx.conn(), &self.custody.signer, self.at).await?;
        self.tx.commit().await?;
        Ok(note)
    }
}

/// A detail with what its entry commits to it by.
struct Sealed {
    detail: Vec<u8>,
    salt: [u8; 32],
    entry_index: u64,
}
