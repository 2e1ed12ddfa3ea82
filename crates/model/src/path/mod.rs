//! Where a packet goes, and why: the answer both to "what would these machines do?" (the walk,
//! here) and to "what did they do?" (the observer, in `kernel`).
//!
//! A [`Path`] is a list of [`Hop`]s, each with the packet as it was *there*, what was decided and by
//! what evidence, and then an [`End`]. What is not known says so: [`End::Unknown`] with the reason;
//! nothing is guessed. `tests.rs` holds one packet that was followed by hand across two hosts, with
//! the commands that showed each hop: what a `Path` cannot say of it, the type has to learn.

//!
//! A walk is asked a [`Question`] and goes step by step, a file each, in walking order:
//!
//! ```text
//! leave (source) → neighbour (domain) → transmit → receive → bridge (bridge_netfilter)
//!   → prerouting → route (fib) ─┬→ forward → postrouting → neighbour …
//!                               └→ deliver, or out of a tunnel: decap → receive …
//! transmit by a tunnel: encap → output → postrouting → neighbour …
//! at each hook: hooks → conntrack, nft/ (a chain's rules over the packet's image)
//! ```
//!
//! Not walked, and said so: macvlan, tun,
//! fragments, broadcast and multicast, VLANs, rules that write into packets, and all that the host
//! state does not show (XDP and tc programs other than as foreign filters, the host's own
//! connections, sockets bound to a link).

mod bridge;
mod bridge_netfilter;
mod buffer;
mod conntrack;
mod decap;
mod deliver;
mod domain;
mod encap;
mod fib;
mod foreign;
mod forward;
mod hooks;
mod hosts;
mod image;
mod leave;
mod machine;
mod multipath;
mod neighbour;
mod nft;
mod packet;
mod postrouting;
mod prerouting;
mod question;
pub mod reach;
mod receive;
mod route;
mod show;
mod source;
mod transmit;
mod walk;

pub use foreign::{Blockage, Blocked, By, Way, blocked, together};
pub use hosts::{Source, Stop, Wire, WireEnd, there_and_back, trace, walk, walk_hosts};
pub use machine::{Answer, Part};
pub use packet::{Layer, Packet};
pub use question::{Asked, Origin, Question};
pub use walk::{Progress, Walk};

use crate::host::nft::{NftFamily, Verdict};
use crate::host::{FibAction, NamespaceId, Tuple};
use crate::net::{Family, IpNet, LinkName, Mac, Transport};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

/// A packet's way from the socket that sent it to where it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    pub hops: Vec<Hop>,
    pub end: End,
}

/// One thing that happened to the packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    pub at: Place,
    pub stage: Stage,
    /// The packet as it left this hop, outermost header first.
    pub packet: Packet,
    pub decision: Decision,
    /// What the decision rests on.
    pub evidence: Vec<Evidence>,
    /// Nanoseconds since the packet was sent, where it was observed.
    pub time: Option<u64>,
}

/// Where: a host, a network namespace in it, and a link in that when the hop is at one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    pub host: String,
    pub namespace: NamespaceId,
    pub link: Option<LinkName>,
}

/// The part of the stack the packet is in, in the kernel's words and in walking order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A socket sends: the route lookup and the choice of the source address.
    Leave,
    Output,
    /// The search for the next hop's MAC address.
    Neighbour,
    /// Out of a link (`net_dev_queue`, `net_dev_start_xmit`).
    Transmit,
    /// Into a link (`netif_receive_skb`).
    Receive,
    /// A bridge looks for the port.
    Bridge,
    Prerouting,
    /// The route lookup of a packet that came in, or that a tunnel sends.
    Route,
    Forward,
    Input,
    Postrouting,
    Encapsulate,
    Decapsulate,
    /// A socket takes it.
    Deliver,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// To the next hop, or straight to the destination, by this link.
    Route {
        link: LinkName,
        gateway: Option<IpAddr>,
        source: Option<IpAddr>,
    },
    /// It is for this host.
    Local,
    /// The next hop is behind this MAC address.
    Neighbour {
        mac: Mac,
    },
    /// Over to the link's other end.
    Cross {
        to: Place,
    },
    /// Onto a link whose other end is not this host's.
    Wire,
    /// Taken in by the link; `into` is the bridge if the link is a port of one.
    Taken {
        into: Option<LinkName>,
    },
    /// The bridge hands it to one port.
    Port {
        link: LinkName,
    },
    /// The bridge hands it to every port, since it knows no better.
    Flood {
        links: Vec<LinkName>,
    },
    /// The bridge hands it up to this host.
    Up,
    /// A netfilter hook let it pass, as it was or changed.
    Pass {
        changes: Vec<Translation>,
    },
    /// Wrapped for a tunnel.
    Wrap {
        remote: IpAddr,
    },
    Unwrap,
    /// A socket has it.
    Delivered,
}

