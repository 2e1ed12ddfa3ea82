//! Changes as people write them, and what comes of a packet.

use super::{Change, Changed, Deed};
use crate::explain::ChangeFault;
use crate::host::link::Veth;
use crate::host::nft::{
    BaseChain, Chain, ChainKind, Expression, Hook, NftFamily, NftTable, Policy, Rule, Verdict,
};
use crate::host::route::Nexthop;
use crate::host::{Actual, Address, Link, LinkKind, NamespaceId, Route, Sysctl};
use crate::net::{LinkName, Mac};
use crate::path::{Asked, End, Question, Reason, trace};

fn name(name: &str) -> LinkName {
    name.parse().unwrap()
}

/// Two namespaces with a cable between them: `host` asks `web`, whose rule 7 drops it.
fn state() -> Actual {
    let mut actual = Actual::default();
    let web = NamespaceId::Named("netns:web".into());
    let ends = [(NamespaceId::Host, web.clone(), 1), (web.clone(), NamespaceId::Host, 2)];
    for (here, there, number) in ends {
        let namespace = actual.namespace(here);
        let mut link = Link::ours(name("eth0"), LinkKind::Veth(Veth::to(there, name("eth0"))));
        link.mac = Some(Mac([2, 0, 0, 0, 0, number]));
        (link.mtu, link.up, link.carrier) = (Some(1500), true, Some(true));
        namespace.links.insert(link);
        let mut lo = Link::ours(name("lo"), LinkKind::Loopback);
        (lo.mtu, lo.up) = (Some(65536), true);
        namespace.links.insert(lo);
        let address = Address::new(name("eth0"), format!("10.0.0.{number}/24").parse().unwrap());
        namespace.routes.extend(super::apply::routes_of(&address));
        namespace.addresses.insert(address);
        for path in ["net/ipv4/conf/all/rp_filter", "net/ipv4/conf/eth0/rp_filter"] {
            namespace.sysctls.insert(Sysctl::new(path, "0"));
        }
        for path in ["net/ipv4/conf/all/src_valid_mark", "net/ipv4/conf/eth0/src_valid_mark"] {
            namespace.sysctls.insert(Sysctl::new(path, "0"));
        }
    }
    let drop = Rule {
        handle: Some(7),
        comment: None,
        expressions: vec![Expression::Verdict(Verdict::Drop)],
    };
    let base = BaseChain {
        kind: ChainKind::Filter,
        hook: Hook::Input,
        priority: 0,
        policy: Policy::Accept,
        devices: Vec::new(),
    };
    let chain = Chain { name: "in".to_owned(), base: Some(base), rules: vec![drop] };
    let table = NftTable {
        family: NftFamily::Inet,
        name: "guard".to_owned(),
        comment: None,
        sets: Default::default(),
        chains: [chain].into_iter().collect(),
    };
    actual.namespace(web).nft.tables.insert(table);
    actual
}

fn read(text: &str) -> Result<Change, ChangeFault> {
    let find = |name: &str| (name == "web").then(|| NamespaceId::Named("netns:web".into()));
    Change::read(text, &NamespaceId::Host, find)
}

/// Where a ping from `host` ends after these.
fn end(texts: &[&str]) -> Result<End, ChangeFault> {
    let state = state();
    let mut source = &state;
    let changes: Vec<_> = texts.iter().map(|text| read(text)).collect::<Result<_, _>>()?;
    let mut changed = Changed::new(&mut source, &changes)?;
    let to = "10.0.0.2".parse().unwrap();
    let question = Question::new(NamespaceId::Host, to, Asked::Echo);
    Ok(trace("ha", &mut changed, question).0.end)
}

fn dropped(texts: &[&str]) -> Reason {
    match end(texts).unwrap() {
        End::Dropped { because, .. } => because,
        other => panic!("{texts:?}: {other:?}"),
    }
}

#[test]
fn what_a_rule_drops_is_delivered_without_it() {
    assert!(matches!(dropped(&[]), Reason::Rule { .. }));
    for change in [
        "in web: delete rule handle 7",
        "in web: delete rule handle 7 chain in table inet guard",
        "in web: flush chain inet guard in",
        "in web: delete table guard",
    ] {
        assert!(
            matches!(end(&[change]), Ok(End::Delivered { .. })),
            "{change}: {:?}",
            end(&[change])
        );
    }
    let both = ["in web: flush chain guard in", "in web: set policy guard in drop"];
    assert!(matches!(dropped(&both), Reason::Rule { .. }));
}

