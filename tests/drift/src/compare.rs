//! The predicted and the observed side by side. The kernel is right.

use crate::expect::{Expected, Must, Step, expected};
use crate::predict::Predicted;
use crate::sockets::Received;
use crate::watch::Sighting;
use model::host::NamespaceId;
use model::path::{End, Evidence, Layer, Packet as Headers, Path, Reason, Stage};
use std::fmt;
use std::net::SocketAddr;

/// What the kernel did with a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// What the kernel told the sender, if it was no success.
    pub refused: Option<String>,
    pub there: Vec<Sighting>,
    pub back: Vec<Sighting>,
    /// What sockets received.
    pub received: Vec<Received>,
    /// Namespaces whose kernel took it: an echo that is answered, a connection that is begun.
    pub taken: Vec<NamespaceId>,
    /// The sender has its answer.
    pub answered: bool,
}

/// What came of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Agrees { arrives: bool },
    Disagrees(Difference),
    Unknown { why: String },
}

/// The first thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It was received where it was not to be, or not where it was.
    Delivered { predicted: Option<NamespaceId>, observed: Vec<NamespaceId> },
    /// The receiver sees other addresses or ports.
    Received { predicted: (SocketAddr, SocketAddr), observed: (SocketAddr, SocketAddr) },
    /// It was not seen, or seen as something else, at a place on its way.
    Seen { way: Way, place: usize, predicted: Option<Sighting>, observed: Option<Sighting> },
    /// The answer came back and was not to, or the other way.
    Answered { predicted: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    There,
    Back,
}

/// Compares.
pub fn compare(predicted: &Predicted, observed: &Observed) -> Verdict {
    for path in [Some(&predicted.there), predicted.back.as_ref()].into_iter().flatten() {
        if let End::Unknown { why, at, stage } = &path.end {
            return Verdict::Unknown { why: format!("{stage:?} in {}: {why}", at.namespace) };
        }
    }
    match difference(predicted, observed) {
        Some(difference) => Verdict::Disagrees(difference),
        None => Verdict::Agrees { arrives: receiver(&predicted.there).is_some() },
    }
}

fn difference(predicted: &Predicted, observed: &Observed) -> Option<Difference> {
    let seen = passes(Way::There, &expected(&predicted.there), &observed.there);
    if seen.is_some() {
        return seen;
    }
    let to = receiver(&predicted.there);
    let mut takers: Vec<_> = observed.received.iter().map(|one| &one.namespace).collect();
    takers.extend(&observed.taken);
    takers.sort();
    takers.dedup();
    // A SYN is not taken where its answer has no way to leave (`tcp_conn_request`), and is forgotten where a
    // rule refuses its answer and says so to the socket (`tcp_req_err`): the socket had it.
    let mute = predicted.back.as_ref().is_some_and(|back| cannot_leave(back) || is_refused(back))
        && takers.is_empty();
    if takers != to.into_iter().collect::<Vec<_>>() && !mute {
        let observed = takers.into_iter().cloned().collect();
        return Some(Difference::Delivered { predicted: to.cloned(), observed });
    }
    if let (Some(one), Some(endpoints)) = (observed.received.first(), endpoints(&predicted.there))
        && (one.from, one.to) != endpoints
    {
        let observed = (one.from, one.to);
        return Some(Difference::Received { predicted: endpoints, observed });
    }
    let back = predicted.back.as_ref();
    if let Some(back) = back {
        let seen = passes(Way::Back, &expected(back), &observed.back);
        if seen.is_some() {
            return seen;
        }
    }
    // Who feigns an address does not get the answer.
    let sender = predicted.there.hops.first().map(|hop| &hop.at.namespace);
    let returns = back.and_then(receiver).is_some_and(|receiver| Some(receiver) == sender);
    (returns != observed.answered).then_some(Difference::Answered { predicted: returns })
}

fn cannot_leave(path: &Path) -> bool {
    matches!(path.end, End::Dropped { stage: Stage::Leave, .. })
        && path.hops.iter().all(|hop| hop.stage == Stage::Leave)
}

/// Whether a rule for what a host sends rejects it.
fn is_refused(path: &Path) -> bool {
    let End::Dropped { stage: Stage::Output, because: Reason::Rule { evidence }, .. } = &path.end
    else {
        return false;
    };
    let Evidence::Rule { text, .. } = &**evidence else { return false };
    text.contains("reject") || text.contains("REJECT")
}

/// The namespace that a path ends in, if it is delivered.
pub fn receiver(path: &Path) -> Option<&NamespaceId> {
    match &path.end {
        End::Delivered { at, .. } => Some(&at.namespace),
        _ => None,
    }
}

/// Addresses and ports as the receiver sees them.
fn endpoints(path: &Path) -> Option<(SocketAddr, SocketAddr)> {
    let last = path.hops.iter().rev().find(|hop| hop.stage == Stage::Deliver)?;
    last.packet.endpoints()
}

