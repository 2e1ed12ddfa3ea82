//! Files that are right, and what they come to mean.

use crate::file::parse;
use crate::topology::{LinkEnd, Role};

#[test]
fn every_example_is_right() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let mut count = 0;
    for entry in std::fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            crate::file::read(&path).unwrap_or_else(|error| panic!("{error}"));
            count += 1;
        }
    }
    assert!(count > 0, "no examples in {examples}");
}

#[test]
fn defaults_are_filled_in() {
    let text = "
lab: x
switches: { fast: { mtu: 9000 }, plain: }
hosts:
  a:
    links:
      eth0: { to: fast, address: 192.0.2.1/24 }
      eth1: { to: b.eth1, address: [198.51.100.1/30] }
      eth2: { to: plain }
    serve: 80:hello:you
routers:
  b:
    links: { eth1: { to: a.eth1, address: 198.51.100.2/30, mtu: 1300 } }
    sysctls: { net.ipv4.conf.eth1.rp_filter: 2 }
";
    let lab = parse("x.yaml", text).unwrap_or_else(|report| panic!("{report}"));
    let [a, b] = lab.machines.as_slice() else { panic!("two machines") };
    assert_eq!((a.role, a.node, b.role, b.node), (Role::Host, true, Role::Router, false));
    assert_eq!(a.links.iter().map(|link| link.mtu).collect::<Vec<_>>(), [9000, 1300, 1500]);
    assert_eq!(
        a.links[1].to,
        LinkEnd::Machine { machine: "b".to_owned(), link: "eth1".to_owned() }
    );
    assert_eq!((a.serve[0].port, a.serve[0].text.as_str()), (80, "hello:you"));
    assert_eq!(b.sysctls[0].value, "2");
}
