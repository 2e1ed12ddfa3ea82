//! Lengths and checksums of a packet that was put together.

use super::layer::emit;
use super::{Layer, checksum, udp};

/// Puts lengths and checksums right, from the inside out. The layers have to be without padding; what
/// an ICMP error quotes stays as it is.
pub fn seal(layers: &mut [Layer]) {
    let errors = |layer: &Layer| match layer {
        Layer::Icmp(header) => header.is_error(),
        Layer::Icmpv6(header) => header.is_error(),
        _ => false,
    };
    let end = layers.iter().position(errors).map_or(layers.len(), |error| error + 1);
    for place in (0..end).rev() {
        let behind = emit(&layers[place + 1..]).len();
        let length = |own: usize| u16::try_from(own + behind).unwrap_or(u16::MAX);
        match &mut layers[place] {
            Layer::Ipv4(header) => header.total_length = length(header.length()),
            Layer::Ipv6(header) => header.payload_length = length(0),
            Layer::Udp(header) => header.length = length(udp::LENGTH),
            _ => {}
        }
    }
    for place in (0..end).rev() {
        let Some(sum) = checksum::wanted(layers, place) else { continue };
        match &mut layers[place] {
            Layer::Ipv4(header) => header.checksum = sum,
            Layer::Icmp(header) => header.checksum = sum,
            Layer::Icmpv6(header) => header.checksum = sum,
            Layer::Tcp(header) => header.checksum = sum,
            Layer::Udp(header) => header.checksum = sum,
            _ => {}
        }
    }
}
