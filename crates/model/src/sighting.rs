//! Sightings of packets in several places, joined: one packet, seen here and there.
//!
//! What is seen in several places comes in no order; so a sighting waits for the others of its packet
//! before it is told, and packets are told in the order in which they were first seen.

use crate::packet::Identity;
use std::collections::{BTreeMap, HashMap};

/// Joins sightings. Times are nanoseconds of one clock.
#[derive(Debug)]
pub struct Joiner<T> {
    /// How long a packet may take from the first place to the last.
    wait: u64,
    /// By the time of the first sighting, and a number that tells those of one moment apart.
    open: BTreeMap<(u64, u64), Group<T>>,
    latest: HashMap<Identity, (u64, u64)>,
    number: u64,
}

/// One packet: its sightings by time, each with where it was.
#[derive(Debug)]
struct Group<T> {
    identity: Identity,
    sightings: Vec<(u64, usize, T)>,
}

impl<T> Joiner<T> {
    pub fn new(wait: u64) -> Self {
        Self { wait, open: BTreeMap::new(), latest: HashMap::new(), number: 0 }
    }

    /// Adds a sighting. `place` tells where, and which way the packet went there: a packet passes it
    /// once, so what is there again is another that looks the same, such as a retransmission.
    pub fn add(&mut self, time: u64, place: usize, identity: Identity, seen: T) {
        let known = self.latest.get(&identity).copied();
        let group = known.and_then(|key| self.open.get_mut(&key).map(|group| (key, group)));
        let joins = |(key, group): &((u64, u64), &mut Group<T>)| {
            time.abs_diff(key.0) <= self.wait
                && group.sightings.iter().all(|(_, before, _)| *before != place)
        };
        match group.filter(joins) {
            Some((key, group)) if key.0 <= time => group.sightings.push((time, place, seen)),
            // The first sighting comes late.
            Some((key, _)) => {
                let mut group = self.open.remove(&key).expect("it was just found");
                group.sightings.push((time, place, seen));
                let key = (time, key.1);
                self.latest.insert(identity, key);
                self.open.insert(key, group);
            }
            None => {
                self.number += 1;
                let key = (time, self.number);
                self.latest.insert(identity, key);
                let sightings = vec![(time, place, seen)];
                self.open.insert(key, Group { identity, sightings });
            }
        }
    }

    /// The packets that were first seen before this time less the wait, the oldest first.
    pub fn ripe(&mut self, now: u64) -> Vec<Vec<T>> {
        let mut ripe = Vec::new();
        while let Some(first) = self.open.first_entry()
            && first.key().0.saturating_add(self.wait) < now
        {
            let (key, group) = first.remove_entry();
            if self.latest.get(&group.identity) == Some(&key) {
                self.latest.remove(&group.identity);
            }
            ripe.push(group.ordered());
        }
        ripe
    }

    /// All that are left.
    pub fn rest(&mut self) -> Vec<Vec<T>> {
        self.latest.clear();
        std::mem::take(&mut self.open).into_values().map(Group::ordered).collect()
    }
}

impl<T> Group<T> {
    fn ordered(mut self) -> Vec<T> {
        self.sightings.sort_by_key(|(time, ..)| *time);
        self.sightings.into_iter().map(|(_, _, seen)| seen).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Start, dissect};

    fn identity(byte: u8) -> Identity {
        Identity::of(&dissect(&[byte], Start::Ip))
    }

    #[test]
    fn sightings_of_one_packet_come_together() {
        let mut joiner = Joiner::new(100);
        joiner.add(1000, 0, identity(1), "a0");
        joiner.add(1010, 0, identity(2), "b0");
        joiner.add(1030, 1, identity(2), "b1");
        joiner.add(1020, 1, identity(1), "a1");
        // It is told of late, and was the first.
        joiner.add(990, 2, identity(1), "a2");
        // The same once more, in the same place.
        joiner.add(1050, 0, identity(1), "again");
        assert!(joiner.ripe(1090).is_empty());
        assert_eq!(joiner.ripe(1105), [vec!["a2", "a0", "a1"]]);
        assert_eq!(joiner.rest(), [vec!["b0", "b1"], vec!["again"]]);
        // Long after it is another.
        joiner.add(5000, 0, identity(1), "x");
        joiner.add(5101, 1, identity(1), "y");
        assert_eq!(joiner.rest(), [["x"], ["y"]]);
    }
}
