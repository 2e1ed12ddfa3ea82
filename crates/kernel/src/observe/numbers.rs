//! The numbers by which a namespace knows others (`RTM_GETNSID`, `net/core/net_namespace.c`): a veth's
//! other end is told by such a number, which means something in the asking namespace alone.

use crate::Result;
use crate::netlink::{Attributes, Message, Socket, Writer};
use model::host::{Link, LinkKind, NamespaceId, Table, Unknown};
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd, AsRawFd as _};

const GET_NSID: u16 = 90;
/// `struct rtgenmsg`, padded.
const HEADER: usize = 4;
/// `NETNSA_NSID`, `NETNSA_FD`.
const NSID: u16 = 1;
const FD: u16 = 3;

/// Who is behind the numbers that the links tell. The kernel has no question for that; but it can be
/// asked for the number of one namespace, and each is asked for until all are known.
pub fn numbers<'k, N: AsFd + 'k>(
    socket: &mut Socket,
    links: &Table<Link<Unknown>>,
    known: impl IntoIterator<Item = (&'k NamespaceId, &'k N)>,
) -> Result<BTreeMap<i32, NamespaceId>> {
    let mut wanted: BTreeSet<i32> = links
        .iter()
        .filter_map(|link| match &link.kind {
            LinkKind::Veth(veth) => veth.peer_netnsid,
            _ => None,
        })
        .collect();
    let mut numbers = BTreeMap::new();
    for (id, namespace) in known {
        if wanted.is_empty() {
            break;
        }
        let Some(number) = number(socket, id, namespace)? else { continue };
        if wanted.remove(&number) {
            numbers.insert(number, id.clone());
        }
    }
    Ok(numbers)
}

/// The number of one namespace in the socket's, if it has one.
fn number(socket: &mut Socket, id: &NamespaceId, of: &impl AsFd) -> Result<Option<i32>> {
    let mut body = Writer::after(&[0; HEADER]);
    body.u32(FD, of.as_fd().as_raw_fd().cast_unsigned());
    let request = Message::new(GET_NSID, 0, body.finish(), format!("number of namespace {id}"));
    let answer = socket.get(&request)?;
    let number = Attributes::after(&answer, HEADER).get(NSID).and_then(|number| number.u32());
    Ok(number.map(u32::cast_signed).filter(|number| *number >= 0))
}
