//! Sets of ipset on the wire (`net/netfilter/ipset/ip_set_core.c`).

use crate::netlink::{Attribute, Attributes, Message, Socket, Writer};
use std::collections::BTreeMap;

/// `NFNL_SUBSYS_IPSET` with `IPSET_CMD_GET_BYINDEX`.
const NAME_BY_INDEX: u16 = 6 << 8 | 15;
/// `struct nfgenmsg`.
pub(crate) const HEADER: usize = 4;
/// `IPSET_PROTOCOL`: what the kernel has spoken since 4.20.
const PROTOCOL: u8 = 7;

/// `IPSET_ATTR_*` of a command.
pub(crate) mod attribute {
    pub(crate) const PROTOCOL: u16 = 1;
    pub(crate) const SETNAME: u16 = 2;
    pub(crate) const INDEX: u16 = 11;
}

fn body() -> Writer {
    let mut body = Writer::after(&[0; HEADER]);
    body.u8(attribute::PROTOCOL, PROTOCOL);
    body
}

/// Names of sets by their indices, each asked for once.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    socket: &'a mut Socket,
    known: BTreeMap<u16, Option<String>>,
}

impl<'a> Names<'a> {
    pub(crate) fn of(socket: &'a mut Socket) -> Self {
        Self { socket, known: BTreeMap::new() }
    }

    /// The name; `None` if there is no such set, or none that we may see.
    pub(crate) fn get(&mut self, index: u16) -> Option<String> {
        let socket = &mut *self.socket;
        let ask = || {
            let mut body = body();
            body.be16(attribute::INDEX, index);
            let question =
                Message::new(NAME_BY_INDEX, 0, body.finish(), format!("set {index} of ipset"));
            let answer = socket.get(&question).ok()?;
            Attributes::after(&answer, HEADER).get(attribute::SETNAME).map(Attribute::text)
        };
        self.known.entry(index).or_insert_with(ask).clone()
    }
}
