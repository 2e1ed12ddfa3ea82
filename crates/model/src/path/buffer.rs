//! The packet on its way, with what the kernel keeps beside its bytes (`struct sk_buff`).

use super::conntrack::Connection;
use super::{Evidence, Hop, Layer, Packet};
use crate::host::NamespaceId;
use crate::net::{LinkName, Mac};
use std::net::IpAddr;

/// All that changes while the packet goes on.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) namespace: NamespaceId,
    pub(super) packet: Packet,
    pub(super) mark: u32,
    pub(super) tracking: Tracking,
    /// Of all namespaces the packet came through.
    pub(super) connections: Vec<Connection>,
    /// The bridge's ports that `br_netfilter` remembers (`struct nf_bridge_info`).
    pub(super) bridged: Option<Bridged>,
    /// The last answer to "who has …?": the bridges on its way have learned from it.
    pub(super) resolved: Option<Evidence>,
    /// What bridges have learned on this way.
    pub(super) heard: Vec<Heard>,
    /// Who was asked has learned who asked.
    pub(super) learned: Vec<Learned>,
    /// Hops of the step that is being taken: told also if it ends in a drop.
    pub(super) told: Vec<Hop>,
}

/// A bridge and one of its ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Port {
    pub(super) namespace: NamespaceId,
    pub(super) bridge: LinkName,
    pub(super) port: LinkName,
}

impl Port {
    pub(super) fn new(of: &NamespaceId, bridge: &LinkName, port: &LinkName) -> Self {
        Self { namespace: of.clone(), bridge: bridge.clone(), port: port.clone() }
    }
}

/// Frames from a MAC address came by the port (`br_fdb_update`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) at: Port,
    pub(super) mac: Mac,
}

/// A neighbour that was learned on the way.
#[derive(Clone, Debug)]
pub(super) struct Learned {
    pub(super) namespace: NamespaceId,
    pub(super) link: LinkName,
    pub(super) address: IpAddr,
    pub(super) mac: Mac,
}

/// A packet that the IP stack's hooks see or saw on a bridge.
#[derive(Clone, Debug)]
pub(super) struct Bridged {
    /// The port that it came by.
    pub(super) iport: LinkName,
    /// The port that it leaves by, while it is bridged.
    pub(super) oport: Option<LinkName>,
}

/// The packet's connection (`skb->_nfct`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracking {
    NotYet,
    /// A rule said `notrack`.
    Untracked,
    /// Index into [`State::connections`].
    Connection {
        index: usize,
        reply: bool,
    },
}

impl State {
    pub(super) fn frame(&self) -> Option<(Mac, Mac)> {
        match self.packet.layers.first() {
            Some(Layer::Ethernet { source, destination }) => Some((*source, *destination)),
            _ => None,
        }
    }

    /// The packet without the frame it came in: what the hooks between two links show.
    pub(super) fn unframed(&self) -> Packet {
        let layers = self.packet.layers.iter();
        let layers = layers.skip_while(|layer| matches!(layer, Layer::Ethernet { .. }));
        Packet { layers: layers.cloned().collect() }
    }

    /// What `skb_scrub_packet` does between the ends of a veth pair.
    pub(super) fn scrub(&mut self, to: &NamespaceId) {
        self.tracking = Tracking::NotYet;
        self.bridged = None;
        if self.namespace != *to {
            self.mark = 0;
            self.namespace = to.clone();
        }
    }
}
