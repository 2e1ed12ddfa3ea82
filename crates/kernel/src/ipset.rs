//! Sets of ipset on the wire (`net/netfilter/ipset/ip_set_core.c`). Reading them all is
//! [`crate::observe`]'s.

use crate::Result;
use crate::netlink::{Attribute, Attributes, Message, Socket, Writer};
use std::collections::BTreeMap;
use std::path::Path;

/// `NFNL_SUBSYS_IPSET`, with `IPSET_CMD_LIST` and `IPSET_CMD_GET_BYINDEX`.
const LIST: u16 = 6 << 8 | 7;
const NAME_BY_INDEX: u16 = 6 << 8 | 15;
/// `struct nfgenmsg`.
pub(crate) const HEADER: usize = 4;
/// `IPSET_PROTOCOL`: what the kernel has spoken since 4.20.
const PROTOCOL: u8 = 7;

/// `IPSET_ATTR_*` of a command.
pub(crate) mod attribute {
    pub(crate) const PROTOCOL: u16 = 1;
    pub(crate) const SETNAME: u16 = 2;
    pub(crate) const TYPENAME: u16 = 3;
    pub(crate) const FAMILY: u16 = 5;
    pub(crate) const DATA: u16 = 7;
    pub(crate) const ADT: u16 = 8;
    pub(crate) const INDEX: u16 = 11;
}

/// Whether the kernel has ipset now: asking for a set would load it.
pub(crate) fn is_there() -> bool {
    let modules = Path::new("/sys/module");
    !modules.exists() || modules.join("ip_set").exists()
}

/// All sets of the socket's namespace: the bodies that tell of them, one after another.
pub(crate) fn list(socket: &mut Socket) -> Result<Vec<Vec<u8>>> {
    socket.dump(&Message::new(LIST, 0, body().finish(), "sets of ipset"))
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
