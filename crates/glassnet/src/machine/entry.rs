//! Where a packet that another host sent comes into this one.

use model::host::{Link, LinkKind, Namespace, NamespaceId, Unknown};
use model::net::{LinkName, Mac};
use model::path::{Layer, Packet, Part, Source};
use std::net::IpAddr;

/// A link that takes a packet in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) link: LinkName,
    /// As it arrives: without its frame, if that was for a router between.
    pub(crate) packet: Packet,
    pub(crate) between: bool,
}

/// By which link of the host's own namespace a packet comes in: that which the frame is for; else that
/// whose address the sender took it to be for, and which will find that it is not; else, behind routers,
/// that which has the packet's destination. `None` if it is for none.
pub(crate) fn entry(
    source: &mut dyn Source<'static>,
    packet: &Packet,
    next_hop: Option<IpAddr>,
) -> Result<Option<Entry>, String> {
    let links = source.read(&NamespaceId::Host, &Part::Links)?;
    let taken = |link: LinkName, packet: Packet, between| Ok(Some(Entry { link, packet, between }));
    let mac = match packet.layers.first() {
        Some(Layer::Ethernet { destination, .. }) => Some(*destination),
        _ => None,
    };
    if let Some(link) = mac.and_then(|mac| wired(&links, mac)) {
        return taken(link, packet.clone(), false);
    }
    let addresses = source.read(&NamespaceId::Host, &Part::Addresses)?;
    let bearer = |address: IpAddr| {
        let mut on = addresses.addresses.iter().filter(|a| a.prefix.addr() == address);
        on.find_map(|a| port(&links, &a.link))
    };
    if let Some(link) = next_hop.and_then(bearer) {
        return taken(link, packet.clone(), false);
    }
    match packet.addresses().and_then(|(_, to)| bearer(to)) {
        Some(link) => {
            let framed = |layer: &&Layer| matches!(layer, Layer::Ethernet { .. });
            let layers = packet.layers.iter().skip_while(framed).cloned().collect();
            taken(link, Packet { layers }, true)
        }
        None => Ok(None),
    }
}

/// The link of the host's own namespace that has the address, and its MAC address.
pub(crate) fn bearer(
    source: &mut dyn Source<'static>,
    address: IpAddr,
) -> Result<Option<(LinkName, Mac)>, String> {
    let links = source.read(&NamespaceId::Host, &Part::Links)?;
    let addresses = source.read(&NamespaceId::Host, &Part::Addresses)?;
    let mut on = addresses.addresses.iter().filter(|a| a.prefix.addr() == address && !a.tentative);
    Ok(on.find_map(|a| Some((a.link.clone(), links.links.get(&a.link)?.mac?))))
}

/// A network card with this MAC address, or one that is a port of the bridge which has it.
fn wired(links: &Namespace<Unknown>, mac: Mac) -> Option<LinkName> {
    let links = &links.links;
    let is_its = |link: &Link<Unknown>| link.mac == Some(mac);
    let leads_to_it = |link: &Link<Unknown>| {
        let owner = link.master.as_ref().and_then(|master| links.get(master));
        owner.map_or_else(|| is_its(link), is_its)
    };
    let mut found = links.iter().filter(|link| matches!(link.kind, LinkKind::Device));
    found.find(|link| link.up && leads_to_it(link)).map(|link| link.name.clone())
}

/// The link itself if it is a network card, or the one that is a port of it.
fn port(links: &Namespace<Unknown>, of: &LinkName) -> Option<LinkName> {
    let links = &links.links;
    let is_card = |link: &&Link<Unknown>| matches!(link.kind, LinkKind::Device);
    let itself = links.get(of).filter(is_card);
    let found = itself
        .or_else(|| links.iter().filter(is_card).find(|link| link.master.as_ref() == Some(of)));
    found.map(|link| link.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::host::Actual;
    use serde_json::json;
    use std::borrow::Cow;

    struct Host(Actual);

    impl Source<'static> for Host {
        fn read(
            &mut self,
            of: &NamespaceId,
            part: &Part,
        ) -> Result<Cow<'static, Namespace<Unknown>>, String> {
            let whole = self.0.namespaces.get(of).ok_or("not there")?;
            Ok(Cow::Owned(part.of(whole)))
        }
    }

    fn mac(last: u8) -> Mac {
        Mac([2, 0, 0, 0, 0, last])
    }

    /// `eth0` with 192.0.2.2, `eth1` as a port of `br0` with 198.51.100.2.
    fn host() -> Host {
        let link = |name: &str, last: u8, kind: LinkKind<Unknown>, master: Option<&str>| Link {
            up: true,
            mac: Some(mac(last)),
            master: master.map(|name| name.parse().unwrap()),
            ..Link::ours(name.parse().unwrap(), kind)
        };
        let bridge = LinkKind::Bridge(model::host::link::Bridge::default());
        let address = |prefix: &str, link: &str| {
            model::host::Address::new(link.parse().unwrap(), prefix.parse().unwrap())
        };
        let mut own = Namespace::default();
        own.links.extend([
            link("eth0", 1, LinkKind::Device, None),
            link("eth1", 2, LinkKind::Device, Some("br0")),
            link("br0", 3, bridge, None),
        ]);
        own.addresses.extend([address("192.0.2.2/24", "eth0"), address("198.51.100.2/24", "br0")]);
        let mut actual = Actual::default();
        actual.namespaces.insert(NamespaceId::Host, own);
        Host(actual)
    }

    fn packet(to: &str, frame: u8) -> Packet {
        let layers = json!([
            { "ethernet": { "source": mac(9), "destination": mac(frame) } },
            { "ip": { "source": "192.0.2.1", "destination": to, "hops": 64, "dont_fragment": true } },
        ]);
        serde_json::from_value(json!({ "layers": layers })).unwrap()
    }

    #[test]
    fn the_frame_says_first_where_it_comes_in() {
        let cases = [
            // To whom, for which MAC address, by which next hop: by which link, behind a router?
            ("10.1.0.5", 1, None, Some(("eth0", false))),
            ("10.1.0.5", 3, None, Some(("eth1", false))),
            ("192.0.2.2", 2, None, Some(("eth0", true))),
            ("192.0.2.2", 7, Some("192.0.2.2"), Some(("eth0", false))),
            ("198.51.100.2", 7, Some("192.0.2.254"), Some(("eth1", true))),
            ("10.1.0.5", 7, Some("192.0.2.2"), Some(("eth0", false))),
            ("10.1.0.5", 7, Some("192.0.2.254"), None),
        ];
        for (to, frame, next_hop, wanted) in cases {
            let next_hop = next_hop.map(|address| address.parse().unwrap());
            let packet = packet(to, frame);
            let found = entry(&mut host(), &packet, next_hop).unwrap();
            let said = found.as_ref().map(|found| (found.link.as_str(), found.between));
            assert_eq!(said, wanted, "to {to}, framed for {frame}, by {next_hop:?}");
            let framed = found.is_none_or(|found| found.between != (found.packet == packet));
            assert!(framed, "what comes from a router bears another frame");
        }
    }

    #[test]
    fn the_bearer_of_an_address_tells_its_mac() {
        let found = |address: &str| bearer(&mut host(), address.parse().unwrap()).unwrap();
        assert_eq!(found("198.51.100.2"), Some(("br0".parse().unwrap(), mac(3))));
        assert_eq!(found("198.51.100.3"), None);
    }
}
