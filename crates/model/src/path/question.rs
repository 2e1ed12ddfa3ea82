//! What is asked: where would this packet go?

use crate::host::NamespaceId;
use crate::net::LinkName;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// One packet that somebody could send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The namespace whose socket sends it, or whose link it comes in by.
    pub namespace: NamespaceId,
    pub origin: Origin,
    pub destination: IpAddr,
    pub asked: Asked,
    /// The address the sender binds to, or feigns; `None` lets the kernel choose. What comes in
    /// from the wire must have one.
    pub source: Option<IpAddr>,
    /// `None` is a port of the kernel's choice: a rule that looks at it then ends the walk as
    /// unknown.
    pub source_port: Option<u16>,
    /// Bytes behind the transport header, in one packet.
    pub payload: u32,
    /// TTL or hop limit.
    pub hops: u8,
    /// The packet is not to be cut. What would have to be cut otherwise ends as unknown.
    pub dont_fragment: bool,
}

/// Where the packet comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A socket of the namespace sends it.
    Socket,
    /// It comes in by this link, framed for it, from somewhere that was not looked at.
    Wire(LinkName),
}

/// The transport header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// The packet that opens a TCP connection.
    Tcp {
        port: u16,
    },
    Udp {
        port: u16,
    },
    /// ICMP or ICMPv6 echo, by the destination's family.
    Echo,
}

impl Question {
    /// A small packet from a socket, with everything at its default.
    pub fn new(namespace: NamespaceId, destination: IpAddr, asked: Asked) -> Self {
        Self {
            namespace,
            origin: Origin::Socket,
            destination,
            asked,
            source: None,
            source_port: None,
            payload: 0,
            hops: 64,
            dont_fragment: true,
        }
    }
}
