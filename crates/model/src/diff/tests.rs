//! The difference is checked by carrying its steps out on plain values ([`apply`]) and looking
//! whether the wanted state came out.

mod apply;
mod peers;
mod wanted;

use super::*;
use crate::plan;
use apply::apply;
use proptest::prelude::*;
use wanted::{Case, case};

fn host_only() -> Actual {
    let mut actual = Actual::default();
    actual.namespace(NamespaceId::Host);
    actual
}

proptest! {
    /// From nothing to a random plan, and there is nothing left to do; the way back leaves nothing.
    #[test]
    fn a_second_diff_is_empty(case in case()) {
        let wanted = case.wanted();
        let mut actual = host_only();
        let first = diff(&wanted, &actual);
        prop_assert!(first.conflicts.is_empty());
        apply(&mut actual, &first.steps);
        let second = diff(&wanted, &actual);
        prop_assert!(second.is_empty(), "{:#?}", second);

        let back = undo(&first.steps);
        apply(&mut actual, &back);
        let host = &actual.namespaces[&NamespaceId::Host];
        prop_assert!(host.links.is_empty() && host.nft.tables.is_empty() && host.addresses.is_empty());
    }

    /// From one random plan to another.
    #[test]
    fn any_plan_leads_to_any_other(from in case(), to in case()) {
        let mut actual = host_only();
        let first = diff(&from.wanted(), &actual).steps;
        apply(&mut actual, &first);
        let steps = diff(&to.wanted(), &actual).steps;
        apply(&mut actual, &steps);
        let rest = diff(&to.wanted(), &actual);
        prop_assert!(rest.is_empty(), "{:#?}", rest);
    }

    /// One attachment's steps can be found without looking at the others.
    #[test]
    fn an_attachment_is_a_fragment(case in case()) {
        let Case { node, networks, mut attachments } = case;
        let Some(last) = attachments.pop() else { return Ok(()) };
        let network = networks.iter().find(|n| n.name == last.network).unwrap();
        let mut actual = host_only();
        let others = plan::host(&node, &networks, &attachments, &Default::default());
        let first = diff(&others, &actual).steps;
        apply(&mut actual, &first);

        let fragment = plan::attachment(&node, network, &last);
        apply(&mut actual, &appear(&fragment));
        let all = plan::host(&node, &networks, attachments.iter().chain([&last]), &Default::default());
        let rest = diff(&all, &actual);
        prop_assert!(rest.is_empty(), "{:#?}", rest);
    }
}

#[test]
fn a_foreign_link_of_the_same_name_is_a_conflict_and_stays() {
    let case = Case::smallest();
    let mut actual = host_only();
    let host = actual.namespace(NamespaceId::Host);
    let mut foreign = Link::ours(
        case.networks[0].bridge.clone(),
        LinkKind::Bridge(crate::host::Bridge::default()),
    );
    foreign.group = 0;
    host.links.insert(foreign);
    let diff = diff(&case.wanted(), &actual);
    let [Conflict::ForeignLink { name, .. }] = &diff.conflicts[..] else { panic!("{diff:?}") };
    assert_eq!(*name, case.networks[0].bridge);
    let touches = |step: &Step| matches!(&step.change, Change::DeleteLink { .. });
    assert!(!diff.steps.iter().any(touches));
}

#[test]
fn a_host_that_forwards_has_its_rules_already() {
    let wanted = Case::smallest().wanted();
    let steps = diff(&wanted, &host_only()).steps;
    let at = |what: &dyn Fn(&Change) -> bool| steps.iter().position(|s| what(&s.change)).unwrap();
    let forwarding = at(
        &|change| matches!(change, Change::SetSysctl { sysctl, .. } if sysctl.path.ends_with("forwarding")),
    );
    let advertisements = at(
        &|change| matches!(change, Change::SetSysctl { sysctl, .. } if sysctl.path == "net/ipv6/conf/eth0/accept_ra"),
    );
    let rules = at(&|change| matches!(change, Change::Nft(_)));
    let veth = at(&|change| matches!(change, Change::CreateVeth { .. }));
    assert!(advertisements < forwarding, "else the host loses its default route");
    assert!(rules < veth && veth < forwarding);
}

#[test]
fn a_prefix_route_that_somebody_took_is_made_again_alone() {
    let wanted = Case::smallest().wanted();
    let mut actual = host_only();
    let first = diff(&wanted, &actual).steps;
    apply(&mut actual, &first);
    let routes = &mut actual.namespace(NamespaceId::Host).routes;
    routes.retain(|route| route.destination != "10.0.0.0/24".parse().unwrap());
    let rest = diff(&wanted, &actual);
    let [Step { change: Change::AddRoute(route), .. }] = &rest.steps[..] else {
        panic!("{rest:#?}")
    };
    assert_eq!(route.source, Some("10.0.0.1".parse().unwrap()));
    // With the link down there is none, and the kernel makes it when the link comes up.
    let links = &mut actual.namespace(NamespaceId::Host).links;
    links.get_mut(&route.nexthops[0].link.clone().unwrap()).unwrap().up = false;
    let rest = diff(&wanted, &actual).steps;
    assert!(!rest.iter().any(|step| matches!(step.change, Change::AddRoute(_))), "{rest:#?}");
}
