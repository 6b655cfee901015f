//! The court's registers: courts, officers, recorders, cases and their parties. One core for the command line and the API: read a
//! file, plan what would change, and, unless it is a dry run, change it in groups of lines.
//!
//! The same key again updates; an empty field says nothing and erases nothing; the same file again changes nothing. A bad line is
//! reported with its number and never stops the others. Nothing here is evidence: clips keep what their device said, and a register
//! only says what a number meant at a time.

mod actions;
mod cases;
mod change;
mod court_ref;
mod courts;
pub mod edit;
pub mod file;
mod import;
mod known;
mod known_cases;
mod message;
mod officers;
mod parties;
mod recorders;
pub mod relations;
mod value;

pub use change::{Change, ChangeKind, FieldChange};
pub use import::{Group, ImportError, Mode, RegisterFile, Summary, Tally, import};
pub use message::{Message, Note};

/// A register that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Register {
    /// 法院: code, name, court above, days.
    Courts,
    /// 执行人员: one line a post.
    Officers,
    /// 执法记录仪: one line a holder.
    Recorders,
    /// 当事人: one line a party of a case.
    Parties,
    /// 执行案件, with their parties and the cases they follow from.
    Cases,
    /// 执行行动: planned outings.
    Actions,
}

impl Register {
    /// Every register.
    pub const ALL: [Self; 6] =
        [Self::Courts, Self::Officers, Self::Recorders, Self::Parties, Self::Cases, Self::Actions];

    /// The word for it in the API and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Courts => "courts",
            Self::Officers => "officers",
            Self::Recorders => "recorders",
            Self::Parties => "parties",
            Self::Cases => "cases",
            Self::Actions => "actions",
        }
    }

    /// What it is called in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Courts => "法院",
            Self::Officers => "执行人员",
            Self::Recorders => "执法记录仪",
            Self::Parties => "当事人",
            Self::Cases => "案件",
            Self::Actions => "执行行动",
        }
    }
}
