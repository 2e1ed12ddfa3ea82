//! The rtnetlink messages a lab needs, each made from plain values.

use std::net::IpAddr;

use ipnet::IpNet;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, AddressScope};
use netlink_packet_route::link::{
    InfoBridge, InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::Peer;
use super::socket::Request;

const NEW: u16 = NLM_F_CREATE | NLM_F_EXCL;

pub(super) fn get_link(name: &str) -> Request {
    let mut link = LinkMessage::default();
    link.attributes.push(LinkAttribute::IfName(name.to_owned()));
    Request { message: RouteNetlinkMessage::GetLink(link), flags: 0 }
}

pub(super) fn new_bridge(name: &str, mtu: u32) -> Request {
    let mut link = LinkMessage::default();
    link.attributes.push(LinkAttribute::IfName(name.to_owned()));
    link.attributes.push(LinkAttribute::Mtu(mtu));
    // Nobody queries for group members here, so snooping could only lose
    // multicast, and with it neighbour discovery.
    let data = InfoData::Bridge(vec![InfoBridge::MulticastSnooping(false)]);
    link.attributes.push(LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Bridge),
        LinkInfo::Data(data),
    ]));
    Request { message: RouteNetlinkMessage::NewLink(link), flags: NEW }
}

pub(super) fn new_veth(port: &str, port_mtu: u32, bridge: u32, peer: &Peer<'_>) -> Request {
    let mut far = LinkMessage::default();
    far.attributes.push(LinkAttribute::IfName(peer.name.to_owned()));
    far.attributes.push(LinkAttribute::Mtu(peer.mtu));
    far.attributes.push(LinkAttribute::Address(peer.mac.to_vec()));
    far.attributes.push(LinkAttribute::NetNsFd(peer.namespace_number()));

    let mut link = LinkMessage::default();
    link.attributes.push(LinkAttribute::IfName(port.to_owned()));
    link.attributes.push(LinkAttribute::Mtu(port_mtu));
    link.attributes.push(LinkAttribute::Controller(bridge));
    link.attributes.push(LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Veth),
        LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(far))),
    ]));
    Request { message: RouteNetlinkMessage::NewLink(link), flags: NEW }
}

pub(super) fn set_link(index: u32, up: bool, attributes: Vec<LinkAttribute>) -> Request {
    let mut link = LinkMessage::default();
    link.header.index = index;
    link.header.change_mask = LinkFlags::Up;
    if up {
        link.header.flags = LinkFlags::Up;
    }
    link.attributes = attributes;
    Request { message: RouteNetlinkMessage::SetLink(link), flags: 0 }
}

pub(super) fn limit_segments(index: u32, most: u32) -> Request {
    let mut link = LinkMessage::default();
    link.header.index = index;
    link.attributes.push(LinkAttribute::GsoMaxSegs(most));
    Request { message: RouteNetlinkMessage::SetLink(link), flags: 0 }
}

pub(super) fn delete_link(index: u32) -> Request {
    let mut link = LinkMessage::default();
    link.header.index = index;
    Request { message: RouteNetlinkMessage::DelLink(link), flags: 0 }
}

pub(super) fn new_address(index: u32, address: IpNet) -> Request {
    let mut message = AddressMessage::default();
    message.header.index = index;
    message.header.prefix_len = address.prefix_len();
    message.header.scope = AddressScope::Universe;
    message.attributes.push(AddressAttribute::Address(address.addr()));
    match address {
        IpNet::V4(v4) => {
            message.header.family = AddressFamily::Inet;
            message.attributes.push(AddressAttribute::Local(address.addr()));
            if v4.prefix_len() < 31 {
                message.attributes.push(AddressAttribute::Broadcast(v4.broadcast()));
            }
        }
        // The file has shown that nobody else has the address, so it may be
        // used at once, without a second of duplicate address detection.
        IpNet::V6(_) => {
            message.header.family = AddressFamily::Inet6;
            message.attributes.push(AddressAttribute::Flags(AddressFlags::Nodad));
        }
    }
    Request { message: RouteNetlinkMessage::NewAddress(message), flags: NEW }
}

pub(super) fn new_route(to: IpNet, via: IpAddr) -> Request {
    let mut route = RouteMessage::default();
    route.header.address_family = family(via);
    route.header.destination_prefix_length = to.prefix_len();
    route.header.table = RouteHeader::RT_TABLE_MAIN;
    route.header.protocol = RouteProtocol::Static;
    route.header.scope = RouteScope::Universe;
    route.header.kind = RouteType::Unicast;
    if to.prefix_len() > 0 {
        route.attributes.push(RouteAttribute::Destination(route_address(to.network())));
    }
    route.attributes.push(RouteAttribute::Gateway(route_address(via)));
    Request { message: RouteNetlinkMessage::NewRoute(route), flags: NEW }
}

fn family(address: IpAddr) -> AddressFamily {
    match address {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}

fn route_address(address: IpAddr) -> RouteAddress {
    match address {
        IpAddr::V4(v4) => RouteAddress::Inet(v4),
        IpAddr::V6(v6) => RouteAddress::Inet6(v6),
    }
}
