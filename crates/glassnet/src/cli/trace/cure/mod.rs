//! What to do about a packet that does not arrive: a sentence by the reason it was dropped for, and the
//! command that helps where there is one.

mod behind;

use super::called;
use super::command::{inside, word};
use crate::machine::Machine;
use model::explain::Cure;
use model::host::nft::NftFamily;
use model::host::{FibAction, Link, LinkKind, NamespaceId, Unknown};
use model::net::{Family, LinkName, Mac, Transport};
use model::path::{End, Evidence, Part, Path, Place, Reason};
use std::net::IpAddr;

/// Our daemon's table: its rules come from what people asked for, and would come back.
const OURS: &str = "glassnet";
/// Its chain against addresses that are not the sender's.
const ANTISPOOF: &str = "antispoof";

/// For all links of IPv4.
const FORWARD: &str = "net/ipv4/ip_forward";

pub(in crate::cli) struct Advice {
    pub(in crate::cli) cure: Cure,
    pub(in crate::cli) command: Option<String>,
}

/// Nothing if the packet arrives, or if nobody can tell.
pub(in crate::cli) fn cure(machine: &mut Machine, path: &Path) -> Option<Advice> {
    match &path.end {
        // Whoever sent it there had the address from somewhere.
        End::Dropped { because: Reason::OtherHost { mac }, .. } => {
            let (cure, command) = nobodys(machine, path, *mac);
            let command = command.map(|Command { place, line }| inside(machine, &place, &line));
            Some(Advice { cure, command })
        }
        // Another node's to say.
        End::Dropped { at, .. } | End::Unknown { at, .. } if at.host != machine.host => None,
        End::Left { at } if at.host != machine.host => {
            Some(Advice { cure: Cure::AskOn { place: at.to_string() }, command: None })
        }
        End::Delivered { .. } => None,
        End::Left { at } => {
            let link = at.link.as_ref().map(|link| format!(" {link}")).unwrap_or_default();
            let place = format!("{}{link}", called(machine, &at.namespace));
            Some(Advice { cure: Cure::AskOn { place }, command: None })
        }
        End::Unknown { .. } => {
            let root = rustix::process::geteuid().is_root();
            let hidden = !root && machine.time.is_none() && !machine.unseen.is_empty();
            hidden.then_some(Advice { cure: Cure::AsRoot, command: None })
        }
        End::Dropped { at, because, .. } => {
            let (cure, command) = dropped(machine, path, at, because);
            let command = command.map(|Command { place, line }| inside(machine, &place, &line));
            Some(Advice { cure, command })
        }
    }
}

/// Where, and what.
struct Command {
    place: NamespaceId,
    line: String,
}