#[test]
fn what_goes_takes_along_what_hangs_on_it() {
    let free = "in web: delete table guard";
    assert!(matches!(dropped(&[free, "in web: set link eth0 down"]), Reason::LinkDown { .. }));
    assert!(matches!(dropped(&["set link eth0 down"]), Reason::NoRoute { .. }));
    assert!(matches!(dropped(&["delete address 10.0.0.1/24 dev eth0"]), Reason::NoRoute { .. }));
    assert!(matches!(dropped(&["delete route 10.0.0.0/24"]), Reason::NoRoute { .. }));
    let away = "in web: delete address 10.0.0.2 dev eth0";
    assert!(matches!(dropped(&[free, away]), Reason::NoNeighbour { .. }));
    let back = "in web: add address 10.0.0.2/24 dev eth0";
    assert!(matches!(end(&[free, away, back]), Ok(End::Delivered { .. })));
    assert!(matches!(dropped(&["add route unreachable 10.0.0.2"]), Reason::RouteRefuses { .. }));
    let rule =
        ["add rule to 10.0.0.0/24 table 7 priority 5", "add route blackhole 10.0.0.2 table 7"];
    // Rules were not read here, and then begin with those that are added.
    assert!(matches!(dropped(&rule), Reason::RouteRefuses { .. }));
}

#[test]
fn every_form_is_read() {
    let route = Route::ours("10.9.0.0/16".parse().unwrap(), Nexthop::on(name("eth0")));
    let Deed::AddRoute(read_route) = read("add route 10.9.1.1/16 dev eth0").unwrap().deed else {
        panic!()
    };
    assert_eq!((read_route.destination, read_route.nexthops), (route.destination, route.nexthops));
    let Deed::AddRoute(route) =
        read("add route default via fe80::1 dev eth0 mtu 1400").unwrap().deed
    else {
        panic!()
    };
    assert_eq!((route.destination.to_string().as_str(), route.mtu), ("::/0", Some(1400)));
    for text in [
        "del route default via 10.0.0.9 dev eth0 table 9",
        "add rule from 10.0.0.0/8 iif eth0 fwmark 0x10/0xff table 100 priority 99",
        "delete rule priority 99",
        "add neighbour 10.0.0.9 lladdr 02:00:00:00:00:09 dev eth0",
        "delete neigh 10.0.0.9 dev eth0",
        "add fdb 02:00:00:00:00:09 dev vx0 dst 192.0.2.1",
        "delete fdb 02:00:00:00:00:09 dev vx0",
        "set link eth0 mtu 1400",
        "set link eth0 address 02:00:00:00:00:09",
        "set link eth0 hairpin on",
        "set link eth0 isolated off",
        "delete link eth0",
        "flush connections",
    ] {
        read(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    }
    let sysctl = |text: &str| match read(text).unwrap().deed {
        Deed::SetSysctl { path, value } => (path, value),
        other => panic!("{other:?}"),
    };
    let forwarding = ("net/ipv4/ip_forward".to_owned(), "1".to_owned());
    for text in ["net.ipv4.ip_forward=1", "net/ipv4/ip_forward = 1", "net.ipv4.ip_forward 1"] {
        assert_eq!(sysctl(&format!("set sysctl {text}")), forwarding, "{text}");
    }
    let dotted = sysctl("set sysctl net.ipv4.conf.eth0/1.rp_filter=2").0;
    assert_eq!(dotted, "net/ipv4/conf/eth0.1/rp_filter");
}

#[test]
fn what_cannot_be_tried_says_why() {
    for (text, wanted) in [
        ("", "missing"),
        ("paint link eth0", "cannot be tried"),
        ("add route 10.0.0.0/8", "\"dev\" needs a value"),
        ("add route 10.0.0.0/99 dev eth0", "a prefix"),
        ("set link eth0 sideways", "up, down"),
        ("set link eth0 up now", "\"now\" was not expected"),
        ("in nowhere: set link eth0 up", "no namespace nowhere"),
        ("in web set link eth0 up", "colon"),
        ("delete rule handle x", "handle"),
    ] {
        let said = read(text).unwrap_err().to_string();
        assert!(said.contains(wanted), "{text}: {said}");
    }
    for nothing in [
        "delete rule handle 8",
        "in web: delete rule handle 8",
        "delete route 10.77.0.0/16",
        "delete link eth9",
        "set policy inet guard in drop",
    ] {
        let fault = end(&[nothing]).unwrap_err();
        assert!(matches!(fault, ChangeFault::Nothing { .. }), "{nothing}: {fault}");
    }
    let unread = end(&["in web: set sysctl net/ipv4/ip_forward=1"]);
    assert!(unread.is_ok(), "a setting that was not read may be set: {unread:?}");
}
