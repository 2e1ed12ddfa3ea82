//! Packets between hosts: checksums, and MAC addresses that somebody changes.

use super::{is_without_drift, own_addresses, shell, tunnel_mac, what_leads_to_peers, within};
use crate::fleet::{Fleet, Ground, blue};
use std::time::Duration;

/// The kernel's own counts of what it dropped for a wrong checksum, IPv4 and IPv6.
const WRONG_CHECKSUMS: &str = "nstat -asz | awk '/Csum/ { count += $2 } END { print count + 0 }'";

/// With checksums left to the card, a kernel fault (flannel#1282) gave the outer packet a wrong one
/// once the inner one had been translated: connecting took as long as the first retries without offload.
#[test]
fn a_translated_packet_in_the_overlay_has_right_checksums_and_connects_at_once() {
    let fleet = Fleet::up("sums", 2, &Ground::Router, &blue("vxlan"));
    let web = fleet.attach("h1", "web", &["--publish", "8080:80"]).unwrap();
    let client = fleet.attach("h2", "client", &[]).unwrap();
    fleet.all_reach_all(&[web.clone(), client.clone()]);
    let serve = "mkdir -p /run/page && echo here >/run/page/index.html && \
                 ip netns exec web busybox httpd -p 80 -h /run/page </dev/null >/dev/null 2>&1";
    shell(&fleet, "h1", serve);
    // What leaves a host has all its sums, as behind a card; so the wire shows what is wrong.
    for host in ["h1", "h2"] {
        shell(&fleet, host, "ethtool -K eth0 tx-checksumming off >/dev/null");
    }
    let own = own_addresses(&fleet, "h1");
    let own = own.iter().filter_map(|own| own.strip_suffix("/32"));
    let published: Vec<String> =
        own.chain(["198.51.1.1"]).map(|address| format!("http://{address}:8080/")).collect();
    assert_eq!(published.len(), 3, "two addresses of its own in the network: {published:?}");
    // As another program on the host would masquerade what leaves by our tunnel.
    let itself = own_addresses(&fleet, "h2");
    let itself = itself.iter().find_map(|own| own.strip_suffix("/32")).unwrap();
    let translate = format!(
        "nft add table ip other; \
         nft add chain ip other post '{{ type nat hook postrouting priority 90; }}'; \
         nft add rule ip other post oifname gx-blue tcp dport 80 snat to {itself}"
    );
    shell(&fleet, "h2", &translate);
    let capture = "timeout 20 tcpdump -nvv -c 60 -i eth1 udp port 4789 2>/dev/null";
    let seen = std::thread::scope(|scope| {
        let seen = scope.spawn(|| fleet.lab.run("middle", &["sh", "-c", capture]));
        std::thread::sleep(Duration::from_millis(500));
        let urls = published.into_iter().chain([format!("http://{}/", web.addresses[0])]);
        for url in urls.cycle().take(16) {
            let get = format!(
                "ip netns exec client curl -s -m 5 -o /dev/null -w '%{{time_connect}} %{{http_code}}' {url}"
            );
            let said = shell(&fleet, "h2", &get);
            let (seconds, code) = said.split_once(' ').unwrap();
            assert_eq!(code, "200", "{url}: {said}");
            assert!(seconds.parse::<f64>().unwrap() < 0.5, "{url}: connecting took {seconds} s");
        }
        seen.join().unwrap()
    });
    let seen = String::from_utf8_lossy(&seen.stdout).into_owned();
    assert!(seen.contains(&format!("{itself}.")), "nothing translated went by the tunnel: {seen}");
    assert!(seen.contains("(correct)"), "no checksum was seen: {seen}");
    assert!(!seen.contains("incorrect") && !seen.contains("bad udp"), "a wrong checksum: {seen}");
    for (host, container) in [("h1", "web"), ("h2", "client")] {
        let tracked = shell(&fleet, host, "cat /proc/net/nf_conntrack");
        assert!(tracked.contains("dport=80 "), "what is inside is not tracked: {tracked}");
        assert!(!tracked.contains("dport=4789"), "the tunnel itself is tracked: {tracked}");
        assert_eq!(shell(&fleet, host, WRONG_CHECKSUMS), "0", "{host} dropped some");
        let inside =
            format!("ip netns exec {container} sh -c \"{}\"", WRONG_CHECKSUMS.replace('$', "\\$"));
        assert_eq!(shell(&fleet, host, &inside), "0", "{container} dropped some");
    }
}

