use std::collections::BTreeSet;

use serde::Deserialize;

use crate::model::retention::{Class, Rule, Settings, Table};

/// `[retention]`: how long clips are kept, and which cases are over.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// The statuses of a case that count as closed; a case of any other status, or of none, is open.
    pub closed: BTreeSet<String>,
    /// Type codes (执监), causes or statuses that make a case a major or difficult one.
    pub difficult: BTreeSet<String>,
    /// The table. The longest rule that applies wins.
    pub rules: Vec<RetentionRule>,
}

/// `[[retention.rules]]`: one rule of the table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionRule {
    /// What people call it.
    pub id: String,
    /// What it applies to.
    pub applies_to: Class,
    /// For how many months; 0: for ever.
    pub months: u32,
}

impl Default for Retention {
    fn default() -> Self {
        let Settings { table, closed, difficult } = Settings::default();
        let rule = |rule: &Rule| RetentionRule {
            id: rule.id.clone(),
            applies_to: rule.applies_to,
            months: rule.months.unwrap_or(0),
        };
        Self { closed, difficult, rules: table.rules().iter().map(rule).collect() }
    }
}

impl Retention {
    /// The settings as retention takes them.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the table.
    pub fn settings(&self) -> Result<Settings, String> {
        let rule = |rule: &RetentionRule| Rule {
            id: rule.id.clone(),
            applies_to: rule.applies_to,
            months: Some(rule.months).filter(|months| *months > 0),
        };
        let table = Table::new(self.rules.iter().map(rule).collect()).map_err(|e| format!("retention.rules: {e}"))?;
        Ok(Settings { table, closed: self.closed.clone(), difficult: self.difficult.clone() })
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        self.settings().map(drop)
    }
}
