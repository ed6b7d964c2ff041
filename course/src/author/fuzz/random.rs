//! Numbers that look random, and are the same for the same seed.

/// SplitMix64. Not the crate `fastrand`: its numbers may be others in its next version, and a
/// seed in an old report would no longer show the fault.
pub struct Random(u64);

impl Random {
    /// A request's own numbers: it can be made again without those before it.
    pub fn of(seed: u64, number: u64) -> Self {
        let mut random = Random(seed);
        random.0 = random.next().wrapping_add(number);
        random.0 = random.next();
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below this end, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of them; there must be one.
    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_numbers_for_ever() {
        // SplitMix64's own first numbers for the seed 0, as its author published them.
        let mut random = Random(0);
        assert_eq!(random.next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.next(), 0x6e78_9e6a_a1b9_65f4);
        let three = |seed, number| {
            let mut random = Random::of(seed, number);
            [random.next(), random.next(), random.next()]
        };
        assert_eq!(three(7, 9), three(7, 9), "one request's numbers, made twice");
        assert_ne!(three(7, 9), three(7, 10), "two requests must not be the same");
        assert_ne!(three(7, 9), three(8, 9), "two seeds must not give the same requests");
    }
}
