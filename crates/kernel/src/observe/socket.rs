//! Sockets that wait for packets, through `sock_diag(7)` (`net/ipv4/inet_diag.c`).

use crate::Result;
use crate::netlink::{Attributes, Message, Socket as Netlink};
use model::host::Table;
use model::host::socket::{Process, Socket};
use model::net::Transport;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// `SOCK_DIAG_BY_FAMILY`.
const BY_FAMILY: u16 = 20;
/// `AF_INET`, `AF_INET6`.
const FAMILIES: [u8; 2] = [2, 10];
/// Bits of `TCP_LISTEN`, and of `TCP_CLOSE`, which for UDP means bound and not connected.
const LISTENING: u32 = 1 << 10;
const BOUND: u32 = 1 << 7;
/// `struct inet_diag_req_v2` and `struct inet_diag_msg`.
const REQUEST: usize = 56;
const ANSWER: usize = 72;
/// `INET_DIAG_SKV6ONLY`.
const V6_ONLY: u16 = 11;

/// Listening TCP sockets and bound, unconnected UDP sockets of the socket's namespace.
pub fn sockets(netlink: &mut Netlink) -> Result<Table<Socket>> {
    let mut sockets = Table::default();
    for (transport, states) in [(Transport::Tcp, LISTENING), (Transport::Udp, BOUND)] {
        for family in FAMILIES {
            let mut body = vec![0; REQUEST];
            body[..2].copy_from_slice(&[family, transport.number()]);
            body[4..8].copy_from_slice(&states.to_ne_bytes());
            let request = Message::new(BY_FAMILY, 0, body, format!("{transport} sockets"));
            let bodies = netlink.dump(&request)?;
            sockets.extend(bodies.iter().filter_map(|body| socket(transport, body)));
        }
    }
    Ok(sockets)
}

fn socket(transport: Transport, body: &[u8]) -> Option<Socket> {
    let body_header = body.get(..ANSWER)?;
    let port = u16::from_be_bytes([body_header[4], body_header[5]]);
    let source: [u8; 16] = body_header[8..24].try_into().ok()?;
    let address = match body_header[0] {
        2 => IpAddr::from([source[0], source[1], source[2], source[3]]),
        10 => IpAddr::from(source),
        _ => return None,
    };
    let inode = u32::from_ne_bytes(body_header[68..72].try_into().ok()?);
    let v6_only = Attributes::after(body, ANSWER).get(V6_ONLY).and_then(|only| only.u8());
    (port != 0).then(|| Socket {
        transport,
        local: SocketAddr::new(address, port),
        v6_only: v6_only == Some(1),
        inode: inode.into(),
        process: None,
    })
}

/// Looks through the descriptors of all processes for those that hold the sockets. What may not be
/// looked at is passed over.
pub fn owners(sockets: &mut Table<Socket>) {
    let mut wanted: BTreeMap<u64, _> = sockets.iter().map(|s| (s.inode, None)).collect();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        for inode in held(pid) {
            let Some(owner) = wanted.get_mut(&inode) else { continue };
            owner.get_or_insert_with(|| self::process(pid));
        }
    }
    let named: Vec<_> = sockets
        .iter()
        .map(|socket| {
            let process = wanted.get(&socket.inode).cloned().flatten();
            Socket { process, ..socket.clone() }
        })
        .collect();
    sockets.extend(named);
}

/// The sockets that a process has open, by their inode numbers. Of one that may not be looked at, none.
pub fn held(pid: u32) -> impl Iterator<Item = u64> {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.filter_map(|open| {
        let target = std::fs::read_link(open.path()).ok()?;
        target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    })
}

/// A process with its name.
pub fn process(pid: u32) -> Process {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Process { pid, name: name.trim_end().to_owned() }
}
