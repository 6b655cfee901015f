use std::collections::BTreeSet;

use serde::Deserialize;

/// `[incidents]`: what counts as violent resistance 暴力抗法.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Incidents {
    /// The conduct codes that a search for `kind:violent` finds.
    pub violent: BTreeSet<String>,
}

/// Attacks, sieges, threats, insults and damage; refusing to move out or to help is no violence.
const VIOLENT: [&str; 10] = ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "V12", "V13"];

impl Default for Incidents {
    fn default() -> Self {
        Self { violent: VIOLENT.map(str::to_owned).into() }
    }
}

impl Incidents {
    pub(super) fn validate(&self) -> Result<(), String> {
        let wrong = self.violent.iter().find(|code| code.is_empty() || code.contains(char::is_whitespace));
        match wrong {
            Some(code) => Err(format!("incidents.violent: {code:?} is no conduct code; give codes such as \"V1\"")),
            None => Ok(()),
        }
    }
}
