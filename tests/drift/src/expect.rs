//! Where a predicted packet must be seen: a path's hops as sightings.
//!
//! A link's taps hear what leaves by the link after the rules of its egress, and what comes in by it
//! before the rules of its ingress (`dev_queue_xmit_nit`, `__netif_receive_skb_core`). A bridge's own
//! link hears what its host sends and what goes up to its host, not what is only bridged.

use crate::watch::Sighting;
use model::host::nft::NftFamily;
use model::net::LinkName;
use model::path::{Decision, End, Evidence, Hop, Packet, Path, Place, Reason, Stage};

/// What must be seen, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    pub sightings: Vec<Step>,
    /// Copies of it may be seen anywhere: a bridge floods it.
    pub floods: bool,
}

/// One place on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub sighting: Sighting,
    pub must: Must,
}

/// Whether a packet has to be seen at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    Be,
    /// Where a path ends short, whether a link hears it once more is a question of a few lines of code.
    Perhaps,
    /// A bridged packet with a new destination goes out by the bridge's own link if the neighbour's
    /// header is not kept ready (`br_nf_pre_routing_finish_bridge`), and is framed anew for that.
    PerhapsReframed,
}

/// Of a path.
pub fn expected(path: &Path) -> Expected {
    let mut expected = Expected::default();
    // The bridge whose port the packet came in by, until that has decided.
    let mut port_of: Option<&LinkName> = None;
    // A bridge has chosen the port that it leaves by, and it has not left.
    let mut crossing = false;
    for hop in &path.hops {
        crossing = match hop.stage {
            Stage::Bridge => hop.decision != Decision::Up,
            Stage::Forward | Stage::Postrouting => crossing,
            _ => false,
        };
        match (&hop.stage, &hop.decision) {
            (Stage::Transmit | Stage::Encapsulate, _) => expected.see(&hop.at, true, &hop.packet),
            (Stage::Receive, decision) => {
                expected.see(&hop.at, false, &hop.packet);
                if let Decision::Taken { into } = decision {
                    port_of = into.as_ref();
                }
            }
            (Stage::Neighbour, _) if port_of.is_some() => {
                expected.maybe(sighting(&hop.at, true, &hop.packet), Must::PerhapsReframed);
            }
            (Stage::Bridge, decision) => {
                if port_of.take().is_none() {
                    expected.see(&hop.at, true, &hop.packet);
                }
                match decision {
                    Decision::Up => expected.see(&hop.at, false, &hop.packet),
                    Decision::Flood { .. } => expected.floods = true,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    if let End::Dropped { at, stage, because } = &path.end
        && !(crossing && *stage == Stage::Bridge)
    {
        expected.end(path.hops.last(), at, *stage, because, port_of);
    }
    expected
}

impl Expected {
    fn see(&mut self, at: &Place, leaves: bool, packet: &Packet) {
        self.maybe(sighting(at, leaves, packet), Must::Be);
    }

    fn maybe(&mut self, sighting: Option<Sighting>, must: Must) {
        self.sightings.extend(sighting.map(|sighting| Step { sighting, must }));
    }

    fn end(
        &mut self,
        last: Option<&Hop>,
        at: &Place,
        stage: Stage,
        because: &Reason,
        port_of: Option<&LinkName>,
    ) {
        let Some(last) = last else { return };
        let here = |leaves| sighting(at, leaves, &last.packet);
        let on_port = port_of.is_some();
        match (stage, because) {
            // The tap comes first.
            (Stage::Receive, Reason::OtherHost { .. } | Reason::Rule { .. }) => {
                self.maybe(here(false), Must::Be);
            }
            (Stage::Receive, _) => self.maybe(here(false), Must::Perhaps),
            // What nobody has goes to every port.
            (Stage::Bridge, Reason::OtherHost { .. }) => {
                self.floods = true;
                self.maybe(here(true).filter(|_| !on_port), Must::Be);
            }
            // At the bridge's own link: its ingress, if the frame had been handed up to it.
            (Stage::Bridge, Reason::Rule { evidence }) if is_of_device(evidence) => {
                let at = Place { link: port_of.cloned(), ..at.clone() };
                // What the host sends by it meets the egress before the tap.
                let seen = sighting(&at, false, &last.packet).filter(|_| on_port);
                self.maybe(seen, Must::Be);
            }
            (Stage::Bridge, _) if !on_port => self.maybe(here(true), Must::Be),
            // `at` is the port that it came by. If the bridge did not know the one that refuses it, the
            // others have copies.
            (Stage::Bridge, because) => {
                self.floods |= matches!(
                    because,
                    Reason::Isolated { .. } | Reason::PortState { .. } | Reason::LinkDown { .. }
                );
            }
            (Stage::Transmit | Stage::Encapsulate, _) => self.maybe(here(true), Must::Perhaps),
            _ => {}
        }
    }
}

fn is_of_device(evidence: &Evidence) -> bool {
    match evidence {
        Evidence::Rule { family, .. } | Evidence::Policy { family, .. } => {
            *family == NftFamily::Netdev
        }
        _ => false,
    }
}

fn sighting(at: &Place, leaves: bool, packet: &Packet) -> Option<Sighting> {
    let (namespace, link) = (at.namespace.clone(), at.link.clone()?);
    Some(Sighting { namespace, link, leaves, packet: packet.clone() })
}
