//! Who reaches whom.

use crate::alpha;

fn page(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn reach(bridge_nf_call: u8) {
    let lab = alpha::up(&format!("reach{bridge_nf_call}"), bridge_nf_call);

    // Inside one network, both families.
    assert_eq!(lab.fetch("alpha/client", "http://10.1.0.10/"), page("web"));
    assert_eq!(lab.fetch("alpha/client", "http://[fd00:1::10]/"), page("web"));
    assert!(lab.pings("alpha/client", "10.1.0.1") && lab.pings("alpha/client", "fd00:1::1"));
    // From the host itself.
    assert_eq!(lab.fetch("alpha", "http://10.1.0.10/"), page("web"));
    assert_eq!(lab.fetch("alpha", "http://[fd00:1::10]/"), page("web"));
    // To the outside, under the host's address: the outside has no route to green's subnet.
    assert_eq!(lab.fetch("alpha/other", "http://192.0.2.254/"), page("outside"));
    assert_eq!(lab.fetch("alpha/other", "http://[2001:db8::fe]/"), page("outside"));

    // Published: from outside, from the host by every address, from containers, from oneself.
    for place in ["outside", "alpha", "alpha/client", "alpha/web", "alpha/other"] {
        assert_eq!(lab.fetch(place, "http://192.0.2.1:8080/"), page("web"), "{place}");
        assert_eq!(lab.fetch(place, "http://192.0.2.1:8081/"), page("web"), "{place}");
        assert_eq!(lab.fetch(place, "http://[2001:db8::1]:8080/"), page("web"), "{place}");
    }
    assert_eq!(lab.fetch("alpha", "http://127.0.0.1:8080/"), page("web"));
    assert_eq!(lab.fetch("alpha", "http://[::1]:8080/"), page("web"));
    assert_eq!(lab.fetch("alpha", "http://127.0.0.1:8081/"), None, "published on one address only");

    // Networks are isolated from one another.
    assert_eq!(lab.fetch("alpha/client", "http://10.2.0.10/"), None);
    assert_eq!(lab.fetch("alpha/client", "http://[fd00:2::10]/"), None);
    // The outside reaches only what is published, though it has a route.
    assert_eq!(lab.fetch("outside", "http://10.1.0.10/"), None);
    assert_eq!(lab.fetch("outside", "http://[fd00:1::10]/"), None);
    assert!(!lab.pings("outside", "10.1.0.10"));
    // Containers do not reach the host's own loopback services, though bridges route 127.0.0.0/8.
    assert_eq!(lab.says("alpha", &["cat", "/proc/sys/net/ipv4/conf/gn-blue/route_localnet"]), "1");
    assert!(
        !lab.pings("alpha/client", "127.0.0.2")
            || lab
                .says("alpha/client", &["busybox", "ip", "route", "get", "127.0.0.2"])
                .contains("local")
    );
}

#[test]
fn with_bridge_nf_call_off() {
    reach(0);
}

#[test]
fn with_bridge_nf_call_on() {
    reach(1);
}
