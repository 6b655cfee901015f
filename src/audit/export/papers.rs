//! The private details of every entry that the bag shows, held against the ledger on the way.

use std::collections::HashMap;

use super::Failure;
use super::bag::Bag;
use crate::catalog::engine::Conn;
use crate::catalog::exports::{self, Export, ExportClip};
use crate::catalog::records::{self, SealedRow};
use crate::catalog::{amendments, custody as events, fixity, incidents, ledger as rows};
use crate::ledger::entry::{Entry, commitment};
use crate::model::digest::to_hex;
use crate::model::export::Scope;
use crate::model::id::Id;
use crate::model::subject::Subject;

/// Rows read at a time.
const PAGE: u32 = 256;
/// Most incidents of one case that are told.
const MOST_INCIDENTS: u32 = 1_000;

/// What of the chains is in the bag.
#[derive(Debug, Default)]
pub(super) struct Papers {
    /// The newest entry of each thing whose detail is in the bag.
    heads: HashMap<Id, u64>,
    /// Whether the checks that several clips share are in.
    batches: bool,
}

/// An entry's private part as its row has it.
struct Private {
    entry: u64,
    prev: Option<u64>,
    detail: Vec<u8>,
    salt: [u8; 32],
}

impl Papers {
    /// Adds to the bag what was recorded since the last call; gives whether that was anything.
    pub(super) async fn catch_up(
        &mut self,
        mut conn: Conn<'_>,
        export: &Export,
        bag: &mut Bag,
    ) -> Result<bool, Failure> {
        let mut changed = false;
        for incident in incidents_of(conn.reborrow(), export).await? {
            changed |= self.follow_incident(conn.reborrow(), incident, bag).await?;
        }
        let mut after = Id(0);
        loop {
            let page = exports::clips_after(conn.reborrow(), export.id, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for clip in &page {
                changed |= self.follow_clip(conn.reborrow(), clip, bag).await?;
            }
            if !self.batches {
                let ids: Vec<Id> = page.iter().map(|clip| clip.id).collect();
                add_batches(conn.reborrow(), &ids, bag).await?;
            }
        }
        self.batches = true;
        Ok(changed)
    }

    async fn follow_clip(&mut self, mut conn: Conn<'_>, clip: &ExportClip, bag: &mut Bag) -> Result<bool, Failure> {
        let mut head = self.heads.get(&clip.id).copied();
        let before = head;
        while head != Some(clip.last_entry) {
            let from = head.map_or(clip.entry_index, |entry| entry + 1);
            let mut page = events::chain(conn.reborrow(), clip.id, from, PAGE).await?;
            // On a server each statement sees what was committed since the one before: what came after the clip's row was read is
            // for the next call.
            page.retain(|event| event.entry_index <= clip.last_entry);
            if page.is_empty() {
                return Err(broken(format!("clip {}", clip.id), clip.last_entry, "its row is not there"));
            }
            for event in page {
                let private = Private { entry: event.entry_index, prev: head, detail: event.detail, salt: event.salt };
                let subject = || format!("clip {}", clip.id);
                let entry = add(conn.reborrow(), &private, subject, bag).await?;
                if head.is_none() {
                    says_clip(&entry, clip)?;
                }
                head = Some(private.entry);
            }
        }
        self.heads.insert(clip.id, clip.last_entry);
        Ok(head != before)
    }

    async fn follow_incident(&mut self, mut conn: Conn<'_>, id: Id, bag: &mut Bag) -> Result<bool, Failure> {
        let subject = || format!("incident {id}");
        let known = self.heads.get(&id).copied();
        let (mut head, mut after) = (None, Id(0));
        loop {
            let page = amendments::page(conn.reborrow(), Some(Subject::Incident(id)), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for row in page {
                let private = Private { entry: row.entry_index, prev: head, detail: row.detail, salt: row.salt };
                if known.is_none_or(|known| private.entry > known) {
                    add(conn.reborrow(), &private, subject, bag).await?;
                }
                head = Some(private.entry);
            }
        }
        let head = head.ok_or_else(|| broken(subject(), 0, "no entry is about it"))?;
        self.heads.insert(id, head);
        Ok(known != Some(head))
    }
}

/// The incidents that go with an export.
pub(super) async fn incidents_of(conn: Conn<'_>, export: &Export) -> Result<Vec<Id>, Failure> {
    Ok(match export.scope {
        Scope::Incident(id) => vec![id],
        Scope::Case(case) => incidents::of_cases(conn, &[case], MOST_INCIDENTS).await?,
        Scope::Clips => Vec::new(),
    })
}

/// Adds an entry's private part, when the ledger commits to it and the chain is as it should be.
async fn add(conn: Conn<'_>, private: &Private, subject: impl Fn() -> String, bag: &mut Bag) -> Result<Entry, Failure> {
    let wrong = |what| broken(subject(), private.entry, what);
    let found = rows::entries(conn, private.entry, 1).await?.pop();
    let (_, line) = found.filter(|(at, _)| *at == private.entry).ok_or_else(|| wrong("the ledger does not have it"))?;
    let entry = Entry::parse(&line).map_err(|_| wrong("it cannot be read"))?;
    if entry.commit != commitment(&private.salt, &private.detail) {
        return Err(wrong("it commits to another detail"));
    }
    if entry.prev != private.prev {
        return Err(wrong("it follows another entry"));
    }
    put(bag, private.entry, &private.detail, &private.salt)?;
    Ok(entry)
}

fn put(bag: &mut Bag, entry: u64, detail: &[u8], salt: &[u8]) -> Result<(), Failure> {
    bag.put(format!("data/details/{entry}.json"), detail)?;
    bag.put(format!("data/details/{entry}.salt"), format!("{}\n", to_hex(salt)).as_bytes())
}

/// Whether a clip's own entry says what its row says.
fn says_clip(entry: &Entry, clip: &ExportClip) -> Result<(), Failure> {
    let text = |key| entry.public.get(key).and_then(|value| value.as_str());
    let same = text("sha256") == Some(clip.sha256.to_string().as_str())
        && text("sm3") == clip.sm3.map(|digest| digest.to_string()).as_deref()
        && entry.public.get("size").and_then(serde_json::Value::as_u64) == Some(clip.size_bytes);
    if same {
        return Ok(());
    }
    Err(broken(format!("clip {}", clip.id), clip.entry_index, "digest or size of the clip's row are others"))
}

/// Adds the checks that found several objects equal, these clips' among them.
async fn add_batches(mut conn: Conn<'_>, clips: &[Id], bag: &mut Bag) -> Result<(), Failure> {
    let mut entries: Vec<u64> =
        fixity::get_all(conn.reborrow(), clips).await?.into_iter().map(|row| row.entry_index).collect();
    entries.sort_unstable();
    entries.dedup();
    for entry in entries {
        let found = records::sealed(conn.reborrow(), entry, entry + 1).await?.pop();
        let Some(SealedRow { subject, detail, salt, .. }) = found else { continue };
        if subject == records::OBJECTS {
            put(bag, entry, &detail, &salt)?;
        }
    }
    Ok(())
}

fn broken(subject: String, entry: u64, what: &'static str) -> Failure {
    Failure::Ledger { subject, entry, what }
}
