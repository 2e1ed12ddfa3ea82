//! Addresses (`net/ipv4/devinet.c`, `net/ipv6/addrconf.c`).

use super::{index, subject};
use crate::Result;
use crate::netlink::{CREATE, EXCL, Message, Socket, rtm};
use model::host::{Address, NamespaceId};
use model::net::Family;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};

pub(super) fn add(socket: &Socket, home: &NamespaceId, address: &Address) -> Result<Message> {
    message(socket, home, address, rtm::NEW_ADDRESS, CREATE | EXCL)
}

pub(super) fn remove(socket: &Socket, home: &NamespaceId, address: &Address) -> Result<Message> {
    message(socket, home, address, rtm::DELETE_ADDRESS, 0)
}

fn message(
    socket: &Socket,
    home: &NamespaceId,
    address: &Address,
    kind: u16,
    flags: u16,
) -> Result<Message> {
    let mut message = AddressMessage::default();
    message.header.family = family(Family::of_prefix(&address.prefix));
    message.header.prefix_len = address.prefix.prefix_len();
    message.header.index = index(socket, home, &address.link)?;
    message.attributes.push(AddressAttribute::Local(address.prefix.addr()));
    message.attributes.push(AddressAttribute::Address(address.prefix.addr()));
    let mut notes = AddressFlags::empty();
    notes.set(AddressFlags::Nodad, address.nodad && address.prefix.addr().is_ipv6());
    notes.set(AddressFlags::Noprefixroute, address.no_prefix_route);
    if !notes.is_empty() {
        message.attributes.push(AddressAttribute::Flags(notes));
    }
    let what = format_args!("address {} on {}", address.prefix, address.link);
    Ok(Message::new(kind, flags, rtm::bytes(&message), subject(what, home)))
}

/// The family as rtnetlink names it.
pub(super) fn family(family: Family) -> AddressFamily {
    match family {
        Family::V4 => AddressFamily::Inet,
        Family::V6 => AddressFamily::Inet6,
    }
}