/// Whether what was seen is what was to be.
fn passes(way: Way, expected: &Expected, observed: &[Sighting]) -> Option<Difference> {
    let mut left = observed;
    for (place, Step { sighting: wanted, must }) in expected.sightings.iter().enumerate() {
        let fits = |seen: &Sighting| match must {
            Must::Be | Must::Perhaps => same(wanted, seen),
            Must::PerhapsReframed => same_place(wanted, seen),
        };
        // Copies of a flooded packet may come before the one that is followed.
        let most = if expected.floods { left.len() } else { left.len().min(1) };
        match (left[..most].iter().position(fits), must) {
            (Some(found), _) => left = &left[found + 1..],
            (None, Must::Perhaps | Must::PerhapsReframed) => {}
            (None, Must::Be) => {
                let predicted = Some(wanted.clone());
                return Some(Difference::Seen {
                    way,
                    place,
                    predicted,
                    observed: left.first().cloned(),
                });
            }
        }
    }
    let surplus = left.first().filter(|_| !expected.floods)?;
    let place = expected.sightings.len();
    Some(Difference::Seen { way, place, predicted: None, observed: Some(surplus.clone()) })
}

/// The same place, and the same headers as far as they are predicted.
fn same(predicted: &Sighting, observed: &Sighting) -> bool {
    same_place(predicted, observed) && same_headers(&predicted.packet, &observed.packet)
}

fn same_place(predicted: &Sighting, observed: &Sighting) -> bool {
    (&predicted.namespace, &predicted.link, predicted.leaves)
        == (&observed.namespace, &observed.link, observed.leaves)
}

fn same_headers(predicted: &Headers, observed: &Headers) -> bool {
    let counts = |layer: &&Layer| !matches!(layer, Layer::Payload { .. });
    let predicted: Vec<_> = predicted.layers.iter().filter(counts).collect();
    let observed: Vec<_> = observed.layers.iter().filter(counts).collect();
    predicted.len() == observed.len()
        && predicted.iter().zip(&observed).all(|(predicted, observed)| {
            match (predicted, observed) {
                (
                    Layer::Ip { source, destination, hops, .. },
                    Layer::Ip { source: from, destination: to, hops: left, .. },
                ) => (source, destination, hops) == (from, to, left),
                // A tunnel's source port is a hash with a secret.
                (
                    Layer::Udp { source: 0, destination },
                    Layer::Udp { destination: observed, .. },
                ) => destination == observed,
                (predicted, observed) => predicted == observed,
            }
        })
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered { predicted: None, observed } => {
                write!(f, "predicted: not delivered; observed: taken in {observed:?}")
            }
            Self::Delivered { predicted: Some(to), observed } => {
                write!(f, "predicted: delivered in {to}; observed: taken in {observed:?}")
            }
            Self::Received { predicted, observed } => write!(
                f,
                "predicted: received from {} at {}; observed: from {} at {}",
                predicted.0, predicted.1, observed.0, observed.1
            ),
            Self::Seen { way, place, predicted, observed } => {
                write!(f, "{way:?}, sighting {place}: predicted ")?;
                say(f, predicted.as_ref())?;
                write!(f, "; observed ")?;
                say(f, observed.as_ref())
            }
            Self::Answered { predicted: true } => {
                f.write_str("predicted: the answer comes back; observed: it does not")
            }
            Self::Answered { predicted: false } => {
                f.write_str("predicted: no answer comes back; observed: one does")
            }
        }
    }
}

fn say(f: &mut fmt::Formatter<'_>, sighting: Option<&Sighting>) -> fmt::Result {
    match sighting {
        None => f.write_str("nothing more"),
        Some(sighting) => write!(f, "{sighting}"),
    }
}

impl fmt::Display for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.leaves { "out of" } else { "into" };
        write!(f, "{way} {} {}:", self.namespace, self.link)?;
        self.packet.layers.iter().try_for_each(|layer| match layer {
            Layer::Ethernet { source, destination } => write!(f, " [{source} > {destination}]"),
            Layer::Ip { source, destination, hops, .. } => {
                write!(f, " {source} > {destination} ttl {hops}")
            }
            Layer::Udp { source, destination } => write!(f, " udp {source} > {destination}"),
            Layer::Tcp { source, destination, syn } => {
                write!(f, " tcp {source} > {destination}{}", if *syn { " syn" } else { "" })
            }
            Layer::Echo { request, identifier, .. } => {
                write!(f, " echo {} {identifier}", if *request { "request" } else { "reply" })
            }
            Layer::Vxlan { vni } => write!(f, " vxlan {vni}"),
            Layer::Payload { .. } => Ok(()),
        })
    }
}
