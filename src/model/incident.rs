//! A violent resistance 暴力抗法事件: what happened, to whom, what was done about it, and by when the court has to act. Pure.

mod clock;
mod code;
mod facts;
mod measure;
mod people;
mod settings;
mod status;
#[cfg(test)]
mod tests;

pub use clock::{Due, DueKind, Timeline, dues, end_of_days, next_due};
pub use code::{Code, InvalidCode};
pub use facts::{ClipSpan, Facts, MOST_SEVERE, default_offset_ms};
pub use measure::{Measure, MeasureKind, Stage};
pub use people::{Charge, Resister, ResisterRole, Victim, VictimRole, charge, gravest_charge};
pub use settings::{Settings, VIOLENT};
pub use status::{Status, Step};

/// Where an incident comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A person entered it.
    Person,
    /// The key mark in the name of a clip.
    Mark,
    /// The mark in a sidecar of a clip.
    Sidecar,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Person, Self::Mark, Self::Sidecar];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Mark => "mark",
            Self::Sidecar => "sidecar",
        }
    }
}
