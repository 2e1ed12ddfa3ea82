//! How large a packet gets to a peer: found by echoes, one after another.
//!
//! [`Search`] says which echo to send next and is told what came of it; who sends them, and when, is
//! not its affair. The full size comes first, for mostly that is all there is to it; then the smallest
//! that any path must carry; then what lies between. A router that says what it takes is believed and
//! tried.

use crate::explain::Unsent;
use crate::net::LinkName;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What every IPv4 host can receive (RFC 791), and what every IPv6 link carries (RFC 8200 §5).
const SMALLEST_V4: u32 = 576;
const SMALLEST_V6: u32 = 1280;

/// How often a size is tried without an answer before it counts as lost.
const TRIES: u8 = 2;

/// An ICMP echo that is not to be fragmented on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    pub from: Source,
    pub to: IpAddr,
    /// Of the whole IP packet.
    pub bytes: u32,
}

/// Where an echo is sent from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// By this address of the host, and whatever route leads from it.
    Address(IpAddr),
    /// By this link: the way to link-local addresses.
    Link(LinkName),
}

/// What came of one echo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Answered {
        microseconds: u64,
    },
    /// Fragmentation needed (RFC 1191), packet too big (RFC 4443 §3.2); `mtu` is 0 where an old
    /// router does not say.
    TooBig {
        by: IpAddr,
        mtu: u32,
    },
    /// Any other ICMP error.
    Refused {
        by: IpAddr,
        kind: u8,
        code: u8,
    },
    /// It was not sent: the link takes so many bytes at most.
    LinkTakes {
        mtu: u32,
    },
    NotSent {
        why: Unsent,
    },
    /// Nothing came within the time given.
    Silent,
}

/// What is known at the end of a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub to: IpAddr,
    /// Bytes: what was hoped for.
    pub full: u32,
    /// Bytes: the largest that came back; `None` if none did.
    pub bytes: Option<u32>,
    /// What became of larger ones: the most telling that came.
    pub larger: Option<Outcome>,
    /// How long the last answer took.
    pub microseconds: Option<u64>,
}

impl Proof {
    pub fn is_full(&self) -> bool {
        self.bytes == Some(self.full)
    }
}

/// The search for the largest size that passes.
#[derive(Clone, Debug)]
pub struct Search {
    from: Source,
    smallest: u32,
    /// The size under way; `None` at the end.
    size: Option<u32>,
    /// How often it went unanswered.
    unanswered: u8,
    /// The smallest size that is known not to pass.
    lost: Option<u32>,
    found: Proof,
}

impl Search {
    /// Towards an address, beginning with the size of the echo, which is hoped to pass.
    pub fn new(full: Echo) -> Self {
        let Echo { from, to, bytes: full } = full;
        let smallest = if to.is_ipv4() { SMALLEST_V4 } else { SMALLEST_V6 };
        let found = Proof { to, full, bytes: None, larger: None, microseconds: None };
        let (size, smallest) = (Some(full), smallest.min(full));
        Self { from, smallest, size, unanswered: 0, lost: None, found }
    }

    /// The echo to send next; `None` at the end.
    pub fn next(&self) -> Option<Echo> {
        let size = self.size?;
        Some(Echo { from: self.from.clone(), to: self.found.to, bytes: size })
    }

    /// What is known, once nothing is left to try.
    pub fn proof(&self) -> Option<&Proof> {
        self.size.is_none().then_some(&self.found)
    }

    /// Takes in what came of the echo of [`Self::next`].
    pub fn step(&mut self, outcome: Outcome) {
        let Some(size) = self.size else { return };
        let mut told = None;
        match outcome {
            Outcome::Answered { microseconds } => {
                self.found.bytes = Some(size);
                self.found.microseconds = Some(microseconds);
            }
            Outcome::Silent | Outcome::Refused { .. } if self.unanswered + 1 < TRIES => {
                self.unanswered += 1;
                return;
            }
            Outcome::TooBig { mtu, .. } | Outcome::LinkTakes { mtu } => {
                told = Some(mtu);
                self.lose(size, outcome);
            }
            Outcome::Silent | Outcome::Refused { .. } | Outcome::NotSent { .. } => {
                self.lose(size, outcome);
            }
        }
        self.unanswered = 0;
        self.size = self.following(told);
        if self.found.is_full() {
            self.found.larger = None;
        }
    }

    fn lose(&mut self, size: u32, outcome: Outcome) {
        self.lost = Some(size);
        let larger = &mut self.found.larger;
        if larger.as_ref().is_none_or(|before| telling(before) <= telling(&outcome)) {
            *larger = Some(outcome);
        }
    }

    fn following(&self, told: Option<u32>) -> Option<u32> {
        let lost = self.lost.filter(|_| !self.found.is_full())?;
        let least = self.found.bytes.map_or(self.smallest, |passed| passed + 1);
        if lost <= least {
            return None;
        }
        if let Some(mtu) = told.filter(|mtu| (least..lost).contains(mtu)) {
            return Some(mtu);
        }
        let Some(passed) = self.found.bytes else { return Some(self.smallest) };
        // Who said what he takes has said that he takes no more.
        let said = match self.found.larger {
            Some(Outcome::TooBig { mtu, .. } | Outcome::LinkTakes { mtu }) => Some(mtu),
            _ => None,
        };
        (said != Some(passed)).then_some(passed + (lost - passed) / 2)
    }
}

