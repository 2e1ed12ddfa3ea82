//! Published ports: of a network that has IPv6 alone, and those that a process of the host holds.

use crate::host::{Host, in_a_private_host};
use crate::stage::{attach, detach, fetch, outside, shell};
use std::net::TcpListener;

/// No IPv4 anywhere in it; everything works that works with both.
#[test]
fn a_network_of_ipv6_alone() {
    in_a_private_host(|| {
        let host = Host::new();
        let outside = outside();
        outside.serve("[::]:80");
        host.recover();
        host.cli(&["network", "create", "blue", "--subnet", "fd09::/64"]).unwrap();
        let with = ["--address", "fd09::10", "--publish", "8080:80"];
        let web = attach(&host, "web", &with).unwrap();
        web.serve("[::]:80");
        let client = attach(&host, "client", &[]).unwrap();
        assert!(!web.shell("ip -4 -o address").contains("eth0"));

        let page = |name: &str| Some(name.to_owned());
        assert_eq!(client.fetch("[fd09::10]:80"), page("web"), "one another");
        assert_eq!(fetch("[fd09::10]:80"), page("web"), "from the host");
        assert_eq!(client.fetch("[2001:db8::fe]:80"), page("outside"), "the outside");
        for (who, came) in [
            ("outside", outside.fetch("[2001:db8::1]:8080")),
            ("the host", fetch("[2001:db8::1]:8080")),
            ("a neighbour", client.fetch("[2001:db8::1]:8080")),
            ("itself", web.fetch("[2001:db8::1]:8080")),
            ("::1", fetch("[::1]:8080")),
        ] {
            assert_eq!(came, page("web"), "{who}");
        }
        // There is no IPv4 to lead to.
        assert_eq!(outside.fetch("192.0.2.1:8080"), None);
        assert_eq!(outside.fetch("[fd09::10]:80"), None, "published only");

        // The port changes hands, on ::1 too.
        detach(&host, "web");
        let next = attach(&host, "next", &["--publish", "8080:80"]).unwrap();
        next.serve("[::]:80");
        assert_eq!(outside.fetch("[2001:db8::1]:8080"), page("next"));
        crate::until(std::time::Duration::from_secs(5), "::1 leads to the next", || {
            fetch("[::1]:8080") == page("next")
        });
    });
}

/// Publishing it would take the port from the process (`ss` would go on to show it listening).
#[test]
fn a_port_that_a_process_holds_is_refused_by_name() {
    in_a_private_host(|| {
        let host = Host::new();
        let _outside = outside();
        host.recover();
        host.create_network().unwrap();
        let holder = TcpListener::bind("0.0.0.0:8080").unwrap();
        let me = std::fs::read_to_string("/proc/self/comm").unwrap();
        let before = shell("ip -o link; nft list ruleset | grep -v packets");
        for publish in ["8080:80", "192.0.2.1:8080:80", "8000-8100:9000-9100"] {
            let refused = attach(&host, "web", &["--publish", publish]).err().unwrap();
            let pid = format!("(pid {})", std::process::id());
            for word in ["[taken]", me.trim(), &pid, "8080"] {
                assert!(refused.contains(word), "{publish}: {word}: {refused}");
            }
        }
        assert_eq!(shell("ip -o link; nft list ruleset | grep -v packets"), before);
        assert_eq!(host.held().unwrap().len(), 0);
        // Another protocol, another address: those are free.
        let _udp = attach(&host, "udp", &["--publish", "8080:80/udp"]).unwrap();
        drop(holder);
        let own = TcpListener::bind("127.0.0.1:8080").unwrap();
        let _other = attach(&host, "other", &["--publish", "192.0.2.1:8080:80"]).unwrap();
        drop(own);
        // Its process gone, it is free; what is published already is not.
        let refused = attach(&host, "web", &["--publish", "8080:80"]).err().unwrap();
        assert!(refused.contains("other/eth0"), "{refused}");
        detach(&host, "other");
        let _web = attach(&host, "web", &["--publish", "8080:80"]).unwrap();
    });
}
