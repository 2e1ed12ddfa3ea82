//! Hearing that something changed, not what: the listener reads and compares.
//!
//! Links, addresses and routes come by rtnetlink's groups, rulesets by nftables' own. When the
//! kernel had to drop events it says so, once; then anything may have changed.
//!
//! A message about nftables bears the number of the socket that asked for the change, and each
//! transaction ends with one that names the program (`nf_tables_fill_gen_info`). Of links, addresses
//! and routes the number is there for some changes only, of neighbours always, of forwarding entries
//! never (`vxlan_fdb_notify`): these are heard also when we wrote them. That a neighbour is gone is not
//! said to be anybody's doing, but before that it fails, and that is (`neigh_delete`).

use crate::netlink::{Attributes, Protocol, Received, Socket, rtm};
use crate::netns::socket_in;
use crate::{Error, Result};
use model::host::link::BridgePort;
use model::host::nft::NftFamily;
use model::net::LinkName;
use nix::errno::Errno;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::BTreeSet;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// `RTNLGRP_LINK`, `_IPV4_IFADDR`, `_IPV4_ROUTE`, `_IPV6_IFADDR`, `_IPV6_ROUTE`, `_IPV4_NETCONF`,
/// `_IPV6_NETCONF`.
const ROUTE_GROUPS: [u32; 7] = [1, 5, 7, 9, 11, 24, 25];
/// `RTNLGRP_NEIGH`; `struct ndmsg`; `NDA_DST`; `NUD_FAILED`; and with it `NUD_INCOMPLETE`, `_DELAY`, `_PROBE`, `_NOARP`: the
/// kernel's own doings.
const NEIGHBOUR_GROUP: u32 = 3;
const NEIGHBOUR_HEADER: usize = 12;
const NEIGHBOUR_ADDRESS: u16 = 1;
const FAILED: u16 = 0x20;
const PASSING: u16 = 0x01 | 0x08 | 0x10 | FAILED | 0x40;
/// `RTM_NEWNETCONF`; `struct netconfmsg` with its padding, `NETCONFA_IFINDEX`.
const NEW_SETTING: u16 = 80;
const SETTING_HEADER: usize = 4;
const SETTING_LINK: u16 = 1;
/// `NFNLGRP_NFTABLES`, and nftables' number in the upper byte of a message's kind.
const NFT_GROUP: u32 = 7;
const NFTABLES: u16 = 10;
/// `NFT_MSG_NEWGEN`, `NFTA_GEN_PROC_PID`, `NFTA_GEN_PROC_NAME`.
const NEW_GENERATION: u16 = NFTABLES << 8 | 15;
const PROGRAM_ID: u16 = 2;
const PROGRAM_NAME: u16 = 3;
/// `NFTA_TABLE_NAME`, and equally the table of a chain, a rule, a set and an element.
const TABLE: u16 = 1;
/// `struct nfgenmsg`.
const NFT_HEADER: usize = 4;
/// `struct ifinfomsg`, `IFLA_IFNAME`.
const LINK_HEADER: usize = 16;
const LINK_NAME: u16 = 3;
/// `IFLA_MASTER`.
const LINK_MASTER: u16 = 10;
/// `AF_BRIDGE`, `IFLA_PROTINFO`, `IFLA_BRPORT_STATE`, `_MODE` (hairpin), `_LEARNING`, `_ISOLATED`.
const BRIDGE: u8 = 7;
const PORT: u16 = 12;
const PORT_STATE: u16 = 1;
const PORT_HAIRPIN: u16 = 4;
const PORT_LEARNING: u16 = 8;
const PORT_ISOLATED: u16 = 33;

/// Something changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A link came, went or changed; with the number of the bridge that it is a port of.
    Link {
        name: LinkName,
        master: Option<u32>,
    },
    /// A bridge tells of one of its ports, which may be as it was: some timers tell of each port once.
    Port {
        name: LinkName,
        /// The bridge's number.
        bridge: Option<u32>,
        settings: BridgePort,
    },
    Address,
    Route,
    /// A neighbour on the link with this number, which is one of those of [`Monitor::hear_peers`].
    Neighbour {
        link: u32,
    },
    /// The same of a forwarding entry.
    FdbEntry {
        link: u32,
    },
    /// `forwarding` or `rp_filter` (the kernel tells of few others) of the link with this number, of
    /// all links (-1) or of those to come (-2).
    Setting {
        link: i32,
    },
    /// One transaction changed something in a table.
    Nft {
        family: Option<NftFamily>,
        table: String,
        by: Program,
    },
    /// Events were lost: anything may have changed.
    Overrun,
}

