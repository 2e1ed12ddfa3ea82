//! One attachment's part: a veth pair, the container's addresses and routes, and its elements in
//! the sets that hold it to its addresses and publish its ports.

use super::ground::{elements, empty, set};
use super::{Node, mtu};
use crate::cluster::{Attachment, Network, Publish, Rate};
use crate::host::link::{BridgePort, Veth};
use crate::host::nft::{Key, NftFamily, Set, SetValue};
use crate::host::qdisc::{FilterKind, Place, QdiscKind, Tbf};
use crate::host::route::Nexthop;
use crate::host::{
    Address, Filter, Link, LinkKind, Namespace, NamespaceId, Never, Qdisc, Route, Wanted,
};
use crate::net::{Family, LinkName};
use std::net::IpAddr;

/// The fragment of one attachment.
pub fn attachment(node: &Node, network: &Network, attachment: &Attachment) -> Wanted {
    let mut wanted = Wanted::default();
    let container = NamespaceId::Container(attachment.id.container.to_string());
    let link = attachment.id.host_link();
    let mtu = mtu(node, network);

    let host = wanted.namespace(NamespaceId::Host);
    host.links.insert(Link {
        mtu: Some(mtu),
        up: true,
        master: Some(network.bridge.clone()),
        // With br_netfilter a published port's packet may have to leave by the port it came by.
        port: Some(BridgePort { hairpin: !attachment.publish.is_empty(), ..BridgePort::default() }),
        alias: Some(format!("glassnet {} {}", attachment.network, attachment.id)),
        link_local: Some(false),
        ..Link::ours(
            link.clone(),
            LinkKind::Veth(Veth::to(container.clone(), attachment.id.interface.clone())),
        )
    });
    let comment = || Some(attachment.id.to_string());
    host.nft.tables.insert(elements(NftFamily::Bridge, sources(network, attachment, &link)));
    host.nft.tables.insert(elements(NftFamily::Inet, published(attachment, &comment)));
    shape(host, attachment, &link, mtu);

    let inside = wanted.namespace(container);
    let interface = &attachment.id.interface;
    inside.links.insert(Link {
        mac: Some(attachment.mac),
        mtu: Some(mtu),
        up: true,
        ..Link::ours(interface.clone(), LinkKind::Veth(Veth::to(NamespaceId::Host, link)))
    });
    for pool in &network.pools {
        let Some(address) = attachment.address(pool.family()) else { continue };
        let prefix = attachment.prefix(network, address);
        inside.addresses.insert(Address::new(interface.clone(), prefix));
        if !prefix.contains(&pool.gateway) {
            let there = Nexthop::on(interface.clone());
            inside.routes.insert(Route::ours(crate::net::single(pool.gateway), there));
        }
        if network.spread.is_some() && !attachment.default_route {
            // The rest of the network is beyond the gateway, whatever else is not.
            let gateway = Nexthop::via(pool.gateway, interface.clone());
            inside.routes.insert(Route::ours(pool.subnet, gateway));
        }
        if attachment.default_route {
            let gateway = Nexthop::via(pool.gateway, interface.clone());
            inside.routes.insert(Route::ours(pool.family().everything(), gateway));
        }
    }
    wanted
}

/// Which sources the port may bear.
fn sources(network: &Network, attachment: &Attachment, link: &LinkName) -> Vec<Set> {
    if network.spoofing {
        return Vec::new();
    }
    let mac = attachment.mac;
    let mut sets = [set::PORTS, set::MACS, set::SOURCE4, set::SOURCE6].map(empty);
    let [ports, macs, source4, source6] = &mut sets;
    let comment = || Some(attachment.id.to_string());
    ports.elements.insert(Key::new().link(link), None, comment());
    macs.elements.insert(Key::new().link(link).mac(mac), None, comment());
    if let Some(address) = attachment.address(Family::V4) {
        source4.elements.insert(Key::new().link(link).mac(mac).address(address), None, comment());
    }
    // The kernel gives every link a link-local address, also in a network without IPv6.
    let link_local = IpAddr::V6(mac.link_local());
    for address in attachment.address(Family::V6).into_iter().chain([link_local]) {
        source6.elements.insert(Key::new().link(link).mac(mac).address(address), None, comment());
    }
    sets.into_iter().collect()
}

