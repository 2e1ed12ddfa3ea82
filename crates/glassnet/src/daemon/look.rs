//! Looks at the kernel: what the daemon reads, and with how little.

use super::Daemon;
use super::kernel_words::kernel_said;
use crate::protocol::Failure;
use kernel::Sockets;
use kernel::netlink::{Protocol, Socket};
use kernel::observe::{self, Names, Parts};
use model::host::{self, Link, LinkKind, Namespace, Table, Unknown};
use model::net::LinkName;
use std::collections::BTreeSet;
use std::os::fd::BorrowedFd;

/// Settings of the whole host that the plan may name.
const OF_ALL_LINKS: [&str; 3] =
    ["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding", "net/ipv4/conf/all/send_redirects"];

const BRIDGE_NF_CALL: [&str; 2] =
    ["net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables"];
const BY_LINK: [&str; 7] = [
    "forwarding",
    "rp_filter",
    "route_localnet",
    "accept_local",
    "src_valid_mark",
    "arp_ignore",
    "proxy_arp",
];

/// The host's namespace, with the settings that the plan names or may name.
pub(crate) fn host() -> kernel::Result<Namespace<Unknown>> {
    let mut sockets = Sockets::open_here()?;
    let links = observe::links(sockets.route()?)?;
    let mut paths: Vec<String> = OF_ALL_LINKS.iter().map(|path| (*path).to_owned()).collect();
    for link in &links {
        let bridge = matches!(link.kind, LinkKind::Bridge(_));
        if link.is_ours() && bridge {
            paths.push(format!("net/ipv4/conf/{}/route_localnet", link.name));
            paths.push(format!("net/ipv4/conf/{}/send_redirects", link.name));
            paths.push(format!("net/ipv4/conf/{}/rp_filter", link.name));
            paths.push(format!("net/ipv6/conf/{}/accept_dad", link.name));
        }
        let tunnel = link.is_ours() && matches!(link.kind, LinkKind::Vxlan(_));
        if tunnel {
            paths.push(format!("net/ipv4/conf/{}/rp_filter", link.name));
            paths.push(format!("net/ipv6/conf/{}/disable_ipv6", link.name));
            paths.push(format!("net/ipv6/conf/{}/accept_dad", link.name));
        }
        if !link.is_ours() {
            paths.push(format!("net/ipv4/conf/{}/arp_notify", link.name));
            paths.push(format!("net/ipv6/conf/{}/ndisc_notify", link.name));
        }
        if !link.is_ours() || bridge || tunnel {
            paths.push(format!("net/ipv6/conf/{}/accept_ra", link.name));
        }
    }
    // Addresses of sockets are asked for by those who need them.
    observe::namespace(&mut sockets, &Parts { sockets: false, ..Parts::all(paths) })
}

/// The host's routes and addresses. The kernel shows them to everybody, so the socket is opened where
/// we are: entering a namespace, be it this one, takes rights.
pub(crate) fn routes() -> kernel::Result<Namespace<Unknown>> {
    let mut socket = Socket::open(Protocol::Route)?;
    let links = observe::links(&mut socket)?;
    let names = Names::of(&links);
    let addresses = observe::addresses(&mut socket, &names)?;
    let routes = observe::routes(&mut socket, &names)?;
    Ok(Namespace { links, addresses, routes, ..Namespace::default() })
}

/// `forwarding` of each link that is not ours, and of those to come: turning it on or off for all
/// links writes over these (`inet_forward_change`, `addrconf_fixup_forwarding`).
pub(super) fn forwarding_by_link(host: &Namespace<Unknown>) -> kernel::Result<Table<host::Sysctl>> {
    let links = host.links.iter().filter(|link| !link.is_ours()).map(|link| link.name.as_str());
    let paths = links.chain(["default"]).flat_map(|link| {
        ["ipv4", "ipv6"].map(|family| format!("net/{family}/conf/{link}/forwarding"))
    });
    observe::sysctls(&Sockets::open_here()?, &paths.collect::<Vec<_>>())
}

/// The same, and whether `br_netfilter` shows bridged packets to the hooks of the IP stack.
pub(crate) fn host_and_hooks() -> kernel::Result<Namespace<Unknown>> {
    let mut host = host()?;
    let settings = BRIDGE_NF_CALL.map(str::to_owned);
    host.sysctls.extend(observe::sysctls(&Sockets::open_here()?, &settings)?);
    Ok(host)
}

/// The same with whatever else a packet's way may depend on.
pub(crate) fn host_for_the_walk() -> kernel::Result<Namespace<Unknown>> {
    let mut host = host_and_hooks()?;
    let paths: Vec<String> = by_link(&host.links).collect();
    host.sysctls.extend(observe::sysctls(&Sockets::open_here()?, &paths)?);
    host.sockets = sockets()?;
    let mut of = Sockets::open_here()?;
    host.rules = Some(observe::rules(of.route()?)?);
    host.legacy = observe::legacy(&mut of)?;
    host.ipsets = observe::ipsets(of.netfilter()?)?;
    Ok(host)
}

/// The settings of each link, and those for all, that a packet's way may depend on.
fn by_link(links: &Table<Link<Unknown>>) -> impl Iterator<Item = String> {
    let links = links.iter().map(|link| link.name.as_str()).chain(["all"]);
    links.flat_map(|link| BY_LINK.map(|setting| format!("net/ipv4/conf/{link}/{setting}")))
}

/// A container's namespace.
pub(super) fn container(netns: BorrowedFd<'_>) -> kernel::Result<Namespace<Unknown>> {
    inside(netns, Parts::all)
}

/// The same with whatever else a packet's way may depend on.
pub(super) fn container_for_the_walk(netns: BorrowedFd<'_>) -> kernel::Result<Namespace<Unknown>> {
    inside(netns, Parts::for_the_walk)
}

fn inside(
    netns: BorrowedFd<'_>,
    parts: fn(Vec<String>) -> Parts,
) -> kernel::Result<Namespace<Unknown>> {
    let mut sockets = Sockets::open_in(netns)?;
    let mut paths: Vec<String> = OF_ALL_LINKS.iter().map(|path| (*path).to_owned()).collect();
    paths.extend(by_link(&observe::links(sockets.route()?)?));
    observe::namespace(&mut sockets, &parts(paths))
}

/// Sockets of the host that wait for packets.
pub(super) fn sockets() -> kernel::Result<Table<host::Socket>> {
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
