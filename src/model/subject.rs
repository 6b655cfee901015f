//! What a record or a search document is about.

use super::id::Id;

/// One thing that people search for or that is changed on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A clip.
    Clip(Id),
    /// A case 执行案件.
    Case(Id),
    /// An action 执行行动.
    Action(Id),
    /// An incident 暴力抗法事件.
    Incident(Id),
    /// An export 移送.
    Export(Id),
    /// A hold 保全.
    Hold(Id),
    /// A disposal 销毁.
    Disposal(Id),
}

impl Subject {
    /// The word for its kind in the database, the ledger and in JSON.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Clip(_) => "clip",
            Self::Case(_) => "case",
            Self::Action(_) => "action",
            Self::Incident(_) => "incident",
            Self::Export(_) => "export",
            Self::Hold(_) => "hold",
            Self::Disposal(_) => "disposal",
        }
    }

    /// Its id.
    pub fn id(self) -> Id {
        match self {
            Self::Clip(id)
            | Self::Case(id)
            | Self::Action(id)
            | Self::Incident(id)
            | Self::Export(id)
            | Self::Hold(id)
            | Self::Disposal(id) => id,
        }
    }

    /// The subject of this kind with this id; none when no kind has that word.
    pub fn of(kind: &str, id: Id) -> Option<Self> {
        [
            Self::Clip(id),
            Self::Case(id),
            Self::Action(id),
            Self::Incident(id),
            Self::Export(id),
            Self::Hold(id),
            Self::Disposal(id),
        ]
        .into_iter()
        .find(|s| s.kind() == kind)
    }
}
