//! Random choices that a seed repeats.

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
pub(crate) struct Random(u64);

/// The seed of the bounded form.
const BOUNDED_SEED: u64 = 20_261_124;

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed of this run, moved apart for each `part`: from the environment, or always the same in the bounded form, which must
    /// tell a change's faults from chance, or new in the long form.
    pub(crate) fn seed(part: u64) -> u64 {
        let given = std::env::var("ZHILU_FAULTS_SEED").ok().and_then(|s| s.parse::<u64>().ok());
        let base = given.unwrap_or_else(|| {
            if !crate::is_long() {
                return BOUNDED_SEED;
            }
            let mut bytes = [0; 4];
            getrandom::fill(&mut bytes).unwrap();
            u32::from_le_bytes(bytes).into()
        });
        if part == 0 { base } else { Self(base ^ (part << 40)).next() }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Milliseconds below `end`.
    pub(crate) fn pause(&mut self, end: u64) -> std::time::Duration {
        std::time::Duration::from_micros(self.below(end * 1000))
    }
}