/// Who asked for a change of nftables. The id is the one that the first process namespace has for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    pub name: String,
    pub pid: u32,
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {})", self.name, self.pid)
    }
}

/// Listens to one namespace.
#[derive(Debug)]
pub struct Monitor {
    route: Socket,
    nft: Socket,
    /// Sockets whose changes are not told.
    own: Vec<u32>,
    /// Links whose neighbours and forwarding entries are told of.
    peers: BTreeSet<u32>,
    /// Neighbours that we are taking away, by link and address.
    leaving: BTreeSet<(u32, Vec<u8>)>,
    /// Tables that the transaction under way has changed.
    changed: BTreeSet<(Option<NftFamily>, String)>,
}

impl Monitor {
    /// Hears all but what is asked for by the sockets of the given numbers ([`crate::Sockets::ports`]).
    pub fn open_in(namespace: BorrowedFd<'_>, own: &[u32]) -> Result<Self> {
        let mut route = socket_in(namespace, Protocol::Route)?;
        ROUTE_GROUPS.into_iter().try_for_each(|group| route.join(group))?;
        let mut nft = socket_in(namespace, Protocol::Netfilter)?;
        nft.join(NFT_GROUP)?;
        let (peers, leaving, changed) = Default::default();
        Ok(Self { route, nft, own: own.to_vec(), peers, leaving, changed })
    }

    /// From now on hears also of neighbours and forwarding entries on the links of these numbers. A
    /// host has many that come and go by themselves, so without such links none are listened to.
    pub fn hear_peers(&mut self, links: BTreeSet<u32>) -> Result<()> {
        match (self.peers.is_empty(), links.is_empty()) {
            (true, false) => self.route.join(NEIGHBOUR_GROUP)?,
            (false, true) => self.route.leave(NEIGHBOUR_GROUP)?,
            _ => {}
        }
        self.peers = links;
        Ok(())
    }

    /// Descriptors that are readable when [`Monitor::take`] has something.
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.route.as_fd(), self.nft.as_fd()]
    }

    /// Waits for events, at most so long; none if nothing came.
    pub fn wait(&mut self, patience: Duration) -> Result<Vec<Event>> {
        let until = Timespec::try_from(patience)
            .map_err(|_| Error::Unfit { subject: "a timeout".into(), why: "too long".into() })?;
        let [route, nft] = self.descriptors();
        let mut descriptors =
            [PollFd::new(&route, PollFlags::IN), PollFd::new(&nft, PollFlags::IN)];
        match poll(&mut descriptors, Some(&until)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => Ok(Vec::new()),
            Ok(_) => self.take(),
            Err(error) => Err(Error::io("wait for netlink events")(error)),
        }
    }

    /// The events that are there, each once, without waiting.
    pub fn take(&mut self) -> Result<Vec<Event>> {
        let Self { route, nft, own, peers, leaving, changed } = self;
        let mut events = BTreeSet::new();
        drain(route, &mut events, |message, events| {
            let ours = own.contains(&message.port);
            match message.kind {
                rtm::NEW_NEIGHBOUR | rtm::DELETE_NEIGHBOUR => {
                    events.extend(peer(message, ours, peers, leaving));
                }
                _ if ours => {}
                _ => events.extend(event(message)),
            }
        })?;
        if events.contains(&Event::Overrun) {
            leaving.clear();
        }
        drain(nft, &mut events, |message, events| {
            if !own.contains(&message.port) {
                transaction(message, changed, events);
            }
        })?;
        Ok(events.into_iter().collect())
    }
}

fn drain(
    socket: &mut Socket,
    events: &mut BTreeSet<Event>,
    mut each: impl FnMut(Received<'_>, &mut BTreeSet<Event>),
) -> Result<()> {
    loop {
        match socket.receive_now(|message| each(message, events)) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) if error.errno() == Some(Errno::ENOBUFS) => {
                events.insert(Event::Overrun);
            }
            Err(error) => return Err(error),
        }
    }
}

