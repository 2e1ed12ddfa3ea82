//! Sees packets of ours at every link of every namespace (`packet(7)`).
//!
//! A link's taps see what leaves before the link takes it, and what comes in before the rules of its
//! ingress: so what is seen is where a packet *got to*, and it can be dropped right there.

use crate::build::Network;
use crate::error::Result;
use crate::parse::{self, Parsed};
use kernel::capture::{Capture, Direction, Options};
use kernel::{Sockets, observe};
use model::filter::Instruction;
use model::host::NamespaceId;
use model::net::LinkName;
use model::path::Packet;
use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Duration;

/// A packet at a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    pub namespace: NamespaceId,
    pub link: LinkName,
    pub leaves: bool,
    pub packet: Packet,
}

/// The same with what tells it from others.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) time: u64,
    pub(crate) sighting: Sighting,
    pub(crate) sign: parse::Sign,
}

/// Packet sockets in all namespaces of a network.
#[derive(Debug)]
pub(crate) struct Watch {
    captures: Vec<(NamespaceId, BTreeMap<u32, LinkName>, Capture)>,
    tunnels: Vec<u16>,
}

/// Bytes kept: all headers, also those within a tunnel, and the cookie.
const SNAP: u32 = 256;
/// Of two blocks alone, one is soon full while the other is looked at, and packets are lost.
const RING: usize = 1 << 20;

/// What is for one station and no ARP (`BPF_LD`, `BPF_JMP`, `BPF_RET`): what links say of themselves
/// would fill the ring.
const UNICAST: [Instruction; 7] = [
    step(0x28, 0, 0, 12),
    step(0x15, 4, 0, 0x0806),
    step(0x15, 0, 2, 0x86dd),
    // The destination's first byte.
    step(0x30, 0, 0, 14 + 24),
    step(0x15, 1, 0, 0xff),
    step(0x06, 0, 0, u32::MAX),
    step(0x06, 0, 0, 0),
];

const fn step(code: u16, yes: u8, no: u8, operand: u32) -> Instruction {
    Instruction { code, yes, no, operand }
}

impl Watch {
    pub(crate) fn open(network: &Network, tunnels: Vec<u16>) -> Result<Self> {
        let open = |built: &crate::build::Built| -> Result<_> {
            let mut sockets = Sockets::open_in(built.as_fd())?;
            let links = observe::links(sockets.route()?)?;
            let names = links.iter().filter_map(|link| Some((link.index?, link.name.clone())));
            let options = Options {
                link: None,
                snap: SNAP,
                ring: RING,
                filter: Some(&UNICAST),
                promiscuous: false,
                patience: Duration::from_millis(1),
            };
            let capture = Capture::open(built.as_fd(), &options)?;
            Ok((built.id.clone(), names.collect(), capture))
        };
        let captures = network.spaces.iter().map(open).collect::<Result<_>>()?;
        Ok(Self { captures, tunnels })
    }

    pub(crate) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.captures.iter().map(|(_, _, capture)| capture.as_fd())
    }

    /// What was seen since the last look, in the order in which it passed.
    pub(crate) fn look(&mut self) -> Result<Vec<Seen>> {
        let mut all = Vec::new();
        for (namespace, names, capture) in &mut self.captures {
            capture.drain(|frame| {
                let Some(Parsed { packet, sign }) = parse::parse(frame.bytes, &self.tunnels) else {
                    return;
                };
                let Some(link) = names.get(&frame.link) else { return };
                let leaves = frame.direction == Direction::Outgoing;
                let (namespace, link) = (namespace.clone(), link.clone());
                let sighting = Sighting { namespace, link, leaves, packet };
                all.push(Seen { time: frame.time, sighting, sign });
            })?;
        }
        all.sort_by_key(|seen| seen.time);
        Ok(all)
    }
}
