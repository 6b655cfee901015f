use serde::Deserialize;

use crate::model::time::UtcOffset;

/// `[court]`: whose daemon this is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Court {
    /// The court's code in case numbers, such as `吉0721`; empty: not said.
    pub code: String,
    /// The ledger's name, unique in the world; a host name of the court with a path is usual. No spaces, no `+`.
    pub ledger_name: String,
    /// The distance from UTC that recorders' clocks show.
    pub utc_offset: UtcOffset,
}

impl Default for Court {
    fn default() -> Self {
        Self { code: String::new(), ledger_name: "zhilu.local/ledger".to_owned(), utc_offset: UtcOffset::CHINA }
    }
}
