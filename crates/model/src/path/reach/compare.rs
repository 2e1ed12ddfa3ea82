//! What became different between two answers to who reaches whom.

use super::{Kind, Outcome, Reach};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Pairs whose packets fare otherwise than they did, all in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub pairs: u64,
    /// One of them, by the numbers in the later answer.
    pub example: (usize, usize),
    pub before: Outcome,
    pub after: Outcome,
}

/// Of all that are in both, known by their hosts and namespaces.
pub fn compare(before: &Reach, after: &Reach) -> Vec<Difference> {
    let numbers = before.endpoints.iter().enumerate();
    let numbers: BTreeMap<_, _> = numbers.map(|(n, e)| ((&e.host, &e.namespace), n)).collect();
    let number = |after: usize, endpoint: &super::Endpoint| {
        Some((*numbers.get(&(&endpoint.host, &endpoint.namespace))?, after))
    };
    let both: Vec<_> =
        after.endpoints.iter().enumerate().filter_map(|(n, e)| number(n, e)).collect();
    // Pairs of blocks have one cell in each answer.
    let mut blocks: BTreeMap<(usize, usize), Vec<(usize, usize)>> = BTreeMap::new();
    for (old, new) in &both {
        let classes = (before.class_of[*old], after.class_of[*new]);
        blocks.entry(classes).or_default().push((*old, *new));
    }
    let mut found = Found::default();
    let apart = apart(before, after, &both);
    let mut left: BTreeMap<_, u64> = BTreeMap::new();
    for ((old_from, new_from), (old_to, new_to)) in &apart {
        let from = (before.class_of[*old_from], after.class_of[*new_from]);
        let to = (before.class_of[*old_to], after.class_of[*new_to]);
        *left.entry((from, to)).or_default() += 1;
        found.pair(
            before.outcome(*old_from, *old_to),
            after.outcome(*new_from, *new_to),
            1,
            (*new_from, *new_to),
        );
    }
    for (from, senders) in &blocks {
        for (to, receivers) in &blocks {
            let same = if from == to { senders.len() } else { 0 };
            let all = (senders.len() * receivers.len() - same) as u64;
            let pairs = all - left.get(&(*from, *to)).copied().unwrap_or(0);
            let ordinary = senders.iter().flat_map(|f| receivers.iter().map(move |t| (*f, *t)));
            let mut ordinary = ordinary.filter(|(f, t)| f != t && !apart.contains(&(*f, *t)));
            if let (1.., Some((f, t))) = (pairs, ordinary.next()) {
                found.pair(before.outcome(f.0, t.0), after.outcome(f.1, t.1), pairs, (f.1, t.1));
            }
        }
    }
    found.0.into_values().collect()
}

type Pair = ((usize, usize), (usize, usize));

/// Pairs that were walked for themselves in either answer, of those that are in both.
fn apart(before: &Reach, after: &Reach, both: &[(usize, usize)]) -> BTreeSet<Pair> {
    let by_old: BTreeMap<_, _> = both.iter().map(|pair| (pair.0, *pair)).collect();
    let by_new: BTreeMap<_, _> = both.iter().map(|pair| (pair.1, *pair)).collect();
    let of = |reach: &Reach, by: &BTreeMap<usize, (usize, usize)>| -> BTreeSet<Pair> {
        let singles = reach.singles.iter();
        singles.filter_map(|s| Some((*by.get(&s.from)?, *by.get(&s.to)?))).collect()
    };
    &of(before, &by_old) | &of(after, &by_new)
}

#[derive(Default)]
struct Found(BTreeMap<(Kind, Kind), Difference>);

impl Found {
    fn pair(
        &mut self,
        before: Option<&Outcome>,
        after: Option<&Outcome>,
        pairs: u64,
        example: (usize, usize),
    ) {
        let (Some(before), Some(after)) = (before, after) else { return };
        let kinds = (before.kind(), after.kind());
        if kinds.0 == kinds.1 {
            return;
        }
        let (before, after) = (before.clone(), after.clone());
        let new = Difference { pairs: 0, example, before, after };
        self.0.entry(kinds).or_insert(new).pairs += pairs;
    }
}
