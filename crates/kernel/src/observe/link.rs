//! Links (`rtnl_fill_ifinfo`).

use crate::Result;
use crate::netlink::{Attributes, Message, Socket, Writer, rtm};
use model::host::link::{Bridge, BridgePort, Link, LinkKind, Veth, Vxlan};
use model::host::{Table, Unknown};
use model::net::{LinkName, Mac};
use netlink_packet_core::Parseable;
use netlink_packet_route::link::{
    AfSpecInet6, AfSpecUnspec, BridgeStpState, In6AddrGenMode, InfoBridge, InfoBridgePort,
    InfoData, InfoKind, InfoPortData, InfoVxlan, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
    VxlanDf,
};
use std::collections::BTreeMap;

/// `struct ifinfomsg`.
const HEADER: usize = 16;
/// `IFLA_EXT_MASK`, `RTEXT_FILTER_SKIP_STATS`: counters are most of a dump and nobody reads them.
const EXT_MASK: u16 = 29;
const SKIP_STATS: u32 = 1 << 3;
/// `IFLA_IFNAME`, `IFLA_LINKINFO`.
const NAME: u16 = 3;
const LINK_INFO: u16 = 18;

/// All links of the socket's namespace.
pub fn links(socket: &mut Socket) -> Result<Table<Link<Unknown>>> {
    let bodies = messages(socket)?;
    let mut masters = BTreeMap::new();
    let mut links: Vec<_> = bodies.iter().filter_map(|body| link(body, &mut masters)).collect();
    // A bridge may be listed after its ports.
    let names: BTreeMap<_, _> =
        links.iter().filter_map(|link| Some((link.index?, link.name.clone()))).collect();
    for link in &mut links {
        let master = link.index.and_then(|index| masters.get(&index));
        link.master = master.and_then(|master| names.get(master).cloned());
    }
    Ok(links.into_iter().collect())
}

/// What the kernel says of each link: `struct ifinfomsg` and attributes.
pub(crate) fn messages(socket: &mut Socket) -> Result<Vec<Vec<u8>>> {
    let mut body = Writer::after(&[0; HEADER]);
    body.u32(EXT_MASK, SKIP_STATS);
    socket.dump(&Message::new(rtm::GET_LINK, 0, body.finish(), "links"))
}

