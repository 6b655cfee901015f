//! Custody events: what was done with a clip, by whom, in the words of PREMIS.

use serde::{Deserialize, Serialize};

/// What was done with a clip. Words of the PREMIS event type vocabulary where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A file with these bytes arrived and was taken.
    Ingestion,
    /// The object was read back and compared with its digest.
    FixityCheck,
    /// The bytes were shown or fetched.
    View,
    /// The clip was linked to a case.
    Link,
    /// The clip's link to a case was taken away.
    Unlink,
    /// A sidecar's facts were attached to the clip, or a person wrote a note.
    Annotate,
    /// A person marked the clip as important, or took that mark back.
    Mark,
    /// The source was moved or deleted after confirmation.
    Release,
    /// A copy for somebody outside is about to be made: recorded before a byte is copied.
    ExportBegin,
    /// A copy for somebody outside was made, as a bag with a manifest.
    Export,
    /// 保全: it must not be destroyed.
    Hold,
    /// A hold on it was lifted.
    Lift,
    /// 销毁: it was destroyed under a rule.
    Dispose,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Ingestion,
        Self::FixityCheck,
        Self::View,
        Self::Link,
        Self::Unlink,
        Self::Annotate,
        Self::Mark,
        Self::Release,
        Self::ExportBegin,
        Self::Export,
        Self::Hold,
        Self::Lift,
        Self::Dispose,
    ];

    /// The word for it in the database, the ledger and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingestion => "ingestion",
            Self::FixityCheck => "fixity_check",
            Self::View => "view",
            Self::Link => "link",
            Self::Unlink => "unlink",
            Self::Annotate => "annotate",
            Self::Mark => "mark",
            Self::Release => "release",
            Self::ExportBegin => "export_begin",
            Self::Export => "export",
            Self::Hold => "hold",
            Self::Lift => "lift",
            Self::Dispose => "dispose",
        }
    }
}
