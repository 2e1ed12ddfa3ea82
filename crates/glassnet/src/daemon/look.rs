//! Looks at the kernel: what the daemon reads, and with how little.

use super::Daemon;
use super::kernel_words::kernel_said;
use crate::protocol::Failure;
use kernel::Sockets;
use kernel::observe::{self, Parts};
use model::host::{LinkKind, Namespace, Socket, Table, Unknown};
use model::net::LinkName;
use std::collections::BTreeSet;
use std::os::fd::BorrowedFd;

const FORWARDING: [&str; 2] = ["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"];

/// The host's namespace, with the settings that the plan names or may name.
pub(crate) fn host() -> kernel::Result<Namespace<Unknown>> {
    let mut sockets = Sockets::open_here()?;
    let links = observe::links(sockets.route()?)?;
    let mut paths: Vec<String> = FORWARDING.iter().map(|path| (*path).to_owned()).collect();
    for link in &links {
        let bridge = matches!(link.kind, LinkKind::Bridge(_));
        if link.is_ours() && bridge {
            paths.push(format!("net/ipv4/conf/{}/route_localnet", link.name));
        }
        if !link.is_ours() || bridge {
            paths.push(format!("net/ipv6/conf/{}/accept_ra", link.name));
        }
    }
    // Addresses of sockets are asked for by those who need them.
    observe::namespace(&mut sockets, &Parts { sockets: false, ..Parts::all(paths) })
}

/// A container's namespace.
pub(super) fn container(netns: BorrowedFd<'_>) -> kernel::Result<Namespace<Unknown>> {
    let paths = FORWARDING.iter().map(|path| (*path).to_owned()).collect();
    observe::namespace(&mut Sockets::open_in(netns)?, &Parts::all(paths))
}

/// Sockets of the host that wait for packets.
pub(super) fn sockets() -> kernel::Result<Table<Socket>> {
    observe::sockets(Sockets::open_here()?.diagnostics()?)
}

impl Daemon {
    /// Names of the host's links.
    pub(super) fn links(&self) -> Result<BTreeSet<LinkName>, Failure> {
        let read = || observe::links(Sockets::open_here()?.route()?);
        let links = read().map_err(|error| kernel_said(&error))?;
        Ok(links.into_iter().map(|link| link.name).collect())
    }
}
