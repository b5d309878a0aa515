//! The simulation's only source of chance: the same seed gives the same run.

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
    /// One for each step of a run: leaving out one step then moves none of the others' choices.
    pub fn of(seed: u64, step: u64) -> Self {
        let mut run = Self(seed);
        let mut step = Self(run.draw() ^ step.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        Self(step.draw())
    }
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// From 0 up to but not including `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let end = end.max(1) as u64;
        usize::try_from(self.draw() % end).unwrap_or(0)
    }
    pub fn chance(&mut self, per_mille: usize) -> bool {
        self.below(1000) < per_mille
    }
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { from.get(self.below(from.len())) }
    }
    pub fn bytes(&mut self) -> [u8; 10] {
        let (high, low) = (self.draw().to_le_bytes(), self.draw().to_le_bytes());
        std::array::from_fn(|i| if i < 8 { high[i] } else { low[i - 8] })
    }
    pub fn uuid(&mut self) -> uuid::Uuid {
        crate::id::uuid_v7(crate::time::Ms(1), &self.bytes())
    }
}