/// A change of address or port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Translation {
    Source { from: SocketAddr, to: SocketAddr },
    Destination { from: SocketAddr, to: SocketAddr },
}

/// What a decision rests on. Each can be looked up by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    Route {
        destination: IpNet,
        table: u32,
        gateway: Option<IpAddr>,
        link: Option<LinkName>,
    },
    /// A rule of routing policy that led to a table, or refused.
    FibRule {
        family: Family,
        priority: u32,
        action: FibAction,
    },
    /// The kernel knows the connection.
    Connection {
        original: Tuple,
        reply: Tuple,
    },
    Neighbour {
        address: IpAddr,
        mac: Mac,
        link: LinkName,
    },
    /// Answered by the holder of the address, not from a cache.
    Resolved {
        address: IpAddr,
        mac: Mac,
        by: Place,
    },
    /// Who asked this host for an address before is known to it (`neigh_event_ns`).
    Asked {
        address: IpAddr,
        mac: Mac,
    },
    /// A frame from this MAC address came by this port before, on this very way.
    Heard {
        mac: Mac,
        port: LinkName,
    },
    Fdb {
        mac: Mac,
        port: LinkName,
    },
    /// A rule that decided or changed something.
    Rule {
        family: NftFamily,
        table: String,
        chain: String,
        /// Absent when the rule was not read from the kernel.
        handle: Option<u64>,
        comment: Option<String>,
        /// As `nft list` prints it, or `iptables -S`; empty where it was only observed.
        #[serde(default)]
        text: String,
        verdict: Option<Verdict>,
    },
    /// No rule of the chain decided; its policy did.
    Policy {
        family: NftFamily,
        table: String,
        chain: String,
        accepts: bool,
    },
    Sysctl {
        path: String,
        value: String,
    },
    /// A veth pair: this link's other end.
    Pair {
        link: LinkName,
        other: Place,
    },
    Socket {
        transport: Transport,
        local: SocketAddr,
        process: Option<String>,
    },
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// A socket of this namespace has it, or the kernel itself (for ICMP).
    Delivered {
        at: Place,
        process: Option<String>,
    },
    Dropped {
        at: Place,
        stage: Stage,
        because: Reason,
    },
    /// Out of what was looked at, by this link.
    Left {
        at: Place,
    },
    Unknown {
        at: Place,
        stage: Stage,
        why: String,
    },
}

impl Reason {
    /// The word for it in JSON.
    pub fn name(&self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            Ok(serde_json::Value::Object(fields)) => {
                fields.into_iter().next().map(|(name, _)| name).unwrap_or_default()
            }
            Ok(_) | Err(_) => String::new(),
        }
    }
}

/// Why a packet was dropped or refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    NoRoute {
        destination: IpAddr,
    },
    /// A route says so: blackhole, unreachable, prohibit.
    RouteRefuses {
        evidence: Box<Evidence>,
    },
    LinkDown {
        link: LinkName,
    },
    /// Nobody on the link has the address.
    NoNeighbour {
        address: IpAddr,
        link: LinkName,
    },
    /// The host does not forward (`net/ipv4/ip_forward` and the like).
    NotForwarding {
        sysctl: String,
    },
    /// A rule or a policy dropped it.
    Rule {
        evidence: Box<Evidence>,
    },
    /// Larger than the link takes, and not to be fragmented; sizes in bytes.
    TooBig {
        size: u32,
        mtu: u32,
        link: LinkName,
    },
    TtlExpired,
    /// No socket takes it: TCP answers with a reset, UDP with ICMP port unreachable.
    NoSocket {
        transport: Transport,
        port: u16,
    },
    /// The tunnel's forwarding database sends what is for this MAC address nowhere.
    NoTunnelTo {
        mac: Mac,
        link: LinkName,
    },
    /// The tunnel would send from an address that is not this host's.
    NotOwn {
        address: IpAddr,
        link: LinkName,
    },
    /// No tunnel that ends here has this number; others listen at the port.
    NoTunnelEnd {
        vni: u32,
        port: u16,
    },
    /// Out of the tunnel came a frame from the tunnel's own MAC address.
    CameBack {
        mac: Mac,
        link: LinkName,
    },
    /// The frame is for another MAC address than the link's.
    OtherHost {
        mac: Mac,
    },
    /// The bridge's port does not let frames pass.
    PortState {
        link: LinkName,
    },
    /// The frame would have to leave by the port it came by, which is not set to `hairpin`.
    Hairpin {
        link: LinkName,
    },
    /// Both ports of the bridge are set to `isolated`.
    Isolated {
        from: LinkName,
        to: LinkName,
    },
    /// The address cannot come from, or go to, a wire: loopback, or the receiver's own as source.
    Martian {
        address: IpAddr,
    },
    /// The way back to the source is not by the link it came by (`rp_filter`).
    ReversePath {
        source: IpAddr,
        link: LinkName,
        sysctl: String,
    },
}

#[cfg(test)]
mod tests;