/// udev does so to links that it does not know (flannel#1155).
#[test]
fn a_tunnel_s_mac_that_somebody_changes_is_back() {
    let fleet = Fleet::up("mac", 2, &Ground::Router, &blue("vxlan"));
    let web = fleet.attach("h1", "web", &[]).unwrap();
    let client = fleet.attach("h2", "client", &[]).unwrap();
    fleet.all_reach_all(&[web.clone(), client.clone()]);
    // It becomes the size of the route.
    fleet.until("it is proven how large packets may be", || {
        let proven = |from, to| fleet.way(from, to).is_some_and(|way| way["mtu"].is_u64());
        proven("h1", "h2") && proven("h2", "h1")
    });
    let (mac, here, there) = (
        tunnel_mac(&fleet, "h2"),
        what_leads_to_peers(&fleet, "h2"),
        what_leads_to_peers(&fleet, "h1"),
    );
    assert!(there.contains(&mac), "h1 does not know {mac}: {there}");
    for _ in 0..3 {
        shell(&fleet, "h2", "ip link set gx-blue address 06:00:00:00:00:99");
        // The kernel forgets the neighbours of a link whose address changes: they are back too.
        within(&fleet, Duration::from_secs(5), "all is as before", || {
            tunnel_mac(&fleet, "h2") == mac && what_leads_to_peers(&fleet, "h2") == here
        });
        let reaches =
            || super::pings_all(&fleet, &client, &web) && super::pings_all(&fleet, &web, &client);
        assert!(reaches(), "it is as before, and does not pass: {}", fleet.told());
    }
    assert_eq!(what_leads_to_peers(&fleet, "h1"), there, "the peer was led astray");
    let shell = |host| is_without_drift(&fleet, host);
    fleet.until("nothing is left to mend", || shell("h1") && shell("h2"));
}

/// A stale neighbour would send everything to a MAC address that nobody has, until the kernel asks
/// again half a minute later (cilium#34503).
#[test]
fn a_host_s_card_gets_another_mac_and_traffic_goes_on() {
    for (backend, ground) in [("direct", Ground::Switch), ("vxlan", Ground::Router)] {
        let fleet = Fleet::up("card", 2, &ground, &blue(backend));
        let web = fleet.attach("h1", "web", &[]).unwrap();
        let client = fleet.attach("h2", "client", &[]).unwrap();
        fleet.all_reach_all(&[web.clone(), client.clone()]);
        // Only towards the changed host: it has no reason of its own to speak.
        for mac in ["02:00:00:00:07:01", "02:00:00:00:07:02"] {
            shell(&fleet, "h2", &format!("ip link set eth0 address {mac}"));
            within(&fleet, Duration::from_secs(2), "it is reached at its new card", || {
                super::pings_all(&fleet, &web, &client)
            });
        }
    }
}

/// Two nodes need not choose the same means at the same moment.
#[test]
fn what_comes_by_another_means_than_this_node_sends_by_is_taken() {
    let fleet = Fleet::up("means", 2, &Ground::Switch, &blue("auto"));
    let web = fleet.attach("h1", "web", &[]).unwrap();
    let client = fleet.attach("h2", "client", &[]).unwrap();
    fleet.until_by("h1", "h2", "direct");
    fleet.until_by("h2", "h1", "direct");
    fleet.all_reach_all(&[web.clone(), client.clone()]);
    for host in ["@h1", "@h2"] {
        fleet.must(&["stop", host, "node"]);
    }
    let by_tunnel = "via=$(ip -6 neigh show dev gx-blue nud permanent | awk '/^fe80/ { print $1 }'); \
                     for to in $(ip route show proto 103 | awk '/\\/26/ { print $1 }'); do \
                     ip route change $to via inet6 $via dev gx-blue proto 103; done; \
                     ip route get";
    let said = shell(&fleet, "h2", &format!("{by_tunnel} {}", web.addresses[0]));
    assert!(said.contains("gx-blue"), "{said}");
    assert!(super::pings_all(&fleet, &client, &web), "by the tunnel there, directly back");
    assert!(super::pings_all(&fleet, &web, &client), "directly there, by the tunnel back");
}
