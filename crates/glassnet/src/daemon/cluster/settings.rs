//! What the operator says of this node's place in the cluster, and what the machine says itself.

use anyhow::Context as _;
use model::cluster::NodeName;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// Where the machine's own id stands (machine-id(5)).
const MACHINE_ID: &str = "/etc/machine-id";

/// A node's place in a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub store: store::etcd::Options,
    pub name: NodeName,
    /// Where the others reach it; none: the address that leads to the store.
    pub addresses: Vec<IpAddr>,
    /// Other nodes are not told where packets go here.
    pub refuse_traces: bool,
}

pub(super) fn machine() -> anyhow::Result<String> {
    let id = std::fs::read_to_string(MACHINE_ID).with_context(|| {
        format!("a node of a cluster needs a machine id, and {MACHINE_ID} cannot be read")
    })?;
    Ok(id.trim().to_owned())
}

/// The address of this host that a packet to there would bear.
pub(super) fn address_toward(there: SocketAddr) -> std::io::Result<IpAddr> {
    let any: IpAddr = if there.is_ipv4() {
        std::net::Ipv4Addr::UNSPECIFIED.into()
    } else {
        std::net::Ipv6Addr::UNSPECIFIED.into()
    };
    // Connecting a datagram socket sends nothing; it chooses the source.
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(there)?;
    Ok(socket.local_addr()?.ip())
}