/// Which ports of the host lead here.
fn published(attachment: &Attachment, comment: &dyn Fn() -> Option<String>) -> Vec<Set> {
    let mut sets = Vec::new();
    for (family, any, at, own) in [
        (Family::V4, set::PUBLISH4, set::PUBLISH4_AT, set::SELF4),
        (Family::V6, set::PUBLISH6, set::PUBLISH6_AT, set::SELF6),
    ] {
        let Some(address) = attachment.address(family) else { continue };
        let (mut any, mut at) = (empty(any), empty(at));
        for publish in attachment.publish.iter().filter(|publish| publish.serves(family)) {
            let Publish { transport, host_port, container_port, .. } = *publish;
            let value = SetValue::Data(Key::new().address(address).port(container_port).0);
            let key = Key::new();
            match publish.host_address {
                // `-p 0.0.0.0:80:80` means every address, but of this family alone.
                None | Some(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED)) => {
                    any.elements.insert(
                        key.transport(transport).port(host_port),
                        Some(value),
                        comment(),
                    );
                }
                Some(IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED)) => {
                    any.elements.insert(
                        key.transport(transport).port(host_port),
                        Some(value),
                        comment(),
                    );
                }
                Some(host) => {
                    let key = key.address(host).transport(transport).port(host_port);
                    at.elements.insert(key, Some(value), comment());
                }
            }
        }
        let mut own = empty(own);
        if !(any.elements.0.is_empty() && at.elements.0.is_empty()) {
            own.elements.insert(Key::new().address(address).address(address), None, comment());
        }
        sets.extend([any, at, own].into_iter().filter(|set| !set.elements.0.is_empty()));
    }
    sets
}

/// Bandwidth limits. What the container receives waits at the host's end of the veth; what it
/// sends is led through a link of its own, since a queue inside the container would be the
/// container's to remove.
fn shape(host: &mut Namespace<Never>, attachment: &Attachment, link: &LinkName, mtu: u32) {
    if let Some(rate) = attachment.bandwidth.ingress {
        let kind = QdiscKind::Tbf(bucket(rate, mtu));
        host.qdiscs.insert(Qdisc { link: link.clone(), place: Place::Root, kind });
    }
    if let Some(rate) = attachment.bandwidth.egress {
        let shaper = attachment.id.shaper_link();
        host.links.insert(Link {
            mtu: Some(mtu),
            up: true,
            alias: Some(format!(
                "glassnet {} {} (egress limit)",
                attachment.network, attachment.id
            )),
            link_local: Some(false),
            ..Link::ours(shaper.clone(), LinkKind::Ifb)
        });
        let kind = QdiscKind::Tbf(bucket(rate, mtu));
        host.qdiscs.insert(Qdisc { link: shaper.clone(), place: Place::Root, kind });
        host.qdiscs.insert(Qdisc {
            link: link.clone(),
            place: Place::Ingress,
            kind: QdiscKind::Ingress,
        });
        host.filters
            .insert(Filter { link: link.clone(), kind: FilterKind::RedirectAll { to: shaper } });
    }
}

/// The bucket of a rate. A packet larger than the bucket would never pass, and a super-packet of
/// segmentation offload is one packet until it leaves: tbf cuts those, so room for one frame is
/// enough. What waits is bounded to 25 ms of the rate.
fn bucket(rate: Rate, mtu: u32) -> Tbf {
    const FRAME_OVERHEAD: u64 = 14 + 4;
    const LONGEST_WAIT_MS: u64 = 25;
    let bytes_per_second = (rate.bits_per_second / 8).max(1);
    let burst = (rate.burst_bits / 8).max(u64::from(mtu) + FRAME_OVERHEAD);
    let waiting = bytes_per_second.saturating_mul(LONGEST_WAIT_MS) / 1000;
    let clamp = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX);
    Tbf { rate: bytes_per_second, burst: clamp(burst), limit: clamp(burst + waiting) }
}
