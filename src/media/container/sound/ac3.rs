//! The head of an AC-3 frame (ATSC A/52 §5.3), as cameras put it into transport streams.

use super::super::bits::Bits;
use crate::model::media::AudioFacts;

/// Rate and channels of the frame that starts at the first byte; `None` for Enhanced AC-3, whose head is another.
pub fn describe(bytes: &[u8]) -> Option<AudioFacts> {
    let mut bits = Bits::new(bytes);
    (bits.take(16)? == 0x0b77).then_some(())?;
    bits.skip(16)?;
    let sample_rate = match bits.take(2)? {
        0 => 48_000,
        1 => 44_100,
        2 => 32_000,
        _ => return None,
    };
    bits.skip(6)?;
    (bits.take(5)? <= 8).then_some(())?;
    bits.skip(3)?;
    let mode = bits.take(3)?;
    let front_centre = mode & 1 == 1 && mode != 1;
    // Mixing levels stand before the flag of the low-frequency channel.
    for present in [front_centre, mode & 4 == 4, mode == 2] {
        bits.skip(if present { 2 } else { 0 })?;
    }
    let low_frequency = u16::from(bits.bit()?);
    let main = match mode {
        1 => 1,
        0 | 2 => 2,
        3 | 4 => 3,
        5 | 6 => 4,
        _ => 5,
    };
    Some(AudioFacts { codec: None, sample_rate: Some(sample_rate), channels: Some(main + low_frequency) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stereo_and_surround() {
        let facts = describe(&[0x0b, 0x77, 1, 2, 0x14, 0x40, 0x43]).unwrap();
        assert_eq!((facts.sample_rate, facts.channels), (Some(48_000), Some(2)));
        let facts = describe(&[0x0b, 0x77, 1, 2, 0x54, 0x40, 0xe1]).unwrap();
        assert_eq!((facts.sample_rate, facts.channels), (Some(44_100), Some(6)));
        assert_eq!(describe(&[0x0b, 0x77, 1, 2, 0x14, 0x80, 0x43]), None, "Enhanced AC-3");
        assert_eq!(describe(&[0x0b, 0x77, 1]), None);
    }
}
