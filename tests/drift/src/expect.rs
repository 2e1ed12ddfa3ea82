//! Where a predicted packet must be seen: a path's hops as sightings.
//!
//! A link's taps hear what leaves by the link after the rules of its egress, and what comes in by it
//! before the rules of its ingress (`dev_queue_xmit_nit`, `__netif_receive_skb_core`). A bridge's own
//! link hears what its host sends and what goes up to its host, not what is only bridged.

use crate::watch::Sighting;
use model::net::LinkName;
use model::path::{Decision, End, Hop, Packet, Path, Place, Reason, Stage};

/// What must be seen, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    pub sightings: Vec<Sighting>,
    /// At the end of a path that ends short, whether a link hears it once more is a question of a few
    /// lines of code, and either is right.
    pub perhaps: Option<Sighting>,
    /// Copies of it may be seen anywhere: a bridge floods it.
    pub floods: bool,
}

/// Of a path; `sent` is what its last hop had in hands.
pub fn expected(path: &Path) -> Expected {
    let mut expected = Expected::default();
    // The bridge whose port the packet came in by, until that has decided.
    let mut port_of: Option<&LinkName> = None;
    for hop in &path.hops {
        match (&hop.stage, &hop.decision) {
            (Stage::Transmit | Stage::Encapsulate, _) => expected.see(&hop.at, true, &hop.packet),
            (Stage::Receive, decision) => {
                expected.see(&hop.at, false, &hop.packet);
                if let Decision::Taken { into } = decision {
                    port_of = into.as_ref();
                }
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
    if let End::Dropped { at, stage, because } = &path.end {
        expected.end(path.hops.last(), at, *stage, because, port_of.is_some());
    }
    expected
}

impl Expected {
    fn see(&mut self, at: &Place, leaves: bool, packet: &Packet) {
        self.sightings.extend(sighting(at, leaves, packet));
    }

    fn end(
        &mut self,
        last: Option<&Hop>,
        at: &Place,
        stage: Stage,
        because: &Reason,
        on_port: bool,
    ) {
        let Some(last) = last else { return };
        let here = |leaves| sighting(at, leaves, &last.packet);
        match (stage, because) {
            // The tap comes first.
            (Stage::Receive, Reason::OtherHost { .. } | Reason::Rule { .. }) => {
                self.sightings.extend(here(false));
            }
            (Stage::Receive, _) => self.perhaps = here(false),
            // What nobody has goes to every port.
            (Stage::Bridge, Reason::OtherHost { .. }) => {
                self.floods = true;
                self.sightings.extend(here(true).filter(|_| !on_port));
            }
            (Stage::Bridge, _) if !on_port => self.sightings.extend(here(true)),
            // `at` is the port that it came by.
            (Stage::Bridge, _) => {}
            (Stage::Transmit | Stage::Encapsulate, _) => self.perhaps = here(true),
            _ => {}
        }
    }
}

fn sighting(at: &Place, leaves: bool, packet: &Packet) -> Option<Sighting> {
    let (namespace, link) = (at.namespace.clone(), at.link.clone()?);
    Some(Sighting { namespace, link, leaves, packet: packet.clone() })
}
