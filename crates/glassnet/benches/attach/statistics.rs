//! Medians, and ratios with their intervals.

use std::fmt;
use std::time::Duration;

/// Times of one thing, a turn each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns(Vec<Duration>);

impl Turns {
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn median(&self) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort();
        sorted[sorted.len() / 2]
    }

    /// The sum, turn by turn.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| *a + *b).collect())
    }
}

/// The median of the turns' ratios, with its 95 % interval.
pub(crate) struct Ratio {
    median: f64,
    low: f64,
    high: f64,
}

impl Ratio {
    pub(crate) fn of(above: &Turns, below: &Turns) -> Self {
        let pairs = above.0.iter().zip(&below.0);
        let mut ratios: Vec<f64> = pairs.map(|(a, b)| a.as_secs_f64() / b.as_secs_f64()).collect();
        ratios.sort_by(f64::total_cmp);
        let n = ratios.len();
        let k = rank(n);
        Self { median: ratios[n / 2], low: ratios[k], high: ratios[n - 1 - k] }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} [{:.2}, {:.2}]", self.median, self.low, self.high)
    }
}

/// How many values from either end the interval's ends are: the largest k for which the true median
/// lies outside with less than 2.5 % probability at each side (binomial with p = 1/2).
fn rank(n: usize) -> usize {
    let mut outside = 0.5_f64.powi(i32::try_from(n).unwrap_or(i32::MAX));
    let mut term = outside;
    let mut k = 0;
    while outside < 0.025 && k + 1 < n / 2 {
        k += 1;
        term *= (n - k + 1) as f64 / k as f64;
        outside += term;
    }
    k.saturating_sub(1)
}

pub(crate) fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
