//! Routes, neighbours and forwarding entries take each other's place, and give it back.

use super::apply::apply;
use super::*;
use crate::host::link::Vxlan;
use crate::host::neighbour::{FdbEntry, Neighbour, NeighbourState};
use crate::host::route::{Nexthop, Route};
use crate::net::Mac;
use std::net::IpAddr;

fn tunnel() -> LinkName {
    "gx-t".parse().unwrap()
}

/// A tunnel end and one peer, whose parts are numbered.
fn state(vni: u32, mtu: u32, remote: u8, mac: u8, hop: u8) -> Wanted {
    let mut wanted = Wanted::default();
    let wants = wanted.namespace(NamespaceId::Host);
    let local = Some([192, 0, 2, 1].into());
    let vxlan = Vxlan { vni, port: 4789, local, learning: false, df: true };
    wants.links.insert(Link {
        up: true,
        mac: Some(Mac([6, 0, 0, 0, 0, 1])),
        mtu: Some(mtu),
        link_local: Some(true),
        ..Link::ours(tunnel(), LinkKind::Vxlan(vxlan))
    });
    wants.sysctls.insert(Sysctl::new("net/ipv6/conf/gx-t/accept_dad", "0"));
    let peer = Mac([6, 0, 0, 0, 0, 2]);
    wants.fdb.insert(FdbEntry::tunnel(tunnel(), peer, [192, 0, 2, remote].into()));
    wants.neighbours.insert(Neighbour {
        link: tunnel(),
        address: peer.link_local().into(),
        mac: Some(Mac([6, 0, 0, 0, 0, mac])),
        state: NeighbourState::Permanent,
    });
    for block in ["10.1.2.0/26", "fd00:1:2::/122"] {
        let gateway = IpAddr::from(Mac([6, 0, 0, 0, 0, hop]).link_local());
        let route = Route::ours(block.parse().unwrap(), Nexthop::via(gateway, tunnel()));
        wants.routes.insert(Route { mtu: Some(1400), ..route });
    }
    wanted
}

#[test]
fn what_changes_in_place_changes_back() {
    let from = state(7, 1450, 2, 2, 2);
    let mut actual = host_only();
    let first = diff(&from, &actual).steps;
    apply(&mut actual, &first);
    assert!(diff(&from, &actual).is_empty());
    let before = actual.clone();
    for (to, changes) in [
        (state(7, 1450, 3, 2, 2), 1),
        (state(7, 1450, 2, 3, 2), 1),
        (state(7, 1450, 2, 2, 3), 2),
        // With a link's MTU the kernel may have raised that of IPv6 routes.
        (state(7, 1430, 2, 2, 2), 2),
    ] {
        let steps = diff(&to, &actual).steps;
        assert_eq!(steps.len(), changes, "{steps:#?}");
        apply(&mut actual, &steps);
        assert!(diff(&to, &actual).is_empty());
        apply(&mut actual, &undo(&steps));
        assert_eq!(actual, before);
    }
}

#[test]
fn a_tunnel_made_again_gets_back_all_that_was_on_it() {
    let mut actual = host_only();
    let first = diff(&state(7, 1450, 2, 2, 2), &actual).steps;
    apply(&mut actual, &first);
    let to = state(8, 1450, 2, 2, 2);
    let steps = diff(&to, &actual).steps;
    apply(&mut actual, &steps);
    let rest = diff(&to, &actual);
    assert!(rest.is_empty(), "{rest:#?}");
    // Its settings are there before it comes up, and it is up before routes lead through it.
    let at = |what: &dyn Fn(&Change) -> bool| steps.iter().position(|s| what(&s.change)).unwrap();
    let delete = at(&|change| matches!(change, Change::DeleteLink { .. }));
    let create = at(&|change| matches!(change, Change::CreateLink(link) if !link.up));
    let setting = at(&|change| matches!(change, Change::SetSysctl { .. }));
    let up = at(&|change| matches!(change, Change::ChangeLink { to, .. } if to.up == Some(true)));
    let peer = at(&|change| matches!(change, Change::AddNeighbour(_)));
    let route = at(&|change| matches!(change, Change::AddRoute(_)));
    assert!([delete, create, setting, up, peer, route].is_sorted(), "{steps:#?}");
}