fn event(message: Received<'_>) -> Option<Event> {
    match message.kind {
        rtm::NEW_LINK | rtm::DELETE_LINK => {
            let attributes = Attributes::after(message.body, LINK_HEADER);
            let name = attributes.get(LINK_NAME)?.text().parse().ok()?;
            let master = attributes.get(LINK_MASTER).and_then(|master| master.u32());
            if message.kind == rtm::NEW_LINK && message.body.first() == Some(&BRIDGE) {
                let settings = port(attributes.nested(PORT));
                return Some(Event::Port { name, bridge: master, settings });
            }
            Some(Event::Link { name, master })
        }
        NEW_SETTING => {
            let link = Attributes::after(message.body, SETTING_HEADER).get(SETTING_LINK)?;
            Some(Event::Setting { link: link.u32()?.cast_signed() })
        }
        rtm::NEW_ADDRESS | rtm::DELETE_ADDRESS => Some(Event::Address),
        rtm::NEW_ROUTE | rtm::DELETE_ROUTE => Some(Event::Route),
        _ => None,
    }
}

/// Whatever is taken away counts: what it was is not said any more.
fn peer(
    message: Received<'_>,
    ours: bool,
    links: &BTreeSet<u32>,
    leaving: &mut BTreeSet<(u32, Vec<u8>)>,
) -> Option<Event> {
    let header = message.body.get(..NEIGHBOUR_HEADER)?;
    let link = u32::from_ne_bytes([header[4], header[5], header[6], header[7]]);
    let state = u16::from_ne_bytes([header[8], header[9]]);
    if !links.contains(&link) {
        return None;
    }
    if header[0] == BRIDGE {
        return Some(Event::FdbEntry { link });
    }
    let address = Attributes::after(message.body, NEIGHBOUR_HEADER).get(NEIGHBOUR_ADDRESS)?;
    let key = (link, address.value.to_vec());
    if message.kind == rtm::DELETE_NEIGHBOUR {
        return (!leaving.remove(&key)).then_some(Event::Neighbour { link });
    }
    if ours && state == FAILED {
        leaving.insert(key);
    }
    (!ours && state & PASSING == 0).then_some(Event::Neighbour { link })
}

fn port(attributes: Attributes<'_>) -> BridgePort {
    let number = |kind| attributes.get(kind).and_then(|value| value.u8());
    BridgePort {
        hairpin: number(PORT_HAIRPIN) == Some(1),
        isolated: number(PORT_ISOLATED) == Some(1),
        learning: number(PORT_LEARNING) == Some(1),
        state: number(PORT_STATE),
    }
}

