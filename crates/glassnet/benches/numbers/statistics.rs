//! Medians, and ratios with their intervals.

use std::fmt;
use std::time::Duration;

/// Figures of one thing, a turn each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns(Vec<f64>);

impl Turns {
    /// A time, in milliseconds.
    pub(crate) fn time(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64() * 1e3);
    }

    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sum, turn by turn.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a + b).collect())
    }

    pub(crate) fn minus(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a - b).collect())
    }

    /// The ratio, turn by turn.
    pub(crate) fn over(&self, other: &Self) -> Middle {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a / b).collect()).middle()
    }

    pub(crate) fn middle(&self) -> Middle {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        let k = rank(n);
        Middle { median: sorted[n / 2], low: sorted[k], high: sorted[n - 1 - k] }
    }
}

/// A median with its 95 % interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Middle {
    pub(crate) median: f64,
    low: f64,
    high: f64,
}

/// A target is met when the interval's worse end is within this share of it.
const TOLERANCE: f64 = 0.03;

impl Middle {
    pub(crate) fn at_most(self, limit: f64) -> bool {
        self.high <= limit * (1.0 + TOLERANCE)
    }

    pub(crate) fn at_least(self, limit: f64) -> bool {
        self.low >= limit * (1.0 - TOLERANCE)
    }
}

impl fmt::Display for Middle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Three digits that matter, whatever the size.
        let places = if self.median.abs() >= 100.0 { 0 } else { 2 };
        let Self { median, low, high } = self;
        write!(f, "{median:.places$} [{low:.places$}, {high:.places$}]")
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

/// The value below which 99 of 100 lie.
pub(crate) fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort();
    let at = (times.len() * 99).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or_default()
}
