//! How often one node may ask.

use model::cluster::NodeName;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Questions that a node may ask at once …
pub(super) const BURST: u32 = 30;
/// … and each second after that.
pub(super) const RATE: u32 = 5;

/// A bucket of questions for each node that asks.
#[derive(Debug, Default)]
pub(super) struct Limit(BTreeMap<NodeName, Bucket>);

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// When it will be full.
    full: Instant,
    /// When it was last told that it is empty.
    told: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Answer,
    /// It is to be told that it asks too often.
    Refuse,
    /// It was told just now.
    Ignore,
}

impl Limit {
    /// Takes a question in. Only nodes of the cluster may get here, so there are not more of them.
    pub(super) fn ask(&mut self, by: &NodeName, now: Instant) -> Verdict {
        let each = Duration::from_secs(1) / RATE;
        let bucket = self.0.entry(by.clone()).or_insert(Bucket { full: now, told: None });
        let full = bucket.full.max(now) + each;
        if full <= now + each * BURST {
            *bucket = Bucket { full, told: None };
            return Verdict::Answer;
        }
        match bucket.told {
            Some(told) if now < told + Duration::from_secs(1) => Verdict::Ignore,
            _ => {
                bucket.told = Some(now);
                Verdict::Refuse
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_a_rate_for_each_node() {
        let (mut limit, start) = (Limit::default(), Instant::now());
        let (a, b) = ("a".parse().unwrap(), "b".parse().unwrap());
        let asked = |limit: &mut Limit, by: &NodeName, ms: u64, times: u32| {
            let now = start + Duration::from_millis(ms);
            let verdicts = (0..times).map(|_| limit.ask(by, now));
            verdicts.filter(|verdict| *verdict == Verdict::Answer).count()
        };
        assert_eq!(asked(&mut limit, &a, 0, 100), BURST as usize);
        assert_eq!(asked(&mut limit, &b, 0, 3), 3, "another node asks for itself");
        assert_eq!(asked(&mut limit, &a, 199, 5), 0);
        assert_eq!(asked(&mut limit, &a, 1000, 100), RATE as usize);
        assert_eq!(asked(&mut limit, &a, 60_000, 100), BURST as usize, "no more is saved up");
    }

    #[test]
    fn it_is_told_once_a_second() {
        let (mut limit, start) = (Limit::default(), Instant::now());
        let a = "a".parse().unwrap();
        for _ in 0..BURST {
            assert_eq!(limit.ask(&a, start), Verdict::Answer);
        }
        assert_eq!(limit.ask(&a, start), Verdict::Refuse);
        assert_eq!(limit.ask(&a, start), Verdict::Ignore);
        let mut late = start;
        for _ in 0..RATE {
            late += Duration::from_millis(200);
            assert_eq!(limit.ask(&a, late), Verdict::Answer);
        }
        assert_eq!(limit.ask(&a, late), Verdict::Refuse);
    }
}
