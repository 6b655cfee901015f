//! Exports as the API says and takes them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::schema;
use crate::catalog::exports;
use crate::custody::export::Decision;
use crate::http::language::Text;
use crate::http::problem::{Field, Problem};
use crate::http::value;
use crate::model::case_number::CaseNumber;
use crate::model::digest::Sha256Digest;
use crate::model::export::{ExportState, Scope};
use crate::model::id::Id;
use crate::model::time::Micros;

/// An export 移送.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Export {
    #[schema(value_type = String)]
    id: Id,
    /// `case`, `incident` or `clips`.
    scope: &'static str,
    #[schema(required = true)]
    case: Option<ExportCase>,
    #[schema(value_type = Option<String>, required = true)]
    incident_id: Option<Id>,
    reason: String,
    recipient: String,
    #[schema(value_type = schema::ExportState)]
    state: ExportState,
    /// By whom: `token:ID:ROLE`, or `system:export` for the command line.
    requested_by: String,
    #[schema(value_type = String, format = DateTime)]
    requested_at: Micros,
    /// Who approved or refused it.
    #[schema(required = true)]
    decided_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    decided_at: Option<Micros>,
    /// Why it was refused; empty: it was not.
    refusal: String,
    /// Clips and sidecars, once it began.
    files_total: u64,
    bytes_total: u64,
    files_done: u64,
    bytes_done: u64,
    /// SHA-256 of the bag's `manifest-sha256.txt`, which the ledger commits to.
    #[schema(value_type = Option<String>, required = true)]
    manifest: Option<Sha256Digest>,
    /// Why it failed, or waits; empty: nothing is wrong.
    error: String,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    done_at: Option<Micros>,
}

/// The case of an export.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ExportCase {
    #[schema(value_type = String)]
    id: Id,
    number: String,
}

impl From<exports::Export> for Export {
    fn from(of: exports::Export) -> Self {
        let (case, incident_id) = match of.scope {
            Scope::Case(id) => (Some(ExportCase { id, number: of.case_number.unwrap_or_default() }), None),
            Scope::Incident(id) => (None, Some(id)),
            Scope::Clips => (None, None),
        };
        Self {
            id: of.id,
            scope: of.scope.as_str(),
            case,
            incident_id,
            reason: of.reason,
            recipient: of.recipient,
            state: of.state,
            requested_by: of.requested_by,
            requested_at: of.requested,
            decided_by: of.decided_by,
            decided_at: of.decided,
            refusal: of.refusal,
            files_total: of.files_total,
            bytes_total: of.bytes_total,
            files_done: of.files_done,
            bytes_done: of.bytes_done,
            manifest: of.manifest,
            error: of.error,
            done_at: of.done,
        }
    }
}

/// A page of exports.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ExportList {
    pub(super) items: Vec<Export>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    pub(super) next_cursor: Option<String>,
}

/// What is to be exported: exactly one of `case`, `incident_id` and `clips`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewExport {
    /// A case number: every clip that is tied to it when the export begins, and its incidents.
    #[serde(default)]
    case: Option<String>,
    /// Every clip that the incident names when the export begins, and the incident.
    #[serde(default)]
    incident_id: Option<String>,
    /// Ids of clips, at most 1,000; their sidecars come along.
    #[serde(default)]
    clips: Option<Vec<String>>,
    /// Why, at most 2,000 characters; it goes on record.
    reason: String,
    /// For whom, at most 200 characters.
    recipient: String,
}

/// What is to be exported, as far as it can be read.
pub(in crate::api) enum Asked {
    Case(CaseNumber),
    Incident(Id),
    Clips(Vec<Id>),
}

impl NewExport {
    /// What is to be exported, the reason and the recipient.
    pub(super) fn read(self) -> Result<(Asked, String, String), Problem> {
        let mut faults = Vec::new();
        let mut fault = |name: String, message| faults.push(Field { name, message });
        let asked = match (self.case, self.incident_id, self.clips) {
            (Some(case), None, None) => {
                value::case_number(&case).map(Asked::Case).map_err(|e| fault("case".to_owned(), e)).ok()
            }
            (None, Some(id), None) => {
                value::id(&id).map(Asked::Incident).map_err(|e| fault("incident_id".to_owned(), e)).ok()
            }
            (None, None, Some(clips)) => {
                let named = clips.iter().enumerate();
                let ids = named.filter_map(|(at, id)| value::id(id).map_err(|e| fault(format!("clips[{at}]"), e)).ok());
                Some(Asked::Clips(ids.collect()))
            }
            _ => {
                let message = Text::new(
                    "case、incident_id、clips 应给出且只给出一个",
                    "give exactly one of case, incident_id and clips",
                );
                fault("case".to_owned(), message);
                None
            }
        };
        match asked {
            Some(asked) if faults.is_empty() => {
                Ok((asked, self.reason.trim().to_owned(), self.recipient.trim().to_owned()))
            }
            _ => Err(Problem::unprocessable(faults)),
        }
    }
}

/// What another person says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ExportDecision {
    /// Whether it may leave.
    approve: bool,
    /// Needed for a refusal.
    #[serde(default)]
    reason: Option<String>,
}

impl From<ExportDecision> for Decision {
    fn from(of: ExportDecision) -> Self {
        if of.approve { Self::Approve } else { Self::Refuse(of.reason.unwrap_or_default().trim().to_owned()) }
    }
}
