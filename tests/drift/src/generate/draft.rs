//! A case in the making, with what the next steps have to know of it.

use super::random::Random;
use crate::case::{Cable, Case, End, Space};
use model::net::Family;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) struct Draft {
    pub(super) random: Random,
    pub(super) case: Case,
    pub(super) hosts: Vec<Host>,
    pub(super) networks: Vec<Network>,
    /// Addresses that somebody has, or was to have.
    pub(super) stations: Vec<Station>,
    /// Links between hosts.
    pub(super) underlays: Vec<Underlay>,
    /// Packets of which there are to be some: from a space to an address.
    pub(super) focus: Option<(String, IpAddr)>,
    links: u16,
}

/// A namespace that plays a machine: it forwards.
pub(super) struct Host {
    pub(super) name: String,
    /// From 1.
    pub(super) number: u8,
}

/// A subnet of containers on a host.
pub(super) struct Network {
    pub(super) host: usize,
    pub(super) number: u8,
    pub(super) families: Vec<Family>,
}

/// An address on a link.
#[derive(Clone)]
pub(super) struct Station {
    pub(super) space: String,
    pub(super) link: String,
    pub(super) address: IpAddr,
}

/// Two stations that reach each other by a bridge, or by a tunnel.
#[derive(Clone)]
pub(super) struct Pair {
    pub(super) one: Station,
    pub(super) other: Station,
    /// The space with the bridge, or with the first tunnel end.
    pub(super) bridge: String,
    /// Behind which of its ports they are.
    pub(super) ports: Option<(String, String)>,
}

/// A segment that joins hosts.
pub(super) struct Underlay {
    pub(super) number: u8,
    /// Hosts with the link that each has on it.
    pub(super) ends: Vec<(usize, String)>,
}

impl Draft {
    pub(super) fn new(random: Random) -> Self {
        Self {
            random,
            case: Case::default(),
            hosts: Vec::new(),
            networks: Vec::new(),
            stations: Vec::new(),
            underlays: Vec::new(),
            focus: None,
            links: 0,
        }
    }

    /// The space, made if it was not there.
    pub(super) fn space(&mut self, name: &str) -> &mut Space {
        let spaces = &mut self.case.spaces;
        let place = spaces.iter().position(|space| space.name == name).unwrap_or_else(|| {
            spaces.push(Space { name: name.to_owned(), ..Space::default() });
            spaces.len() - 1
        });
        &mut spaces[place]
    }

    pub(super) fn ip(&mut self, space: &str, line: impl Into<String>) {
        self.space(space).ip.push(line.into());
    }

    pub(super) fn set(&mut self, space: &str, setting: impl Into<String>) {
        self.space(space).sysctls.push(setting.into());
    }

    /// The name of a space, any.
    pub(super) fn any_space(&mut self) -> String {
        self.random.pick(&self.case.spaces).name.clone()
    }

    /// Links of a space that are set up, without the loopback.
    pub(super) fn links(&mut self, space: &str) -> Vec<String> {
        let lines = &self.space(space).ip;
        let up =
            |line: &String| Some(line.strip_prefix("link set ")?.strip_suffix(" up")?.to_owned());
        lines.iter().filter_map(up).collect()
    }

    /// A port of a bridge, with its space.
    pub(super) fn a_port(&mut self) -> Option<(String, String)> {
        let mut ports = Vec::new();
        for space in &self.case.spaces {
            for line in &space.ip {
                if let Some((link, _)) =
                    line.strip_prefix("link set ").and_then(|rest| rest.split_once(" master "))
                {
                    ports.push((space.name.clone(), link.to_owned()));
                }
            }
        }
        (!ports.is_empty()).then(|| self.random.pick(&ports).clone())
    }

