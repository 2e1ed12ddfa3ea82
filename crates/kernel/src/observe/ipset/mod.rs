//! Sets of ipset (`ip_set_dump_do`, and `mtype_list` of each kind).
//!
//! The kernel tells of a set in one message or several: the first says what it is, and each brings
//! some of its elements. Timeouts, counters, comments and what goes with an element to a packet are
//! left out.

use crate::Result;
use crate::ipset::{HEADER, attribute, is_there, list};
use crate::netlink::{Attribute, Attributes, Socket};
use model::host::ipset::{IpSetElement, IpSetMembers, IpSetPart};
use model::host::{IpSet, Table};
use model::net::{Family, IpNet, Mac};
use std::collections::BTreeMap;

/// `IPSET_ATTR_*` of elements, and of what a set is like.
mod element {
    pub(super) const IP: u16 = 1;
    pub(super) const CIDR: u16 = 3;
    pub(super) const PORT: u16 = 4;
    pub(super) const PROTO: u16 = 7;
    pub(super) const CADT_FLAGS: u16 = 8;
    pub(super) const MARK: u16 = 10;
    pub(super) const MARKMASK: u16 = 11;
    pub(super) const BITMASK: u16 = 12;
    pub(super) const ETHER: u16 = 17;
    pub(super) const NAME: u16 = 18;
    pub(super) const IP2: u16 = 20;
    /// In what a set is like; 20 is another thing in an element.
    pub(super) const NETMASK: u16 = 20;
    pub(super) const CIDR2: u16 = 21;
    pub(super) const IFACE: u16 = 23;
    /// `IPSET_FLAG_*` of an element.
    pub(super) const PHYSDEV: u32 = 1 << 1;
    pub(super) const NOMATCH: u32 = 1 << 2;
    pub(super) const WILDCARD: u32 = 1 << 7;
}

/// All sets of the socket's namespace; none where the kernel has no ipset, which is not loaded for it.
pub fn ipsets(socket: &mut Socket) -> Result<Table<IpSet>> {
    if !is_there() {
        return Ok(Table::default());
    }
    list(socket).map(|bodies| gather(&bodies))
}

fn gather(bodies: &[Vec<u8>]) -> Table<IpSet> {
    let mut sets = BTreeMap::<String, (IpSet, Shape)>::new();
    for body in bodies {
        let attributes = Attributes::after(body, HEADER);
        let Some(name) = attributes.get(attribute::SETNAME).map(Attribute::text) else { continue };
        if let Some((set, shape)) = begin(attributes, &name) {
            sets.entry(name.clone()).or_insert((set, shape));
        }
        let Some((set, shape)) = sets.get_mut(&name) else { continue };
        for each in attributes.nested(attribute::ADT) {
            add(&mut set.members, shape, each.nested());
        }
    }
    sets.into_values().map(|(set, _)| set).collect()
}

/// How the elements of a set are read.
struct Shape {
    fields: Vec<Field>,
    /// The length of the prefix that each first address stands for.
    netmask: Option<u8>,
}

/// One dimension.
#[derive(Clone, Copy)]
enum Field {
    /// An address, and its prefix length if it has one: the attributes of both.
    Net(u16, u16),
    Port,
    Mac,
    Link,
    Mark,
}

/// The set that a message is the first to tell of.
fn begin(attributes: Attributes<'_>, name: &str) -> Option<(IpSet, Shape)> {
    let kind = attributes.get(attribute::TYPENAME)?.text();
    let like = attributes.nested(attribute::DATA);
    let family = match attributes.get(attribute::FAMILY).and_then(Attribute::u8) {
        Some(2) => Some(Family::V4),
        Some(10) => Some(Family::V6),
        _ => None,
    };
    let netmask = like.get(element::NETMASK).and_then(Attribute::u8);
    let masks_marks =
        like.get(element::MARKMASK).and_then(Attribute::be32).is_some_and(|mask| mask != u32::MAX);
    let fields = fields(&kind);
    let members = match &fields {
        _ if kind == "list:set" => IpSetMembers::Sets(Vec::new()),
        None => IpSetMembers::Unmodelled(format!("sets of kind {kind} are not modelled")),
        _ if like.get(element::BITMASK).is_some() => {
            IpSetMembers::Unmodelled("only some bits of an address count".to_owned())
        }
        _ if netmask.is_some() && kind == "hash:net,net" => {
            IpSetMembers::Unmodelled("only the first bits of an address count".to_owned())
        }
        _ if masks_marks => IpSetMembers::Unmodelled("only some bits of a mark count".to_owned()),
        Some(_) => IpSetMembers::Elements(Vec::new()),
    };
    let set = IpSet { name: name.to_owned(), kind, family, members };
    Some((set, Shape { fields: fields.unwrap_or_default(), netmask }))
}