/// How much an outcome tells of why a size does not pass.
fn telling(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Silent | Outcome::Answered { .. } => 0,
        Outcome::NotSent { .. } => 1,
        Outcome::Refused { .. } => 2,
        Outcome::LinkTakes { .. } => 3,
        Outcome::TooBig { .. } => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn search(to: &str, full: u32) -> Search {
        let from = Source::Link("gx-t".parse().unwrap());
        Search::new(Echo { from, to: to.parse().unwrap(), bytes: full })
    }

    /// Runs a search on a path; gives what was found and the sizes in the order they were sent.
    fn run(mut search: Search, mut path: impl FnMut(u32) -> Outcome) -> (Proof, Vec<u32>) {
        let mut sent = Vec::new();
        while let Some(echo) = search.next() {
            sent.push(echo.bytes);
            search.step(path(echo.bytes));
            assert!(sent.len() < 64, "{sent:?}");
        }
        (search.proof().unwrap().clone(), sent)
    }

    const ANSWERED: Outcome = Outcome::Answered { microseconds: 300 };

    fn swallows(above: u32) -> impl FnMut(u32) -> Outcome {
        move |bytes| if bytes <= above { ANSWERED } else { Outcome::Silent }
    }

    fn says(mtu: u32) -> impl FnMut(u32) -> Outcome {
        let by = "192.0.2.254".parse().unwrap();
        move |bytes| if bytes <= mtu { ANSWERED } else { Outcome::TooBig { by, mtu } }
    }

    #[test]
    fn a_good_path_takes_one_echo() {
        let (proof, sent) = run(search("fe80::1", 1450), swallows(1500));
        assert_eq!((proof.is_full(), proof.larger, sent), (true, None, vec![1450]));
        assert_eq!(proof.microseconds, Some(300));
    }

    #[test]
    fn a_black_hole_is_measured_exactly() {
        for above in [1280, 1281, 1379, 1400, 1448, 1449] {
            let (proof, sent) = run(search("fe80::1", 1450), swallows(above));
            assert_eq!((proof.bytes, proof.larger), (Some(above), Some(Outcome::Silent)));
            assert_eq!(sent[..3], [1450, 1450, 1280]);
            let mut sizes = sent;
            sizes.dedup();
            assert!(sizes.len() <= 12, "{sizes:?}");
        }
    }

    #[test]
    fn a_router_is_believed_and_tried() {
        let (proof, sent) = run(search("10.0.0.1", 9000), says(1400));
        assert_eq!((proof.bytes, sent), (Some(1400), vec![9000, 1400]));
        assert!(matches!(proof.larger, Some(Outcome::TooBig { mtu: 1400, .. })));
        // One that says nothing of use, and one that says what is not so.
        let (proof, _) = run(search("10.0.0.1", 1500), |bytes| match says(1400)(bytes) {
            Outcome::TooBig { by, .. } => Outcome::TooBig { by, mtu: 0 },
            other => other,
        });
        assert_eq!(proof.bytes, Some(1400));
        let (proof, _) = run(search("10.0.0.1", 1500), |bytes| match bytes {
            1401.. => says(1400)(bytes),
            _ => swallows(1300)(bytes),
        });
        assert_eq!(proof.bytes, Some(1300));
        // Two routers, one behind the other.
        let (proof, sent) = run(search("10.0.0.1", 1500), |bytes| match bytes {
            1401.. => says(1400)(bytes),
            _ => says(1300)(bytes),
        });
        assert_eq!((proof.bytes, sent), (Some(1300), vec![1500, 1400, 1300]));
    }

    #[test]
    fn nothing_at_all_is_found_out_soon() {
        let (proof, sent) = run(search("10.0.0.1", 1500), |_| Outcome::Silent);
        assert_eq!((proof.bytes, sent), (None, vec![1500, 1500, 576, 576]));
        let refused = Outcome::Refused { by: "192.0.2.254".parse().unwrap(), kind: 3, code: 1 };
        let (proof, sent) = run(search("10.0.0.1", 1500), |_| refused.clone());
        assert_eq!((proof.larger, sent.len()), (Some(refused), 4));
        let not = Outcome::NotSent { why: Unsent::NoRoute };
        let (proof, sent) = run(search("10.0.0.1", 1500), |_| not.clone());
        assert_eq!((proof.larger, sent), (Some(not), vec![1500, 576]));
    }

    #[test]
    fn one_lost_packet_means_nothing() {
        let mut lost = 0;
        let (proof, _) = run(search("fe80::1", 1450), |bytes| {
            lost += 1;
            if lost % 2 == 1 { Outcome::Silent } else { swallows(1390)(bytes) }
        });
        assert_eq!(proof.bytes, Some(1390));
    }

    #[test]
    fn a_size_below_the_smallest_is_tried_alone() {
        let (proof, sent) = run(search("fe80::1", 1200), |_| Outcome::Silent);
        assert_eq!((proof.bytes, sent), (None, vec![1200, 1200]));
    }

    proptest! {
        /// However lossy the path, what is found does pass; without losses it is the largest that does.
        #[test]
        fn what_is_found_passes(
            full in 1280..9200_u32,
            above in 0..9200_u32,
            router in any::<bool>(),
            losses in prop::collection::vec(any::<bool>(), 0..40),
        ) {
            let mut losses = losses.into_iter();
            let mut lossless = true;
            let mut path = |bytes: u32| {
                if losses.next() == Some(true) {
                    lossless = false;
                    return Outcome::Silent;
                }
                if router { says(above)(bytes) } else { swallows(above)(bytes) }
            };
            let (proof, sent) = run(search("fe80::1", full), &mut path);
            prop_assert!(proof.bytes.is_none_or(|bytes| bytes <= above && bytes <= full));
            prop_assert!(sent.len() <= 2 * 16);
            if lossless {
                let best = above.min(full);
                prop_assert_eq!(proof.bytes, (best >= 1280).then_some(best));
            }
        }
    }
}
