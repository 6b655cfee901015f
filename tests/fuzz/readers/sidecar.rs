//! A sidecar of any kind and any bytes.

use zhilu::media::name::SidecarKind;
use zhilu::media::sidecar::{self, SidecarFacts};

/// Most case numbers and doubts that facts may hold.
const MOST_CASE_NUMBERS: usize = 256;
const MOST_DOUBTS: usize = 16;

/// Reads the bytes behind the first as the kind of sidecar that the first chooses.
pub(crate) fn read(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else { return };
    let kind = SidecarKind::ALL[usize::from(*choice) % SidecarKind::ALL.len()];
    let facts = sidecar::read(kind, bytes);
    assert!(facts.case_numbers.len() <= MOST_CASE_NUMBERS && facts.doubts.len() <= MOST_DOUBTS);
    for (at, number) in facts.case_numbers.iter().enumerate() {
        assert!(!facts.case_numbers[..at].contains(number), "{number} twice");
    }
    if let Some(p) = facts.position {
        assert!(p.lat.abs() <= 90.0 && p.lon.abs() <= 180.0, "{p:?}");
    }
    check_stored(&facts);
}

/// Facts are stored as JSON and read back as they were; degrees may differ in the last bit.
fn check_stored(facts: &SidecarFacts) {
    let json = serde_json::to_string(facts).expect("facts are JSON");
    let back: SidecarFacts = serde_json::from_str(&json).expect("facts are read back");
    assert_eq!(SidecarFacts { position: None, ..back }, SidecarFacts { position: None, ..facts.clone() });
}
