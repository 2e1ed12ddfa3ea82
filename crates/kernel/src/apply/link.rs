//! Links: made in one message, finished in a second, changed and deleted by name
//! (`net/core/rtnetlink.c`).
//!
//! Creation carries name, kind, MAC, MTU, group, bridge and "up", for both ends of a veth; only its
//! peer cannot be up at once, as it is not yet joined to the first end (`veth_open` says
//! `ENOTCONN`). What creation cannot carry (`rtnl_newlink_create` does not look at it) goes into one `RTM_NEWLINK` for the
//! existing link: alias, port settings, address generation. A link that shall not give itself a
//! link-local address comes up only after it was told so.
//!
//! A bridge is told its MTU there too. One that it is made with is not its own: it follows its ports,
//! and without any is 1500; only a change makes it stay (`br_change_mtu`, `br_mtu_auto_adjust`).

use super::{Creation, index, subject};
use crate::netlink::{CREATE, EXCL, Message, Socket, Writer, rtm};
use crate::{Error, Result};
use model::diff::LinkChange;
use model::host::link::{BridgePort, Link, LinkKind};
use model::host::{NamespaceId, Never};
use model::net::LinkName;
use netlink_packet_route::link::{
    AfSpecInet6, AfSpecUnspec, BridgeStpState, In6AddrGenMode, InfoBridge, InfoBridgePort,
    InfoData, InfoKind, InfoPortData, InfoPortKind, InfoVeth, InfoVxlan, LinkAttribute,
    LinkExtentMask, LinkFlags, LinkInfo, LinkMessage, VxlanDf,
};
use std::net::IpAddr;
use std::os::fd::{AsRawFd, OwnedFd};

/// Makes any link but a veth.
pub(super) fn create<'s>(
    socket: &Socket,
    home: &'s NamespaceId,
    link: &Link<Never>,
) -> Result<Creation<'s>> {
    let subject = subject(format_args!("link \"{}\"", link.name), home);
    let (kind, data) = match &link.kind {
        LinkKind::Bridge(bridge) => {
            // Only what differs from a new bridge is said: a kernel without VLAN filtering refuses
            // even to be told to leave it off.
            let mut data = Vec::new();
            if bridge.vlan_filtering {
                data.push(InfoBridge::VlanFiltering(true));
            }
            if bridge.stp {
                data.push(InfoBridge::StpState(BridgeStpState::KernelStp));
            }
            (InfoKind::Bridge, Some(InfoData::Bridge(data)))
        }
        LinkKind::Vxlan(vxlan) => {
            let mut data = vec![
                InfoVxlan::Id(vxlan.vni),
                InfoVxlan::Port(vxlan.port),
                InfoVxlan::Learning(vxlan.learning),
            ];
            if vxlan.df {
                data.push(InfoVxlan::Df(VxlanDf::Set));
            }
            match vxlan.local {
                Some(IpAddr::V4(local)) => data.push(InfoVxlan::Local(local)),
                Some(IpAddr::V6(local)) => data.push(InfoVxlan::Local6(local)),
                None => {}
            }
            (InfoKind::Vxlan, Some(InfoData::Vxlan(data)))
        }
        LinkKind::Ifb => (InfoKind::Ifb, None),
        LinkKind::Foreign(never) => match *never {},
        LinkKind::Veth(_)
        | LinkKind::Loopback
        | LinkKind::Device
        | LinkKind::Tun
        | LinkKind::Macvlan { .. } => {
            let why = "links of this kind are not made by this step".to_owned();
            return Err(Error::Unfit { subject, why });
        }
    };
    let mut message = described(socket, home, link)?;
    let is_bridge = matches!(link.kind, LinkKind::Bridge(_));
    if is_bridge {
        message.attributes.retain(|attribute| !matches!(attribute, LinkAttribute::Mtu(_)));
    }
    let late = comes_up(&mut message, link);
    let info = std::iter::once(LinkInfo::Kind(kind)).chain(data.map(LinkInfo::Data)).collect();
    message.attributes.push(LinkAttribute::LinkInfo(info));
    let message = Message::new(rtm::NEW_LINK, CREATE | EXCL, rtm::bytes(&message), subject);
    let rest = LinkChange { mtu: link.mtu.filter(|_| is_bridge), ..rest(link, late) };
    let then = changes(home, &link.name, &rest, None);
    let then = then.into_iter().map(|message| (home, message)).collect();
    Ok(Creation { message, then, keep: None })
}

