//! Which sightings are of one packet.
//!
//! On its way a packet is put into tunnels and taken out, its TTL and its frame change, addresses and
//! ports are translated, checksums are filled in. What stays is compared: the innermost IP header's
//! identification, what the transport says but for ports and checksum, and the payload. Only what is
//! on the wire counts, never a clock or the kernel's own pointers.
//!
//! A packet that is cut into segments or fragments on its way is others from there on.

use super::{Dissection, Layer, summary};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The same for all sightings of a packet, and hardly for another within some seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(u64);

impl Identity {
    pub fn of(dissection: &Dissection) -> Self {
        let mut hasher = DefaultHasher::new();
        for found in summary::inner(&dissection.layers) {
            add(&found.layer, &mut hasher);
        }
        Self(hasher.finish())
    }
}

fn add(layer: &Layer, to: &mut DefaultHasher) {
    match layer {
        Layer::Ethernet(header) => header.ether_type.hash(to),
        Layer::Vlan(_) | Layer::Padding(_) => {}
        Layer::Ipv4(header) => {
            let fragment = (header.fragment_offset, header.flags & 1);
            (4, header.identification, fragment, header.protocol).hash(to);
        }
        Layer::Ipv6(header) => (6, header.flow_label, header.next_header).hash(to),
        Layer::Tcp(header) => {
            (header.sequence, header.acknowledgement, header.flags, header.window).hash(to);
            header.options.hash(to);
        }
        Layer::Udp(header) => header.length.hash(to),
        Layer::Icmp(header) => (header.kind, header.code, header.rest).hash(to),
        Layer::Icmpv6(header) => (header.kind, header.code, header.rest).hash(to),
        other => {
            let mut bytes = Vec::new();
            other.emit(&mut bytes);
            bytes.hash(to);
        }
    }
}