/// The changes of a transaction come first, each with its table, and then who it was.
fn transaction(
    message: Received<'_>,
    changed: &mut BTreeSet<(Option<NftFamily>, String)>,
    events: &mut BTreeSet<Event>,
) {
    let attributes = Attributes::after(message.body, NFT_HEADER);
    if message.kind == NEW_GENERATION {
        let name = attributes.get(PROGRAM_NAME).map(|name| name.text()).unwrap_or_default();
        let pid = attributes.get(PROGRAM_ID).and_then(|pid| pid.be32()).unwrap_or_default();
        let by = Program { name, pid };
        let changed = std::mem::take(changed).into_iter();
        events.extend(changed.map(|(family, table)| Event::Nft { family, table, by: by.clone() }));
    } else if message.kind >> 8 == NFTABLES {
        let family = message.body.first().and_then(|number| crate::nft::family(*number));
        if let Some(table) = attributes.get(TABLE) {
            changed.insert((family, table.text()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Place;

    #[test]
    fn changes_are_heard_once_each() {
        let place = Place::new();
        let mut monitor = Monitor::open_in(place.namespace.as_fd(), &[]).unwrap();
        assert_eq!(monitor.wait(Duration::ZERO).unwrap(), []);
        place.run("ip link add br0 type bridge");
        place.run("ip link set br0 up");
        let heard = monitor.wait(Duration::from_secs(5)).unwrap();
        assert!(
            heard.contains(&Event::Link { name: "br0".parse().unwrap(), master: None }),
            "{heard:?}"
        );
        place.run("ip link add v0 master br0 type veth peer v1");
        monitor.wait(Duration::from_secs(5)).unwrap();
        place.run("bridge link set dev v0 hairpin on");
        let heard = monitor.wait(Duration::from_secs(5)).unwrap();
        let hairpin = BridgePort { hairpin: true, state: Some(0), ..BridgePort::default() };
        assert!(
            matches!(&heard[..], [Event::Port { name, settings, .. }]
                if name.as_str() == "v0" && *settings == hairpin),
            "{heard:?}"
        );
        place.run("ip address add 10.0.0.1/24 dev br0");
        let heard = monitor.wait(Duration::from_secs(5)).unwrap();
        assert!(heard.contains(&Event::Address) && heard.contains(&Event::Route), "{heard:?}");
        place.run("sysctl -qw net.ipv4.conf.br0.rp_filter=2");
        let heard = monitor.wait(Duration::from_secs(5)).unwrap();
        assert!(matches!(heard[..], [Event::Setting { link: 1.. }]), "{heard:?}");
        place.run("sysctl -qw net.ipv4.ip_forward=1");
        let heard = monitor.wait(Duration::from_secs(5)).unwrap();
        assert!(heard.contains(&Event::Setting { link: -1 }), "{heard:?}");
        place.run("nft add table inet t");
        let heard = monitor.wait(Duration::from_secs(5)).unwrap();
        let [Event::Nft { family: Some(NftFamily::Inet), table, by }] = &heard[..] else {
            panic!("{heard:?}")
        };
        assert_eq!((table.as_str(), by.name.as_str()), ("t", "nft"));
        assert!(by.pid > 0);
    }

    #[test]
    fn peers_are_heard_of_on_the_links_named() {
        let place = Place::new();
        for link in ["gx0", "gx1"] {
            let id = if link == "gx0" { 7 } else { 8 };
            place.run(&format!("ip link add {link} type vxlan id {id} dstport 4789 nolearning"));
            // Without an address of its own, which would come when it likes.
            place.run(&format!("ip link set {link} addrgenmode none up"));
        }
        let mut monitor = Monitor::open_in(place.namespace.as_fd(), &[]).unwrap();
        let text = place.run("ip -o link show dev gx0");
        let link: u32 = text.split(':').next().unwrap().parse().unwrap();
        let add = |name: &str| {
            place.run(&format!("bridge fdb add 06:00:00:00:00:02 dev {name} dst 192.0.2.2"));
            place.run(&format!("ip neighbour add fe80::2 lladdr 06:00:00:00:00:02 dev {name}"));
        };
        // Addresses and routes of the links themselves come when they like.
        let peers = |monitor: &mut Monitor| {
            let mut events = monitor.take().unwrap();
            events
                .retain(|event| matches!(event, Event::Neighbour { .. } | Event::FdbEntry { .. }));
            events
        };
        add("gx0");
        assert_eq!(peers(&mut monitor), [], "nobody asked");
        place.run("ip neighbour del fe80::2 dev gx0");
        place.run("bridge fdb del 06:00:00:00:00:02 dev gx0");
        monitor.hear_peers(BTreeSet::from([link])).unwrap();
        add("gx1");
        assert_eq!(peers(&mut monitor), []);
        let both = [Event::Neighbour { link }, Event::FdbEntry { link }];
        add("gx0");
        assert_eq!(peers(&mut monitor), both);
        place.run("bridge fdb replace 06:00:00:00:00:02 dev gx0 dst 192.0.2.9");
        assert_eq!(peers(&mut monitor), both[1..]);
        place.run("ip neighbour replace fe80::2 lladdr 06:00:00:00:00:03 dev gx0");
        assert_eq!(peers(&mut monitor), both[..1]);
        place.run("ip neighbour del fe80::2 dev gx0");
        place.run("bridge fdb del 06:00:00:00:00:02 dev gx0");
        assert_eq!(peers(&mut monitor), both);
        monitor.hear_peers(BTreeSet::new()).unwrap();
        add("gx0");
        assert_eq!(peers(&mut monitor), []);
    }

    #[test]
    fn what_is_ours_is_not_heard() {
        use model::diff::NftChange;
        let mut place = Place::new();
        let own = place.sockets.ports().unwrap();
        let mut monitor = Monitor::open_in(place.namespace.as_fd(), &own).unwrap();
        let table = |name: &str| NftChange::AddTable {
            family: NftFamily::Inet,
            name: name.to_owned(),
            comment: None,
        };
        let nft = place.sockets.netfilter().unwrap();
        crate::nft::commit(nft, &[table("ours")], None).unwrap();
        assert_eq!(monitor.take().unwrap(), []);
        place.run("nft add table inet theirs");
        let heard = monitor.wait(Duration::from_secs(5)).unwrap();
        assert!(matches!(&heard[..], [Event::Nft { table, .. }] if table == "theirs"), "{heard:?}");
    }
}
