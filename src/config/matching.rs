use serde::Deserialize;

/// `[matching]`: how clips find their cases.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matching {
    /// Seconds before and after an action's window in which a clip still may begin.
    pub buffer_s: u32,
    /// Longest pause in seconds between two files of one recording.
    pub segment_gap_s: u32,
}

/// The longest buffer that is taken, in seconds: an hour more is another action.
const MOST_BUFFER_S: u32 = 3_600;
/// The longest pause that is taken, in seconds.
const MOST_SEGMENT_GAP_S: u32 = 600;

impl Default for Matching {
    fn default() -> Self {
        Self { buffer_s: 300, segment_gap_s: 10 }
    }
}

impl Matching {
    pub(super) fn validate(&self) -> Result<(), String> {
        if self.buffer_s > MOST_BUFFER_S {
            return Err(format!("matching.buffer_s: at most {MOST_BUFFER_S}"));
        }
        if self.segment_gap_s > MOST_SEGMENT_GAP_S {
            return Err(format!("matching.segment_gap_s: at most {MOST_SEGMENT_GAP_S}"));
        }
        Ok(())
    }
}
