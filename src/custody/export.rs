//! Exports 移送: asked for by one person, approved by another, recorded before a byte is copied and again when the copy is whole.
//!
//! What is asked and decided is recorded about the export itself; that its clips are being copied, that they were, and that the bag was
//! fetched is recorded about each clip, so that nobody sees a clip's chain without it.

mod request;
mod run;

use serde_json::{Value, json};

pub use request::{Decision, MOST_FIELDS_CHECKED, Wanted, decide, order, request};
pub use run::{Closing, begin, fail, fetch, finish, note_progress};

use super::act::{Act, Amend};
use super::{Actor, CustodyError};
use crate::catalog::exports::{self, Export};
use crate::model::export::ExportState;
use crate::model::fault::Fault;
use crate::model::id::Id;
use crate::model::subject::Subject;

/// An act on an export could not be done; nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// As with every act.
    #[error(transparent)]
    Custody(#[from] CustodyError),
    /// There is none with this id.
    #[error("there is no export {0}")]
    NoSuchExport(Id),
    /// The given values cannot be.
    #[error("{} values cannot be, the first in {}: {}", .0.len(), .0.first().map_or("", |f| &f.field), .0.first().map_or("", |f| &f.en))]
    Invalid(Vec<Fault>),
    /// Who asked for it wants to decide about it.
    #[error("export {0} was asked for by the same person: another one has to decide")]
    OwnRequest(Id),
    /// Its bag is made elsewhere.
    #[error("the bag of export {id} is made in {dir}")]
    Elsewhere {
        /// The export.
        id: Id,
        /// Where.
        dir: String,
    },
    /// It has come too far, or not far enough.
    #[error("export {id} is {}, which allows no such step", .state.as_str())]
    WrongState {
        /// The export.
        id: Id,
        /// How far it has come.
        state: ExportState,
    },
}

impl From<crate::catalog::CatalogError> for ExportError {
    fn from(error: crate::catalog::CatalogError) -> Self {
        Self::Custody(error.into())
    }
}

impl ExportError {
    /// Whether trying again later may help without anybody's doing.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Custody(error) if error.is_passing())
    }
}

/// The export, as it is in this act.
async fn load(act: &mut Act<'_>, id: Id) -> Result<Export, ExportError> {
    exports::get(act.conn(), id).await?.ok_or(ExportError::NoSuchExport(id))
}

/// Refuses what is in none of `states`.
fn demand(export: &Export, states: &[ExportState]) -> Result<(), ExportError> {
    if states.contains(&export.state) {
        return Ok(());
    }
    Err(ExportError::WrongState { id: export.id, state: export.state })
}

/// Records something about the export itself, and writes its row.
async fn record(
    act: &mut Act<'_>,
    actor: &Actor,
    export: &mut Export,
    kind: &'static str,
    detail: Value,
) -> Result<(), ExportError> {
    let (subject, prev) = (Subject::Export(export.id), Some(export.last_entry));
    export.last_entry = act.amend(Amend { subject, prev, kind, actor, detail }).await?;
    Ok(exports::update(act.conn(), export).await?)
}

/// What the entries of its clips commit to.
fn detail_of(export: &Export) -> Value {
    json!({
        "export": export.id,
        "scope": export.scope.as_str(),
        "reason": export.reason,
        "recipient": export.recipient,
        "requested_by": export.requested_by,
        "requested_at": export.requested,
        "approved_by": export.decided_by,
        "approved_at": export.decided,
    })
}
