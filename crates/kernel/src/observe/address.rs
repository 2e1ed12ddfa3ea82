//! Addresses (`inet_fill_ifaddr`, `inet6_fill_ifaddr`).

use super::Names;
use crate::Result;
use crate::netlink::{Message, Socket, rtm};
use model::host::{Address, Table};
use model::net::IpNet;
use netlink_packet_core::Parseable;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};

/// `struct ifaddrmsg`.
const HEADER: usize = 8;

/// All addresses of the socket's namespace.
pub fn addresses(socket: &mut Socket, names: &Names) -> Result<Table<Address>> {
    let request = Message::new(rtm::GET_ADDRESS, 0, vec![0; HEADER], "addresses");
    let bodies = socket.dump(&request)?;
    let found = (0..)
        .zip(&bodies)
        .filter_map(|(position, body)| Some(Address { position, ..address(socket, names, body)? }));
    Ok(found.collect())
}

fn address(socket: &Socket, names: &Names, body: &[u8]) -> Option<Address> {
    let message = AddressMessage::parse(body).ok()?;
    let mut local = None;
    let mut peer = None;
    let mut flags = AddressFlags::empty();
    for attribute in message.attributes {
        match attribute {
            // On a point-to-point link "address" is the other side's.
            AddressAttribute::Local(address) => local = Some(address),
            AddressAttribute::Address(address) => peer = Some(address),
            AddressAttribute::Flags(all) => flags = all,
            _ => {}
        }
    }
    let address = local.or(peer)?;
    let prefix = IpNet::new(address, message.header.prefix_len).ok()?;
    let tentative = AddressFlags::Tentative | AddressFlags::Dadfailed;
    Some(Address {
        link: names.get(socket, message.header.index)?,
        prefix,
        nodad: address.is_ipv4() || flags.contains(AddressFlags::Nodad),
        no_prefix_route: flags.contains(AddressFlags::Noprefixroute),
        tentative: flags.intersects(tentative),
        duplicate: flags.contains(AddressFlags::Dadfailed),
        position: 0,
        scope: message.header.scope.into(),
    })
}