/// One link; its master's index goes to `masters`.
fn link(body: &[u8], masters: &mut BTreeMap<u32, u32>) -> Option<Link<Unknown>> {
    let attributes = Attributes::after(body, HEADER);
    let name: LinkName = attributes.get(NAME)?.text().parse().ok()?;
    let index = body.get(4..)?.first_chunk().copied().map(u32::from_ne_bytes)?;
    let unknown = |why: String| {
        let bytes = attributes.get(LINK_INFO).map(|info| info.value.to_vec()).unwrap_or_default();
        LinkKind::Foreign(Unknown { bytes, why })
    };
    let mut link = Link { group: 0, index: Some(index), ..Link::ours(name, LinkKind::Device) };
    let message = match LinkMessage::parse(body) {
        Ok(message) => message,
        Err(error) => {
            link.kind = unknown(format!("a link that could not be read: {error}"));
            return Some(link);
        }
    };
    let flags = message.header.flags;
    link.up = flags.contains(LinkFlags::Up);
    link.carrier = Some(flags.contains(LinkFlags::LowerUp));
    let mut other_end = None;
    let mut other_namespace = None;
    let mut info = None;
    for attribute in message.attributes {
        match attribute {
            LinkAttribute::Address(mac) => {
                link.mac = mac.try_into().ok().map(Mac).filter(|mac| !mac.is_zero());
            }
            LinkAttribute::Mtu(mtu) => link.mtu = Some(mtu),
            LinkAttribute::Controller(master) => _ = masters.insert(index, master),
            LinkAttribute::IfAlias(alias) => link.alias = Some(alias),
            LinkAttribute::Group(group) => link.group = group,
            LinkAttribute::Link(index) => other_end = Some(index),
            LinkAttribute::LinkNetNsId(id) => other_namespace = Some(id),
            LinkAttribute::LinkInfo(parts) => info = Some(parts),
            LinkAttribute::AfSpecUnspec(families) => link.link_local = link_local(&families),
            _ => {}
        }
    }
    if flags.contains(LinkFlags::Loopback) {
        link.kind = LinkKind::Loopback;
    }
    for part in info.iter().flatten() {
        match part {
            LinkInfo::Kind(InfoKind::Veth) => {
                link.kind = LinkKind::Veth(Veth {
                    peer: None,
                    peer_index: other_end,
                    peer_netnsid: other_namespace,
                });
            }
            LinkInfo::Kind(InfoKind::Bridge) => link.kind = LinkKind::Bridge(Bridge::default()),
            LinkInfo::Kind(InfoKind::Ifb) => link.kind = LinkKind::Ifb,
            LinkInfo::Kind(InfoKind::Tun) => link.kind = LinkKind::Tun,
            LinkInfo::Kind(InfoKind::MacVlan) => {
                link.kind = LinkKind::Macvlan { lower_index: other_end };
            }
            LinkInfo::Kind(kind) => link.kind = unknown(format!("a link of kind \"{kind}\"")),
            LinkInfo::Data(InfoData::Bridge(data)) => link.kind = LinkKind::Bridge(bridge(data)),
            LinkInfo::Data(InfoData::Vxlan(data)) => {
                link.kind = vxlan(data).map_or_else(|why| unknown(why.to_owned()), LinkKind::Vxlan);
            }
            LinkInfo::PortData(InfoPortData::BridgePort(data)) => link.port = Some(port(data)),
            _ => {}
        }
    }
    Some(link)
}

fn link_local(families: &[AfSpecUnspec]) -> Option<bool> {
    families.iter().find_map(|family| {
        let AfSpecUnspec::Inet6(settings) = family else { return None };
        settings.iter().find_map(|setting| match setting {
            AfSpecInet6::AddrGenMode(mode) => Some(*mode != In6AddrGenMode::None),
            _ => None,
        })
    })
}

fn bridge(data: &[InfoBridge]) -> Bridge {
    let mut bridge = Bridge::default();
    for setting in data {
        match setting {
            InfoBridge::VlanFiltering(on) => bridge.vlan_filtering = *on,
            InfoBridge::StpState(state) => bridge.stp = *state != BridgeStpState::Disabled,
            _ => {}
        }
    }
    bridge
}

fn vxlan(data: &[InfoVxlan]) -> Result<Vxlan, &'static str> {
    let mut vxlan = Vxlan { vni: 0, port: 0, local: None, learning: false, df: false };
    for setting in data {
        match setting {
            InfoVxlan::Id(vni) => vxlan.vni = *vni,
            InfoVxlan::Port(port) => vxlan.port = *port,
            InfoVxlan::Local(local) => vxlan.local = Some((*local).into()),
            InfoVxlan::Local6(local) => vxlan.local = Some((*local).into()),
            InfoVxlan::Learning(learning) => vxlan.learning = *learning,
            InfoVxlan::Df(df) => vxlan.df = *df == VxlanDf::Set,
            InfoVxlan::CollectMetadata(true) => {
                return Err("a VXLAN link whose tunnels are chosen packet by packet");
            }
            _ => {}
        }
    }
    Ok(vxlan)
}

fn port(data: &[InfoBridgePort]) -> BridgePort {
    let mut port = BridgePort::default();
    for setting in data {
        match setting {
            InfoBridgePort::HairpinMode(on) => port.hairpin = *on,
            InfoBridgePort::Isolated(on) => port.isolated = *on,
            InfoBridgePort::Learning(on) => port.learning = *on,
            InfoBridgePort::State(state) => port.state = Some((*state).into()),
            _ => {}
        }
    }
    port
}