fn dropped(
    machine: &mut Machine,
    path: &Path,
    at: &Place,
    because: &Reason,
) -> (Cure, Option<Command>) {
    let here = |line: String| Some(Command { place: at.namespace.clone(), line });
    let place = called(machine, &at.namespace);
    if let Some(found) = behind::behind(machine, path, at, because) {
        return found;
    }
    match because {
        Reason::NoRoute { destination } => no_route(machine, at, *destination),
        Reason::RouteRefuses { evidence } => refuses(evidence, here),
        Reason::LinkDown { link } => down(machine, at, link),
        Reason::NoNeighbour { address, link } => {
            let cure = Cure::WhoHas { address: *address, link: link.clone() };
            let what = if address.is_ipv4() { "arp" } else { "icmp6" };
            let line = match &at.namespace {
                NamespaceId::Host => format!("glassnet capture {} {what}", word(link.as_str())),
                of => format!("glassnet capture {} {what}", word(&format!("{link}@{of}"))),
            };
            // It looks into other namespaces by itself.
            (cure, Some(Command { place: NamespaceId::Host, line }))
        }
        Reason::NotForwarding { sysctl } => {
            let all = Part::Sysctl(FORWARD.to_owned());
            let all = machine.part(&at.namespace, &all).map(|read| read.sysctls);
            let off = all.is_ok_and(|all| all.iter().any(|setting| setting.value == "0"));
            // What is off for the host is off for each link; the answer comes in by another.
            let sysctl = if sysctl.starts_with("net/ipv4/") && off { FORWARD } else { sysctl };
            (Cure::Forward { place }, here(format!("sysctl -w {}=1", word(sysctl))))
        }
        Reason::Rule { evidence } => rule(machine, at, evidence),
        Reason::TooBig { size, mtu, link } => {
            let cure = Cure::Smaller { mtu: *mtu, link: link.clone() };
            (cure, here(format!("ip link set {} mtu {size}", word(link.as_str()))))
        }
        Reason::TtlExpired => (Cure::MoreHops, None),
        Reason::NoSocket { transport, port } => {
            let (transport, port) = (*transport, *port);
            let list = match transport {
                Transport::Tcp => "ss -ltnp",
                Transport::Udp => "ss -lunp",
            };
            (Cure::Listen { transport, port, place }, here(list.to_owned()))
        }
        Reason::NoTunnelTo { mac, link } => {
            let line = format!("bridge fdb append {mac} dev {} dst REMOTE", word(link.as_str()));
            (Cure::TunnelEntry { mac: *mac, link: link.clone() }, here(line))
        }
        Reason::NotOwn { address, link } => {
            let line = format!("ip addr add {address} dev LINK");
            (Cure::TunnelSource { address: *address, link: link.clone() }, here(line))
        }
        Reason::NoTunnelEnd { vni, port } => {
            let line = format!("ip link add NAME type vxlan id {vni} dstport {port} local ADDRESS");
            (Cure::TunnelEnd { vni: *vni }, here(line))
        }
        Reason::CameBack { link, .. } => {
            let line = format!("ip link set {} address MAC", word(link.as_str()));
            (Cure::TunnelMac { link: link.clone() }, here(line))
        }
        Reason::OtherHost { mac } => nobodys(machine, path, *mac),
        Reason::PortState { link } => {
            let line = format!("bridge link set dev {} state 3", word(link.as_str()));
            (Cure::PortForwards { link: link.clone() }, here(line))
        }
        Reason::Hairpin { link } => {
            let line = format!("bridge link set dev {} hairpin on", word(link.as_str()));
            (Cure::HairpinOn { link: link.clone() }, here(line))
        }
        Reason::Isolated { to, .. } => {
            let line = format!("bridge link set dev {} isolated off", word(to.as_str()));
            (Cure::NotIsolated { link: to.clone() }, here(line))
        }
        Reason::Martian { address } => match &at.link {
            Some(link) if address.is_loopback() && address.is_ipv4() => {
                let path = format!("net/ipv4/conf/{link}/route_localnet");
                let line = format!("sysctl -w {}=1", word(&path));
                (Cure::RouteLocal { link: link.clone() }, here(line))
            }
            _ => (Cure::OneAddressTwice { address: *address }, None),
        },
        Reason::ReversePath { source, link, sysctl } => {
            let cure = Cure::LooseReverse { source: *source, link: link.clone() };
            (cure, here(format!("sysctl -w {}=2", word(sysctl))))
        }
    }
}

/// A link that is down takes its routes along.
fn no_route(machine: &mut Machine, at: &Place, to: IpAddr) -> (Cure, Option<Command>) {
    let addresses = machine.part(&at.namespace, &Part::Addresses).map(|read| read.addresses);
    let links = machine.part(&at.namespace, &Part::Links).map(|read| read.links);
    if let (Ok(addresses), Ok(links)) = (addresses, links) {
        let is_down = |link: &LinkName| links.get(link).is_some_and(|link| !link.up);
        let mut near = addresses.iter().filter(|address| address.prefix.contains(&to));
        if let Some(address) = near.find(|address| is_down(&address.link)) {
            return bring_up(machine, at.namespace.clone(), &address.link);
        }
    }
    let cure = Cure::AddRoute { place: called(machine, &at.namespace), destination: to };
    let line = format!("ip route add {to} via GATEWAY");
    (cure, Some(Command { place: at.namespace.clone(), line }))
}

/// A route or a rule of routing policy that says no.
fn refuses(
    evidence: &Evidence,
    here: impl Fn(String) -> Option<Command>,
) -> (Cure, Option<Command>) {
    match evidence {
        Evidence::FibRule { family, priority, action } => {
            let kind = match action {
                FibAction::Blackhole => " blackhole",
                FibAction::Unreachable => " unreachable",
                FibAction::Prohibit => " prohibit",
                FibAction::Table(_) | FibAction::Goto(_) | FibAction::Nop => "",
            };
            let family = match family {
                Family::V4 => "",
                Family::V6 => "-6 ",
            };
            (Cure::DeleteFibRule, here(format!("ip {family}rule del priority {priority}{kind}")))
        }
        Evidence::Route { destination, table, .. } => {
            (Cure::DeleteRoute, here(format!("ip route del {destination} table {table}")))
        }
        _ => (Cure::DeleteRoute, None),
    }
}

/// A link that is not up, or whose other side is not.
fn down(machine: &mut Machine, at: &Place, link: &LinkName) -> (Cure, Option<Command>) {
    let read = machine.part(&at.namespace, &Part::Links).map(|read| read.links);
    let up = read.ok().and_then(|links| links.get(link).map(|found| found.up));
    if up != Some(true) {
        return bring_up(machine, at.namespace.clone(), link);
    }
    match peer(machine, &at.namespace, link) {
        Some((of, other)) if !other.up => bring_up(machine, of, &other.name),
        _ => {
            let (link, place) = (link.clone(), called(machine, &at.namespace));
            (Cure::NoCarrier { link, place }, None)
        }
    }
}