/// The dimensions of a kind of set; `None` for one that is not known.
fn fields(kind: &str) -> Option<Vec<Field>> {
    let (storage, dimensions) = kind.split_once(':')?;
    if !matches!(storage, "hash" | "bitmap") {
        return None;
    }
    let mut addresses = [(element::IP, element::CIDR), (element::IP2, element::CIDR2)].into_iter();
    let field = |dimension| match dimension {
        "ip" | "net" => addresses.next().map(|(address, length)| Field::Net(address, length)),
        "port" => Some(Field::Port),
        "mac" => Some(Field::Mac),
        "iface" => Some(Field::Link),
        "mark" => Some(Field::Mark),
        _ => None,
    };
    dimensions.split(',').map(field).collect()
}

fn add(members: &mut IpSetMembers, shape: &Shape, attributes: Attributes<'_>) {
    match members {
        IpSetMembers::Unmodelled(_) => {}
        IpSetMembers::Sets(sets) => {
            sets.extend(attributes.get(element::NAME).map(Attribute::text));
        }
        IpSetMembers::Elements(elements) => match element(shape, attributes) {
            Ok(element) => elements.push(element),
            // Half a set is none: what it does not hold counts as much as what it holds.
            Err(why) => *members = IpSetMembers::Unmodelled(why),
        },
    }
}

fn element(shape: &Shape, attributes: Attributes<'_>) -> Result<IpSetElement, String> {
    let flags = attributes.get(element::CADT_FLAGS).and_then(Attribute::be32).unwrap_or(0);
    if flags & element::PHYSDEV != 0 {
        return Err("it holds ports of bridges".to_owned());
    }
    if flags & element::WILDCARD != 0 {
        return Err("it holds beginnings of links' names".to_owned());
    }
    let mut parts = Vec::new();
    for field in &shape.fields {
        let part = match field {
            Field::Net(address, length) => {
                net(attributes, *address, *length, shape.netmask).map(IpSetPart::Net)
            }
            Field::Port => port(attributes),
            // One that is learnt from the first packet.
            Field::Mac if attributes.get(element::ETHER).is_none() => continue,
            Field::Mac => attributes
                .get(element::ETHER)
                .and_then(|mac| mac.value.try_into().ok())
                .map(|mac| IpSetPart::Mac(Mac(mac))),
            Field::Link => attributes
                .get(element::IFACE)
                .and_then(|link| link.text().parse().ok())
                .map(IpSetPart::Link),
            Field::Mark => {
                attributes.get(element::MARK).and_then(Attribute::be32).map(IpSetPart::Mark)
            }
        };
        parts.push(part.ok_or("it holds an element that lacks a part")?);
    }
    Ok(IpSetElement { parts, nomatch: flags & element::NOMATCH != 0 })
}

fn net(
    attributes: Attributes<'_>,
    address: u16,
    length: u16,
    netmask: Option<u8>,
) -> Option<IpNet> {
    // `IPSET_ATTR_IPADDR_IPV4` or `_IPV6` is the only one within.
    let address = attributes.get(address)?.nested().next()?.address()?;
    let own = attributes.get(length).and_then(Attribute::u8).or(netmask);
    IpNet::new(address, own.unwrap_or_else(|| Family::of(address).bits())).ok()
}

fn port(attributes: Attributes<'_>) -> Option<IpSetPart> {
    let port = attributes.get(element::PORT).and_then(Attribute::be16)?;
    let protocol = attributes.get(element::PROTO).and_then(Attribute::u8);
    Some(IpSetPart::Port { protocol, first: port, last: port })
}

#[cfg(test)]
mod tests;
