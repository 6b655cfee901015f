//! Making documents beside the writing of their rows: what takes processor time runs on a thread of its own meanwhile.

use std::collections::{BTreeSet, HashSet};

use tokio::task::JoinHandle;

use super::document::{self, Document, Facet};
use crate::catalog::CatalogError;
use crate::catalog::engine::Conn;
use crate::catalog::search::source::{self, ClipRows};
use crate::model::id::Id;
use crate::model::subject::Subject;
use crate::model::time::{Micros, UtcOffset};

/// A document as it is stored and indexed.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) subject: Subject,
    pub(super) at: Micros,
    pub(super) digest: i64,
    pub(super) body: String,
    pub(super) filters: String,
    pub(super) terms: Vec<String>,
    pub(super) facets: BTreeSet<(Facet, String)>,
}

impl From<Document> for Made {
    fn from(document: Document) -> Self {
        Self {
            digest: document.digest(),
            body: document.body(),
            filters: document.filters(),
            terms: document.terms(),
            subject: document.subject,
            at: document.at,
            facets: document.facets,
        }
    }
}

/// Fewer clips than this are not worth a thread.
const WORTH: usize = 8;

/// The documents of clips that a transaction adds, made of what is to be written and not read back.
///
/// The one who adds clips says whenever something of one changes after it was given here ([`Making::forget`]); what registers, cases and
/// actions say may not change in the same transaction any more.
#[derive(Debug, Default)]
pub struct Making {
    rows: Vec<ClipRows>,
    started: Vec<JoinHandle<Vec<Made>>>,
    given: HashSet<Id>,
}

impl Making {
    /// Takes clips; most of a group at once, so that their documents are made while the rows are written.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn add(&mut self, conn: Conn<'_>, offset: UtcOffset, clips: Vec<ClipRows>) -> Result<(), CatalogError> {
        self.given.extend(clips.iter().map(|clip| clip.id));
        self.rows.extend(clips);
        if self.rows.len() >= WORTH { self.start(conn, offset).await } else { Ok(()) }
    }

    /// The document of this clip is to be made of its rows after all.
    pub fn forget(&mut self, clip: Id) {
        self.given.remove(&clip);
    }

    /// Whether the document of this subject is being made here.
    pub(super) fn holds(&self, subject: Subject) -> bool {
        matches!(subject, Subject::Clip(clip) if self.given.contains(&clip))
    }

    async fn start(&mut self, conn: Conn<'_>, offset: UtcOffset) -> Result<(), CatalogError> {
        let clips = source::complete(conn, std::mem::take(&mut self.rows)).await?;
        let make = move || clips.iter().map(|clip| document::of_clip(clip, offset).into()).collect();
        self.started.push(tokio::task::spawn_blocking(make));
        Ok(())
    }

    /// The documents, once they are all made.
    pub(super) async fn finish(mut self, conn: Conn<'_>, offset: UtcOffset) -> Result<Vec<Made>, CatalogError> {
        self.rows.retain(|clip| self.given.contains(&clip.id));
        if !self.rows.is_empty() {
            self.start(conn, offset).await?;
        }
        let mut all = Vec::with_capacity(self.given.len());
        for making in self.started {
            all.extend(making.await.map_err(|_| CatalogError::NotMade)?);
        }
        all.retain(|made| matches!(made.subject, Subject::Clip(clip) if self.given.contains(&clip)));
        Ok(all)
    }
}