    /// Stations of the same family that have a bridge, or a tunnel, between them.
    pub(super) fn pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for one in &self.stations {
            for other in &self.stations {
                let family = Family::of(one.address);
                if one.space == other.space || Family::of(other.address) != family {
                    continue;
                }
                if one.link.starts_with("vx") && one.link == other.link {
                    let (one, other, bridge) = (one.clone(), other.clone(), one.space.clone());
                    pairs.push(Pair { one, other, bridge, ports: None });
                } else if let (Some((here, from)), Some((there, to))) =
                    (self.port_of(one), self.port_of(other))
                    && here == there
                {
                    let (one, other, bridge) = (one.clone(), other.clone(), here);
                    pairs.push(Pair { one, other, bridge, ports: Some((from, to)) });
                }
            }
        }
        pairs
    }

    /// The port of a bridge that a station's cable leads to, with the bridge's space.
    fn port_of(&self, station: &Station) -> Option<(String, String)> {
        let end = self.end_of(station)?.0;
        let space = self.case.space(&end.space)?;
        let enslaved = format!("link set {} master ", end.link);
        let is_port = space.ip.iter().any(|line| line.starts_with(&enslaved));
        is_port.then(|| (end.space.clone(), end.link.clone()))
    }

    /// The other end of a station's cable, and the number of its own.
    fn end_of(&self, station: &Station) -> Option<(&End, u32)> {
        self.case.cables.iter().enumerate().find_map(|(place, cable)| {
            let is_its = |end: &End| end.space == station.space && end.link == station.link;
            let side = cable.ends.iter().position(is_its)?;
            Some((&cable.ends[1 - side], Case::numbers(place)[side]))
        })
    }

    /// The MAC address of a station on a cable.
    pub(super) fn mac(&self, station: &Station) -> Option<String> {
        Some(crate::build::mac(self.end_of(station)?.1))
    }

    /// A cable whose ends are set up.
    pub(super) fn cable(&mut self, one: (&str, &str), other: (&str, &str)) {
        let end = |(space, link): (&str, &str)| End { space: space.into(), link: link.into() };
        self.case.cables.push(Cable { ends: [end(one), end(other)] });
        for (space, link) in [one, other] {
            self.ip(space, format!("link set {link} up"));
        }
    }

    /// The number of a link that is no cable's end. The kernel takes links in the order in which they were
    /// made, which is told by their numbers alone.
    pub(super) fn number(&mut self) -> u16 {
        self.links += 1;
        2000 + self.links
    }

    /// A bridge that is set up.
    pub(super) fn bridge(&mut self, space: &str, name: &str) {
        let number = self.number();
        let [high, low] = self.links.to_be_bytes();
        let mac = format!("02:00:01:00:{high:02x}:{low:02x}");
        self.ip(space, format!("link add name {name} index {number} address {mac} type bridge"));
        self.ip(space, format!("link set {name} up"));
    }

    /// An address with its prefix length.
    pub(super) fn address(&mut self, space: &str, link: &str, address: IpAddr, length: u8) {
        let nodad = if address.is_ipv6() { " nodad" } else { "" };
        self.ip(space, format!("address add {address}/{length} dev {link}{nodad}"));
        let (space, link) = (space.to_owned(), link.to_owned());
        self.stations.push(Station { space, link, address });
    }
}

impl Network {
    /// The address with this number; the host's is 1.
    pub(super) fn address(&self, family: Family, host: u8, station: u8) -> IpAddr {
        match family {
            Family::V4 => Ipv4Addr::new(10, host, self.number, station).into(),
            Family::V6 => Ipv6Addr::new(
                0xfd00,
                u16::from(host),
                u16::from(self.number),
                0,
                0,
                0,
                0,
                u16::from(station),
            )
            .into(),
        }
    }

    /// The whole of it, as `ip` writes it.
    pub(super) fn prefix(&self, family: Family, host: u8) -> String {
        format!("{}/{}", self.address(family, host, 0), length(family))
    }
}

/// The prefix length of a segment.
pub(super) fn length(family: Family) -> u8 {
    match family {
        Family::V4 => 24,
        Family::V6 => 64,
    }
}

impl Underlay {
    pub(super) fn address(&self, family: Family, host: u8) -> IpAddr {
        match family {
            Family::V4 => Ipv4Addr::new(192, 168, self.number, host).into(),
            Family::V6 => {
                Ipv6Addr::new(0xfdff, 0, 0, u16::from(self.number), 0, 0, 0, u16::from(host)).into()
            }
        }
    }
}
