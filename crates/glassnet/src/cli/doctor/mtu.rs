//! Whether every link on a packet's way carries packets of one size. A bridge drops what is larger
//! than the port it leaves by (`is_skb_forwardable` in `net/core/dev.c`), and tells nobody.

use super::seen::Seen;
use model::explain::Finding;
use model::host::route::{RouteKind, TABLE_MAIN};
use model::host::{Link, LinkKind, Namespace, Unknown};
use model::net::Family;

/// Ports of any bridge, ours or not, that differ from it.
pub(super) fn ports(seen: &Seen) -> Vec<Finding> {
    let Some(host) = seen.host() else { return Vec::new() };
    let differing = host.links.iter().filter_map(|port| {
        let bridge = host.links.get(port.master.as_ref()?)?;
        let (bridge_mtu, port_mtu) = (bridge.mtu?, port.mtu?);
        let is_bridge = matches!(bridge.kind, LinkKind::Bridge(_));
        (is_bridge && bridge_mtu != port_mtu).then(|| Finding::PortMtu {
            bridge: bridge.name.clone(),
            bridge_mtu,
            port: port.name.clone(),
            port_mtu,
        })
    });
    differing.collect()
}

/// Networks whose bridge carries more than the link of the default route.
pub(super) fn underlay(seen: &Seen) -> Vec<Finding> {
    let Some(host) = seen.host() else { return Vec::new() };
    let too_large = seen.networks.iter().filter_map(|network| {
        let bridge_mtu = host.links.get(&network.bridge)?.mtu?;
        let families = Family::BOTH.into_iter().filter(|family| network.pool(*family).is_some());
        let underlay = families.filter_map(|family| way_out(host, family));
        let smallest =
            underlay.filter_map(|link| Some((link.mtu?, link))).min_by_key(|(mtu, _)| *mtu);
        let (underlay_mtu, underlay) = smallest?;
        (bridge_mtu > underlay_mtu).then(|| Finding::UnderlayMtu {
            network: network.name.clone(),
            bridge: network.bridge.clone(),
            bridge_mtu,
            underlay: underlay.name.clone(),
            underlay_mtu,
        })
    });
    too_large.collect()
}

/// The link of the family's preferred default route.
fn way_out(host: &Namespace<Unknown>, family: Family) -> Option<&Link<Unknown>> {
    let defaults = host.routes.iter().filter(|route| {
        route.table == TABLE_MAIN
            && route.kind == RouteKind::Unicast
            && route.destination == family.everything()
    });
    let preferred = defaults.min_by_key(|route| route.metric)?;
    host.links.get(preferred.nexthops.first()?.link.as_ref()?)
}
