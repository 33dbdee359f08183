//! Random numbers that are the same everywhere and for ever.
//!
//! `rand_chacha` promises that a key and a stream give the same words in every version. What is made of the words is written
//! here, since `rand`'s distributions may change between versions, and with `+ - * /` alone, which IEEE 754 fixes to the last
//! bit: `sin` and `ln` differ between systems.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// The random numbers of one file.
pub(super) struct Draws(ChaCha8Rng);

impl Draws {
    /// Those of the file number `file` of `table`: no other file has them, so that files can be made in any order.
    pub(super) fn of(seed: u64, table: &str, file: u64) -> Self {
        let mut key = [0; 32];
        let bytes = seed.to_le_bytes().into_iter().chain(table.bytes());
        for (place, byte) in key.iter_mut().zip(bytes) {
            *place = byte;
        }
        let mut words = ChaCha8Rng::from_seed(key);
        words.set_stream(file);
        Self(words)
    }

    /// A number from 0 to below 1, any of 2⁵³ equally likely.
    pub(super) fn unit(&mut self) -> f64 {
        unit(self.0.next_u64())
    }

    /// A number from 0 to below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        within(self.0.next_u64(), bound)
    }

    /// Whether something happens that does in `percent` of 100 cases.
    pub(super) fn happens(&mut self, percent: f64) -> bool {
        self.unit() * 100.0 < percent
    }

    /// A number around 0 with the deviation 1, from -6 to 6: the sum of twelve, which is close to normal.
    pub(super) fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// One of `choices`, as often as their weights say.
    pub(super) fn weighted<'a, T>(&mut self, choices: &'a [(u64, T)]) -> Option<&'a T> {
        let total = choices.iter().map(|(weight, _)| weight).sum();
        weighted(self.below(total), choices)
    }
}

/// The choice that `place` among all weights falls on.
pub(super) fn weighted<T>(mut place: u64, choices: &[(u64, T)]) -> Option<&T> {
    for (weight, choice) in choices {
        match place.checked_sub(*weight) {
            None => return Some(choice),
            Some(rest) => place = rest,
        }
    }
    None
}

/// A number that `index` has for good, for what must be the same in every file: SplitMix64 (Steele, Lea and Flood 2014).
pub(super) fn scatter(seed: u64, index: u64) -> u64 {
    let mut mixed = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// `word` as a number from 0 to below 1.
pub(super) fn unit(word: u64) -> f64 {
    (word >> 11) as f64 / (1_u64 << 53) as f64
}

/// `word` as a number from 0 to below `bound`.
pub(super) fn within(word: u64, bound: u64) -> u64 {
    ((u128::from(word) * u128::from(bound)) >> 64) as u64
}

/// The whole part of a number that is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float is cut to the range, NaN to 0"
)]
pub(super) fn whole(number: f64) -> u64 {
    number as u64
}

/// Which of many, where the first are taken far more often than the last: by Zipf's law the `n`th `1/n` times as often as
/// the first.
pub(super) struct Skew(Vec<f64>);

impl Skew {
    /// Of `count` things.
    pub(super) fn over(count: usize) -> Self {
        let sums = (1..=count).scan(0.0, |sum, rank| {
            *sum += 1.0 / rank as f64;
            Some(*sum)
        });
        Self(sums.collect())
    }

    /// The rank of one of them, from 0.
    pub(super) fn draw(&self, draws: &mut Draws) -> usize {
        let place = draws.unit() * self.0.last().copied().unwrap_or_default();
        self.0
            .partition_point(|sum| *sum <= place)
            .min(self.0.len().saturating_sub(1))
    }
}