fn bring_up(machine: &Machine, of: NamespaceId, link: &LinkName) -> (Cure, Option<Command>) {
    let place = called(machine, &of);
    let line = format!("ip link set {} up", word(link.as_str()));
    (Cure::BringUp { link: link.clone(), place }, Some(Command { place: of, line }))
}

/// A veth's other end, and where it is.
fn peer(
    machine: &mut Machine,
    of: &NamespaceId,
    link: &LinkName,
) -> Option<(NamespaceId, Link<Unknown>)> {
    let read = machine.part(of, &Part::Links).ok()?;
    let LinkKind::Veth(veth) = &read.links.get(link)?.kind else { return None };
    if let Some(peer) = &veth.peer {
        let links = machine.part(&peer.namespace, &Part::Links).ok()?.links;
        return Some((peer.namespace.clone(), links.get(&peer.name)?.clone()));
    }
    let there = match veth.peer_netnsid {
        None => of.clone(),
        Some(number) => read.numbers.get(&number)?.clone(),
    };
    let links = machine.part(&there, &Part::Links).ok()?.links;
    let other = links.iter().find(|other| other.index == veth.peer_index)?.clone();
    Some((there, other))
}

/// A rule or a policy of a firewall.
fn rule(machine: &mut Machine, at: &Place, evidence: &Evidence) -> (Cure, Option<Command>) {
    let here = |line: String| Some(Command { place: at.namespace.clone(), line });
    let (Evidence::Rule { family, table, chain, .. }
    | Evidence::Policy { family, table, chain, .. }) = evidence
    else {
        return (Cure::FindRule, None);
    };
    match (&table[..], &chain[..]) {
        (OURS, ANTISPOOF) => return (Cure::OwnAddress, None),
        (OURS, _) => return (Cure::OwnRule, None),
        _ => {}
    }
    let name = format!("{} {} {}", family.as_str(), word(table), word(chain));
    let legacy = legacy(machine, &at.namespace, *family, table);
    match (evidence, legacy) {
        (Evidence::Rule { .. }, Some(program)) => {
            let line = format!("{program} -t {} -S {} -v", word(table), word(chain));
            (Cure::FindRule, here(line))
        }
        (Evidence::Rule { handle: Some(handle), .. }, None) => {
            (Cure::DeleteRule, here(format!("nft delete rule {name} handle {handle}")))
        }
        (Evidence::Rule { .. }, None) => {
            (Cure::FindRule, here(format!("nft -a list chain {name}")))
        }
        (_, Some(program)) => {
            let line = format!("{program} -t {} -P {} ACCEPT", word(table), word(chain));
            (Cure::AcceptPolicy { chain: chain.clone() }, here(line))
        }
        (_, None) => {
            let line = format!("nft 'chain {name} {{ policy accept; }}'");
            // Within quotes, nothing has quotes of its own.
            let plain = !name.contains('\'');
            (Cure::AcceptPolicy { chain: chain.clone() }, plain.then(|| here(line)).flatten())
        }
    }
}

/// The program whose table this is, if nftables does not have it.
fn legacy(
    machine: &mut Machine,
    of: &NamespaceId,
    family: NftFamily,
    table: &str,
) -> Option<&'static str> {
    let program = match family {
        NftFamily::Ip => "iptables-legacy",
        NftFamily::Ip6 => "ip6tables-legacy",
        _ => return None,
    };
    let legacy = machine.part(of, &Part::Legacy).ok()?.legacy;
    let nft = machine.part(of, &Part::Nft).ok()?.nft;
    let is = |found: &model::host::nft::NftTable<_>| found.family == family && found.name == table;
    (legacy.iter().any(is) && !nft.tables.iter().any(is)).then_some(program)
}

/// A frame to a MAC address that nobody has: somebody on the way had it from somewhere.
fn nobodys(machine: &Machine, path: &Path, mac: Mac) -> (Cure, Option<Command>) {
    let mut known = path.hops.iter().rev().flat_map(|hop| {
        hop.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Neighbour { address, mac: its, link } if *its == mac => {
                Some((&hop.at, *address, link.clone()))
            }
            _ => None,
        })
    });
    let Some((at, address, link)) = known.next() else { return (Cure::WrongMac, None) };
    let line = format!("ip neigh del {address} dev {}", word(link.as_str()));
    let cure = Cure::ForgetNeighbour { address, link };
    let command = Some(Command { place: at.namespace.clone(), line });
    match at.host.parse() {
        Ok(node) if at.host != machine.host => {
            let cure = Cure::OnNode { node, cure: Box::new(cure) };
            // How to get into its containers, it would have to say.
            (cure, command.filter(|_| at.namespace == NamespaceId::Host))
        }
        _ => (cure, command),
    }
}