/// Makes a veth pair whose peer is born in a namespace of its own.
pub(super) fn veth<'s>(
    socket: &Socket,
    home: &'s NamespaceId,
    link: &Link<Never>,
    (peer_home, peer_namespace, peer): (&'s NamespaceId, OwnedFd, &Link<Never>),
) -> Result<Creation<'s>> {
    if peer.master.is_some() {
        let subject = subject(format_args!("link \"{}\"", peer.name), peer_home);
        let why = "the peer of a veth is put on a bridge in a step of its own".to_owned();
        return Err(Error::Unfit { subject, why });
    }
    let mut there = described(socket, peer_home, peer)?;
    there.attributes.push(LinkAttribute::NetNsFd(peer_namespace.as_raw_fd()));
    let mut message = described(socket, home, link)?;
    let late = comes_up(&mut message, link);
    message.attributes.push(LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Veth),
        LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(there))),
    ]));
    let subject =
        format!("link \"{}\" in {home} with its peer \"{}\" in {peer_home}", link.name, peer.name);
    let message = Message::new(rtm::NEW_LINK, CREATE | EXCL, rtm::bytes(&message), subject);
    let here = finish(home, link, late).into_iter().map(|message| (home, message));
    let there = finish(peer_home, peer, peer.up).into_iter().map(|message| (peer_home, message));
    let ready = (link.up && peer.up).then(|| (home, settle(home, &link.name)));
    let then = here.chain(there).chain(ready).collect();
    Ok(Creation { message, then, keep: Some(peer_namespace) })
}

/// Asks for a link, which makes the kernel finish what it has put off since the link has a carrier
/// (`linkwatch_sync_dev` in `rtnl_getlink`): until then the end of a veth pair that came up first sends
/// nothing and, as a bridge's port, takes nothing. Kernels before 6.8 do so in their own time.
fn settle(home: &NamespaceId, name: &LinkName) -> Message {
    let mut message = LinkMessage::default();
    message.attributes.push(LinkAttribute::IfName(name.to_string()));
    message.attributes.push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
    let subject = subject(format_args!("link \"{name}\""), home);
    Message::new(rtm::GET_LINK, 0, rtm::bytes(&message), subject)
}

/// What the message that makes a link says of it, but for its kind.
fn described(socket: &Socket, home: &NamespaceId, link: &Link<Never>) -> Result<LinkMessage> {
    let mut message = LinkMessage::default();
    let attributes = &mut message.attributes;
    attributes.push(LinkAttribute::IfName(link.name.to_string()));
    attributes.extend(link.mac.map(|mac| LinkAttribute::Address(mac.0.to_vec())));
    attributes.extend(link.mtu.map(LinkAttribute::Mtu));
    if link.group != 0 {
        attributes.push(LinkAttribute::Group(link.group));
    }
    if let Some(master) = &link.master {
        attributes.push(LinkAttribute::Controller(index(socket, home, master)?));
    }
    Ok(message)
}

/// Lets the link be up from the beginning, unless its address generation has to be off first;
/// then it comes up later (`true`).
fn comes_up(message: &mut LinkMessage, link: &Link<Never>) -> bool {
    let late = link.up && link.link_local == Some(false);
    if link.up && !late {
        up(message, true);
    }
    late
}

/// The messages that finish a link just made.
fn finish(home: &NamespaceId, link: &Link<Never>, up: bool) -> Vec<Message> {
    changes(home, &link.name, &rest(link, up), None)
}

/// What a link's creation cannot carry.
fn rest(link: &Link<Never>, up: bool) -> LinkChange {
    LinkChange {
        alias: link.alias.clone(),
        port: link.port.filter(|_| link.master.is_some()),
        link_local: link.link_local,
        up: up.then_some(true),
        ..LinkChange::default()
    }
}

