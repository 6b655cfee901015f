use serde::Deserialize;

/// `[scrub]`: every object is read again and compared, time after time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scrub {
    /// Whether the daemon does it; without it `zhilu verify` can.
    pub enabled: bool,
    /// The promise: every object within so many days.
    pub every_days: u32,
    /// Most MiB that are read in a second; 0: as fast as it goes.
    pub rate_mib_s: u64,
}

impl Default for Scrub {
    fn default() -> Self {
        Self { enabled: true, every_days: 90, rate_mib_s: 32 }
    }
}

impl Scrub {
    pub(super) fn validate(&self) -> Result<(), String> {
        if !(1..=36_500).contains(&self.every_days) {
            return Err("scrub.every_days: must be from 1 to 36500; to have none, set scrub.enabled = false".to_owned());
        }
        if self.rate_mib_s > 1 << 20 {
            return Err("scrub.rate_mib_s: more than a tebibyte a second".to_owned());
        }
        Ok(())
    }
}
