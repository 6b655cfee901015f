use std::collections::BTreeSet;

use super::code::Code;

/// The codes that count as violent resistance where nothing else is configured.
pub const VIOLENT: [Code; 10] = [
    Code::v(1),
    Code::v(2),
    Code::v(3),
    Code::v(4),
    Code::v(5),
    Code::v(6),
    Code::v(7),
    Code::v(8),
    Code::v(12),
    Code::v(13),
];

/// What a court decides itself about incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The codes that count as violent resistance.
    pub violent: BTreeSet<Code>,
    /// Days after it was entered within which somebody who insulted or threatened is interviewed 约谈; none: no term. No law has one.
    pub interview_days: Option<u32>,
    /// Days after it was entered within which it is reported to the 法官权益保障委员会; none: no term. No law has one.
    pub committee_report_days: Option<u32>,
}

impl Settings {
    /// The codes that count as violent resistance, as texts.
    pub fn violent_words(&self) -> BTreeSet<String> {
        self.violent.iter().map(ToString::to_string).collect()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { violent: VIOLENT.into(), interview_days: None, committee_report_days: None }
    }
}
