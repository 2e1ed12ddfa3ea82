//! Packets that left this node and may come back to it: what the node knows of them is remembered for
//! a while.

use model::cluster::NodeName;
use model::cluster::trace::Holder;
use model::path::Walk;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long, from when it was last asked about.
pub(super) const FOR: Duration = Duration::from_secs(10);
/// How many. A walk holds what it has read of the node: a few megabytes, where there are many rules.
const MOST: usize = 16;

/// A walk, and who is known to have sent to it.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) walk: Walk<'static>,
    pub(super) known: Vec<Holder>,
}

/// By who asked, and under which name; the last asked about is at the end.
#[derive(Default)]
pub(super) struct Kept(VecDeque<(NodeName, String, Instant, Visit)>);

impl Kept {
    pub(super) fn take(&mut self, asker: &NodeName, walk: &str, now: Instant) -> Option<Visit> {
        self.forget(now);
        let place = self.0.iter().position(|(by, id, ..)| by == asker && id == walk)?;
        self.0.remove(place).map(|(.., visit)| visit)
    }

    pub(super) fn put(&mut self, asker: NodeName, walk: String, visit: Visit, now: Instant) {
        self.forget(now);
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back((asker, walk, now + FOR, visit));
    }

    /// Those whose time is over.
    pub(super) fn forget(&mut self, now: Instant) {
        self.0.retain(|(_, _, until, _)| now < *until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit() -> Visit {
        Visit { walk: Walk::elsewhere("h"), known: Vec::new() }
    }

    #[test]
    fn a_few_are_kept_and_for_a_while() {
        let (mut kept, start) = (Kept::default(), Instant::now());
        let (a, b): (NodeName, NodeName) = ("a".parse().unwrap(), "b".parse().unwrap());
        kept.put(a.clone(), "1".to_owned(), visit(), start);
        assert!(kept.take(&b, "1", start).is_none(), "it is another's");
        assert!(kept.take(&a, "1", start + FOR - Duration::from_millis(1)).is_some());
        assert!(kept.take(&a, "1", start).is_none(), "it was taken");
        for number in 0..=MOST {
            kept.put(a.clone(), number.to_string(), visit(), start);
        }
        assert!(kept.take(&a, "0", start).is_none(), "the oldest gave way");
        assert!(kept.take(&a, "1", start).is_some());
        assert!(kept.take(&a, "2", start + FOR).is_none());
        assert!(kept.0.is_empty());
    }
}
