//! A clip of any bytes.

use zhilu::media::container::{anomalies, probe};
use zhilu::model::media::MediaFacts;

/// Most bytes of JSON that the probe process may answer with.
const MOST_JSON: usize = 64 << 10;
/// Most characters of an anomaly's detail.
const MOST_DETAIL: usize = 200;

/// Reads the bytes as the content of a file.
pub(crate) fn read(data: &[u8]) {
    let facts = probe(&data);
    assert!(facts.anomalies.len() <= anomalies::MOST);
    for anomaly in &facts.anomalies {
        assert!(anomaly.offset.is_none_or(|at| at <= data.len() as u64), "{anomaly:?}");
        assert!(anomaly.detail.as_ref().is_none_or(|d| d.chars().count() <= MOST_DETAIL), "{anomaly:?}");
    }
    for gps in &facts.gps {
        assert!(gps.offset.is_none_or(|at| at <= data.len() as u64), "{gps:?}");
        assert!(gps.position.is_none_or(|p| p.lat.abs() <= 90.0 && p.lon.abs() <= 180.0), "{gps:?}");
    }
    if let Some(video) = &facts.video {
        assert!(video.fps.is_none_or(|fps| fps.is_finite() && fps > 0.0), "{video:?}");
        assert!(video.rotation.is_none_or(|r| matches!(r, 0 | 90 | 180 | 270)), "{video:?}");
    }
    let json = serde_json::to_vec(&facts).expect("facts are JSON");
    assert!(json.len() <= MOST_JSON, "{} bytes of JSON", json.len());
    serde_json::from_slice::<MediaFacts>(&json).expect("facts are read back");
}
