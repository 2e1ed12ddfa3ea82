//! The numbers by which a namespace knows others (`RTM_GETNSID`, `net/core/net_namespace.c`): a veth's
//! other end is given by such a number.

use crate::build::Network;
use crate::error::Result;
use kernel::netlink::{Attributes, Message, Socket, Writer};
use model::host::NamespaceId;
use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, AsRawFd as _};

/// `RTM_GETNSID`.
const GET_NUMBER: u16 = 90;
/// `struct rtgenmsg`, padded.
const HEADER: usize = 4;
/// `NETNSA_NSID`, `NETNSA_FD`.
const NUMBER: u16 = 1;
const DESCRIPTOR: u16 = 3;

/// Of all namespaces of the network that the socket's has a number for.
pub(super) fn numbers(
    socket: &mut Socket,
    network: &Network,
) -> Result<BTreeMap<i32, NamespaceId>> {
    let mut numbers = BTreeMap::new();
    for other in &network.spaces {
        let mut body = Writer::after(&[0; HEADER]);
        body.u32(DESCRIPTOR, other.as_fd().as_raw_fd().cast_unsigned());
        let subject = format!("the number of {}", other.name);
        let answer = socket.get(&Message::new(GET_NUMBER, 0, body.finish(), subject))?;
        let number = Attributes::after(&answer, HEADER).get(NUMBER).and_then(|value| value.u32());
        // It has none until a link needs one, which −1 says.
        if let Some(number) = number.map(u32::cast_signed).filter(|number| *number >= 0) {
            numbers.insert(number, other.id.clone());
        }
    }
    Ok(numbers)
}
