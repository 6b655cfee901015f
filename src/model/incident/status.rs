use serde::Serialize;

/// How far an incident has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Somebody, or a mark, says that there was one; nobody decided it.
    Suspected,
    /// Legal staff found that there was one.
    Confirmed,
    /// All that was to be done about it is done.
    Closed,
    /// Legal staff found that there was none, or that it is entered twice.
    Dismissed,
}

/// What a change of the status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Suspected → confirmed.
    Confirm,
    /// Confirmed → closed.
    Close,
    /// Suspected or confirmed → dismissed.
    Dismiss,
    /// Closed → confirmed, dismissed → suspected.
    Reopen,
}

impl Status {
    /// Every status, in order.
    pub const ALL: [Self; 4] = [Self::Suspected, Self::Confirmed, Self::Closed, Self::Dismissed];

    /// The word for it in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::Confirmed => "confirmed",
            Self::Closed => "closed",
            Self::Dismissed => "dismissed",
        }
    }

    /// What it means to go from this status to `to`; none when that is no way.
    pub fn step(self, to: Self) -> Option<Step> {
        match (self, to) {
            (Self::Suspected, Self::Confirmed) => Some(Step::Confirm),
            (Self::Confirmed, Self::Closed) => Some(Step::Close),
            (Self::Suspected | Self::Confirmed, Self::Dismissed) => Some(Step::Dismiss),
            (Self::Closed, Self::Confirmed) | (Self::Dismissed, Self::Suspected) => Some(Step::Reopen),
            _ => None,
        }
    }

    /// Where one can go from here.
    pub fn ways(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |to| self.step(*to).is_some())
    }

    /// Whether it was found that there was an incident.
    pub fn is_found(self) -> bool {
        matches!(self, Self::Confirmed | Self::Closed)
    }
}

impl Step {
    /// Whether a reason must be given.
    pub fn needs_reason(self) -> bool {
        matches!(self, Self::Dismiss | Self::Reopen)
    }
}