/// Changes what is `Some`. A link is put on its bridge before its settings as a port are made,
/// and its address generation is set before it comes up.
pub(super) fn change(
    socket: &Socket,
    home: &NamespaceId,
    name: &LinkName,
    to: &LinkChange,
) -> Result<Vec<Message>> {
    let master = match &to.master {
        Some(Some(master)) => Some(index(socket, home, master)?),
        Some(None) => Some(0),
        None => None,
    };
    Ok(changes(home, name, to, master))
}

fn changes(
    home: &NamespaceId,
    name: &LinkName,
    to: &LinkChange,
    master: Option<u32>,
) -> Vec<Message> {
    let mut first = LinkMessage::default();
    let attributes = &mut first.attributes;
    attributes.extend(to.mac.map(|mac| LinkAttribute::Address(mac.0.to_vec())));
    attributes.extend(to.mtu.map(LinkAttribute::Mtu));
    attributes.extend(master.map(LinkAttribute::Controller));
    attributes.extend(to.alias.clone().map(LinkAttribute::IfAlias));
    attributes.extend(to.group.map(LinkAttribute::Group));
    if let Some(link_local) = to.link_local {
        let mode = if link_local { In6AddrGenMode::Eui64 } else { In6AddrGenMode::None };
        let inet6 = vec![AfSpecInet6::AddrGenMode(mode)];
        attributes.push(LinkAttribute::AfSpecUnspec(vec![AfSpecUnspec::Inet6(inet6)]));
    }
    let mut second = LinkMessage::default();
    if let Some(port) = to.port {
        let on = if master.is_some() { &mut second } else { &mut first };
        on.attributes.push(port_settings(port));
    }
    if let Some(wanted) = to.up {
        let later = wanted && to.link_local.is_some();
        up(if later { &mut second } else { &mut first }, wanted);
    }
    [first, second]
        .into_iter()
        .filter(|message| *message != LinkMessage::default())
        .map(|mut message| {
            message.attributes.push(LinkAttribute::IfName(name.to_string()));
            let subject = subject(format_args!("link \"{name}\""), home);
            Message::new(rtm::NEW_LINK, 0, rtm::bytes(&message), subject)
        })
        .collect()
}

fn up(message: &mut LinkMessage, wanted: bool) {
    message.header.flags.set(LinkFlags::Up, wanted);
    message.header.change_mask |= LinkFlags::Up;
}

fn port_settings(port: BridgePort) -> LinkAttribute {
    LinkAttribute::LinkInfo(vec![
        LinkInfo::PortKind(InfoPortKind::Bridge),
        LinkInfo::PortData(InfoPortData::BridgePort(vec![
            InfoBridgePort::HairpinMode(port.hairpin),
            InfoBridgePort::Isolated(port.isolated),
            InfoBridgePort::Learning(port.learning),
        ])),
    ])
}

pub(super) fn delete(home: &NamespaceId, name: &LinkName) -> Message {
    let mut message = LinkMessage::default();
    message.attributes.push(LinkAttribute::IfName(name.to_string()));
    let subject = subject(format_args!("link \"{name}\""), home);
    Message::new(rtm::DELETE_LINK, 0, rtm::bytes(&message), subject)
}

/// `IFLA_GROUP`.
const GROUP: u16 = 27;

/// Deletes all links of a group at once: the kernel's wait for its readers is paid once for all of
/// them. `false` if the group had none. Group 0, where links are by default, is refused.
pub fn delete_group(socket: &mut Socket, group: u32) -> Result<bool> {
    let subject = format!("links of group {group:#x}");
    if group == 0 {
        let why = "it is every link's group by default".to_owned();
        return Err(Error::Unfit { subject, why });
    }
    let mut body = Writer::after(&[0; 16]);
    body.u32(GROUP, group);
    match socket.request(&Message::new(rtm::DELETE_LINK, 0, body.finish(), subject)) {
        Err(error) if error.already_gone() => Ok(false),
        other => other.map(|()| true),
    }
}
