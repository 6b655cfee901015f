use std::collections::BTreeSet;

use serde::Deserialize;

use crate::model::incident::{Code, Settings, VIOLENT};

/// `[incidents]`: what the court decides itself about violent resistance.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Incidents {
    /// The conduct codes that count as violent resistance.
    pub violent: BTreeSet<Code>,
    /// Days within which somebody who insulted or threatened is interviewed 约谈; 0: no term.
    pub interview_days: u32,
    /// Days within which an incident is reported to the 法官权益保障委员会; 0: no term.
    pub committee_report_days: u32,
}

impl Default for Incidents {
    fn default() -> Self {
        Self { violent: VIOLENT.into(), interview_days: 0, committee_report_days: 0 }
    }
}

impl Incidents {
    /// The settings as incidents take them.
    pub fn settings(&self) -> Settings {
        let term = |days: u32| Some(days).filter(|days| *days > 0);
        Settings {
            violent: self.violent.clone(),
            interview_days: term(self.interview_days),
            committee_report_days: term(self.committee_report_days),
        }
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        if self.violent.is_empty() {
            return Err("incidents.violent: must name at least one conduct code, such as V1".to_owned());
        }
        Ok(())
    }
}
