//! Who stands in the way of a VXLAN link.
//!
//! Two VXLAN links of one namespace may share a UDP port, and then one socket, if they have the same
//! family and the same ideas of what comes in (`VXLAN_F_RCV_FLAGS`), and different numbers. Where not,
//! the kernel says only "exists" or "in use" (`vxlan_vni_in_use` as the link is made, `vxlan_sock_add`
//! as it comes up).

use crate::error::Occupant;
use crate::netlink::{Attributes, Message, Socket, Writer, rtm};
use crate::{Result, Sockets, observe};
use model::net::{LinkName, Transport};
use nix::errno::Errno;

/// `struct ifinfomsg`; `IFLA_IFNAME`, `IFLA_LINKINFO`, `IFLA_INFO_KIND`, `IFLA_INFO_DATA`.
const HEADER: usize = 16;
const NAME: u16 = 3;
const LINK_INFO: u16 = 18;
const KIND: u16 = 1;
const DATA: u16 = 2;
/// `IFLA_VXLAN_*`: `ID`, `PORT`, `GROUP6`, `LOCAL6`, and what makes `VXLAN_F_RCV_FLAGS`: `GBP`, `GPE`,
/// `REMCSUM_RX`, `UDP_ZERO_CSUM6_RX`, `REMCSUM_NOPARTIAL`, `COLLECT_METADATA`, `VNIFILTER`.
const VNI: u16 = 1;
const PORT: u16 = 15;
const OVER_V6: [u16; 2] = [16, 17];
const RECEIVE_FLAGS: [u16; 7] = [23, 27, 22, 20, 24, 25, 30];
const PRESENCE_ALONE: [u16; 3] = [23, 27, 24];

/// A VXLAN link as far as it matters to others on its port.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tunnel {
    name: LinkName,
    vni: u32,
    port: u16,
    over_v6: bool,
    flags: Vec<u16>,
}

/// The port of the VXLAN link of that name, or the one that it would have, and who is in its way.
pub(super) fn occupant(
    of: &mut Sockets,
    name: &LinkName,
    wanted: Option<(u32, u16)>,
    errno: Errno,
) -> Result<Option<(u16, Occupant)>> {
    let tunnels = tunnels(of.route()?)?;
    let own = tunnels.iter().find(|tunnel| tunnel.name == *name);
    let Some((vni, port)) = wanted.or_else(|| own.map(|own| (own.vni, own.port))) else {
        return Ok(None);
    };
    if wanted.is_some() && own.is_some() {
        // The name is taken; that is another matter.
        return Ok(None);
    }
    let others = || tunnels.iter().filter(|other| other.name != *name && other.port == port);
    let same_number = others().find(|other| other.vni == vni && errno == Errno::EEXIST);
    let other_ideas = others().find(|other| match own {
        Some(own) => (other.over_v6, &other.flags) != (own.over_v6, &own.flags),
        None => !other.flags.is_empty(),
    });
    if let Some(other) = same_number.or(other_ideas) {
        return Ok(Some((port, Occupant::Tunnel { link: other.name.clone() })));
    }
    let mut bound = observe::sockets(of.diagnostics()?)?;
    bound.retain(|socket| socket.transport == Transport::Udp && socket.local.port() == port);
    observe::owners(&mut bound);
    let process = bound.into_iter().find_map(|socket| socket.process);
    let process = process.map(|process| Occupant::Process { name: process.name, pid: process.pid });
    let first = others().next().map(|other| Occupant::Tunnel { link: other.name.clone() });
    Ok(Some((port, process.or(first).unwrap_or(Occupant::Unknown))))
}

fn tunnels(socket: &mut Socket) -> Result<Vec<Tunnel>> {
    let body = Writer::after(&[0; HEADER]).finish();
    let bodies = socket.dump(&Message::new(rtm::GET_LINK, 0, body, "links"))?;
    Ok(bodies.iter().filter_map(|body| tunnel(body)).collect())
}

fn tunnel(body: &[u8]) -> Option<Tunnel> {
    let attributes = Attributes::after(body, HEADER);
    let info = attributes.nested(LINK_INFO);
    let data = info.get(KIND).filter(|kind| kind.text() == "vxlan").map(|_| info.nested(DATA))?;
    let set = |flag: &u16| {
        let found = data.get(*flag);
        found.is_some_and(|flag| PRESENCE_ALONE.contains(&flag.kind) || flag.u8() == Some(1))
    };
    Some(Tunnel {
        name: attributes.get(NAME)?.text().parse().ok()?,
        vni: data.get(VNI)?.u32()?,
        port: data.get(PORT)?.be16()?,
        over_v6: OVER_V6.iter().any(|kind| data.get(*kind).is_some()),
        flags: RECEIVE_FLAGS.into_iter().filter(set).collect(),
    })
}
